"""Episodes as data, to learn from without a world; and games of Catcher that make some (Day 7).

Two players play Catcher's five numbers. One knows where each fruit lands. The other is wrong: it goes where the
fruit's mirror image lands. Before each fruit a coin decides who plays it, and the share of fruits that go to the
right player is drawn for each episode, from Beta(1, 1.6). In one step of ten the action is random. So most of what is
done here is done wrong, and some episodes are nearly right. In the other data set, "noise", there is no wrong player:
only the share of random actions differs from episode to episode, from 0 to 1.

    python AP/catcher_data.py                                          600 episodes, in a second
    python AP/catcher_data.py --kind noise --episodes 50 --seed 3

writes runs/catcher_data/KIND-EPISODES-seedSEED.npz, which NumPy reads without unpickling anything:

    obs        [N, D] float32   what was seen; of Catcher: paddle x, paddle speed, fruit x, fruit y, lives, in [-1, 1]
    action     [N]    int64     what was done then: 0 push left, 1 wait, 2 push right
    reward     [N]    float32   what that paid: +1 a fruit caught, -1 one missed
    start      [E + 1] int64    episode e is the rows from start[e] up to, and without, start[e + 1]
    terminated [E]    bool      whether the world ended the episode; else it was cut off, in Catcher after 500 steps
    share      [E]    float32   of fruits that went to the right player, or of random actions; nobody learns from it
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from framework.cli import CommonOptions, run
from framework.runs.files import written_whole
from worlds.catcher import CATCH_Y, FRUIT_SPEED, FRUIT_X, FRUIT_Y, PADDLE_V, SIZE, CatcherVector, catcher_oracle

LIMIT = 500  # steps of an episode at most
MAX_RETURN = LIMIT // int(CATCH_Y / FRUIT_SPEED)  # the most that an episode can pay: 16, a fruit every 30 steps
NOISE = 0.1  # of actions are random where there is a wrong player
KINDS = ("mirrored", "noise")
UNSEEN = 10


class Episodes(NamedTuple):
    """E episodes, N steps in all, one after the other; see the top of this file."""

    obs: np.ndarray
    action: np.ndarray
    reward: np.ndarray
    start: np.ndarray
    terminated: np.ndarray
    share: np.ndarray

    @property
    def lengths(self):
        """[E] steps."""
        return np.diff(self.start)

    @property
    def episode(self):
        """[N] which episode a step is of."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @property
    def elapsed(self):
        """[N] steps of the same episode before this one: its first has 0."""
        return np.arange(len(self.reward)) - self.start[:-1][self.episode]

    @property
    def returns(self):
        """[E] what each episode paid, not discounted."""
        return np.add.reduceat(self.reward, self.start[:-1], dtype=np.float64)

    def returns_to_go(self, gamma=1.0):
        """[N] float32: what a step and all later ones of its episode paid. The first is the episode's return."""
        result, left = np.zeros(len(self.reward)), np.zeros(len(self.lengths))
        for back in range(1, self.lengths.max() + 1):  # all episodes side by side, from their ends
            going_on = self.lengths >= back
            rows = self.start[1:][going_on] - back
            left[going_on] = result[rows] = self.reward[rows] + gamma * left[going_on]
        return result.astype(np.float32)

    def windows(self, ends, size):
        """The rows [..., size] of windows that end with the steps ``ends`` [...], the newest last.

        Returns:
            rows, and known [..., size] bool: false where the row is of an earlier episode, or none.
        """
        rows = np.asarray(ends)[..., None] - np.arange(size)[::-1]
        known = rows >= self.start[:-1][self.episode[ends]][..., None]
        return np.maximum(rows, 0), known

    def of(self, chosen):
        """The episodes ``chosen``, [E] bool or a list of their numbers."""
        chosen = np.arange(len(self.lengths))[chosen]
        rows = np.concatenate([np.arange(self.start[e], self.start[e + 1]) for e in chosen])
        start = np.concatenate([[0], np.cumsum(self.lengths[chosen])])
        steps = (array[rows] for array in (self.obs, self.action, self.reward))
        return Episodes(*steps, start, self.terminated[chosen], self.share[chosen])

    @property
    def digest(self):
        """8 hexadecimal digits of what the episodes hold: files of one name may hold others."""
        joined = b"".join(np.ascontiguousarray(array).tobytes() for array in self)
        return hashlib.sha256(joined).hexdigest()[:8]

    def best(self, part):
        """The part of the episodes with the highest returns, at least one; where they are equal, the first."""
        count = max(1, round(part * len(self.lengths)))
        return self.of(np.sort(np.argsort(-self.returns, kind="stable")[:count]))

    def split(self):
        """The `Episodes` to learn from, and one in `UNSEEN`, by which it is judged what was learnt."""
        unseen = np.arange(len(self.lengths)) % UNSEEN == 0
        return self.of(~unseen), self.of(unseen)


def without_speed(obs):
    """Observations [..., 5] of Catcher in which the paddle's speed is always 0."""
    return obs * (np.arange(obs.shape[-1]) != PADDLE_V)


def play_catcher(kind, episodes, seed):
    """`Episodes` of one of `KINDS`, all games side by side."""
    rng = np.random.default_rng((seed, 71))
    envs = CatcherVector(episodes, "state", max_episode_steps=LIMIT)
    obs, _ = envs.reset(seed=int(rng.integers(2**31)))
    share = rng.beta(1.0, 1.6, episodes) if kind == "mirrored" else rng.random(episodes)
    noise = NOISE if kind == "mirrored" else share
    right, playing, steps = np.ones(episodes, bool), np.ones(episodes, bool), []
    while playing.any():
        if kind == "mirrored":
            new = envs.state[:, FRUIT_Y] == 0
            right = np.where(new, rng.random(episodes) < share, right)
        mirrored = envs.state.copy()
        mirrored[:, FRUIT_X] = SIZE - mirrored[:, FRUIT_X]
        action = np.where(right, catcher_oracle(envs.state), catcher_oracle(mirrored))
        action = np.where(rng.random(episodes) < noise, rng.integers(3, size=episodes), action)
        seen, (obs, reward, terminated, truncated, _) = obs, envs.step(action)
        steps.append((seen, action, reward, playing, terminated & playing))
        playing = playing & ~(terminated | truncated)
    obs, action, reward, played, ended = (np.stack(part, axis=1) for part in zip(*steps, strict=True))  # [E, T, …]
    start = np.concatenate([[0], np.cumsum(played.sum(axis=1))])
    rows = obs[played], action[played].astype(np.int64), reward[played].astype(np.float32)
    return Episodes(*rows, start, ended.any(axis=1), share.astype(np.float32))


def save_episodes(path, data):
    """Write `Episodes` whole, or not at all."""
    with written_whole(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, **data._asdict())


def load_episodes(path):
    """The `Episodes` of a file.

    Raises:
        ValueError: it holds none, or they contradict themselves.
        OSError: there is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = Episodes(*(file[name] for name in Episodes._fields))
    except OSError:
        raise
    except Exception as error:  # a zip can be damaged in a dozen ways, each with an exception of its own
        raise ValueError(f"{path} is damaged, or no file of episodes ({type(error).__name__})") from None
    kinds = [array.dtype.kind for array in data]
    if min(array.ndim for array in data) < 1 or kinds != ["f", "i", "f", "i", "b", "f"]:
        raise ValueError(f"{path}: the shapes or kinds of its arrays are not those of episodes")
    steps, episodes = len(data.action), len(data.terminated)
    shapes = (data.obs.shape[:1], data.action.shape, data.reward.shape, data.start.shape, data.share.shape)
    fits = shapes == ((steps,), (steps,), (steps,), (episodes + 1,), (episodes,)) and data.obs.ndim == 2
    if not (fits and steps):
        raise ValueError(f"{path}: the shapes or kinds of its arrays are not those of episodes")
    if data.start[0] or data.start[-1] != steps or (np.diff(data.start) < 1).any() or data.action.min() < 0:
        raise ValueError(f"{path}: start must rise from 0 to the number of steps, and actions be numbered from 0")
    if not (np.isfinite(data.obs).all() and np.isfinite(data.reward).all()):
        raise ValueError(f"{path}: observations and rewards must be finite")
    return data


def data_file(kind, episodes, seed):
    """Where the games of a kind and a seed are kept."""
    return Path("runs", "catcher_data", f"{kind}-{episodes}-seed{seed}.npz")


def catcher_data(data, episodes, seed):
    """The `Episodes` of a file of Catcher's games, or of one of `KINDS`, which are played once and then kept.

    Raises:
        ValueError: no such kind, or no games of Catcher.
        OSError: no such file.
    """
    path = data_file(data, episodes, seed) if data in KINDS else Path(data)
    if data not in KINDS and path.suffix != ".npz":
        raise ValueError(f"data must be one of {', '.join(KINDS)}, or a file that ends in .npz; got {data}")
    if data in KINDS and not path.exists():
        save_episodes(path, play_catcher(data, episodes, seed))
    found = load_episodes(path)
    if found.obs.shape[1] != 5 or found.action.max() > 2 or found.lengths.max() > LIMIT or len(found.lengths) < 20:
        raise ValueError(
            f"{path} must hold 20 games or more of Catcher's five numbers, of at most {LIMIT} steps each"
        )
    return found


@dataclass(frozen=True)
class Options(CommonOptions):
    kind: Literal["mirrored", "noise"] = "mirrored"
    """Who played: a right and a wrong player, or the right one with more or less noise."""
    episodes: int = 600
    """How many games."""


def main(options):
    if not 20 <= options.episodes <= 100_000:
        raise ValueError(f"episodes must be from 20 to 100,000; got {options.episodes}")
    data = catcher_data(options.kind, options.episodes, options.seed)
    low, high = np.percentile(data.returns, [2, 98])
    lowest, highest, mean = data.returns.min(), data.returns.max(), data.returns.mean()
    print(f"{len(data.lengths)} episodes, {len(data.reward):,} steps")
    print(f"returns from {lowest:.0f} to {highest:.0f}, mean {mean:.2f}, 2-98% from {low:.0f} to {high:.0f}")
    print(data_file(options.kind, options.episodes, options.seed).as_posix())


if __name__ == "__main__":
    run(main, Options, __doc__)
