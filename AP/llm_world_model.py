"""A language model as the world model, and a tree search that plans in what it writes: RAP (Hao et al. 2023), Day 7.

Read `train`, at the bottom, first. A small transformer reads a state and an action, and writes the next state:

    red on blue , blue on table , take red in hand :    ->    red in hand , blue on table ,

It learns from all that may be done in a part of the *states*, and is tested on all others: of a state of which one
move was learnt from, the others are half told (--split transitions). Then plans are made in what it writes. A tree
grows over states by PUCT (AP/tree_search.py) until it has the goal; a new leaf has

    value = the share of blocks that are where they are in the goal;  0 where no move is left

No block is moved before the plan is ready; then it is carried out, with no second look. A greedy plan takes each
move to the state with the greatest such share, in the same model. Both may make as many moves as a shortest plan has,
6 to 10. What is legal and what the goal is are rules of ours, as in RAP, and no merit of the model.

    python AP/llm_world_model.py                   four blocks, 125 states: about a minute
    python AP/llm_world_model.py --blocks 5        866 states
    python AP/llm_world_model.py --corrupt 0.1     a tenth of what it says is wrong, for good
    python AP/llm_world_model.py --states 0.1      learnt from a tenth of the states
    python AP/llm_world_model.py --resume          go on with a run that was stopped or killed

Unlike RAP: the model was trained on this world, and writes the state, not the change; no language model says which
moves are likely; values are averaged over visits, where RAP takes the best path, with 100 for the goal. With so few
states one could list them all and search breadth first. The tree does not: it asks the model for what it visits, for
each once. Whether a language model that was not trained could be the model: AP/blocks_exam.py.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.imagined import UNREADABLE, Imagined, draw_tasks, greedy_plans, progress, questions, works
from AP.tiny_gpt import Transformer, linear_head
from AP.tree_search import Forest
from framework.agent import Agent
from framework.evaluate import Evaluation
from framework.graph import compiled
from framework.method import Method
from framework.runs.config import RunConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from worlds.blocks import MOVE, TOLD, WORDS, table_of

STATES = {3: 0.6, 4: 0.6, 5: 0.5}  # of so many blocks, the share of states that is learnt from


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters."""

    steps: int = 50
    """Calls of the graph; each takes ``gradient_steps``."""
    gradient_steps: int = 10
    """K: gradient steps in a call."""
    blocks: int = 4
    """3, 4 or 5."""
    states: float | None = None
    """The share of states that is learnt from; by default 0.6, of five blocks 0.5."""
    split: Literal["states", "transitions"] = "states"
    """What is held out: states, with all their moves, or transitions, a mistake on purpose."""
    batch_size: int = 64
    """Transitions of a gradient step."""
    learning_rate: float = 2e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    size: tuple[int, int, int] = (64, 2, 4)
    """D numbers that stand for a word; layers; and heads, which share D."""
    tasks: int = 100
    """To plan for, after training."""
    lengths: tuple[int, int] = (6, 10)
    """Moves of their shortest plans, the least and the most."""
    slack: int = 0
    """So many moves more than these are allowed."""
    simulations: int = 1_000
    """Of a search; each adds a state to its tree, at most."""
    exploration: float = 0.5
    """c of PUCT."""
    corrupt: float = 0.0
    """The share of pairs (state, action) of which the model says a wrong state, always the same one."""
    eval_every: int = 50
    """At the end alone: who takes the best of many by what was held out has learnt from it."""
    eval_episodes: int = 10_000
    """Transitions of an evaluation: all that were held out, which are fewer."""
    final_episodes: int = 10_000
    log_every: int = 10


def split(table, config):
    """Pairs (state, action) [n, 2] to learn from, and those held out [m, 2].

    Raises:
        ValueError: one of them would be empty.
    """
    share = STATES[config.blocks] if config.states is None else config.states
    units = np.arange(len(table.pairs)) if config.split == "transitions" else table.pairs[:, 0]
    mixed = np.random.default_rng(config.seed).permutation(units.max() + 1)
    learnt = np.isin(units, mixed[: round(share * len(mixed))])
    if learnt.all() or not learnt.any():
        raise ValueError(f"states must be a share that leaves some to learn from and some to test on; got {share}")
    return table.pairs[learnt], table.pairs[~learnt]


def transitions(table, pairs):
    """Texts [n, 8 N + 5] int32 of them and of the states that follow."""
    return np.concatenate([questions(table, pairs), table.texts[table.next[tuple(pairs.T)]]], axis=1).astype(np.int32)


class TextWorldModel(Agent):
    """π(word | state, action, the words of the next state before it).

    Args:
        config: `Config`.
    """

    acts_with, learns_with = ("transformer", "head"), ("optimizer", "rng")

    def __init__(self, config):
        self.config, self.told = config, TOLD * config.blocks
        self.asked = self.told + MOVE  # words of a question
        self.transformer = Transformer(config.size, len(WORDS), self.asked + self.told, config.seed)
        self.head = linear_head(config.size[0], len(WORDS), config.seed, stddev=0.02)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, beta_2=0.95, global_clipnorm=1.0)
        self.optimizer.build(self.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @property
    def trainable_variables(self):
        return self.transformer.trainable_variables + self.head.trainable_variables

    def loss(self, texts):
        """-log p of a word of the next state, the mean, of texts [N, T]; what was asked is not to be learnt."""
        logits = self.head(self.transformer(texts[:, :-1])[:, self.asked - 1 :])  # [N, 4 N, W]
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(texts[:, self.asked :], logits))

    @compiled(free=2)
    def train_step(self, texts, learning_rate):
        """A gradient step on each minibatch of texts [K, N, T], a loop in the graph; the mean loss."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = 0.0
        for minibatch in texts:
            with tf.GradientTape() as tape:
                loss = self.loss(minibatch)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            total += loss
        return total / tf.cast(tf.shape(texts)[0], tf.float32)

    @compiled
    def write(self, questions):
        """The next states [B, 4 N] int32 of questions [B, 4 N + 5]: at each place the most probable word."""
        past, word = self.transformer.no_past(tf.shape(questions)[0]), questions[:, 0]
        written = tf.TensorArray(tf.int32, self.told)
        for at in tf.range(self.asked + self.told - 1):
            features, past = self.transformer.step(word, at, past)
            if at + 1 < self.asked:
                word = questions[:, at + 1]
            else:
                word = tf.argmax(self.head(features), axis=-1, output_type=tf.int32)
                written = written.write(at + 1 - self.asked, word)
        return tf.transpose(written.stack())


class TreePlanner(Method):
    """Plans for B tasks in step, each by a tree search on what a model says.

    Args:
        imagine: function of states [B] and actions [B] to next states [B], all of them numbers of states, or
            `UNREADABLE`; such as `Imagined`.
        table: `worlds.blocks.Table`, for what is legal and how much of a goal is met.
        simulations, exploration: of the search; see `Config`.
    """

    model_is, policy_learnt, kept_in = "learnt", "planning", "function"

    def __init__(self, imagine, table, simulations, exploration):
        self.imagine, self.table, self.simulations, self.exploration = imagine, table, simulations, exploration

    def plan(self, starts, goals, limits):
        """Lists of actions, one for each start [B], goal [B] and limit [B] of moves: to the goal, as the model has
        it; where no way there was found, to what is most like it."""
        table, trees = self.table, len(starts)
        forest = Forest(trees, self.simulations + 1, table.legal.shape[1])
        forest.plant(starts, self.prior(starts))
        best, nodes = progress(table, starts, goals), np.zeros(trees, np.int64)
        for _ in range(self.simulations):
            leaf = forest.select(self.exploration)
            after, new = np.full(trees, UNREADABLE), leaf.action >= 0
            after[new] = self.imagine(leaf.state[new], leaf.action[new])
            value = np.where(after == UNREADABLE, 0.0, progress(table, after, goals))
            ends = (after == goals) | (after == UNREADABLE) | (leaf.depth >= limits)
            forest.grow(leaf, after, np.zeros(trees), self.prior(after), value, ends)
            better = value > best
            best, nodes = np.where(better, value, best), np.where(better, forest.size - 1, nodes)
            if (best == 1).all():
                break
        return [list(forest.way_to(tree, node)) for tree, node in enumerate(nodes)]

    def prior(self, states):
        """P(s, a) [B, A]: what is legal, all alike."""
        legal = self.table.legal[states]
        return legal / legal.sum(axis=1, keepdims=True)


def exact(model, table, pairs):
    """Whether what a model writes of pairs [n, 2] is right, to the word: [n] bool."""
    return table.read(model.write(questions(table, pairs))) == table.next[tuple(pairs.T)]


def solved(planner, imagine, table, tasks, config):
    """The share of tasks (starts, goals, limits) that plans solve: "greedy" ones, or those of a "tree"."""
    if planner == "tree":
        plans = TreePlanner(imagine, table, config.simulations, config.exploration).plan(*tasks)
    else:
        plans = greedy_plans(imagine, table, *tasks, np.random.default_rng([config.seed, 7]))
    return float(np.mean([works(table, *task) for task in zip(*tasks[:2], plans, strict=True)]))


def train(config):
    """The whole algorithm."""
    begin(config)
    table = table_of(config.blocks)
    learnt, held_out = split(table, config)
    tasks = draw_tasks(table, config.lengths, 10 if config.quick else config.tasks, config.seed, config.slack)
    model, texts = TextWorldModel(config), transitions(table, learnt)
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(model, trials, seed):
        """Whether each of some transitions that nobody learnt from is written exactly."""
        chosen = np.random.default_rng(seed).permutation(held_out)[:trials]
        return Evaluation(exact(model, table, chosen).astype(float))

    with Trainer(config, agent=model, evaluate=evaluate) as trainer:
        for step in trainer:
            chosen = model.rng.integers(len(texts), size=(config.gradient_steps, config.batch_size))
            trainer.log(loss=model.train_step(texts[chosen], config.learning_rate * remaining(step)))
    for name, pairs in (("learnt from", learnt), ("held out", held_out)):
        print(f"{exact(model, table, pairs).mean():.3f} of {len(pairs):,} transitions {name} are exact")
    for name, write in (("what it writes", model.write), ("the rules", None)):
        for planner in ("greedy", "tree"):
            imagine = Imagined(table, write, config.corrupt if write else 0.0, config.seed)
            share = solved(planner, imagine, table, tasks, config)
            print(f"{planner:6} plans in {name:14} solve {share:.2f} of the tasks; {imagine.written:,} texts written")
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, TextWorldModel, [Config()], __doc__)
