"""Layers to build a network of, in a chapter: how to read what a world shows, and how weights start."""

import numpy as np
from gymnasium import spaces

from framework.tf import keras, tf
from worlds.frames import SMALLEST


class Layers:
    """Makes Keras layers one after the other; the same seed and the same order give the same weights.

    Weights start orthogonal (Saxe et al. 2014), which keeps signals in scale through many layers.
    """

    def __init__(self, seed):
        self.seeds = iter(np.random.SeedSequence(seed).generate_state(256).tolist())

    def read(self, observation_space, filters=()):
        """The input of a network, and the features [B, …] of each row, flat.

        Whole numbers, such as pixels, are scaled by the bounds of their space to 0 … 1; symbols become bits. Real
        numbers are taken as they are, unless their bounds are those of pixels.

        Args:
            observation_space: a Box.
            filters: (filters, kernel, stride) of each convolution; for what `is_convolved`.
        """
        obs = keras.Input(observation_space.shape, dtype=observation_space.dtype.name)
        x = obs
        if are_symbols(observation_space):
            x = Bits()(x)
        elif unit_scale(observation_space):
            x = keras.layers.Rescaling(*unit_scale(observation_space))(x)
        if is_convolved(observation_space, filters):
            for count, kernel, stride in filters:
                x = keras.layers.Conv2D(count, kernel, stride, activation="relu", **self._start(2**0.5))(x)
        return obs, keras.layers.Flatten()(x)

    def dense(self, x, hidden, activation="relu", norm=False):
        """Hidden layers with so many units each; with ``norm``, LayerNorm (Ba et al. 2016) before each activation."""
        for units in hidden:
            x = keras.layers.Dense(units, None if norm else activation, **self._start(2**0.5))(x)
            if norm:
                x = keras.layers.Activation(activation)(keras.layers.LayerNormalization()(x))
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


class Bits(keras.layers.Layer):
    """Bytes [..., D] as their bits [..., 8 D], 0 or 1."""

    def call(self, x):
        bits = [tf.bitwise.bitwise_and(tf.bitwise.right_shift(x, np.uint8(k)), np.uint8(1)) for k in range(8)]
        return tf.cast(tf.concat(bits, axis=-1), self.compute_dtype)


class SameForAll(keras.layers.Layer):
    """Learnt numbers [D] that do not depend on the input, for every row of it: [B, D] in and out. They start at 0."""

    def build(self, shape):
        self.numbers = self.add_weight(shape=shape[-1:], initializer="zeros", name="numbers")

    def call(self, x):
        return tf.zeros_like(x) + self.numbers


def unit_scale(space):
    """(scale, offset) that take the numbers of a Box to 0 … 1, as scale × number + offset; None: they stay."""
    low, high = space.low.astype(float), space.high.astype(float)
    pixels = low.min() == 0 and high.max() == 255
    known = high.max() - low.min() < 2**31  # more is what a kind of number can hold, and says nothing
    if not known or (np.issubdtype(space.dtype, np.floating) and not pixels):
        return None
    if np.ptp(low) == np.ptp(high) == 0:
        low, high = low.flat[0], high.flat[0]  # one number for all
    scale = 1 / np.maximum(high - low, 1)
    return scale, -low * scale


def are_symbols(space):
    """Whether observations are a table [H, W, C] of bytes too small for a picture, such as the tiles of a maze.

    Its numbers are names, not amounts: tile 8 is not twice tile 4.
    """
    small = len(space.shape) == 3 and min(space.shape[:2]) < SMALLEST
    return small and space.dtype == np.uint8 and bool((space.high == 255).all())


def discrete_actions(action_space):
    """How many actions there are.

    Raises:
        ValueError: the space is not Discrete from 0 on.
    """
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        kind = type(action_space).__name__ + " ones" if not isinstance(action_space, spaces.Discrete) else "others"
        raise ValueError(f"this agent chooses among Discrete actions, numbered from 0; the world has {kind}")
    return int(action_space.n)


def continuous_actions(action_space):
    """How many numbers an action is.

    Raises:
        ValueError: the space is not a Box of one axis.
    """
    if not isinstance(action_space, spaces.Box) or len(action_space.shape) != 1:
        raise ValueError(f"this agent's actions are real numbers, a Box; the world has {action_space}")
    return action_space.shape[0]


def copy_weights(source, target, tau=1.0):
    """Move the weights of a network ``target`` by the part ``tau`` of the way to those of another of the same layers.

    1 makes them equal; a small τ at each step makes a target network follow (Lillicrap et al. 2016).
    """
    for new, old in zip(source.variables, target.variables, strict=True):
        old.assign(new if tau == 1 else old + tau * (new - old))


def is_convolved(observation_space, filters):
    """Whether convolutions read the observations: planes [H, W, C], such as stacked frames, large enough for them."""
    if len(observation_space.shape) != 3:
        return False
    side = min(observation_space.shape[:2])
    for _, kernel, stride in filters:
        side = (side - kernel) // stride + 1
        if side < 1:
            return False
    return bool(filters)
