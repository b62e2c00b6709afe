"""What a world model says follows, remembered; plans that look one step ahead; and whether plans work (Day 7).

A model is asked for each (state, action) once: it would write the same most probable words again, so that its errors
stay. `Imagined` can put such errors in on purpose.
"""

import numpy as np

from worlds.blocks import satisfied, say_move

UNASKED, UNREADABLE = -2, -1  # for numbers of states: not asked yet; what was written tells no state


def questions(table, pairs):
    """Texts [n, 4 N + 5] int32 of states and actions [n, 2]."""
    states, actions = pairs[:, 0], pairs[:, 1]
    return np.concatenate([table.texts[states], say_move(actions, table.blocks)], axis=1).astype(np.int32)


class Imagined:
    """What a model says follows, asked once for each (state, action), and remembered.

    Args:
        table: `worlds.blocks.Table`.
        write: function of questions [B, 4 N + 5] to texts [B, 4 N]; None: the rules themselves.
        corrupt: the share of pairs for which another state is said, always the same one.
        seed: of which.

    Attributes:
        written: how many texts were asked for.
    """

    def __init__(self, table, write=None, corrupt=0.0, seed=0):
        self.table, self.write, self.written = table, write, 0
        self.known = np.full(table.next.shape, UNASKED) if write else table.next.copy()
        rng = np.random.default_rng([seed, 5])
        wrong = (table.next + rng.integers(1, len(table.states), table.next.shape)) % len(table.states)
        self.known = np.where(rng.random(wrong.shape) < corrupt, wrong, self.known)

    def __call__(self, states, actions):
        """The numbers [B] of the next states, `UNREADABLE` where what is written is none."""
        new = np.unique(np.stack([states, actions], axis=1)[self.known[states, actions] == UNASKED], axis=0)
        if len(new):
            self.written += len(new)
            self.known[tuple(new.T)] = self.table.read(self.write(questions(self.table, new)))
        return self.known[states, actions]


def draw_tasks(table, lengths, count, seed, slack=0):
    """(starts, goals, limits) [count] of tasks: numbers of states, and how many moves a plan may have, which are
    ``slack`` more than the shortest has."""
    rng = np.random.default_rng([seed, 6])
    starts, goals, moves = map(np.array, zip(*(table.task(rng, lengths) for _ in range(count)), strict=True))
    return starts, goals, moves + slack


def progress(table, states, goals):
    """The share [B] of blocks that are in states [B] where they are in goals [B]."""
    return satisfied(table.states[states], table.states[goals]) / table.blocks


def greedy_plans(imagine, table, starts, goals, limits, rng):
    """Plans as `TreePlanner` has them: each move to what is most like the goal, as the model says; ties at random."""
    states, plans = starts.copy(), [[] for _ in starts]
    for step in range(limits.max()):
        going = np.flatnonzero((states != goals) & (step < limits) & (states != UNREADABLE))
        row, action = np.nonzero(table.legal[states[going]])
        after = imagine(states[going][row], action)
        score = np.full((len(going), table.legal.shape[1]), -np.inf)
        score[row, action] = progress(table, after, goals[going][row]) * (after != UNREADABLE)
        chosen = (score + rng.random(score.shape) / 100).argmax(axis=1)
        states[going] = imagine(states[going], chosen)
        for task, move in zip(going, chosen, strict=True):
            plans[task].append(int(move))
    return plans


def works(table, start, goal, plan):
    """Whether a plan, carried out by the rules, ends at the goal; if a move of it is not legal, it does not."""
    for action in plan:
        start = table.next[start, action]
        if start < 0:
            return False
    return start == goal
