"""CartPole, many at once."""

import gymnasium as gym
import numpy as np
import pytest

from framework.vector import VectorWorld, make_vector
from worlds.cart_pole import CartPoleVector, cart_pole_step


@pytest.mark.parametrize("max_episode_steps", [12, 500])
def test_cartpole_stepped_at_once_equals_gymnasium_s_single_worlds_to_the_bit(max_episode_steps):
    envs = make_vector("CartPole-v1", 6, seed=3, max_episode_steps=max_episode_steps)
    assert isinstance(envs.envs, CartPoleVector)
    same_step = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
    options = {"vectorization_mode": "sync", "vector_kwargs": same_step, "max_episode_steps": max_episode_steps}
    singles = VectorWorld(gym.make_vec("CartPole-v1", 6, **options), seed=3)
    truncations = 0
    for noise in np.random.default_rng(0).random((1_500, 6)):
        balance = (envs.obs[:, 2] + 0.5 * envs.obs[:, 3] > 0).astype(int)
        action = np.where(noise < 0.02, 1 - balance, balance)
        one, other = envs.step(action), singles.step(action)
        for name in ("obs", "next_obs", "reward", "terminated", "truncated"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        truncations += one.truncated.sum()
    assert truncations >= 6
    assert envs.take_finished() == singles.take_finished()


def test_worlds_may_start_from_seeds_of_one_s_own():
    envs = CartPoleVector(3)
    obs, _ = envs.reset(seed=[5, 7, 5])
    np.testing.assert_array_equal(obs[[0, 2]], CartPoleVector(1).reset(seed=5)[0].repeat(2, axis=0))
    np.testing.assert_array_equal(obs[1], CartPoleVector(1).reset(seed=7)[0][0])
    with pytest.raises(ValueError, match="there are 3 worlds; got 2 seeds"):
        envs.reset(seed=[1, 2])


def test_a_pole_that_falls_leaves_the_clocks_of_the_others_alone():
    """World 1 is always pushed to the right and falls every ten steps; world 0 balances until its time is up."""
    envs = make_vector("CartPole-v1", 2, seed=0, max_episode_steps=50)
    truncated = []
    for _ in range(100):
        _, _, angle, spin = envs.obs[0]
        truncated.append(envs.step(np.array([int(angle + 0.5 * spin > 0), 1])).truncated.tolist())
    assert [t for t, ends in enumerate(truncated, 1) if ends[0]] == [50, 100]
    assert not any(ends[1] for ends in truncated)


def random_states(rng, number):
    return rng.uniform((-2.5, -3, -0.22, -3), (2.5, 3, 0.22, 3), (number, 4))


def test_dynamics_are_gymnasium_s_to_the_bit():
    env = gym.make("CartPole-v1").unwrapped
    rng = np.random.default_rng(0)
    state, action = random_states(rng, 500), rng.integers(2, size=500)
    kept = state.copy()
    next_state, reward, terminated = cart_pole_step(state, action)
    np.testing.assert_array_equal(state, kept)
    assert 50 < terminated.sum() < 450
    for i in range(500):
        env.reset()
        env.state = state[i]
        _, one_reward, one_terminated, *_ = env.step(action[i])
        np.testing.assert_array_equal(env.state, next_state[i])
        assert (one_reward, one_terminated) == (reward[i], terminated[i])


@pytest.mark.parametrize("how", ["tensors", "graph", "XLA"])
def test_dynamics_are_the_same_inside_a_graph(how):
    tf = pytest.importorskip("tensorflow")

    def step(state, action):
        return cart_pole_step(state, action, tf.experimental.numpy)

    if how != "tensors":
        step = tf.function(step, jit_compile=how == "XLA")
    rng = np.random.default_rng(0)
    for _ in range(4):
        state, action = random_states(rng, 256), rng.integers(2, size=256)
        for dtype, rtol in ((np.float64, 1e-6), (np.float32, 1e-4)):
            tensors = step(tf.constant(state, dtype), tf.constant(action))
            assert [t.dtype for t in tensors] == [dtype, dtype, tf.bool]
            for tensor, array in zip(tensors, cart_pole_step(state, action), strict=True):
                np.testing.assert_allclose(tensor.numpy(), array, rtol=rtol, atol=1e-6)


def test_reward_of_sutton_and_barto_and_actions_that_do_not_exist():
    envs = CartPoleVector(2, sutton_barto_reward=True)
    envs.reset(seed=0)
    for _ in range(30):
        _, reward, terminated, *_ = envs.step(np.array([0, 1]))
        assert reward.tolist() == (-1.0 * terminated).tolist()
    for actions in ([1, 2], [1], [0.5, 1]):
        with pytest.raises(ValueError, match="actions must be 2 numbers 0 or 1, one for each world"):
            envs.step(np.array(actions))
