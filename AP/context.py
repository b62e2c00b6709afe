"""What a Decision Transformer looks back on: windows cut from episodes, and the last steps of games that it plays."""

from typing import NamedTuple

import numpy as np

from AP.asking import choose
from AP.catcher_data import without_speed


class Context(NamedTuple):
    """B windows of K steps, the newest last. What stands before an episode is 0 and not known."""

    to_go: np.ndarray  # [B, K] float32, over the most that an episode can pay
    obs: np.ndarray  # [B, K, D] float32
    action: np.ndarray  # [B, K] int; -1, which is no action, where none is chosen yet
    elapsed: np.ndarray  # [B, K] int, steps of the episode before this one
    known: np.ndarray  # [B, K] bool


def steps_of(data, config):
    """`Context` of N steps, [N] and [N, D], of `AP.catcher_data.Episodes`: what windows are cut from."""
    obs = without_speed(data.obs) if config.hide_speed else data.obs
    to_go = data.returns_to_go(config.gamma) / config.max_return
    return Context(to_go, obs, data.action, data.elapsed, np.ones(len(obs), bool))


def cut(steps, data, ends, window):
    """The `Context` of windows that end with the steps ``ends`` [...].

    Ends that are drawn uniformly give windows of an episode in proportion to its length.
    """
    rows, known = data.windows(ends, window)
    to_go, obs, action, elapsed = (array[rows] for array in steps[:4])
    return Context(to_go * known, obs * known[..., None], np.where(known, action, -1), elapsed * known, known)


class Player:
    """Plays B games side by side, and remembers the last K steps of each, and what is still to come."""

    def __init__(self, agent, asked, rng):
        self.agent, self.rng, self.elapsed, config = agent, rng, 0, agent.config
        self.to_go = np.array(asked, float)
        shape = len(asked), config.window
        self.context = Context(
            np.zeros(shape, np.float32), np.zeros((*shape, config.obs_size), np.float32), np.full(shape, -1),
            np.zeros(shape, int), np.zeros(shape, bool),
        )  # fmt: skip

    def __call__(self, obs):
        config = self.agent.config
        obs, rows = without_speed(obs) if config.hide_speed else obs, len(obs)
        now = self.to_go / config.max_return, obs, np.full(rows, -1), np.full(rows, self.elapsed), np.ones(rows, bool)
        for old, new in zip(self.context, now, strict=True):
            old[:, :-1] = old[:, 1:]
            old[:, -1] = new
        action = choose(self.agent.probs(self.context), self.rng)
        self.context.action[:, -1] = action
        return action

    def pay(self, reward):
        """A step is over, and rewards [B] came in."""
        self.to_go, self.elapsed = self.to_go - reward, self.elapsed + 1
