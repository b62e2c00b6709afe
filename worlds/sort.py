"""Programs that sort two or three numbers, written one instruction at a time (Mankowitz et al. 2023, AlphaDev).

There is a register for each number and one more, s, to put things aside. An instruction is one of

    mov x, y      x takes what y holds
    cmp x, y      compare: greater, less, or equal
    cmovg x, y    mov, where the last comparison said greater
    cmovl x, y    mov, where it said less

as in AlphaDev's programs for x86 processors, without their loads and stores: these cost the same in every program
that sorts. A program is right if it sorts *every* input. Only the order of an input matters to it, so that there are
few kinds: the 13 weak orders of three numbers, 6 without ties and 7 with. A game is one program, run on all inputs at
once, and its state is the contents of the registers for each of them.

`execute` and `legal_moves` are plain loops over arrays, so that numba can compile them (`framework.tabular.loops`):

    states [B, I, R + 2] int8       of B games, I inputs, R registers: what each register holds, 0 where nothing has
                                    been written yet; the flag, 1 greater, -1 less, 0 equal or never compared; and
                                    whether the last instruction was a cmp
    instructions [A, 3] int8        kind, x, y
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from worlds.window import check_render_mode

KINDS = MOV, CMP, CMOVG, CMOVL, RET = range(5)
WORDS = ("mov", "cmp", "cmovg", "cmovl", "ret")
SCRATCH = "s"


@dataclass(frozen=True)
class Task:
    """What a program is to do.

    Args:
        name: of the task.
        numbers: n, how many are sorted, in registers 0 … n - 1; register n is to put things aside.
        known: pairs (x, y) of registers of which it is known that x holds no more than y.
        shortest: the length of the shortest program, by exhaustive search.
        ties: False takes inputs without ties only. That is a trap: of the programs that sort these, many do not sort
            numbers of which two are equal.
        may_stop: whether there is one instruction more, ret, which ends a program that need not sort.
    """

    name: str
    numbers: int
    known: tuple[tuple[int, int], ...] = ()
    shortest: int = 0
    ties: bool = True
    may_stop: bool = False

    @cached_property
    def inputs(self):
        """[I, n] int8: one input of each weak order, of numbers from 1 on."""
        every = product(range(1, self.numbers + 1), repeat=self.numbers)
        orders = [row for row in every if set(row) == set(range(1, max(row) + 1))]  # (1, 3, 3) is (1, 2, 2) again
        fit = [row for row in orders if all(row[x] <= row[y] for x, y in self.known)]
        return np.array([row for row in fit if self.ties or len(set(row)) == self.numbers], np.int8)

    @cached_property
    def outputs(self):
        """[I, n] int8: the inputs, sorted."""
        return np.sort(self.inputs, axis=1)

    @cached_property
    def start(self):
        """[1, I, n + 3] int8: the state before the first instruction."""
        return np.pad(self.inputs, ((0, 0), (0, 3)))[None]

    @property
    def registers(self):
        """Their names."""
        return (*(f"r{x + 1}" for x in range(self.numbers)), SCRATCH)

    @cached_property
    def instructions(self):
        """[A, 3] int8: all mov, then all cmp, cmovg and cmovl. cmp y, x would say no more than cmp x, y."""
        pairs = list(permutations(range(self.numbers + 1), 2))
        rows = [(kind, x, y) for kind in (MOV, CMP, CMOVG, CMOVL) for x, y in pairs if kind != CMP or x < y]
        return np.array(rows + [(RET, 0, 0)] * self.may_stop, np.int8)

    def text(self, action):
        """An instruction in words, such as "cmovg r1, s"."""
        kind, x, y = self.instructions[action]
        if kind == RET:
            return WORDS[kind]
        return f"{WORDS[kind]} {self.registers[x]}, {self.registers[y]}"

    def is_sorted(self, states):
        """[B] bool: whether every input of states [B, I, R + 2] is sorted; what is there twice must stay so."""
        return (states[:, :, : self.numbers] == self.outputs).all(axis=(1, 2))

    def in_place(self, states):
        """[B] float: the share of all numbers that stand where they belong; AlphaDev's correctness."""
        return (states[:, :, : self.numbers] == self.outputs).mean(axis=(1, 2))

    def distinct(self, states):
        """[B] int: how many different permutations the n registers hold, over all inputs without ties.

        A program that sorts makes equal what was different: six permutations become one.
        """
        untied = np.diff(self.outputs, axis=1).all(axis=1)
        code = states[:, untied, : self.numbers] @ (4 ** np.arange(self.numbers))  # [B, inputs without ties]
        return 1 + (np.diff(np.sort(code, axis=1), axis=1) != 0).sum(axis=1)


TASKS = {
    task.name: task
    for task in (Task("sort2", 2, shortest=4), Task("swap", 3, ((1, 2),), 7), Task("sort3", 3, shortest=11))
}


def task_of(name):
    """The task of a name.

    Raises:
        ValueError: there is no such task.
    """
    if name not in TASKS:
        raise ValueError(f"the task must be one of {', '.join(TASKS)}; got {name}")
    return TASKS[name]


def execute(states, actions, instructions):
    """The states [B, I, R + 2] after one instruction in each game, actions [B]; ret changes nothing."""
    after = states.copy()
    flag = states.shape[2] - 2
    for b in range(after.shape[0]):
        kind, x, y = instructions[actions[b], 0], instructions[actions[b], 1], instructions[actions[b], 2]
        for i in range(after.shape[1]):
            row = after[b, i]
            if kind == CMP:
                row[flag] = int(row[x] > row[y]) - int(row[x] < row[y])
            elif kind == MOV or (kind == CMOVG and row[flag] == 1) or (kind == CMOVL and row[flag] == -1):
                row[x] = row[y]
            row[flag + 1] = kind == CMP
    return after


def legal_moves(states, instructions):
    """[B, A] bool: the instructions that may be of use in states [B, I, R + 2]; the shortest programs have no others.

    An instruction must change something. It must not be a cmp after a cmp, nor make an input lose a number for ever,
    nor use a register where nothing has been written yet.
    """
    legal = np.zeros((states.shape[0], instructions.shape[0]), np.bool_)
    flag = states.shape[2] - 2
    for b in range(legal.shape[0]):
        for a in range(legal.shape[1]):
            kind, x, y = instructions[a, 0], instructions[a, 1], instructions[a, 2]
            changes, allowed = kind == RET, not (kind == CMP and states[b, 0, flag + 1] == 1)
            for i in range(states.shape[1]):
                row = states[b, i]
                if kind == CMP:
                    allowed = allowed and row[x] != 0 and row[y] != 0
                    changes = changes or row[flag] != int(row[x] > row[y]) - int(row[x] < row[y])
                elif kind == MOV or (kind == CMOVG and row[flag] == 1) or (kind == CMOVL and row[flag] == -1):
                    kept = row[x] == 0 or row[x] == row[y]
                    for other in range(flag):
                        kept = kept or (other != x and row[other] == row[x])
                    allowed = allowed and row[y] != 0 and kept
                    changes = changes or row[x] != row[y]
                if not allowed:
                    break
            legal[b, a] = allowed and changes
    return legal


class AssemblyGame(gym.Env):
    """Write a program that sorts, instruction by instruction.

    ## Action Space
    ``Discrete(A)``: which instruction comes next, row by row of ``task.instructions``; 42 for three numbers. All may
    be taken; a register where nothing was written holds 0.
    ## Observation Space
    ``Box`` [I, R + 2] int8: a state, as the top of this file has it.
    ## Rewards
    1 when the program sorts every input, else 0.
    ## Episode End
    Terminated when every input is sorted; truncated after ``limit`` instructions.
    ## Info
    ``action_mask`` [A] int8: the instructions that may be of use, see `legal_moves`.

    Args:
        task: a name, of `TASKS`.
        limit: instructions in a program.
        render_mode: None or "ansi", the program so far.

    Raises:
        ValueError: there is no such task, limit is below 1, or an action does not exist.
    """

    metadata = {"render_modes": ["ansi"]}

    def __init__(self, task="sort3", limit=14, render_mode=None):
        if not limit >= 1:
            raise ValueError(f"limit must be at least 1; got {limit}")
        check_render_mode(render_mode, self.metadata)
        self.task, self.limit, self.render_mode = task_of(task), limit, render_mode
        self.action_space = spaces.Discrete(len(self.task.instructions))
        self.observation_space = spaces.Box(-1, self.task.numbers, self.task.start.shape[1:], np.int8)
        self.now, self.program = self.task.start.copy(), []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.now, self.program = self.task.start.copy(), []
        return self.now[0].copy(), self._info()

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"an instruction is a number from 0 to {self.action_space.n - 1}; got {action}")
        self.now = execute(self.now, np.array([action]), self.task.instructions)
        self.program.append(int(action))
        terminated = bool(self.task.is_sorted(self.now)[0])
        truncated = not terminated and len(self.program) >= self.limit
        return self.now[0].copy(), float(terminated), terminated, truncated, self._info()

    def state(self):
        """Everything that the game goes on from."""
        return {"now": self.now.copy(), "program": list(self.program)}

    def set_state(self, state):
        """Go on from what `state` gave, also of another game of this task."""
        self.now, self.program = np.array(state["now"]), list(state["program"])

    def render(self):
        if self.render_mode == "ansi":
            return "\n".join(map(self.task.text, self.program))
        return None

    def _info(self):
        return {"action_mask": legal_moves(self.now, self.task.instructions)[0].astype(np.int8)}
