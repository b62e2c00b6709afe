"""Worlds as pure functions do what the registered worlds do, one step after the other."""

import gymnasium as gym
import numpy as np
import pytest

import environment  # noqa: F401
from framework.device import PURE
from framework.tf import tf
from worlds.frames import gray_frames


class Handed:
    """A generator of random numbers that gives those which a pure world was given."""

    def __init__(self, draws):
        self.draws = draws

    def random(self):
        return float(self.draws[0])

    def uniform(self, low, high, size=None):
        return low + (high - low) * (self.draws[0] if size is None else self.draws[: np.prod(size)])


def as_the_registered_one_has_it(env_id, state):
    """A state [1, S] as an attribute of that world."""
    if env_id == "OneHotGridWorld-v0":
        return int(state[0, 0])
    return state[0].copy() if env_id == "CartPole-v1" else state.copy()


@pytest.mark.parametrize("env_id", PURE)
def test_a_step_is_that_of_the_registered_world_from_the_same_state_with_the_same_luck(env_id):
    world, env, rng = PURE[env_id](), gym.make(env_id), np.random.default_rng(0)
    assert env.spec.max_episode_steps == world.max_episode_steps
    ends = 0
    for _ in range(4):
        env.reset(seed=0)
        state, terminated = world.start(rng.random((1, world.draws), np.float32)), False
        for _ in range(world.max_episode_steps):
            draws, action = rng.random((1, world.draws), np.float32), rng.integers(world.action_space.n, size=1)
            env.unwrapped.state = as_the_registered_one_has_it(env_id, state)
            env.unwrapped.np_random = Handed(draws[0])
            obs, reward, terminated, _, _ = env.step(int(action[0]))
            state, its_reward, its_terminated = world.step(state, action, draws)
            seen = world.show(state)
            if env_id == "Catcher-v0":
                obs, seen = gray_frames(obs[None], 64), np.rint(seen)
            np.testing.assert_allclose(seen.reshape(obs.shape), obs, atol=1e-6)
            assert (its_reward[0], its_terminated[0]) == (pytest.approx(reward), terminated)
            if terminated:
                break
        ends += terminated
    assert ends == 4


@pytest.mark.parametrize("env_id", PURE)
def test_episodes_start_as_those_of_the_registered_world(env_id):
    world, env = PURE[env_id](), gym.make(env_id)
    env.reset(seed=0)
    env.unwrapped.np_random = Handed(np.full(4, 0.25, np.float32))
    if env_id == "Catcher-v0":
        expected = env.unwrapped.new_game(env.unwrapped.np_random)
    else:
        env.unwrapped.reset()
        expected = np.ravel(env.unwrapped.state)
    start = world.start(np.full((1, world.draws), 0.25, np.float32))
    np.testing.assert_allclose(start[0], expected, atol=1e-7)


@pytest.mark.parametrize("env_id", PURE)
def test_tensors_in_a_graph_give_what_arrays_give(env_id):
    import tensorflow.experimental.numpy as tnp

    world, rng = PURE[env_id](), np.random.default_rng(1)

    @tf.function
    def in_graph(state, action, draws):
        next_state, reward, terminated = world.step(state, action, draws, tnp)
        return world.start(draws, tnp), next_state, reward, terminated, world.show(next_state, tnp)

    state = world.start(rng.random((32, world.draws), np.float32))
    for _ in range(100):
        draws, action = rng.random((32, world.draws), np.float32), rng.integers(world.action_space.n, size=32)
        next_state, reward, terminated = world.step(state, action, draws)
        expected = world.start(draws), next_state, reward, terminated, world.show(next_state)
        for one, other in zip(in_graph(state, action, draws), expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
        fresh = world.start(rng.random((32, world.draws), np.float32))
        state = np.where(terminated[:, None], fresh, next_state).astype(np.float32)
