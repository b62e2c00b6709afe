"""Layers: how observations are read, and how weights start."""

import numpy as np
import pytest
from gymnasium import spaces

from framework.networks import Layers, continuous_actions, discrete_actions, is_convolved
from framework.tf import keras

FILTERS = ((4, 8, 4),)


def features_of(space, obs, filters=()):
    inputs, features = Layers(0).read(space, filters)
    return keras.Model(inputs, features)(obs[None]).numpy()[0]


@pytest.mark.parametrize(
    ("low", "high", "shape", "dtype"),
    [
        (0, 255, (40, 40, 4), np.uint8),
        (0, 1, (10, 10, 4), np.uint8),
        (0, 255, (128,), np.uint8),
        (-3, 12, (3,), np.int64),
        (0, 255, (40, 40, 3), np.float32),
    ],
)
def test_whole_numbers_and_pixels_are_scaled_by_the_bounds_of_their_space(low, high, shape, dtype):
    """Pixels by 255, planes of 0 and 1 by 1: 0 and 1 as 0.004 would hardly be seen."""
    space = spaces.Box(low, high, shape, dtype)
    for number, expected in ((low, 0), (high, 1)):
        features = features_of(space, np.full(shape, number, dtype))
        assert features == pytest.approx(np.full(np.prod(shape), expected), abs=1e-6)


def test_each_number_is_scaled_by_its_own_bounds():
    space = spaces.Box(np.array([0, -10, 7]), np.array([1, 10, 7]), dtype=np.int32)
    assert features_of(space, np.array([1, 0, 7])).tolist() == pytest.approx([1, 0.5, 0])


def test_bounds_that_say_nothing_scale_nothing():
    largest = np.iinfo(np.int64)
    assert features_of(spaces.Box(largest.min, largest.max, (2,), np.int64), np.array([3, -7])).tolist() == [3, -7]


def test_symbols_become_bits_since_they_are_names_and_no_amounts():
    obs = np.zeros((7, 7, 3), np.uint8)
    obs[2, 5] = 10, 1, 255
    bits = features_of(spaces.Box(0, 255, obs.shape, np.uint8), obs).reshape(7, 7, 8, 3)
    assert bits[2, 5].T.tolist() == [[0, 1, 0, 1, 0, 0, 0, 0], [1] + [0] * 7, [1] * 8]
    assert bits.sum() == 11


def test_planes_of_true_and_false_are_1_and_0():
    space = spaces.Box(0, 1, (10, 10, 2), bool)
    obs = np.random.default_rng(0).random((10, 10, 2)) < 0.5
    assert features_of(space, obs).tolist() == obs.ravel().astype(float).tolist()
    assert features_of(space, obs, ((4, 3, 1),)).shape == (8 * 8 * 4,)


def test_real_numbers_are_read_as_they_are():
    obs = np.array([-3.0, 0.5, 40.0], "f")
    assert features_of(spaces.Box(-np.inf, np.inf, (3,)), obs).tolist() == obs.tolist()
    assert features_of(spaces.Box(-50, 50, (3,)), obs).tolist() == obs.tolist()


def test_convolutions_read_what_is_large_enough_for_them():
    """Others would die in a filter larger than the picture; they are read as plain numbers."""
    picture, numbers = spaces.Box(0, 255, (84, 84, 2), np.uint8), spaces.Box(0, 255, (9,), np.uint8)
    assert is_convolved(picture, FILTERS)
    assert not is_convolved(numbers, FILTERS)
    assert not is_convolved(picture, ())
    for side, filters, fits in ((7, FILTERS, False), (8, FILTERS, True), (19, (*FILTERS, (8, 4, 2)), False)):
        for shape in ((side, side + 5, 2), (side + 5, side, 2)):
            space = spaces.Box(0, 1, shape, bool)
            assert is_convolved(space, filters) == fits
            assert features_of(space, np.ones(shape, bool), filters).ndim == 1
    assert features_of(picture, np.zeros((84, 84, 2), np.uint8), FILTERS).shape == (20 * 20 * 4,)
    assert features_of(numbers, np.zeros(9, np.uint8), FILTERS).shape == (9,)


def test_the_same_seed_gives_the_same_weights_and_they_start_orthogonal():
    def weights(seed):
        layers = Layers(seed)
        obs, features = layers.read(spaces.Box(-1, 1, (6,)))
        return keras.Model(obs, layers.linear(layers.dense(features, (5,)), 3, scale=0.01)).get_weights()

    for one, same in zip(weights(1), weights(1), strict=True):
        np.testing.assert_array_equal(one, same)
    kernel, _, last, _ = weights(1)
    assert np.abs(kernel - weights(2)[0]).max() > 0.1
    assert kernel.T @ kernel == pytest.approx(2 * np.eye(5), abs=1e-5)
    assert last.T @ last == pytest.approx(1e-4 * np.eye(3), abs=1e-8)


def test_with_norm_what_enters_an_activation_has_mean_0_and_variance_1_in_each_row():
    def model_of(norm):
        layers = Layers(0)
        obs, features = layers.read(spaces.Box(-1, 1, (6,)))
        return keras.Model(obs, layers.dense(features, (8,), "relu", norm))

    obs, models = np.random.default_rng(0).normal(size=(5, 6)).astype("f"), {n: model_of(n) for n in (False, True)}
    kernel, bias = models[True].get_weights()[:2]
    np.testing.assert_array_equal(kernel, models[False].get_weights()[0])  # neither changes the other layers' start
    x = obs @ kernel + bias
    normed = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-3)
    assert models[True](obs).numpy() == pytest.approx(np.maximum(normed, 0), abs=1e-5)
    assert models[False](obs).numpy() == pytest.approx(np.maximum(x, 0), abs=1e-5)
    assert len(models[True].get_weights()) == 4  # with a scale and an offset, which are learnt


def test_a_policy_has_logits_for_discrete_actions_and_a_mean_and_a_deviation_for_a_box():
    def model_of(space):
        layers = Layers(0)
        obs, features = layers.read(spaces.Box(-1, 1, (6,)))
        return keras.Model(obs, [layers.policy_head(features, space), layers.linear(features, 1)])

    obs = np.random.default_rng(0).normal(size=(7, 6)).astype("f")
    (logits,), _ = model_of(spaces.Discrete(4))(obs)
    assert logits.shape == (7, 4)
    model = model_of(spaces.Box(-1, 1, (2,)))
    (mean, log_std), _ = model(obs)
    assert mean.shape == log_std.shape == (7, 2)
    assert np.all(log_std == 0)
    (numbers,) = (variable for variable in model.trainable_variables if variable.name == "numbers")
    numbers.assign([0.5, -0.5])
    (_, log_std), _ = model(obs)
    assert log_std.numpy().tolist() == [[0.5, -0.5]] * 7


def test_actions_that_are_not_discrete_are_refused():
    assert discrete_actions(spaces.Discrete(3)) == 3
    for space in (spaces.Box(-1, 1, (1,)), spaces.Discrete(3, start=1)):
        with pytest.raises(ValueError, match="chooses among Discrete actions"):
            discrete_actions(space)


def test_actions_that_are_no_box_of_one_axis_are_refused():
    assert continuous_actions(spaces.Box(-1, 1, (3,))) == 3
    for space in (spaces.Discrete(2), spaces.Box(-1, 1, (2, 2))):
        with pytest.raises(ValueError, match="this agent's actions are real numbers, a Box; the world has"):
            continuous_actions(space)
