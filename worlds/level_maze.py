"""Many small mazes, each made from its number: a world that can be learnt by heart, or understood (Day 5)."""

from functools import lru_cache
from typing import NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

SIDE = 8  # cells a side, the wall around them included
WALL_PROB = 0.3
LEAST, MOST = 4, 12  # steps from the start to the goal, on the shortest way
FAR = SIDE - 3  # how far from a player a cell may be, in each direction
VIEW = 2 * FAR + 1  # cells a side that a player sees
PADDED, INSIDE = SIDE - 2 + 2 * FAR, slice(FAR, FAR + SIDE - 2)  # a maze in the midst of so much wall
LIMIT = 50  # steps of an episode
FIRST_TEST = 10_000_000  # levels from here on are for tests; no agent may learn in them
MOVES = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])  # up, right, down, left
KEPT = 4_096  # levels that need not be made anew
COUNTS = (1, 4, 16, 64, 256, 1024)  # of levels to learn in, each of which is a world
WORLDS = {"LevelMaze-v0": FIRST_TEST} | {f"LevelMaze/{count}-v0": count for count in COUNTS}


class Level(NamedTuple):
    """A maze, and where its episodes start and end."""

    walls: np.ndarray  # [SIDE, SIDE] bool
    start: np.ndarray  # [2] int, row and column
    goal: np.ndarray  # [2] int
    best: int  # steps of the shortest way


@lru_cache(KEPT)
def level(number):
    """The `Level` of a number: the same for ever, and whoever asks. Its arrays cannot be written to.

    Raises:
        ValueError: the number is below 0.
    """
    if number < 0:
        raise ValueError(f"levels are numbered from 0 on; got {number}")
    rng = np.random.default_rng((9, number))  # not the number alone, which seeds agents, too
    while True:
        walls = np.ones((SIDE, SIDE), bool)
        walls[1:-1, 1:-1] = rng.random((SIDE - 2, SIDE - 2)) < WALL_PROB
        goal = _one_of(~walls, rng)
        if goal is None:
            continue
        away = distances(walls, goal)
        start = _one_of((away >= LEAST) & (away <= MOST), rng)
        if start is not None:
            for array in (walls, start, goal):
                array.flags.writeable = False
            return Level(walls, start, goal, int(away[tuple(start)]))


def _one_of(cells, rng):
    """Row and column [2] of a cell that is true in ``cells``, each equally likely; None where there is none."""
    places = np.argwhere(cells)
    return places[rng.integers(len(places))] if len(places) else None


def distances(walls, goal):
    """[SIDE, SIDE] int: how many steps each cell is from the goal [2]; -1 where no way leads there."""
    away = np.full(walls.shape, -1)
    frontier, steps = np.zeros(walls.shape, bool), 0
    frontier[tuple(goal)] = True
    while frontier.any():
        away[frontier] = steps
        steps += 1
        beside = np.zeros(walls.shape, bool)
        for move in MOVES:
            beside |= np.roll(frontier, move, axis=(0, 1))  # the wall around a maze is never crossed
        frontier = beside & ~walls & (away < 0)
    return away


def level_maze_step(walls, goal, place, action):
    """The dynamics of B mazes; nothing random happens here. A wall holds who walks into it.

    Args:
        walls: [B, SIDE, SIDE] bool.
        goal, place: [B, 2] int, rows and columns.
        action: [B] int, 0 up, 1 right, 2 down, 3 left.

    Returns:
        next place [B, 2], terminated [B] bool: at the goal.
    """
    wanted = place + MOVES[action]
    held = walls[np.arange(len(walls)), wanted[:, 0], wanted[:, 1]]
    place = np.where(held[:, None], place, wanted)
    return place, (place == goal).all(axis=1)


def see_level_maze(walls, goal, place):
    """What the players of B mazes see, each from where it stands.

    Returns:
        planes [B, VIEW, VIEW, 2] uint8: 1 where a wall (or what lies outside), and where the goal is. The middle is
        the player, and all of the maze is in sight.
    """
    planes = np.zeros((len(walls), PADDED, PADDED, 2), np.uint8)
    planes[..., 0] = 1
    planes[:, INSIDE, INSIDE, 0] = walls[:, 1:-1, 1:-1]
    maze = np.arange(len(walls))
    planes[maze, goal[:, 0] + FAR - 1, goal[:, 1] + FAR - 1, 1] = 1
    rows, columns = (place[:, axis, None] - 1 + np.arange(VIEW) for axis in (0, 1))  # [B, VIEW]
    return planes[maze[:, None, None], rows[:, :, None], columns[:, None, :]]


PAPER, WALL, GOAL, PLAYER = (244, 244, 242), (91, 96, 104), (33, 102, 172), (224, 130, 20)
CELL = 24  # pixels a side


def draw_level_maze(walls, goal, place):
    """B mazes as pictures [B, SIDE × CELL, SIDE × CELL, 3] uint8: walls gray, the goal blue, the player orange."""
    maze, picture = np.arange(len(walls)), np.where(walls[..., None], WALL, PAPER).astype(np.uint8)
    picture[maze, goal[:, 0], goal[:, 1]] = GOAL
    picture[maze, place[:, 0], place[:, 1]] = PLAYER
    return picture.repeat(CELL, axis=1).repeat(CELL, axis=2)


OBSERVATIONS, ACTIONS = spaces.Box(0, 1, (VIEW, VIEW, 2), np.uint8), spaces.Discrete(4)


def _checked(levels, first):
    if levels < 1 or first < 0:
        raise ValueError(f"levels must be at least 1 and first at least 0; got {levels} and {first}")
    return range(first, first + levels)


class LevelMaze(Seen, gym.Env):
    """Find the way to the goal, in a maze drawn anew for each episode.

    ## Action Space
    ``Discrete(4)``: 0 up, 1 right, 2 down, 3 left. A wall holds who walks into it.
    ## Observation Space
    Planes [11, 11, 2] uint8, 0 or 1: the walls, and the goal, as they lie around the player, who is in the middle.
    ## Rewards
    1 at the goal, so that a return is whether the level was solved.
    ## Episode End
    Terminated at the goal. ``gymnasium.make`` truncates after 50 steps; the shortest way has 4 to 12.

    Args:
        levels, first: an episode's level is one of the numbers first … first + levels - 1, each equally likely.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 8}
    observation_space, action_space = OBSERVATIONS, ACTIONS

    def __init__(self, levels=FIRST_TEST, first=0, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.numbers, self.render_mode = _checked(levels, first), render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.number = int(self.np_random.integers(self.numbers.start, self.numbers.stop))
        self.place = level(self.number).start
        if self.render_mode == "human":
            self.render()
        return self._see(), {}

    def step(self, action):
        """Try to move; see the class for what comes back."""
        if action not in range(4):
            raise ValueError(f"action {action} does not exist; actions are 0 up, 1 right, 2 down, 3 left")
        walls, _, goal, _ = level(self.number)
        place, terminated = level_maze_step(walls[None], goal[None], self.place[None], np.array([action]))
        self.place = place[0]
        if self.render_mode == "human":
            self.render()
        return self._see(), float(terminated[0]), bool(terminated[0]), False, {}

    def _see(self):
        walls, _, goal, _ = level(self.number)
        return see_level_maze(walls[None], goal[None], self.place[None])[0]

    def _picture(self):
        walls, _, goal, _ = level(self.number)
        return draw_level_maze(walls[None], goal[None], self.place[None])[0]


class LevelMazeVector(VectorEnv):
    """``num_envs`` of `LevelMaze` stepped at once; maze i of ``reset(seed=n)`` equals one that was reset with n + i.

    A maze that is over is left for another in the same step (Gymnasium's SAME_STEP).
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space = OBSERVATIONS, ACTIONS

    def __init__(self, num_envs=1, levels=FIRST_TEST, first=0, max_episode_steps=LIMIT, render_mode=None):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.max_episode_steps, self.numbers = num_envs, max_episode_steps, _checked(levels, first)
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)
        self.action_space = gym.vector.utils.batch_space(ACTIONS, num_envs)
        self.rngs = [None] * num_envs
        self.walls = np.ones((num_envs, SIDE, SIDE), bool)
        self.goal, self.place = np.ones((2, num_envs, 2), np.int64)
        self.steps = np.zeros(num_envs, np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every maze anew. seed: None, an int (maze i gets seed + i) or a list of one per maze."""
        self.rngs = seeded(self.rngs, seed, "mazes")
        self._start(range(self.num_envs))
        return self._see(), {}

    def _start(self, mazes):
        for i in mazes:
            number = int(self.rngs[i].integers(self.numbers.start, self.numbers.stop))
            self.walls[i], self.place[i], self.goal[i], _ = level(number)
            self.steps[i] = 0

    def step(self, actions):
        """Step every maze with actions [B]; observations, rewards [B], terminated [B], truncated [B], info."""
        actions = np.asarray(actions)
        if not (actions.dtype.kind in "iu" and self.action_space.contains(actions.astype(np.int64))):
            raise ValueError(f"actions must be {self.num_envs} numbers 0 to 3, one for each maze; got {actions}")
        self.place, terminated = level_maze_step(self.walls, self.goal, self.place, actions)
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        ended, info = np.flatnonzero(terminated | truncated), {}
        if len(ended):
            info = final_info(ended, self._see()[ended], self.num_envs)
            self._start(ended)
        return self._see(), terminated.astype(float), terminated, truncated, info

    def _see(self):
        return see_level_maze(self.walls, self.goal, self.place)
