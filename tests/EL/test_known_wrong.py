"""What the book's learning code gets wrong is right here; each test is named after one such thing."""

import math

import numpy as np
import pytest

from EL.actor_critic import ActorCritic, softmax
from EL.el_agent import ELAgent
from EL.epsilon_greedy import EpsilonGreedyAgent, Options, reward_and_regret
from EL.monte_carlo import MonteCarloAgent
from EL.q_learning import QLearningAgent
from EL.sarsa import SARSAAgent
from environment import CoinToss
from framework.plots import mean_and_band
from framework.tabular.world import make_world


def test_a_sum_of_Q_that_is_not_zero_is_not_taken_for_visited(model_world):
    """Here what was learnt sums to 0, and is acted upon all the same; and visits are counted where all Q are 0."""
    env = model_world({0: {0: [(1.0, 0, -1.0, True)], 1: [(1.0, 0, 1.0, True)]}})
    agent = QLearningAgent(env, seed=0, epsilon=0.0, learning_rate=1.0)
    agent.Q = [[-1.0, 1.0]]
    assert sum(agent.q[0]) == 0
    assert {agent.policy(0) for _ in range(200)} == {1}

    worthless = model_world({0: {0: [(1.0, 0, 0.0, True)]}})
    agent = QLearningAgent(worthless, seed=0)
    for _ in agent.learn(worthless, 7):
        pass
    assert agent.Q.tolist() == [[0.0]]
    assert agent.N.tolist() == [[7]]


def test_ties_are_not_broken_towards_action_0():
    agent = ELAgent(make_world("GridWorld-v0"), seed=0, epsilon=0.0)
    agent.q[3] = [0.5, 2.0, -1.0, 2.0]
    for state, ties in ((0, [0, 1, 2, 3]), (3, [1, 3])):
        taken = np.bincount([agent.policy(state) for _ in range(4000)], minlength=4)
        assert np.flatnonzero(taken).tolist() == ties
        expected = 4000 / len(ties)
        assert taken[ties] == pytest.approx(expected, abs=4 * math.sqrt(expected))

    bandit = EpsilonGreedyAgent(CoinToss([0.5] * 4), epsilon=0.0, runs=4000, seed=0)
    assert np.bincount(bandit.policy()) == pytest.approx(1000, abs=4 * math.sqrt(1000))


def test_softmax_does_not_overflow():
    assert softmax([1e308, 0.0, -1e308]) == [1.0, 0.0, 0.0]
    assert softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert softmax([-1e6, -1e6 + math.log(3)]) == pytest.approx([0.25, 0.75])
    agent = ActorCritic(make_world("GridWorld-v0"), seed=0)
    agent.q[0] = [5000.0, 0.0, 0.0, 0.0]
    assert {agent.policy(0) for _ in range(100)} == {0}


def test_actor_moves_along_the_gradient_of_log_softmax():
    """Checked against finite differences of log pi(a | s), for every preference, also of actions not taken."""
    preferences, td_error, rate, h = [0.3, -1.2, 2.0, 0.0], 0.7, 0.25, 1e-6
    for action in range(4):
        agent = ActorCritic(make_world("GridWorld-v0"), actor_rate=rate)
        agent.q[5] = preferences.copy()
        agent.update(5, action, td_error, agent.action_probs(5))
        for b in range(4):
            up, down = preferences.copy(), preferences.copy()
            up[b] += h
            down[b] -= h
            gradient = (math.log(softmax(up)[action]) - math.log(softmax(down)[action])) / (2 * h)
            assert agent.q[5][b] - preferences[b] == pytest.approx(rate * td_error * gradient, abs=1e-8)


def test_epsilon_greedy_curves_are_not_of_a_single_run():
    """They are means of hundreds of runs; single ones differ by more than the epsilons do."""
    assert Options().runs >= 100
    env = CoinToss(Options().head_probs)
    reward, _ = reward_and_regret(EpsilonGreedyAgent(env, 0.1, Options().runs, seed=0), 100)
    mean, half = mean_and_band(reward)
    assert reward[:, -1].std() > 0.1  # a single run
    assert half[-1] < 0.015  # their mean
    other, _ = reward_and_regret(EpsilonGreedyAgent(env, 0.1, Options().runs, seed=1), 100)
    assert abs(other[:, -1].mean() - mean[-1]) < 3 * half[-1]


def test_on_policy_monte_carlo_is_not_listed_as_off_policy():
    assert MonteCarloAgent.policy_learnt == "on-policy"


def test_monte_carlo_learns_the_value_of_its_exploring_policy(model_world):
    """What on-policy means: a second step that may go wrong by exploring lowers the value of the first."""
    P = {0: {a: [(1.0, 1, 0.0, False)] for a in range(2)}, 1: {a: [(1.0, 1, float(a), True)] for a in range(2)}}
    env = model_world(P)
    agent = MonteCarloAgent(env, seed=0, epsilon=0.5, gamma=1.0)
    for _ in agent.learn(env, 20_000):
        pass
    assert agent.expected_value(0) == pytest.approx(0.75, abs=0.02)


def test_SARSA_is_not_listed_as_policy_based():
    assert SARSAAgent.based_on == "value"
    assert SARSAAgent.policy_learnt == "on-policy"
