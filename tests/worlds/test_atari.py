"""Atari's games as worlds: what is seen, when they start anew, and that a seed is a game."""

import importlib.util

import gymnasium as gym
import numpy as np
import pytest

import environment  # noqa: F401, registers the worlds
from framework.vector import make_vector

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ale_py") is None, reason="needs the extra atari")
PONG = "Atari/Pong-v0"


def test_an_observation_is_four_gray_pictures_the_newest_last():
    envs = make_vector(PONG, 2, seed=0)
    assert envs.observation_space.shape == (84, 84, 4)
    assert envs.observation_space.dtype == np.uint8
    assert envs.action_space.n == 6
    transition = envs.step(np.zeros(2, int))
    np.testing.assert_array_equal(transition.next_obs[..., :3], transition.obs[..., 1:])
    assert envs.frames() is None  # they are stacked already, by ALE


def test_world_i_starts_from_seed_plus_i_and_the_same_seed_is_the_same_game():
    actions = np.random.default_rng(0).integers(6, size=(60, 3))
    first, second, shifted = make_vector(PONG, 3, seed=5), make_vector(PONG, 3, seed=5), make_vector(PONG, 2, seed=6)
    for action in actions:
        one, other, last = first.step(action), second.step(action), shifted.step(action[1:])
        np.testing.assert_array_equal(one.next_obs, other.next_obs)
        np.testing.assert_array_equal(one.next_obs[1:], last.next_obs)


def test_a_lost_game_pays_twenty_one_points_less_and_starts_anew_in_the_same_step():
    envs = make_vector(PONG, 2, seed=0)
    for _ in range(2_000):
        transition = envs.step(np.zeros(2, int))
        if transition.terminated.any():
            break
    lost = int(np.flatnonzero(transition.terminated)[0])
    (episode_return, length), *_ = envs.take_finished()
    assert episode_return == -21
    assert 700 < length < 1_100
    assert (transition.next_obs[lost] != envs.obs[lost]).any()  # the last of one game, the first of the next
    assert not envs.resumes_exactly


def test_a_single_game_is_the_same_and_shows_its_picture():
    env, envs = gym.make(PONG, render_mode="rgb_array"), make_vector(PONG, 1, seed=3)
    obs, _ = env.reset(seed=3)
    np.testing.assert_array_equal(obs, envs.obs[0])
    for action in (2, 3, 2, 5):
        obs, *_ = env.step(action)
        np.testing.assert_array_equal(obs, envs.step(np.array([action])).next_obs[0])
    assert env.render().shape == (84, 84, 3)


def test_an_episode_is_cut_off_where_the_limit_says():
    envs = make_vector(PONG, 1, seed=0, max_episode_steps=50)
    ends = [envs.step(np.zeros(1, int)) for _ in range(50)][-1]
    assert ends.truncated[0]
    assert not ends.terminated[0]
