"""Windy Catcher: the wind drifts each fruit, and half-way down it cannot be seen. The world of World Models, Day 6.

Where the fruit went out of sight, and how fast it drifted, is in no picture of what follows: who wants to stand where
it comes back must remember. Fruit and lives are drawn larger than in Catcher, for small gray pictures to show them.
"""

import numpy as np
from gymnasium import spaces

from worlds.catcher import (
    CATCH_Y,
    FRUIT_SPEED,
    FRUIT_WIDTH,
    FRUIT_X,
    FRUIT_Y,
    LIVES,
    LIVES_LEFT,
    NEXT_X,
    PADDLE_WIDTH,
    PADDLE_X,
    SIZE,
    Catcher,
    CatcherVector,
    catcher_oracle,
    catcher_step,
)

WIND, NEXT_WIND = 6, 7  # two more columns of a Catcher state: how far a fruit drifts in a step, and the next one
STRONGEST = 0.5  # pixels a step
HIDDEN = (24.0, 50.0)  # a fruit cannot be seen from this height on, until below that one
PICTURE = 32  # pixels a side of what a player sees
DRAWN = 8.0  # pixels a side of a fruit, as it is drawn; it is caught like the one of Catcher
CATCHER = slice(0, 6)  # the columns that Catcher itself has


def windy_catcher_step(state, action, xp=np):
    """The dynamics over a batch of B games, all but what is drawn by lot: the wind blows, then Catcher's own step.

    Args:
        state: [B, 8] float, the columns of a Catcher state, then WIND and NEXT_WIND.
        action: [B] int, 0 push left, 1 wait, 2 push right.
        xp: as in `worlds.catcher.catcher_step`.

    Returns:
        next state [B, 8], reward [B], terminated [B] bool, landed [B] bool (NEXT_X, NEXT_WIND must be drawn there).
    """
    wind, next_wind = state[..., WIND], state[..., NEXT_WIND]
    columns = [state[..., column] for column in range(6)]
    columns[FRUIT_X] = xp.clip(columns[FRUIT_X] + wind, FRUIT_WIDTH / 2, SIZE - FRUIT_WIDTH / 2)
    moved, reward, terminated, landed = catcher_step(xp.stack(columns, axis=-1), action, xp)
    winds = xp.stack([xp.where(landed, next_wind, wind), next_wind], axis=-1)
    return xp.concatenate([moved, winds], axis=-1), reward, terminated, landed


def windy_catcher_oracle(state):
    """The actions [B] of one who sees through the mist, and knows the wind; states [B, 8].

    Its mean return, 10 of 10, is what players who see the pictures are measured against.
    """
    steps = np.ceil((CATCH_Y - state[:, FRUIT_Y]) / FRUIT_SPEED)
    lands = state[:, CATCHER].copy()
    lands[:, FRUIT_X] = np.clip(state[:, FRUIT_X] + steps * state[:, WIND], FRUIT_WIDTH / 2, SIZE - FRUIT_WIDTH / 2)
    return catcher_oracle(lands)


def is_visible(state):
    """[B] bool: whether the fruits of games [B, 8] can be seen."""
    return (state[:, FRUIT_Y] < HIDDEN[0]) | (state[:, FRUIT_Y] >= HIDDEN[1])


def draw_windy_catcher(state, size=PICTURE):
    """Games [B, 8] as gray pictures [B, size, size, 1] uint8: fruit, paddle, and at the top the lives that are left.

    A pixel is as bright as the share of it that is covered, so that a place is told more finely than by pixels.
    """
    one = np.float32(SIZE / size)

    def covered(middle, width):  # [B, size] of the pixels of a line, by [middle - width / 2, middle + width / 2]
        first = ((middle - width / 2) / one).astype(np.float32)[:, None]
        pixel = np.arange(size, dtype=np.float32)
        return np.clip(np.minimum(pixel + 1, first + np.float32(width / one)) - np.maximum(pixel, first), 0, 1)

    fruit_rows = covered(state[:, FRUIT_Y] + 2, DRAWN) * is_visible(state)[:, None]
    picture = 255 * fruit_rows[:, :, None] * covered(state[:, FRUIT_X], DRAWN)[:, None, :]
    bar = np.clip(size * state[:, LIVES_LEFT, None] / LIVES - np.arange(size), 0, 1)  # [B, size]
    for line, rows, shade in (
        (covered(state[:, PADDLE_X], PADDLE_WIDTH), slice(size * CATCH_Y // SIZE, size), 220),
        (bar, slice(0, size * 4 // SIZE), 160),
    ):
        picture[:, rows] = np.maximum(picture[:, rows], shade * line[:, None].astype(np.float32))
    return picture.astype(np.uint8)[..., None]


def _draw_lots(state, rng):
    """What the next fruit of a game [8] is: its column, and its wind."""
    state[NEXT_X] = rng.uniform(FRUIT_WIDTH / 2, SIZE - FRUIT_WIDTH / 2)
    state[NEXT_WIND] = rng.uniform(-STRONGEST, STRONGEST)


def _new_game(rng):
    state = np.zeros(8)
    state[[PADDLE_X, LIVES_LEFT]] = SIZE / 2, LIVES
    _draw_lots(state, rng)
    state[[FRUIT_X, WIND]] = state[[NEXT_X, NEXT_WIND]]
    _draw_lots(state, rng)
    return state


def _space(obs_type):
    return spaces.Box(0, 255, (PICTURE, PICTURE, 1), np.uint8)


def _see(state, obs_type):
    return draw_windy_catcher(state)


def _in_colour(state):
    return draw_windy_catcher(state, SIZE).repeat(3, axis=-1)


class WindyRules:
    """What is another game than Catcher in the forms below."""

    columns = 8
    step_games = staticmethod(windy_catcher_step)
    draw = staticmethod(_in_colour)
    space = staticmethod(_space)
    see = staticmethod(_see)
    new_game = staticmethod(_new_game)
    draw_lots = staticmethod(_draw_lots)


class WindyCatcher(WindyRules, Catcher):
    """Catch fruit that the wind drifts, and that cannot be seen half-way down.

    ## Action Space
    ``Discrete(3)``: 0 push left, 1 wait, 2 push right.
    ## Observation Space
    A gray picture [32, 32, 1] uint8. It shows no speeds, and between two heights no fruit.
    ## Rewards
    +1 for a fruit caught, -1 for one missed. One lands every 30 steps.
    ## Episode End
    Terminated when three are missed. ``gymnasium.make`` truncates at 300 steps, after 10 fruits.
    """

    def __init__(self, render_mode=None):
        super().__init__("gray", render_mode)


class WindyCatcherVector(WindyRules, CatcherVector):
    """``num_envs`` of them stepped at once; game i of ``reset(seed=n)`` equals one reset with seed n + i."""

    def __init__(self, num_envs=1, max_episode_steps=300, render_mode=None):
        super().__init__(num_envs, "gray", max_episode_steps, render_mode)
