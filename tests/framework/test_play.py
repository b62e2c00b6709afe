"""Watching an agent: whole episodes, as a window, a GIF or a video would show them."""

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image

from framework import play as playing
from framework.agent import Agent
from framework.play import pictures, play
from framework.runs.config import WorldConfig
from framework.vector import make_worlds

CONFIG = WorldConfig(env="CartPole-v1", seed=5)


class Right(Agent):
    """Always pushes to the right, and falls over after about nine steps; counts the players it was asked for."""

    players = 0

    def player(self):
        self.players += 1
        return lambda obs: np.ones(len(obs), int)


def steps_printed(printed):
    return [int(line.split()[-2]) for line in printed.splitlines() if line.startswith("episode")]


def size_and_milliseconds(path):
    with Image.open(path) as gif:
        return gif.size, sum(gif.seek(number) or gif.info["duration"] for number in range(gif.n_frames))


def test_the_pictures_are_those_of_whole_episodes_and_each_has_a_new_player(capsys):
    agent, envs = Right(), make_worlds(CONFIG, num_envs=1, render_mode="rgb_array")
    shown = list(pictures(agent, envs, 3))
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    expected, lengths, seed = [], [], CONFIG.seed
    for _ in range(3):
        env.reset(seed=seed)
        ended, seed, before = False, None, len(expected)
        while not ended:
            expected.append(env.render())
            _, _, terminated, truncated, _ = env.step(1)
            ended = terminated or truncated
        lengths.append(len(expected) - before)
    np.testing.assert_array_equal(shown, expected)
    printed = capsys.readouterr().out
    assert steps_printed(printed) == lengths
    assert printed.startswith(f"episode 1: return {lengths[0]:.1f}, {lengths[0]} steps\n")
    assert agent.players == 3


def test_an_episode_that_is_cut_off_ends_there(capsys):
    envs = make_worlds(CONFIG, num_envs=1, render_mode="rgb_array", max_episode_steps=4)
    assert len(list(pictures(Right(), envs, 2))) == 8
    assert steps_printed(capsys.readouterr().out) == [4, 4]


def test_without_a_display_a_gif_of_one_episode_stands_beside_the_agent(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(playing, "display_driver", lambda: "")
    play(Right(), CONFIG, tmp_path / "agent.npz")
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == f"config: CartPole-v1, {(tmp_path / 'agent.npz').as_posix()}"
    assert f"no window can be opened here: saved to {(tmp_path / 'play.gif').as_posix()}" in printed
    (steps,) = steps_printed(printed)
    assert size_and_milliseconds(tmp_path / "play.gif") == ((600, 400), 20 * steps)  # 50 pictures a second


def test_a_recording_is_written_where_it_is_wanted_and_has_an_end(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(playing, "GIF_FRAMES", 3)
    play(Right(), CONFIG, tmp_path / "agent.npz", record=str(tmp_path / "new" / "film.gif"))
    assert "\nsaved to " in capsys.readouterr().out
    assert [path.name for path in tmp_path.rglob("*.*")] == ["film.gif"]
    assert size_and_milliseconds(tmp_path / "new" / "film.gif") == ((600, 400), 20 * 3)


def test_a_window_shows_three_episodes_at_the_speed_of_the_world_and_writes_nothing(monkeypatch, tmp_path, capsys):
    shown = []

    def window(shots, title, tick):
        shown.extend((title, tick, milliseconds, draw().shape) for milliseconds, draw in shots)

    monkeypatch.setattr(playing, "display_driver", lambda: "x11")
    monkeypatch.setattr(playing, "play_in_window", window)
    play(Right(), CONFIG, tmp_path / "agent.npz")
    steps = steps_printed(capsys.readouterr().out)
    assert len(steps) == 3
    assert shown == [("CartPole-v1", 20, 20, (400, 600, 3))] * sum(steps)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["film.avi", "film", "gif"])
def test_another_kind_of_file_is_refused_before_anything_is_played(file, tmp_path, capsys):
    with pytest.raises(ValueError, match=f"--record writes a .gif or an .mp4; got {file}$"):
        play(Right(), CONFIG, tmp_path / "agent.npz", record=file)
    assert capsys.readouterr().out == ""


def test_what_play_shows_fits_a_real_window(monkeypatch, tmp_path):
    """Its ticks are whole milliseconds, whatever the frame rate of a world; no stand-in here but for the display."""
    shown = []
    monkeypatch.setattr(playing, "display_driver", lambda: "x11")
    monkeypatch.setattr("worlds.window.Window.show", lambda window, frame: shown.append(frame.shape))
    config = WorldConfig(env="Catcher-v0")
    monkeypatch.setattr(playing, "EPISODES", 1)
    playing.play(Still(), config, tmp_path / "agent.npz")
    assert len(shown) >= 80


class Still(Agent):
    """Waits, until three fruits are missed or the time is over."""

    def greedy(self, obs):
        return np.ones(len(obs), int)


@pytest.mark.parametrize(("fps", "milliseconds"), [(30, 30), (60, 20), (15, 70), (4, 250), (1000, 10)])
def test_a_picture_is_shown_for_whole_hundredths_of_a_second(fps, milliseconds, monkeypatch, tmp_path):
    """A GIF counts in these, and a window in whole milliseconds."""
    ticks, envs = [], make_worlds(CONFIG, num_envs=1, render_mode="rgb_array")
    envs.envs.metadata = {**envs.envs.metadata, "render_fps": fps}
    monkeypatch.setattr(playing, "make_worlds", lambda *_, **__: envs)
    monkeypatch.setattr(playing, "display_driver", lambda: "x11")
    monkeypatch.setattr(playing, "play_in_window", lambda shots, title, tick: ticks.append(tick))
    play(Right(), CONFIG, tmp_path / "agent.npz")
    assert ticks == [milliseconds]
    assert isinstance(ticks[0], int)


class Undrawn(gym.Env):
    """A world that ends after four steps and draws what it is told to."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}
    observation_space, action_space = gym.spaces.Box(0, 1, (1,), np.float32), gym.spaces.Discrete(2)

    def __init__(self, picture=None, render_mode=None):
        self.picture, self.render_mode = picture, render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.time += 1
        return np.zeros(1, np.float32), 1.0, self.time == 4, False, {}

    def render(self):
        return self.picture() if callable(self.picture) else self.picture


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (None, "it gives nothing"),
        ("text", "it gives str"),
        (np.zeros((9, 9), np.uint8), r"it gives ndarray \[9, 9\]"),
        (lambda: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_world_that_cannot_be_drawn_is_one_sentence(picture, said, tmp_path, recwarn):
    gym.register("Undrawn-v0", entry_point=Undrawn, kwargs={"picture": picture})
    try:
        with pytest.raises(ValueError, match=f"Undrawn-v0 cannot be shown.*{said}"):
            play(Right(), WorldConfig(env="Undrawn-v0"), tmp_path / "agent.npz")
    finally:
        del gym.registry["Undrawn-v0"]
    assert list(recwarn) == []


def test_a_long_episode_is_played_to_its_end_but_only_its_beginning_is_kept(monkeypatch, tmp_path, capsys):
    held = []

    def noting(path, frames, *rest, **options):
        held.append(iter(frames) is frames)  # a stream, not a list of all of them
        return save_gif(path, frames, *rest, **options)

    save_gif = playing.save_gif
    monkeypatch.setattr(playing, "save_gif", noting)
    monkeypatch.setattr(playing, "GIF_FRAMES", 5)
    play(Right(), CONFIG, tmp_path / "agent.npz")
    assert size_and_milliseconds(tmp_path / "play.gif")[1] == 5 * 20
    assert steps_printed(capsys.readouterr().out)[0] > 5
    assert held == [True]


@pytest.mark.parametrize(("env_id", "workers"), [("Hopper-v5", 1), ("CartPole-v1", 0)])
def test_what_opengl_draws_is_drawn_in_a_process_without_tensorflow(env_id, workers, monkeypatch):
    """A driver such as Mesa's brings an LLVM of its own, and crashes where TensorFlow has brought another."""
    asked = {}

    def refuse(config, **options):
        asked.update(options)
        raise ValueError("asked")

    monkeypatch.setattr(playing, "make_worlds", refuse)
    with pytest.raises(ValueError, match="asked"):
        play(Right(), WorldConfig(env=env_id), "agent.npz", "one.gif")
    assert asked["workers"] == workers
