"""Subtle bugs of learning that other tests let pass; each test is named after the claim that one breaks."""

import numpy as np

from EL.epsilon_greedy import EpsilonGreedyAgent
from EL.q_learning import QLearningAgent
from EL.td_lambda import TDLambdaAgent
from environment import CoinToss
from framework.tabular.study import Run, summary
from framework.tabular.world import make_world


def test_the_summary_is_of_the_last_hundred_episodes():
    """After 150 episodes that pay 0 there are 100 that pay 1, by one seed, and 3, by another."""
    Q = np.eye(4)[[1] * 12]  # always to the right
    runs = [Run(np.repeat([0.0, reward], [150, 100]), np.ones(250, int), Q, Q) for reward in (1.0, 3.0)]
    (line,) = summary(make_world("GridWorld-v0"), {"a method": runs})
    assert "a method:    2.000 ± 1.000 an episode over the last 100;" in line


def test_assigning_Q_is_seen_by_whoever_holds_the_rows():
    agent = QLearningAgent(make_world("GridWorld-v0"))
    held = agent.q
    agent.Q = np.arange(48).reshape(12, 4)
    assert held[11] == [44, 45, 46, 47]


def test_the_mean_of_a_coin_is_its_heads_by_its_tosses():
    agent = EpsilonGreedyAgent(CoinToss([0.4]), runs=50, seed=0)
    heads = np.zeros(50)
    for tosses, (_, rewards) in enumerate(agent.play(20), start=1):
        heads += rewards
        np.testing.assert_allclose(agent.V[:, 0], heads / tosses)


def test_an_episode_begins_without_the_traces_of_the_one_before():
    env = make_world("GridWorld-v0")
    agent = TDLambdaAgent(env, seed=0)
    list(agent.steps(env))
    first = next(agent.steps(env))
    assert agent.traces == {(first.state, first.action): 1.0}
