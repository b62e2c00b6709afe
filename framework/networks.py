"""Networks that fit an observation: dense layers for numbers, convolutions for stacked frames."""

import numpy as np
from gymnasium import spaces

from framework.tf import keras

FILTERS = ((16, 8, 4), (32, 4, 2))  # (filters, kernel, stride) of each convolution, as in Mnih et al. (2013)


def network(observation_space, outputs, hidden, activation="relu", seed=0, scale=1.0):
    """A network from observations [B, …] to one output [B, outputs].

    Args:
        observation_space: a Box; uint8 [H, W, F] is read by convolutions, anything else is flattened.
        outputs: size of the last layer, which is linear.
        hidden: units of each hidden layer.
        scale: of the last layer's weights at the start.

    Returns:
        a `keras.Model`; the same seed gives the same weights.
    """
    start = _Start(seed)
    inputs, x = _read(observation_space)
    x = _trunk(x, hidden, activation, start)
    return keras.Model(inputs, _last(outputs, scale, start)(x))


def actor_critic_network(observation_space, actions, hidden, seed=0):
    """A network from observations [B, …] to logits [B, A] and values [B, 1].

    Reading pictures is most of the work, so actor and critic share it; from plain numbers each has layers of its own,
    and the critic's large errors leave the actor in peace. The policy starts near uniform.
    """
    start = _Start(seed)
    inputs, x = _read(observation_space)
    if is_stack(observation_space):
        actor = critic = _trunk(x, hidden, "relu", start)
    else:
        actor, critic = (_trunk(x, hidden, "tanh", start) for _ in range(2))
    return keras.Model(inputs, [_last(actions, 0.01, start)(actor), _last(1, 1.0, start)(critic)])


class _Start:
    """Orthogonal starting weights (Saxe et al. 2014), which keep signals in scale through many layers."""

    def __init__(self, seed):
        self.seeds = iter(np.random.SeedSequence(seed).generate_state(32).tolist())

    def __call__(self, gain):
        return keras.initializers.Orthogonal(gain, seed=next(self.seeds))


def _read(observation_space):
    inputs = keras.Input(observation_space.shape, dtype=observation_space.dtype.name)
    return inputs, keras.layers.Rescaling(1 / 255)(inputs) if is_stack(observation_space) else inputs


def _trunk(x, hidden, activation, start):
    gain = 2**0.5
    if len(x.shape) == 4:
        for count, kernel, stride in FILTERS:
            x = keras.layers.Conv2D(count, kernel, stride, activation="relu", kernel_initializer=start(gain))(x)
    x = keras.layers.Flatten()(x)
    for units in hidden:
        x = keras.layers.Dense(units, activation=activation, kernel_initializer=start(gain))(x)
    return x


def _last(outputs, scale, start):
    """The last layer is linear: values and logits may be negative. It is float32, whatever `set_precision` says."""
    return keras.layers.Dense(outputs, kernel_initializer=start(scale), dtype="float32")


def is_stack(observation_space):
    """Whether observations are stacked frames [H, W, F] uint8."""
    return observation_space.dtype == np.uint8 and len(observation_space.shape) == 3


def discrete_actions(action_space):
    """How many actions there are.

    Raises:
        ValueError: the space is not Discrete from 0 on.
    """
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        raise ValueError(f"this agent chooses among Discrete actions; the world has {action_space}")
    return int(action_space.n)
