"""CartPole, many at once."""

import gymnasium as gym
import numpy as np
import pytest

from framework.vector import VectorWorld, make_vector
from worlds.cart_pole import CartPoleVector


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
    assert envs.finished == singles.finished
