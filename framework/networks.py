"""Layers to build a network of, in a chapter: how to read what a world shows, and how weights start."""

import numpy as np
from gymnasium import spaces

from framework.tf import keras, tf


class Layers:
    """Makes Keras layers one after the other; the same seed and the same order give the same weights.

    Weights start orthogonal (Saxe et al. 2014), which keeps signals in scale through many layers.
    """

    def __init__(self, seed):
        self.seeds = iter(np.random.SeedSequence(seed).generate_state(256).tolist())

    def read(self, observation_space, filters=()):
        """The input of a network, and the features [B, …] of each row, flat.

        Whole numbers, such as pixels, are divided by the largest that the space allows, so that they are at most 1.
        Planes of true and false become 1 and 0.

        Args:
            observation_space: a Box.
            filters: (filters, kernel, stride) of each convolution, for pictures.
        """
        obs = keras.Input(observation_space.shape, dtype=observation_space.dtype.name)
        x = obs
        if not np.issubdtype(observation_space.dtype, np.floating):
            x = keras.layers.Rescaling(1 / int(observation_space.high.max()))(x)
        if is_stack(observation_space):
            for count, kernel, stride in filters:
                x = keras.layers.Conv2D(count, kernel, stride, activation="relu", **self._start(2**0.5))(x)
        return obs, keras.layers.Flatten()(x)

    def dense(self, x, hidden, activation="relu"):
        """Hidden layers with so many units each."""
        for units in hidden:
            x = keras.layers.Dense(units, activation, **self._start(2**0.5))(x)
        return x

    def linear(self, x, outputs, scale=1.0):
        """A last layer [B, outputs]: it is linear, since values and logits may be negative, and float32 whatever
        `set_precision` says. ``scale`` is that of its weights at the start; a small one starts a policy uniform."""
        return keras.layers.Dense(outputs, dtype="float32", **self._start(scale))(x)

    def policy_head(self, x, action_space, scale=0.01):
        """Last layers for what a policy is made of, see `framework.distributions.policy_class`.

        Returns:
            [logits [B, A]] for Discrete actions, [mean [B, D], log_std [B, D]] for a Box.
        """
        if isinstance(action_space, spaces.Discrete):
            return [self.linear(x, discrete_actions(action_space), scale)]
        mean = self.linear(x, action_space.shape[0], scale)
        return [mean, SameForAll(dtype="float32")(mean)]

    def _start(self, gain):
        return {"kernel_initializer": keras.initializers.Orthogonal(gain, seed=next(self.seeds))}


class SameForAll(keras.layers.Layer):
    """Learnt numbers [D] that do not depend on the input, for every row of it: [B, D] in and out. They start at 0."""

    def build(self, shape):
        self.numbers = self.add_weight(shape=shape[-1:], initializer="zeros", name="numbers")

    def call(self, x):
        return tf.zeros_like(x) + self.numbers


def discrete_actions(action_space):
    """How many actions there are.

    Raises:
        ValueError: the space is not Discrete from 0 on.
    """
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        kind = type(action_space).__name__ + " ones" if not isinstance(action_space, spaces.Discrete) else "others"
        raise ValueError(f"this agent chooses among Discrete actions, numbered from 0; the world has {kind}")
    return int(action_space.n)


def is_stack(observation_space):
    """Whether observations are stacked frames, or other planes [H, W, C], which convolutions read."""
    return len(observation_space.shape) == 3
