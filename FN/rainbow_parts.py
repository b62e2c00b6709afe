"""Two parts of Rainbow: the distribution of a return on fixed atoms, and layers with noisy weights. Day 4."""

from framework.tf import keras, tf


def projected(atoms, next_probs, reward, discount, terminated):
    """The distribution of r + γ^n (1 - terminated) Z on the atoms of Z again [N, K].

    A moved atom shares its probability between its two neighbours, in proportion to nearness; beyond the ends it all
    goes to the end. As written here nothing is lost where it falls on an atom (Bellemare et al. 2017, algorithm 1).

    Args:
        atoms: [K], evenly spaced.
        next_probs: [N, K] of the return that may follow.
        reward, discount, terminated: [N].
    """
    left = discount * (1 - tf.cast(terminated, tf.float32))
    moved = tf.clip_by_value(reward[:, None] + left[:, None] * atoms, atoms[0], atoms[-1])  # [N, K]
    distance = tf.abs(moved[:, None, :] - atoms[:, None]) / (atoms[1] - atoms[0])  # [N, to, from]
    return tf.reduce_sum(tf.maximum(1 - distance, 0) * next_probs[:, None, :], axis=-1)


class NoisyDense(keras.layers.Layer):
    """A dense layer whose weights are μ + σ ε, with factorised ε (Fortunato et al. 2018, equations 9 to 11).

    μ and σ are learnt. ε [inputs, units] is made of numbers [1, inputs + units], standard normal ones and new at each
    call; all rows share it. Where they are 0 there is no noise.
    """

    def __init__(self, units, noise, seed):
        super().__init__(dtype="float32")
        self.units, self.noise, self.seed = units, noise, seed

    def build(self, x_shape, numbers_shape):
        inputs, start = x_shape[-1], keras.initializers.RandomUniform
        width = inputs**-0.5
        noise = keras.initializers.Constant(self.noise * width)
        means = [start(-width, width, seed=self.seed + i) for i in range(2)]
        self.kernel = self.add_weight(shape=(inputs, self.units), initializer=means[0])
        self.bias = self.add_weight(shape=(self.units,), initializer=means[1])
        self.kernel_noise = self.add_weight(shape=(inputs, self.units), initializer=noise)
        self.bias_noise = self.add_weight(shape=(self.units,), initializer=noise)

    def call(self, x, numbers):
        of_input, of_output = tf.split(signed_root(numbers), [x.shape[-1], self.units], axis=1)
        kernel = self.kernel + self.kernel_noise * tf.transpose(of_input) * of_output
        return x @ kernel + self.bias + self.bias_noise * of_output[0]


def signed_root(x):
    return tf.sign(x) * tf.sqrt(tf.abs(x))
