"""The language model in plain NumPy: it reads and writes reviews without TensorFlow. Day 7.

What `language_model.py` has learnt is a hundred thousand numbers. To use them takes no more than this page: matrices,
softmax, and a note of what was written. `rating.py` and the simulator's page Rate write their reviews with it, at
once and for many readers. A test holds it to the log-probabilities of TensorFlow's model, and to the same reviews
where both are given the same draws.
"""

from pathlib import Path

import numpy as np
from scipy.special import erf, log_softmax, softmax

from AP.reviews import LENGTH, PAD, PROMPTS, STOPS
from framework.runs.files import load_arrays

TRAINED = Path(__file__).with_name("trained")
HEADS = 4  # of the models that ship
ARRAYS = 12  # of one block


class PlainLanguageModel:
    """π(word | the words before it), and what the network knows at each word.

    Args:
        weights: the arrays of a `LanguageModel`, in its order.
    """

    def __init__(self, weights):
        self.words, self.places, *blocks, self.scale, self.shift, self.head, self.bias = weights
        self.blocks = [blocks[start : start + ARRAYS] for start in range(0, len(blocks), ARRAYS)]

    def features(self, rows):
        """Features [B, T, D] of words [B, T]: of each, what can be told from it and the words before it."""
        time = rows.shape[1]
        x = self.words[rows] + self.places[:time]
        unseen = np.triu(np.full((time, time), -1e9, np.float32), 1)  # each word sees itself, and those before it
        for block in self.blocks:
            x = through(block, x, unseen)
        return normalised(x, self.scale, self.shift)

    def log_prob(self, rows):
        """The log-probability of each written word of reviews [B, LENGTH], 0 where none counts: [B, LENGTH - 1]."""
        log_prob = log_softmax(self.features(rows[:, :-1]) @ self.head + self.bias, axis=-1)
        return np.take_along_axis(log_prob, rows[:, 1:, None], axis=-1)[..., 0] * (rows[:, 1:] != PAD)

    def writing(self, prompt, draws):
        """Draw reviews of prompts [B] word by word, each until its full stop or the last place.

        Args:
            draws: [B, LENGTH - 1] uniform numbers from 0 to 1, one for each word.

        Yields:
            After each word the reviews so far, rows [B, LENGTH] int32; always the same array.
        """
        rows = np.zeros((len(prompt), LENGTH), np.int32)
        rows[:, 0] = prompt
        heads = (HEADS, LENGTH, self.words.shape[1] // HEADS)
        pasts = np.zeros((len(self.blocks), 2, len(prompt), *heads), np.float32)
        ended = np.zeros(len(prompt), bool)
        for at in range(LENGTH - 1):
            cumulative = softmax(self.step(rows[:, at], at, pasts) @ self.head + self.bias, axis=-1).cumsum(axis=-1)
            drawn = (cumulative < draws[:, at, None] * cumulative[:, -1:]).sum(axis=-1)
            rows[:, at + 1] = np.where(ended, PAD, drawn)
            ended |= np.isin(drawn, STOPS)
            yield rows
            if ended.all():
                return

    def step(self, word, at, pasts):
        """Features [B, D] of one word [B] at place ``at``. Its keys and values are noted in ``pasts``."""
        x = (self.words[word] + self.places[at])[:, None]
        for block, past in zip(self.blocks, pasts, strict=True):
            x = through(block, x, 0, past, at)
        return normalised(x, self.scale, self.shift)[:, 0]


def through(block, x, unseen, past=None, at=None):
    """One layer of the transformer: x + attention(norm(x)), then x + MLP(norm(x)).

    Args:
        block: its arrays.
        x: words [B, T, D].
        unseen: [T, T], added to the scores: a large negative number where a word may not look.
        past: keys and values [2, B, H, LENGTH, D / H] of what was written, to which those of x [B, 1, D] come at
            place ``at``. Without it, words look at each other.
    """
    scale, shift, scale2, shift2, query_key_value, bias, mix, mix_bias, wide, wide_bias, narrow, narrow_bias = block
    batch, time, width = x.shape
    numbers = (normalised(x, scale, shift) @ query_key_value + bias).reshape(batch, time, 3, HEADS, width // HEADS)
    query, *key_value = numbers.transpose(2, 0, 3, 1, 4)  # each [B, H, T, D / H]
    if past is not None:
        past[:, :, :, at : at + 1] = key_value
        key_value = past[:, :, :, : at + 1]
    key, value = key_value
    scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // HEADS)) + unseen  # [B, H, T, S]
    mixed = (softmax(scores, axis=-1) @ value).transpose(0, 2, 1, 3).reshape(x.shape)
    x = x + mixed @ mix + mix_bias
    return x + gelu(normalised(x, scale2, shift2) @ wide + wide_bias) @ narrow + narrow_bias


def normalised(x, scale, shift):
    """Layer normalisation of [..., D]."""
    x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5) * scale + shift


def gelu(x):
    return x * (0.5 + 0.5 * erf(x / np.float32(np.sqrt(2))))


def load_plain(language):
    """The language model that ships, "en" or "ja".

    Raises:
        ValueError: the file is damaged.   OSError: there is none.
    """
    weights = load_arrays(TRAINED / f"language_model_{language}.npz")["weights"]
    return PlainLanguageModel([weights[name] for name in sorted(weights)])


def writing(model, language, count, rng):
    """So many reviews [count, LENGTH], of each item equally many, as `PlainLanguageModel.writing` yields them."""
    prompt = np.resize(PROMPTS[language], count)
    return model.writing(prompt, rng.random((count, LENGTH - 1)).astype(np.float32))


def write(model, language, count, rng):
    """The same, finished."""
    *_, rows = writing(model, language, count, rng)
    return rows
