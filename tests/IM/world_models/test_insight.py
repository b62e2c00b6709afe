"""What is found out of a world model before any controller is trained; and the scripts of M and of insight."""

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from framework.vector import VectorWorld
from IM.world_models import insight, mdn_rnn
from IM.world_models.dream import DreamVector
from IM.world_models.insight import (
    beside_reality,
    foresight,
    futures,
    linear_reading,
    memories,
    random_play,
    shares_read,
)
from IM.world_models.latents import Latents, encode
from IM.world_models.record import record
from tests.IM.world_models.test_dream import V, Z, a_world_model, ending
from worlds.windy_catcher import is_visible

PAGES = Path(insight.__file__).parent


def latents_of(time=12, streams=2, seed=0):
    rng = np.random.default_rng(seed)
    mean = rng.standard_normal((time, streams, Z)).astype(np.float32)
    first = np.zeros((time, streams), bool)
    first[0] = True
    paid = np.zeros((time, streams), np.float32)
    return Latents(mean, np.full_like(mean, -20.0), rng.integers(3, size=(time, streams)), paid, paid > 0, first)


@pytest.fixture(scope="module")
def model():
    return ending(-30.0)


def test_futures_go_on_from_a_real_moment_and_do_what_was_done(model):
    latents = latents_of()
    z = futures(model, latents, 1, 5, 6, 40, 1.0, seed=0)
    assert z.shape == (7, 40, Z)
    np.testing.assert_allclose(z[0], np.repeat(latents.mean[5, 1][None], 40, axis=0), atol=1e-3)
    assert z[6].std(axis=0).min() > 0.01
    others = latents._replace(action=2 - latents.action)
    assert np.abs(futures(model, others, 1, 5, 6, 40, 1.0, seed=0)[1:] - z[1:]).max() > 1e-4


def test_futures_remember_only_what_was_since_the_game_began(model):
    latents = latents_of()
    latents.first[3, 1] = True
    z = futures(model, latents, 1, 5, 4, 3, 1.0, seed=0)
    changed = latents._replace(mean=latents.mean.copy())
    changed.mean[:3] += 1
    np.testing.assert_array_equal(futures(model, changed, 1, 5, 4, 3, 1.0, seed=0), z)


def test_random_play_says_how_games_go():
    envs = VectorWorld(DreamVector(ending(-30.0, reward=0.5), 3, max_episode_steps=10), 0)
    assert random_play(envs, 25, 0) == pytest.approx([5, 10])


def test_memories_stand_beside_the_z_that_is_seen_with_them(model):
    latents = latents_of()
    latents.first[7, 0] = True
    z, memory = memories(model.mdn_rnn, latents)
    np.testing.assert_allclose(z, latents.mean[1:], atol=1e-3)
    assert (memory[6, 0] == 0).all()  # a game starts: nothing is remembered
    state = model.mdn_rnn.initial(2)
    for t in range(3):
        state = model.mdn_rnn.step(latents.mean[t], latents.action[t], state)
    np.testing.assert_allclose(memory[2], state[0], atol=1e-3)


def test_a_place_is_read_off_z_by_hand():
    z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 5.0]])
    assert linear_reading(z, 3 * z[:, 0] - z[:, 1] + 2) == pytest.approx([3, -1, 2])


def test_what_is_hidden_is_read_off_memory_alone(model, monkeypatch):
    recording = record(V, 0, num_envs=24, steps=120)
    latents, told = latents_of(120, 24), recording.state[1:, :, 7 - 1] * 3
    monkeypatch.setattr(insight, "memories", lambda *_: (latents.mean[1:], np.repeat(told[..., None], 4, axis=-1)))
    shares = shares_read(model.mdn_rnn, latents, recording.state)
    assert shares["wind"][1] > 0.99 > 0.3 > shares["wind"][0]
    assert max(shares["paddle's speed"]) < 0.3


def test_an_m_that_has_learnt_nothing_foresees_nothing(model):
    recording = record(V, 0, num_envs=8, steps=60)
    share, off = foresight(model.mdn_rnn, encode(model.vae, recording), recording.state)
    assert share < 0.3
    assert off > 5


def test_foresight_by_hand(model, monkeypatch):
    """V shows the place of every fruit that is seen; M draws what comes next, 2 px off."""
    recording = record(V, 0, num_envs=8, steps=60)
    place = recording.state[..., 2]
    latents = latents_of(60, 8)._replace(first=recording.first, action=recording.action)
    latents.mean[..., 0] = place
    back = ~is_visible(recording.state[1:-1].reshape(-1, 8)) & is_visible(recording.state[2:].reshape(-1, 8))
    true = place[2:][back.reshape(58, 8) & ~recording.first[2:]]
    drawn = np.zeros((len(true), Z))
    drawn[:, 0] = true + 2
    monkeypatch.setattr(model.mdn_rnn, "sample", lambda *_: drawn, raising=False)
    share, off = foresight(model.mdn_rnn, latents, recording.state)
    assert off == pytest.approx(2, abs=1e-3)
    assert share == pytest.approx(1 - 4 / true.var(), abs=1e-3)


def test_a_dream_is_drawn_beside_reality(model):
    recording = record(V, 0, num_envs=2, steps=9)
    frames = list(beside_reality(model, recording))
    assert len(frames) == 9
    assert frames[0].shape == (18 + 6 * 32, 6 * (32 + 2 + 32), 3)  # enlarged, below a line of text
    np.testing.assert_array_equal(frames[4][18::6, : 6 * 32 : 6, 0], recording.frames[4, 0, :, :, 0])


def test_m_and_insight_run_from_their_command_lines(monkeypatch, capsys, tmp_path):
    """V has learnt nothing: what is tried is the way from a V's file to a world model, and to its pictures."""
    from framework.agent import save_agent

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "runs" / "vae" / "20260101-000000-seed0" / "agent.npz"
    eyes = a_world_model().vae
    save_agent(file, replace(V, num_envs=24, record_steps=120, quick=True), eyes.weights())
    file.with_name("result.json").write_text("{}", encoding="utf-8")
    for page, flags in (
        ("mdn_rnn", ["--quick", "--hidden", "8", "--mixtures", "2", "--gradient-steps", "2"]),
        ("insight", ["--quick", "--games", "4"]),
    ):
        monkeypatch.setattr(sys, "argv", [str(PAGES / f"{page}.py"), *flags])
        runpy.run_path(str(PAGES / f"{page}.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert "landing place" in said
    assert "dream, τ = 1" in said
    assert Path("runs/insight/futures.png").exists()
    assert Path("runs/insight/dream.gif").exists()
    (folder,) = Path("runs/mdn_rnn").iterdir()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))["config"]
    assert config["vae"].endswith("seed0/agent.npz")
    with pytest.raises(ValueError, match="is of a quick run, and tells little; train V first"):
        mdn_rnn.main(mdn_rnn.Config())
    file.with_name("result.json").unlink()
    with pytest.raises(ValueError, match="there is no V in runs/vae yet"):  # it is stopped, or has failed its gate
        mdn_rnn.main(mdn_rnn.Config())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"mixtures": 0}, "mixtures must be from 1 to 1,000 here; got 0"),
        ({"window": 40}, "window must be from 1 to 39 here; got 40"),
        ({"gradient_steps": 0}, "gradient_steps must be from 1 to 100,000 here; got 0"),
    ],
)
def test_impossible_settings_of_m_are_one_sentence(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        mdn_rnn.learn(mdn_rnn.Config(**settings), latents_of(40, 4))


def test_m_fits_the_numbers_of_z_and_of_actions_to_what_was_recorded():
    latents = latents_of(70, 4)
    config = mdn_rnn.suited(mdn_rnn.Config(z_size=99, actions=99), latents)
    assert (config.z_size, config.actions, config.discrete) == (Z, 3, True)
    box = latents._replace(action=np.zeros((70, 4, 2), np.float32))
    assert (mdn_rnn.suited(config, box).actions, mdn_rnn.suited(config, box).discrete) == (2, False)
