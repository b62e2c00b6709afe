"""framework/gif.py: files that appear whole or not at all, and a window that may be closed."""

import numpy as np
import pygame
import pytest
from PIL import Image

import environment
from framework.gif import play_in_window, save_gif, save_png, written_whole


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


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    def interrupted():
        with written_whole(path) as part:
            part.write_text("half of")
            raise KeyboardInterrupt

    path = tmp_path / "film.gif"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def shots_during_which(event, drawn, at=3):
    """Shots that note their drawing in a list; while the third is drawn, something happens to the window."""

    def draw(number):
        drawn.append(number)
        if number == at and event:
            pygame.event.post(event)
        return np.zeros((8, 8, 3), np.uint8)

    return [(1, lambda number=number: draw(number)) for number in range(1, 6)]


@pytest.mark.parametrize(
    ("event", "seen", "watched"),
    [
        (pygame.event.Event(pygame.QUIT), 3, False),
        (pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE), 3, False),
        (pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a), 5, True),
        (None, 5, True),
    ],
    ids=["closed", "escape", "another key", "nothing"],
)
def test_a_window_plays_until_it_is_closed(event, seen, watched):
    drawn = []
    assert play_in_window(shots_during_which(event, drawn), "test", tick=1) is watched
    assert drawn == list(range(1, seen + 1))
    assert not pygame.display.get_init()


def test_a_window_that_cannot_open_says_so(monkeypatch):
    def no_window(title, fps):
        raise pygame.error("no video device")

    monkeypatch.setattr(environment, "Window", no_window)
    with pytest.raises(pygame.error, match="no video device"):
        play_in_window([], "test")
