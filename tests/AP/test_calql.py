"""Cal-QL: G and R by hand, what the one line more does, and runs that go on."""

import csv
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from gymnasium import spaces

from AP.calql import CalQLAgent, Config, Experience, conservative, minibatches, returns_to_go, train
from AP.maze_data import PUSHES, calibration, collect, fill, in_successes, number_of, write
from framework.graph import graphs_of
from framework.replay import Batch
from framework.tf import begin, tf
from framework.trainer import Trainer
from framework.vector import Transition

OBS, ACTIONS = spaces.Box(-1, 1, (4,), np.float32), spaces.Box(-1, 1, (2,), np.float32)
SMALL = Config(
    steps=24, offline_steps=12, gradient_steps=2, batch_size=8, hidden=(5,), eval_every=12, log_every=12,
    eval_episodes=2, final_episodes=2,
)  # fmt: skip


def agent_of(**options):
    config = replace(SMALL, **options)
    begin(config)
    return CalQLAgent(OBS, ACTIONS, config)


def batch_of(rows=6, seed=0):
    rng = np.random.default_rng(seed)
    obs, next_obs = rng.uniform(-1, 1, (2, rows, 4)).astype("f")
    action, reward = rng.integers(9, size=rows), rng.normal(size=rows).astype("f")
    ends, one = rng.random(rows) < 0.3, np.ones(rows, "f")
    return Batch(*map(tf.constant, (obs, action, reward, next_obs, ends, 0.9 * one, one, np.arange(rows))))


def steps(rewards, terminated=False, truncated=False):
    """One episode, as steps of one world."""
    for i, reward in enumerate(rewards):
        last, obs = i == len(rewards) - 1, np.full((1, 4), i, "f")
        ends = (np.array([end and last]) for end in (terminated, truncated))
        yield Transition(obs, np.array([0]), np.array([reward], "f"), obs + 1, *ends)


# G


def test_the_return_of_an_episode_that_reached_the_goal_is_what_followed_each_step():
    got = returns_to_go(np.array([-1.0, -1.0, 0.0]), True, 0.9)
    assert got == pytest.approx([-1.9, -1, 0])


def test_the_return_of_one_that_did_not_is_its_reward_for_ever_and_not_the_truncated_sum():
    assert returns_to_go(np.full(3, -1.0), False, 0.9) == pytest.approx([-10] * 3)


def test_every_step_in_the_buffer_has_the_return_of_its_own_episode():
    """Two failures around a success; the fourth episode goes on still, and counts as a failure until it has ended."""
    buffer = Experience(20, 0.9, 0)
    for episode in (
        steps([-1, -1], truncated=True),
        steps([-1, -1, 0], terminated=True),
        steps([-1], truncated=True),
        steps([-1, -1]),
    ):
        for step in episode:
            buffer.add(step)
    expected = [-10, -10, -1.9, -1, 0, -10, -10, -10]
    assert buffer.returns[:8] == pytest.approx(expected)
    batch, returns = buffer.sample_with_returns(50, 2)
    assert batch.reward.shape == returns.shape == (2, 50)
    assert returns == pytest.approx(np.array(expected, "f")[batch.index])


def test_an_episode_that_began_before_a_checkpoint_gets_its_return_after_it():
    whole, cut = (Experience(20, 0.9, 0) for _ in range(2))
    episode = list(steps([-1, -1, -1, 0], terminated=True))
    for step in episode:
        whole.add(step)
    for step in episode[:2]:
        cut.add(step)
    again = Experience(20, 0.9, 5)
    again.load_state(cut.state())
    for step in episode[2:]:
        again.add(step)
    np.testing.assert_array_equal(again.returns, whole.returns)


# R


def test_R_by_hand_with_and_without_the_return():
    """With G = 1 the 0 and the -1 count as 1: log(e² + 2 e); with G = -9 nothing is changed."""
    q, taken = np.array([[2.0, 0.0, -1.0]] * 2, "f"), np.array([0.5, 0.5], "f")
    plain = np.log(np.exp(2) + 1 + np.exp(-1)) - 0.5
    got = conservative(q, taken, np.array([1.0, -9.0], "f"))
    assert got.numpy() == pytest.approx([np.log(np.exp(2) + 2 * np.exp(1)) - 0.5, plain])
    assert conservative(q, taken, np.array([1.0, -9.0], "f"), calibrated=False).numpy() == pytest.approx([plain] * 2)


def test_what_is_below_the_return_is_pressed_down_no_further():
    q = tf.Variable([[2.0, 0.0, -1.0]])
    for calibrated, expected in ((True, [True, False, False]), (False, [True, True, True])):
        with tf.GradientTape() as tape:
            loss = conservative(q, tf.zeros(1), tf.constant([1.0]), calibrated)
        assert (tape.gradient(loss, q).numpy()[0] > 0).tolist() == expected


def test_the_loss_by_its_parts():
    agent, batch, returns = agent_of(conservative_weight=3.0), batch_of(), np.linspace(-1, 1, 6).astype("f")
    agent.target_network.set_weights([weights + 0.1 for weights in agent.target_network.get_weights()])
    loss, logged = agent.loss(batch, returns)
    q, rows = agent.network(batch.obs).numpy(), np.arange(6)
    taken = q[rows, batch.action.numpy()]
    best = agent.target_network(batch.next_obs).numpy().max(axis=1)
    y = batch.reward.numpy() + 0.9 * (1 - batch.terminated.numpy()) * best
    pressed = np.log(np.exp(np.maximum(q, returns[:, None])).sum(axis=1)) - taken
    assert float(logged["td_loss"]) == pytest.approx(((y - taken) ** 2).mean(), rel=1e-5)
    assert float(logged["conservative_loss"]) == pytest.approx(pressed.mean(), rel=1e-5)
    assert float(loss) == pytest.approx(((y - taken) ** 2).mean() + 3 * pressed.mean(), rel=1e-5)


@pytest.mark.parametrize("calibrated", [True, False])
def test_the_gradient_of_the_loss_is_that_of_finite_differences_and_none_reaches_the_target(calibrated):
    agent, batch = agent_of(seed=3, calibrated=calibrated), batch_of()
    returns, rng, h = np.zeros(6, "f"), np.random.default_rng(0), 1e-2
    with tf.GradientTape() as tape:
        loss, _ = agent.loss(batch, returns)
    of_network, of_target = agent.network.trainable_variables, agent.target_network.trainable_variables
    gradients = tape.gradient(loss, [*of_network, *of_target])
    assert all(gradient is None for gradient in gradients[len(of_network) :])
    for variable, gradient in zip(of_network, gradients, strict=False):
        values = variable.numpy()
        for place in rng.choice(values.size, min(3, values.size), replace=False):
            place, around = np.unravel_index(place, values.shape), []
            for step in (h, -h):
                moved = values.copy()
                moved[place] += step
                variable.assign(moved)
                around.append(float(agent.loss(batch, returns)[0]))
            variable.assign(values)
            assert gradient.numpy()[place] == pytest.approx((around[0] - around[1]) / (2 * h), rel=0.05, abs=0.01)


# The agent


def test_pushes_are_numbered_as_the_agent_names_them_and_others_are_refused():
    assert number_of(PUSHES).tolist() == list(range(9))
    assert number_of(np.array([[[0.0, -1.0]]])).tolist() == [[3]]
    with pytest.raises(ValueError, match="pushes must be -1, 0 or 1 each here"):
        number_of(np.array([[0.5, 0.0]]))


def test_it_acts_in_proportion_to_exp_Q_and_an_evaluation_takes_no_draws_from_training():
    agent, obs = agent_of(), np.zeros((20_000, 4), "f")
    *_, kernel, bias = agent.network.trainable_variables
    kernel.assign(tf.zeros_like(kernel))
    bias.assign(np.log(np.arange(1, 10)))
    before = agent.rng.bit_generator.state
    shares = np.bincount(number_of(agent.player()(obs)), minlength=9) / len(obs)
    assert agent.rng.bit_generator.state == before
    assert shares == pytest.approx(np.arange(1, 10) / 45, abs=0.01)
    np.testing.assert_array_equal(agent.player()(obs[:50]), agent.player()(obs[:50]))
    assert np.bincount(number_of(agent.act(obs)), minlength=9) / len(obs) == pytest.approx(shares, abs=0.02)
    assert agent.rng.bit_generator.state != before
    assert number_of(agent.greedy(obs[:2])).tolist() == [8, 8]
    assert agent.value(obs[:2]) == pytest.approx([np.log(9)] * 2, rel=1e-5)


def test_the_target_network_starts_as_a_copy():
    agent = agent_of()
    for one, same in zip(agent.network.get_weights(), agent.target_network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, same)


def test_minibatches_are_all_data_before_there_is_anything_else_and_then_half_and_half():
    data, online = Experience(60, 0.9, 0), Experience(60, 0.9, 1)
    for step in steps([-1] * 60, truncated=True):
        data.add(step)
    batches, returns = minibatches(online, data, SMALL)
    assert batches.obs.shape == (2, 8, 4)
    assert (returns == -10).all()
    for step in steps([*[-1] * 9, 0], terminated=True):
        online.add(step)
    _, returns = minibatches(online, data, SMALL)
    assert (returns > -10).sum(axis=1).tolist() == [4, 4]


def test_calibration_by_hand_counts_episodes_that_reached_the_goal_alone():
    value, returns = np.array([-12.0, -9.0, -10.4, -300.0]), np.array([-10.0, -10.0, -10.0, -100.0])
    got = calibration(value, returns, np.array([True, True, True, False]))
    assert got["gap"] == pytest.approx((2 + 0 + 0.4) / 3)
    assert got["calibrated"] == pytest.approx(2 / 3)
    assert calibration(value, returns, np.zeros(4, bool)) == {}


def test_which_steps_of_the_data_are_of_a_success():
    data = collect(0, 20, nine=True)
    known = in_successes(data)
    assert known.sum() < len(known) / 2
    assert known[data.terminated].all()
    assert not known[data.truncated].any()
    offline = fill(Experience(len(data.reward), 0.99, 0), data._replace(action=number_of(data.action)))
    returns = offline.returns[: len(known)]
    assert returns[~known] == pytest.approx(-100, rel=1e-5)
    assert (returns[known] > -100).all()


# Runs


def rows_of(folder):
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_that_is_killed_offline_or_online_goes_on_to_the_same_bits(ends_alike, monkeypatch):
    monkeypatch.setattr(CalQLAgent.train_step, "xla", False)  # which takes seconds each time
    agent = ends_alike(train, SMALL, 7, 17)
    assert {graph.traces for graph in graphs_of(agent).values()} == {1}


def test_the_maze_is_entered_only_after_the_offline_steps(tmp_path, monkeypatch):
    added = []
    add = Experience.add
    monkeypatch.setattr("AP.calql.fill", lambda buffer, data: fill(buffer, collect_small()))

    def noted(self, transition):
        added.append(transition)
        return add(self, transition)

    monkeypatch.setattr(Experience, "add", noted)
    train(replace(SMALL, steps=20, run_folder=str(tmp_path / "run")))
    assert len(added) - len(collect_small().reward) == 10  # of 20: half of the steps at most are offline


def test_in_the_maze_it_does_what_it_draws_and_not_what_is_best(tmp_path, monkeypatch):
    write(tmp_path / "data.npz", collect(9, 3, nine=True))
    monkeypatch.setattr(CalQLAgent, "act", lambda agent, obs: PUSHES[[7]])
    monkeypatch.setattr(CalQLAgent, "train_step", lambda agent, batches, returns: {})
    kept, enter = {}, Trainer.__enter__
    monkeypatch.setattr(Trainer, "__enter__", lambda self: (kept.update(self.parts), enter(self))[1])
    train(replace(SMALL, data=str(tmp_path / "data.npz"), run_folder=str(tmp_path / "run")))
    online = kept["online"]
    assert online.action[: len(online)].tolist() == [7] * 12


def test_a_run_measures_calibration_on_the_states_of_successes(tmp_path, monkeypatch):
    data, found = collect(0, 20, nine=True), []
    write(tmp_path / "data.npz", data)
    monkeypatch.setattr("AP.calql.calibration", lambda value, returns, known: found.append((returns, known)) or {})
    monkeypatch.setattr(CalQLAgent, "train_step", lambda agent, batches, returns: {})
    train(replace(SMALL, data=str(tmp_path / "data.npz"), run_folder=str(tmp_path / "run")))
    for returns, known in found:
        np.testing.assert_array_equal(known, in_successes(data))
        assert returns[~known] == pytest.approx(-100, rel=1e-5)
    assert len(found) == 2


def collect_small():
    data = collect(0, 2, nine=True)
    return data._replace(action=number_of(data.action))


@pytest.fixture
def command(run_page):
    return partial(run_page, "calql")


def test_quick_run_through_the_command_line_with_a_file_of_data_and_a_film_of_it(command, tmp_path):
    write(tmp_path / "data.npz", collect(9, 3, nine=True))
    said = command("--quick", "--hidden", "16", "--data", "data.npz")
    assert "error" not in said.err
    (home,) = (tmp_path / "runs" / "calql").iterdir()
    result = json.loads((home / "result.json").read_text(encoding="utf-8"))
    assert f"best agent: success {result['return']:.2f}" in said.out
    assert "episode 1: return" in command("--play", "--record", "film.gif").out
    write(tmp_path / "any.npz", collect(9, 3))
    assert "AP/maze_data.py --nine collects such data" in command("--data", "any.npz").err


@pytest.mark.slow
def test_Cal_QL_goes_the_way_that_nobody_in_the_data_went(tmp_path):
    """Measured with seeds 100 to 104: at least 0.95 at the end; after the data alone from 0.10 to 1.00."""
    train(Config(seed=100, eval_every=5_000, run_folder=str(tmp_path / "run")))
    *_, at_the_end = (float(row["eval_return"]) for row in rows_of(tmp_path / "run") if row["eval_return"])
    assert at_the_end >= 0.8
