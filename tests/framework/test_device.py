"""Worlds inside the compiled graph."""

from dataclasses import dataclass

import numpy as np
import pytest

from framework.device import PURE, DeviceEvaluation, DeviceWorlds, Now, make_device_worlds, next_values, scan
from framework.evaluate import FreshWorlds
from framework.graph import Graph
from framework.returns import discounted_returns
from framework.runs.config import WorldConfig
from framework.tf import tf
from framework.vector import Transition
from worlds.catcher import draw_catcher
from worlds.frames import FrameStack, gray_frames
from worlds.pure import PureCartPole, PureCatcher


def pushed_right(obs, draws):
    return tf.ones_like(draws, tf.int64), tf.zeros_like(draws)


def at_random(obs, draws):
    return tf.cast(draws * 3, tf.int64), tf.zeros_like(draws)


def played(envs, act, steps, number=0):
    """(transitions, after, finished) of steps in a graph, as arrays; ``envs`` go on from there."""
    graph = Graph(lambda now: envs.collect(now, act, envs.draws(number, steps, envs.num_envs)))
    transitions, _, now, finished = graph(envs.now)
    envs.advance(now, finished, steps * envs.num_envs)
    return transitions, finished


def test_an_episode_that_ends_starts_anew_in_the_same_step_and_its_last_observation_is_kept():
    envs = DeviceWorlds(PureCartPole(), 3, seed=0)
    transitions, finished = played(envs, pushed_right, 40)
    ended = transitions.terminated
    assert ended.any(axis=0).all()
    assert not transitions.truncated.any()
    goes_on = ~ended[:-1]
    np.testing.assert_array_equal(transitions.obs[1:][goes_on], transitions.next_obs[:-1][goes_on])
    assert (np.abs(transitions.obs[1:][ended[:-1]]) <= 0.05).all()  # where CartPole starts
    assert (np.abs(transitions.next_obs[ended][:, 2]) > 0.2).all()  # where it falls
    assert finished.count == ended.sum()
    assert finished.returns == finished.lengths == transitions.reward.sum() - envs.now.steps.sum()


def test_the_next_call_goes_on_where_the_last_one_stopped():
    one, other = (DeviceWorlds(PureCatcher(), 4, seed=5) for _ in range(2))
    whole, _ = played(one, at_random, 60)
    draws = np.array(Graph(lambda number: other.draws(number[0], 60, 4))(np.zeros(1, np.int32)))
    graph = Graph(lambda now, draws: other.collect(now, at_random, draws), free=2)
    halves = []
    for part in (draws[:25], draws[25:50]):
        transitions, _, other.now, _ = graph(other.now, part)
        halves.append(transitions.obs)
    np.testing.assert_array_equal(np.concatenate(halves), whole.obs[:50])


def test_what_was_saved_goes_on_to_the_bit():
    envs = DeviceWorlds(PureCatcher(), 4, seed=5)
    played(envs, at_random, 40)
    again = DeviceWorlds(PureCatcher(), 4, seed=5)
    again.load_state(envs.state())
    one, other = (played(each, at_random, 40, number=1)[0] for each in (envs, again))
    for name in Transition._fields:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert again.total_steps == envs.total_steps == 320


@pytest.mark.parametrize("size", [64, 84])
def test_pictures_are_those_of_the_registered_world_and_no_stack_mixes_two_episodes(size):
    envs = DeviceWorlds(PureCatcher(), 8, seed=2, frame_size=size)
    transitions, _ = played(envs, at_random, 200)
    ended = transitions.terminated
    assert ended.any()
    stack = FrameStack(size, 2)
    assert envs.observation_space == stack.space
    first = transitions.obs[1:][ended[:-1]]
    np.testing.assert_array_equal(first[..., 0], first[..., 1])  # the first picture fills the stack
    np.testing.assert_array_equal(transitions.next_obs[..., 0], transitions.obs[..., 1])
    picture = gray_frames(draw_catcher(envs.now.state), size)
    assert np.abs(picture.astype(int) - envs.now.obs[..., 1]).max() <= (0 if size == 64 else 1)


def test_a_time_limit_truncates_and_the_value_of_what_would_have_followed_counts():
    envs = DeviceWorlds(PureCartPole(), 2, seed=0)
    envs.now = envs.now._replace(steps=np.array([497, 0], np.int32))
    transitions, finished = played(envs, pushed_right, 5)
    assert transitions.truncated[:, 0].tolist() == [False, False, True, False, False]
    assert not transitions.truncated[:, 1].any()
    assert finished.count == 1
    assert finished.lengths == 500
    value = np.arange(10, dtype=np.float32).reshape(5, 2)
    graph = Graph(lambda rollout, value: next_values(rollout, value, lambda obs: 100 + obs[:, 0] * 0), free=2)
    found = graph(transitions, value)
    np.testing.assert_array_equal(found, [[2, 3], [4, 5], [100, 7], [8, 9], [100, 100]])
    returns = discounted_returns(transitions.reward, found, transitions.terminated, transitions.truncated, 0.5)
    assert returns[:3, 0] == pytest.approx([1 + 0.5 * (1 + 0.5 * 51), 1 + 0.5 * 51, 51])


def test_a_scan_stacks_the_results_of_each_step():
    total, sums = Graph(lambda xs: scan(lambda so_far, x: (so_far + x, so_far + x), tf.zeros(()), xs), free=0)(
        np.arange(4, dtype=np.float32)
    )
    assert total == 6
    assert sums.tolist() == [0, 1, 3, 6]


def test_a_world_that_is_no_pure_function_is_refused():
    with pytest.raises(ValueError, match=r"^inside the graph are CartPole-v1, .*; Acrobot-v1 takes --form host$"):
        make_device_worlds(WorldConfig(env="Acrobot-v1"))


@dataclass(frozen=True)
class Leaning:
    """Pushes to where the pole falls."""

    @property
    def greedy(self):
        return Graph(lambda obs: tf.cast(obs[:, 2] + 0.5 * obs[:, 3] > 0, tf.int64))

    def player(self):
        return self.greedy


def test_an_evaluation_in_the_graph_agrees_with_one_in_the_registered_world():
    config = WorldConfig(env="CartPole-v1")
    agent, envs = Leaning(), make_device_worlds(config)
    evaluate = DeviceEvaluation(config, envs)
    inside, registered = evaluate(agent, 99, 3), FreshWorlds(config)(agent, 100, 4)
    assert len(inside.returns) == 99
    assert inside.returns.max() <= 500
    assert (inside.returns == inside.lengths).all()
    error = np.hypot(inside.std / 99**0.5, registered.std / 10)
    assert abs(inside.mean - registered.mean) <= 3 * error + 1e-9
    confirmed = evaluate(agent, 100, 4)
    np.testing.assert_array_equal(confirmed.returns, registered.returns)
    again, other = evaluate(agent, 99, 3), evaluate(agent, 99, 5)
    np.testing.assert_array_equal(again.returns, inside.returns)
    assert (other.returns != inside.returns).any() or inside.std == 0


@pytest.mark.parametrize("env_id", PURE)
def test_each_world_plays_in_the_graph(env_id):
    config = WorldConfig(env=env_id, num_envs=3, frame_size=64)
    envs = make_device_worlds(config)
    transitions, _ = played(envs, lambda obs, draws: (tf.cast(draws * 2, tf.int64), draws), 7)
    assert transitions.obs.shape == (7, 3, *envs.observation_space.shape)
    assert transitions.obs.dtype == envs.observation_space.dtype
    assert isinstance(envs.now, Now)
    assert envs.total_steps == 21
