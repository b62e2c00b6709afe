"""The Decision Transformer (Chen et al. 2021), Day 7: acting as the next word of a sentence. Read `train` first.

An episode is written as a sentence of three tokens a step, and a transformer learns to name each action, given all of
the sentence before it:

    R̂(1) s(1) a(1)   R̂(2) s(2) a(2)   …   R̂(t) s(t) → a(t),      R̂(t) = r(t) + r(t+1) + … to the end of the episode

R̂ is the return to go, not discounted: what came of it, told in hindsight. To act, R̂(1) is what one would like to get;
each reward is taken off it, R̂(t+1) = R̂(t) - r(t). There is no value and no bootstrapping, as in AP/rvs.py. What is
new is memory: the network sees the last K steps. So here the paddle's speed is hidden; it can be told from where the
paddle was and how it was pushed. The attention is causal (Vaswani et al. 2017), in blocks as in GPT-2:

    attention(x) = softmax(q kᵀ / √(d / heads) + mask) v,   mask: 0 for keys that are no later and no padding; else -∞

    python AP/decision_transformer.py                   about 2 minutes: it learns, and is asked beside RvS
    python AP/decision_transformer.py --no-hide-speed   all is seen, and there is nothing to remember
    python AP/decision_transformer.py --resume          go on with a run that was stopped or killed

Asked for 15, greedy, it got 12.7 to 14.7 on five seeds; RvS 6.0 to 9.5 from one observation, 10.4 to 14.1 from two.
Mistakes are flags: --no-returns, --no-causal, --no-padding-mask, --stamp token, --gamma 0.99, --read action.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from AP.catcher_data import KINDS as PLAYED
from AP.catcher_data import LIMIT, MAX_RETURN, catcher_data
from AP.context import Context, Player, cut, steps_of
from AP.decision_transformer_plots import compare
from AP.rvs import suited
from framework.agent import Agent
from framework.evaluate import Evaluation
from framework.graph import compiled
from framework.runs.config import RunConfig, check
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training

ops = keras.ops
RETURN, STATE, ACTION = range(3)  # the tokens of a step, in this order
KINDS = Context("float32", "float32", "float32", "int32", "bool")


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters. A step is one call of so many gradient steps."""

    steps: int = 120
    eval_every: int = 120
    eval_episodes: int = 512
    """Windows of unseen episodes in an evaluation, whose success is the log-probability of what was done in them."""
    final_episodes: int = 512
    log_every: int = 5
    data: str = "mirrored"
    """What to learn from: mirrored, noise, or a file as AP/catcher_data.py writes it."""
    episodes: int = 600
    """How many games are played for that, if it is no file."""
    digest: str = ""
    """Of what that file holds; it is found out, so that a run does not go on with other data."""
    hide_speed: bool = True
    """The paddle's speed is not seen."""
    gradient_steps: int = 25
    """Gradient steps in a step, in one compiled call."""
    batch_size: int = 64
    """Windows of a gradient step."""
    window: int = 20
    """K: steps of a window, three tokens each."""
    width: int = 64
    """d: numbers of a token."""
    heads: int = 4
    """Heads of attention."""
    layers: int = 2
    """Blocks, of attention and a layer of 4 d hidden units each."""
    learning_rate: float = 1e-3
    """The step size of AdamW; it falls linearly to 0, and is less in the warm-up."""
    warmup_steps: int = 500
    """Gradient steps in which it rises linearly."""
    weight_decay: float = 1e-4
    """Of AdamW."""
    max_grad_norm: float = 1.0
    """Longer gradients are shortened to this norm."""
    games: int = 24
    """How many games are played in the end for each return that is asked for."""
    returns: bool = True
    """Tell the return to go; otherwise its token is always the same."""
    causal: bool = True
    """A token sees no later one."""
    padding_mask: bool = True
    """No token sees what stands before the episode."""
    stamp: Literal["step", "token"] = "step"
    """The three tokens of a step have one embedding of time, or each has one of its own."""
    gamma: float = 1.0
    """The discount of returns to go."""
    read: Literal["state", "action"] = "state"
    """Off which token the action is read."""
    max_return: float = MAX_RETURN
    """The most that an episode can pay; returns to go are divided by it."""
    limit: int = LIMIT
    """Steps after which an episode is cut."""
    obs_size: int = 5
    """D: numbers of an observation; found out from the data, as the next is."""
    num_actions: int = 3
    """A: actions to choose among."""


def learning_rates(step, config):
    """[G]: of each gradient step of a step. They rise linearly in the warm-up, and fall linearly to 0."""
    now = step * config.gradient_steps + np.arange(config.gradient_steps)
    falling = 1 - now / (config.steps * config.gradient_steps)
    return np.float32(config.learning_rate * np.minimum(now / config.warmup_steps, 1) * falling)


class Attention(keras.layers.Layer):
    """Causal attention with several heads: each token takes over what it needs of the tokens that it may see."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.read, self.write = keras.layers.Dense(3 * width), keras.layers.Dense(width)

    def call(self, x, visible):
        """x [B, T, d]; visible [B, T, T] bool, whether the token of a row may see that of a column."""
        parts = ops.reshape(self.read(x), (-1, x.shape[1], 3, self.heads, self.size))
        q, k, v = ops.unstack(ops.transpose(parts, (2, 0, 3, 1, 4)), 3)  # [B, heads, T, d / heads] each
        scores = ops.matmul(q, ops.swapaxes(k, 2, 3)) / self.size**0.5
        weights = ops.softmax(ops.where(visible[:, None], scores, -1e9))
        heads = ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3))
        return self.write(ops.reshape(heads, (-1, x.shape[1], self.heads * self.size)))


def interleave(parts):
    """[B, K, 3, d] parts of a step as a sentence [B, 3 K, d]: R̂(1) s(1) a(1) R̂(2) …, not R̂(1) R̂(2) … s(1) …"""
    tokens = ops.stack(parts, axis=2)
    return ops.reshape(tokens, (-1, tokens.shape[1] * 3, tokens.shape[3]))


def visible(known, config):
    """[B, 3 K, 3 K] bool: which tokens each token may see, of steps known [B, K]."""
    pairs = np.ones((3 * config.window, 3 * config.window), bool)
    there = ops.repeat(known if config.padding_mask else ops.ones_like(known), 3, axis=1)
    return ops.logical_and(there[:, None, :], np.tril(pairs) if config.causal else pairs)


def network(config):
    """Logits [B, K, A] of the action of each step of a `Context`."""
    dense, norm = keras.layers.Dense, keras.layers.LayerNormalization
    sizes = Context((), (config.obs_size,), (config.num_actions,), (), ())
    inputs = (keras.Input((config.window, *size), dtype=kind) for size, kind in zip(sizes, KINDS, strict=True))
    inputs = Context(*inputs)
    per_token = config.stamp == "token"
    time = keras.layers.Embedding(config.limit * (3 if per_token else 1), config.width)
    stamps = [time(3 * inputs.elapsed + token if per_token else inputs.elapsed) for token in range(3)]
    told = (inputs.to_go[..., None] * config.returns, inputs.obs, inputs.action)
    x = norm()(interleave([dense(config.width)(part) + stamp for part, stamp in zip(told, stamps, strict=True)]))
    sees = visible(inputs.known, config)
    for _ in range(config.layers):
        x = x + Attention(config.width, config.heads)(norm()(x), sees)
        x = x + dense(config.width)(dense(4 * config.width, "relu")(norm()(x)))
    x = norm()(x)[:, STATE if config.read == "state" else ACTION :: 3]
    return keras.Model(list(inputs), dense(config.num_actions)(x))


class DecisionTransformer(Agent):
    """π(a(t) | R̂(t-K+1), s(t-K+1), a(t-K+1), …, R̂(t), s(t))."""

    based_on, prediction_target, policy_learnt, kept_in = "policy", "label", "off-policy", "function"
    acts_with, learns_with = ("network",), ("optimizer", "rng")

    def __init__(self, config):
        if config.width % config.heads:
            raise ValueError(f"width must be a multiple of heads; got {config.width} and {config.heads}")
        self.config, self.network = config, network(config)
        limits = {"weight_decay": config.weight_decay, "global_clipnorm": config.max_grad_norm}
        self.optimizer = keras.optimizers.AdamW(config.learning_rate, **limits)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    def logits(self, context):
        """[B, K, A]: of each step's action, the scores."""
        context = context._replace(action=tf.one_hot(context.action, self.config.num_actions))
        return self.network([tf.cast(part, kind) for part, kind in zip(context, KINDS, strict=True)])

    @compiled
    def probs(self, context):
        """π [B, A] of the newest step of a `Context`."""
        return tf.nn.softmax(self.logits(context)[:, -1])

    def log_prob(self, context):
        """log π [B, K] of what was done at each step."""
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(context.action, 0), self.logits(context))

    def loss(self, context):
        """The mean of -log π over the known steps of B windows."""
        known = tf.cast(context.known, tf.float32)
        return -tf.reduce_sum(self.log_prob(context) * known) / tf.reduce_sum(known)

    @compiled
    def judge(self, context):
        """The mean of log π over the known steps of each window [B]."""
        known = tf.cast(context.known, tf.float32)
        return tf.reduce_sum(self.log_prob(context) * known, axis=1) / tf.reduce_sum(known, axis=1)

    @compiled(free=2)
    def update(self, contexts, learning_rates):
        """A gradient step on each of G times B windows, with learning rates [G]; the mean loss."""
        total, count = 0.0, tf.shape(learning_rates)[0]
        for i in tf.range(count):
            self.optimizer.learning_rate.assign(learning_rates[i])
            with tf.GradientTape() as tape:
                loss = self.loss(tf.nest.map_structure(lambda part, i=i: part[i], contexts))
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(count, tf.float32)

    def player(self, asked, rng=None):
        """A `Player` of B games of which it is asked for the returns ``asked`` [B]; see `AP.asking`."""
        return Player(self, asked, rng)


def train(config, data, report=None):
    """The whole algorithm, from `AP.catcher_data.Episodes`; ``report`` gets the best agent and the run's folder."""
    check(config)
    if not max(data.lengths.max(), config.window) <= config.limit:
        raise ValueError(f"limit must be at least window and the longest episode, {data.lengths.max()} steps")
    begin(config)
    config = suited(config, data)
    agent, (learnt, unseen) = DecisionTransformer(config), data.split()
    steps, others = steps_of(learnt, config), steps_of(unseen, config)

    def evaluate(agent, windows, seed):
        ends = np.random.default_rng(seed).integers(len(unseen.reward), size=windows)
        return Evaluation(agent.judge(cut(others, unseen, ends, config.window)))

    with Trainer(config, agent=agent, evaluate=evaluate) as trainer:
        for step in trainer:
            ends = agent.rng.integers(len(learnt.reward), size=(config.gradient_steps, config.batch_size))
            windows = cut(steps, learnt, ends, config.window)
            trainer.log(loss=agent.update(windows, learning_rates(step, config)))
        if report:
            agent.set_weights(trainer.best_weights)  # those which are kept
            report(agent, trainer.folder)
    return trainer.best_agent


def main(config):
    """Learn, and play games beside RvS, which sees one observation or two."""
    data = catcher_data(config.data, config.episodes, config.seed)
    config = replace(config, digest="" if config.data in PLAYED else data.digest)
    train(config, data, lambda agent, folder: compare(agent, data, folder))


if __name__ == "__main__":
    run_training(main, DecisionTransformer, [Config()], __doc__)
