"""SARSA and its relatives, TD(lambda) in both views, actor-critic: targets worked by hand, and equalities."""

import itertools

import numpy as np
import pytest

from EL.actor_critic import ActorCritic, softmax
from EL.monte_carlo import MonteCarloAgent
from EL.q_learning import QLearningAgent
from EL.sarsa import ExpectedSARSAAgent, NStepSARSAAgent, SARSAAgent
from EL.td_lambda import TDLambdaAgent, backward_view, episode_lambda_returns, forward_view, next_values
from framework.tabular.world import make_world


@pytest.fixture
def chain(model_world):
    """0 → 1 → 2 → 3 → end, rewards 1, 2, 3, 4; two actions that do the same."""
    return model_world({s: {a: [(1.0, min(s + 1, 3), s + 1.0, s == 3)] for a in range(2)} for s in range(4)})


def learn(agent, env, episodes=30):
    return [(episode, agent.Q) for episode in agent.learn(env, episodes)]


def recorded(env_id, seed):
    """An episode of an exploring agent on a random Q, and that Q, with terminated and truncated ones among them."""
    env = make_world(env_id)
    env.reset(seed=seed)
    agent = SARSAAgent(env, seed, epsilon=0.7, learning_rate=0.0)
    agent.Q = np.random.default_rng(seed).normal(size=agent.Q.shape)
    return list(agent.steps(env)), agent.Q


EPISODES = [(env_id, seed) for env_id in ("FrozenLake-v1", "GridWorld-v0", "Taxi-v4") for seed in range(4)]


@pytest.mark.parametrize(
    ("agent_class", "td_target"),
    [
        (QLearningAgent, 1 + 0.5 * 6),  # the best
        (ExpectedSARSAAgent, 1 + 0.5 * (0.1 * 2 + 0.9 * 6)),  # the mean, of an epsilon of 0.2
    ],
)
def test_td_targets_by_hand(agent_class, td_target, chain):
    agent = agent_class(chain, epsilon=0.2, gamma=0.5, learning_rate=0.1)
    agent.Q = [[3.0, 3.0], [2.0, 6.0], [0.0, 0.0], [0.0, 0.0]]
    step = next(agent.steps(chain))
    assert step.td_error == pytest.approx(td_target - 3)
    assert agent.q[0][step.action] == pytest.approx(3 + 0.1 * (td_target - 3))


def test_sarsa_takes_the_next_action_that_it_really_takes(chain):
    agent = SARSAAgent(chain, seed=0, epsilon=1.0, gamma=0.5, learning_rate=0.1)
    table = np.array([[3.0, 3.0], [2.0, 6.0], [1.0, 5.0], [7.0, 9.0]])
    for _ in range(20):
        agent.Q = table
        steps = list(agent.steps(chain))
        for step, after in itertools.pairwise(steps):
            value = table[after.state, after.action]
            assert step.td_error == pytest.approx(step.reward + 0.5 * value - table[step.state, step.action])
        assert steps[-1].td_error == pytest.approx(4 - table[3, steps[-1].action])


def test_n_step_targets_by_hand(chain):
    """n = 2: two rewards, and one estimate unless the episode has ended; learnt two steps late."""
    agent = NStepSARSAAgent(chain, num_steps=2, epsilon=0.0, gamma=0.5, learning_rate=1.0)
    agent.Q = [[1.0, 0.0], [2.0, 0.0], [8.0, 0.0], [4.0, 0.0]]
    updates = [step.updates for step in agent.steps(chain)]
    assert [[(s, a) for s, a, _ in some] for some in updates] == [[], [(0, 0)], [(1, 0)], [(2, 0), (3, 0)]]
    assert agent.Q[:, 0].tolist() == [1 + 2 / 2 + 8 / 4, 2 + 3 / 2 + 4 / 4, 3 + 4 / 2, 4]


def test_one_step_of_n_step_sarsa_is_sarsa_bit_for_bit():
    tables = []
    for agent_class, settings in ((NStepSARSAAgent, {"num_steps": 1}), (SARSAAgent, {})):
        env = make_world("FrozenLake-v1")
        env.reset(seed=0)
        tables.append([Q for _, Q in learn(agent_class(env, 0, **settings), env, 200)])
    assert np.array_equal(*tables)


def test_endless_n_step_sarsa_is_monte_carlo(model_world):
    """Where no pair comes twice in an episode, so that the order of updates does not matter."""
    luck = {s: {0: [(0.5, s + 1, 3.0, False), (0.5, s + 1, -2.0, s > 1)]} for s in range(4)}
    world = model_world({**luck, 4: {0: [(1.0, 4, 1.0, True)]}})
    settings = {"gamma": 0.9, "learning_rate": 0.3, "rate_decay": 0.0}
    tables = []
    for agent in (NStepSARSAAgent(world, num_steps=99, **settings), MonteCarloAgent(world, **settings)):
        world.reset(seed=0)
        tables.append([Q for _, Q in learn(agent, world)])
    np.testing.assert_allclose(*tables, atol=1e-12)


@pytest.mark.parametrize("lambda_", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize(("env_id", "seed"), EPISODES)
def test_forward_and_backward_view_are_equal(lambda_, env_id, seed):
    steps, Q = recorded(env_id, seed)
    for gamma in (0.9, 1.0):
        forward, backward = forward_view(steps, Q, gamma, lambda_), backward_view(steps, Q, gamma, lambda_)
        np.testing.assert_allclose(forward, backward, atol=1e-10 * max(1, np.abs(forward).max()))
        assert np.abs(forward).max() > 0.01


@pytest.mark.parametrize(("env_id", "seed"), EPISODES)
def test_lambda_1_is_monte_carlo_and_lambda_0_is_td_0_exactly(env_id, seed):
    """Not one bit differs, on recorded episodes."""
    steps, Q = recorded(env_id, seed)
    rewards, values = [step.reward for step in steps], next_values(steps, Q)
    G, actual = values[-1], []
    for reward in reversed(rewards):
        G = reward + 0.9 * G
        actual.append(G)
    assert episode_lambda_returns(rewards, values, 0.9, 1.0)[:-1] == actual[::-1][:-1]
    assert episode_lambda_returns(rewards, values, 0.9, 1.0)[-1] == actual[0]
    assert episode_lambda_returns(rewards, values, 0.9, 0.0) == [
        reward + 0.9 * value for reward, value in zip(rewards, values, strict=True)
    ]
    assert len(episode_lambda_returns(rewards, values, 0.9, 0.5)) == len(steps)


def test_lambda_return_by_hand():
    """Rewards 1, 2; estimates 10 after the first step, 20 after the last: 0.5 × 10 + 0.5 × (2 + 0.5 × 20) = 11."""
    assert episode_lambda_returns([1.0, 2.0], [10.0, 20.0], gamma=0.5, lambda_=0.5) == [1 + 0.5 * 11, 2 + 0.5 * 20]


@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CliffWalking-v1"])
def test_td_lambda_agent_with_lambda_0_is_sarsa_bit_for_bit(env_id):
    tables = []
    for agent_class, settings in ((TDLambdaAgent, {"lambda_": 0.0}), (SARSAAgent, {})):
        env = make_world(env_id)
        env.reset(seed=0)
        tables.append([Q for _, Q in learn(agent_class(env, 0, **settings), env, 50)])
    assert np.array_equal(*tables)


def test_td_lambda_agent_with_lambda_1_learns_as_monte_carlo_does(chain):
    """Online, on the chain, where no pair comes twice: what TD errors add up to is the actual return."""
    settings = {"gamma": 0.9, "learning_rate": 0.3}
    agent = TDLambdaAgent(chain, seed=0, lambda_=1.0, **settings)
    agent.Q = np.random.default_rng(0).normal(size=(4, 2))
    before = agent.Q
    steps = list(agent.steps(chain))
    G = 0.0
    for step in reversed(steps):
        G = step.reward + 0.9 * G
        error = G - before[step.state, step.action]
        assert agent.q[step.state][step.action] == pytest.approx(before[step.state, step.action] + 0.3 * error)


def test_traces_fade_by_gamma_times_lambda_and_pile_up(chain, model_world):
    agent = TDLambdaAgent(chain, gamma=0.5, lambda_=0.5)
    list(agent.steps(chain))
    assert [trace for _, trace in sorted(agent.traces.items())] == pytest.approx([0.25**n for n in (3, 2, 1, 0)])
    stays = model_world({0: {0: [(1.0, 0, 0.0, False)]}}, limit=3)
    agent = TDLambdaAgent(stays, gamma=0.5, lambda_=0.5)
    list(agent.steps(stays))
    assert agent.traces[0, 0] == pytest.approx((1 * 0.25 + 1) * 0.25 + 1)


def test_lambda_is_read_at_every_step(chain):
    agent = TDLambdaAgent(chain, gamma=0.5, lambda_=1.0)
    steps = agent.steps(chain)
    next(steps)
    agent.lambda_ = 0.0
    next(steps)
    next(steps)
    assert len(agent.traces) == 1


def test_actor_critic_by_hand(chain):
    """V(1) = 2, gamma 1/2, reward 1: the TD error is 1 + 1 - 0.4 = 1.6."""
    agent = ActorCritic(chain, seed=0, gamma=0.5, learning_rate=0.1, actor_rate=0.5)
    agent.critic.v[:2] = [0.4, 2.0]
    step = next(agent.steps(chain))
    assert step.td_error == pytest.approx(1.6)
    assert agent.critic.v[0] == pytest.approx(0.4 + 0.16)
    assert agent.q[0][step.action] == pytest.approx(0.5 * 1.6 * 0.5)  # 1 - pi = 1/2
    assert agent.q[0][1 - step.action] == pytest.approx(-0.5 * 1.6 * 0.5)


def test_actor_draws_actions_by_their_softmax(chain):
    agent = ActorCritic(chain, seed=0)
    agent.q[0] = [0.0, np.log(3)]
    assert agent.action_probs(0) == pytest.approx([0.25, 0.75])
    assert np.mean([agent.policy(0) for _ in range(10_000)]) == pytest.approx(0.75, abs=0.02)
    agent.random = lambda: 1 - 2**-53  # the largest number below 1
    agent.q[0] = [0.1, 0.2]
    assert agent.policy(0) == 1
    assert sum(softmax([0.1, 0.2, 0.3])) == pytest.approx(1)


def test_actor_critic_has_no_epsilon(chain):
    with pytest.raises(ValueError, match="ActorCritic has no setting epsilon; it has gamma"):
        ActorCritic(chain, epsilon=0.1)


def test_num_steps_must_be_positive(chain):
    with pytest.raises(ValueError, match="num_steps must be a number from 1 to 1000; got 0"):
        NStepSARSAAgent(chain, num_steps=0)


def test_the_number_of_steps_may_change_while_steps_are_waiting(model_world):
    world = model_world({s: {0: [(1.0, s + 1, 1.0, False)]} for s in range(9)} | {9: {0: [(1.0, 9, 0.0, True)]}})
    agent = NStepSARSAAgent(world, num_steps=4, epsilon=0.0, gamma=1.0, learning_rate=1.0)
    steps = agent.steps(world)
    learnt = [len(next(steps).updates) for _ in range(4)]
    agent.configure(num_steps=2)
    learnt += [len(next(steps).updates) for _ in range(3)]
    assert learnt == [0, 0, 0, 1, 3, 1, 1]
    assert sum(len(step.updates) for step in steps) + sum(learnt) == 10
