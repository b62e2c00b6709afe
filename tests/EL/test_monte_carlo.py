"""Monte Carlo by hand: returns, visits, and importance sampling."""

import itertools

import pytest

from EL.monte_carlo import MonteCarloAgent, OffPolicyMonteCarloAgent

LOOP = [(0, 1, 1.0), (1, 0, 0.0), (0, 1, 2.0), (0, 0, 4.0)]  # (state, action, reward); (0, 1) is visited twice


@pytest.fixture
def two_states(model_world):
    """Two states, two actions: 0 leads to 1, 1 ends; the reward is 1 + 2 × state + 4 × action."""
    return model_world(
        {s: {a: [(1.0, 1, 1.0 + 2 * s + 4 * a, s == 1)] for a in range(2)} for s in range(2)},
    )


def test_first_visit_learns_the_return_of_the_first(two_states):
    agent = MonteCarloAgent(two_states, gamma=0.5)
    updates = list(agent.updates(LOOP, 0.0))
    assert updates == [(0, 0, 4.0), (1, 0, 2.0), (0, 1, 2.0)]  # 4, then 0 + 4 / 2 after 2 + 4 / 2, then 1 + 2 / 2
    assert agent.q == [[4.0, 2.0], [2.0, 0.0]]
    assert agent.n == [[1, 1], [1, 0]]


def test_every_visit_learns_the_mean_of_both(two_states):
    agent = MonteCarloAgent(two_states, first_visit=False, gamma=0.5)
    list(agent.updates(LOOP, 0.0))
    assert agent.q == [[4.0, 3.0], [2.0, 0.0]]  # (4 + 2) / 2
    assert agent.n == [[1, 2], [1, 0]]


def test_what_followed_a_cut_episode_enters_its_returns(two_states):
    agent = MonteCarloAgent(two_states, gamma=0.5)
    list(agent.updates([(0, 0, 1.0)], 8.0))
    assert agent.q[0][0] == 1.0 + 0.5 * 8


def test_values_are_means_of_returns(two_states):
    agent = MonteCarloAgent(two_states, gamma=1.0)
    for reward in (1.0, 4.0, 7.0, 0.0):
        list(agent.updates([(1, 1, reward)], 0.0))
    assert agent.q[1][1] == pytest.approx(3.0)


class FixedTarget(OffPolicyMonteCarloAgent):
    """Evaluates a fixed target policy: action 1 with probability 3/4 in state 0, 1/4 in state 1."""

    target = ((0.25, 0.75), (0.75, 0.25))

    def greedy_prob(self, state, action):
        return self.target[state][action]


def test_importance_sampling_is_unbiased(two_states):
    """Over all four episodes of a behaviour policy, each by its probability: the mean of W × G is the target's value.

    After one episode, c holds W and q holds G. Behaviour: each action with probability 1/2, in both states.
    """
    mean = 0.0
    for first, second in itertools.product(range(2), repeat=2):
        episode = [(0, first, 1.0 + 4 * first, 0.5), (1, second, 3.0 + 4 * second, 0.5)]
        agent = FixedTarget(two_states, gamma=1.0)
        list(agent.updates(episode, 0.0))
        # W of a pair leaves its own action out, so that of the first is added here
        ratio = FixedTarget.target[0][first] / 0.5
        mean += 0.25 * ratio * agent.c[0][first] * agent.q[0][first]
    by_hand = (1 + 4 * 0.75) + (3 + 4 * 0.25)
    assert mean == pytest.approx(by_hand)


def test_returns_are_weighted_by_their_ratios(two_states):
    """Two episodes after the same first action: ratios 3/4 / 1/2 = 3/2 and 1/4 / 1/2 = 1/2, returns 4 and 8."""
    agent = FixedTarget(two_states, gamma=1.0)
    list(agent.updates([(0, 0, 1.0, 0.5), (1, 0, 3.0, 0.5)], 0.0))
    list(agent.updates([(0, 0, 1.0, 0.5), (1, 1, 7.0, 0.5)], 0.0))
    assert agent.c[0][0] == pytest.approx(2.0)
    assert agent.q[0][0] == pytest.approx((1.5 * 4 + 0.5 * 8) / 2)
    assert agent.q[1] == pytest.approx([3.0, 7.0])  # the last step's own ratio does not enter


def test_nothing_before_the_last_exploring_action_is_learnt_off_policy(two_states):
    agent = OffPolicyMonteCarloAgent(two_states, gamma=1.0)
    agent.q = [[0.0, 9.0], [0.0, 9.0]]  # greedy is action 1
    updates = list(agent.updates([(0, 1, 5.0, 0.95), (1, 0, 3.0, 0.05)], 0.0))
    assert [(s, a) for s, a, _ in updates] == [(1, 0)]


def test_ties_of_the_greedy_policy_share_its_probability(two_states):
    agent = OffPolicyMonteCarloAgent(two_states)
    agent.q[0] = [2.0, 2.0]
    assert [agent.greedy_prob(0, a) for a in range(2)] == [0.5, 0.5]
    agent.q[0] = [2.0, 3.0]
    assert [agent.greedy_prob(0, a) for a in range(2)] == [0.0, 1.0]


def test_off_policy_learns_the_greedy_policys_value_and_on_policy_its_own(two_states):
    """From the start, greedy earns 5 + 7; exploring half of the time, 4 less."""
    values = {}
    for agent_class in (MonteCarloAgent, OffPolicyMonteCarloAgent):
        agent = agent_class(two_states, seed=0, epsilon=1.0, gamma=1.0)
        two_states.reset(seed=0)
        for _ in agent.learn(two_states, 20_000):
            pass
        values[agent_class] = agent.Q[0, 1]
    assert values[OffPolicyMonteCarloAgent] == pytest.approx(12, abs=0.1)
    assert values[MonteCarloAgent] == pytest.approx(10, abs=0.1)
