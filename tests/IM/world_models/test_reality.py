"""Reality through V and M: [z, h] by hand, forgotten at ends, and equal luck for equal seeds."""

from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium import spaces

from framework.evaluate import evaluate
from framework.vector import VectorWorld
from IM.world_models import mdn_rnn, vae
from IM.world_models.dream import DreamVector, WorldModel
from IM.world_models.reality import LatentVector

Z, H = 3, 4  # of z, and of the memory: output and cell of two units each


@pytest.fixture(scope="module")
def model():
    """A V and an M that have learnt nothing."""
    config = vae.Config(z_size=Z, maps=2)
    pictures = spaces.Box(0, 255, (32, 32, 1), np.uint8)
    eyes = vae.VAE(pictures, None, config)
    return SimpleNamespace(vae=eyes, mdn_rnn=mdn_rnn.MDNRNN(mdn_rnn.Config(z_size=Z, hidden=H // 2)))


def noise_of(seed, steps):
    return np.random.default_rng([seed, 5]).standard_normal((steps, Z), np.float32)


def test_what_is_seen_is_a_draw_of_V_and_what_M_remembers_of_all_before(model):
    envs, rng = LatentVector(model, 2), np.random.default_rng(0)
    obs, _ = envs.reset(seed=[7, 9])
    noise, memory = np.stack([noise_of(7, 30), noise_of(9, 30)], axis=1), model.mdn_rnn.initial(2)
    for t in range(30):
        mean, log_var = model.vae.encode(envs.worlds.obs)
        z = mean + np.exp(log_var / 2) * noise[t]
        assert obs == pytest.approx(np.concatenate([z, memory[0]], axis=1), abs=1e-6)
        assert (t == 0) == (not memory[0].any())
        action = rng.integers(3, size=2)
        memory = model.mdn_rnn.step(z, action, memory)
        obs, *_ = envs.step(action)


def test_processes_step_the_same_games(model):
    ours, theirs = (LatentVector(model, 2, workers=workers) for workers in (0, 1))
    assert (ours.reset(seed=3)[0] == theirs.reset(seed=3)[0]).all()
    for action in ([0, 2], [2, 1], [1, 1]):
        assert (ours.step(np.array(action))[0] == theirs.step(np.array(action))[0]).all()
    theirs.close()


def test_at_an_end_M_forgets_and_the_last_observation_still_remembers(model):
    envs = LatentVector(model, 2, max_episode_steps=5)
    envs.reset(seed=0)
    for _ in range(5):
        obs, _, _, truncated, info = envs.step(np.array([0, 2]))
    assert truncated.all()
    assert not obs[:, Z:].any()
    assert all(last[Z:].any() and last.shape == (Z + H,) for last in info["final_obs"])
    obs, *_ = envs.step(np.array([0, 2]))
    assert obs[:, Z:].any()


def test_the_last_observation_shows_the_last_picture_and_not_the_first_of_the_next_game(model):
    cut, whole = LatentVector(model, 1, max_episode_steps=40), LatentVector(model, 1)
    cut.reset(seed=3)
    whole.reset(seed=3)
    for _ in range(40):
        *_, info = cut.step(np.array([0]))
        obs, *_ = whole.step(np.array([0]))
    assert info["final_obs"][0] == pytest.approx(obs[0], abs=1e-5)


def test_equal_seeds_have_equal_luck_also_where_others_play_beside_them(model):
    envs, alone = LatentVector(model, 4), LatentVector(model, 1)
    obs, _ = envs.reset(seed=[5, 8, 5, 8])
    single, _ = alone.reset(seed=8)
    for action in (0, 2, 2, 1, 0):
        assert obs[:2] == pytest.approx(obs[2:], abs=1e-6)
        assert obs[1] == pytest.approx(single[0], abs=1e-6)
        assert abs(obs[0] - obs[1]).max() > 1e-3
        obs, *_ = envs.step(np.full(4, action))
        single, *_ = alone.step(np.full(1, action))
    again, _ = envs.reset()  # goes on with other luck
    assert abs(again[1] - single[0]).max() > 1e-3


def test_a_game_through_V_and_M_pays_what_the_real_game_pays(model):
    from framework.vector import make_vector

    def left(obs):
        return np.zeros(len(obs), np.int64)

    seen = evaluate(left, VectorWorld(LatentVector(model, 6), 0), seed=50)
    real = evaluate(left, make_vector("WindyCatcher-v0", 6, 0, frame_size=32, frame_stack=1), seed=50)
    assert (seen.returns == real.returns).all()
    assert (seen.lengths == real.lengths).all()


def test_in_a_dream_the_same_pictures_and_actions_are_remembered_alike(model, monkeypatch):
    """The dream draws z as reality showed it; then all of [z, h] must be the same, also after an end."""
    starts = np.zeros((1, Z), np.float32), np.zeros((1, Z), np.float32)
    known = WorldModel(model.vae, model.mdn_rnn, starts, np.full(Z, -99, np.float32), np.full(Z, 99, np.float32))
    real, dream = LatentVector(model, 2, max_episode_steps=4), DreamVector(known, 2, max_episode_steps=4)
    (wanted, _), rng, shown = real.reset(seed=1), np.random.default_rng(0), []
    monkeypatch.setattr(dream, "_starts", lambda *_: shown[-1])
    imagine = model.mdn_rnn.imagine
    told = SimpleNamespace(
        initial=model.mdn_rnn.initial, imagine=lambda *a: (shown[-1], imagine(*a)[1], np.zeros(2), np.full(2, -1.0))
    )
    shown.append(wanted[:, :Z])
    monkeypatch.setattr(known, "mdn_rnn", told)
    obs, _ = dream.reset(seed=1)
    for _ in range(10):
        assert obs == pytest.approx(wanted, abs=1e-5)
        action = rng.integers(3, size=2)
        wanted, *_ = real.step(action)
        shown.append(wanted[:, :Z])
        obs, *_ = dream.step(action)
