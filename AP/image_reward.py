"""A picture and a sentence as the reward: the mechanism of VLM-RM (Rocamonde et al. 2023), Day 7. Read `train` first.

This is the mechanism, and not the power of CLIP. VLM-RM takes towers that have read a large part of the web, and so
they judge what nobody showed them: zero-shot. The two small towers here are trained on this page, on pictures of one
kind of room, with captions of the kind that they are asked for later. Pairs of colour and thing that they have never
met (`HELD_OUT`) are reported beside the others, whatever comes.

InfoNCE (Radford et al. 2021, CLIP) brings the pictures of a batch, x, to their captions, g, all of length 1. Then

    R(picture)  =  1 - 1/2 |(x - g) P|²                                                        (their definition 1)
    P           =  α × projection on (g - b)  +  (1 - α) × identity

where g is the goal, "the robot is near the yellow box", the mean of three wordings, and b a baseline that is true of
all pictures, "a robot is in a room". With α = 0, R is the cosine of x and g; with α = 1 only counts how far x is on
the way from b to g. Q-learning (Day 3) then goes by R alone, in new rooms; whether it arrives is measured apart.

    python AP/image_reward.py                       towers, their judgement, agents that learn by it: 20 s
    python AP/image_reward.py --goal "red ball"     a goal that was never met
    python AP/image_reward.py --width 2             towers that are too small; --alpha 0, no baseline
    python AP/image_reward.py --resume              go on with a run that was stopped or killed

AUC is how often a picture in which the robot is near the goal gets a higher R than one in which it is not: 1.00 for
goals that captions name; about 0.65 by a wrong sentence, for a part of R is "near anything".
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from AP.image_reward_plots import draw_run
from AP.image_reward_report import KNOWN, judge, report
from framework.agent import Agent
from framework.evaluate import Evaluation
from framework.graph import compiled
from framework.runs.config import RunConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from worlds.picture_room import (
    ANY_ROOM,
    NEAR,
    OBSERVATIONS,
    SENTENCES,
    THINGS,
    WORDS,
    draw_rooms,
    say,
    see_picture_room,
    thing_number,
    words_of,
)


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters of the two towers, and what is asked of them."""

    steps: int = 150
    """Calls of the graph; each takes ``gradient_steps``."""
    gradient_steps: int = 20
    """K: gradient steps in a call."""
    batch_size: int = 128
    """N: pictures and captions of a gradient step."""
    learning_rate: float = 3e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    pictures: int = 40_000
    """How many pictures with captions there are to learn from."""
    width: int = 16
    """W: filters of the first layer that sees, half the numbers of a word; all other layers grow with it."""
    embedding: int = 32
    """D: numbers that a picture or a sentence becomes."""
    scale: float = 10.0
    """What cosines are multiplied by in the softmax, one over its temperature; at first, for it is learnt."""
    alpha: float = 0.5
    """α: how much of what lies beside the way from the baseline to the goal is left out of the reward."""
    goal: str = "yellow box"
    """What the robot is to be near."""
    eval_every: int = 50
    eval_episodes: int = 50
    """Pictures of each kind for each goal, in an evaluation."""
    final_episodes: int = 200
    log_every: int = 5


def captioned(count, rng):
    """So many rooms [M, 9], in half of which the robot is near a thing, and captions [M], numbers of `SENTENCES`."""
    near_one = np.where(rng.random(count) < 0.5, rng.integers(1, 3, count), 0)
    rooms = draw_rooms(rng, rng.choice(KNOWN, count), near_one, KNOWN)
    return rooms, say(rng, rooms)


def info_nce(x, g, scale):
    """The loss of pictures x [N, D] and their captions g [N, D], all unit vectors; the cosines are scaled.

    The cross-entropy of each row and each column of their table. Equal captions are all right, and this need not be
    said: they are one vector, so that the sum is the same as if each picture had all that are equal as its targets.
    """
    logits = scale * tf.matmul(x, g, transpose_b=True)  # [N, N]
    own = tf.range(tf.shape(logits)[0])
    of_pictures = tf.nn.sparse_softmax_cross_entropy_with_logits(own, logits)
    of_captions = tf.nn.sparse_softmax_cross_entropy_with_logits(own, tf.transpose(logits))
    return tf.reduce_mean(of_pictures + of_captions) / 2


def projection(goal, baseline, alpha):
    """P [D, D] of a goal [D] and a baseline [D].

    Raises:
        ValueError: they are one point, so that no way leads from one to the other.
    """
    way = goal - baseline
    if way @ way < 1e-12:
        raise ValueError("to these towers the goal and the baseline say the same")
    return alpha * np.outer(way, way) / (way @ way) + (1 - alpha) * np.eye(len(way))


def reward(x, goal, baseline, alpha):
    """R [N] of pictures x [N, D], a goal [D] and a baseline [D], all of them normalised first."""
    x, goal, baseline = (each / np.linalg.norm(each, axis=-1, keepdims=True) for each in (x, goal, baseline))
    return 1 - 0.5 * (((x - goal) @ projection(goal, baseline, alpha)) ** 2).sum(axis=1)


def starts(config, number):
    """How the layers of a tower start: orthogonal, each from another seed."""
    for seed in np.random.SeedSequence([config.seed, number]).generate_state(3).tolist():
        yield keras.initializers.Orthogonal(2**0.5, seed=seed)


def picture_tower(config):
    """Pictures [N, 32, 32, 3] to [N, D]: patches of 4×4 pixels, what is beside them, and the most of it anywhere."""
    layers, (first, second, last) = keras.layers, starts(config, 0)
    pictures = keras.Input(OBSERVATIONS.shape, dtype="uint8")
    x = layers.Rescaling(1 / 127.5, -1)(pictures)
    x = layers.Conv2D(config.width, 4, 4, activation="relu", kernel_initializer=first)(x)
    x = layers.Conv2D(2 * config.width, 3, padding="same", activation="relu", kernel_initializer=second)(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(pictures, layers.Dense(config.embedding, kernel_initializer=last)(x))


def word_tower(config):
    """The mean of a sentence's words [N, 2 W] to [N, D]."""
    first, last, _ = starts(config, 1)
    mean = keras.Input((2 * config.width,))
    x = keras.layers.Dense(4 * config.width, activation="relu", kernel_initializer=first)(mean)
    return keras.Model(mean, keras.layers.Dense(config.embedding, kernel_initializer=last)(x))


class TwoTowers(Agent):
    """One that looks and one that reads; what goes together, they bring to one place.

    Args:
        config: `Config`.
    """

    acts_with, learns_with = ("eye", "ear", "vectors", "log_scale"), ("optimizer", "rng")

    def __init__(self, config):
        self.config, self.eye, self.ear = config, picture_tower(config), word_tower(config)
        self.rng = np.random.default_rng(config.seed)
        vectors = 0.3 * self.rng.normal(size=(len(WORDS), 2 * config.width))
        self.vectors = keras.Variable(vectors.astype(np.float32))
        self.log_scale = keras.Variable(np.float32(np.log(config.scale)))
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=1.0)
        self.optimizer.build(self.trainable_variables)

    @property
    def trainable_variables(self):
        return [*self.eye.trainable_variables, *self.ear.trainable_variables, self.vectors, self.log_scale]

    @compiled
    def look(self, pictures):
        """Unit vectors [N, D] of pictures [N, 32, 32, 3] uint8."""
        return tf.math.l2_normalize(self.eye(pictures), axis=1)

    @compiled
    def read(self, words):
        """Unit vectors [N, D] of sentences [N, 8]; word 0 only fills up, and counts nothing."""
        counts = tf.cast(words > 0, tf.float32)
        total = tf.einsum("nl,nld->nd", counts, tf.gather(self.vectors.value, words))
        return tf.math.l2_normalize(self.ear(total / tf.reduce_sum(counts, axis=1, keepdims=True)), axis=1)

    def train_step(self, rooms, said, learning_rate):
        """``gradient_steps`` on pictures of some of the rooms [M, 9] with their captions [M]; the mean loss."""
        shape = self.config.gradient_steps, self.config.batch_size
        chosen = self.rng.integers(len(said), size=shape)
        pictures = see_picture_room(rooms[chosen.ravel()]).reshape(*shape, *OBSERVATIONS.shape)
        return self.update(pictures, said[chosen].astype(np.int32), learning_rate)

    @compiled(free=2)
    def update(self, pictures, said, learning_rate):
        """A gradient step on each minibatch of pictures [K, N, 32, 32, 3] and captions [K, N]; the mean loss."""
        self.optimizer.learning_rate.assign(learning_rate)
        total, words = 0.0, tf.constant(words_of(SENTENCES))
        for k in tf.range(tf.shape(said)[0]):
            with tf.GradientTape() as tape:
                x, g = self.look(pictures[k]), self.read(tf.gather(words, said[k]))
                scale = tf.exp(tf.minimum(self.log_scale.value, np.log(100.0)))  # CLIP's bound
                loss = info_nce(x, g, scale)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            total += loss
        return total / tf.cast(tf.shape(said)[0], tf.float32)


class ImageReward:
    """R of pictures, for a goal in words.

    Args:
        towers: `TwoTowers`.
        thing: what the robot is to be near, a number of `THINGS`.
        alpha: from 0 to 1.
        wordings: how a sentence begins that says so; the unit vectors of all of them are averaged.
    """

    def __init__(self, towers, thing, alpha, wordings=NEAR):
        read = towers.read(words_of([ANY_ROOM, *(f"{start} {THINGS[thing]}" for start in wordings)]))
        self.towers, self.baseline, self.goal, self.alpha = towers, read[0], read[1:].mean(axis=0), alpha

    def __call__(self, pictures):
        """R [N] of pictures [N, 32, 32, 3] uint8."""
        return reward(self.towers.look(pictures), self.goal, self.baseline, self.alpha)


def train(config):
    """The whole: pictures with captions, two towers, and what their reward is worth."""
    begin(config)
    goal = thing_number(config.goal)  # a sentence if there is none, before any work
    towers = TwoTowers(config)
    rooms, said = captioned(config.pictures, np.random.default_rng([config.seed, 1]))
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(towers, count, seed):
        """AUC of each goal that captions named, in new rooms."""
        rng = np.random.default_rng(seed)
        marks = [judge(ImageReward(towers, thing, config.alpha), thing, count, rng) for thing in KNOWN]
        return Evaluation(np.array([mark.all for mark in marks]))

    with Trainer(config, agent=towers, evaluate=evaluate) as trainer:
        for step in trainer:
            trainer.log(loss=towers.train_step(rooms, said, config.learning_rate * remaining(step)))
        towers.set_weights(trainer.best_weights)  # those which are kept
        reward_for = partial(ImageReward, towers)
        print(*report(reward_for, goal, config), sep="\n")
        draw_run(reward_for, goal, config, trainer.folder)
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, TwoTowers, [Config()], __doc__)
