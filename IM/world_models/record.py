"""What World Models learn from: pictures, actions, rewards and ends of random play. See `record`."""

from typing import NamedTuple

import numpy as np
from gymnasium import spaces

from framework.runs.parallel import progress_bar
from framework.vector import make_worlds

CHANGE = 0.25  # how probable it is, at each step, that another action is drawn


class Recording(NamedTuple):
    """T steps of B worlds, one after the other; where a game ends, the next one follows.

    The last picture of a game, after its last action, is in none of these: nothing is ever done there. So
    ``frames[t + 1]`` follows from ``frames[t]`` except where ``first[t + 1]``.
    """

    frames: np.ndarray  # [T, B, H, W, C] uint8
    action: np.ndarray  # [T, B] int, or [T, B, D] float: what was done there
    reward: np.ndarray  # [T, B] float32: what that paid
    terminated: np.ndarray  # [T, B] bool: whether that ended the game; a time limit does not
    first: np.ndarray  # [T, B] bool: a game begins with this picture
    state: np.ndarray | None = None  # [T, B, 8] the truth, where a world tells it: to judge by, never to learn from


def random_actions(action_space, count, rng):
    """The actions of random play, [B] or [B, D], step after step, for ever.

    An action is held until another is drawn, by a coin that falls so a `CHANGE` of the time. A new one at every step
    would cancel out, and a paddle would hardly leave the middle.
    """
    action = draw_actions(action_space, count, rng)
    while True:
        changed = rng.random(count) < CHANGE
        drawn = draw_actions(action_space, count, rng)
        action = np.where(changed.reshape(-1, *[1] * (drawn.ndim - 1)), drawn, action)
        yield action


def record(config, seed=None, num_envs=None, steps=None, player=None):
    """Play at random, see `random_actions`, and keep everything.

    Nobody plays well here, on purpose: from a good player's games M could learn that fruit falls where the paddle is.

    Args:
        config: a `framework.runs.config.WorldConfig` with ``record_steps``. The same one gives the same recording.
        seed, num_envs, steps: in place of the configuration's own.
        player: one who plays in every other world all the same, to see what that does: true states [B, 8] -> [B].

    Raises:
        ValueError: there is no such world, or it shows no pictures.
    """
    seed, steps = config.seed if seed is None else seed, config.record_steps if steps is None else steps
    envs = make_worlds(config, num_envs, seed, workers=0)  # in this process: it is told the truth
    rng = np.random.default_rng(seed)
    if envs.frames() is None:
        raise ValueError(f"World Models learn from pictures; {config.env} shows none")
    count = envs.num_envs
    frames = np.zeros((steps, *envs.obs.shape), np.uint8)
    ends = np.zeros((steps, count), bool)
    actions, rewards, terminated, states = [], [], np.zeros_like(ends), []
    at_random = random_actions(envs.action_space, count, rng)
    with progress_bar(steps, "random play") as progress:
        for t in range(steps):
            frames[t] = envs.obs
            states.append(np.array(getattr(envs.envs.unwrapped, "state", None)))
            action = next(at_random)
            if player:
                action = np.where(np.arange(count) % 2, player(states[-1]), action)
            step = envs.step(action)
            actions.append(action)
            rewards.append(step.reward)
            terminated[t], ends[t] = step.terminated, step.terminated | step.truncated
            progress.update()
    envs.close()
    first = np.concatenate([np.ones((1, count), bool), ends[:-1]])
    told = states[0].ndim == 2  # [B, …], by worlds that are stepped as one batch
    return Recording(
        frames, np.stack(actions), np.stack(rewards), terminated, first, np.stack(states) if told else None
    )


def draw_actions(action_space, count, rng):
    """Any actions, all as probable: [B] int, or [B, D] float32 in [-1, 1] for a Box."""
    if isinstance(action_space, spaces.Discrete):
        return rng.integers(action_space.n, size=count)
    return rng.uniform(-1, 1, (count, *action_space.shape)).astype(np.float32)
