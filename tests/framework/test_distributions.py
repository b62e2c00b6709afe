"""Policies as distributions: their densities against numerical integration, their draws against their densities."""

import math

import numpy as np
import pytest
from gymnasium import spaces

from framework.distributions import Categorical, Gaussian, TanhGaussian, policy_class
from framework.tf import tf

BOX = {"gaussian": Gaussian, "tanh": TanhGaussian}


def made(kind, mean, log_std):
    return kind(*(tf.constant(numbers, tf.float32) for numbers in (mean, log_std)))


def density(kind, mean, log_std, points=200_001):
    """Of one action: points x, the density at each, and the distance that each stands for.

    Those of tanh lie close where its density is steep.
    """
    if kind is Gaussian:
        x = np.linspace(-20, 20, points)
        width = np.full(points, x[1] - x[0])
    else:
        u = np.linspace(-6.5, 6.5, points)
        x, width = np.tanh(u), (u[1] - u[0]) * (1 - np.tanh(u) ** 2)
    policy = made(kind, np.full((points, 1), mean), np.full((points, 1), log_std))
    return x, np.exp(policy.log_prob(x[:, None].astype("f")).numpy().astype(float)), width


@pytest.mark.parametrize("kind", BOX.values(), ids=BOX)
@pytest.mark.parametrize(("mean", "log_std"), [(0.0, 0.0), (0.7, -1.5), (-1.2, 0.4)])
def test_the_density_integrates_to_1_and_the_entropy_is_its_own(kind, mean, log_std):
    _, p, width = density(kind, mean, log_std)
    assert (p * width).sum() == pytest.approx(1, abs=2e-3)
    entropy = -(p * np.log(np.maximum(p, 1e-300)) * width).sum()
    assert made(kind, [[mean]], [[log_std]]).entropy().numpy() == pytest.approx([entropy], abs=5e-3)


@pytest.mark.parametrize("kind", BOX.values(), ids=BOX)
def test_draws_have_the_moments_of_the_density(kind):
    x, p, width = density(kind, 0.4, -0.5)
    mean = (x * p * width).sum()
    std = math.sqrt(((x - mean) ** 2 * p * width).sum())
    policy = made(kind, np.full((40_000, 1), 0.4), np.full((40_000, 1), -0.5))
    drawn = policy.sample(tf.random.Generator.from_seed(3)).numpy()
    assert drawn.shape == (40_000, 1)
    assert (drawn.mean(), drawn.std()) == (pytest.approx(mean, abs=0.01), pytest.approx(std, abs=0.01))


def test_several_actions_are_independent():
    policy = made(Gaussian, [[0.0, 1.0]], [[0.0, -1.0]])
    one, other = made(Gaussian, [[0.0]], [[0.0]]), made(Gaussian, [[1.0]], [[-1.0]])
    action = np.array([[0.3, 0.9]], "f")
    expected = one.log_prob(action[:, :1]) + other.log_prob(action[:, 1:])
    assert policy.log_prob(action).numpy() == pytest.approx(expected.numpy(), rel=1e-6)
    assert policy.entropy().numpy() == pytest.approx((one.entropy() + other.entropy()).numpy(), rel=1e-6)
    assert policy.log_prob(action).shape == policy.entropy().shape == (1,)


def test_a_gaussian_by_hand():
    policy = made(Gaussian, [[1.0]], [[math.log(2.0)]])
    expected = -0.5 * 1.5**2 - math.log(2) - 0.5 * math.log(2 * math.pi)
    assert policy.log_prob(np.array([[4.0]], "f")).numpy() == pytest.approx([expected])
    assert policy.mode().numpy() == 1


def test_tanh_stays_inside_1_and_its_density_is_finite_near_it():
    policy = made(TanhGaussian, [[0.0], [9.0], [-9.0]], np.ones((3, 1)))
    assert np.abs(policy.mode().numpy()).max() <= 1
    action, log_prob = policy.sample_and_log_prob(tf.random.Generator.from_seed(0))
    assert np.abs(action.numpy()).max() <= 1
    assert np.isfinite(log_prob.numpy()).all()
    assert np.isfinite(policy.log_prob(np.array([[1.0], [1.0], [-1.0]], "f")).numpy()).all()


def test_tanh_draws_with_the_density_that_it_tells():
    policy = made(TanhGaussian, np.linspace(-1, 1, 50)[:, None], np.full((50, 1), -0.3))
    action, log_prob = policy.sample_and_log_prob(tf.random.Generator.from_seed(5))
    assert policy.log_prob(action).numpy() == pytest.approx(log_prob.numpy(), abs=1e-3)


@pytest.mark.parametrize("kind", BOX.values(), ids=BOX)
def test_gradients_flow_through_a_draw(kind):
    mean = tf.constant([[0.3]])
    with tf.GradientTape() as tape:
        tape.watch(mean)
        action = kind(mean, tf.constant([[-1.0]])).sample(tf.random.Generator.from_seed(1))
    slope = 1.0 if kind is Gaussian else 1 - float(action[0, 0]) ** 2
    assert float(tape.gradient(action, mean)[0, 0]) == pytest.approx(slope, rel=1e-4)


def test_categorical_by_hand():
    policy = Categorical(tf.math.log([[0.2, 0.3, 0.5], [1.0, 1.0, 2.0]]))
    assert policy.log_prob(np.array([2, 0])).numpy() == pytest.approx(np.log([0.5, 0.25]))
    first = -(0.2 * math.log(0.2) + 0.3 * math.log(0.3) + 0.5 * math.log(0.5))
    assert policy.entropy().numpy() == pytest.approx([first, 1.5 * math.log(2)])
    assert policy.mode().numpy().tolist() == [2, 2]


def test_entropy_of_a_uniform_policy_is_the_logarithm_of_the_number_of_actions():
    assert Categorical(tf.zeros((3, 4))).entropy().numpy() == pytest.approx([math.log(4)] * 3)
    assert Categorical(tf.constant([[0.0, 1000.0]])).entropy().numpy() == pytest.approx([0.0])


def test_categorical_draws_with_its_probabilities():
    policy = Categorical(tf.math.log(tf.constant([[0.2, 0.3, 0.5]] * 30_000)))
    drawn = policy.sample(tf.random.Generator.from_seed(2)).numpy()
    assert np.bincount(drawn) / 30_000 == pytest.approx([0.2, 0.3, 0.5], abs=0.01)


@pytest.mark.parametrize("kind", [Categorical, *BOX.values()])
def test_every_row_and_every_call_draws_anew_and_the_same_seed_the_same(kind):
    policy = (
        Categorical(tf.zeros((20, 1000))) if kind is Categorical else made(kind, np.zeros((20, 1)), np.zeros((20, 1)))
    )
    one, other = tf.random.Generator.from_seed(4), tf.random.Generator.from_seed(4)
    drawn = [policy.sample(generator).numpy().ravel() for generator in (one, one, other)]
    assert len({*drawn[0], *drawn[1]}) > 30
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_each_kind_of_space_has_its_distribution():
    assert policy_class(spaces.Discrete(3)) is Categorical
    assert policy_class(spaces.Box(-1, 1, (2,))) is Gaussian
    for space in (spaces.Discrete(3, start=1), spaces.MultiBinary(3), spaces.Box(-1, 1, (2, 2))):
        with pytest.raises(ValueError, match="Discrete spaces or in a Box of one axis"):
            policy_class(space)


def test_the_divergence_of_two_policies_is_the_mean_of_the_log_of_their_ratio():
    """Worked out by hand for Discrete actions, by numerical integration for a Box."""
    one, other = (Categorical(tf.math.log([probs])) for probs in ([0.5, 0.25, 0.25], [0.25, 0.25, 0.5]))
    assert one.kl(other).numpy() == pytest.approx([0.5 * np.log(2) - 0.25 * np.log(2)], abs=1e-6)
    one, other = (Gaussian(*map(tf.constant, rows)) for rows in (([[0.3]], [[-0.5]]), ([[-0.2]], [[0.1]])))
    x = np.linspace(-6, 6, 20_001, dtype="f")[:, None]
    log_p, log_q = one.log_prob(x).numpy(), other.log_prob(x).numpy()
    integral = np.trapezoid(np.exp(log_p) * (log_p - log_q), x[:, 0])
    assert one.kl(other).numpy() == pytest.approx([integral], abs=1e-4)
    assert one.kl(one).numpy() == pytest.approx([0], abs=1e-6)
