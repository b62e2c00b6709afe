"""GIFs and PNGs."""

import numpy as np
import pytest
from PIL import Image

from framework.media.gif import save_gif, save_png


def moving_square(count=5, size=40):
    for i in range(count):
        frame = np.zeros((size, size, 3), np.uint8)
        frame[:, :, 2] = np.arange(size)  # a background of many colours
        frame[3 : 3 + 4, 5 * i : 5 * i + 4] = (255, 200, 0)
        yield frame


def read_gif(path):
    with Image.open(path) as gif:
        frames, durations = [], []
        for number in range(gif.n_frames):
            gif.seek(number)
            durations.append(gif.info["duration"])
            frames.append(np.array(gif.convert("RGB")))
        return frames, durations, gif.info.get("loop")


def test_a_gif_keeps_pictures_durations_and_small_bright_things(tmp_path):
    path = tmp_path / "new" / "film.gif"
    save_gif(path, moving_square(), milliseconds=[40, 80, 40, 40, 1000], colours=16, scale=2)
    frames, durations, loop = read_gif(path)
    assert durations == [40, 80, 40, 40, 1000]
    assert loop == 0
    for frame, drawn in zip(frames, moving_square(), strict=True):
        assert frame.shape == (80, 80, 3)
        assert np.abs(frame[::2, ::2].astype(int) - drawn).max() < 12
    assert [file.name for file in path.parent.iterdir()] == ["film.gif"]


def test_a_png_is_the_picture(tmp_path):
    frame = next(moving_square())
    save_png(tmp_path / "a.png", frame)
    assert (np.array(Image.open(tmp_path / "a.png")) == frame).all()


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([], "at least one frame"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)], "one shape"),
        ([np.zeros((4, 4), np.uint8)], "uint8"),
        ([np.zeros((4, 4, 3))], "float64"),
    ],
)
def test_frames_that_make_no_gif_are_refused_and_leave_nothing(tmp_path, frames, words):
    with pytest.raises(ValueError, match=words):
        save_gif(tmp_path / "film.gif", frames)
    assert list(tmp_path.iterdir()) == []
