"""The bandits: what they toss, what they earn, what they regret."""

import math

import numpy as np
import pytest

import environment
from EL.epsilon_greedy import (
    CoinToss,
    EpsilonGreedyAgent,
    Options,
    ThompsonAgent,
    UCB1Agent,
    kl,
    lai_robbins,
    reward_and_regret,
)

PROBS = Options().head_probs


def test_coin_toss_is_that_of_the_worlds():
    assert CoinToss is environment.CoinToss


def test_counts_and_means_by_hand():
    """Coins that always show the same: the mean of each is its probability, and counts add up."""
    agent = EpsilonGreedyAgent(CoinToss([0.0, 1.0]), epsilon=1.0, runs=50, seed=0)
    tosses = list(agent.play(40))
    assert len(tosses) == 40
    assert (agent.N.sum(axis=1) == 40).all()
    assert np.array_equal(agent.V, np.where(agent.N > 0, [0.0, 1.0], 0.0))
    assert np.array_equal(tosses[0][0], tosses[0][1])  # coin 1 pays 1, coin 0 nothing


def test_epsilon_is_the_share_of_exploring_tosses():
    """With the best coin known for sure, it is tossed with probability 1 - epsilon + epsilon / K."""
    agent = EpsilonGreedyAgent(CoinToss(PROBS), epsilon=0.3, runs=20_000, seed=0)
    agent.V[:, 3] = 1.0
    assert (agent.policy() == 3).mean() == pytest.approx(0.7 + 0.3 / 5, abs=0.015)


def test_a_run_among_many_is_like_a_run_alone():
    """The vectorised tosses pay as CoinToss.step does."""
    env = CoinToss(PROBS, max_episode_steps=10**6)
    env.reset(seed=0)
    alone = [env.step(1)[1] for _ in range(20_000)]
    agent = EpsilonGreedyAgent(env, epsilon=0.0, runs=20_000, seed=0)
    agent.V[:, 1] = 1.0
    _, together = next(agent.play(1))
    assert np.mean(alone) == pytest.approx(0.5, abs=0.02)
    assert together.mean() == pytest.approx(0.5, abs=0.02)


def test_relative_entropy_and_bound_by_hand():
    assert kl(0.5, 0.9) == pytest.approx(0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1))
    assert kl(0.3, 0.3) == 0
    assert kl(0.0, 0.5) == pytest.approx(math.log(2))
    assert kl(0.5, 1.0) == math.inf  # one tail tells
    by_hand = 0.4 / kl(0.5, 0.9) + 3 * 0.8 / kl(0.1, 0.9)
    assert lai_robbins(PROBS) == pytest.approx(by_hand) == pytest.approx(2.149, abs=1e-3)
    assert lai_robbins([0.5, 1.0]) == 0


def test_regret_by_hand():
    """Epsilon 1 tosses each coin equally often and loses the mean of what they lack."""
    reward, regret = reward_and_regret(EpsilonGreedyAgent(CoinToss(PROBS), 1.0, runs=400, seed=0), 200)
    lost = np.mean(0.9 - np.array(PROBS))
    assert regret[:, -1].mean() == pytest.approx(200 * lost, rel=0.02)
    assert reward[:, -1].mean() == pytest.approx(0.9 - lost, abs=0.01)
    assert (np.diff(regret, axis=1) >= 0).all()


def test_ucb1_tosses_every_coin_once_first():
    agent = UCB1Agent(CoinToss(PROBS), runs=30, seed=0)
    list(agent.play(5))
    assert (agent.N == 1).all()


@pytest.mark.parametrize(("agent_class", "slope"), [(ThompsonAgent, (0.5, 1.2)), (UCB1Agent, (6, 10))])
def test_regret_grows_with_the_logarithm_of_time(agent_class, slope):
    """From 300 to 3,000 tosses, in multiples of the slope of Lai & Robbins: about 0.7 by Thompson, 8 by UCB1."""
    tosses = 3000
    _, regret = reward_and_regret(agent_class(CoinToss(PROBS), runs=300, seed=100), tosses)
    mean = regret.mean(axis=0)
    measured = (mean[-1] - mean[299]) / math.log(tosses / 300) / lai_robbins(PROBS)
    assert slope[0] < measured < slope[1]


def test_epsilon_greedys_regret_is_linear():
    _, regret = reward_and_regret(EpsilonGreedyAgent(CoinToss(PROBS), 0.1, runs=300, seed=100), 3000)
    mean = regret.mean(axis=0)
    late, per_toss = (mean[-1] - mean[1499]) / 1500, 0.1 * np.mean(0.9 - np.array(PROBS))
    assert late == pytest.approx(per_toss, rel=0.1)


def test_seeds_repeat_bit_for_bit():
    for agent_class in (EpsilonGreedyAgent, UCB1Agent, ThompsonAgent):
        once, again, other = (
            reward_and_regret(agent_class(CoinToss(PROBS), 0.2, 20, seed), 50)[0] for seed in (5, 5, 6)
        )
        assert np.array_equal(once, again)
        assert not np.array_equal(once, other)


def test_bad_epsilon_gets_one_sentence():
    with pytest.raises(ValueError, match="epsilon must be a number from 0 to 1"):
        EpsilonGreedyAgent(CoinToss(PROBS), epsilon=2)
