"""A room as a small picture: a robot and two things, and sentences that say what there is to be seen.

What an agent sees are 32×32 pixels in colour: 8×8 cells of 4×4 pixels. A thing has one of four colours and one of
four shapes. True sentences about a picture are, for example,

    the robot is near the yellow box        or "next to", or "close to": it stands on one of the eight cells around it
    the robot is away from the yellow box
    a robot is in a room                    which is true of all

Things stand at least three cells apart, so that the robot is never near both.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

SIDE, PIXELS, LIMIT = 8, 4, 20  # cells; pixels of a cell; steps of an episode
COLOURS = {"red": (200, 45, 40), "green": (30, 140, 70), "blue": (40, 90, 200), "yellow": (240, 190, 20)}
NOUNS = {
    "ball": ".XX. XXXX XXXX .XX.",
    "box": "XXXX XXXX XXXX XXXX",
    "cup": "X..X X..X X..X XXXX",
    "key": "XX.. XXXX XX.X ....",
}
THINGS = tuple(f"{colour} {noun}" for colour in COLOURS for noun in NOUNS)  # thing 4 c + n has colour c and noun n
ALL = tuple(range(len(THINGS)))
ROBOT = ".XX. XXXX .XX. X..X"
FLOOR, INK = (238, 234, 224), (40, 44, 52)
ACTIONS = ("up", "right", "down", "left", "stay")
MOVES = np.array([(0, -1), (1, 0), (0, 1), (-1, 0), (0, 0)])
STAY = 4
# Columns of a state [B, 9] int: where the robot is; of the goal, and of the other thing, where it is and its number
# in `THINGS`; steps so far.
X, Y, GOAL, OTHER, STEPS = 0, 1, slice(2, 5), slice(5, 8), 8
WIDTH = 9
NOTHING, NEAR_GOAL, NEAR_OTHER = range(3)  # what the robot is near

ANY_ROOM = "a robot is in a room"
NEAR = tuple(f"the robot is {near} the" for near in ("near", "next to", "close to"))
AWAY = "the robot is away from the"
SENTENCES = (ANY_ROOM, *(f"{start} {thing}" for start in (*NEAR, AWAY) for thing in THINGS))
WORDS = ("", *dict.fromkeys(" ".join(SENTENCES).split()))  # word 0 fills up
LENGTH = max(len(sentence.split()) for sentence in SENTENCES)

_CELLS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2)  # [64, 2]: x, y of each cell


def _distances(state, thing):
    """Of every cell [B, 64] from a thing, `GOAL` or `OTHER`; diagonal steps count as one."""
    return np.abs(_CELLS - state[:, thing][:, None, :2]).max(axis=2)


def is_near(state, thing):
    """Whether the robot [B] is near a thing, `GOAL` or `OTHER`."""
    return np.abs(state[:, :2] - state[:, thing][:, :2]).max(axis=1) <= 1


def picture_room_step(state, action):
    """The next states and the rewards [B] of states [B, 9] int and actions [B]."""
    moved, state = np.clip(state[:, :2] + MOVES[action], 0, SIDE - 1), state.copy()
    blocked = np.zeros(len(state), bool)
    for thing in (GOAL, OTHER):
        blocked |= (moved == state[:, thing][:, :2]).all(axis=1)
    state[:, :2] = np.where(blocked[:, None], state[:, :2], moved)
    state[:, STEPS] += 1
    return state, is_near(state, GOAL).astype(float)


def _drawn(rng, allowed):
    """One of the cells that are allowed, [B, 64] bool, in each room: its x and y, [B, 2]."""
    return _CELLS[(rng.random(allowed.shape) * allowed).argmax(axis=1)]


def draw_rooms(rng, goal, near, others=ALL):
    """States [B, 9] to start from.

    Args:
        rng: a numpy Generator.
        goal: [B] numbers of `THINGS`.
        near: [B] what the robot is near: `NOTHING`, `NEAR_GOAL` or `NEAR_OTHER`.
        others: what the other thing may be, where it is not the goal.
    """
    goal, near = np.asarray(goal), np.asarray(near)
    state = np.zeros((len(goal), WIDTH), np.int64)
    chance = rng.random((len(goal), len(others))) * (goal[:, None] != others)
    state[:, 4], state[:, 7] = goal, np.asarray(others)[chance.argmax(axis=1)]
    state[:, 2:4] = _CELLS[rng.integers(len(_CELLS), size=len(goal))]
    state[:, 5:7] = _drawn(rng, _distances(state, GOAL) >= 3)
    far = [_distances(state, thing) for thing in (GOAL, OTHER)]
    state[:, :2] = _drawn(rng, np.choose(near[:, None], [(far[0] > 1) & (far[1] > 1), far[0] == 1, far[1] == 1]))
    return state


def free_cells(state):
    """Where the robot may be: [B, 64] bool, cell 8 y + x."""
    return (_distances(state, GOAL) > 0) & (_distances(state, OTHER) > 0)


def scattered(rng, state):
    """The same rooms [B, 9], the robot on any free cell."""
    state = state.copy()
    state[:, :2] = _drawn(rng, free_cells(state))
    return state


def everywhere(state):
    """Each of the rooms [B, 9] with the robot on every cell: [B, 64, 9]; `free_cells` tells where it may be."""
    state = np.repeat(state[:, None], len(_CELLS), axis=1)
    state[..., :2] = _CELLS
    return state


def picture_room_oracle(state):
    """The first actions [B] of a shortest way to a cell near the goal; there, stay."""
    is_free, unknown = free_cells(state).reshape(-1, SIDE, SIDE), SIDE * SIDE
    way = np.where(is_free & (_distances(state, GOAL) == 1).reshape(is_free.shape), 0, unknown)
    for _ in range(2 * SIDE):  # no shortest way is longer
        walled = np.pad(way, ((0, 0), (1, 1), (1, 1)), constant_values=unknown)
        around = [walled[:, :-2, 1:-1], walled[:, 1:-1, 2:], walled[:, 2:, 1:-1], walled[:, 1:-1, :-2]]
        way = np.where(is_free, np.minimum(way, 1 + np.min(around, axis=0)), unknown)
    rooms, cell = np.arange(len(state)), np.clip(state[:, None, :2] + MOVES, 0, SIDE - 1)  # [B, 5, 2]
    return np.where(
        is_near(state, GOAL), STAY, way[rooms[:, None], cell[..., 1], cell[..., 0]][:, :STAY].argmin(axis=1)
    )


# What is seen, and what is said of it


def _sprite(shape, colour):
    drawn = np.array([[pixel == "X" for pixel in row] for row in shape.split()])
    return np.where(drawn[..., None], colour, FLOOR).astype(np.uint8)


_SPRITES = np.stack([_sprite(shape, colour) for colour in COLOURS.values() for shape in NOUNS.values()])
_ROBOT = _sprite(ROBOT, INK)


def see_picture_room(state):
    """The pictures [B, 32, 32, 3] uint8 of states [B, 9]."""
    rooms = np.arange(len(state))
    pictures = np.empty((len(state), SIDE, SIDE, PIXELS, PIXELS, 3), np.uint8)
    pictures[:] = FLOOR
    for thing in (GOAL, OTHER):
        x, y, number = state[:, thing].T
        pictures[rooms, y, x] = _SPRITES[number]
    pictures[rooms, state[:, Y], state[:, X]] = _ROBOT
    return pictures.swapaxes(2, 3).reshape(-1, SIDE * PIXELS, SIDE * PIXELS, 3)


def say(rng, state, plain=0.2):
    """A true sentence about each of states [B, 9], as people say what they see: numbers [B] of `SENTENCES`.

    Where the robot is near a thing they say so, in one of three ways; else that it is away from one of both.

    Args:
        rng: a numpy Generator.
        state: [B, 9].
        plain: in this share of rooms they say no more than `ANY_ROOM`.
    """
    near = np.stack([is_near(state, GOAL), is_near(state, OTHER)], axis=1)
    is_near_one, either = near.any(axis=1), rng.integers(2, size=len(state))
    thing = state[np.arange(len(state)), np.where(np.where(is_near_one, near[:, 0], either == 0), 4, 7)]
    way = np.where(is_near_one, rng.integers(len(NEAR), size=len(state)), len(NEAR))
    return np.where(rng.random(len(state)) < plain, 0, 1 + way * len(THINGS) + thing)


def words_of(sentences):
    """The words [N, 8] int32, numbers of `WORDS`, of sentences; short ones are filled up by 0.

    Raises:
        ValueError: a word is unknown, or a sentence too long.
    """
    words = np.zeros((len(sentences), LENGTH), np.int32)
    for row, sentence in zip(words, sentences, strict=True):
        said = sentence.split()
        unknown = [word for word in said if word not in WORDS]
        if unknown or len(said) > LENGTH:
            raise ValueError(f"nobody here knows the word {unknown[0]}" if unknown else f"too long: {sentence}")
        row[: len(said)] = [WORDS.index(word) for word in said]
    return words


def thing_number(name):
    """The number in `THINGS` of a name such as "yellow box"."""
    if name not in THINGS:
        raise ValueError(f"a thing is a colour ({', '.join(COLOURS)}) and a noun ({', '.join(NOUNS)}); got {name!r}")
    return THINGS.index(name)


def draw_picture_room(state, cell=48):
    """Larger pictures [B, 8 cell, 8 cell, 3] uint8, for people: the goal stands in a frame."""
    from PIL import Image, ImageDraw  # here, so that only such a picture needs it

    pictures = []
    for row in state:
        image = Image.new("RGB", (SIDE * cell, SIDE * cell), FLOOR)
        pen = ImageDraw.Draw(image)
        for line in range(1, SIDE):
            pen.line([(line * cell, 0), (line * cell, SIDE * cell)], fill="#d2cdc0")
            pen.line([(0, line * cell), (SIDE * cell, line * cell)], fill="#d2cdc0")
        for thing in (OTHER, GOAL):
            x, y, number = row[thing]
            _draw_thing(pen, x * cell, y * cell, cell, number)
            if thing == GOAL:
                pen.rectangle(
                    [x * cell + 1, y * cell + 1, (x + 1) * cell - 1, (y + 1) * cell - 1], outline=INK, width=2
                )
        _draw_robot(pen, row[X] * cell, row[Y] * cell, cell)
        pictures.append(np.asarray(image))
    return np.stack(pictures)


def _draw_thing(pen, x, y, cell, number):
    colour, noun = divmod(number, len(NOUNS))
    fill = tuple(COLOURS.values())[colour]

    def inside(*corners):  # of a cell from 0 to 1
        return [corner * cell + (x, y)[place % 2] for place, corner in enumerate(corners)]

    match tuple(NOUNS)[noun]:
        case "ball":
            pen.ellipse(inside(0.18, 0.18, 0.82, 0.82), fill=fill)
        case "box":
            pen.rectangle(inside(0.16, 0.16, 0.84, 0.84), fill=fill)
        case "cup":
            pen.polygon(
                inside(0.2, 0.15, 0.36, 0.15, 0.36, 0.64, 0.64, 0.64, 0.64, 0.15, 0.8, 0.15, 0.8, 0.84, 0.2, 0.84),
                fill=fill,
            )
        case "key":
            pen.ellipse(inside(0.12, 0.3, 0.5, 0.68), outline=fill, width=max(1, cell // 8))
            pen.rectangle(inside(0.46, 0.44, 0.88, 0.56), fill=fill)
            pen.rectangle(inside(0.76, 0.5, 0.88, 0.74), fill=fill)


def _draw_robot(pen, x, y, cell):
    def inside(*corners):
        return [corner * cell + (x, y)[place % 2] for place, corner in enumerate(corners)]

    pen.rounded_rectangle(inside(0.18, 0.34, 0.82, 0.78), cell // 10, fill=INK)
    pen.rectangle(inside(0.3, 0.12, 0.7, 0.36), fill=INK)
    for left in (0.38, 0.54):
        pen.rectangle(inside(left, 0.2, left + 0.08, 0.27), fill=FLOOR)
    for left in (0.26, 0.6):
        pen.rectangle(inside(left, 0.78, left + 0.14, 0.9), fill=INK)


# The world


OBSERVATIONS = spaces.Box(0, 255, (SIDE * PIXELS, SIDE * PIXELS, 3), np.uint8)


class PictureRoom(Seen, gym.Env):
    """Go to a thing and stay near it; all that is seen is a picture.

    ## Action Space
    ``Discrete(5)``: 0 up, 1 right, 2 down, 3 left, 4 stay. Walls and things are in the way.
    ## Observation Space
    [32, 32, 3] uint8.
    ## Rewards
    1 for each step after which the robot is on one of the eight cells around the goal, else 0.
    ## Episode End
    Never terminated; ``gymnasium.make`` truncates after 20 steps. It starts near nothing.

    Args:
        goal: the thing to go to, such as "yellow box"; the other thing is any other one.

    Raises:
        ValueError: there is no such thing.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 4}
    observation_space, action_space = OBSERVATIONS, spaces.Discrete(len(ACTIONS))

    def __init__(self, goal="yellow box", render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.goal, self.render_mode = thing_number(goal), render_mode
        self.state = np.zeros((1, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = draw_rooms(self.np_random, [self.goal], [NOTHING])
        if self.render_mode == "human":
            self.render()
        return see_picture_room(self.state)[0], {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"actions are 0 up, 1 right, 2 down, 3 left and 4 stay; got {action}")
        self.state, reward = picture_room_step(self.state, np.array([action]))
        if self.render_mode == "human":
            self.render()
        return see_picture_room(self.state)[0], float(reward[0]), False, False, {}

    def _picture(self):
        return draw_picture_room(self.state)[0]


class PictureRoomVector(VectorEnv):
    """``num_envs`` of `PictureRoom` stepped at once.

    Room i of ``reset(seed=n)`` equals one that was reset with n + i. A room whose episode is over starts anew in the
    same step (Gymnasium's SAME_STEP).
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4, "autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space = OBSERVATIONS, spaces.Discrete(len(ACTIONS))

    def __init__(self, num_envs=1, goal="yellow box", max_episode_steps=LIMIT, render_mode=None):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.max_episode_steps, self.render_mode = num_envs, max_episode_steps, render_mode
        self.goal = thing_number(goal)
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        self.rngs = [None] * num_envs
        self.state = np.zeros((num_envs, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every room anew. seed: None, an int (room i gets seed + i) or a list of one per room."""
        self.rngs = seeded(self.rngs, seed, "rooms")
        self._start(range(self.num_envs))
        return see_picture_room(self.state), {}

    def _start(self, rooms):
        for i in rooms:
            self.state[i] = draw_rooms(self.rngs[i], [self.goal], [NOTHING])[0]

    def step(self, actions):
        """Step every room; observations [B, 32, 32, 3], rewards [B], terminated [B], truncated [B], info."""
        if not self.action_space.contains(np.asarray(actions)):
            raise ValueError(f"actions must be {self.num_envs} numbers from 0 to 4, one for each room; got {actions}")
        self.state, reward = picture_room_step(self.state, np.asarray(actions))
        truncated = self.state[:, STEPS] >= self.max_episode_steps
        ended, info = np.flatnonzero(truncated), {}
        if len(ended):
            info = final_info(ended, see_picture_room(self.state[ended]), self.num_envs)
            self._start(ended)
        return see_picture_room(self.state), reward, np.zeros(self.num_envs, bool), truncated, info

    def render(self):
        return tuple(draw_picture_room(self.state)) if self.render_mode == "rgb_array" else None
