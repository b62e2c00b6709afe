"""Catcher: the game of Days 4, 6 and 7; and delayed, where nothing is paid before the game is over."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

SIZE = 64  # pixels; positions and speeds are in pixels and pixels per step
PADDLE_WIDTH, PADDLE_PUSH, PADDLE_DRAG = 13, 1.344, 0.9
FRUIT_WIDTH, FRUIT_SPEED, CATCH_Y = 4, 2.0, 60
LIVES = 3
PADDLE_X, PADDLE_V, FRUIT_X, FRUIT_Y, LIVES_LEFT, NEXT_X = range(6)  # the columns of a Catcher state
CAUGHT = 6  # one more column of a delayed one
FRUITS = 16  # after which a delayed game is over
CONTACTS = ("the fruit touches the paddle", "the fruit touches the ground", "the paddle touches the wall")


def catcher_step(state, action, xp=np):
    """The dynamics of Catcher, over a batch of B games; nothing random happens here.

    The paddle is pushed and slides on, v ← drag (v + push), x ← x + v, and a wall stops it. The fruit falls at
    constant speed; when it reaches the paddle it is caught or missed, and the next one starts from NEXT_X.

    Args:
        state: [B, 6] float, columns PADDLE_X … NEXT_X (x of centres).
        action: [B] int, 0 push left, 1 wait, 2 push right.
        xp: numpy, or tensorflow.experimental.numpy for tensors, inside a graph too.

    Returns:
        next state [B, 6], reward [B], terminated [B] bool, landed [B] bool (a new NEXT_X must be drawn there).
    """
    paddle_x, paddle_v, fruit_x, fruit_y, lives, next_x = (state[..., column] for column in range(6))

    def number(mask):  # 1 where true, 0 where false
        return xp.asarray(mask, state.dtype)

    paddle_v = PADDLE_DRAG * (paddle_v + PADDLE_PUSH * (number(action) - 1.0))
    wanted_x = paddle_x + paddle_v
    paddle_x = xp.clip(wanted_x, PADDLE_WIDTH / 2, SIZE - PADDLE_WIDTH / 2)
    paddle_v = paddle_v * number(paddle_x == wanted_x)  # a wall takes all its speed
    fruit_y = fruit_y + FRUIT_SPEED
    landed = fruit_y >= CATCH_Y
    near = xp.abs(fruit_x - paddle_x) <= (PADDLE_WIDTH + FRUIT_WIDTH) / 2
    caught, missed = number(landed & near), number(landed & ~near)
    lives = lives - missed
    fruit_x = xp.where(landed, next_x, fruit_x)
    fruit_y = xp.where(landed, 0.0, fruit_y)
    next_state = xp.stack([paddle_x, paddle_v, fruit_x, fruit_y, lives, next_x], axis=-1)
    return next_state, caught - missed, lives <= 0, landed


def delayed_catcher_step(state, action, xp=np):
    """Catcher's own step, but its whole score is paid in one sum when the game is over, and nothing before.

    A game is over when three fruits were missed, or when all of `FRUITS` have landed.

    Args:
        state: [B, 7] float, the columns of a Catcher state, then CAUGHT.
        action: [B] int, and xp: as in `catcher_step`.

    Returns:
        next state [B, 7], reward [B], terminated [B] bool, landed [B] bool.
    """
    moved, points, lost, landed = catcher_step(state[..., :CAUGHT], action, xp)
    caught = state[..., CAUGHT] + xp.where(points > 0, points, 0.0)
    missed = LIVES - moved[..., LIVES_LEFT]
    over = lost | (caught + missed >= FRUITS)
    next_state = xp.concatenate([moved, xp.stack([caught], axis=-1)], axis=-1)
    return next_state, xp.where(over, caught - missed, 0.0), over, landed


def catcher_contacts(state, next_state):
    """What touched what between two successive states [B, 6 or 7] of games: [B, 3] bool, in the order of `CONTACTS`.

    The next state is that in which the step ended, not the start of another game. A paddle touches a wall in the step
    in which it comes to it, not while it stays there.
    """
    landed = next_state[:, FRUIT_Y] < state[:, FRUIT_Y]
    missed = next_state[:, LIVES_LEFT] < state[:, LIVES_LEFT]
    before, now = (np.abs(one[:, PADDLE_X] - SIZE / 2) >= (SIZE - PADDLE_WIDTH) / 2 for one in (state, next_state))
    return np.stack([landed & ~missed, missed, now & ~before], axis=1)


def catcher_oracle(state):
    """The action [B] that, followed by waiting, brings the paddle [B, 6] nearest to where its fruit lands.

    It sees positions and speeds, which no picture shows, but does not reckon with walls that stop the paddle. Its
    mean return, 16 of 16, is what the course measures other players against.
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


def _new_delayed_game(rng):
    return np.append(_new_game(rng), 0.0)


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


NIGHT, FRUIT_COLOUR, PADDLE_COLOUR, LIFE_COLOUR = (17, 20, 28), (255, 183, 77), (224, 240, 255), (110, 130, 160)
COLOURS = np.array([NIGHT, PADDLE_COLOUR, LIFE_COLOUR, FRUIT_COLOUR], np.uint8)
PIXEL = np.arange(SIZE, dtype=np.float32)  # the numbers of a picture's rows, and of its columns
LIFE_MARKS = PIXEL % 4 > 0  # three pixels for each life, then a gap
# What a row of the picture shows besides the fruit: 0 nothing, 1 the paddle, 2 the lives.
SHOWN_IN_ROW = np.select([(PIXEL >= CATCH_Y) & (PIXEL < CATCH_Y + 3), (PIXEL >= 1) & (PIXEL < 3)], [1, 2])
# Intervals of pixels: nothing, the paddle, the fruit's columns and its rows, from which column of the state; how far
# their first pixel is from it (less half a pixel, which rounds); how many pixels they are.
INTERVALS = np.array([PADDLE_X, PADDLE_X, FRUIT_X, FRUIT_Y])
TO_FIRST = np.array([PADDLE_WIDTH, PADDLE_WIDTH, FRUIT_WIDTH, 0]) / 2 - 0.5
EXTENT = np.array([[0], [PADDLE_WIDTH], [FRUIT_WIDTH], [FRUIT_WIDTH]])


def draw_catcher(state, xp=np):
    """Games [B, 6] as pictures [B, 64, 64, 3] uint8: the fruit, the paddle, and a mark for each life left.

    The picture of a game has at most six different rows: nothing, paddle and lives, each without and with the fruit.
    These six are drawn, and each row of the picture is one of them. xp is that of `catcher_step`.
    """
    first = xp.floor(xp.take(state, INTERVALS, axis=1) - TO_FIRST)[..., None]
    covers = (first <= PIXEL) & (first + EXTENT > PIXEL)  # [B, 4, 64]
    fruit_columns, fruit_rows = covers[:, 2:3], covers[:, 3]
    lives = state[:, LIVES_LEFT]  # not [:, LIVES_LEFT, None]: from a stack, TensorFlow's optimiser loses the new axis
    lives = LIFE_MARKS & (4 * lives[:, None] > PIXEL)
    shown = xp.concatenate([covers[:, :2], lives[:, None]], axis=1)  # [B, 3, 64]
    colour = xp.where(shown, np.array([[0], [1], [2]]), 0)
    rows = xp.concatenate([colour, xp.where(fruit_columns, 3, colour)], axis=1)  # [B, 6, 64]
    rows = xp.reshape(xp.take(COLOURS, rows, axis=0), (-1, 3 * SIZE))  # [6 B, 64 × 3]
    row = xp.where(fruit_rows, SHOWN_IN_ROW + 3, SHOWN_IN_ROW)  # [B, 64]
    picture = xp.take(rows, row + np.arange(0, 6 * state.shape[0], 6)[:, None], axis=0)
    return xp.reshape(picture, (-1, SIZE, SIZE, 3))


class CatcherRules:
    """What single and vector form have in common; `worlds.windy_catcher` has other rules."""

    columns = 6  # of a state
    step_games = staticmethod(catcher_step)
    draw = staticmethod(draw_catcher)
    space = staticmethod(_catcher_space)
    see = staticmethod(_catcher_obs)
    new_game = staticmethod(_new_game)
    delayed = False

    def delay(self):
        """Play by the rules of the delayed game."""
        self.columns, self.delayed = 7, True
        self.step_games, self.new_game = delayed_catcher_step, _new_delayed_game

    def told(self, before):
        """The info of a step from states [B, columns], but of ends."""
        return {"contacts": catcher_contacts(before, self.state)} if self.delayed else {}

    @staticmethod
    def draw_lots(state, rng):
        """What the next fruit of a game [6] is: its column."""
        state[NEXT_X] = _draw_fruit_column(rng)


class Catcher(CatcherRules, Seen, gym.Env):
    """Catch falling fruit with a paddle that slides on ice (after the Catcher of PyGame Learning Environment).

    ## Action Space
    ``Discrete(3)``: 0 push left, 1 wait, 2 push right.
    ## Observation Space
    ``obs_type="rgb"``: a picture [64, 64, 3] uint8; it shows no speeds, so stack frames.
    ``obs_type="state"``: [5] float32 in [-1, 1]: paddle x, paddle speed, fruit x, fruit y, lives left.
    ## Rewards
    +1 for a fruit caught, -1 for one missed. One lands every 30 steps. With ``delayed`` the sum of that at the end
    of the game, and 0 before.
    ## Episode End
    Terminated when three are missed. ``gymnasium.make`` truncates at 500 steps, after 16 fruits. A delayed game is
    terminated by the 16th fruit, too; cut off before, it pays nothing.
    ## Info
    With ``delayed`` the ``contacts`` [3] bool of the step, see `catcher_contacts`.

    Args:
        obs_type: "rgb" or "state".
        delayed: pay the whole score at the end.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 30}

    def __init__(self, obs_type="rgb", render_mode=None, delayed=False):
        if delayed:
            self.delay()
        self.observation_space = self.space(obs_type)
        check_render_mode(render_mode, self.metadata)
        self.obs_type, self.render_mode = obs_type, render_mode
        self.action_space = spaces.Discrete(3)
        self.state = np.zeros((1, self.columns))  # one game of a batch

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.new_game(self.np_random)[None]
        if self.render_mode == "human":
            self.render()
        return self.see(self.state, self.obs_type)[0], {}

    def step(self, action):
        """Push the paddle; see the class for what comes back."""
        if action not in range(3):
            raise ValueError(f"action {action} does not exist; actions are 0 push left, 1 wait, 2 push right")
        before = self.state
        self.state, reward, terminated, landed = self.step_games(before, np.array([action]))
        info = {name: of_games[0] for name, of_games in self.told(before).items()}
        if landed[0]:
            self.draw_lots(self.state[0], self.np_random)
        if self.render_mode == "human":
            self.render()
        obs = self.see(self.state, self.obs_type)[0]
        return obs, float(reward[0]), bool(terminated[0]), False, info

    def _picture(self):
        return self.draw(self.state)[0]


class CatcherVector(CatcherRules, VectorEnv):
    """``num_envs`` games of `Catcher` stepped at once, by the same dynamics; each game has its own generator.

    A game that ends is reset in the same step (Gymnasium's SAME_STEP); its last observation is then in
    ``info["final_obs"]``, and in delayed games ``info["contacts"]`` [B, 3] are those of the step that ended it. Game
    i of ``reset(seed=n)`` equals a `Catcher` that was reset with seed n + i.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30, "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, num_envs=1, obs_type="rgb", max_episode_steps=500, render_mode=None, delayed=False):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        if delayed:
            self.delay()
        self.single_observation_space = self.space(obs_type)
        self.single_action_space = spaces.Discrete(3)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.obs_type, self.render_mode = num_envs, obs_type, render_mode
        self.max_episode_steps = max_episode_steps
        self.rngs = [None] * num_envs
        self.state = np.zeros((num_envs, self.columns))
        self.steps = np.zeros(num_envs, np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every game anew. seed: None, an int (game i gets seed + i) or a list of one per game."""
        self.rngs = seeded(self.rngs, seed, "games")
        self.state = np.stack([self.new_game(rng) for rng in self.rngs])
        self.steps[:] = 0
        return self.see(self.state, self.obs_type), {}

    def step(self, actions):
        """Step every game with actions [B]; observations, rewards [B], terminated [B], truncated [B], info."""
        actions = np.asarray(actions)
        whole = actions.shape == (self.num_envs,) and actions.dtype.kind in "iu"
        if not (whole and actions.min() >= 0 and actions.max() < 3):
            raise ValueError(f"actions must be {self.num_envs} numbers 0, 1 or 2, one for each game; got {actions}")
        before = self.state
        self.state, reward, terminated, landed = self.step_games(before, actions)
        info = self.told(before)
        for i in landed.nonzero()[0]:
            self.draw_lots(self.state[i], self.rngs[i])
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        ended = (terminated | truncated).nonzero()[0]
        if len(ended):
            info |= final_info(ended, self.see(self.state[ended], self.obs_type), self.num_envs)
        for i in ended:
            self.state[i], self.steps[i] = self.new_game(self.rngs[i]), 0
        return self.see(self.state, self.obs_type), reward, terminated, truncated, info

    def render(self):
        return tuple(self.draw(self.state)) if self.render_mode == "rgb_array" else None
