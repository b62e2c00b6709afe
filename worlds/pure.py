"""Worlds as pure functions of B states at a time; chance comes in as numbers.

Nothing here remembers anything. So the same functions run on NumPy's arrays, where tests hold them step by step to
the worlds that `environment` registers, and on TensorFlow's tensors as a part of a larger graph
(`framework.device`). Each has

    start(draws, xp) -> state [B, S]                                      of episodes that begin
    step(state, action, draws, xp) -> next state, reward [B], terminated [B]
    show(state, xp) -> what an agent sees [B, …]; of pictures the luma [B, H, W], 0 … 255, not rounded yet

where ``draws`` [B, D] float32 are independent and uniform from 0 to 1, D is the world's number ``draws``, and ``xp``
is numpy or tensorflow.experimental.numpy.
"""

import numpy as np
from gymnasium import spaces

from worlds.cart_pole import FARTHEST, STEEPEST, cart_pole_step
from worlds.catcher import (
    COLOURS,
    EXTENT,
    FRUIT_WIDTH,
    INTERVALS,
    LIFE_MARKS,
    LIVES,
    LIVES_LEFT,
    NEXT_X,
    PIXEL,
    SHOWN_IN_ROW,
    SIZE,
    TO_FIRST,
    catcher_step,
)  # fmt: skip
from worlds.frames import GRAY


class PureCartPole:
    """CartPole-v1; a state is x, speed, angle, spin."""

    draws, max_episode_steps = 4, 500
    _most = np.array([2 * FARTHEST, np.inf, 2 * STEEPEST, np.inf], np.float32)
    observation_space, action_space = spaces.Box(-_most, _most), spaces.Discrete(2)

    def start(self, draws, xp=np):
        return 0.1 * draws - 0.05

    def step(self, state, action, draws, xp=np):
        return cart_pole_step(state, action, xp)

    def show(self, state, xp=np):
        return state


class PureGridWorld:
    """OneHotGridWorld-v0; a state is the number of the cell, seen as a one among zeros.

    Args:
        maze: an `environment.GridWorld`.
    """

    draws, max_episode_steps = 1, 200

    def __init__(self, maze):
        self.maze = maze
        self.observation_space = spaces.Box(0, 1, (self.maze.num_states,), np.float32)
        self.action_space = self.maze.action_space

    def start(self, draws, xp=np):
        return xp.ones_like(draws) * self.maze.start_state

    def step(self, state, action, draws, xp=np):
        cell, luck, slip = xp.asarray(state[:, 0], np.int64), draws[:, 0], self.maze.slip_prob
        turn = xp.where(luck < slip, 0, xp.where(luck < 2 * slip, 2, 1))
        moves, rewards = self.maze.moves.ravel(), self.maze.entry_reward.astype(np.float32)
        cell = xp.take(moves, 6 * cell + xp.asarray(action, np.int64) + turn)
        next_state = xp.asarray(cell, state.dtype)[:, None]
        return next_state, xp.take(rewards, cell), xp.take(self.maze.ended, cell)

    def show(self, state, xp=np):
        return xp.asarray(state == np.arange(self.maze.num_states), np.float32)


class PureCatcher:
    """Catcher-v0; a state is that of `worlds.catcher.catcher_step`."""

    draws, max_episode_steps = 2, 500
    observation_space, action_space = spaces.Box(0, 255, (SIZE, SIZE, 3), np.uint8), spaces.Discrete(3)

    def start(self, draws, xp=np):
        one, first, following = xp.ones_like(draws[:, 0]), *(_fruit_column(draws[:, i]) for i in range(2))
        return xp.stack([SIZE / 2 * one, 0 * one, first, 0 * one, LIVES * one, following], axis=-1)

    def step(self, state, action, draws, xp=np):
        state, reward, terminated, landed = catcher_step(state, action, xp)
        following = xp.where(landed, _fruit_column(draws[:, 0]), state[:, NEXT_X])
        return xp.concatenate([state[:, :NEXT_X], following[:, None]], axis=-1), reward, terminated

    def show(self, state, xp=np):
        """`draw_catcher` in gray: night, paddle and lives are sums of products of a column and a row."""
        first = xp.floor(xp.take(state, INTERVALS, axis=1) - TO_FIRST.astype(np.float32))[..., None]
        covers = (first <= PIXEL) & (first + EXTENT > PIXEL)  # [B, 4, 64]: nothing, paddle, fruit's columns and rows
        lives = LIFE_MARKS & (4 * state[:, LIVES_LEFT][:, None] > PIXEL)
        night, paddle, life, fruit = LUMA
        marks = xp.stack([xp.asarray(covers[:, 1], np.float32), xp.asarray(lives, np.float32)], axis=1)  # [B, 2, 64]
        picture = night + xp.matmul(MARKED_ROWS * np.array([paddle - night, life - night], np.float32), marks)
        return xp.where(covers[:, 3, :, None] & covers[:, 2, None, :], fruit, picture)


def _fruit_column(draws):
    return FRUIT_WIDTH / 2 + (SIZE - FRUIT_WIDTH) * draws


LUMA = (COLOURS.astype(np.float32) @ np.array(GRAY, np.float32)).astype(np.float32)
MARKED_ROWS = np.stack([SHOWN_IN_ROW == 1, SHOWN_IN_ROW == 2], axis=1).astype(np.float32)  # [64, 2]
