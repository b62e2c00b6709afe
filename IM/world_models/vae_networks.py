"""The networks of V: an encoder that says where things are, a decoder that draws them there; and the paper's kind."""

import numpy as np

from framework.networks import Layers
from framework.tf import keras, tf


def grid(height, width):
    """The places (x, y) of a picture's pixels, row by row: [H W, 2] from -1 to 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


class Places(keras.layers.Layer):
    """Maps [N, H, W, K] as how much each of them found, and that times where, x and y from -1 to 1: [N, 3 K].

    These are the moments of an image (Hu 1962), and they are linear: they move with a thing as far as it moves, and
    those of two things add up. So a weighted sum of them can tell a paddle from a fruit, and where each is. A dense
    layer learns what every place looks like by itself; its code is a curled line, which no linear controller reads.
    (Moments divided by their mass are a soft-argmax, Levine et al. 2016, Finn et al. 2016: of one thing at a time.)
    """

    def call(self, maps):
        places = grid(*maps.shape[1:3])
        found = tf.nn.relu(tf.reshape(maps, (-1, len(places), maps.shape[3])))  # [N, H W, K]
        times = np.c_[np.ones(len(places), np.float32), places]
        return tf.reshape(tf.einsum("npk,pm->nmk", found, times), (-1, 3 * maps.shape[3]))


class Broadcast(keras.layers.Layer):
    """Features [N, F] at every place of a picture, beside where that is: [N, side, side, F].

    Each feature grows across the picture in a direction of its own, which is learnt, and bends where it passes zero
    ("spatial broadcast", Watters et al. 2019). So the edge of a thing is where a weighted sum of z, x and y is zero:
    a thing that moves moves z along a straight line.
    """

    def __init__(self, side, seed, **options):
        super().__init__(**options)
        self.side, self.seed = side, seed

    def build(self, shape):
        steep = keras.initializers.RandomNormal(stddev=5.0, seed=self.seed)  # the edges of things are sharp
        self.directions = self.add_weight(shape=(2, shape[-1]), initializer=steep, name="directions")

    def call(self, features):
        across = tf.reshape(tf.matmul(grid(self.side, self.side), self.directions), (self.side, self.side, -1))
        return tf.nn.relu(features[:, None, None] + across)


def encoder_network(observation_space, config):
    """Reads pictures [N, H, W, C] uint8; gives mean [N, Z] and log_var [N, Z] of their codes."""
    layers = Layers(config.seed)
    if config.encoder == "dense":
        frames, features = layers.read(observation_space, config.filters)
    else:
        frames = keras.Input(observation_space.shape, dtype="uint8")
        maps = keras.layers.Rescaling(1 / 255)(frames)
        for filters, kernel, stride in config.filters:
            maps = keras.layers.Conv2D(filters, kernel, stride, "same", activation="relu", **start(layers))(maps)
        maps = keras.layers.Conv2D(config.maps, 3, padding="same", **start(layers))(maps)
        features = Places()(maps)
    return keras.Model(frames, [layers.linear(features, config.z_size), layers.linear(features, config.z_size, 0.1)])


def decoder_network(observation_space, config):
    """Reads codes [N, Z]; draws pictures [N, H, W, C] of numbers around 0 to 1."""
    layers, (height, _, channels) = Layers(config.seed + 1), observation_space.shape
    z, (first, *others) = keras.Input((config.z_size,)), config.decoder_filters
    if config.decoder == "dense":
        x = keras.layers.Reshape((4, 4, first))(layers.dense(z, (4 * 4 * first,)))
        for filters in others:
            x = keras.layers.Conv2DTranspose(filters, 4, 2, "same", activation="relu", **start(layers))(x)
    else:
        x = Broadcast(height // 2, next(layers.seeds))(layers.linear(z, first))
        for filters in others:
            x = keras.layers.Conv2D(filters, 1, activation="relu", **start(layers))(x)
    return keras.Model(z, keras.layers.Conv2DTranspose(channels, 4, 2, "same", **start(layers))(x))


def start(layers):
    """How the weights of a convolution start."""
    return {"kernel_initializer": keras.initializers.GlorotUniform(next(layers.seeds))}
