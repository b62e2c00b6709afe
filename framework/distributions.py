"""The distribution over Discrete actions that logits stand for: π(a | s) = exp(logit_a) / Σ exp(logit)."""

from framework.tf import tf


def sample(logits, generator):
    """An action [B] for each row of logits [B, A], drawn with a `tf.random.Generator`."""
    return tf.random.stateless_categorical(logits, 1, seed=generator.make_seeds(1)[:, 0])[:, 0]


def log_prob(logits, action):
    """log π(a | s) [B] of actions [B], from logits [B, A]."""
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(action, logits)


def entropy(logits):
    """-Σ π log π [B] of logits [B, A], in nats."""
    log_probs = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(tf.exp(log_probs) * log_probs, axis=-1)
