"""A window that may be closed."""

import gymnasium as gym
import numpy as np
import pygame
import pytest

import environment  # noqa: F401, registers the worlds
from worlds import window
from worlds.window import play_in_window


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


def test_a_window_shows_a_frame_upright_and_as_large_as_fits():
    frame = np.random.default_rng(0).integers(256, size=(4, 6, 3), dtype=np.uint8)
    shown = window.Window("test", 1_000)
    shown.show(frame)
    seen = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    shown.close()
    assert np.array_equal(seen, frame.repeat(85, axis=0).repeat(85, axis=1))


def test_a_world_has_one_window_and_a_new_one_after_it_was_closed(monkeypatch):
    opened, open_window = [], window.Window
    monkeypatch.setattr(window, "Window", lambda *about: opened.append(about) or open_window(*about))
    world = gym.make("Blocks-v0", render_mode="human").unwrapped
    world.reset(seed=0)
    world.render()
    assert opened == [("Blocks", 2)]
    world.close()
    world.render()
    assert len(opened) == 2
    assert pygame.display.get_init()
    world.close()
    assert not pygame.display.get_init()


def test_a_window_that_cannot_open_says_so(monkeypatch):
    def no_window(title, fps):
        raise pygame.error("no video device")

    monkeypatch.setattr(window, "Window", no_window)
    with pytest.raises(pygame.error, match="no video device"):
        play_in_window([], "test")


@pytest.mark.parametrize(
    "name",
    [
        "GridWorld-v0",
        "Catcher-v0",
        "LevelMaze-v0",
        "MinAtar/Breakout-v1",
        "PointMaze-v0",
        "QuadrupleTank-v0",
        "TextRoom-v0",
        "Blocks-v0",
        "Crafting-v0",
        "PictureRoom-v0",
        "House-v0",
        "Errands-v0",
    ],
)
def test_a_world_shows_itself_and_its_window_closes_with_it(name):
    env = gym.make(name, render_mode="human")
    env.reset(seed=0)
    env.step(env.action_space.sample())
    shown = pygame.surfarray.array3d(pygame.display.get_surface())
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 1  # a picture, not an empty window
    env.close()
    env.close()  # a second time does no harm
    assert not pygame.display.get_init()
