"""RvS: what is asked of the network, in training and in games; resumed runs; what it learns."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from AP import rvs
from AP.asking import ask_each, calibration
from AP.catcher_data import catcher_data, play_catcher, save_episodes
from AP.rvs import Config, Options, Player, RvSAgent, condition, features_of, main, suited, train, trained
from framework.cli import run
from framework.graph import graphs_of
from framework.tf import tf

SMALL = Config(steps=4, gradient_steps=2, batch_size=8, hidden=(8,), eval_every=2, log_every=2)
DATA = play_catcher("mirrored", 30, 0)


def test_what_is_asked_by_hand():
    """8 of 16 at the start is half of what can be had; in the middle it is all of it, on average."""
    to_go, elapsed = np.array([8.0, 8.0, -3.0]), np.array([0, 250, 400])
    assert condition(to_go, elapsed, Config()).tolist() == pytest.approx([0.5, 1.0, -3 / 3.2])
    assert condition(to_go, elapsed, Config(condition="total")).tolist() == pytest.approx([0.5, 0.5, -3 / 16])
    assert condition(to_go, elapsed, Config(condition="none")).tolist() == [0, 0, 0]
    assert condition(np.ones(1), 500, Config()).tolist() == pytest.approx([500 / 16])  # and no division by 0


class Recorder:
    """In an agent's place: what its player reads."""

    def __init__(self, config):
        self.config, self.read = config, []

    def probs(self, features):
        self.read.append(features)
        return np.ones((len(features), 3)) / 3


@pytest.mark.parametrize("kind", ["average", "total", "none"])
@pytest.mark.parametrize("window", [1, 3])
def test_a_game_reads_to_the_bit_what_was_learnt_from(kind, window):
    """Whoever plays a stored episode, asked for its return, reads the rows of that episode."""
    config = replace(SMALL, condition=kind, window=window, hide_speed=window > 1)
    whole, one = features_of(DATA, config), 7
    rows = slice(DATA.start[one], DATA.start[one + 1])
    recorder = Recorder(config)
    player = Player(recorder, [DATA.returns[one]], None)
    for obs, reward in zip(DATA.obs[rows], DATA.reward[rows], strict=True):
        player(obs[None])
        player.pay(np.array([reward]))
    np.testing.assert_allclose(np.concatenate(recorder.read), whole[rows], atol=1e-6)


def test_a_held_condition_stays_what_it_was_at_the_start():
    recorder = Recorder(replace(SMALL, hold=True))
    player = Player(recorder, [8.0], None)
    for _ in range(3):
        player(DATA.obs[:1])
        player.pay(np.ones(1))
    assert [read[0, -1] for read in recorder.read] == [0.5] * 3


def test_the_loss_by_hand_and_its_gradient_by_finite_differences():
    agent = RvSAgent(SMALL)
    features, action = features_of(DATA, SMALL)[:6], DATA.action[:6]
    agent.network.layers[-1].kernel.assign(tf.zeros((8, 3)))
    assert float(agent.loss(features, action)) == pytest.approx(np.log(3))
    agent.network.layers[-1].bias.assign([np.log(2), 0, 0])
    expected = -np.mean(np.log(np.where(action == 0, 0.5, 0.25)))
    assert float(agent.loss(features, action)) == pytest.approx(expected)
    bias = agent.network.layers[-1].bias
    with tf.GradientTape() as tape:
        loss = agent.loss(features, action)
    gradient, before = tape.gradient(loss, bias.value).numpy(), bias.numpy()
    ends = []
    for sign in (1, -1):
        bias.assign(before + sign * np.float32([0.01, 0, 0]))
        ends.append(float(agent.loss(features, action)))
    assert gradient[0] == pytest.approx((ends[0] - ends[1]) / 0.02, abs=1e-4)


def test_graphs_are_traced_once_whatever_the_number_of_rows():
    agent = RvSAgent(SMALL)
    for rows in (1, 5, 9):
        agent.probs(np.zeros((rows, 6)))
        agent.update(np.zeros((2, rows, 6)), np.zeros((2, rows), int), 1e-3)
    assert {name: graph.traces for name, graph in graphs_of(agent).items()} == {"probs": 1, "update": 1}


def test_cloning_is_asked_for_nothing_and_10_percent_cloning_learns_from_the_best(tmp_path, monkeypatch):
    seen = []
    plain = RvSAgent.update.method

    def spy(self, features, action, rate):
        seen.append(np.concatenate(features))
        return plain(self, tf.constant(features, tf.float32), tf.constant(action), rate)

    monkeypatch.setattr(RvSAgent, "update", spy)
    home = (tmp_path / "run").as_posix()
    train(replace(SMALL, condition="none", best_part=0.1, batch_size=200, run_folder=home), DATA)
    learnt = DATA.split()[0].best(0.1)
    rows = {row.tobytes() for row in features_of(learnt, replace(SMALL, condition="none"))}
    assert len(learnt.lengths) == 3
    assert {row.tobytes() for row in np.concatenate(seen)} <= rows
    assert (np.concatenate(seen)[:, -1] == 0).all()


def test_a_network_is_judged_by_what_it_has_not_learnt_from_and_its_steps_get_smaller(tmp_path, monkeypatch):
    parts, rates = [], []
    monkeypatch.setattr(rvs, "features_of", lambda data, config: (parts.append(data), features_of(data, config))[1])
    monkeypatch.setattr(RvSAgent, "update", lambda agent, features, action, rate: rates.append(rate) or 0.0)
    train(replace(SMALL, run_folder=(tmp_path / "run").as_posix()), DATA)
    learnt, unseen = parts
    assert (len(learnt.lengths), len(unseen.lengths)) == (27, 3)
    assert not set(learnt.share.tolist()) & set(unseen.share.tolist())  # of each episode another
    assert rates == pytest.approx([1e-3, 0.75e-3, 0.5e-3, 0.25e-3])


def test_a_run_that_is_killed_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    config = replace(SMALL, checkpoint_seconds=0)
    whole = train(replace(config, run_folder=str(tmp_path / "whole")), DATA)
    plain, count = RvSAgent.update, []

    def killed(self, *args):
        count.append(1)
        if len(count) > 2:
            raise RuntimeError("killed")
        return plain.__get__(self)(*args)

    stopped = replace(config, run_folder=str(tmp_path / "stopped"))
    with monkeypatch.context() as patch:
        patch.setattr(RvSAgent, "update", killed)
        with pytest.raises(RuntimeError, match="killed"):
            train(stopped, DATA)
    for one, other in zip(train(stopped, DATA).weights(), whole.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_file_of_the_same_name_with_other_games_gets_networks_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rvs, "Config", lambda **settings: replace(SMALL, **settings))
    data = play_catcher("mirrored", 40, 0)
    for folder, episodes in (("one", data), ("other", data._replace(reward=0 * data.reward))):
        (tmp_path / folder).mkdir()
        save_episodes(tmp_path / folder / "games.npz", episodes)
        rvs.main(rvs.Options(quick=True, games=1, data=f"{folder}/games.npz"))
    homes = [path.name for path in (tmp_path / "runs" / "rvs").iterdir()]
    assert len(homes) == 2
    assert all(name.startswith("games-") for name in homes)
    capsys.readouterr()


def test_what_is_finished_is_not_learnt_again_and_other_settings_are_refused(tmp_path, monkeypatch):
    config = replace(SMALL, run_folder=(tmp_path / "run").as_posix())
    first = trained(config, DATA)
    monkeypatch.setattr(rvs, "Trainer", None)
    for one, other in zip(trained(config, DATA).weights(), first.weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="holds a network with other settings"):
        trained(replace(config, condition="total"), DATA)


def test_sizes_are_found_out_from_the_data():
    assert (suited(Config(obs_size=1, num_actions=9), DATA).obs_size, suited(Config(), DATA).num_actions) == (5, 3)


def test_the_script_learns_from_a_file_prints_a_table_draws_and_keeps_what_is_finished(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_episodes("mine.npz", DATA)
    monkeypatch.setattr(rvs, "Config", lambda **settings: replace(SMALL, **settings))
    monkeypatch.setattr(sys, "argv", ["AP/rvs.py", "--quick", "--data", "mine.npz", "--games", "2"])
    run(main, Options, rvs.__doc__)
    printed = capsys.readouterr().out
    for name in ("30 games", "RvS, sampled", "RvS, greedy", "10% cloning, sampled", "cloning, greedy", "Spearman"):
        assert name in printed
    home = tmp_path / f"runs/rvs/mine-{DATA.digest}-average-seed0"
    assert (home / "asked_and_got.png").stat().st_size > 20_000
    assert {path.name for path in home.iterdir() if path.is_dir()} == {"RvS", "cloning", "10-cloning"}


@pytest.mark.parametrize("wrong", [{"games": 0}, {"episodes": 3}, {"seed": -1}])
def test_bad_input_is_refused_in_one_sentence_before_any_work(wrong, monkeypatch):
    monkeypatch.setattr(rvs, "catcher_data", lambda *_: pytest.fail("worked"))
    with pytest.raises(ValueError, match="games must be from 1 to 1,000, episodes from 20 to 100,000, and seed"):
        main(Options(**wrong))


@pytest.mark.slow
def test_it_gets_what_it_is_asked_for_where_cloning_gets_what_most_did(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data, values = catcher_data("mirrored", 600, 100), np.arange(-3, 17, 2)
    agent = train(Config(seed=100, run_folder="rvs"), data)
    cloning = train(Config(seed=100, condition="none", run_folder="cloning"), data)
    for sampled in (True, False):
        got = ask_each(agent, values, 48, 100, sampled)
        found = calibration(values, got, data)
        assert found["spearman"] >= 0.95
        assert found["worst"] <= 2
        assert got[values == 15].mean() >= 13
        assert ask_each(cloning, [0], 200, 100, sampled).mean() <= 4


@pytest.mark.slow
def test_on_data_of_a_good_player_with_noise_greedy_cloning_needs_nobody_to_ask(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = catcher_data("noise", 600, 100)
    cloning = train(Config(seed=100, condition="none", run_folder="cloning"), data)
    assert ask_each(cloning, [0], 100, 100, sampled=False).mean() >= 15.5
    assert ask_each(cloning, [0], 100, 100, sampled=True).mean() <= 14
