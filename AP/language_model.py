"""A small GPT that learns to write reviews: the first step of RLHF, Day 7. Read `train`, at the bottom, first.

A language model gives the probability of each next word, and is trained to make what people wrote likely:

    minimise  -Σ_t log π(word_t | the words before it)                          (maximum likelihood; supervised)

Seen from reinforcement learning, π is a policy: the state is what is written so far, an action is a word, and this is
cloning of the people who wrote (Day 6). It learns their slips, too. The network is a transformer (AP/tiny_gpt.py).

    python AP/language_model.py               about a minute; prints what it writes
    python AP/language_model.py --language ja
    python AP/language_model.py --resume      go on with a run that was stopped or killed

The corpus are 10,000 reviews of `AP/reviews.py`. What `rlhf.py` and `dpo.py` start from, language_model_en.npz and
language_model_ja.npz in AP/trained/, is the result of these commands.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.reviews import LENGTH, PAD, PROMPTS, STOPS, WORDS, is_grammatical, text, write_reviews
from AP.tiny_gpt import Transformer, linear_head
from framework.agent import Agent
from framework.distributions import Categorical
from framework.evaluate import Evaluation, evaluation_seed
from framework.graph import compiled
from framework.runs.config import RunConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters of the supervised training, and the size of the network."""

    steps: int = 150
    """Calls of the graph; each takes ``gradient_steps``."""
    gradient_steps: int = 10
    """K: gradient steps in a call."""
    language: Literal["en", "ja"] = "en"
    """English or Japanese."""
    reviews: int = 10_000
    """How many reviews there are to learn from."""
    batch_size: int = 64
    """Reviews of a gradient step."""
    learning_rate: float = 2e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    size: tuple[int, int, int] = (64, 2, 4)
    """D numbers that stand for a word inside the network; its layers; and H heads, which share D."""
    eval_every: int = 50
    eval_episodes: int = 500
    final_episodes: int = 2_000
    log_every: int = 10


def is_stop(word):
    """Whether words [...] are a full stop."""
    return tf.reduce_any(word[..., None] == STOPS, axis=-1)


def counts(words):
    """1 for each written word of reviews [B, LENGTH] that counts, else 0: [B, LENGTH - 1].

    The prompt was not written, and after the full stop there is only padding.
    """
    return tf.cast(words[:, 1:] != PAD, tf.float32)


class LanguageModel(Agent):
    """π(word | the words before it).

    Args:
        config: `Config`.
    """

    acts_with, learns_with = ("transformer", "head"), ("optimizer", "rng")

    def __init__(self, config):
        self.config, self.transformer = config, Transformer(config.size, len(WORDS), LENGTH, config.seed)
        self.head = linear_head(config.size[0], len(WORDS), config.seed, stddev=0.02)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, beta_2=0.95, global_clipnorm=1.0)
        self.optimizer.build(self.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @property
    def trainable_variables(self):
        return self.transformer.trainable_variables + self.head.trainable_variables

    def logits(self, words):
        """Of each next word [B, LENGTH - 1, W], from reviews [B, LENGTH]."""
        return self.head(self.transformer(words[:, :-1]))

    def log_prob(self, words):
        """The log-probability of each written word of reviews [B, LENGTH], 0 where none counts: [B, LENGTH - 1]."""
        return Categorical(self.logits(words)).log_prob(words[:, 1:]) * counts(words)

    @compiled
    def log_prob_of(self, words):
        """`log_prob` as arrays, for whoever does not learn from it."""
        return self.log_prob(words)

    @compiled
    def write(self, prompt, draws):
        """Draw reviews [B, LENGTH] int32 of prompts [B], word by word, each until its full stop or the last place.

        Args:
            draws: [B, LENGTH - 1] uniform numbers from 0 to 1, one for each word; `framework.distributions` says how.
        """
        word, past = prompt, self.transformer.no_past(tf.shape(prompt)[0])
        words, ended = tf.TensorArray(tf.int32, LENGTH).write(0, word), tf.zeros_like(prompt, bool)
        for at in tf.range(LENGTH - 1):
            features, past = self.transformer.step(word, at, past)
            drawn = tf.cast(Categorical(self.head(features)).draw(draws[:, at]), tf.int32)
            word = tf.where(ended, PAD, drawn)
            words, ended = words.write(at + 1, word), ended | is_stop(word)
        return tf.transpose(words.stack())

    @compiled(free=2)
    def train_step(self, words, learning_rate):
        """A gradient step on each minibatch of reviews [K, N, LENGTH], a loop in the graph; the mean loss."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = 0.0
        for minibatch in words:
            with tf.GradientTape() as tape:
                loss = -tf.reduce_sum(self.log_prob(minibatch)) / tf.reduce_sum(counts(minibatch))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            total += loss
        return total / tf.cast(tf.shape(words)[0], tf.float32)


def write(model, count, rng):
    """So many reviews [count, LENGTH] by a model, of each item equally many."""
    prompt = np.resize(PROMPTS[model.config.language], count)
    return model.write(prompt, rng.random((count, LENGTH - 1)).astype(np.float32))


def train(config):
    """The whole algorithm."""
    begin(config)
    reviews = write_reviews(config.reviews, np.random.default_rng(config.seed), config.language)
    model = LanguageModel(config)
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(model, trials, seed):
        """The log-probability of a word of reviews that nobody learnt from; the mean of each review is a trial."""
        unseen = write_reviews(trials, np.random.default_rng(seed), config.language)
        return Evaluation(model.log_prob_of(unseen).sum(axis=1) / (unseen[:, 1:] != PAD).sum(axis=1))

    with Trainer(config, agent=model, evaluate=evaluate) as trainer:
        for step in trainer:
            chosen = model.rng.integers(len(reviews), size=(config.gradient_steps, config.batch_size))
            trainer.log(loss=model.train_step(reviews[chosen], config.learning_rate * remaining(step)))
    written = write(model, 2_000, np.random.default_rng(evaluation_seed(config.seed, 0)))
    print(f"{np.mean([is_grammatical(row) for row in written]):.1%} of what it writes is grammatical, such as")
    print("\n".join(f"  {text(row)}" for row in written[:8]))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, LanguageModel, [Config()], __doc__)
