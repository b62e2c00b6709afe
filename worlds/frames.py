"""What an agent sees of a world that shows pictures: gray, small, and a few of them stacked."""

import numpy as np

GRAY = np.array([0.299, 0.587, 0.114], np.float32)  # luma of red, green and blue, ITU-R BT.601


def is_picture(space):
    """Whether observations are colour pictures [H, W, 3] uint8."""
    return space.dtype == np.uint8 and len(space.shape) == 3 and space.shape[-1] == 3


def gray_frames(pictures, size):
    """Pictures [B, H, W, 3] uint8 as gray frames [B, size, size] uint8, each pixel the mean of what it covers."""
    count, height, width = pictures.shape[:3]
    gray = (pictures.reshape(-1, 3).astype(np.float32) @ GRAY).reshape(count, height, width)
    if (height, width) != (size, size):
        gray = (cover(height, size) @ gray).reshape(-1, width) @ cover(width, size).T  # one product for all pictures
        gray = gray.reshape(count, size, size)
    return np.rint(gray).astype(np.uint8)


_COVERS = {}


def cover(old, new):
    """[new, old]: the share of each of ``old`` pixels of a line in each of ``new`` ones; rows sum to 1."""
    if (old, new) not in _COVERS:
        edges = np.linspace(0, old, new + 1)
        left, right = edges[:-1, None], edges[1:, None]
        pixel = np.arange(old)
        overlap = np.clip(np.minimum(right, pixel + 1) - np.maximum(left, pixel), 0, None)
        _COVERS[old, new] = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    return _COVERS[old, new]
