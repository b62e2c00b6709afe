"""Adversarial imitation: the reward, the discriminator, and what it makes of a learner."""

import runpy
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from FN.ppo_agent import PPOAgent
from framework.graph import graphs_of
from framework.tf import begin, tf
from IM import adversarial
from IM.adversarial import Config, Discriminator, compare, demonstrate, discriminator_loss, imitation_reward, judge
from worlds.lasting_cart_pole import cart_pole_expert

Batch = namedtuple("Batch", "obs action")
SMALL = Config(reward="airl", steps=512, eval_every=512, eval_episodes=1, final_episodes=1, num_envs=4)
SCRIPT = Path(__file__).parents[2] / "IM" / "adversarial.py"


def test_rewards_by_hand_are_high_where_the_discriminator_takes_a_step_for_the_expert_s():
    logit = tf.constant([0.0, np.log(3), -np.log(3)])  # D = 1/2, 3/4, 1/4
    np.testing.assert_allclose(imitation_reward(logit, "airl"), [0, np.log(3), -np.log(3)], rtol=1e-6)
    np.testing.assert_allclose(imitation_reward(logit, "gail"), -np.log([1 / 2, 1 / 4, 3 / 4]), rtol=1e-6)
    np.testing.assert_allclose(imitation_reward(logit, "constant"), [1, 1, 1])


def test_the_discriminator_s_loss_by_hand():
    """D = 3/4 of the expert's step costs -log 3/4, D = 1/4 of the learner's as much."""
    sure = tf.constant([np.log(3.0)], tf.float32)
    assert float(discriminator_loss(-sure, sure)) == pytest.approx(-2 * np.log(3 / 4))
    assert float(discriminator_loss(sure, -sure)) == pytest.approx(-2 * np.log(1 / 4))
    with pytest.raises(ValueError, match="incompatible"):
        discriminator_loss(tf.zeros(2), tf.zeros((2, 1)))


def test_h_becomes_the_log_of_how_much_more_often_the_expert_does_what_the_learner_does():
    """In one state, the expert takes action 1 in 80% of its steps and the learner in 50%."""
    begin(SMALL)
    discriminator = Discriminator(replace(SMALL, d_steps=600))
    obs, rng = np.zeros((5_000, 4), np.float32), np.random.default_rng(0)
    learner, expert = (Batch(obs, (rng.random(5_000) < share).astype(np.int64)) for share in (0.5, 0.8))
    discriminator.train_step(learner, expert)
    reward = discriminator.reward(obs[:2], np.array([0, 1]))
    np.testing.assert_allclose(reward, np.log([0.2 / 0.5, 0.8 / 0.5]), atol=0.12)


def test_the_discriminator_tells_states_apart_and_is_one_graph():
    begin(SMALL)
    discriminator, rng = Discriminator(replace(SMALL, d_steps=150)), np.random.default_rng(0)
    sides = [Batch(rng.normal(x, 0.1, (500, 4)).astype(np.float32), rng.integers(2, size=500)) for x in (-0.3, 0.3)]
    for _ in range(2):
        logged = discriminator.train_step(*sides)
    assert logged["d_accuracy"] > 0.98
    rewards = [discriminator.reward(*side) for side in sides]
    assert rewards[0].max() < 0 < rewards[1].min()
    assert {name: graph.traces for name, graph in graphs_of(discriminator).items()} == {"update": 1, "reward": 1}


def test_a_discriminator_goes_on_from_its_state_to_the_same_numbers():
    begin(SMALL)
    rng = np.random.default_rng(0)
    sides = [Batch(rng.normal(size=(50, 4)).astype(np.float32), rng.integers(2, size=50)) for _ in range(2)]
    one, other = Discriminator(SMALL), Discriminator(replace(SMALL, seed=7))
    one.train_step(*sides)
    other.load_state(one.state())
    assert one.train_step(*sides) == other.train_step(*sides)
    np.testing.assert_array_equal(one.reward(*sides[0]), other.reward(*sides[0]))


def test_the_expert_stands_at_1_and_shows_all_of_its_steps():
    shown = demonstrate(replace(SMALL, demonstrations=3, horizon=500))
    assert (shown.obs.shape, shown.action.shape) == ((1_500, 4), (1_500,))
    np.testing.assert_array_equal(shown.action, cart_pole_expert(shown.obs))
    last = shown.obs.reshape(500, 3, 4)[250:]
    assert np.abs(last[..., 0] - 1).mean() < 0.15
    assert np.abs(shown.obs[:, 2]).max() < 0.21


def test_shuffled_demonstrations_have_the_same_states_and_the_same_actions_but_not_together():
    shown, shuffled = demonstrate(SMALL), demonstrate(replace(SMALL, reward="shuffled"))
    np.testing.assert_array_equal(shuffled.obs, shown.obs)
    assert shuffled.action.sum() == shown.action.sum()
    assert 0.4 < (shuffled.action == shown.action).mean() < 0.6


def test_an_agent_learns_from_the_discriminator_s_pay_and_never_sees_the_world_s(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    seen, learn = [], PPOAgent.train_step

    def train_step(agent, rollout, remaining):
        seen.append((rollout.obs[:, 0], rollout.action[:, 0], rollout.reward))
        return learn(agent, rollout, remaining)

    monkeypatch.setattr(PPOAgent, "train_step", train_step)
    adversarial.train(replace(SMALL, reward="constant"))
    assert all((reward == 1).all() for *_, reward in seen)
    seen.clear()
    before = Discriminator(SMALL)  # of the same seed, and not yet taught
    adversarial.train(SMALL)
    obs, action, reward = seen[0]
    np.testing.assert_allclose(reward[:, 0], before.reward(obs, action), atol=1e-6)
    assert len(seen) == SMALL.steps // (SMALL.num_envs * SMALL.rollout_steps)


def test_judge_by_hand():
    """The first cart stands 0.5 m off in the second half, the second 0.1 m; the third has dropped its pole."""
    path = np.zeros((4, 3, 4))
    path[2:, :, 0] = [[1.4, 0.9, 2], [1.6, 1.1, 2]]
    path[-1, 2, 2] = np.pi / 2
    assert judge(path) == pytest.approx((0.5, 2 / 3))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"env": "Acrobot-v1"}, "the expert steers LastingCartPole-v0 and CartPole-v1; got Acrobot-v1"),
        ({"env": "MountainCar-v0"}, "the expert steers LastingCartPole-v0 and CartPole-v1; got MountainCar-v0"),
        ({"demonstrations": 0}, "demonstrations must be from 1 to 1,000; got 0"),
        ({"demonstrations": 1_001}, "demonstrations must be from 1 to 1,000; got 1001"),
        ({"horizon": -1}, "horizon must be from 1 to 1,000; got -1"),
        ({"d_steps": 0}, "d_steps must be from 1 to 1,000; got 0"),
        ({"reward": "all", "run_folder": "here"}, "a folder holds one run; say which --reward it is of"),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        compare(replace(SMALL, **change))


def test_the_script_trains_all_three_draws_them_and_plays_the_imitator(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    for flags in (["--quick", "--steps", "2048"], ["--play", "--record", "play.gif"]):
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *flags])
        runpy.run_path(str(SCRIPT), run_name="__main__")
    captured = capsys.readouterr()
    assert "error:" not in captured.err
    for name in ("expert", "clone", "constant", "shuffled", "airl"):
        assert f"\n{name} " in captured.out
    runs = tmp_path / "runs" / "adversarial"
    assert len(list(runs.glob("*-seed0*/result.json"))) == 3
    assert (runs / "imitation.png").stat().st_size > 20_000
    assert (tmp_path / "play.gif").stat().st_size > 1_000


@pytest.mark.slow
def test_the_imitator_stands_where_the_expert_does_and_a_learner_that_is_paid_a_constant_does_not(
    monkeypatch, tmp_path
):
    """bench/results/adversarial.json has the distances of five seeds of each."""
    monkeypatch.chdir(tmp_path)
    judged = {}
    for reward, steps in (("airl", 300_000), ("constant", 100_000)):
        config = replace(SMALL, reward=reward, steps=steps, eval_every=steps, num_envs=64)
        agent, _ = adversarial.train(config)
        judged[reward] = judge(adversarial.paths(agent.greedy, config))
    distance, upright = judged["airl"]
    assert (distance, upright) == (pytest.approx(0, abs=0.4), pytest.approx(1, abs=0.1))
    distance, _ = judged["constant"]
    assert distance > 0.5
