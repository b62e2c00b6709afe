"""The transformer by hand: one layer in numpy, and words that know their place."""

import numpy as np
from scipy.special import softmax

from AP.tiny_gpt import Block, Transformer
from framework.tf import keras, tf

WIDTH, HEADS, TIME = 6, 2, 4


def scattered(layer):
    """The same layer with all weights by chance, those that begin at 0 or 1 too."""
    rng = np.random.default_rng(0)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    return layer


def normed(x, norm):
    gamma, beta = (weight.numpy() for weight in norm.trainable_variables)
    return gamma * (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) + beta


def by(x, dense):
    kernel, bias = (weight.numpy() for weight in dense.trainable_variables)
    return x @ kernel + bias


def test_a_layer_is_what_it_is_by_hand():
    block, x = Block(WIDTH, HEADS, seed=0), np.random.default_rng(1).normal(size=(TIME, WIDTH)).astype(np.float32)
    may_see = np.tril(np.ones((TIME, TIME), bool))
    block(x[None], may_see)
    scattered(block)
    query, key, value = np.split(by(normed(x, block.before_attention), block.query_key_value), 3, axis=1)
    mixed = np.zeros((TIME, WIDTH))
    for head in (slice(0, 3), slice(3, 6)):
        for at in range(TIME):
            fits = query[at, head] @ key[: at + 1, head].T / np.sqrt(WIDTH / HEADS)
            mixed[at, head] = softmax(fits) @ value[: at + 1, head]
    after = x + by(mixed, block.mixed)
    wide = keras.activations.gelu(tf.constant(by(normed(after, block.before_mlp), block.wide))).numpy()
    expected = after + by(wide, block.narrow)
    np.testing.assert_allclose(block(x[None], may_see)[0][0], expected, rtol=1e-3, atol=1e-3)


def test_a_word_tells_also_where_it_stands():
    model = scattered(Transformer((WIDTH, 1, HEADS), words=5, length=TIME, seed=0))
    features = model(np.full((1, TIME), 3, np.int32)).numpy()[0]
    assert np.abs(features[0] - features[1:]).max(axis=1).min() > 1e-3
