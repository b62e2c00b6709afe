"""Networks with a population axis: n of them, each a row of weights theta [n, P], give their outputs at once.

Numbers go through dense layers. In a picture, a network first finds out *where* something is: each of a few filters
is laid on all columns alike, and says in which of them it fits best (a spatial softmax, Finn et al. 2016). So some
two hundred weights read what takes a dense layer thousands; and a search without a gradient needs few weights.
"""

from itertools import pairwise

import numpy as np
from gymnasium import spaces

from worlds.frames import FrameStack

SHARPNESS = 10.0  # of the softmax; pixels differ by less than 1, and all columns would count alike
EDGE = 3.0  # the place of the last column; that of the first is -EDGE


class Network:
    """The shape of the networks; what they differ in is theta.

    Attributes:
        filters: how many look for a place in a picture, 0 where there is none.
        sizes: numbers that go into the first dense layer, units of each, and the outputs.
        weights: P, how many there are.
    """

    def __init__(self, observation_space, action_space, config):
        shape, discrete = observation_space.shape, isinstance(action_space, spaces.Discrete)
        picture = observation_space == FrameStack(config.frame_size, config.frame_stack).space
        self.filters, self.column = (config.filters, shape[0] * shape[2]) if picture else (0, 0)
        inputs = self.filters or int(np.prod(shape))
        self.sizes = inputs, *config.hidden, int(action_space.n if discrete else np.prod(action_space.shape))
        self.weights = self.column * self.filters + sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.sizes))

    def first_weights(self, rng):
        """θ [P]: the filters; then of each layer a matrix, and biases of 0. Variances are 1 / inputs."""
        parts = [rng.normal(0, self.column**-0.5, self.column * self.filters)] if self.filters else []
        for n_in, n_out in pairwise(self.sizes):
            parts += [rng.normal(0, n_in**-0.5, n_in * n_out), np.zeros(n_out)]
        return np.concatenate(parts).astype(np.float32)

    def outputs(self, theta, obs):
        """What n networks theta [n, P] give, [n, E, A], each for its own E observations [n, E, …]."""
        x, at = obs.astype(np.float32), self.column * self.filters
        if obs.dtype == np.uint8:
            x /= 255
        x = places(theta[:, :at].reshape(len(theta), self.column, -1), x) if at else x.reshape(*x.shape[:2], -1)
        for layer, (n_in, n_out) in enumerate(pairwise(self.sizes)):
            weight = theta[:, at : at + n_in * n_out].reshape(-1, n_in, n_out)
            bias = theta[:, None, at + n_in * n_out : at + (n_in + 1) * n_out]
            x, at = np.matmul(np.tanh(x) if layer else x, weight) + bias, at + (n_in + 1) * n_out  # [n, E, n_out]
        return x


def places(filters, pictures):
    """Where K filters [n, H × F, K] fit best in pictures [n, E, H, W, F]: [n, E, K] from -EDGE to EDGE."""
    n, episodes, height, width, frames = pictures.shape
    columns = pictures.swapaxes(2, 3).reshape(n, episodes * width, height * frames)
    fit = SHARPNESS * np.matmul(columns, filters).reshape(n, episodes, width, -1)
    share = np.exp(fit - fit.max(axis=2, keepdims=True))  # [n, E, W, K], of the softmax over columns
    share /= share.sum(axis=2, keepdims=True)
    return np.linspace(-EDGE, EDGE, width, dtype=np.float32) @ share
