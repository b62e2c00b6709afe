"""Evolution strategies: a generation is one batch, workers and resumed runs come to the same bits, and it learns."""

import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from EV.evolution import CATCHER, PIXELS, Config, EvolutionalAgent, EvolutionalTrainer, train
from EV.population import EDGE, Network, places
from EV.sharing import calls, play_share
from framework.evaluate import FreshWorlds
from framework.runs.config import check
from framework.runs.files import load_arrays, save_arrays
from framework.runs.parallel import Workers
from worlds.catcher import Catcher

SCRIPT = Path(__file__).parents[2] / "EV" / "evolution.py"
SMALL = Config(population=8, hidden=(4,), noise_size=10_000)
CMA = replace(SMALL, strategy="cma")


class AtTheEnd(Catcher):
    """Catcher that pays all at once: when the last life is lost, or at the last of 100 steps."""

    def __init__(self, render_mode=None):
        super().__init__("state", render_mode)

    def reset(self, *, seed=None, options=None):
        self.owed = self.time = 0
        return super().reset(seed=seed, options=options)

    def step(self, action):
        obs, reward, terminated, truncated, info = super().step(action)
        self.owed, self.time = self.owed + reward, self.time + 1
        return obs, self.owed if terminated or self.time == 100 else 0.0, terminated, truncated, info


class Broken(gym.Env):
    """Two actions; the second of them is paid NaN, after the third step."""

    observation_space, action_space = spaces.Box(-1, 1, (2,), np.float32), spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return np.ones(2, np.float32), {}

    def step(self, action):
        self.time += 1
        reward = np.nan if action == 1 and self.time > 3 else 1.0
        return np.ones(2, np.float32), reward, False, False, {}


class Side(gym.Env):
    """Pictures of a bright column, somewhere else in each of ten steps; action 1 says that it is to the right."""

    observation_space, action_space = spaces.Box(0, 255, (32, 32, 1), np.uint8), spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.picture(), {}

    def picture(self):
        picture, self.column = np.zeros((32, 32, 1), np.uint8), int(self.np_random.integers(32))
        picture[8:24, self.column] = 255
        return picture

    def step(self, action):
        reward = float(action == (self.column >= 16))
        return self.picture(), reward, False, False, {}


@pytest.fixture(autouse=True)
def worlds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where runs are
    monkeypatch.setitem(gym.registry, "AtTheEnd-v0", gym.envs.registration.EnvSpec("AtTheEnd-v0", AtTheEnd))
    broken = gym.envs.registration.EnvSpec("Broken-v0", Broken, max_episode_steps=5)
    monkeypatch.setitem(gym.registry, "Broken-v0", broken)
    side = gym.envs.registration.EnvSpec("Side-v0", Side, max_episode_steps=10)
    monkeypatch.setitem(gym.registry, "Side-v0", side)


def after(config, generations, workers=None):
    trainer = EvolutionalTrainer(config, workers)
    played = list(islice(trainer.generations(), generations))
    return trainer, played


def network_for(space, **settings):
    return Network(space, spaces.Discrete(2), replace(SMALL, **settings))


def test_a_population_gives_what_its_networks_give_one_by_one():
    """Weights and biases worked through by a loop."""
    rng, network = np.random.default_rng(0), network_for(spaces.Box(-1, 1, (4,)), hidden=(3,))
    theta = np.stack([network.first_weights(rng) + 0.1 for _ in range(5)])
    assert theta.shape == (5, 4 * 3 + 3 + 3 * 2 + 2)
    obs = rng.normal(size=(5, 7, 4)).astype(np.float32)
    for row, seen, given in zip(theta, obs, network.outputs(theta, obs), strict=True):
        hidden = np.tanh(seen @ row[:12].reshape(4, 3) + row[12:15])
        np.testing.assert_allclose(given, hidden @ row[15:21].reshape(3, 2) + row[21:], rtol=1e-5)


def test_small_tables_of_bytes_are_read_from_0_to_1():
    network = network_for(spaces.Box(0, 255, (2, 2, 1), np.uint8), hidden=())
    np.testing.assert_allclose(network.outputs(np.ones((1, 10)), np.full((1, 1, 2, 2, 1), 255, np.uint8)), 5)


def test_a_filter_says_in_which_column_it_fits_best_by_hand():
    """Two filters on pictures of 1 row, 3 columns and 2 frames: one likes the first frame, the other the second."""
    picture, filters = np.zeros((1, 1, 1, 3, 2)), np.eye(2)[None]
    picture[0, 0, 0, 2, 0] = np.log(8) / 10  # of the softmax 8 / 10, 1 / 10, 1 / 10
    np.testing.assert_allclose(places(filters, picture), [[[0.7 * EDGE, 0.0]]], atol=1e-6)
    picture[0, 0, 0, 0, 1] = 100.0
    np.testing.assert_allclose(places(filters, picture), [[[0.7 * EDGE, -EDGE]]], atol=1e-6)


def test_what_moves_by_some_columns_moves_the_place_that_is_found_for_each_individual_by_filters_of_its_own():
    network = network_for(spaces.Box(0, 255, (16, 16, 2), np.uint8), filters=3)
    theta = np.stack([network.first_weights(np.random.default_rng(seed)) for seed in range(4)])
    pictures = np.zeros((4, 1, 16, 16, 2), np.uint8)
    pictures[:, :, 3:9, 5] = 200
    filters = np.abs(theta[:, : 32 * 3].reshape(4, 32, 3))  # all of which like what is bright
    found, moved = places(filters, pictures / 20), places(filters, np.roll(pictures, 4, axis=3) / 20)
    np.testing.assert_allclose(moved - found, 4 * 2 * EDGE / 15, atol=1e-3)
    whole = network.outputs(theta, pictures)
    assert len(np.unique(whole)) > 4
    for i in range(4):
        np.testing.assert_array_equal(whole[[i]], network.outputs(theta[[i]], pictures[[i]]))


def test_all_individuals_play_the_same_games_and_each_generation_others():
    trainer = EvolutionalTrainer(replace(CATCHER, population=8))
    trainer.population[:] = trainer.agent.theta
    games = trainer.play(np.arange(8))
    assert (games == games[0]).all()
    assert len({tuple(game) for game in games[0]}) > 1
    trainer.scores.append(None)  # the next generation
    assert (trainer.play(np.arange(8)) != games).any()


def test_a_score_does_not_depend_on_who_else_plays():
    trainer = EvolutionalTrainer(CATCHER)
    games = trainer.play(np.arange(12))
    np.testing.assert_array_equal(games[5:9], trainer.play(np.arange(5, 9)))


def test_moving_all_reward_to_the_last_step_leaves_the_update_identical():
    at_once = replace(CATCHER, population=16, episodes=2)
    gym.registry["AtTheEnd-v0"].max_episode_steps = 100
    early = gym.envs.registration.EnvSpec("Early-v0", Catcher, max_episode_steps=100, kwargs={"obs_type": "state"})
    gym.registry["Early-v0"] = early
    try:
        one, games = after(replace(at_once, env="Early-v0"), 3)
        other, late = after(replace(at_once, env="AtTheEnd-v0"), 3)
    finally:
        del gym.registry["Early-v0"]
    assert np.ptp([generation.scores for generation in games]) > 0
    np.testing.assert_array_equal(games[-1].games, late[-1].games)
    np.testing.assert_array_equal(one.agent.theta, other.agent.theta)


def test_a_world_that_fails_costs_the_individuals_that_broke_it_and_not_the_run():
    trainer, played = after(replace(SMALL, env="Broken-v0", population=32), 10)
    failed = [int(np.isnan(generation.scores).sum()) for generation in played]
    assert 0 < failed[0] < 32
    assert failed[-1] < failed[0] / 2  # who fails ranks last
    assert np.isfinite(trainer.agent.theta).all()
    assert np.isfinite(trainer.take_finished()).all()


def test_where_everybody_fails_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr(EvolutionalAgent, "act", lambda self, theta, obs: np.ones(len(obs), int))
    with pytest.raises(ValueError, match=r"all individuals of generation 0 failed: Broken-v0 paid a reward of nan"):
        after(replace(SMALL, env="Broken-v0"), 1)


@pytest.mark.parametrize("config", [SMALL, CMA], ids=["es", "cma"])
def test_any_number_of_workers_comes_to_the_same_bits(config):
    alone, _ = after(config, 8)
    for count in (1, 2):
        with Workers(count) as workers:
            shared, _ = after(config, 8, workers)
        np.testing.assert_array_equal(alone.scores, shared.scores)
        np.testing.assert_array_equal(alone.agent.theta, shared.agent.theta)
        assert alone.total_steps == shared.total_steps


def test_a_worker_that_missed_generations_is_told_all_of_them_and_one_that_did_not_only_those():
    trainer, _ = after(SMALL, 6)
    rows = np.arange(3)
    told = EvolutionalTrainer, SMALL, "a run of this test"
    assert play_share(*told, 4, trainer.scores[4:], rows) is None
    games = trainer.play(rows)
    np.testing.assert_array_equal(play_share(*told, 0, trainer.scores, rows), games)
    np.testing.assert_array_equal(play_share(*told, 4, trainer.scores[4:], rows), games)


def test_what_workers_are_told_and_answer_is_as_long_for_a_network_of_any_size():
    sizes = []
    for hidden in ((4,), (400,)):
        trainer, (*_, last) = after(replace(SMALL, hidden=hidden), 6, Workers(0))
        trainer.workers.count = 2
        sizes.append(len(pickle.dumps((calls(trainer, 2), last.games))) - len(pickle.dumps(hidden)))
    assert abs(sizes[0] - sizes[1]) < 10
    assert sizes[0] < 4 * 400 * 7  # bytes of the larger network


@pytest.mark.parametrize("config", [SMALL, CMA], ids=["es", "cma"])
def test_a_run_that_goes_on_comes_to_the_same_bits(config, tmp_path):
    whole, _ = after(config, 9)
    part, _ = after(config, 5)
    save_arrays(tmp_path / "state.npz", {"agent": part.agent.state(), "envs": part.state()})
    state, resumed = load_arrays(tmp_path / "state.npz"), EvolutionalTrainer(config)
    resumed.agent.load_state(state["agent"])
    resumed.load_state(state["envs"])
    list(islice(resumed.generations(), 4))
    assert all(np.ptp(scores) for scores in whole.scores[:2])  # something was learnt
    np.testing.assert_array_equal(resumed.agent.theta, whole.agent.theta)
    np.testing.assert_array_equal(resumed.strategy.theta, whole.strategy.theta)
    assert resumed.total_steps == whole.total_steps


def test_a_run_that_is_killed_goes_on_to_the_same_agent(tmp_path, monkeypatch):
    config = replace(SMALL, steps=3_000, eval_every=500, log_every=500, eval_episodes=3, final_episodes=3)
    config = replace(config, target_return=None, checkpoint_seconds=0)
    whole = train(replace(config, run_folder=str(tmp_path / "whole")))
    learn = EvolutionalTrainer.learn

    def killed(self, scores):
        if len(self.scores) == 7:
            raise RuntimeError("killed")
        learn(self, scores)

    stopped = replace(config, run_folder=str(tmp_path / "stopped"))
    with monkeypatch.context() as patch:
        patch.setattr(EvolutionalTrainer, "learn", killed)
        with pytest.raises(RuntimeError, match="killed"):
            train(stopped)
    np.testing.assert_array_equal(train(stopped).theta, whole.theta)
    for name in ("agent.npz", "final.npz"):
        ours, theirs = (load_arrays(tmp_path / folder / name)["weights"] for folder in ("stopped", "whole"))
        np.testing.assert_array_equal(ours["0000"], theirs["0000"])
    assert (tmp_path / "stopped" / "generations.png").exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"population": 7}, "population must be an even number; got 7"),
        ({"noise_size": 10}, "noise_size must be at least the number of weights, 30"),
        ({"hidden": (10**15,)}, "noise_size must be at least the number of weights, 7000000000000002"),
        ({"env": "FrozenLake-v1"}, "networks read observations that are a Box"),
    ],
)
def test_what_is_impossible_is_said_in_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        EvolutionalTrainer(replace(SMALL, **wrong))


def test_where_everybody_fails_in_the_workers_alone_the_sentence_says_that(monkeypatch):
    trainer = EvolutionalTrainer(SMALL)
    trainer.workers = Workers(2)
    monkeypatch.setattr("EV.evolution.shared_games", lambda trainer: np.full((8, 2, 2), np.nan))
    with pytest.raises(ValueError, match="generation 0 failed: the worker processes tell no reason"):
        next(trainer.generations())


def test_settings_that_would_do_nothing_are_refused():
    command = [sys.executable, str(SCRIPT), "--precision", "mixed_bfloat16"]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 2
    for wrong in ({"sigma": 1e300}, {"sigma": 1e-300}, {"decay": 2.0}):
        with pytest.raises(ValueError, match=r"must be from 0"):
            check(replace(SMALL, **wrong))


def test_continuous_actions_are_within_their_range():
    trainer, _ = after(replace(SMALL, env="Pendulum-v1", episodes=1), 1)
    actions = trainer.agent.act(trainer.population, np.ones((16, 3), np.float32))
    assert actions.shape == (16, 1)
    assert (np.abs(actions) <= 1).all()


def test_the_script_plays_what_it_has_trained(tmp_path):
    wrong = "error: there is no agent in runs/evolution yet; train one first: python EV/evolution.py\n"
    for flags, said in ((["--play"], wrong), (["--quick"], ""), (["--play", "--record", "play.gif"], "")):
        command = [sys.executable, str(SCRIPT), *flags]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
        assert (done.returncode, done.stderr) == (2 if said else 0, said)
    assert (tmp_path / "play.gif").stat().st_size > 1_000


def solved_in(config, target, most):
    """After how many generations θ itself, not an individual, reaches the target in 100 games nobody has seen."""
    trainer, evaluate = EvolutionalTrainer(config), FreshWorlds(config)
    for generation in islice(trainer.generations(), most):
        if generation.number % 5 == 4 and evaluate(trainer.agent, 100, 10**6).mean >= target:
            return generation.number + 1
    return None


def test_where_something_is_in_a_picture_is_learnt_and_that_by_a_few_hundred_weights():
    config = replace(PIXELS, env="Side-v0", population=32, episodes=2, seed=100)
    assert len(EvolutionalTrainer(config).agent.theta) < 300
    assert solved_in(config, 9.5, 40)


@pytest.mark.slow
def test_a_scatter_too_small_finds_nothing_where_all_fall_at_once():
    assert solved_in(Config(sigma=0.02, seed=301), 475, 100) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 105))
def test_cart_pole_stands(seed):
    assert solved_in(Config(seed=seed), 475, 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 105))
def test_catcher_from_five_numbers_catches_095_of_the_oracle(seed):
    assert solved_in(replace(CATCHER, seed=seed), 15.2, 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 103))
def test_cma_es_lets_the_pole_stand_too(seed):
    assert solved_in(Config(strategy="cma", seed=seed), 475, 100)
