"""How probable M's mixtures of normal distributions make a z, what M minimises, and draws at a temperature.

    log p(z)  = sum over d of log sum over k of  π[d,k] N(z[d]; μ[d,k], σ[d,k]²)

Each number of z is foreseen given those before it, by weights ``chain`` [Z, 2, Z, K]: what number j < d adds to the
logits and to the means of d. Drawn each by itself, the numbers that tell where a fruit is would tell of several
places.
"""

from typing import NamedTuple

import numpy as np

from framework.graph import same_shape
from framework.tf import tf


class Prediction(NamedTuple):
    """What follows a step, in B games."""

    logits: np.ndarray  # [B, Z, K] log π but for a constant
    mean: np.ndarray  # [B, Z, K] μ
    log_std: np.ndarray  # [B, Z, K] log σ
    reward: np.ndarray  # [B] expected
    done: np.ndarray  # [B] the logit of the probability that the game ends


def mixture_log_prob(z, prediction):
    """log p [..., Z] of each number of z [..., Z], by its own mixture; log-sum-exp, so that nothing underflows."""
    mean, log_std = prediction.mean, prediction.log_std
    log_normal = -0.5 * ((z[..., None] - mean) * tf.exp(-log_std)) ** 2 - log_std - 0.5 * np.log(2 * np.pi)
    return tf.reduce_logsumexp(tf.nn.log_softmax(prediction.logits) + log_normal, axis=-1)


def spread(prediction):
    """The standard deviation [..., Z] of what is foreseen of each number of z."""
    share = tf.nn.softmax(prediction.logits)
    middle = tf.reduce_sum(share * prediction.mean, axis=-1, keepdims=True)
    squares = tf.exp(2 * prediction.log_std) + (prediction.mean - middle) ** 2
    return tf.sqrt(tf.reduce_sum(share * squares, axis=-1))


def loss_of(prediction, windows, config):
    """The loss, and what to log, of a `Prediction` [L, N, …] of each step of `Windows`.

    The likelihood of a number of z counts by how uncertain it is, σ^(2β) (β-NLL, Seitzer et al. 2022). The gradient
    of a mean grows with 1 / σ². Nearly all that is foreseen is sharp, such as a paddle's place, and would drown what
    is uncertain, and rare: where a fruit comes back. The weight follows from what is foreseen, not from what comes,
    so that what is best to foresee stays the same.

    Where an episode starts at t + 1, no z(t+1) follows from what was before: that step's z counts for nothing. Its
    reward does, and whether it was the game's end. A time limit is none: the game would have gone on.
    """
    goes_on = 1 - windows.first[1:]
    each = mixture_log_prob(windows.z[1:], prediction)  # [L, N, Z]
    log_prob = tf.reduce_sum(each, axis=-1)
    learnt = tf.reduce_sum(tf.stop_gradient(spread(prediction) ** (2 * config.beta)) * each, axis=-1)
    same_shape(log_prob, goes_on, prediction.reward, windows.reward, prediction.done, windows.terminated)
    steps = tf.maximum(tf.reduce_sum(goes_on), 1)
    log_prob, learnt = (tf.reduce_sum(part * goes_on) / steps for part in (log_prob, learnt))
    reward_loss = tf.reduce_mean((windows.reward - prediction.reward) ** 2)
    done_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(windows.terminated, prediction.done))
    loss = -learnt + config.reward_weight * reward_loss + config.done_weight * done_loss
    return loss, {"log_prob": log_prob, "reward_loss": reward_loss, "done_loss": done_loss}


def given(prediction, z, chain):
    """The `Prediction` of each number of z [..., Z], given the numbers before it; linear in those."""
    shape = tf.concat([tf.shape(z)[:-1], chain.shape[1:]], axis=0)
    added = tf.reshape(tf.tensordot(z, tf.reshape(chain, (chain.shape[0], -1)), axes=1), shape)
    logits, mean = tf.unstack(added, axis=-3)  # [..., Z, K]
    return prediction._replace(logits=prediction.logits + logits, mean=prediction.mean + mean)


def draw(prediction, chain, temperature, uniform, normal):
    """z [B, Z] drawn at a temperature, by numbers from 0 to 1 and standard normal ones, both [B, Z].

    One number after the other is drawn. Its component is the first whose summed probability exceeds the uniform
    number.
    """
    parts, numbers = tf.stack([prediction.logits, prediction.mean], axis=1), []  # [B, 2, Z, K]
    for d in range(chain.shape[0]):
        share = tf.cumsum(tf.nn.softmax(parts[:, 0, d] / temperature), axis=-1)  # [B, K]
        chosen = tf.reduce_sum(tf.cast(share[:, :-1] <= uniform[:, d, None], tf.int32), axis=-1)
        mean, log_std = (tf.gather(part, chosen, batch_dims=1) for part in (parts[:, 1, d], prediction.log_std[:, d]))
        number = mean + tf.exp(log_std) * tf.sqrt(temperature) * normal[:, d]
        parts += number[:, None, None, None] * chain[d]
        numbers.append(number)
    return tf.stack(numbers, axis=-1)
