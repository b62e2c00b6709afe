"""A person's games on Catcher: what a return tells, the window and its keys, the file."""

import json
import math

import gymnasium as gym
import numpy as np
import pygame
import pytest

from FN import human_score
from FN.human_score import (
    LEFT,
    MOST_FRAMES,
    NO_WINDOW,
    RIGHT,
    WAIT,
    WORLD,
    Game,
    Keys,
    add_games,
    frames_of,
    note_games,
    person_of,
    play,
    read_games,
)
from worlds.catcher import catcher_oracle


@pytest.fixture
def window(monkeypatch):
    """A window that nobody sees, at a thousand frames a second."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(human_score, "display_driver", lambda: "x11")
    monkeypatch.setattr(
        "worlds.catcher.Catcher.metadata", {"render_modes": ["human", "rgb_array"], "render_fps": 1_000}
    )
    pygame.display.init()
    yield
    pygame.display.quit()


def post(kind, key=None):
    pygame.event.post(pygame.event.Event(kind, **({} if key is None else {"key": key})))


def test_a_return_tells_how_many_frames_a_game_took():
    """Games of a player who is more or less good, by the world itself."""
    env, rng, seen = gym.make("CatcherState-v0"), np.random.default_rng(0), set()
    for seed, skill in enumerate(np.linspace(0, 1, 60)):
        env.reset(seed=seed)
        returned, frames, over, action = 0.0, 0, False, 1
        while not over:
            if frames % 10 == 0:
                wise = rng.random() < skill
            action = int(catcher_oracle(env.unwrapped.state)[0]) if wise else int(rng.integers(3))
            _, reward, terminated, truncated, _ = env.step(action)
            returned, frames, over = returned + reward, frames + 1, terminated or truncated
        assert frames_of(int(returned)) == frames
        seen.add(int(returned))
    assert {-3, 12, 14, 16} <= seen
    assert len(seen) > 8


@pytest.mark.parametrize("returned", [-4, 11, 13, 15, 17, 100])
def test_a_return_that_no_game_has_is_refused(returned):
    with pytest.raises(ValueError, match=f"got {returned}$"):
        frames_of(returned)


def test_the_latest_ten_games_are_the_score_and_all_are_practice():
    games = [Game(-3, 90, 3.0)] * 4 + [Game(8, 420, None)] * 5 + [Game(12, 500, 17.0)] * 5
    person = person_of(games)
    assert (person.score, person.games) == (10, 10)
    assert person.frames == 4 * 90 + 5 * 420 + 5 * 500
    assert person.half == pytest.approx(2.262 * np.std([8] * 5 + [12] * 5, ddof=1) / math.sqrt(10), abs=1e-3)
    assert person.seconds == 4 * 3 + 5 * 17
    assert math.isnan(person_of(games[:1]).half)
    assert person_of([]) is None


def test_games_are_added_to_those_in_the_file(tmp_path):
    path = tmp_path / "new" / "human.json"
    assert read_games(path) == []
    first, second = Game(8, 420, None), Game(14, 500, 16.9)
    add_games(path, [first])
    add_games(path, [second])
    assert read_games(path) == [first, second]
    assert [p.name for p in path.parent.iterdir()] == ["human.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"games": [{"return": 8}]}', '{"games": [{"return": 8, "frames": 421, "seconds": null}]}',
     '{"games": [{"return": 8, "frames": 420, "seconds": "long"}]}', '{"games": [{"return": 1e999, "frames": 420}]}',
     '{"games": [{"return": 8.5, "frames": 420, "seconds": null}]}',
     '{"games": [{"return": 8, "frames": 420, "seconds": NaN}]}'],
)  # fmt: skip
def test_a_damaged_file_is_said_in_one_sentence_and_stays(text, tmp_path):
    path = tmp_path / "human.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is damaged; delete it"):
        add_games(path, [Game(8, 420, None)])
    assert path.read_text(encoding="utf-8") == text


def test_returns_of_the_simulator_are_all_noted_or_none(tmp_path, capsys):
    path = tmp_path / "human.json"
    note_games(path, (8, 14, -1), 10)
    assert [(game.returned, game.frames, game.seconds) for game in read_games(path)] == [
        (8, 420, None), (14, 500, None), (-1, 150, None),
    ]  # fmt: skip
    assert "your score: 7.00" in capsys.readouterr().out
    with pytest.raises(ValueError, match="got 11"):
        note_games(path, (8, 11), 10)
    assert len(read_games(path)) == 3


def test_without_a_display_one_sentence_says_how_to_play_in_the_browser(monkeypatch, tmp_path):
    monkeypatch.setattr(human_score, "display_driver", lambda: "")
    with pytest.raises(ValueError, match="page Catch, pace 30 steps") as error:
        note_games(tmp_path / "human.json", (), 10)
    assert str(error.value) == NO_WINDOW
    assert list(tmp_path.iterdir()) == []


def test_keys_push_while_they_are_held_and_a_tap_counts_once(window):
    pygame.display.set_mode((8, 8))
    keys = Keys()
    assert keys.action() == WAIT
    post(pygame.KEYDOWN, pygame.K_LEFT)
    assert [keys.action(), keys.action()] == [LEFT, LEFT]
    post(pygame.KEYDOWN, pygame.K_RIGHT)
    assert keys.action() == WAIT  # both
    post(pygame.KEYUP, pygame.K_LEFT)
    assert keys.action() == RIGHT
    post(pygame.KEYUP, pygame.K_RIGHT)
    post(pygame.KEYDOWN, pygame.K_a)
    assert keys.action() == WAIT
    post(pygame.KEYDOWN, pygame.K_LEFT)
    post(pygame.KEYUP, pygame.K_LEFT)
    assert [keys.action(), keys.action()] == [LEFT, WAIT]


def presses(monkeypatch, *of_frames):
    """Post events while the window shows its n-th frame; whoever holds the left key loses."""
    from worlds.window import Window

    shown, show = [], Window.show

    def posting(self, frame):
        show(self, frame)
        shown.append(frame)
        for at, kind, key in of_frames:
            if len(shown) == at:
                post(kind, key)

    monkeypatch.setattr(Window, "show", posting)
    return shown


def test_a_game_begins_with_an_arrow_and_its_waiting_counts_for_nothing(window, monkeypatch):
    shown = presses(monkeypatch, (20, pygame.KEYDOWN, pygame.K_LEFT))
    (game,) = play(1)
    assert game.returned < 16
    assert game.frames == frames_of(game.returned)
    assert len(shown) == 20 + game.frames
    assert np.array_equal(shown[0], shown[19])
    assert not np.array_equal(shown[0], shown[21])
    assert 0 < game.seconds < 30


@pytest.mark.parametrize("ending", [(pygame.QUIT, None), (pygame.KEYDOWN, pygame.K_ESCAPE)])
def test_a_game_that_is_broken_off_is_none_and_those_before_it_stay(window, monkeypatch, tmp_path, capsys, ending):
    path = tmp_path / "human.json"
    presses(monkeypatch, (5, pygame.KEYDOWN, pygame.K_LEFT), (MOST_FRAMES + 20, *ending))
    note_games(path, (), 3)  # the second waits for an arrow, which never comes
    (game,) = read_games(path)
    assert f"{game.returned:3} in {game.frames} frames" in capsys.readouterr().out
    assert not pygame.display.get_init()
    presses(monkeypatch, (5, pygame.KEYDOWN, pygame.K_LEFT), (50, *ending))
    note_games(path, (), 3)
    assert read_games(path) == [game]


def test_the_file_says_which_world_it_is_of(tmp_path):
    add_games(tmp_path / "human.json", [Game(16, 500, 17.0)])
    assert json.loads((tmp_path / "human.json").read_text(encoding="utf-8"))["world"] == WORLD
