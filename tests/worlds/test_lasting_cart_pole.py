"""CartPole where a fall ends nothing."""

import gymnasium as gym
import numpy as np
import pytest

from framework.vector import VectorWorld, make_vector
from worlds.cart_pole import cart_pole_step
from worlds.lasting_cart_pole import LYING, LastingCartPoleVector, lasting_cart_pole_step

ENV = "LastingCartPole-v0"
EVERYWHERE = (2.4, 3, LYING, 3)  # x, speed, angle and spin, either way


def random_states(number=500):
    rng = np.random.default_rng(0)
    return rng.uniform(np.negative(EVERYWHERE), EVERYWHERE, (number, 4)), rng.integers(2, size=number)


def test_between_the_buffers_and_above_the_track_it_is_CartPole():
    state, action = random_states()
    moved, _, _ = cart_pole_step(state, action)
    free = (np.abs(moved[:, 0]) < 2.4) & (np.abs(moved[:, 2]) < LYING)
    assert 400 < free.sum() < 500
    np.testing.assert_array_equal(lasting_cart_pole_step(state, action)[0][free], moved[free])


@pytest.mark.parametrize("side", [-1, 1])
def test_a_pole_that_lies_stays_down_whatever_the_cart_does(side):
    state, rng = np.array([[0.0, 0, side * LYING, 0]]), np.random.default_rng(0)
    for _ in range(200):
        state, reward = lasting_cart_pole_step(state, rng.integers(2, size=1))
        assert (*state[0, 2:], reward[0]) == (side * LYING, 0, 0)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_buffer_stops_the_cart_and_lets_it_go_again(side):
    state = np.array([[side * 2.39, side * 2.0, 0, 0]])
    state, _ = lasting_cart_pole_step(state, np.array([side > 0]))
    assert state[0, :2].tolist() == [side * 2.4, 0]
    for _ in range(2):
        state, _ = lasting_cart_pole_step(state, np.array([side < 0]))
    assert 0 < side * state[0, 0] < 2.4
    assert side * state[0, 1] < 0


@pytest.mark.parametrize(
    ("x", "degrees", "reward"), [(1, 0, 1), (0.4, 0, 0.4), (1.6, 5, 0.4), (-0.2, 0, 0), (1, 11.9, 1), (1, 12.1, 0)]
)
def test_it_likes_an_upright_pole_near_x_1(x, degrees, reward):
    """Nothing moves, so that the first step leaves position and angle as they are."""
    state = np.array([[x, 0, np.radians(degrees), 0]])
    assert lasting_cart_pole_step(state, np.array([1]))[1] == pytest.approx(reward)


def test_stepped_at_once_it_equals_single_worlds_to_the_bit_and_is_never_terminated():
    envs = make_vector(ENV, 5, seed=3, max_episode_steps=60)
    assert isinstance(envs.envs, LastingCartPoleVector)
    same_step = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
    singles = gym.make_vec(ENV, 5, vectorization_mode="sync", vector_kwargs=same_step, max_episode_steps=60)
    singles = VectorWorld(singles, seed=3)
    np.testing.assert_array_equal(envs.obs, singles.obs)
    assert np.ptp(envs.obs[:, 0]) > 1  # they start all over the track
    fallen = 0
    for action in np.random.default_rng(0).integers(2, size=(180, 5)):
        one, other = envs.step(action), singles.step(action)
        for name in ("obs", "next_obs", "reward", "terminated", "truncated"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert envs.observation_space.contains(one.next_obs[0])
        assert not one.terminated.any()
        fallen += (np.abs(one.next_obs[:, 2]) == np.float32(LYING)).sum()
    assert fallen > 100
    assert envs.take_finished() == singles.take_finished()
    assert [length for _, length in make_episodes(envs)] == [60] * 5


def make_episodes(envs):
    for _ in envs.episodes(lambda obs: np.zeros(len(obs), int)):
        pass
    return envs.take_finished()


@pytest.mark.parametrize("how", ["tensors", "graph", "XLA"])
def test_dynamics_are_the_same_inside_a_graph(how):
    tf = pytest.importorskip("tensorflow")

    def step(state, action):
        return lasting_cart_pole_step(state, action, tf.experimental.numpy)

    if how != "tensors":
        step = tf.function(step, jit_compile=how == "XLA")
    state, action = random_states(64)
    for tensor, array in zip(
        step(tf.constant(state), tf.constant(action)), lasting_cart_pole_step(state, action), strict=True
    ):
        np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-6, atol=1e-9)


def test_actions_that_do_not_exist_are_refused():
    envs = LastingCartPoleVector(2)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="actions must be 2 numbers 0 or 1, one for each world"):
        envs.step(np.array([1, 2]))
    env = gym.make(ENV).unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action 2 does not exist; actions are 0 push left and 1 push right"):
        env.step(2)


def test_it_draws_itself():
    env = gym.make(ENV, render_mode="rgb_array")
    env.reset(seed=0)
    frame = env.render()
    assert frame.shape == (400, 600, 3)
    assert np.ptp(frame) > 100
