"""A point in a maze, which is pushed about until it is at the goal: the world of offline data, Day 7.

Between the start and the goal lies a wall in the shape of a U. Whoever goes straight ahead is caught in it, and until
its end the way round looks no better than any other: nobody finds the goal by chance.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

MAZE = (  # S the start, G the goal, # walls
    ".......",
    ".#####.",
    ".....#.",
    "..S..#G",
    ".....#.",
    ".#####.",
    ".......",
)
SIDE = len(MAZE)  # cells a side; positions are in cells, speeds in cells a step, rows from the top
X, Y, VX, VY = range(4)  # the columns of a state
PUSH, DRAG = 0.04, 0.8
FASTEST = PUSH / (1 - DRAG)  # in each direction
REACH = 0.5  # who is nearer to the middle of the goal's cell than that has reached it
SPREAD = 0.3  # an episode starts so far from the middle of the start's cell, at most
LIMIT = 200  # steps of an episode

FREE = np.array([[letter != "#" for letter in row] for row in MAZE])  # [SIDE, SIDE] bool
CELLS = np.argwhere(FREE)  # [36, 2] row and column of every cell that is no wall
WAYS = np.pad(FREE, 1).ravel()  # with walls around


def _cell(letter):
    return next((row, line.index(letter)) for row, line in enumerate(MAZE) if letter in line)


START, GOAL = _cell("S"), _cell("G")  # row and column


def point_maze_step(state, push, goal=GOAL, xp=np):
    """The dynamics of B mazes; nothing random happens here.

    v ← drag × v + push, x ← x + v, first across and then down; a wall takes all of the speed towards it.

    Args:
        state: [B, 4] float, columns X, Y, VX, VY.
        push: [B, 2] float, across and down; what lies outside [-1, 1] acts as the border does.
        goal: row and column of the goal's cell.
        xp: numpy, or tensorflow.experimental.numpy for tensors, inside a graph too.

    Returns:
        next state [B, 4], reward [B], terminated [B] bool: at the goal.
    """
    x, y, vx, vy = (state[..., column] for column in range(4))
    push = xp.clip(push, -1, 1)
    vx, vy = DRAG * vx + PUSH * push[..., 0], DRAG * vy + PUSH * push[..., 1]
    free = _is_free(x + vx, y, xp)
    x, vx = xp.where(free, x + vx, x), xp.where(free, vx, 0.0 * vx)
    free = _is_free(x, y + vy, xp)
    y, vy = xp.where(free, y + vy, y), xp.where(free, vy, 0.0 * vy)
    terminated = at_goal(x, y, goal)
    reward = xp.where(terminated, 0.0 * x, 0.0 * x - 1.0)
    return xp.stack([x, y, vx, vy], axis=-1), reward, terminated


def _is_free(x, y, xp):
    """[B] bool: whether no wall is at the places x [B], y [B]."""
    row, column = (xp.asarray(xp.floor(place), np.int64) + 1 for place in (y, x))
    return xp.take(WAYS, row * (SIDE + 2) + column)


def at_goal(x, y, goal=GOAL):
    """[B] bool: whether the places x [B], y [B] are within reach of a goal's cell."""
    return (x - goal[1] - 0.5) ** 2 + (y - goal[0] - 0.5) ** 2 < REACH**2


def see_point_maze(state):
    """What a player sees of states [B, 4]: the same numbers, each from -1 to 1, as float32."""
    return ((state - (SIDE / 2, SIDE / 2, 0, 0)) / (SIDE / 2, SIDE / 2, FASTEST, FASTEST)).astype(np.float32)


def cell_of(state):
    """The number of the cell, SIDE × row + column, [B], of states [B, 4]."""
    return SIDE * np.floor(state[..., Y]).astype(int) + np.floor(state[..., X]).astype(int)


def distances(goal):
    """[SIDE, SIDE] int: steps from each cell to the cell ``goal``, row and column, round the walls; -1 in walls."""
    away, frontier, steps = np.full((SIDE, SIDE), -1), [tuple(goal)], 0
    while frontier:
        for cell in frontier:
            away[cell] = steps
        beside = {(r + dr, c + dc) for r, c in frontier for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))}
        frontier = [(r, c) for r, c in beside if 0 <= r < SIDE and 0 <= c < SIDE and FREE[r, c] and away[r, c] < 0]
        steps += 1
    return away


def _way_points():
    """[SIDE², SIDE²] int: the cell that follows each (second) on a shortest way to each goal (first); in walls 0."""
    following = np.zeros((SIDE**2, SIDE**2), int)
    for goal in CELLS:
        away = np.pad(np.where(FREE, distances(goal), SIDE**2), 1, constant_values=SIDE**2)
        for row, column in CELLS:
            beside = [(away[row + 1 + dr, column + 1 + dc], SIDE * (row + dr) + column + dc)
                      for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0), (0, 0))]  # fmt: skip
            following[SIDE * goal[0] + goal[1], SIDE * row + column] = min(beside, key=lambda one: one[0])[1]
    return following


FOLLOWING = _way_points()


def point_maze_oracle(state, goal=SIDE * GOAL[0] + GOAL[1]):
    """The pushes [B, 2] of one who knows the way: towards the middle of the cell that follows on it.

    Args:
        state: [B, 4].
        goal: the number of the goal's cell, or one for each, [B].
    """
    aim = FOLLOWING[goal, cell_of(state)]
    aim = np.stack([aim % SIDE, aim // SIDE], axis=-1) + 0.5
    return np.clip(4 * (aim - state[..., :2]) - 8 * state[..., 2:], -1, 1)


PAPER, WALL, GOAL_COLOUR, PLAYER = (244, 244, 242), (91, 96, 104), (33, 102, 172), (224, 130, 20)
CELL = 48  # pixels a side


def draw_point_maze(state, goal=GOAL):
    """B mazes [B, 4] as pictures [B, 336, 336, 3] uint8: walls gray, the goal a blue ring, the point orange."""
    pixel = (np.arange(SIDE * CELL) + 0.5) / CELL
    walls = (~FREE).repeat(CELL, axis=0).repeat(CELL, axis=1)
    picture = np.where(walls[..., None], WALL, PAPER).astype(float)

    def from_place(x, y):  # [..., 336, 336], how far each pixel is, in cells
        return np.hypot(pixel - np.asarray(x)[..., None, None], pixel[:, None] - np.asarray(y)[..., None, None])

    def painted(picture, covered, colour):  # covered from 0 to 1
        return picture + np.clip(covered, 0, 1)[..., None] * (np.array(colour) - picture)

    ring = CELL * (0.04 - np.abs(from_place(goal[1] + 0.5, goal[0] + 0.5) - (REACH - 0.06))) + 0.5
    point = CELL * (0.17 - from_place(state[:, X], state[:, Y])) + 0.5
    return painted(painted(picture, ring, GOAL_COLOUR), point, PLAYER).round().astype(np.uint8)


OBSERVATIONS, ACTIONS = spaces.Box(-1, 1, (4,), np.float32), spaces.Box(-1, 1, (2,), np.float32)


def _checked(cell):
    """Row and column of a cell; None for any."""
    if cell is None:
        return None
    row, column = cell
    if not (0 <= row < SIDE and 0 <= column < SIDE and FREE[row, column]):
        raise ValueError(f"row {row}, column {column} is no free cell of the maze")
    return row, column


def start_state(rng, start=START):
    """A state [4] at rest, in the cell ``start`` (row and column), or None: in any that is no wall."""
    row, column = CELLS[rng.integers(len(CELLS))] if start is None else start
    x, y = np.array([column, row]) + 0.5 + rng.uniform(-SPREAD, SPREAD, 2)
    return np.array([x, y, 0.0, 0.0])


class PointMaze(Seen, gym.Env):
    """Push a point round a wall, to the goal.

    ## Action Space
    ``Box(-1, 1, (2,))``: the push across (to the right) and down.
    ## Observation Space
    ``Box(-1, 1, (4,))`` float32: place across and down, speed across and down; the edges of the maze and the largest
    speed are ±1. The walls are not shown.
    ## Rewards
    -1 for each step that does not end at the goal, 0 for the one that does. A return of -200 is a failure.
    ## Episode End
    Terminated at the goal. ``gymnasium.make`` truncates after 200 steps; the oracle takes about 75.

    Args:
        start: row and column of the cell where episodes start, somewhere around its middle; None: of any cell.
        goal: row and column of the cell where they end.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 30}
    observation_space, action_space = OBSERVATIONS, ACTIONS

    def __init__(self, start=START, goal=GOAL, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.start, self.goal, self.render_mode = _checked(start), _checked(goal), render_mode
        self.state = np.zeros((1, 4))  # one maze of a batch

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = start_state(self.np_random, self.start)[None]
        if self.render_mode == "human":
            self.render()
        return see_point_maze(self.state)[0], {}

    def step(self, action):
        """Push the point; see the class for what comes back."""
        self.state, reward, terminated = point_maze_step(self.state, _pushes(action, (2,))[None], self.goal)
        if self.render_mode == "human":
            self.render()
        return see_point_maze(self.state)[0], float(reward[0]), bool(terminated[0]), False, {}

    def _picture(self):
        return draw_point_maze(self.state, self.goal)[0]


class PointMazeVector(VectorEnv):
    """``num_envs`` of `PointMaze` stepped at once; maze i of ``reset(seed=n)`` equals one that was reset with n + i.

    A maze whose episode is over starts anew in the same step (Gymnasium's SAME_STEP).
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30, "autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space = OBSERVATIONS, ACTIONS

    def __init__(self, num_envs=1, start=START, goal=GOAL, max_episode_steps=LIMIT, render_mode=None):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.max_episode_steps, self.render_mode = num_envs, max_episode_steps, render_mode
        self.start, self.goal = _checked(start), _checked(goal)
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)
        self.action_space = gym.vector.utils.batch_space(ACTIONS, num_envs)
        self.rngs = [None] * num_envs
        self.state, self.steps = np.zeros((num_envs, 4)), np.zeros(num_envs, np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every maze anew. seed: None, an int (maze i gets seed + i) or a list of one per maze."""
        self.rngs = seeded(self.rngs, seed, "mazes")
        self._start(range(self.num_envs))
        return see_point_maze(self.state), {}

    def _start(self, mazes):
        for i in mazes:
            self.state[i], self.steps[i] = start_state(self.rngs[i], self.start), 0

    def step(self, actions):
        """Step every maze with actions [B, 2]; observations, rewards [B], terminated [B], truncated [B], info."""
        pushes = _pushes(actions, (self.num_envs, 2))
        self.state, reward, terminated = point_maze_step(self.state, pushes, self.goal)
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        ended, info = np.flatnonzero(terminated | truncated), {}
        if len(ended):
            info = final_info(ended, see_point_maze(self.state[ended]), self.num_envs)
            self._start(ended)
        return see_point_maze(self.state), reward, terminated, truncated, info

    def render(self):
        return tuple(draw_point_maze(self.state, self.goal)) if self.render_mode == "rgb_array" else None


def _pushes(actions, shape):
    pushes = np.asarray(actions, float)
    if pushes.shape != shape or not np.isfinite(pushes).all():
        raise ValueError(f"an action is two pushes, across and down; got {actions}")
    return pushes
