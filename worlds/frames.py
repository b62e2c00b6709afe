"""What an agent sees of a world that shows pictures: gray, small, and a few of them stacked."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from gymnasium import spaces

GRAY = (0.299, 0.587, 0.114)  # luma of red, green and blue, ITU-R BT.601
PORTION = 8  # pictures made gray at a time: few enough for a processor's cache
SMALLEST = 24  # pixels a side; what has fewer is no picture but a table, such as the 7×7 symbols of a maze


def is_picture(space):
    """Whether observations are pictures, in colour [H, W, 3] or gray [H, W, 1] or [H, W]: uint8, from 0 to 255."""
    if space.dtype != np.uint8 or not (space.low == 0).all() or not (space.high == 255).all():
        return False
    return len(space.shape) in (2, 3) and space.shape[2:] in ((), (1,), (3,)) and min(space.shape[:2]) >= SMALLEST


def has_channels_first(space):
    """Whether observations are pictures [C, H, W], as PyTorch has them."""
    if len(space.shape) != 3:
        return False
    channels, *sides = space.shape
    return channels <= 4 < SMALLEST <= min(sides)


def gray_frames(pictures, size):
    """Pictures as gray frames [B, size, size] uint8, each pixel the mean of what it covers.

    Args:
        pictures: [B, H, W, 3], [B, H, W, 1] or [B, H, W], uint8.
        size: pixels a side.
    """
    if len(pictures) > PORTION:
        portions = [pictures[i : i + PORTION] for i in range(0, len(pictures), PORTION)]
        return np.concatenate([gray_frames(portion, size) for portion in portions])
    if pictures.ndim == 4 and pictures.shape[3] == 3:
        gray = 0.0
        for colour, share in enumerate(GRAY):
            gray += np.multiply(pictures[..., colour], share, dtype=np.float32)
    else:
        gray = pictures.reshape(pictures.shape[:3]).astype(np.float32)
    if gray.shape[1:] != (size, size):
        gray = _resized_and_turned(_resized_and_turned(gray, size), size)  # rows, columns
    return np.rint(gray).astype(np.uint8, order="C")


def _resized_and_turned(gray, size):
    """[B, H, W] as [B, W, size]: each new row is the mean of the rows that it covers; then columns become rows.

    A new row covers a few rows only. A matrix product would read them all, and wake the threads of the linear algebra
    library, which get in the way of TensorFlow's.
    """
    gray = np.ascontiguousarray(gray)
    total = None
    for covered, share in _covered_rows(gray.shape[1], size):
        part = gray.take(covered, axis=1)
        part *= share
        total = part if total is None else np.add(total, part, out=total)
    return total.swapaxes(1, 2)


@cache
def _covered_rows(old, new):
    """What each of ``new`` rows covers: a list of (a covered row [new], its share [new, 1] float32)."""
    share = cover(old, new)
    most = np.count_nonzero(share, axis=1).max()
    first = np.minimum((share > 0).argmax(axis=1), old - most)
    return [(first + k, share[np.arange(new), first + k, None]) for k in range(most)]


def cover(old, new):
    """[new, old] float32: the share of each of ``old`` pixels of a line in each of ``new`` ones; rows sum to 1."""
    pixel, target = np.arange(old), np.arange(new)[:, None]
    # In units in which an old pixel is ``new`` wide, and a new one ``old``, all edges are whole numbers.
    overlap = np.minimum((target + 1) * old, (pixel + 1) * new) - np.maximum(target * old, pixel * new)
    return (np.clip(overlap, 0, None) / old).astype(np.float32)


@dataclass(frozen=True)
class FrameStack:
    """The last ``count`` pictures of B worlds as one observation [B, size, size, count] uint8, gray, the newest last.

    A stack holds nothing itself: whoever steps the worlds keeps the observation and hands it back. No observation
    mixes pictures of two episodes.
    """

    size: int
    count: int

    @property
    def space(self):
        """The observation space of a single world."""
        return spaces.Box(0, 255, (self.size, self.size, self.count), np.uint8)

    def start(self, pictures):
        """Observations [B, size, size, count] of episodes that start with pictures, as `gray_frames` takes them."""
        return gray_frames(pictures, self.size)[..., None].repeat(self.count, axis=-1)

    def step(self, obs, pictures, ended=(), final_pictures=None):
        """What follows observations after a step of all worlds.

        Args:
            obs: [B, size, size, count] uint8, what was acted on; left as it is.
            pictures: [B, …] uint8, what the worlds show now; where an episode ended, the start of the next.
            ended: [E] the numbers of the worlds whose episodes ended.
            final_pictures: [E, …] uint8, the last pictures of those episodes; not looked at if none ended.

        Returns:
            next_obs, the true successors of ``obs``, and the observations to act on next. They differ where an
            episode ended, and are one array where none did.
        """
        frames = gray_frames(pictures, self.size)[..., None]
        next_obs = np.concatenate([obs[..., 1:], frames], axis=-1)
        if not len(ended):
            return next_obs, next_obs
        following = next_obs.copy()
        following[ended] = frames[ended]  # a new episode: its first picture fills the stack
        next_obs[ended, ..., -1] = gray_frames(final_pictures, self.size)
        return next_obs, following
