"""C: linear by hand, one of many, in whitened space and out of it; the same games for all; resumed runs."""

import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium import spaces

from IM.world_models import controller as controllers
from IM.world_models import mdn_rnn, vae
from IM.world_models.controller import Config, Controller, Search, actions_of, folded, train, whitening
from IM.world_models.dream import SHIPPED, WorldModel
from IM.world_models.games import Judge, load_world_model, make_games
from IM.world_models.reality import LatentVector

Z, H, THREE = 3, 4, spaces.Discrete(3)  # sizes of z, and of the memory: output and cell of two units each
SCRIPT = Path(__file__).parents[3] / "IM" / "world_models" / "controller.py"
REAL = Config(world="reality", population=4, episodes=2, steps=1, eval_episodes=2, final_episodes=2)


@pytest.fixture(scope="module")
def model():
    """A V and an M that have learnt nothing."""
    config = vae.Config(z_size=Z, maps=2)
    eyes = vae.VAE(spaces.Box(0, 255, (32, 32, 1), np.uint8), None, config)
    return SimpleNamespace(vae=eyes, mdn_rnn=mdn_rnn.MDNRNN(mdn_rnn.Config(z_size=Z, hidden=H // 2)))


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(controllers, "RANDOM_STEPS", 20)


def controller(model, actions=THREE, **settings):
    return Controller(spaces.Box(-1, 1, (Z + H,)), actions, replace(REAL, **settings), model)


def test_three_actions_in_order_are_one_output_between_two_borders():
    outputs = np.array([-9.0, -0.34, -0.33, 0.0, 0.33, 0.34, 9.0])[None, :, None]
    assert actions_of(outputs, THREE).tolist() == [[0, 0, 1, 1, 1, 2, 2]]
    assert actions_of(outputs, spaces.Discrete(2)).tolist() == [[0, 0, 0, 0, 1, 1, 1]]


def test_actions_of_a_box_are_tanh_of_linear_outputs(model):
    agent = controller(model, spaces.Box(-1, 1, (2,)), memory=False)
    theta = np.zeros((1, Z + 1, 2), np.float32)
    theta[0, 0, 0], theta[0, 3, 1] = 2.0, -0.5  # twice the first number; a bias
    actions = agent.act(theta.reshape(1, -1), np.eye(Z + H, dtype=np.float32)[:2])
    assert actions == pytest.approx(np.tanh([[2.0, -0.5], [0.0, -0.5]]), abs=1e-6)


def test_an_action_by_hand_and_the_bias_is_the_last_weight(model):
    agent = controller(model)
    agent.theta[:] = 0, 0, 1, 0, 0, 0, -2, 0.2  # z[2] - 2 h[3] + 0.2
    features = np.zeros((4, Z + H), np.float32)
    features[:, 2], features[:, 6] = (0, 0.2, 0.2, -1), (0, 0, 0.4, 0)
    assert agent.greedy(features).tolist() == [1, 2, 0, 0]


def test_without_memory_nothing_of_h_is_seen(model):
    agent, rng = controller(model, memory=False), np.random.default_rng(0)
    agent.theta[:] = rng.standard_normal(Z + 1)
    features = rng.standard_normal((50, Z + H)).astype(np.float32)
    actions = agent.greedy(features)
    features[:, Z:] = 100
    assert (agent.greedy(features) == actions).all()
    assert len(set(actions.tolist())) > 1


@pytest.mark.parametrize("actions", [THREE, spaces.Box(-1, 1, (2,))])
def test_a_population_acts_as_its_individuals_do_one_by_one(model, actions):
    agent, rng = controller(model, actions), np.random.default_rng(0)
    theta = rng.standard_normal((5, len(agent.theta))).astype(np.float32)
    features = rng.standard_normal((5 * 6, Z + H)).astype(np.float32)
    together = agent.act(theta, features)
    for i in range(5):
        rows = slice(6 * i, 6 * i + 6)
        assert together[rows] == pytest.approx(agent.act(theta[i : i + 1], features[rows]), abs=1e-6)


def test_whitened_features_have_no_correlations_and_the_variance_one():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((5_000, 3)) @ rng.normal(size=(3, 3)) + (5, -7, 2)
    white = (features - whitening(features)[0]) @ whitening(features)[1]
    assert white.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.cov(white, rowvar=False) == pytest.approx(np.eye(3), abs=1e-9)


def test_what_hardly_varies_is_not_stretched_without_end():
    features = np.random.default_rng(0).standard_normal((100, 2)) * (1, 1e-9)
    assert np.abs(whitening(features)[1]).max() < 1e4


@pytest.mark.parametrize("outputs", [1, 2])
def test_weights_for_whitened_features_and_folded_ones_for_plain_features_give_the_same(outputs):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((1_000, 4)) @ rng.normal(size=(4, 4)) + (5, -7, 2, 0)
    mean, matrix = whitening(features)
    theta = rng.standard_normal((3, 5 * outputs))
    weights, plain = (t.reshape(3, 5, outputs) for t in (theta, folded(theta, mean, matrix)))
    wanted = (features - mean) @ matrix @ weights[:, :-1] + weights[:, -1:]
    assert features @ plain[:, :-1] + plain[:, -1:] == pytest.approx(wanted, abs=1e-3)


def test_all_individuals_of_a_generation_play_the_same_games_and_the_next_others(model, monkeypatch):
    search = Search(REAL, model)
    monkeypatch.setattr(search.strategy, "ask", lambda: np.zeros((4, Z + H + 1), np.float32))
    monkeypatch.setattr(search.strategy, "tell", lambda scores: None)
    first = [search.generation(), search.take_finished()]
    assert len(set(first[0])) == 1
    assert len(first[1]) == 8
    assert len(set(first[1])) > 1
    assert [search.generation(), search.take_finished()][1] != first[1]


def test_steps_are_counted_of_games_and_of_the_random_play_before(model):
    search = Search(REAL, model)
    before = search.total_steps
    assert before == 20 * 64
    search.generation()
    assert search.total_steps - before == sum(length for _, length in search.take_finished())


def test_a_search_that_goes_on_comes_to_the_same_weights(model):
    whole, part = (Search(REAL, model) for _ in range(2))
    for _ in range(3):
        whole.generation()
    part.generation()
    rest = Search(REAL, model)
    rest.load_state(part.state())
    for _ in range(2):
        rest.generation()
    assert rest.agent.theta.any()
    assert (rest.agent.theta == whole.agent.theta).all()
    assert rest.total_steps == whole.total_steps


def test_one_who_plays_from_pictures_does_what_the_controller_does_with_V_and_M(model, monkeypatch):
    monkeypatch.setattr(model.vae, "sample", lambda mean, log_var, noise: mean)  # without noise, which differs
    agent, envs, taken = controller(model), LatentVector(model, 5), []
    search, rng = Search(REAL, model), np.random.default_rng(0)
    agent.theta[:] = folded(rng.standard_normal((1, len(agent.theta))), search.mean, search.matrix)[0]
    player, (features, _) = agent.player(), envs.reset(seed=3)
    for _ in range(60):  # before the first game ends
        taken.append(player(envs.worlds.obs))
        assert (taken[-1] == agent.greedy(features)).all()
        features, *_ = envs.step(taken[-1])
    assert len(np.unique(taken)) > 1


def test_a_second_player_starts_with_nothing_remembered(model, monkeypatch):
    agent, seen = controller(model), []
    monkeypatch.setattr(agent, "greedy", lambda features: seen.append(features) or np.ones(len(features), np.int64))
    pictures = np.random.default_rng(0).integers(255, size=(2, 32, 32, 1), dtype=np.uint8)
    first, second = agent.player(), agent.player()
    for act in (first, first, second):
        act(pictures)
    assert [bool(features[:, Z:].any()) for features in seen] == [False, True, False]


def test_games_are_of_the_kind_and_the_temperature_that_is_asked_for(model, tmp_path):
    known = WorldModel.load(saved(model, tmp_path / "m.npz"))
    assert make_games(replace(REAL, world="dream", temperature=0.1), known, 2).envs.temperature == 0.1
    assert isinstance(make_games(REAL, known, 2).envs, LatentVector)


def test_what_c_sees_is_scaled_by_random_play_in_the_world_where_it_learns(model, tmp_path):
    known = WorldModel.load(saved(model, tmp_path / "m.npz"))
    dream, reality = (Search(replace(REAL, world=world), known).mean for world in ("dream", "reality"))
    assert np.abs(dream - reality).max() > 0.1


def test_a_model_of_another_world_is_refused_and_none_means_ours(model, tmp_path):
    file = saved(model, tmp_path / "m.npz")
    with pytest.raises(ValueError, match="is a model of WindyCatcher-v0, not of CarRacing-v3; --world-model chooses"):
        load_world_model(replace(REAL, env="CarRacing-v3", world_model=file))
    assert load_world_model(REAL).vae.config.z_size == WorldModel.load(SHIPPED).vae.config.z_size


def saved(model, path):
    """A world model in a file, of a V and an M that have learnt nothing."""
    zeros = np.zeros((1, Z), np.float32)
    WorldModel(model.vae, model.mdn_rnn, (zeros, zeros), np.full(Z, -5, "f"), np.full(Z, 5, "f")).save(path)
    return path.as_posix()


@pytest.mark.parametrize(("world", "steps"), [("dream", 1_380), ("reality", 4_000)])
def test_a_run_that_is_stopped_goes_on_to_the_same_weights(model, world, steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = replace(REAL, world=world, world_model=saved(model, tmp_path / "m.npz"), steps=steps, eval_every=2_000)
    whole = train(replace(config, run_folder="whole")).theta
    generation, played = Search.generation, []

    def stopped(search):
        if len(played) == 2:
            raise OSError("the power fails")
        played.append(1)
        return generation(search)

    part = replace(config, run_folder="part", checkpoint_seconds=0)
    monkeypatch.setattr(Search, "generation", stopped)
    with pytest.raises(OSError, match="power"):
        train(part)
    monkeypatch.setattr(Search, "generation", generation)
    assert (train(part).theta == whole).all()


def test_the_script_in_a_dream_and_its_agent_in_the_real_game(model, tmp_path, monkeypatch, capsys):
    command = [sys.executable, SCRIPT, "--quick", "--world-model", saved(model, tmp_path / "m.npz")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=200)
    assert result.returncode == 0, result.stderr
    (folder,) = (tmp_path / "runs" / "controller").iterdir()
    assert (folder / "generations.png").stat().st_size > 10_000
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--play", "--record", "game.gif"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert "episode 1: return" in capsys.readouterr().out
    assert (tmp_path / "game.gif").exists()
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--world-model", "none.npz"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert capsys.readouterr().err == "error: there is no world model none.npz\n"


@pytest.mark.slow
@pytest.mark.skipif(not SHIPPED.exists(), reason="needs the world model that comes with the course")
def test_what_is_learnt_in_a_dream_is_good_in_reality_unless_M_has_learnt_nothing(tmp_path, monkeypatch):
    """9 of 10 and more, over seeds; an untrained M leaves the wind, and where the fruit went, unknown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(controllers, "RANDOM_STEPS", 300)
    trained = WorldModel.load(SHIPPED)
    config = Config(steps=1_000_000, eval_every=1_000_000, final_episodes=20)
    reality = Judge(replace(config, world="reality"), trained)
    assert reality(train(config, trained), 100, 10**6).mean > 7
    blank = mdn_rnn.MDNRNN(trained.mdn_rnn.config)
    untrained = WorldModel(trained.vae, blank, trained.starts, trained.low, trained.high)
    assert Judge(replace(config, world="reality"), untrained)(train(config, untrained), 100, 10**6).mean < 3
