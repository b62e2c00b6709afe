"""Every world of the course, one file: CoinToss, GridWorld, FrozenLakeEasy and Catcher.

Each world is a Gymnasium environment. ``import environment`` registers ``GridWorld-v0``, ``FrozenLakeEasy-v0``,
``Catcher-v0`` (pixels) and ``CatcherState-v0`` (five numbers), so that ``gymnasium.make`` finds them.

Dynamics are kept apart from drawing. A tabular world also shows its model: ``env.P[s][a]`` as Gymnasium has it,
and ``env.model``, the same as arrays, which a planner can sweep over a million states.
"""

import math
import operator
from dataclasses import dataclass
from functools import cached_property

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.lib.stride_tricks import sliding_window_view

# ------------------------------------------------------------------------------------------
# The model of a tabular world
# ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class TabularModel:
    """A finite Markov decision process as arrays: S states, A actions, at most K outcomes of each.

    An outcome that ends the episode leads to one extra state, number S, whose value is 0 by definition. With
    that, Q(s, a) = reward[s, a] + gamma * sum over k of prob[s, a, k] * V[next_state[s, a, k]].

    Attributes:
        next_state: [S, A, K] int, where outcome k leads: 0 … S - 1, or S when the episode ends.
        prob: [S, A, K] float, its probability; sums to 1 over k.
        reward: [S, A] float, the expected reward of action a in state s.

    Raises:
        ValueError: probabilities that are negative or do not sum to 1, next states or rewards out of range.
    """

    next_state: np.ndarray
    prob: np.ndarray
    reward: np.ndarray

    def __post_init__(self):
        num_states = self.reward.shape[0]
        one_row_for_all = self.prob.strides[:2] == (0, 0)
        total = (self.prob[:1, :1] if one_row_for_all else self.prob).sum(axis=2)  # [S, A]
        wrong = np.argwhere(~(np.abs(total - 1) < 1e-6))
        if len(wrong):
            state, action = wrong[0]
            raise ValueError(
                f"the probabilities of action {action} in state {state} sum to {total[state, action]:.6g}; "
                "they must sum to 1"
            )
        if self.prob.min() < 0:
            raise ValueError("a transition has a negative probability; every probability must be from 0 to 1")
        if self.next_state.min() < 0 or self.next_state.max() > num_states:
            raise ValueError(f"a transition leaves the model; next states must be from 0 to {num_states - 1}")
        if not -1e100 < self.reward.min() <= self.reward.max() < 1e100:  # sums of greater ones would overflow
            raise ValueError("a transition pays a reward that is not a number, or too large to add up")

    @classmethod
    def from_P(cls, P):
        """Read a model in Gymnasium's form, ``P[s][a] = [(prob, next_state, reward, terminated), …]``."""
        num_states, num_actions = len(P), len(P[0])
        most = max(len(P[s][a]) for s in range(num_states) for a in range(len(P[s])))
        next_state = np.full((num_states, num_actions, most), num_states, np.int32)
        prob = np.zeros((num_states, num_actions, most))
        reward = np.zeros((num_states, num_actions))
        for s in range(num_states):
            if len(P[s]) != num_actions:
                raise ValueError(f"state {s} has {len(P[s])} actions; every state must have {num_actions}")
            for a in range(num_actions):
                for k, (p, s_next, r, terminated) in enumerate(P[s][a]):
                    next_state[s, a, k] = num_states if terminated else s_next
                    prob[s, a, k] = p
                    reward[s, a] += p * r
        return cls(next_state, prob, reward)


def tabular_model(env):
    """The model of any tabular Gymnasium world, ours or one of toy_text, as a `TabularModel`."""
    world = env.unwrapped
    if isinstance(getattr(world, "model", None), TabularModel):
        return world.model
    if hasattr(world, "P"):
        return TabularModel.from_P(world.P)
    name = world.spec.id if getattr(world, "spec", None) else type(world).__name__
    raise ValueError(f"{name} shows no model to plan with; use a world that has P, such as FrozenLake-v1")


# ------------------------------------------------------------------------------------------
# CoinToss: the bandit of Day 3
# ------------------------------------------------------------------------------------------


class CoinToss(gym.Env):
    """Several coins; toss one at a time and be paid for heads.

    ## Action Space
    ``Discrete(n)``: which coin to toss.
    ## Observation Space
    ``Discrete(1)``: nothing to see; the state never changes.
    ## Rewards
    1 for heads, 0 for tails. Coin a shows heads with probability ``head_probs[a]``.
    ## Episode End
    Truncated after ``max_episode_steps`` tosses.
    """

    metadata = {"render_modes": []}

    def __init__(self, head_probs, max_episode_steps=30):
        self.head_probs = np.array(head_probs, dtype=float)
        if self.head_probs.ndim != 1 or not len(self.head_probs):
            raise ValueError("head_probs must be a list of at least one probability, such as [0.1, 0.5, 0.9]")
        if not ((self.head_probs >= 0) & (self.head_probs <= 1)).all():
            raise ValueError(f"head_probs must be probabilities from 0 to 1; got {list(head_probs)}")
        if max_episode_steps < 1:
            raise ValueError(f"max_episode_steps must be at least 1; got {max_episode_steps}")
        self.max_episode_steps = max_episode_steps
        self.action_space = spaces.Discrete(len(self.head_probs))
        self.observation_space = spaces.Discrete(1)
        self.toss_count = 0

    def __len__(self):
        return len(self.head_probs)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.toss_count = 0
        return 0, {}

    def step(self, action):
        """Toss coin ``action``; see the class for what comes back."""
        if not 0 <= action < len(self):
            raise ValueError(f"coin {action} does not exist; coins are numbered from 0 to {len(self) - 1}")
        self.toss_count += 1
        reward = 1.0 if self.np_random.random() < self.head_probs[action] else 0.0
        return 0, reward, False, self.toss_count >= self.max_episode_steps, {}


# ------------------------------------------------------------------------------------------
# GridWorld: the maze of Days 1 to 3
# ------------------------------------------------------------------------------------------

ORDINARY, TREASURE, DANGER, BLOCK = 0, 1, -1, 9
UP, RIGHT, DOWN, LEFT = 0, 1, 2, 3  # clockwise, so that a slip is a turn by one
BOOK_MAZE = ((0, 0, 0, 1), (0, 9, 0, -1), (0, 0, 0, 0))


class GridWorld(gym.Env):
    """A maze on a slippery floor (the 3×4 world of Russell & Norvig, *AI: A Modern Approach*, chapter 17).

    ## Action Space
    ``Discrete(4)``: 0 up, 1 right, 2 down, 3 left. With probability ``move_prob`` the agent moves as it wants;
    with (1 - move_prob) / 2 each it slips to the left or to the right of that. Walls and blocks hold it.
    ## Observation Space
    ``Discrete(rows × columns)``: the cell, numbered row by row from the top left. Blocks are never entered.
    ## Rewards
    Paid on entering a cell: +1 treasure, -1 danger, ``step_reward`` for an ordinary one (also when held there).
    ## Episode End
    Terminated on entering treasure or danger. Nothing more is paid after that.

    Args:
        grid: rows of cells; 0 ordinary, 1 treasure, -1 danger, 9 block. Any rectangle; it is copied.
        move_prob: probability of moving as intended, from 0 to 1.
        step_reward: reward for entering an ordinary cell.
        start: (row, column) where episodes start; the bottom left by default.
        render_mode: None, "human", "rgb_array" or "ansi".

    Raises:
        ValueError: one sentence that says what is malformed.
    """

    metadata = {"render_modes": ["human", "rgb_array", "ansi"], "render_fps": 8}

    def __init__(self, grid=BOOK_MAZE, move_prob=0.8, step_reward=-0.04, start=None, render_mode=None):
        self.grid = _checked_grid(grid)
        self.shape = self.grid.shape
        self.move_prob = _checked_number(move_prob, "move_prob", 0, 1)
        self.step_reward = _checked_number(step_reward, "step_reward")
        self.start_state = self._checked_start(start)
        _check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.num_states = self.grid.size
        self.action_space = spaces.Discrete(4)
        self.observation_space = spaces.Discrete(self.num_states)
        self.state = self.start_state
        self._window = None

        self.ended = np.isin(self.grid, (TREASURE, DANGER)).ravel()  # [S], the cells that end an episode
        self.entry_reward = np.where(self.grid == ORDINARY, self.step_reward, self.grid).ravel()  # [S]
        self.slip_prob = (1 - self.move_prob) / 2

    def _checked_start(self, start):
        rows, cols = self.shape
        try:
            row, col = (rows - 1, 0) if start is None else map(operator.index, start)
        except (TypeError, ValueError):
            raise ValueError(f"start must be a cell (row, column); got {start!r}") from None
        if not (0 <= row < rows and 0 <= col < cols):
            raise ValueError(f"start ({row}, {col}) is outside the grid of {rows} rows and {cols} columns")
        if self.grid[row, col] == BLOCK:
            raise ValueError(f"the agent would start on a block, at row {row}, column {col}; choose another start")
        return row * cols + col

    @cached_property
    def _moves(self):
        return self._where_moves_lead()

    def _where_moves_lead(self):
        """[S, 6] int32: the cell that a move from cell s leads to, for left, up, right, down, left, up.

        Going round the compass twice, columns a, a + 1 and a + 2 are the three outcomes of action a: slip to
        its left, go as intended, slip to its right.
        """
        cells = np.arange(self.num_states, dtype=np.int32).reshape(self.shape)
        around = np.pad(cells, 1, mode="edge")  # beyond the wall lies the cell that one came from
        at_rest = (self.grid != ORDINARY).ravel()  # nobody moves in a block or after the end
        moves = np.empty((self.num_states, 6), np.int32)
        for direction, neighbour in {
            UP: around[:-2, 1:-1],
            RIGHT: around[1:-1, 2:],
            DOWN: around[2:, 1:-1],
            LEFT: around[1:-1, :-2],
        }.items():
            held = at_rest | (self.grid.ravel()[neighbour] == BLOCK).ravel()
            moves[:, direction + 1] = np.where(held, cells.ravel(), neighbour.ravel())
        moves[:, 0], moves[:, 5] = moves[:, 4], moves[:, 1]
        return moves

    @cached_property
    def model(self):
        """The model as arrays, without P: three views of small tables, 56 bytes a state."""
        at_rest = (self.grid != ORDINARY).ravel()
        moves = self._where_moves_lead()  # not kept: a large world that is only planned never steps
        outcome_prob = np.array([self.slip_prob, self.move_prob, self.slip_prob])
        reward = np.zeros((self.num_states, 4))
        for action in range(4):
            for k in range(3):
                reward[:, action] += outcome_prob[k] * self.entry_reward[moves[:, action + k]]
        reward[at_rest] = 0.0
        moves[self.ended[moves]] = self.num_states
        moves[at_rest] = self.num_states
        return TabularModel(
            next_state=sliding_window_view(moves, 3, axis=1),  # [S, 4, 3]
            prob=np.broadcast_to(outcome_prob, (self.num_states, 4, 3)),
            reward=reward,
        )

    @cached_property
    def P(self):
        """``P[s][a] = [(prob, next_state, reward, terminated), …]``, as Gymnasium's toy_text shows it."""
        return {s: {a: self._outcomes(s, a) for a in range(4)} for s in range(self.num_states)}

    def _outcomes(self, state, action):
        if self.grid.flat[state] != ORDINARY:
            return [(1.0, state, 0.0, True)]
        outcomes = []
        for prob, turn in ((self.move_prob, 1), (self.slip_prob, 0), (self.slip_prob, 2)):
            if prob > 0:
                entered = int(self._moves[state, action + turn])
                outcomes.append((prob, entered, float(self.entry_reward[entered]), bool(self.ended[entered])))
        return outcomes

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.start_state
        if self.render_mode == "human":
            self.render()
        return self.state, {}

    def step(self, action):
        """Try to move; see the class for what comes back."""
        if not 0 <= action < 4:
            raise ValueError(f"action {action} does not exist; actions are 0 up, 1 right, 2 down, 3 left")
        if self.grid.flat[self.state] != ORDINARY:
            return self.state, 0.0, True, False, {}
        luck = self.np_random.random()
        turn = 0 if luck < self.slip_prob else 2 if luck < 2 * self.slip_prob else 1
        self.state = int(self._moves[self.state, action + turn])
        if self.render_mode == "human":
            self.render()
        return self.state, float(self.entry_reward[self.state]), bool(self.ended[self.state]), False, {}

    def render(self):
        """The maze and the agent: text ("ansi"), an image [H, W, 3] uint8 ("rgb_array") or a window ("human")."""
        if self.render_mode == "ansi":
            symbols = {ORDINARY: ".", TREASURE: "+", DANGER: "-", BLOCK: "#"}
            text = [symbols[cell] for cell in self.grid.flat]
            text[self.state] = "A"
            return "\n".join(" ".join(row) for row in np.reshape(text, self.shape))
        frame = draw_maze(self.grid, self.state)
        return self._show(frame) if self.render_mode == "human" else frame if self.render_mode else None

    def _show(self, frame):
        self._window = self._window or Window("GridWorld", self.metadata["render_fps"])
        self._window.show(frame)

    def close(self):
        if self._window:
            self._window.close()
            self._window = None


def _checked_grid(grid):
    accepted = "cells are 0 (ordinary), 1 (treasure), -1 (danger) and 9 (block)"
    try:
        lengths = [len(row) for row in grid]
    except TypeError:
        raise ValueError(f"the grid must be a list of rows, each a list of cells; {accepted}") from None
    if not lengths or not lengths[0]:
        raise ValueError("the grid is empty; it needs at least one row with one cell")
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            raise ValueError(f"the grid is ragged: row 0 has {lengths[0]} cells, row {i} has {length}")
    numeric = isinstance(grid, np.ndarray) and grid.dtype.kind in "biuf"
    cells = np.array(grid, dtype=None if numeric else object)
    if cells.ndim != 2:
        raise ValueError(f"the grid must have rows and columns of single cells; {accepted}")
    for (row, col), cell in np.ndenumerate(cells) if cells.dtype == object else ():
        if not np.isscalar(cell) or isinstance(cell, bool | str) or cell not in (ORDINARY, TREASURE, DANGER, BLOCK):
            raise ValueError(f"unknown cell {cell!r} at row {row}, column {col}; {accepted}")
    unknown = np.argwhere(~np.isin(cells.astype(float), (ORDINARY, TREASURE, DANGER, BLOCK)))
    if len(unknown):
        row, col = unknown[0]
        raise ValueError(f"unknown cell {cells[row, col]} at row {row}, column {col}; {accepted}")
    return cells.astype(np.int8)


def _checked_number(value, name, low=-math.inf, high=math.inf):
    accepted = f"a number from {low} to {high}" if math.isfinite(low) else "a finite number"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"{name} must be {accepted}; got {value!r}")
    return number


def _check_render_mode(render_mode, metadata):
    if render_mode not in (None, *metadata["render_modes"]):
        raise ValueError(f"render_mode must be None or one of {metadata['render_modes']}; got {render_mode!r}")


# ------------------------------------------------------------------------------------------
# Catcher: the game of Day 4
# ------------------------------------------------------------------------------------------

SIZE = 64  # pixels; positions and speeds are in pixels and pixels per step
PADDLE_WIDTH, PADDLE_PUSH, PADDLE_DRAG = 13, 1.344, 0.9
FRUIT_WIDTH, FRUIT_SPEED, CATCH_Y = 4, 2.0, 60
LIVES = 3
PADDLE_X, PADDLE_V, FRUIT_X, FRUIT_Y, LIVES_LEFT, NEXT_X = range(6)  # the columns of a Catcher state


def catcher_step(state, action):
    """The dynamics of Catcher, over a batch of B games; nothing random happens here.

    The paddle is pushed and slides on, v ← drag (v + push), x ← x + v, and a wall stops it. The fruit falls at
    constant speed; when it reaches the paddle it is caught or missed, and the next one starts from NEXT_X.

    Args:
        state: [B, 6] float, columns PADDLE_X … NEXT_X (x of centres).
        action: [B] int, 0 push left, 1 wait, 2 push right.

    Returns:
        next state [B, 6], reward [B], terminated [B] bool, landed [B] bool (a new NEXT_X must be drawn there).
    """
    state = state.copy()
    state[:, PADDLE_V] = PADDLE_DRAG * (state[:, PADDLE_V] + PADDLE_PUSH * (action - 1.0))
    wanted = state[:, PADDLE_X] + state[:, PADDLE_V]
    state[:, PADDLE_X] = np.clip(wanted, PADDLE_WIDTH / 2, SIZE - PADDLE_WIDTH / 2)
    state[:, PADDLE_V] *= wanted == state[:, PADDLE_X]  # a wall takes all its speed
    state[:, FRUIT_Y] += FRUIT_SPEED
    landed = state[:, FRUIT_Y] >= CATCH_Y
    near = np.abs(state[:, FRUIT_X] - state[:, PADDLE_X]) <= (PADDLE_WIDTH + FRUIT_WIDTH) / 2
    reward = np.where(landed, np.where(near, 1.0, -1.0), 0.0)
    state[:, LIVES_LEFT] -= landed & ~near
    state[:, FRUIT_X] = np.where(landed, state[:, NEXT_X], state[:, FRUIT_X])
    state[:, FRUIT_Y] = np.where(landed, 0.0, state[:, FRUIT_Y])
    return state, reward, state[:, LIVES_LEFT] <= 0, landed


def catcher_oracle(state):
    """The action [B] that, followed by waiting, brings the paddle [B, 6] nearest to where its fruit lands.

    It sees positions and speeds, which no picture shows. Its mean return is the best possible that the course
    measures other players against.
    """
    steps = np.ceil((CATCH_Y - state[:, FRUIT_Y]) / FRUIT_SPEED)
    slide = (1 - PADDLE_DRAG**steps) / (1 - PADDLE_DRAG)  # pixels that a paddle of speed 1 slides until then
    pushed = PADDLE_DRAG * (state[:, PADDLE_V, None] + PADDLE_PUSH * np.array([-1.0, 0.0, 1.0]))  # [B, 3]
    lands = np.clip(state[:, PADDLE_X, None] + pushed * slide[:, None], 0, SIZE)
    return np.abs(lands - state[:, FRUIT_X, None]).argmin(axis=1)


def _draw_fruit_column(rng):
    return rng.uniform(FRUIT_WIDTH / 2, SIZE - FRUIT_WIDTH / 2)


def _new_game(rng):
    return np.array([SIZE / 2, 0.0, _draw_fruit_column(rng), 0.0, LIVES, _draw_fruit_column(rng)])


def _catcher_space(obs_type):
    if obs_type == "rgb":
        return spaces.Box(0, 255, (SIZE, SIZE, 3), np.uint8)
    if obs_type == "state":
        return spaces.Box(-1.0, 1.0, (5,), np.float32)
    raise ValueError(f"obs_type must be 'rgb' or 'state'; got {obs_type!r}")


def _catcher_obs(state, obs_type):
    """What a player sees of games [B, 6]: pictures [B, 64, 64, 3] uint8, or numbers [B, 5] in [-1, 1]."""
    if obs_type == "rgb":
        return draw_catcher(state)
    fastest = PADDLE_PUSH * PADDLE_DRAG / (1 - PADDLE_DRAG)
    unit = state[:, :5] / (SIZE, fastest, SIZE, SIZE, LIVES)
    unit[:, [PADDLE_X, FRUIT_X, FRUIT_Y, LIVES_LEFT]] = 2 * unit[:, [PADDLE_X, FRUIT_X, FRUIT_Y, LIVES_LEFT]] - 1
    return unit.astype(np.float32)


class Catcher(gym.Env):
    """Catch falling fruit with a paddle that slides on ice (after the Catcher of PyGame Learning Environment).

    ## Action Space
    ``Discrete(3)``: 0 push left, 1 wait, 2 push right.
    ## Observation Space
    ``obs_type="rgb"``: a picture [64, 64, 3] uint8; it shows no speeds, so stack frames.
    ``obs_type="state"``: [5] float32 in [-1, 1]: paddle x, paddle speed, fruit x, fruit y, lives left.
    ## Rewards
    +1 for a fruit caught, -1 for one missed. One lands every 30 steps.
    ## Episode End
    Terminated when three are missed. ``gymnasium.make`` truncates at 500 steps, after 16 fruits.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 30}

    def __init__(self, obs_type="rgb", render_mode=None):
        self.observation_space = _catcher_space(obs_type)
        _check_render_mode(render_mode, self.metadata)
        self.obs_type, self.render_mode = obs_type, render_mode
        self.action_space = spaces.Discrete(3)
        self.state = np.zeros((1, 6))  # one game of a batch
        self._window = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = _new_game(self.np_random)[None]
        if self.render_mode == "human":
            self.render()
        return _catcher_obs(self.state, self.obs_type)[0], {}

    def step(self, action):
        """Push the paddle; see the class for what comes back."""
        if action not in range(3):
            raise ValueError(f"action {action} does not exist; actions are 0 push left, 1 wait, 2 push right")
        self.state, reward, terminated, landed = catcher_step(self.state, np.array([action]))
        if landed[0]:
            self.state[0, NEXT_X] = _draw_fruit_column(self.np_random)
        if self.render_mode == "human":
            self.render()
        obs = _catcher_obs(self.state, self.obs_type)[0]
        return obs, float(reward[0]), bool(terminated[0]), False, {}

    def render(self):
        """The picture [64, 64, 3] uint8 ("rgb_array"), or a window ("human")."""
        if self.render_mode == "human":
            self._window = self._window or Window("Catcher", self.metadata["render_fps"])
            self._window.show(draw_catcher(self.state)[0])
        return draw_catcher(self.state)[0] if self.render_mode == "rgb_array" else None

    def close(self):
        if self._window:
            self._window.close()
            self._window = None


class CatcherVector(VectorEnv):
    """``num_envs`` games of `Catcher` stepped at once, by the same dynamics; each game has its own generator.

    A game that ends is reset in the same step (Gymnasium's SAME_STEP); its last observation is then in
    ``info["final_obs"]``. Game i of ``reset(seed=n)`` equals a `Catcher` that was reset with seed n + i.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30, "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, num_envs=1, obs_type="rgb", max_episode_steps=500, render_mode=None):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        self.single_observation_space = _catcher_space(obs_type)
        self.single_action_space = spaces.Discrete(3)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        _check_render_mode(render_mode, self.metadata)
        self.num_envs, self.obs_type, self.render_mode = num_envs, obs_type, render_mode
        self.max_episode_steps = max_episode_steps
        self.rngs = [None] * num_envs
        self.state = np.zeros((num_envs, 6))
        self.steps = np.zeros(num_envs, np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every game anew. seed: None, an int (game i gets seed + i) or a list of one per game."""
        seeds = [None if seed is None else seed + i for i in range(self.num_envs)] if np.ndim(seed) == 0 else seed
        if len(seeds) != self.num_envs:
            raise ValueError(f"there are {self.num_envs} games; got {len(seeds)} seeds")
        for i, game_seed in enumerate(seeds):
            if game_seed is not None or self.rngs[i] is None:
                self.rngs[i], _ = seeding.np_random(game_seed)
        self.state = np.stack([_new_game(rng) for rng in self.rngs])
        self.steps[:] = 0
        return _catcher_obs(self.state, self.obs_type), {}

    def step(self, actions):
        """Step every game with actions [B]; observations, rewards [B], terminated [B], truncated [B], info."""
        actions = np.asarray(actions)
        whole = actions.shape == (self.num_envs,) and actions.dtype.kind in "iu"
        if not (whole and actions.min() >= 0 and actions.max() < 3):
            raise ValueError(f"actions must be {self.num_envs} numbers 0, 1 or 2, one for each game; got {actions}")
        self.state, reward, terminated, landed = catcher_step(self.state, actions)
        for i in np.flatnonzero(landed):
            self.state[i, NEXT_X] = _draw_fruit_column(self.rngs[i])
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        ended = np.flatnonzero(terminated | truncated)
        info = self._final_info(ended) if len(ended) else {}
        for i in ended:
            self.state[i], self.steps[i] = _new_game(self.rngs[i]), 0
        return _catcher_obs(self.state, self.obs_type), reward, terminated, truncated, info

    def _final_info(self, ended):
        """Gymnasium's form: an object array of last observations, and a mask of the games that have one."""
        final_obs = np.full(self.num_envs, None, dtype=object)
        for i, obs in zip(ended, _catcher_obs(self.state[ended], self.obs_type), strict=True):
            final_obs[i] = obs
        has_one = np.isin(np.arange(self.num_envs), ended)
        return {"final_obs": final_obs, "_final_obs": has_one, "final_info": {}, "_final_info": has_one}

    def render(self):
        return tuple(draw_catcher(self.state)) if self.render_mode == "rgb_array" else None


# ------------------------------------------------------------------------------------------
# Drawing, and a window
# ------------------------------------------------------------------------------------------

PAPER, INK, BLUE, ORANGE, GREY = (247, 246, 242), (40, 44, 52), (0, 92, 171), (227, 110, 0), (120, 124, 132)
NIGHT, FRUIT_COLOUR, PADDLE_COLOUR, LIFE_COLOUR = (
    (17, 20, 28),
    (255, 183, 77),
    (224, 240, 255),
    (110, 130, 160),
)


def draw_maze(grid, agent_state, cell=48):
    """The maze as an image [rows × cell, cols × cell, 3] uint8: treasure a blue diamond, danger an orange cross."""
    y, x = np.indices((cell, cell)) / (cell - 1) * 2 - 1  # a tile's own coordinates, -1 … 1
    shapes = {
        TREASURE: (np.abs(x) + np.abs(y) < 0.65, BLUE),
        DANGER: (
            (np.minimum(np.abs(x - y), np.abs(x + y)) < 0.2) & (np.maximum(np.abs(x), np.abs(y)) < 0.55),
            ORANGE,
        ),
        BLOCK: (np.ones((cell, cell), bool), GREY),
    }
    rows, cols = grid.shape
    frame = np.full((rows, cols, cell, cell, 3), PAPER, np.uint8)
    for code, (mask, colour) in shapes.items():
        for row, col in np.argwhere(grid == code):
            frame[row, col][mask] = colour
    frame[divmod(int(agent_state), cols)][x**2 + y**2 < 0.3] = INK
    frame[:, :, 0, :] = frame[:, :, :, 0] = GREY
    return np.ascontiguousarray(frame.swapaxes(1, 2).reshape(rows * cell, cols * cell, 3))


def draw_catcher(state):
    """Games [B, 6] as pictures [B, 64, 64, 3] uint8: the fruit, the paddle, and a mark for each life left."""
    frames = np.tile(np.array(NIGHT, np.uint8), (len(state), SIZE, SIZE, 1))
    paddle_left = np.rint(state[:, PADDLE_X] - PADDLE_WIDTH / 2).astype(int)
    fruit_left = np.rint(state[:, FRUIT_X] - FRUIT_WIDTH / 2).astype(int)
    fruit_top = np.rint(state[:, FRUIT_Y]).astype(int)
    lives = state[:, LIVES_LEFT].astype(int)
    for frame, paddle, fruit, top, life in zip(frames, paddle_left, fruit_left, fruit_top, lives, strict=True):
        frame[1:3, 1 : 4 * life] = LIFE_COLOUR
        frame[1:3, 4:12:4] = NIGHT
        frame[CATCH_Y : CATCH_Y + 3, paddle : paddle + PADDLE_WIDTH] = PADDLE_COLOUR
        frame[top : top + FRUIT_WIDTH, fruit : fruit + FRUIT_WIDTH] = FRUIT_COLOUR
    return frames


class Window:
    """A window that shows frames [H, W, 3] uint8 at a steady rate; it needs a display."""

    def __init__(self, title, fps):
        import pygame  # here, so that nothing but a window needs it

        self.pygame, self.fps = pygame, fps
        pygame.display.init()
        pygame.display.set_caption(title)
        self.clock, self.surface = pygame.time.Clock(), None

    def show(self, frame):
        """Show one frame, as many times larger as fits into 512 pixels, and wait until the next is due."""
        height, width = frame.shape[:2]
        scale = max(1, 512 // max(height, width))
        size = (width * scale, height * scale)
        self.surface = self.surface or self.pygame.display.set_mode(size)
        self.pygame.event.pump()
        picture = self.pygame.surfarray.make_surface(frame.swapaxes(0, 1))
        self.surface.blit(self.pygame.transform.scale(picture, size), (0, 0))
        self.pygame.display.flip()
        self.clock.tick(self.fps)

    def close(self):
        self.pygame.display.quit()


# ------------------------------------------------------------------------------------------
# Names for gymnasium.make
# ------------------------------------------------------------------------------------------


def _register(env_id, **spec):
    if env_id not in gym.registry:
        gym.register(env_id, **spec)


_register("GridWorld-v0", entry_point="environment:GridWorld", max_episode_steps=200)
_register(
    "FrozenLakeEasy-v0",
    entry_point="gymnasium.envs.toy_text:FrozenLakeEnv",
    kwargs={"map_name": "4x4", "is_slippery": False},
    max_episode_steps=100,
)
for _env_id, _obs_type in (("Catcher-v0", "rgb"), ("CatcherState-v0", "state")):
    _register(
        _env_id,
        entry_point="environment:Catcher",
        vector_entry_point="environment:CatcherVector",
        kwargs={"obs_type": _obs_type},
        max_episode_steps=500,
    )
