"""A small transformer (Vaswani et al. 2017; Radford et al. 2018), which the language models of Day 7 share.

Each word looks back at the words before it, and takes over what it needs of them: a query asks, keys answer how well
they fit, and the values of those that fit are mixed. `Transformer.call` reads whole texts, to learn from them;
`Transformer.step` reads one word more, and remembers the keys and values of those before, to write.
"""

import numpy as np

from framework.tf import keras, tf


class Block(keras.layers.Layer):
    """One layer of a transformer: x + attention(norm(x)), then x + MLP(norm(x)).

    Args:
        width: D.
        heads: H; each has D / H numbers of its own.
        seed: of its weights.
        start: their standard deviation at first.
    """

    def __init__(self, width, heads, seed, start=0.02):
        super().__init__()
        self.heads, self.size = heads, width // heads
        seeds = iter(np.random.SeedSequence(seed).generate_state(4).tolist())

        def dense(units, activation=None):
            weights = keras.initializers.RandomNormal(stddev=start, seed=next(seeds))
            return keras.layers.Dense(units, activation, kernel_initializer=weights)

        self.before_attention, self.before_mlp = (keras.layers.LayerNormalization(epsilon=1e-5) for _ in range(2))
        self.query_key_value, self.mixed = dense(3 * width), dense(width)
        self.wide, self.narrow = dense(4 * width, "gelu"), dense(width)

    def call(self, x, may_see, past=None, at=None):
        """Words x [B, T, D] look at words [S] where may_see [T, S] bool is true.

        Args:
            past: keys and values [2, B, S, H, D / H] of what was written, to which those of x [B, 1, D] come at place
                ``at``. Without it, words look at each other, and S is T.

        Returns:
            [B, T, D]; and keys and values [2, B, S, H, D / H].
        """
        batch, time = tf.shape(x)[0], tf.shape(x)[1]
        numbers = tf.reshape(self.query_key_value(self.before_attention(x)), [batch, time, 3, self.heads, self.size])
        query, key_value = numbers[:, :, 0], tf.transpose(numbers[:, :, 1:], [2, 0, 1, 3, 4])
        if past is not None:
            here = tf.one_hot(at, tf.shape(past)[2])[:, None, None]  # [S, 1, 1]
            key_value = past * (1 - here) + key_value * here
        scores = tf.einsum("bthd,bshd->bhts", query, key_value[0]) / self.size**0.5
        attention = tf.nn.softmax(tf.where(may_see, scores, -1e9))  # [B, H, T, S]
        mixed = tf.einsum("bhts,bshd->bthd", attention, key_value[1])
        x = x + self.mixed(tf.reshape(mixed, tf.shape(x)))
        return x + self.narrow(self.wide(self.before_mlp(x))), key_value


class Transformer(keras.Model):
    """Features [B, T, D] of words [B, T]: of each, what can be told from it and the words before it.

    Args:
        size: D numbers that stand for a word; layers; and H heads, which share D.
        words: how many there are.
        length: T at most.
        seed: of its weights.
        start: their standard deviation at first.

    Raises:
        ValueError: the heads do not share the width evenly.
    """

    def __init__(self, size, words, length, seed, start=0.02):
        super().__init__()
        width, layers, heads = size
        if width % heads:
            raise ValueError(f"the heads must share the width evenly; got size {size}")
        seeds = np.random.SeedSequence(seed).generate_state(layers + 2).tolist()
        self.word, self.place = (
            keras.layers.Embedding(count, width, keras.initializers.RandomNormal(stddev=start, seed=seed))
            for count, seed in zip((words, length), seeds, strict=False)
        )
        self.blocks = [Block(width, heads, seed, start) for seed in seeds[2:]]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5)
        self.length, self.shape_of_past = length, (layers, 2, length, heads, width // heads)
        self(np.zeros((1, length), np.int32))  # makes the weights

    def call(self, words):
        """[B, T] -> [B, T, D]."""
        time = tf.shape(words)[1]
        x = self.word(words) + self.place(tf.range(time))
        may_see = tf.linalg.band_part(tf.ones([time, time], bool), -1, 0)  # each word itself, and those before it
        for block in self.blocks:
            x, _ = block(x, may_see)
        return self.norm(x)

    def step(self, word, at, past):
        """The same for one word [B] at place ``at``: features [B, D], and the past [layers, 2, B, S, H, D / H]."""
        x, may_see, news = (self.word(word) + self.place(at))[:, None], tf.range(self.length)[None] <= at, []
        for number, block in enumerate(self.blocks):
            x, new = block(x, may_see, past[number], at)
            news.append(new)
        return self.norm(x)[:, 0], tf.stack(news)

    def no_past(self, batch):
        """What `step` takes when nothing was written yet, for B texts."""
        layers, two, *rest = self.shape_of_past
        return tf.zeros([layers, two, batch, *rest])


def linear_head(width, outputs, seed, stddev):
    """A linear layer on features [..., D] of a width D."""
    start = keras.initializers.RandomNormal(stddev=stddev, seed=seed)
    head = keras.layers.Dense(outputs, kernel_initializer=start)
    head.build((None, width))
    return head
