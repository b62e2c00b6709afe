"""The dream as a world: luck, starts and ends, temperature, what it shows; and V and M in one file."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from gymnasium import spaces

from framework.evaluate import evaluate
from framework.graph import graphs_of
from framework.vector import VectorWorld
from IM.world_models import mdn_rnn, vae
from IM.world_models.dream import DreamVector, WorldModel
from IM.world_models.latents import Latents

Z, H = 3, 5  # of z, and of M
V = vae.Config(z_size=Z, maps=2, decoder_filters=(2, 2, 2))
M = mdn_rnn.Config(z_size=Z, hidden=H, mixtures=2)


def a_world_model(**parts):
    """A V and an M that have learnt nothing; games start at -0.5 or 0.5 in all of z."""
    eyes = vae.VAE(spaces.Box(0, 255, (32, 32, 1), np.uint8), None, V)
    mean = np.float32([[-0.5] * Z, [0.5] * Z])
    values = {"vae": eyes, "mdn_rnn": mdn_rnn.MDNRNN(M), "starts": (mean, np.full_like(mean, -20.0))}
    return WorldModel(**(values | {"low": np.full(Z, -1.0, np.float32), "high": np.full(Z, 1.0, np.float32)} | parts))


def ending(logit, reward=0.0):
    """A world model whose games end with a given logit at every step, and pay a reward."""
    model = a_world_model()
    last = model.mdn_rnn.events[1]
    last.kernel.assign(np.zeros(last.kernel.shape))
    last.bias.assign([reward, logit])
    return model


@pytest.fixture(scope="module")
def model():
    return ending(-30.0)


def test_a_dream_is_a_world_like_any_other(model):
    envs = VectorWorld(DreamVector(model, 4, max_episode_steps=7), 0)
    assert envs.obs.shape == (4, Z + 2 * H)
    assert envs.obs.dtype == np.float32
    assert envs.action_space.n == 3
    evaluation = evaluate(lambda obs: np.ones(len(obs), np.int64), envs, 5)
    assert evaluation.lengths.tolist() == [7] * 4


def test_games_of_equal_seeds_have_equal_luck_whoever_plays_beside_them(model):
    seen = []
    for seeds in ([3, 4, 3], [3, 3, 3], [9, 8, 3]):
        dream = DreamVector(model, 3)
        obs, _ = dream.reset(seed=seeds)
        steps = [obs] + [dream.step(np.array([t % 3, 2, t % 3]))[0] for t in range(5)]
        seen.append(np.stack(steps))
    np.testing.assert_allclose(seen[0][:, 0], seen[0][:, 2], atol=1e-6)  # rows of a product round differently
    np.testing.assert_allclose(seen[0][:, 0], seen[1][:, 0], atol=1e-6)
    np.testing.assert_allclose(seen[0][:, 2], seen[2][:, 2], atol=1e-6)
    assert (seen[0][1:, 0] != seen[0][1:, 1]).any()


def test_what_one_does_changes_its_dream(model):
    dream = DreamVector(model, 3)
    dream.reset(seed=[1, 1, 1])
    for _ in range(3):
        obs, *_ = dream.step(np.array([0, 0, 2]))
    assert obs[1] == pytest.approx(obs[0], abs=1e-6)
    assert obs[2] != pytest.approx(obs[0], abs=1e-4)


def test_reset_without_a_seed_goes_on_with_the_luck_there_was(model):
    dream = DreamVector(model, 64)
    first, _ = dream.reset(seed=1)
    again, _ = dream.reset()
    assert (first[:, 0] != again[:, 0]).any()
    same, _ = dream.reset(seed=1)
    np.testing.assert_array_equal(first, same)


def test_a_game_that_ends_starts_anew_as_a_recorded_one_with_nothing_remembered():
    dream = DreamVector(ending(30.0, reward=0.25), 50)
    before, _ = dream.reset(seed=0)
    obs, reward, terminated, truncated, info = dream.step(np.ones(50, np.int64))
    assert terminated.all()
    assert not truncated.any()
    assert reward == pytest.approx(0.25)
    last = np.stack(info["final_obs"])
    assert (last[:, Z:] != 0).any(axis=1).all()
    assert (obs[:, Z:] == 0).all()
    for start in (before, obs):
        assert np.unique(np.round(start[:, 0], 2)).tolist() == [-0.5, 0.5]


def test_a_time_limit_truncates_and_is_no_end(model):
    dream = DreamVector(model, 2, max_episode_steps=2)
    dream.reset(seed=0)
    _, _, terminated, truncated, info = dream.step([1, 1])
    assert not (terminated | truncated).any()
    assert not info
    _, _, terminated, truncated, info = dream.step([1, 1])
    assert truncated.all()
    assert not terminated.any()
    assert info["_final_obs"].all()


def test_games_end_as_often_as_m_says():
    dream = DreamVector(ending(np.log(1 / 3)), 400)
    dream.reset(seed=0)
    ends = [dream.step(np.ones(400, np.int64))[2].mean() for _ in range(10)]
    assert np.mean(ends) == pytest.approx(0.25, abs=0.03)


def test_a_low_temperature_dreams_of_one_future_and_a_high_one_stays_within_what_has_been(model):
    spread = []
    for temperature in (0.01, 1.0, 100.0):
        dream = DreamVector(model, 200, temperature)
        dream.reset(seed=0)
        dream.z = np.zeros((200, Z), np.float32)
        obs, *_ = dream.step(np.ones(200, np.int64))
        spread.append(obs[:, :Z].std(axis=0).mean())
        assert np.abs(obs[:, :Z]).max() <= 1
    assert spread[0] < spread[1] / 2
    assert spread[2] > 0.8


def test_a_dream_that_was_saved_goes_on_the_same(model):
    one, other = (VectorWorld(DreamVector(model, 4, max_episode_steps=5), seed) for seed in (0, 9))
    actions = np.random.default_rng(0).integers(3, size=(20, 4))
    for action in actions[:8]:
        one.step(action)
    assert one.resumes_exactly
    other.load_state(deepcopy(one.state()))  # as from a file
    for action in actions[8:]:
        np.testing.assert_array_equal(one.step(action).next_obs, other.step(action).next_obs)
    assert one.take_finished()[-4:] == other.take_finished()[-4:] == [(0.0, 5)] * 4


def test_a_world_model_comes_back_from_its_file_and_dreams_the_same(model, tmp_path):
    model.save(tmp_path / "model.npz")
    loaded = WorldModel.load(tmp_path / "model.npz")
    one, other = (DreamVector(each, 3, temperature=1.3) for each in (model, loaded))
    for dream in (one, other):
        dream.reset(seed=2)
    for _ in range(3):
        np.testing.assert_array_equal(one.step(np.array([0, 1, 2]))[0], other.step(np.array([0, 1, 2]))[0])
    np.testing.assert_array_equal(one.frames(), other.frames())
    assert one.frames().shape == (3, 32, 32, 1)
    assert one.frames().dtype == np.uint8


def test_another_file_is_no_world_model(tmp_path):
    from framework.runs.files import save_arrays

    save_arrays(tmp_path / "other.npz", {"about": {"format": "nanoka agent 1"}})
    with pytest.raises(ValueError, match="holds no world model"):
        WorldModel.load(tmp_path / "other.npz")


def test_a_world_model_knows_how_games_start_and_where_z_has_been(model):
    latents = Latents(
        np.arange(24, dtype=np.float32).reshape(4, 2, Z), np.full((4, 2, Z), np.log(0.25), np.float32), None, None,
        None, np.array([[1, 1], [0, 0], [0, 1], [0, 0]], bool),
    )  # fmt: skip
    made = WorldModel.of(model.vae, model.mdn_rnn, latents)
    assert made.starts[0].tolist() == [[0, 1, 2], [3, 4, 5], [15, 16, 17]]
    assert (made.low.tolist(), made.high.tolist()) == ([-1, 0, 1], [22, 23, 24])


def test_everything_of_a_dream_is_one_graph():
    model = ending(0.0)
    for rows in (2, 9):
        dream = DreamVector(model, rows, temperature=0.5 * rows)
        dream.reset(seed=0)
        dream.step(np.ones(rows, np.int64))
    assert {name: graph.traces for name, graph in graphs_of(model.mdn_rnn).items()}["imagine"] == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"num_envs": 0}, "num_envs must be at least 1; got 0"),
        ({"max_episode_steps": 0}, "max_episode_steps must be at least 1; got 0"),
        ({"temperature": 0.0}, "temperature must be a number above 0; got 0.0"),
        ({"temperature": float("nan")}, "temperature must be a number above 0; got nan"),
    ],
)
def test_an_impossible_dream_is_one_sentence(model, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        DreamVector(model, **options)


@pytest.mark.parametrize("actions", [[1], [1, 3], [1, -1], [0.5, 1.0]])
def test_actions_that_do_not_exist_are_refused(model, actions):
    dream = DreamVector(model, 2)
    dream.reset(seed=0)
    with pytest.raises(ValueError, match="actions must be 2 of Discrete"):
        dream.step(actions)


def test_a_box_of_actions_is_one_from_minus_1_to_1():
    box = mdn_rnn.MDNRNN(replace(M, discrete=False, actions=2))
    dream = DreamVector(a_world_model(mdn_rnn=box), 4)
    dream.reset(seed=0)
    assert dream.single_action_space == spaces.Box(-1, 1, (2,), np.float32)
    dream.step(np.zeros((4, 2), np.float32))
    with pytest.raises(ValueError, match="there are 4 games; got 2 seeds"):
        dream.reset(seed=[1, 2])
