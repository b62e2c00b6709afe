"""A language model as the policy, trained by PPO: GLAM (Carta et al. 2023), Day 7. Read `train` first.

What the agent sees is a text, and what it may do are words. A language model reads the text, and its own
probabilities of these words are the policy; PPO (Day 4) then changes the language model itself:

    π(a | s) = exp(score(a)) / Σ_a' exp(score(a')),      score(a) = Σ_t log p(word_t of a | s, the words of a before)

Log-probabilities, not logits: the words before have their share in them, and what only fills up a batch counts
nothing. (GLAM's own code summed raw logits for years, --scores logits, and every filler counted as 1.)

Does it help that the model has read something before? It reads `guides`: scenes with the next move of walkers on
their way to a key, a box or a cup, who know it in four of five moves and else go anywhere. PPO then asks it to go to
a ball, which no guide ever did. The control is the same text with the moves shuffled.

    python AP/llm_policy.py                          read guides, then PPO: about a minute
    python AP/llm_policy.py --pretrain none          nothing was read; --pretrain shuffled, the control
    python AP/llm_policy.py --actions words          actions of two words each: turn left, turn right, move forward;
                                                     --actions uneven: left, right, move forward
    python AP/llm_policy.py --play                   watch the best agent of the newest run; --resume goes on

This reading is close to cloning (Day 6). It stands for what a large model has read somewhere, and is no such model.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.tiny_gpt import Transformer, linear_head
from FN.ppo_agent import Config as PPOConfig
from FN.ppo_agent import PPOAgent, check_batch_size
from framework.distributions import Categorical
from framework.evaluate import Evaluation, FreshWorlds
from framework.graph import compiled
from framework.rollout import Rollout
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from worlds.text_room import (
    ACTIONS,
    LENGTH,
    NOUNS,
    WORDS,
    TextRoomVector,
    see_text_room,
    text_room_oracle,
)

PAD = len(WORDS)  # fills up actions that have fewer words than others; it is never read
VERBS = ("turn", "move")  # words of actions alone
VOCABULARY = (*WORDS, "<pad>", *VERBS)
OPTIONS = {
    "word": tuple((word,) for word in ACTIONS),
    "words": (("turn", "left"), ("turn", "right"), ("move", "forward")),
    "uneven": (("left",), ("right",), ("move", "forward")),
}
READ_ABOUT = tuple(noun for noun in NOUNS if noun != "ball")


@dataclass(frozen=True)
class Config(PPOConfig):
    """Hyper-parameters; those of PPO are explained in FN/ppo_agent.py."""

    env: str = "TextRoom-v0"
    steps: int = 40_960
    num_envs: int = 64
    target_return: float | None = None
    eval_every: int = 2_048
    eval_episodes: int = 200
    final_episodes: int = 500
    log_every: int = 2_048
    rollout_steps: int = 16
    epochs: int = 3
    batch_size: int = 256
    learning_rate: float = 1e-3
    gamma: float = 0.97
    pretrain: Literal["guides", "shuffled", "none"] = "guides"
    """What the model has read before."""
    pretrain_steps: int = 1_000
    """Gradient steps of reading."""
    pretrain_rate: float = 1e-3
    """The step size of Adam while reading."""
    actions: Literal["word", "words", "uneven"] = "word"
    """Actions of one word each, of two, or of one, one and two."""
    scores: Literal["log-probabilities", "logits"] = "log-probabilities"
    """What is summed over the words of an action; logits, a mistake on purpose."""
    size: tuple[int, int, int] = (64, 2, 4)
    """D numbers that stand for a word; layers; and heads, which share D."""
    start: float = 0.15
    """The standard deviation of all weights at first. With 0.02, as language models have it, PPO alone learns nothing
    in the same time, and reading would look better than it is."""


def options_of(actions):
    """The actions as words: numbers [A, L] of `VOCABULARY`, filled up, and 1 where a word counts, [A, L]."""
    rows = OPTIONS[actions]
    longest = max(map(len, rows))
    words = [[VOCABULARY.index(word) for word in row] + [PAD] * (longest - len(row)) for row in rows]
    return np.array(words, np.int32), np.array([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in rows], "f")


def guides(count, rng, actions, shuffled=False):
    """Texts [count, LENGTH + L] of scenes and what a walker does there: in 0.8 the right move, else any.

    Args:
        count: of texts.
        rng: a numpy Generator.
        actions: a key of `OPTIONS`.
        shuffled: whether each scene gets the move of another one.
    """
    rooms = TextRoomVector(min(count, 256), READ_ABOUT)
    rooms.reset(seed=int(rng.integers(2**31)))
    scenes, moves, words = [], [], options_of(actions)[0]
    while len(moves) * rooms.num_envs < count:
        right = text_room_oracle(rooms.state)
        move = np.where(rng.random(rooms.num_envs) < 0.8, right, rng.integers(len(ACTIONS), size=rooms.num_envs))
        scenes.append(see_text_room(rooms.state))
        moves.append(move)
        rooms.step(move)
    scenes, moves = np.concatenate(scenes)[:count], np.concatenate(moves)[:count]
    if shuffled:
        moves = rng.permutation(moves)
    return np.concatenate([scenes, words[moves]], axis=1).astype(np.int32)


class GLAMAgent(PPOAgent):
    """PPO whose policy is what a language model says, and whose value is read off the end of the text.

    Args:
        observation_space, action_space: of `worlds.text_room.TextRoom`.
        config: `Config`.
    """

    acts_with = ("transformer", "head", "value_head")

    def __init__(self, observation_space, action_space, config):
        if observation_space.shape[-1] != LENGTH:
            raise ValueError(f"this agent reads texts of {LENGTH} words, such as those of TextRoom-v0")
        check_batch_size(config)
        self.config, self.policy_class = config, Categorical
        self.options, self.counts = options_of(config.actions)
        length = LENGTH + self.options.shape[1]
        self.transformer = Transformer(config.size, len(VOCABULARY), length, config.seed, config.start)
        self.head = linear_head(config.size[0], len(VOCABULARY), config.seed, config.start)
        self.value_head = linear_head(config.size[0], 1, config.seed, stddev=0.0)
        self.optimizer = keras.optimizers.Adam(
            config.learning_rate, epsilon=config.adam_epsilon, global_clipnorm=config.max_grad_norm
        )
        self.optimizer.build(self.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.rng = np.random.default_rng(config.seed)

    @property
    def trainable_variables(self):
        parts = (self.transformer, self.head, self.value_head)
        return [variable for part in parts for variable in part.trainable_variables]

    def word_scores(self, features):
        """What is summed over the words of an action, of features [..., D]: [..., W]."""
        logits = self.head(features)
        return logits if self.config.scores == "logits" else tf.nn.log_softmax(logits)

    def scores_and_value(self, texts):
        """score(a) [B, A] and V [B] of texts [B, LENGTH]; every action's words are read after the text."""
        texts = tf.cast(texts, tf.int32)
        batch, (count, longest) = tf.shape(texts)[0], self.options.shape
        features = self.transformer(texts)[:, -1]
        first = tf.gather(self.word_scores(features), self.options[:, 0], axis=-1)  # [B, A]
        value = self.value_head(features)[:, 0]
        if longest == 1:
            return first, value
        read = tf.concat([tf.repeat(texts, count, axis=0), tf.tile(self.options[:, :-1], [batch, 1])], axis=1)
        later = self.word_scores(self.transformer(read)[:, LENGTH:])  # of the second word on, [B A, L - 1, W]
        words = tf.tile(self.options[:, 1:], [batch, 1])
        told = tf.gather(later, words, batch_dims=2)  # [B A, L - 1]
        counted = tf.reduce_sum(told * tf.tile(self.counts[:, 1:], [batch, 1]), axis=1)
        return first + tf.reshape(counted, [batch, count]), value

    def policy_and_value(self, obs):
        scores, value = self.scores_and_value(obs)
        return Categorical(scores), value

    @compiled
    def read(self, texts, learning_rate):
        """A gradient step of maximum likelihood on each minibatch of texts [K, N, T]; the mean loss of a word."""
        self.reader.learning_rate.assign(learning_rate)
        variables, total = self.transformer.trainable_variables + self.head.trainable_variables, 0.0
        for minibatch in texts:
            with tf.GradientTape() as tape:
                logits, words = self.head(self.transformer(minibatch[:, :-1])), minibatch[:, 1:]
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(words, logits)
                loss = tf.reduce_mean(losses[words != PAD])
            self.reader.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(tf.shape(texts)[0], tf.float32)

    def learn_to_read(self, config):
        """Read so many minibatches of `guides`, of --quick a tenth; returns the loss of a word at the end."""
        self.reader = keras.optimizers.Adam(config.pretrain_rate, global_clipnorm=1.0)
        self.reader.build(self.transformer.trainable_variables + self.head.trainable_variables)
        rng, loss = np.random.default_rng([config.seed, 3]), None
        minibatches = config.pretrain_steps // 10 if config.quick else config.pretrain_steps
        for _ in range(max(1, minibatches // 20)):
            texts = guides(20 * 64, rng, config.actions, config.pretrain == "shuffled")
            loss = self.read(texts.reshape(20, 64, -1), config.pretrain_rate)
        return float(loss)


class Reached(FreshWorlds):
    """The share of rooms in which the goal is reached; nothing else is rewarded."""

    measure = "share of rooms in which the goal is reached"

    def before(self, agent):
        """Say how good an agent is before PPO."""
        share = self(agent, self.config.eval_episodes, self.config.seed).mean
        print(f"before PPO: {share:.2f} of the rooms", flush=True)

    def __call__(self, agent, episodes, seed):
        evaluation = super().__call__(agent, episodes, seed)
        return Evaluation((evaluation.returns > 0).astype(float), evaluation.lengths)


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = GLAMAgent(envs.observation_space, envs.action_space, config)
    reached, remaining = Reached(config), Linear(1.0, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs, evaluate=reached, measure=Reached.measure) as trainer:
        if trainer.total_steps == 0:  # a run that goes on has read already
            if config.pretrain != "none" and config.pretrain_steps:
                print("first it reads guides: half a minute", flush=True)
                print(f"loss of a word after reading: {agent.learn_to_read(config):.3f} nats", flush=True)
            reached.before(agent)
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, log_prob, value = agent.act(envs.obs)
                rollout.add(envs.step(action), log_prob=log_prob, value=value)
            trainer.log(**agent.train_step(rollout, remaining(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, GLAMAgent, [Config()], __doc__)
