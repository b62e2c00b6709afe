"""Moving pictures: frames [H, W, 3] uint8 written as a GIF or a PNG with Pillow.

A file appears whole or not at all: it is written beside its place under another name and moved there when done.
"""

import zlib

import numpy as np

from framework.runs.files import written_whole

PALETTE_FRAMES = 24  # so many frames, spread over the whole, decide which colours a GIF has


def save_png(path, frame):
    """Write one frame [H, W, 3] uint8."""
    from PIL import Image  # here, so that importing this file stays cheap

    with written_whole(path) as part:
        Image.fromarray(checked_frame(frame)).save(part, format="PNG", optimize=True)


def save_gif(path, frames, milliseconds=40, colours=192, scale=1):
    """Write frames [H, W, 3] uint8, of one shape, as a GIF that plays for ever.

    Args:
        path: where to; its folder is made.
        frames: any iterable, also a generator; while it is read, frames are kept compressed.
        milliseconds: how long a frame is shown, rounded to 10; a number, or an iterable of one number a frame.
        colours: size of the palette, which all frames share; fewer make a smaller file.
        scale: how many times larger to draw each pixel.

    Raises:
        ValueError: no frames, frames of different shapes, or frames that are not [H, W, 3] uint8.
        OSError: the file cannot be written.
    """
    from PIL import Image

    shape, kept = None, []
    for frame in frames:
        frame = checked_frame(frame)
        shape = shape or frame.shape
        if frame.shape != shape:
            raise ValueError(f"the frames of a GIF must have one shape; got {shape} and {frame.shape}")
        kept.append(zlib.compress(frame.tobytes(), level=1))
    if not kept:
        raise ValueError("a GIF needs at least one frame; got none")

    def unpack(data):
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)

    palette = _palette([unpack(data) for data in kept[:: max(1, len(kept) // PALETTE_FRAMES)]], colours)

    def with_palette(data):
        frame = unpack(data).repeat(scale, axis=0).repeat(scale, axis=1)
        image = Image.fromarray(frame)
        return image.quantize(palette=palette, dither=Image.Dither.NONE)

    durations = [milliseconds] * len(kept) if isinstance(milliseconds, int | float) else list(milliseconds)
    with written_whole(path) as part:
        with_palette(kept[0]).save(
            part,
            format="GIF",
            save_all=True,
            append_images=(with_palette(data) for data in kept[1:]),
            duration=durations,
            loop=0,
        )


def _palette(sample, colours):
    """An image whose palette suits the sampled frames. A colour counts by the root of its area, so that what is small
    and bright, such as an agent, keeps its colour beside a large background."""
    from PIL import Image

    pixels = np.concatenate([frame.reshape(-1, 3) for frame in sample]).astype(np.uint32)
    seen, areas = np.unique(pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2], return_counts=True)
    weighted = seen.repeat(np.ceil(np.sqrt(areas)).astype(int))
    weighted = np.stack([weighted >> 16, weighted >> 8 & 255, weighted & 255], axis=-1).astype(np.uint8)
    return Image.fromarray(weighted[None]).quantize(colours, Image.Quantize.MEDIANCUT)


def checked_frame(frame):
    """The frame as one block of memory.

    Raises:
        ValueError: it is not [H, W, 3] uint8.
    """
    frame = np.ascontiguousarray(frame)
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise ValueError(f"a frame must be [H, W, 3] uint8; got {list(frame.shape)} {frame.dtype}")
    return frame
