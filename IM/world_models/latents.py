"""What M of World Models learns from: the codes of recorded play, cut into windows (Day 6)."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np


class Latents(NamedTuple):
    """T steps of B streams of play as M sees them."""

    mean: np.ndarray  # [T, B, Z] of V's normal distribution of z
    log_var: np.ndarray  # [T, B, Z]
    action: np.ndarray  # [T, B] int, or [T, B, D] float
    reward: np.ndarray  # [T, B]
    terminated: np.ndarray  # [T, B] bool; the step ended the game
    first: np.ndarray  # [T, B] bool; an episode starts here

    def of(self, streams):
        """Those of some streams."""
        return Latents(*(array[:, streams] for array in self))


class Windows(NamedTuple):
    """N windows of L steps, time first, or K times so many: then every shape has a K in front."""

    z: np.ndarray  # [L + 1, N, Z] drawn from V's distributions
    action: np.ndarray  # [L, N] or [L, N, D]
    reward: np.ndarray  # [L, N]
    terminated: np.ndarray  # [L, N] float
    first: np.ndarray  # [L + 1, N] float; where 1, M forgets what was before


def in_portions(function, rows, portion=512):
    """``function`` of rows [M, …], so many at a time; its arrays put together."""
    parts = [function(rows[i : i + portion]) for i in range(0, len(rows), portion)]
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def encode(vae, recording):
    """The `Latents` of a recording, by V."""
    time, streams, *shape = recording.frames.shape
    codes = in_portions(vae.encode, recording.frames.reshape(-1, *shape))
    mean, log_var = (code.reshape(time, streams, -1) for code in codes)
    return Latents(mean, log_var, recording.action, recording.reward, recording.terminated, recording.first)


def draw_windows(latents, size, window, rng):
    """`Windows` from anywhere in the recording, the ends of games too; z is drawn afresh.

    Args:
        size: (N,) or (K, N), how many.
        window: L.
    """
    time, streams = latents.first.shape
    start, stream = rng.integers(time - window, size=size), rng.integers(streams, size=size)
    t = start[..., None, :] + np.arange(window + 1)[:, None]  # [(K,) L + 1, N]
    now, last = (t, stream[..., None, :]), (t[..., :-1, :], stream[..., None, :])
    mean = latents.mean[now]
    z = mean + np.exp(latents.log_var[now] / 2) * rng.standard_normal(mean.shape, np.float32)
    paid = latents.reward[last].astype(np.float32), latents.terminated[last].astype(np.float32)
    return Windows(z, latents.action[last], *paid, latents.first[now].astype(np.float32))


def suited(config, latents):
    """The configuration for these `Latents`: how many numbers z and actions have is theirs to say.

    Raises:
        ValueError: a number is out of range, or the recording is too short or too narrow.
    """
    for name, most in (("mixtures", 1_000), ("gradient_steps", 100_000), ("window", len(latents.first) - 1)):
        if not 1 <= getattr(config, name) <= most:
            raise ValueError(f"{name} must be from 1 to {most:,} here; got {getattr(config, name)}")
    if latents.first.shape[1] < 2:
        raise ValueError("M needs at least 2 streams of play, one to learn from and one to be evaluated in")
    discrete = latents.action.ndim == 2
    actions = int(latents.action.max()) + 1 if discrete else latents.action.shape[-1]
    return replace(config, z_size=latents.mean.shape[-1], actions=actions, discrete=discrete)
