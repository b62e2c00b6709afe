"""Videos: frames [H, W, 3] uint8 as an MP4 that browsers and slides play (H.264), by imageio-ffmpeg."""

from itertools import chain

from framework.media.gif import checked_frame
from framework.runs.files import written_whole


def save_video(path, frames, fps=30, scale=1):
    """Write frames [H, W, 3] uint8, of one shape, as an MP4.

    Args:
        path: where to; its folder is made.
        frames: any iterable, also a generator; only one frame at a time is held.
        fps: frames a second.
        scale: how many times larger to draw each pixel. H.264 has even sizes only: others are stretched by 1.

    Raises:
        ValueError: no frames, frames of different shapes or not [H, W, 3] uint8, or imageio-ffmpeg is missing.
        OSError: the file cannot be written.
    """
    try:
        import imageio_ffmpeg  # it brings an ffmpeg of its own
    except ModuleNotFoundError:
        raise ValueError('an MP4 needs imageio-ffmpeg: python -m pip install -e ".[video]"') from None
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError("a video needs at least one frame; got none")
    height, width = checked_frame(first).shape[:2]
    with written_whole(path) as part:
        part.touch()  # a folder that cannot be written is an OSError here; ffmpeg would say it in its own way
        writer = imageio_ffmpeg.write_frames(
            part, (width * scale, height * scale), fps=fps, quality=8, macro_block_size=2,
            ffmpeg_log_level="error", output_params=["-f", "mp4"],
        )  # fmt: skip
        writer.send(None)
        try:
            for frame in map(checked_frame, chain([first], frames)):
                if frame.shape != first.shape:
                    raise ValueError(f"the frames of a video must have one shape; got {first.shape}, {frame.shape}")
                writer.send(frame.repeat(scale, axis=0).repeat(scale, axis=1))
        finally:
            writer.close()
