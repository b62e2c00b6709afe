"""The state of worlds, taken and given back."""

import gymnasium as gym
import numpy as np
import pytest

from framework.runs.files import load_arrays, save_arrays
from framework.vector import make_vector
from worlds.saving import is_plain


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Catcher-v0", "MountainCar-v0", "Acrobot-v1"])
def test_worlds_go_on_exactly_where_a_checkpoint_was_taken(env_id, tmp_path):
    envs, others = make_vector(env_id, 3, seed=1), make_vector(env_id, 3, seed=99)
    for action in np.random.default_rng(0).integers(envs.action_space.n, size=(70, 3)):
        envs.step(action)
    save_arrays(tmp_path / "file.npz", envs.state())
    others.load_state(load_arrays(tmp_path / "file.npz"))
    assert envs.resumes_exactly
    for action in np.random.default_rng(3).integers(envs.action_space.n, size=(250, 3)):
        one, other = envs.step(action), others.step(action)
        np.testing.assert_array_equal(one.next_obs, other.next_obs)
        np.testing.assert_array_equal(envs.obs, others.obs)
    assert envs.total_steps == others.total_steps


def test_a_world_of_somebody_elses_is_not_taken_for_ours_by_the_beginning_of_its_modules_name():
    env = gym.make("CartPole-v1")
    for module, ours in (("environment", True), ("environments", False), ("worlds.new", True), ("worlds_too", False)):
        other = type("World", (type(env.unwrapped),), {"__module__": module})()
        assert is_plain(other) == ours


def test_a_world_that_keeps_a_list_is_not_said_to_be_restored_exactly():
    env = gym.make("CartPole-v1")
    assert is_plain(env)
    env.unwrapped.history = [1, 2]
    assert not is_plain(env)
