"""The one door to every world of the course: CoinToss and GridWorld are here, Catcher is in ``worlds/``.

Each world is a Gymnasium environment. ``import environment`` registers ``GridWorld-v0``, ``FrozenLakeEasy-v0``,
``Catcher-v0`` (pixels), ``CatcherState-v0`` (five numbers), both with ``Delayed`` before the name, too,
``WindyCatcher-v0``, ``LastingCartPole-v0``,
``DynaMaze-v0``, ``BlockingMaze-v0`` and ``ShortcutMaze-v0``, ``LevelMaze-v0`` and, with few levels,
``LevelMaze/16-v0``, ``PointMaze-v0``, ``QuadrupleTank-v0``, ``Assembly-v0``, and MinAtar's games, such as
``MinAtar/Breakout-v1``, ``PictureRoom-v0``, and ``Errands-v0``, so that ``gymnasium.make`` finds them.

Dynamics are kept apart from drawing. A tabular world also shows its model: ``env.P[s][a]`` as Gymnasium has it,
and ``env.model``, the same as arrays, which a planner can sweep over a million states.
"""

import math
import operator
import re
from functools import cached_property
from urllib.parse import unquote

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.lib.stride_tricks import sliding_window_view

from worlds import atari, changing_maze, level_maze, minatar, quadruple_tank
from worlds.catcher import Catcher, CatcherVector, catcher_oracle  # noqa: F401, the rooms behind this door
from worlds.model import TabularModel, read_P, tabular_model  # noqa: F401
from worlds.window import Seen, check_render_mode

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
        if not max_episode_steps >= 1:
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
LETTERS = {".": ORDINARY, "T": TREASURE, "D": DANGER, "B": BLOCK, "S": ORDINARY}  # in links; S: start


class GridWorld(Seen, gym.Env):
    """A maze on a slippery floor (the 3×4 world of Russell & Norvig, *AI: A Modern Approach*, chapter 17).

    ## Action Space
    ``Discrete(4)``: 0 up, 1 right, 2 down, 3 left. With probability ``move_prob`` the agent moves as it wants;
    with (1 - move_prob) / 2 each it slips to the left or to the right of that. Walls and blocks hold it.
    ## Observation Space
    ``Discrete(rows × columns)``: the cell, numbered row by row from the top left. Blocks are never entered.
    ## Rewards
    Paid on entering a cell: +1 treasure, -1 danger, ``step_reward`` for an ordinary one (also when held there). A
    cell may have a reward of its own instead.
    ## Episode End
    Terminated on entering treasure or danger. Nothing more is paid after that.
    ## Info
    ``step`` tells whether the agent ``slipped``.

    Args:
        grid: rows of cells; 0 ordinary, 1 treasure, -1 danger, 9 block. Any rectangle; it is copied.
        move_prob: probability of moving as intended, from 0 to 1.
        step_reward: reward for entering an ordinary cell.
        start: (row, column) where episodes start; the bottom left by default.
        render_mode: None, "human", "rgb_array" or "ansi".
        rewards: the cells with a reward of their own: {(row, column): reward}, or an array [rows, columns] that is
            nan elsewhere.

    Attributes:
        rewards: [rows, columns] float, nan where a cell has no reward of its own; None where no cell has one.

    Raises:
        ValueError: one sentence that says what is malformed.
    """

    metadata = {"render_modes": ["human", "rgb_array", "ansi"], "render_fps": 8}

    def __init__(self, grid=BOOK_MAZE, move_prob=0.8, step_reward=-0.04, start=None, render_mode=None, rewards=None):
        self.grid = _checked_grid(grid)
        self.shape = self.grid.shape
        self.move_prob = _checked_number(move_prob, "move_prob", 0, 1)
        self.step_reward = _checked_number(step_reward, "step_reward")
        self.rewards = _checked_rewards(rewards, self.grid)
        self.start_state = self._checked_start(start)
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.num_states = self.grid.size
        self.action_space = spaces.Discrete(4)
        self.observation_space = spaces.Discrete(self.num_states)
        self.state = self.start_state

        self.ended = np.isin(self.grid, (TREASURE, DANGER)).ravel()  # [S], the cells that end an episode
        self.entry_reward = np.where(self.grid == ORDINARY, self.step_reward, self.grid).ravel()  # [S]
        if self.rewards is not None:
            own = ~np.isnan(self.rewards.ravel())
            self.entry_reward[own] = self.rewards.ravel()[own]
        self.slip_prob = (1 - self.move_prob) / 2

    @classmethod
    def from_link(cls, link, **options):
        """The maze of a link of the simulator.

        Args:
            link: a whole address, the part after its #, or a maze alone. A maze is a letter for each cell and a /
                between rows, "...T/.B.D/S...": . ordinary, T treasure, D danger, B block, S the start. The part after
                # has fields joined by &: maze, prob, step_reward, and rewards, "1.2:0.5,3.4:-1": row.column, counted
                from 1, and the cell's own reward. Other fields are for the page.
            options: arguments of GridWorld, instead of what the link says.

        Raises:
            ValueError: one sentence that says what cannot be read.
        """
        return cls(**{**_read_link(link), **options})

    @property
    def link(self):
        """The maze as a link of the simulator holds it; `from_link` reads it.

        Raises:
            ValueError: the start is a treasure or danger; its letter can only say one of the two.
        """
        if self.ended[self.start_state]:
            row, col = divmod(self.start_state, self.shape[1])
            raise ValueError(f"a link cannot hold a maze whose start, at row {row}, column {col}, is an end")
        letters = {code: letter for letter, code in LETTERS.items() if letter != "S"}
        text = np.array([letters[int(cell)] for cell in self.grid.flat])
        text[self.start_state] = "S"
        maze = "/".join("".join(row) for row in text.reshape(self.shape))
        fields = [f"maze={maze}", f"prob={self.move_prob}", f"step_reward={self.step_reward}"]
        if self.rewards is not None:
            own = [f"{row + 1}.{col + 1}:{r}" for (row, col), r in np.ndenumerate(self.rewards) if not math.isnan(r)]
            fields.append(f"rewards={','.join(own)}")
        return "&".join(fields)

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
    def moves(self):
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
                entered = int(self.moves[state, action + turn])
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
            return self.state, 0.0, True, False, {"slipped": False}
        luck = self.np_random.random()
        turn = 0 if luck < self.slip_prob else 2 if luck < 2 * self.slip_prob else 1
        self.state = int(self.moves[self.state, action + turn])
        if self.render_mode == "human":
            self.render()
        terminated = bool(self.ended[self.state])
        return self.state, float(self.entry_reward[self.state]), terminated, False, {"slipped": turn != 1}

    def render(self):
        """The maze and the agent: text ("ansi"), an image [H, W, 3] uint8 ("rgb_array") or a window ("human")."""
        if self.render_mode == "ansi":
            symbols = {ORDINARY: ".", TREASURE: "+", DANGER: "-", BLOCK: "#"}
            text = [symbols[cell] for cell in self.grid.flat]
            text[self.state] = "A"
            return "\n".join(" ".join(row) for row in np.reshape(text, self.shape))
        return super().render()

    def _picture(self):
        return draw_maze(self.grid, self.state, rewards=self.rewards)


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


def _checked_rewards(rewards, grid):
    """[rows, columns] float, nan where a cell has no reward of its own; None where no cell has one."""
    own = np.full(grid.shape, math.nan)
    if isinstance(rewards, dict):
        for cell, reward in rewards.items():
            try:
                row, col = map(operator.index, cell)
            except (TypeError, ValueError):
                raise ValueError(f"rewards must be {{(row, column): reward}}; got the cell {cell!r}") from None
            if not (0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]):
                raise ValueError(
                    f"the reward at row {row}, column {col} is outside the grid; it has shape {grid.shape}"
                )
            own[row, col] = _checked_number(reward, f"the reward at row {row}, column {col}")
    elif rewards is not None:
        try:
            own[:] = np.asarray(rewards, float).reshape(grid.shape)
        except (TypeError, ValueError):
            raise ValueError(f"rewards must be {{(row, column): reward}} or an array of shape {grid.shape}") from None
        if np.isinf(own).any():
            raise ValueError("a cell's reward must be a finite number, or nan where it has none of its own")
    on_block = np.argwhere((grid == BLOCK) & ~np.isnan(own))
    if len(on_block):
        row, col = on_block[0]
        raise ValueError(f"the block at row {row}, column {col} is never entered, so it has no reward")
    return None if np.isnan(own).all() else own


def _checked_number(value, name, low=-math.inf, high=math.inf):
    accepted = f"a number from {low} to {high}" if math.isfinite(low) else "a finite number"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"{name} must be {accepted}; got {value!r}")
    return number


def _read_link(link):
    """The arguments of GridWorld, a dict, that a link of the simulator holds."""
    text = unquote(link.strip().partition("#")[2] if "#" in link else link.strip())
    fields = dict(field.partition("=")[::2] for field in text.split("&")) if "=" in text else {"maze": text}
    if not fields.get("maze"):
        raise ValueError("the link has no maze; it must hold one such as maze=...T/.B.D/S...")
    arguments = _read_maze(fields["maze"].split("/"))
    if "prob" in fields:
        arguments["move_prob"] = _checked_number(fields["prob"], "prob in the link", 0, 1)
    if "step_reward" in fields:
        arguments["step_reward"] = _checked_number(fields["step_reward"], "step_reward in the link")
    arguments["rewards"] = {}
    for part in filter(None, fields.get("rewards", "").split(",")):
        cell = re.fullmatch(r"([1-9]\d{0,5})\.([1-9]\d{0,5}):(.+)", part)
        if not cell:
            accepted = "row.column:reward, counted from 1, such as 1.2:0.5,3.4:-1"
            raise ValueError(f"rewards in the link must be {accepted}; got {part[:40]!r}")
        row, col, reward = cell.groups()
        arguments["rewards"][int(row) - 1, int(col) - 1] = _checked_number(
            reward, f"the reward of the cell {row}.{col}"
        )
    return arguments


def _read_maze(rows):
    """The grid and the start of a maze in letters, a dict."""
    for letter in "".join(rows):
        if letter not in LETTERS:
            raise ValueError(
                f"the maze of the link has the letter {letter!r}; its letters must be . T (treasure) D (danger) "
                "B (block) S (start), with / between rows"
            )
    starts = [(i, j) for i, row in enumerate(rows) for j, letter in enumerate(row) if letter == "S"]
    if len(starts) > 1:
        raise ValueError(f"the maze of the link has {len(starts)} starts; it must have one S")
    # Without S the page takes the first ordinary cell of the lowest row that has one, mostly the bottom left.
    starts += [(i, row.index(".")) for i, row in reversed(list(enumerate(rows))) if "." in row]
    return {"grid": [[LETTERS[letter] for letter in row] for row in rows], "start": starts[0] if starts else None}


# ------------------------------------------------------------------------------------------
# Drawing
# ------------------------------------------------------------------------------------------

PAPER, INK, BLUE, ORANGE, GREY = (247, 246, 242), (40, 44, 52), (0, 92, 171), (227, 110, 0), (120, 124, 132)


def draw_maze(grid, agent_state, cell=48, rewards=None):
    """The maze as an image [rows × cell, cols × cell, 3] uint8: treasure a blue diamond, danger an orange cross.

    Where a cell has a reward of its own, in ``rewards`` [rows, cols] (nan elsewhere), it is shaded blue or orange.
    """
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
    for row, col in np.argwhere(~np.isnan(rewards)) if rewards is not None else ():
        shade = 0.5 * min(1, abs(rewards[row, col]))
        frame[row, col] = (1 - shade) * np.array(PAPER) + shade * np.array(BLUE if rewards[row, col] > 0 else ORANGE)
    for code, (mask, colour) in shapes.items():
        for row, col in np.argwhere(grid == code):
            frame[row, col][mask] = colour
    frame[divmod(int(agent_state), cols)][x**2 + y**2 < 0.3] = INK
    frame[:, :, 0, :] = frame[:, :, :, 0] = GREY
    return np.ascontiguousarray(frame.swapaxes(1, 2).reshape(rows * cell, cols * cell, 3))


# ------------------------------------------------------------------------------------------
# Mazes that change: Day 6
# ------------------------------------------------------------------------------------------


def changing_maze_of(links, changes=(), render_mode=None):
    """A `worlds.changing_maze.ChangingMaze` of the mazes in links of the simulator; a plain GridWorld of one.

    Raises:
        ValueError: a link cannot be read, the mazes have different sizes, or ``changes`` do not fit them.
    """
    mazes = [GridWorld.from_link(link, render_mode=render_mode) for link in links]
    return changing_maze.ChangingMaze(mazes, changes) if changes else mazes[0]


# ------------------------------------------------------------------------------------------
# A maze for networks: Day 4
# ------------------------------------------------------------------------------------------


def one_hot_grid_world(**options):
    """A `GridWorld` whose cells are seen as a one among zeros, a Box, as networks need it."""
    return gym.wrappers.FlattenObservation(GridWorld(**options))


# ------------------------------------------------------------------------------------------
# Names for gymnasium.make
# ------------------------------------------------------------------------------------------


def _register(env_id, **spec):
    if env_id not in gym.registry:
        gym.register(env_id, **spec)


_register("GridWorld-v0", entry_point="environment:GridWorld", max_episode_steps=200)
_register("OneHotGridWorld-v0", entry_point="environment:one_hot_grid_world", max_episode_steps=200)
_register(
    "FrozenLakeEasy-v0",
    entry_point="gymnasium.envs.toy_text:FrozenLakeEnv",
    kwargs={"map_name": "4x4", "is_slippery": False},
    max_episode_steps=100,
)
_register(
    "LastingCartPole-v0",
    entry_point="worlds.lasting_cart_pole:LastingCartPole",
    vector_entry_point="worlds.lasting_cart_pole:LastingCartPoleVector",
    max_episode_steps=500,
)
for _env_id, _mazes, _changes in (
    ("DynaMaze-v0", (changing_maze.DYNA_MAZE,), ()),
    ("BlockingMaze-v0", changing_maze.BLOCKING_MAZE, (changing_maze.BLOCKED_AFTER,)),
    ("ShortcutMaze-v0", changing_maze.SHORTCUT_MAZE, (changing_maze.OPENED_AFTER,)),
):
    _register(
        _env_id,
        entry_point="environment:changing_maze_of",
        kwargs={"links": tuple(map(changing_maze.link, _mazes)), "changes": _changes},
        max_episode_steps=10_000,
    )
_register(
    "WindyCatcher-v0",
    entry_point="worlds.windy_catcher:WindyCatcher",
    vector_entry_point="worlds.windy_catcher:WindyCatcherVector",
    max_episode_steps=300,
)
_register(
    "PointMaze-v0",
    entry_point="worlds.point_maze:PointMaze",
    vector_entry_point="worlds.point_maze:PointMazeVector",
    max_episode_steps=200,
)
for _env_id, _levels in level_maze.WORLDS.items():
    _register(
        _env_id,
        entry_point="worlds.level_maze:LevelMaze",
        vector_entry_point="worlds.level_maze:LevelMazeVector",
        kwargs={"levels": _levels},
        max_episode_steps=level_maze.LIMIT,
    )
for _env_id, _options in quadruple_tank.WORLDS.items():
    _register(
        _env_id,
        entry_point="worlds.quadruple_tank:QuadrupleTank",
        vector_entry_point="worlds.quadruple_tank:QuadrupleTankVector",
        kwargs=_options,
        max_episode_steps=quadruple_tank.LIMIT,
    )
for _env_id, _task, _limit in (("Assembly-v0", "sort3", 14), ("Assembly/Swap-v0", "swap", 9)):
    _register(_env_id, entry_point="worlds.sort:AssemblyGame", kwargs={"task": _task, "limit": _limit})
_register(
    "TextRoom-v0",
    entry_point="worlds.text_room:TextRoom",
    vector_entry_point="worlds.text_room:TextRoomVector",
    max_episode_steps=20,
)
_register(
    "PictureRoom-v0",
    entry_point="worlds.picture_room:PictureRoom",
    vector_entry_point="worlds.picture_room:PictureRoomVector",
    max_episode_steps=20,
)
_register(
    "Crafting-v0",
    entry_point="worlds.crafting:Crafting",
    vector_entry_point="worlds.crafting:CraftingVector",
    max_episode_steps=60,
)
_register("Errands-v0", entry_point="worlds.errands:Errands", max_episode_steps=30)
_register("Blocks-v0", entry_point="worlds.blocks:Blocks", max_episode_steps=20)
_register("House-v0", entry_point="worlds.house:House", max_episode_steps=12)
for _env_id, _game in atari.GAMES.items():
    _register(
        _env_id,
        entry_point="worlds.atari:Atari",
        vector_entry_point="worlds.atari:AtariVector",
        kwargs={"game": _game},
        max_episode_steps=atari.MOST_STEPS,
    )
for _env_id, _game in minatar.GAMES.items():
    _register(_env_id, entry_point="worlds.minatar:MinAtar", kwargs={"game": _game})
for _env_id, _options in (
    ("Catcher-v0", {"obs_type": "rgb"}),
    ("CatcherState-v0", {"obs_type": "state"}),
    ("DelayedCatcher-v0", {"obs_type": "rgb", "delayed": True}),
    ("DelayedCatcherState-v0", {"obs_type": "state", "delayed": True}),
):
    _register(
        _env_id,
        entry_point="worlds.catcher:Catcher",
        vector_entry_point="worlds.catcher:CatcherVector",
        kwargs=_options,
        max_episode_steps=500,
    )
