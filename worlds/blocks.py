"""Blocks that a hand piles up, told in words (the Blocksworld of Hao et al. 2023, RAP).

A state says of each block where it is: on the table, on another block, or in the hand, which holds one at most.

    red on blue , blue on table , green in hand , yellow on table ,

An action moves one block: "take red in hand :", or "put green on red :". Only a block that is clear, on which nothing
stands, can be moved or built on; that is not told.
There are 125 states of four blocks, and 866 of five. All functions work on arrays of states [B, N] int64: the place
of each block, 0 … N - 1 another block, N the table, N + 1 the hand. Action a moves block a // (N + 2) to place
a % (N + 2). A goal [N] is a state, too.
"""

from functools import cache, cached_property
from itertools import product

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from worlds.window import Seen, check_render_mode

COLOURS = ("red", "blue", "green", "yellow", "white")
WORDS = (*COLOURS, "table", "hand", "on", "in", "take", "put", "goal", ",", ":")
NUMBER_OF = {word: number for number, word in enumerate(WORDS)}
TOLD, MOVE = 4, 5  # words of a block in a state; of an action


def legal_moves(state):
    """Whether each action may be taken: [B, A] bool of states [B, N]."""
    count, blocks = state.shape
    clear, holds = is_clear(state), state == blocks + 1
    legal = np.zeros((count, blocks, blocks + 2), bool)
    legal[:, :, :blocks] = holds[:, :, None] & (clear & ~holds)[:, None, :]  # put it on a block that is clear
    legal[:, :, blocks] = holds
    legal[:, :, blocks + 1] = clear & ~holds.any(axis=1, keepdims=True)
    return legal.reshape(count, -1)


def is_clear(state):
    """Whether nothing stands on each block: [B, N] bool."""
    return ~(state[:, :, None] == np.arange(state.shape[1])).any(axis=1)


def blocks_step(state, action):
    """The next states [B, N] of states [B, N] and actions [B]; what is not legal changes nothing."""
    rows, (block, place) = np.arange(len(state)), np.divmod(action, state.shape[1] + 2)
    after = state.copy()
    after[rows, block] = np.where(legal_moves(state)[rows, action], place, state[rows, block])
    return after


def satisfied(state, goal):
    """How many blocks are where they are in the goal: [B] of states [B, N] and goals [N] or [B, N]."""
    return (state == goal).sum(axis=-1)


# -- words -----------------------------------------------------------------------------------------------------------


def _places(blocks):
    """The words of places 0 … N + 1: numbers [N + 2]."""
    return np.array([NUMBER_OF[word] for word in (*COLOURS[:blocks], "table", "hand")])


def see_blocks(state):
    """The texts [B, 4 N] int64 of states [B, N]."""
    count, blocks = state.shape
    texts = np.empty((count, blocks, TOLD), np.int64)
    texts[:, :, 0], texts[:, :, 2] = np.arange(blocks), _places(blocks)[state]
    texts[:, :, 1] = np.where(state == blocks + 1, NUMBER_OF["in"], NUMBER_OF["on"])
    texts[:, :, 3] = NUMBER_OF[","]
    return texts.reshape(count, -1)


def say_move(action, blocks):
    """The texts [B, 5] int64 of actions [B]."""
    block, place = np.divmod(np.asarray(action), blocks + 2)
    take = place == blocks + 1
    words = (
        np.where(take, NUMBER_OF["take"], NUMBER_OF["put"]), block, np.where(take, NUMBER_OF["in"], NUMBER_OF["on"]),
        _places(blocks)[place], np.full_like(block, NUMBER_OF[":"]),
    )  # fmt: skip
    return np.stack(words, axis=-1)


def text_of(words):
    """Words as a person reads them."""
    return " ".join(WORDS[word] for word in words)


# -- all states ------------------------------------------------------------------------------------------------------


class Table:
    """All states of so many blocks, numbered.

    Attributes:
        states: [S, N] int64.
        legal: [S, A] bool.
        next: [S, A] int64, the number of the next state; -1 where the action is not legal.
    """

    def __init__(self, blocks):
        self.blocks, self._digits = blocks, (blocks + 2) ** np.arange(blocks)
        every = np.array(list(product(range(blocks + 2), repeat=blocks)))
        self.states = every[_is_possible(every)]
        self._numbers = np.full((blocks + 2) ** blocks, -1)
        self._numbers[self.states @ self._digits] = np.arange(len(self.states))
        self.legal = legal_moves(self.states)
        self.next = np.full(self.legal.shape, -1)
        self.next[self.legal] = self.number(blocks_step(self.states[self.pairs[:, 0]], self.pairs[:, 1]))

    @cached_property
    def pairs(self):
        """[P, 2] int64: all states and what is legal in them."""
        return np.argwhere(self.legal)

    @cached_property
    def texts(self):
        """[S, 4 N] int64: all states in words."""
        return see_blocks(self.states)

    def number(self, states):
        """The numbers [B] of states [B, N], -1 of what is impossible."""
        return self._numbers[states @ self._digits]

    def read(self, texts):
        """The numbers [B] of the states that texts [B, 4 N] tell, -1 of what tells none: word by word, no guesses."""
        place_of = np.zeros(len(WORDS), np.int64)
        place_of[_places(self.blocks)] = np.arange(self.blocks + 2)
        numbers = self.number(place_of[texts.reshape(len(texts), self.blocks, TOLD)[:, :, 2]])
        return np.where((self.texts[numbers] == texts).all(axis=1), numbers, -1)

    def moves_to(self, goal):
        """[S] int64: the fewest moves from each state to state number ``goal``, by breadth-first search."""
        moves = np.full(len(self.states), -1)
        moves[goal] = length = 0
        while (moves < 0).any():
            length += 1
            known = np.append(moves >= 0, False)  # the last one is that of next -1
            moves[(moves < 0) & known[self.next].any(axis=1)] = length
        return moves

    def shortest(self, start, goal):
        """The actions of a shortest plan from state number ``start`` to state number ``goal``."""
        moves, plan = self.moves_to(goal), []
        while start != goal:
            nearer = moves[self.next[start]] == moves[start] - 1
            plan.append(int(np.argmax(nearer & self.legal[start])))
            start = self.next[start, plan[-1]]
        return plan

    def task(self, rng, lengths):
        """(start, goal, moves): numbers of two states with an empty hand, and the moves of a shortest plan between
        them, from lengths[0] to lengths[1].

        Raises:
            ValueError: no plan is so long.
        """
        longest = 4 * (self.blocks - 1)
        if not any(lengths[0] <= moves <= lengths[1] for moves in range(2, longest + 1, 2)):
            raise ValueError(
                f"plans for {self.blocks} blocks have an even number of moves, from 2 to {longest}; got {lengths}"
            )
        at_rest = np.flatnonzero((self.states <= self.blocks).all(axis=1))
        while True:
            start, goal = map(int, rng.choice(at_rest, 2))
            moves = int(self.moves_to(goal)[start])
            if max(lengths[0], 1) <= moves <= lengths[1]:
                return start, goal, moves


def _is_possible(places):
    """Whether places [B, N] are a state: [B] bool."""
    blocks = places.shape[1]
    above = (places[:, :, None] == np.arange(blocks + 2)).sum(axis=1)  # how many are in each place
    holds = places == blocks + 1
    fits = (above[:, :blocks] <= 1).all(axis=1) & (above[:, -1] <= 1) & ~(holds & (above[:, :blocks] > 0)).any(axis=1)
    down = np.concatenate([places, np.full((len(places), 2), [blocks, blocks + 1])], axis=1)
    place = places
    for _ in range(blocks):  # whatever stands on something ends on the table, or in the hand
        place = np.take_along_axis(down, place, axis=1)
    return fits & (place >= blocks).all(axis=1)


@cache
def table_of(blocks):
    """The `Table` of so many blocks.

    Raises:
        ValueError: they are not 3, 4 or 5.
    """
    if blocks not in (3, 4, 5):
        raise ValueError(f"blocks must be 3, 4 or 5; got {blocks}")
    return Table(blocks)


# -- the world -------------------------------------------------------------------------------------------------------


def draw_blocks(state, goal=None):
    """A picture [H, W, 3] uint8 of a state [N]: the piles, the hand, and what the goal [N] has elsewhere."""
    from PIL import Image, ImageDraw, ImageFont  # here, so that only a picture needs it

    blocks, side, colours = len(state), 64, ("#b2182b", "#2166ac", "#1b7837", "#e0b000", "#f0f0ec")
    width, floor = side * (2 * blocks + 1) // 2 + side, side * (blocks + 2)
    image = Image.new("RGB", (width, floor + side), "#fbfbf9")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(18)

    def block(number, left, top):
        pen.rounded_rectangle([left, top, left + side - 6, top + side - 6], 6, colours[number], "#333333", 2)
        ink = "#222222" if COLOURS[number] in ("yellow", "white") else "white"
        pen.text((left + side / 2 - 3, top + side / 2 - 3), COLOURS[number], ink, font, anchor="mm")

    pen.line([(0, floor), (width, floor)], fill="#8c6d46", width=8)
    for column, bottom in enumerate(np.flatnonzero(state == blocks)):
        height, above = 0, [bottom]
        while len(above):
            block(above[0], 24 + column * side * 1.15, floor - (height + 1) * side + 4)
            height, above = height + 1, np.flatnonzero(state == above[0])
    held, middle = np.flatnonzero(state == blocks + 1), width / 2
    if len(held):
        block(held[0], middle - side / 2 + 3, 34)
    for finger in (-1, 1):
        pen.line([(middle, 6), (middle + finger * 38, 20), (middle + finger * 38, 56)], fill="#555555", width=5)
    if goal is not None:
        names = (*COLOURS[:blocks], "table")
        missing = [f"{names[i]} on {names[place]}" for i, place in enumerate(goal) if place != state[i]]
        lines = [", ".join(missing[:2]) or "nothing", ", ".join(missing[2:])]
        pen.text((12, floor + 14), "to do: " + ",\n".join(filter(None, lines)), "#222222", ImageFont.load_default(15))
    return np.asarray(image)


class Blocks(Seen, gym.Env):
    """Pile blocks up as they are in the goal.

    ## Action Space
    ``Discrete(N (N + 2))``: block a // (N + 2) to place a % (N + 2). What is not legal changes nothing.
    ## Observation Space
    [8 N + 1] int64, numbers of `WORDS`: the state, "goal", and the goal.
    ## Rewards
    1 at the goal, else 0.
    ## Episode End
    Terminated at the goal; ``gymnasium.make`` truncates after 20 steps.
    ## Info
    ``action_mask`` [A] int8: what is legal; ``moves``: how many there are to the goal, at best.

    Args:
        blocks: N, 3, 4 or 5.
        lengths: moves of the shortest plan from the start, the least and the most.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 2}

    def __init__(self, blocks=4, lengths=(6, 10), render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.table, self.lengths, self.render_mode = table_of(blocks), tuple(lengths), render_mode
        self.now, self.goal, _ = self.table.task(np.random.default_rng(0), self.lengths)  # if there is any
        self.observation_space = spaces.Box(0, len(WORDS) - 1, (2 * TOLD * blocks + 1,), np.int64)
        self.action_space = spaces.Discrete(self.table.legal.shape[1])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.now, self.goal, _ = self.table.task(self.np_random, self.lengths)
        self.moves = self.table.moves_to(self.goal)
        if self.render_mode == "human":
            self.render()
        return self._seen()

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"an action is a number from 0 to {self.action_space.n - 1}; got {action}")
        if self.table.legal[self.now, action]:
            self.now = int(self.table.next[self.now, action])
        if self.render_mode == "human":
            self.render()
        obs, info = self._seen()
        return obs, float(self.now == self.goal), self.now == self.goal, False, info

    def _seen(self):
        info = {"action_mask": self.table.legal[self.now].astype(np.int8), "moves": int(self.moves[self.now])}
        texts = self.table.texts
        return np.concatenate([texts[self.now], [NUMBER_OF["goal"]], texts[self.goal]]), info

    def _picture(self):
        return draw_blocks(self.table.states[self.now], self.table.states[self.goal])
