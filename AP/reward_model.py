"""A reward model: what people like, learnt from their choices. The second step of RLHF, Day 7. Read `train` first.

Nobody can say in numbers how good a review is, but everybody can say which of two is better. A network gives each
review a score r, so that the choices become likely (Bradley & Terry 1952; Christiano et al. 2017):

    P(first is preferred) = σ(r(first) - r(second)),   minimise  -log σ(r(preferred) - r(other))

The network is the language model's, with a head for one number; it reads the score at the full stop, where the whole
review has been read. Here a synthetic rater chooses (`AP/reviews.py`), by a taste that is known but not shown. Even
this rater chooses the worse one of two at times, so no model is right always; the most that can be had is Bayes'.

    python AP/reward_model.py                       about a minute; 8,000 comparisons
    python AP/reward_model.py --language ja
    python AP/reward_model.py --comparisons 500     it is right less often
    python AP/reward_model.py --resume              go on with a run that was stopped or killed

What `rlhf.py` tries to please, reward_model_en.npz and reward_model_ja.npz in AP/trained/, is the result of these
commands.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from AP import language_model
from AP.language_model import LanguageModel, write
from AP.reviews import LENGTH, PAD, WORDS, bayes_accuracy, prefer, text, true_score
from AP.tiny_gpt import Transformer, linear_head
from framework.agent import Agent, load_agent
from framework.evaluate import Evaluation, evaluation_seed
from framework.graph import compiled
from framework.networks import copy_weights
from framework.runs.config import RunConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training

TRAINED = Path(__file__).with_name("trained")


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters."""

    comparisons: int = 8_000
    """How many times the rater is asked which of two reviews is better."""
    steps: int = 125
    """Calls of the graph; each takes ``gradient_steps``. The default goes five times through the comparisons."""
    gradient_steps: int = 5
    """K: gradient steps in a call."""
    batch_size: int = 64
    """Comparisons of a gradient step."""
    learning_rate: float = 1e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    model: str = ""
    """The language model to start from, agent.npz of a run of language_model.py; by default the one that ships."""
    language: Literal["en", "ja"] = "en"
    """English or Japanese."""
    size: tuple[int, int, int] = (64, 2, 4)
    """That of the language model."""
    eval_every: int = 25
    eval_episodes: int = 2_000
    final_episodes: int = 10_000
    log_every: int = 5


def preference_loss(preferred, other):
    """-log σ(r(preferred) - r(other)) of each comparison, [N]."""
    return tf.nn.softplus(other - preferred)


class RewardModel(Agent):
    """r of a review.

    Args:
        config: `Config`.
    """

    acts_with, learns_with = ("transformer", "head"), ("optimizer", "rng")

    def __init__(self, config):
        self.config, self.transformer = config, Transformer(config.size, len(WORDS), LENGTH, config.seed)
        self.head = linear_head(config.size[0], 1, config.seed, stddev=(config.size[0] + 1) ** -0.5)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, beta_2=0.95, global_clipnorm=1.0)
        self.optimizer.build(self.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @property
    def trainable_variables(self):
        return self.transformer.trainable_variables + self.head.trainable_variables

    def reward(self, words):
        """r [B] of reviews [B, LENGTH], read at the last word."""
        last = tf.reduce_sum(tf.cast(words != PAD, tf.int32), axis=1) - 1
        return self.head(tf.gather(self.transformer(words), last, batch_dims=1))[:, 0]

    @compiled
    def score(self, words):
        """The same as an array."""
        return self.reward(words)

    @compiled(free=2)
    def train_step(self, preferred, other, learning_rate):
        """A gradient step on each minibatch of pairs [K, N, LENGTH], a loop in the graph; what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = {"loss": 0.0, "accuracy": 0.0}
        for k in tf.range(tf.shape(preferred)[0]):
            with tf.GradientTape() as tape:
                scores = self.reward(tf.concat([preferred[k], other[k]], axis=0))  # both in one call
                better, worse = tf.split(scores, 2)
                loss = tf.reduce_mean(preference_loss(better, worse))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            accuracy = tf.reduce_mean(tf.cast(better > worse, tf.float32))
            total = {"loss": total["loss"] + loss, "accuracy": total["accuracy"] + accuracy}
        return {name: value / tf.cast(tf.shape(preferred)[0], tf.float32) for name, value in total.items()}


def load_language_model(config):
    """The language model that the `Config` of a page names, or the one that ships.

    Raises:
        ValueError: the file is no language model, or one of another language or size.
        OSError: there is no such file.
    """
    path = config.model or TRAINED / f"language_model_{config.language}.npz"
    return load_alike(path, LanguageModel, language_model.Config, config)


def load_alike(path, agent_class, config_class, config):
    """A model from a file; it must be of the language and of the size of ``config``."""
    model, known = load_agent(path, agent_class, config_class)
    if (known.language, known.size) != (config.language, config.size):
        is_of, asked = (f"--language {one.language} --size {' '.join(map(str, one.size))}" for one in (known, config))
        raise ValueError(f"{path} holds a model of {is_of}; got {asked}")
    return model


def compare(model, count, rng):
    """Let the rater choose between two reviews of a model's, ``count`` times, both of one item.

    Returns:
        preferred, other: [count, LENGTH] int32; their true scores [count] each.
    """
    first, second = write(model, count, rng), write(model, count, rng)
    scores = true_score(first), true_score(second)
    choice = prefer(*scores, rng)[:, None]
    better, worse = (np.where(choice[:, 0], *pair) for pair in (scores, scores[::-1]))
    return np.where(choice, first, second), np.where(choice, second, first), better, worse


def train(config):
    """The whole algorithm."""
    begin(config)
    writer = load_language_model(config)
    preferred, other, *_ = compare(writer, config.comparisons, np.random.default_rng(config.seed))
    unseen = compare(writer, config.final_episodes, np.random.default_rng(evaluation_seed(config.seed, 0)))
    model = RewardModel(config)
    copy_weights(writer.transformer, model.transformer)
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(model, trials, seed):
        """1 for each comparison that the model decides as the rater did, of those that it has not seen; else 0."""
        chosen = np.random.default_rng(seed).integers(len(unseen[0]), size=trials)
        better, worse = (model.score(side[chosen]) for side in unseen[:2])
        return Evaluation((better > worse).astype(float))

    with Trainer(config, agent=model, evaluate=evaluate) as trainer:
        for step in trainer:
            chosen = model.rng.integers(config.comparisons, size=(config.gradient_steps, config.batch_size))
            learning_rate = config.learning_rate * remaining(step)
            trainer.log(**model.train_step(preferred[chosen], other[chosen], learning_rate))
    report(trainer.best_agent, unseen)
    return trainer.best_agent


def report(model, unseen):
    """Print how good a model is beside the best possible, and what it thinks of a few reviews."""
    preferred, other, better, worse = unseen
    scores = model.score(preferred)
    accuracy, most = np.mean(scores > model.score(other)), bayes_accuracy(better, worse)
    print(f"right in {accuracy:.3f} of comparisons; knowing the taste, {most:.3f}: {accuracy / most:.1%} of it")
    print(f"correlation with the true score {np.corrcoef(scores, better)[0, 1]:.2f}; the score, and the true one, of")
    for row, score, true in zip(preferred[:8], scores, better, strict=False):
        print(f"  {score:6.2f} {true:6.2f}  {text(row)}")


if __name__ == "__main__":
    run_training(train, RewardModel, [Config()], __doc__)
