"""framework/media/video.py: an MP4 that a player can read."""

import sys

import imageio_ffmpeg
import numpy as np
import pytest

from framework.media.video import save_video


def moving_square(count=12, height=33, width=40):
    for i in range(count):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[10:20, 2 * i : 2 * i + 10] = (255, 180, 70)
        yield frame


def read_video(path):
    reader = imageio_ffmpeg.read_frames(path)
    facts = next(reader)
    width, height = facts["size"]
    return facts, [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]


def test_a_video_has_every_frame_at_its_rate_and_an_even_size(tmp_path):
    path = tmp_path / "new" / "film.mp4"
    save_video(path, moving_square(), fps=10, scale=3)
    facts, frames = read_video(path)
    assert (facts["codec"], facts["fps"], facts["size"]) == ("h264", 10, (120, 100))
    assert len(frames) == 12
    assert np.abs(frames[5][45, 45].astype(int) - (255, 180, 70)).max() < 24
    assert frames[5][45, 100].max() < 24
    assert [file.name for file in path.parent.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "at least one frame"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)], "one shape"),
        ([np.zeros((4, 4), np.uint8)], r"\[H, W, 3\] uint8"),
    ],
)
def test_frames_that_are_none_leave_no_file(frames, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        save_video(tmp_path / "film.mp4", frames)
    assert not list(tmp_path.iterdir())


def test_without_the_library_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ValueError, match=r"pip install -e \"\.\[video\]\""):
        save_video(tmp_path / "film.mp4", moving_square())
