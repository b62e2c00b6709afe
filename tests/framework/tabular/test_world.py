"""A TableWorld is the world that it wraps, only faster; and exact values of policies."""

import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from DP.planner import PLANNERS, ValueIterationPlanner
from EL.q_learning import QLearningAgent
from environment import GridWorld
from framework.tabular.world import (
    NumberedWorld,
    TableWorld,
    expected_return,
    greedy_policy,
    make_world,
    policy_values,
    start_probs,
)
from worlds.changing_maze import changing

NAMES = [
    "GridWorld-v0",
    "FrozenLakeEasy-v0",
    "FrozenLake-v1",
    "CliffWalking-v1",
    "CliffWalkingSlippery-v1",
    "Taxi-v4",
]


@pytest.mark.parametrize("name", ["FrozenLakeEasy-v0", "CliffWalking-v1"])
def test_steps_side_by_side_with_the_world_where_nothing_is_random(name):
    plain, table = gym.make(name, max_episode_steps=60), TableWorld(gym.make(name, max_episode_steps=60))
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert plain.reset()[0] == table.reset()[0]
        done = False
        while not done:
            action = int(rng.integers(4))
            mine, theirs = table.step(action), plain.step(action)
            assert mine[:4] == theirs[:4]
            done = mine[2] or mine[3]


@pytest.mark.parametrize("name", NAMES)
def test_outcomes_come_as_often_as_the_model_says(name):
    env = make_world(name)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(6):
        state, action = int(rng.integers(env.observation_space.n)), int(rng.integers(env.action_space.n))
        seen, tosses = {}, 3000
        for _ in range(tosses):
            env.state, env.time = state, 0
            outcome = env.step(action)[:3]
            seen[outcome] = seen.get(outcome, 0) + 1
        expected = {}
        for prob, *outcome in env.unwrapped.P[state][action]:
            expected[tuple(outcome)] = expected.get(tuple(outcome), 0) + prob
        assert set(seen) <= {outcome for outcome, prob in expected.items() if prob > 0}
        for outcome, prob in expected.items():
            assert seen.get(outcome, 0) / tosses == pytest.approx(prob, abs=4 * np.sqrt(0.25 / tosses))


@pytest.mark.parametrize("name", NAMES)
def test_episodes_start_where_the_world_starts_them(name):
    plain, table = gym.make(name), make_world(name)
    plain.reset(seed=0)
    table.reset(seed=0)
    size = plain.observation_space.n
    ours = np.bincount([table.reset()[0] for _ in range(6000)], minlength=size) / 6000
    theirs = np.bincount([plain.reset()[0] for _ in range(6000)], minlength=size) / 6000
    np.testing.assert_allclose(ours, start_probs(plain), atol=0.005)
    np.testing.assert_allclose(ours, theirs, atol=0.006)
    assert start_probs(plain).sum() == pytest.approx(1)


def test_types_are_plain_python():
    env = make_world("CliffWalking-v1")
    state, _ = env.reset(seed=0)
    assert type(state) is int
    assert [type(value) for value in env.step(0)[:4]] == [int, float, bool, bool]


def test_time_limit_truncates_and_does_not_terminate():
    env = TableWorld(gym.make("CliffWalking-v1", max_episode_steps=7))
    for _ in range(2):
        env.reset(seed=0)
        ends = [env.step(0)[2:4] for _ in range(7)]  # up, against the wall
        assert ends == [(False, False)] * 6 + [(False, True)]
    assert make_world("CliffWalking-v1").limit == 1000  # it has none of its own


def test_seeds_repeat_and_follow_the_wrapped_world():
    def walk(seed):
        env = make_world("FrozenLake-v1")
        states = [env.reset(seed=seed)[0]]
        for _ in range(50):
            states.append(env.step(1)[0])
        return states

    assert walk(1) == walk(1)
    assert len({tuple(walk(seed)) for seed in range(5)}) == 5


def test_blackjack_becomes_one_number():
    env = make_world("Blackjack-v1")
    states = {env.reset(seed=seed)[0] for seed in range(50)}
    assert env.observation_space.n == 32 * 11 * 2
    assert len(states) > 20
    assert all(type(state) is int and env.observation_space.contains(state) for state in states)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Nowhere-v0", "there is no world 'Nowhere-v0'"),
        ("CartPole-v1", "CartPole-v1 has no table of states and actions"),
    ],
)
def test_worlds_without_a_table_are_refused(name, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_world(name)


@pytest.mark.parametrize("name", ["GridWorld-v0", "FrozenLake-v1", "Taxi-v4"])
def test_policy_values_are_the_planners(name):
    env = make_world(name)
    planner = ValueIterationPlanner(env)
    V = planner.plan(0.95, 1e-10)
    best = np.eye(planner.num_actions)[planner.policy]
    np.testing.assert_allclose(policy_values(env, best, 0.95), V, atol=1e-6)


def test_expected_return_by_hand(model_world):
    """Stay with probability 1/2, earning 1 a step: 1, 1.5, 1.75 …"""
    env = model_world({0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 1.0, True)]}})
    policy = np.ones((1, 1))
    assert [expected_return(env, policy, steps)[0] for steps in (1, 2, 3)] == [1, 1.5, 1.75]
    assert policy_values(env, policy, 1.0)[0] == pytest.approx(2)


def test_worth_of_the_optimum_on_slippery_ice():
    env = make_world("FrozenLake-v1")
    planner = PLANNERS["policy"](env)
    planner.plan(1.0, 1e-10)
    best = np.eye(4)[planner.policy]
    assert policy_values(env, best, 1.0)[0] == pytest.approx(0.8235, abs=1e-4)
    assert expected_return(env, best)[0] == pytest.approx(0.7402, abs=1e-4)  # in the 100 steps of the world


def test_greedy_policy_shares_ties():
    np.testing.assert_allclose(
        greedy_policy(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 3.0]])), [[0.5, 0.5, 0], [0, 0, 1]]
    )


class Strange(gym.Wrapper):
    """A world without P, numbered from -2 and its actions from 1, that can be told to do wrong."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = spaces.Discrete(int(env.observation_space.n), start=-2)
        self.action_space = spaces.Discrete(int(env.action_space.n), start=1)
        self.wrong = {}

    def reset(self, *, seed=None, options=None):
        state, info = self.env.reset(seed=seed, options=options)
        return state - 2, info

    def step(self, action):
        state, reward, *ends = self.env.step(action - 1)
        if "error" in self.wrong:
            raise self.wrong["error"]
        return self.wrong.get("obs", state - 2), self.wrong.get("reward", reward), *ends


def learnt(env):
    """Q of Q-learning, and V of the planner."""
    env.reset(seed=4)
    agent = QLearningAgent(env, seed=4)
    for _ in agent.learn(env, 200):
        pass
    return agent.Q, ValueIterationPlanner(env).plan(0.9, 1e-9)


def test_planner_and_q_learning_find_the_same_in_every_form_of_a_world(forms):
    worlds = forms(seed=2)
    Q, V = learnt(TableWorld(worlds["dictionaries"]))
    assert np.abs(Q).max() > 0.1
    for form, world in worlds.items():
        again, V_again = learnt(TableWorld(world))
        np.testing.assert_array_equal(again, Q, err_msg=form)
        np.testing.assert_array_equal(V_again, V, err_msg=form)


def test_world_without_P_is_learnt_the_same_whatever_its_first_numbers(random_world):
    """With a negative first number, list[state] would be another row, and no error."""
    Q, _ = learnt(NumberedWorld(random_world(2)))
    shifted, _ = learnt(NumberedWorld(Strange(random_world(2))))
    np.testing.assert_array_equal(shifted, Q)


def test_starts_are_numbered_from_0_too(forms):
    for form, world in forms(seed=3).items():
        assert TableWorld(world).reset(seed=0)[0] == 0, form
        assert start_probs(world).tolist() == start_probs(TableWorld(world)).tolist() == [1, 0, 0, 0, 0, 0], form
    world.initial_state_distrib = [0, 0, 0, 0, 0.5, 0.5]
    assert {TableWorld(world).reset(seed=seed)[0] for seed in range(20)} == {4, 5}


@pytest.mark.parametrize("probs", [[1.0], [0.5] * 6, [2, -1, 0, 0, 0, 0], [np.nan] * 6])
def test_starts_that_are_no_probabilities_of_the_states_are_refused(probs, random_world):
    world = random_world(0)
    world.initial_state_distrib = probs
    with pytest.raises(ValueError, match="initial_state_distrib must be 6 probabilities"):
        TableWorld(world)


def test_several_starts_that_the_world_does_not_tell_of_are_refused(random_world):
    world = random_world(0)
    world.reset = lambda **_: (int(world.np_random.integers(6)), {})
    with pytest.raises(ValueError, match="the world starts in several states; it must show how often"):
        TableWorld(world)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"obs": 4}, r"gave an observation outside of its space, Discrete\(6, start=-2\): 4"),
        ({"obs": -3}, "gave an observation outside of its space, .*: -3"),
        ({"obs": 0.5}, "gave an observation outside of its space, .*: 0.5"),
        ({"obs": None}, "gave an observation outside of its space, .*: None"),
        ({"reward": np.nan}, r"gave reward, terminated, truncated = \(nan, .*\)"),
        ({"reward": -np.inf}, r"gave reward, terminated, truncated = \(-inf, .*\)"),
        ({"reward": 1e300}, "gave reward, .*"),  # sums would overflow
        ({"reward": None}, r"gave reward, terminated, truncated = \(None, .*\)"),
        ({"reward": np.ones(2)}, "gave reward, .*"),
        ({"error": SystemExit(0)}, r"raised SystemExit\(0\)"),
        ({"error": KeyError("a\nb")}, r"raised KeyError\('a\\nb'\)"),
    ],
)
def test_world_that_goes_wrong_later_on_gets_one_sentence(wrong, sentence, random_world):
    env = NumberedWorld(Strange(random_world(0)))
    env.reset(seed=0)
    env.step(0)
    env.env.wrong = wrong
    with pytest.raises(ValueError, match=f"^the world ModelWorld {sentence}$"):
        env.step(0)


def test_observations_of_several_numbers_are_refused_outside_of_their_spaces():
    env = make_world("Blackjack-v1")
    env.reset(seed=0)
    env.env.step = lambda action: ((32, 1, 0), 0.0, True, False, {})
    with pytest.raises(ValueError, match=r"Blackjack-v1 gave an observation outside of its space, .*: \(32, 1, 0\)"):
        env.step(0)


def test_world_of_the_readers_own_is_named_by_its_module(own_world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    env = make_world(own_world)
    assert (env.observation_space, env.limit) == (spaces.Discrete(3), 50)
    assert env.reset(seed=0)[0] == 0


def test_a_changed_world_goes_on_with_the_same_episode_and_luck():
    before, after = GridWorld(), GridWorld(step_reward=-0.5)
    lives = []
    for change in (False, True):
        world = TableWorld(before)
        world.reset(seed=1)
        steps = [world.step(0) for _ in range(3)]
        if change:
            world.change(after)
        lives.append([*steps, *(world.step(3) for _ in range(3))])
    assert [step[0] for step in lives[0]] == [step[0] for step in lives[1]]
    assert [step[1] for step in lives[1]] == [-0.04] * 3 + [-0.5] * 3


@pytest.mark.parametrize("name", ["BlockingMaze-v0", "ShortcutMaze-v0"])
def test_a_world_that_changes_is_followed_at_the_same_step(name):
    """Side by side through the change, with a random walk that the two must agree on; then P is of the new maze."""
    table, plain = make_world(name), gym.make(name)
    rng = np.random.default_rng(0)
    old = {s: dict(row) for s, row in table.unwrapped.P.items()}
    assert plain.reset(seed=0)[0] == table.reset(seed=0)[0]
    (change,) = changing(plain).changes
    for count in range(1, change + 500):
        action = int(rng.integers(4))
        mine, theirs = table.step(action), plain.step(action)
        assert mine[:4] == theirs[:4], f"step {count}"
        if abs(count - change) <= 1:
            now = table.unwrapped.P
            assert (now != old) == (count >= change)
        if mine[2] or mine[3]:
            assert table.reset()[0] == plain.reset()[0]
    assert changing(table).steps_taken == changing(plain).steps_taken == change + 499
