"""A valley where a player gets further step by step: what to do is a verb and a thing (after Hafner 2021, Crafter).

Seven things lie on 7 × 7 cells, each time elsewhere. Besides four moves there are 7 verbs × 7 things = 49 actions,
"milk the cow" and "milk the gate" alike. They do something only where the thing is in reach, one cell away at most,
also aslant, and of the 49 only eight ever do. These are the achievements:

    drink from the river
    open the chest ──┬── milk the cow
                     └── chop the tree ── light the fireplace ──┬── cook at the fireplace
                                                                └── search the cave ── open the gate

Each needs what stands before it, since from the chest comes an axe and a bucket, from the tree wood, from the
fireplace a burning torch and from the cave a key. Whoever has them keeps them.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

SIDE, LIMIT, REACH = 7, 60, 1  # cells; steps of an episode; cells
MOVES = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])  # left, right, up, down
THINGS = ("chest", "tree", "fireplace", "cave", "gate", "river", "cow")
VERBS = ("open", "chop", "light", "search", "drink from", "milk", "cook at")
PAIRS = tuple(f"{verb} the {thing}" for verb in VERBS for thing in THINGS)
ACTIONS = ("left", "right", "up", "down", *PAIRS)
NEEDED = {  # {achievement: what must have been achieved before}
    "open the chest": "", "chop the tree": "open the chest", "light the fireplace": "chop the tree",
    "search the cave": "light the fireplace", "open the gate": "search the cave",
    "drink from the river": "", "milk the cow": "open the chest", "cook at the fireplace": "light the fireplace",
}  # fmt: skip
ACHIEVEMENTS = tuple(NEEDED)
AGAIN = ("chop the tree", "drink from the river", "milk the cow", "cook at the fireplace")  # can be done once more
OWNED = {  # {achievement: what one has from it}, in the order in which it can be had
    "open the chest": ("an axe", "a bucket"), "chop the tree": ("wood",),
    "light the fireplace": ("a burning torch",), "search the cave": ("a key",),
}  # fmt: skip
LEVELS = len(OWNED) + 1  # of inventories: nothing, and what each of these adds
ACHIEVED_BY = np.array([ACHIEVEMENTS.index(action) if action in NEEDED else -1 for action in ACTIONS])
NEEDS = np.array([ACHIEVEMENTS.index(need) if need else -1 for need in NEEDED.values()])
ONCE = np.array([name not in AGAIN for name in ACHIEVEMENTS])
THING_OF = np.array([0] * len(MOVES) + [number % len(THINGS) for number in range(len(PAIRS))])  # of an action
COUNT = len(ACHIEVEMENTS)
# Columns of a state [B, 25]: x, y of the player; x, y of each thing; which achievements are unlocked; steps so far.
PLACES, FLAGS, STEPS, WIDTH = slice(2, 16), slice(16, 24), 24, 25
# Columns of what is seen [B, 57]: how far to the right of the player and below it each thing lies; whether to the
# right, to the left, below, above; whether in reach; which achievements are unlocked.
OFFSETS, SEEN_FLAGS, SEEN = slice(0, 14), slice(49, 57), 57


def see_crafting(state):
    """What is seen [B, 57] int64 of states [B, 25]."""
    offsets = state[:, PLACES] - np.tile(state[:, :2], len(THINGS))
    near = np.abs(offsets).reshape(-1, len(THINGS), 2).max(axis=2) <= REACH
    return np.concatenate([offsets, offsets > 0, offsets < 0, near, state[:, FLAGS]], axis=1)


def distances(obs):
    """How many cells away each thing is, [B, 7], where a step aslant counts 1."""
    return np.abs(obs[:, OFFSETS]).reshape(-1, len(THINGS), 2).max(axis=2)


def achieved(obs, action):
    """The number of the achievement that actions [B] achieve in what is seen [B, 57], also again; -1 for none."""
    rows, number = np.arange(len(obs)), ACHIEVED_BY[action]
    flags = obs[:, SEEN_FLAGS] == 1
    ready = (NEEDS[number] < 0) | flags[rows, NEEDS[number]]
    over = ONCE[number] & flags[rows, number]
    near = distances(obs)[rows, THING_OF[action]] <= REACH
    return np.where(near & ready & ~over, number, -1)


def crafting_step(state, action):
    """The next states, and whether an achievement was unlocked [B], of states [B, 25] int and actions [B]."""
    number, state = achieved(see_crafting(state), action), state.copy()
    moves = np.concatenate([MOVES, np.zeros((len(PAIRS), 2), int)])[action]
    state[:, :2] = np.clip(state[:, :2] + moves, 0, SIDE - 1)
    worked = np.flatnonzero(number >= 0)
    flags, before = state[:, FLAGS], state[:, FLAGS].sum(axis=1)
    flags[worked, number[worked]] = 1
    state[:, STEPS] += 1
    return state, flags.sum(axis=1) > before


def level_of(obs):
    """How many of `OWNED` a player has, [B]: of inventories there are `LEVELS`, each holds the one before."""
    return obs[:, SEEN_FLAGS][:, : len(OWNED)].sum(axis=1)


def nearest(obs):
    """The numbers of the two nearest things, [B, 2]; of equally near ones the one that is less aslant comes first."""
    offsets = np.abs(obs[:, OFFSETS]).reshape(-1, len(THINGS), 2)
    return np.argsort(offsets.max(axis=2) * 100 + offsets.sum(axis=2), axis=1, kind="stable")[:, :2]


def inventory(level):
    """What a player of a level has, in words."""
    owned = [thing for things in list(OWNED.values())[:level] for thing in things] or ["nothing"]
    return " and ".join([", ".join(owned[:-1]), owned[-1]] if owned[1:] else owned)


def text_of(obs):
    """What is seen [57], in words: the two nearest things and what one has."""
    first, second = (THINGS[number] for number in nearest(obs[None])[0])
    return f"You see a {first} and a {second}. You have {inventory(level_of(obs[None])[0])}."


def towards(obs, thing):
    """The moves [B] that lead to things [B]; the longer way first."""
    to = obs[np.arange(len(obs))[:, None], 2 * thing[:, None] + np.arange(2)]
    across = np.abs(to[:, 0]) >= np.abs(to[:, 1])
    return np.where(across, to[:, 0] > 0, 2 + (to[:, 1] > 0))


def crafting_oracle(state):
    """The next actions [B] of a player who unlocks one achievement after the other: of those whose need is met, that
    which is nearest. Whoever has them all goes to the left."""
    obs = see_crafting(state)
    flags = obs[:, SEEN_FLAGS] == 1
    open_to = ~flags & ((NEEDS < 0) | flags[:, NEEDS])
    actions = np.array([ACTIONS.index(name) for name in ACHIEVEMENTS])
    far = np.where(open_to, distances(obs)[:, THING_OF[actions]], 2 * SIDE)
    action = actions[far.argmin(axis=1)]
    there = far.min(axis=1) <= REACH
    return np.where(open_to.any(axis=1), np.where(there, action, towards(obs, THING_OF[action])), 0)


def crafting_plan(state, achievement):
    """The actions that lead from a state [25] to an achievement, with all that must be achieved before.

    Raises:
        ValueError: it is none of `ACHIEVEMENTS`, or has been achieved and cannot be once more.
    """
    if achievement not in NEEDED:
        raise ValueError(f"achievements are {', '.join(ACHIEVEMENTS)}; got {achievement}")
    state, plan, number = np.array(state)[None], [], ACHIEVEMENTS.index(achievement)
    if ONCE[number] and state[0, FLAGS][number]:
        raise ValueError(f"{achievement}: that is done, and cannot be done once more")
    if NEEDS[number] >= 0 and not state[0, FLAGS][NEEDS[number]]:
        plan = crafting_plan(state[0], ACHIEVEMENTS[NEEDS[number]])
        for action in plan:
            state, _ = crafting_step(state, np.array([action]))
    last = np.array([ACTIONS.index(achievement)])
    while achieved(see_crafting(state), last)[0] < 0:
        move = towards(see_crafting(state), THING_OF[last])
        plan.append(int(move[0]))
        state, _ = crafting_step(state, move)
    return [*plan, int(last[0])]


def start_crafting(rng):
    """A state [25] to start from: player and things on cells of their own, nothing unlocked."""
    state = np.zeros(WIDTH, np.int64)
    cells = rng.choice(SIDE * SIDE, 1 + len(THINGS), replace=False)
    state[: PLACES.stop] = np.stack(np.divmod(cells, SIDE), axis=1).ravel()
    return state


LOOKS = {  # colours of things, and what is written on them
    "chest": "#8c510a", "tree": "#1b7837", "fireplace": "#b2182b", "cave": "#4d4d4d", "gate": "#762a83",
    "river": "#2166ac", "cow": "#e08214",
}  # fmt: skip


def draw_crafting(state):
    """Pictures [B, 500, 448, 3] uint8: things, the player as a black dot, and below what it has and has unlocked."""
    from PIL import Image, ImageDraw, ImageFont  # here, so that only a picture needs it

    cell, pictures = 64, []
    font, small = ImageFont.load_default(14), ImageFont.load_default(15)
    for row in state:
        image = Image.new("RGB", (SIDE * cell, SIDE * cell + 52), "#f7f7f5")
        pen = ImageDraw.Draw(image)
        for line in range(SIDE + 1):
            pen.line([(line * cell, 0), (line * cell, SIDE * cell)], fill="#cccccc")
            pen.line([(0, line * cell), (SIDE * cell, line * cell)], fill="#cccccc")
        for (x, y), name in zip(row[PLACES].reshape(-1, 2), THINGS, strict=True):
            pen.rounded_rectangle([x * cell + 3, y * cell + 8, x * cell + 61, y * cell + 56], 8, fill=LOOKS[name])
            pen.text(((x + 0.5) * cell, y * cell + 21), name, fill="white", font=font, anchor="mm")
        x, y = (row[:2] + 0.5) * cell
        pen.ellipse([x - 11, y, x + 11, y + 22], fill="black", outline="white", width=2)
        obs = see_crafting(row[None])
        unlocked = int(row[FLAGS].sum())
        told = (f"has {inventory(level_of(obs)[0])}", f"{unlocked} of {COUNT} achievements")
        for place, line in enumerate(told):
            pen.text((8, SIDE * cell + 14 + 24 * place), line, fill="black", font=small, anchor="lm")
        pictures.append(np.asarray(image))
    return np.stack(pictures)


FAR = SIDE - 1
OBSERVATIONS = spaces.Box(
    np.array([-FAR] * OFFSETS.stop + [0] * (SEEN - OFFSETS.stop)),
    np.array([FAR] * OFFSETS.stop + [1] * (SEEN - OFFSETS.stop)), dtype=np.int64,
)  # fmt: skip


class Crafting(Seen, gym.Env):
    """A verb and a thing: of 49 such actions eight do something, and most of these only after others.

    ## Action Space
    ``Discrete(53)``: 0 left, 1 right, 2 up, 3 down, then `PAIRS`; `ACTIONS` names them.
    ## Observation Space
    [57] int64: of each of `THINGS` how far to the right and below it lies, on which sides, and whether in reach; then
    which of `ACHIEVEMENTS` are unlocked.
    ## Rewards
    1 for each achievement that is unlocked, once an episode.
    ## Episode End
    ``gymnasium.make`` truncates after 60 steps.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 4}
    observation_space, action_space = OBSERVATIONS, spaces.Discrete(len(ACTIONS))

    def __init__(self, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.state = np.zeros((1, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = start_crafting(self.np_random)[None]
        if self.render_mode == "human":
            self.render()
        return see_crafting(self.state)[0], {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"actions are 0 to {len(ACTIONS) - 1}, moves and then pairs; got {action}")
        self.state, unlocked = crafting_step(self.state, np.array([action]))
        if self.render_mode == "human":
            self.render()
        return see_crafting(self.state)[0], float(unlocked[0]), False, False, {}

    def _picture(self):
        return draw_crafting(self.state)[0]


class CraftingVector(VectorEnv):
    """``num_envs`` of `Crafting` stepped at once; valley i of ``reset(seed=n)`` equals one reset with n + i.

    A valley whose episode is over starts anew in the same step (Gymnasium's SAME_STEP).
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4, "autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space = OBSERVATIONS, spaces.Discrete(len(ACTIONS))

    def __init__(self, num_envs=1, max_episode_steps=LIMIT, render_mode=None):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.max_episode_steps, self.render_mode = num_envs, max_episode_steps, render_mode
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        self.rngs = [None] * num_envs
        self.state = np.zeros((num_envs, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every valley anew. seed: None, an int (valley i gets seed + i) or a list of one per valley."""
        self.rngs = seeded(self.rngs, seed, "valleys")
        self._start(range(self.num_envs))
        return see_crafting(self.state), {}

    def _start(self, valleys):
        for i in valleys:
            self.state[i] = start_crafting(self.rngs[i])

    def step(self, actions):
        """Step every valley; observations [B, 57], rewards [B], terminated [B], truncated [B], info."""
        if not self.action_space.contains(np.asarray(actions)):
            raise ValueError(
                f"actions must be {self.num_envs} numbers from 0 to {len(ACTIONS) - 1}, one a valley; got {actions}"
            )
        self.state, unlocked = crafting_step(self.state, np.asarray(actions))
        truncated = self.state[:, STEPS] >= self.max_episode_steps
        ended, info = np.flatnonzero(truncated), {}
        if len(ended):
            info = final_info(ended, see_crafting(self.state[ended]), self.num_envs)
            self._start(ended)
        return see_crafting(self.state), unlocked.astype(float), np.zeros(self.num_envs, bool), truncated, info

    def render(self):
        return tuple(draw_crafting(self.state)) if self.render_mode == "rgb_array" else None
