"""What all agents of Day 3 share, and what they are said to be."""

import inspect
from collections import Counter
from itertools import islice, pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from EL.actor_critic import Actor, ActorCritic
from EL.compare_q_s import CompareAgent
from EL.el_agent import ELAgent, Episode, Step
from EL.monte_carlo import MonteCarloAgent, OffPolicyMonteCarloAgent
from EL.q_learning import DoubleQLearningAgent, QLearningAgent
from EL.sarsa import ExpectedSARSAAgent, NStepSARSAAgent, SARSAAgent
from EL.td_lambda import TDLambdaAgent
from framework.tabular.world import make_world

# class: (moves towards, based on, learns)
METHODS = {
    MonteCarloAgent: ("actual return", "value", "on-policy"),
    OffPolicyMonteCarloAgent: ("actual return", "value", "off-policy"),
    QLearningAgent: ("estimate", "value", "off-policy"),
    DoubleQLearningAgent: ("estimate", "value", "off-policy"),
    SARSAAgent: ("estimate", "value", "on-policy"),
    ExpectedSARSAAgent: ("estimate", "value", "on-policy"),
    NStepSARSAAgent: ("estimate", "value", "on-policy"),
    TDLambdaAgent: ("estimate", "value", "on-policy"),
    ActorCritic: ("estimate", "policy", "on-policy"),
}
TD_METHODS = [m for m in METHODS if METHODS[m][0] == "estimate"]


def same(one, other):
    """Whether two runs, [(Episode, Q)], are equal bit for bit."""
    return all(a == b and np.array_equal(Q, R) for (a, Q), (b, R) in zip(one, other, strict=True))


def run(agent_class, seed, episodes=30, env_id="FrozenLake-v1"):
    env = make_world(env_id)
    env.reset(seed=seed)
    agent = agent_class(env, seed)
    return [(episode, agent.Q) for episode in agent.learn(env, episodes)]


@pytest.mark.parametrize("agent_class", METHODS)
def test_methods_are_what_the_table_says(agent_class):
    said = (agent_class.prediction_target, agent_class.based_on, agent_class.policy_learnt)
    assert said == METHODS[agent_class]


@pytest.mark.parametrize("agent_class", METHODS)
def test_seeds_repeat_bit_for_bit(agent_class):
    once = run(agent_class, seed=3)
    assert same(once, run(agent_class, seed=3))
    assert not same(once, run(agent_class, seed=4))


@pytest.mark.parametrize("agent_class", METHODS)
@pytest.mark.parametrize("env_id", ["GridWorld-v0", "Blackjack-v1", "Taxi-v4"])
def test_learn_is_a_generator_of_episodes_over_a_generator_of_steps(agent_class, env_id):
    env = make_world(env_id)
    env.reset(seed=0)
    agent = agent_class(env, seed=0)
    assert inspect.isgenerator(agent.learn(env, 2))
    steps = list(agent.steps(env))
    assert all(isinstance(step, Step) for step in steps)
    assert [step.terminated or step.truncated for step in steps] == [False] * (len(steps) - 1) + [True]
    assert all(before.next_state == after.state for before, after in pairwise(steps))

    env.reset(seed=0)
    (episode,) = agent_class(env, seed=0).learn(env, 1)
    assert episode == Episode(1, sum(step.reward for step in steps), len(steps), steps[-1].truncated)
    with pytest.raises(AttributeError):
        episode.reward = 0


@pytest.mark.parametrize("agent_class", METHODS)
def test_steps_tell_every_change_of_the_table(agent_class):
    """Between two steps only the entries change that the step names: the simulator flashes them."""
    env = make_world("GridWorld-v0")
    env.reset(seed=0)
    agent = agent_class(env, seed=0)
    for _ in range(5):
        before = agent.Q
        for step in agent.steps(env):
            named = {(s, a) for s, a, _ in step.updates} | {(step.state, step.action)}
            if isinstance(agent, TDLambdaAgent):
                named |= set(agent.traces)
            if isinstance(agent, ActorCritic):
                named |= {(step.state, a) for a in range(4)}
            assert {(int(s), int(a)) for s, a in np.argwhere(before != agent.Q)} <= named
            before = agent.Q


@pytest.mark.parametrize("agent_class", METHODS)
def test_visits_are_counted(agent_class):
    """Every action taken is counted once, except where the method does not learn from it."""
    env = make_world("FrozenLake-v1")
    env.reset(seed=0)
    agent = agent_class(env, seed=0)
    taken = Counter()
    for _ in range(50):
        episode = Counter((step.state, step.action) for step in agent.steps(env))
        taken += Counter(dict.fromkeys(episode, 1)) if agent_class is MonteCarloAgent else episode  # first visits
    counted = Counter({(s, a): int(count) for (s, a), count in np.ndenumerate(agent.N) if count})
    if agent_class is OffPolicyMonteCarloAgent:
        assert counted <= taken
    else:
        assert counted == taken


def test_settings_act_from_the_next_step_on():
    """As when a slider moves while the agent walks."""
    env = make_world("CliffWalking-v1")
    env.reset(seed=0)
    agent = QLearningAgent(env, seed=0, epsilon=1.0)
    agent.Q = np.eye(4)[[1] * 48]  # right is best everywhere
    steps = agent.steps(env)
    assert len({step.action for step in islice(steps, 30)}) == 4
    agent.configure(epsilon=0.0, learning_rate=0.0, gamma=0.5)
    for step in islice(steps, 10):
        before = agent.Q
        assert step.action == 1
        assert step.td_error == pytest.approx(
            step.reward + 0.5 * before[step.next_state].max() - before[step.state, step.action]
        )
        assert np.array_equal(before, agent.Q)
    agent.learning_rate = 1.0  # a plain attribute, read at every step
    step = next(steps)
    assert agent.Q[step.state, step.action] == pytest.approx(step.reward + 0.5 * before[step.next_state].max())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epsilon": 1.5}, "epsilon must be a number from 0 to 1; got 1.5"),
        ({"gamma": float("nan")}, "gamma must be a number from 0 to 1; got nan"),
        ({"learning_rate": -0.1}, "learning_rate must be a number from 0 to 1; got -0.1"),
        ({"lambda_": 0.5}, "QLearningAgent has no setting lambda_; it has epsilon, "),
    ],
)
def test_bad_settings_get_one_sentence(settings, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        QLearningAgent(make_world("GridWorld-v0"), **settings)
    env = make_world("GridWorld-v0")
    with pytest.raises(ValueError, match=f"^{sentence}"):
        next(QLearningAgent(env).learn(env, 1, **settings))


def test_learning_rate_decays_with_the_visits_to_an_entry():
    agent = ELAgent(make_world("GridWorld-v0"), learning_rate=0.5, rate_decay=0.8)
    agent.n[3] = [0, 1, 4, 0]
    assert agent.rate(3, 2) == pytest.approx(0.5 * 4**-0.8)
    assert agent.rate(3, 1) == 0.5  # every entry has its own count
    agent.configure(rate_decay=0)
    assert [agent.rate(3, action) for action in range(3)] == [0.5] * 3


@pytest.mark.parametrize("agent_class", [m for m in METHODS if m is not OffPolicyMonteCarloAgent])
def test_every_method_moves_an_entry_by_the_rate_of_its_visit(agent_class, model_world):
    """One state, one action, one step: the entry is the sum over N of 0.5 N^-0.6 × the error at the Nth visit."""
    env = model_world({0: {0: [(0.5, 0, 1.0, True), (0.5, 0, -2.0, True)]}})
    env.reset(seed=0)
    agent = agent_class(env, seed=0, learning_rate=0.5, rate_decay=0.6)
    expected = 0.0
    for visit in range(1, 21):
        (step,) = agent.steps(env)
        error = step.updates[0][2] if step.td_error is None else step.td_error
        expected += 0.5 * visit**-0.6 * error
    if agent_class is ActorCritic:
        value = agent.critic.v[0]
    elif agent_class is DoubleQLearningAgent:
        value = sum(table[0][0] for table in agent.tables)  # an error moves one of the two
    else:
        value = agent.q[0][0]
    assert value == pytest.approx(expected)
    assert agent.n == [[20]]


def test_policy_takes_actions_as_often_as_action_probs_says():
    agent = ELAgent(make_world("GridWorld-v0"), seed=0, epsilon=0.3)
    agent.q[5] = [1.0, 2.0, 2.0, -1.0]
    probs = agent.action_probs(5)
    assert probs == pytest.approx([0.075, 0.425, 0.425, 0.075])
    taken = np.bincount([agent.policy(5) for _ in range(20_000)], minlength=4) / 20_000
    np.testing.assert_allclose(taken, probs, atol=4 * np.sqrt(0.25 / 20_000))
    assert agent.expected_value(5) == pytest.approx(np.dot(probs, agent.q[5]))


def test_an_agent_does_not_draw_the_numbers_of_a_world_with_the_same_seed():
    env = gym.make("GridWorld-v0")
    env.reset(seed=7)
    agent = ELAgent(env, seed=7)
    luck = env.unwrapped.np_random.random(1000)
    own = [agent.random() for _ in range(1000)]
    assert not set(luck) & set(own)


def test_Q_is_an_array_outside_that_cannot_be_written_in_vain():
    agent = ELAgent(make_world("GridWorld-v0"))
    assert agent.Q.shape == agent.N.shape == (12, 4)
    with pytest.raises(ValueError, match="read-only"):
        agent.Q[0, 0] = 1.0
    agent.Q = np.arange(48).reshape(12, 4)
    assert agent.q[11] == [44, 45, 46, 47]
    assert agent.Q.dtype == float
    with pytest.raises(ValueError, match="broadcast"):
        agent.Q = np.zeros((3, 3))


@pytest.mark.parametrize("agent_class", TD_METHODS)
def test_bootstraps_through_truncation_and_not_past_termination(agent_class, endless, model_world):
    """Reward 1 for ever is worth 1 / (1 - gamma) = 2, although each episode is cut after three steps."""
    env = endless(limit=3)
    agent = agent_class(env, seed=0, gamma=0.5)
    for _ in agent.learn(env, 2000):
        pass
    value = agent.critic.v[0] if agent_class is ActorCritic else agent.Q[0, 0]
    assert value == pytest.approx(2, abs=1e-3)

    ends = model_world({0: {0: [(1.0, 0, 1.0, True)]}})
    agent = agent_class(ends, seed=0, gamma=0.5)
    for _ in agent.learn(ends, 2000):
        pass
    value = agent.critic.v[0] if agent_class is ActorCritic else agent.Q[0, 0]
    assert value == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("agent_class", [MonteCarloAgent, OffPolicyMonteCarloAgent])
def test_a_return_that_a_time_limit_cuts_off_is_completed(agent_class, endless):
    env = endless(limit=3)
    agent = agent_class(env, seed=0, gamma=0.5)
    for _ in agent.learn(env, 3000):
        pass
    assert agent.Q[0, 0] == pytest.approx(2, abs=0.02)


def test_compare_agent_is_either_agent_bit_for_bit():
    for q_learning, agent_class in ((True, QLearningAgent), (False, SARSAAgent)):
        env = make_world("CliffWalking-v1")
        env.reset(seed=1)
        agent = CompareAgent(env, 1, q_learning=q_learning)
        mine = [(episode, agent.Q) for episode in agent.learn(env, 30)]
        assert same(mine, run(agent_class, seed=1, env_id="CliffWalking-v1"))
        assert agent.policy_learnt == agent_class.policy_learnt


class OneMore(ELAgent):
    """What the docstring of ELAgent asks for, and no more: a step of Monte Carlo from each reward."""

    def steps(self, env):
        state, _ = env.reset()
        terminated = truncated = False
        while not (terminated or truncated):
            action = self.policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            self.q[state][action] += self.learning_rate * (reward - self.q[state][action])
            yield Step(state, action, reward, next_state, terminated, truncated, None)
            state = next_state


def test_agent_of_the_readers_own_learns_with_nothing_but_the_hook(model_world):
    env = model_world({0: {0: [(1.0, 0, 1.0, True)]}})
    agent = OneMore(env, learning_rate=0.5)
    assert list(agent.learn(env, 2)) == [Episode(1, 1.0, 1, False), Episode(2, 1.0, 1, False)]
    assert agent.Q.tolist() == [[0.75]]


@pytest.mark.parametrize("base", [ELAgent, Actor])
@pytest.mark.parametrize(
    "body",
    [{}, {"steps": lambda self, env: iter(())}, {"steps": lambda self, env: None}],
    ids=["none", "empty", "no"],
)
def test_agent_without_its_hook_says_which_one_is_missing(base, body):
    env = make_world("GridWorld-v0")
    with pytest.raises(NotImplementedError, match=r"^Mine needs steps\(env\), a generator of at least one Step"):
        list(type("Mine", (base,), body)(env).learn(env, 1))


@pytest.mark.parametrize("space", [spaces.Discrete(3, start=-1), spaces.Box(0, 1), spaces.MultiDiscrete([2, 2])])
def test_states_that_are_not_numbered_from_0_are_refused_instead_of_stored_in_other_rows(space, model_world):
    env = model_world({0: {0: [(1.0, 0, 1.0, True)]}})
    env.observation_space = space
    with pytest.raises(ValueError, match="a table needs states and actions that are numbered from 0; got"):
        QLearningAgent(env)


# ------------------------------------------------------------------------------------------
# Ways to explore
# ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"temperature": 0.7}, {"epsilon": 0.6, "epsilon_decay": 0.5}])
def test_policy_probabilities_and_expected_value_agree_however_it_explores(settings):
    agent = ELAgent(make_world("GridWorld-v0"), seed=0, **settings)
    agent.q[5], agent.n[5] = [1.0, 2.0, 2.0, -1.0], [1, 2, 6, 0]
    probs = agent.action_probs(5)
    assert sum(probs) == pytest.approx(1)
    taken = np.bincount([agent.policy(5) for _ in range(20_000)], minlength=4) / 20_000
    np.testing.assert_allclose(taken, probs, atol=4 * np.sqrt(0.25 / 20_000))
    assert agent.expected_value(5) == pytest.approx(np.dot(probs, agent.q[5]))


def test_softmax_prefers_by_the_difference_over_the_temperature():
    agent = ELAgent(make_world("GridWorld-v0"), temperature=0.5)
    agent.q[0] = [1.0, 0.0, 0.0, 0.0]
    probs = agent.action_probs(0)
    assert probs[0] / probs[1] == pytest.approx(np.exp(1 / 0.5))
    agent.configure(temperature=1e-300)  # as cold as it gets: the best one, and no overflow
    assert agent.action_probs(0) == [1.0, 0.0, 0.0, 0.0]


def test_exploring_fades_with_the_visits_to_the_state():
    agent = ELAgent(make_world("GridWorld-v0"), epsilon=0.8, epsilon_decay=0.5)
    agent.n[3], agent.n[4] = [1, 2, 4, 9], [1, 0, 0, 0]
    assert [agent.explore_prob(state) for state in (3, 4, 5)] == [pytest.approx(0.2), 0.8, 0.8]


@pytest.mark.parametrize("agent_class", [m for m in METHODS if m is not ActorCritic])
def test_an_initial_value_stands_in_the_pairs_that_were_never_taken(agent_class):
    env = make_world("GridWorld-v0")
    env.reset(seed=0)
    agent = agent_class(env, seed=0, initial_value=5.0)
    assert (agent.Q == 5).all()
    for _ in agent.learn(env, 3):
        pass
    learnt = agent.Q
    agent.configure(initial_value=2.0)
    assert (agent.Q[agent.N == 0] == 2).all()
    assert np.array_equal(agent.Q[agent.N > 0], learnt[agent.N > 0])
    for table in agent.tables:
        assert (np.array(table)[agent.N == 0] == 2).all()


def test_an_optimist_tries_every_action_without_exploring(model_world):
    world = model_world({0: {a: [(1.0, 0, 0.1 * a, True)] for a in range(5)}})
    pessimist, optimist = (QLearningAgent(world, 0, epsilon=0.0, initial_value=value) for value in (-1.0, 1.0))
    for agent in (pessimist, optimist):
        list(agent.learn(world, 50))
    assert (np.array(pessimist.n[0]) > 0).sum() == 1
    assert min(optimist.n[0]) > 0


def test_actor_critic_has_a_way_of_exploring_of_its_own():
    assert not set(ActorCritic.limits) & set(ELAgent.exploration)
