"""Policies as distributions over actions, for B observations at a time.

Each has ``sample(generator)``, ``log_prob(action)``, ``entropy()`` in nats, and ``mode()``, the action to take when
nothing is left to chance. `Categorical` is for Discrete actions, `Gaussian` and `TanhGaussian` for a Box.
"""

import math
from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from framework.tf import tf

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(32)  # of an integral over a standard normal distribution


@dataclass(frozen=True, eq=False)
class Categorical:
    """π(a | s) = exp(logit_a) / Σ exp(logit), from ``logits`` [B, A]."""

    logits: tf.Tensor

    def sample(self, generator):
        """An action [B] int64 for each row, drawn with a `tf.random.Generator`."""
        return tf.random.stateless_categorical(self.logits, 1, seed=generator.make_seeds(1)[:, 0])[:, 0]

    def draw(self, draws):
        """The action [B] of numbers from 0 to 1 [B], uniform: where the summed probabilities pass them."""
        passed = tf.cumsum(tf.nn.softmax(self.logits), axis=-1)[:, :-1] <= draws[:, None]
        return tf.reduce_sum(tf.cast(passed, tf.int64), axis=-1)

    def log_prob(self, action):
        """log π(a | s) [B] of actions [B]."""
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(action, self.logits)

    def entropy(self):
        """-Σ π log π [B]."""
        log_probs = tf.nn.log_softmax(self.logits)
        return -tf.reduce_sum(tf.exp(log_probs) * log_probs, axis=-1)

    def kl(self, other):
        """The Kullback-Leibler divergence Σ π log(π / π') [B] from another such distribution π'."""
        log_probs, others = tf.nn.log_softmax(self.logits), tf.nn.log_softmax(other.logits)
        return tf.reduce_sum(tf.exp(log_probs) * (log_probs - others), axis=-1)

    def mode(self):
        """The most probable action [B]."""
        return tf.argmax(self.logits, axis=-1)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Independent normal distributions, from ``mean`` [B, D] and ``log_std`` [B, D], the log of their deviation."""

    mean: tf.Tensor
    log_std: tf.Tensor

    def sample(self, generator):
        """An action [B, D] float32 for each row, drawn with a `tf.random.Generator`; gradients flow through it."""
        noise = tf.random.stateless_normal(tf.shape(self.mean), seed=generator.make_seeds(1)[:, 0])
        return self.mean + tf.exp(self.log_std) * noise

    def log_prob(self, action):
        """The log of the density [B] at actions [B, D]; it may be above 0."""
        z = (action - self.mean) * tf.exp(-self.log_std)
        return -tf.reduce_sum(0.5 * z**2 + self.log_std + 0.5 * math.log(2 * math.pi), axis=-1)

    def entropy(self):
        """Σ log std + D/2 log 2πe [B]."""
        return tf.reduce_sum(self.log_std + 0.5 * math.log(2 * math.pi * math.e), axis=-1)

    def kl(self, other):
        """The Kullback-Leibler divergence [B] from another such distribution."""
        squares = (tf.exp(2 * self.log_std) + (self.mean - other.mean) ** 2) / (2 * tf.exp(2 * other.log_std))
        return tf.reduce_sum(other.log_std - self.log_std + squares - 0.5, axis=-1)

    def mode(self):
        """The mean [B, D]."""
        return self.mean


@dataclass(frozen=True, eq=False)
class TanhGaussian:
    """a = tanh(u) with u from a `Gaussian`, so that every action is in (-1, 1) (Haarnoja et al. 2018, appendix C)."""

    mean: tf.Tensor
    log_std: tf.Tensor

    def sample(self, generator):
        """An action [B, D] in (-1, 1) for each row; gradients flow through it."""
        return self.sample_and_log_prob(generator)[0]

    def sample_and_log_prob(self, generator):
        """An action [B, D] and its log density [B], without the inverse of tanh, which is inexact near ±1."""
        u = self._gaussian.sample(generator)
        return tf.tanh(u), self._log_prob_of(u)

    def log_prob(self, action):
        """The log of the density [B] at actions [B, D]; what lies within 1e-6 of ±1 counts as 1e-6 away."""
        return self._log_prob_of(tf.atanh(tf.clip_by_value(action, -1 + 1e-6, 1 - 1e-6)))

    def entropy(self):
        """The entropy of the Gaussian + Σ E[log(1 - tanh² u)] [B], by a quadrature of 32 points."""
        nodes, weights = (tf.constant(array, tf.float32) for array in (NODES, WEIGHTS / WEIGHTS.sum()))
        u = self.mean[..., None] + tf.exp(self.log_std)[..., None] * nodes  # [B, D, 32]
        return self._gaussian.entropy() + tf.reduce_sum(log_slope_of_tanh(u) * weights, axis=(-2, -1))

    def mode(self):
        """tanh(mean) [B, D], the median. The density's own peak may lie at ±1, where nobody means to go."""
        return tf.tanh(self.mean)

    @property
    def _gaussian(self):
        return Gaussian(self.mean, self.log_std)

    def _log_prob_of(self, u):
        return self._gaussian.log_prob(u) - tf.reduce_sum(log_slope_of_tanh(u), axis=-1)


def log_slope_of_tanh(u):
    """log(1 - tanh² u), which as written here does not round to log 0 where u is large."""
    return 2 * (math.log(2) - u - tf.nn.softplus(-2 * u))


def policy_class(action_space):
    """The distribution over the actions of a space: `Categorical`, or `Gaussian` for a Box [D].

    Raises:
        ValueError: the space is neither.
    """
    if isinstance(action_space, spaces.Box) and len(action_space.shape) == 1:
        return Gaussian
    if isinstance(action_space, spaces.Discrete) and action_space.start == 0:
        return Categorical
    raise ValueError(f"this agent acts in Discrete spaces or in a Box of one axis; the world has {action_space}")
