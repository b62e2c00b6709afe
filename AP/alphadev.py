"""AlphaDev in small: find a program that sorts, by tree search with a network (Mankowitz et al. 2023), Day 7.

Read `train`, at the bottom, first, then `SelfPlay`. To write a program is a game for one: each move adds one more
instruction, and the program so far has been run on inputs of every order. Before each move a tree search looks ahead.
A network says which moves look good, P, and what the rest of the game will pay, V; it learns P from how often the
search took each move, and V from what the game then paid (AlphaZero, Silver et al. 2017):

    loss    =  -Σ_a (visits(a) / Σ visits) log P(a | s)  +  (V(s) - return)²
    reward  =  share of numbers in their place, after - before  +  [every input is sorted] (1 - 0.05 × length)

Latency, the length, is paid at the end, by no program that is wrong: else the best is to write none (--pay-always
--may-stop). Equal numbers must be sorted, too (worlds/sort.py).

    python AP/alphadev.py                      the swap move: sort r1, r2, r3 where r2 <= r3 is known
    python AP/alphadev.py --task sort3         three numbers in any order
    python AP/alphadev.py --network none       the same search without a network
    python AP/alphadev.py --resume             go on with a run that was stopped or killed

prints the shortest program, tries it on 10,000 random inputs and reads it aloud. The swap move's 7 instructions are
found after about 80,000 that were run, sort3's 11 after 120,000; nothing shorter is right. Search with a good
hand-made heuristic is better here: AP/plain_search.py runs 21,000 and 46,000, without a network.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from AP.alphadev_report import judge_programs, tell
from AP.positions import Ledger, PositionBuffer, Positions, positions_of
from AP.tree_search import Forest, draw_moves, noisy, sharpened
from framework.agent import Agent
from framework.graph import compiled, same_shape
from framework.networks import Layers
from framework.runs.config import RunConfig
from framework.tabular.loops import fast
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from worlds.sort import RET, execute, legal_moves, task_of


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters of the swap move; `SORT3` has those of --task sort3."""

    task: Literal["sort2", "swap", "sort3"] = "swap"
    """What the program is to do; swap: sort three numbers of which r2 <= r3 is known."""
    steps: int = 200_000
    """For how many instructions to run the simulator; those that are only tried in a tree are counted, too."""
    eval_every: int = 50_000
    log_every: int = 10_000
    limit: int = 12
    """Instructions in a program at most."""
    games: int = 64
    """Programs that are written side by side; their leaves are judged by one call of the network."""
    simulations: int = 50
    """Simulations before each move; what the tree below it has from before stays."""
    exploration: float = 1.25
    """c of the tree search: how much priors count against values."""
    noise_share: float = 0.25
    """How much of the priors at the root is noise, drawn from a Dirichlet distribution."""
    concentration: float = 0.3
    """α of that distribution; the smaller, the fewer moves get all of it."""
    temperature: float = 1.0
    """Moves are drawn in proportion to visits ^ (1 / temperature)."""
    latency: float = 0.05
    """What an instruction costs a program that sorts."""
    correctness: float = 1.0
    """What it pays to bring all numbers from nowhere to their places, in parts, by the share that stand there."""
    progress: float = 0.0
    """What it pays that two different permutations become one."""
    network: Literal["all", "value", "none"] = "all"
    """What the search takes from the network: priors and values, values alone, or nothing."""
    target: Literal["visits", "argmax"] = "visits"
    """What the priors learn: the shares of the visits, or only which move had the most."""
    normalised: bool = True
    """Compare Q between the least and the greatest in its tree; --no-normalised takes it as it is."""
    unvisited: Literal["mean", "least"] = "mean"
    """What the Q of a move counts that was never taken: the mean of its siblings, or the least, as in MuZero."""
    may_stop: bool = False
    """Let ret end a program that need not sort."""
    pay_always: bool = False
    """Programs that do not sort pay for latency, too."""
    buffer_size: int = 16_000
    """How many positions, those of the last games, are learnt from."""
    batch_size: int = 256
    """Positions of a gradient step."""
    gradient_steps: int = 20
    """Gradient steps after each round of games, in one compiled call."""
    learning_rate: float = 1e-3
    """The step size of Adam."""
    hidden: tuple[int, ...] = (256, 256)
    """Units of the hidden layers."""


SORT3 = Config(task="sort3", steps=400_000, limit=16)


def rewards(task, before, after, length, config):
    """What the last of ``length`` [B] instructions pays, [B]; see the top of this file. States are [B, I, R + 2]."""
    worth = task.is_sorted(after) * (1 - config.latency * length * (not config.pay_always))
    fewer = task.distinct(before) - task.distinct(after)
    better = task.in_place(after) - task.in_place(before)
    return worth - config.pay_always * config.latency + config.progress * fewer + config.correctness * better


def policy_target(visits, config):
    """What the priors learn, [B, A], of visits [B, A]: the shares, or with "argmax" all for the most visited."""
    if config.target == "argmax":
        return np.eye(visits.shape[1], dtype=np.float32)[visits.argmax(axis=1)]
    return visits / np.maximum(visits.sum(axis=1, keepdims=True), 1)


def features(states, time):
    """Float32 [B, F]: of every input what each register holds and the flag, as ones among zeros; and the time."""
    held, flag, compared = states[:, :, :-2], states[:, :, -2], states[:, :1, -1]
    rows = tf.shape(states)[0]
    registers = tf.reshape(tf.one_hot(held, states.shape[2] - 2), (rows, -1))  # 0, not written yet, and 1 … n
    flags = tf.reshape(tf.one_hot(flag + 1, 3), (rows, -1))
    return tf.concat([registers, flags, tf.cast(compared, tf.float32), time[:, None]], axis=1)


def network(inputs, actions, config):
    """Logits of the moves [B, A] and V [B, 1] of `features` [B, F]."""
    layers, obs = Layers(config.seed), keras.Input((inputs,))
    x = layers.dense(obs, config.hidden)
    return keras.Model(obs, [layers.linear(x, actions, 0.01), layers.linear(x, 1, 0.01)])


class AlphaDevAgent(Agent):
    """Priors and values of positions, for a tree search.

    Args:
        config: `Config`.
        task: a `worlds.sort.Task`, in place of that of the configuration.
    """

    model_is, based_on, prediction_target = "known", "policy", "actual return"
    acts_with, learns_with = ("network",), ("optimizer",)

    def __init__(self, config, task=None):
        self.config, self.task = config, task or replace(task_of(config.task), may_stop=config.may_stop)
        count, registers = len(self.task.inputs), self.task.numbers + 1
        self.network = network(count * (registers**2 + 3) + 2, len(self.task.instructions), config)
        self.optimizer = keras.optimizers.Adam(config.learning_rate)
        self.optimizer.build(self.network.trainable_variables)

    def logits_and_value(self, states, time, legal):
        """Logits [B, A], very low where a move is not legal, and V [B]."""
        logits, value = self.network(features(states, time))
        return tf.where(legal, logits, -1e9), value[:, 0]

    @compiled(xla="dense")
    def judge(self, states, time, legal):
        """P [B, A] and V [B] of states [B, I, R + 2] at times [B], of legal moves [B, A]."""
        logits, value = self.logits_and_value(states, time, legal)
        return tf.nn.softmax(logits), value

    def loss(self, batch):
        """The loss of N `Positions`, and what to log."""
        logits, value = self.logits_and_value(batch.states, batch.time, batch.legal)
        same_shape(value, batch.returns)
        policy_loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(batch.visits, logits))
        value_loss = tf.reduce_mean((batch.returns - value) ** 2)
        return policy_loss + value_loss, {"policy_loss": policy_loss, "value_loss": value_loss}

    @compiled(free=2, xla="dense")
    def train_step(self, batches):
        """A gradient step on each of K minibatches of `Positions` [K, N, …]; the means of what to log."""
        count = tf.shape(batches.returns)[0]
        total = dict.fromkeys(("policy_loss", "value_loss"), 0.0)
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss, logged = self.loss(Positions(*(array[k] for array in batches)))
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}


class SelfPlay(Ledger):
    """Rounds of games, in which every instruction that is run, also in a tree alone, is a step."""

    def __init__(self, agent, config):
        super().__init__(config.seed)
        self.agent, self.task, self.config = agent, agent.task, config
        self.execute, self.legal_moves = fast(execute), fast(legal_moves)
        nodes, actions = 1 + config.limit * config.simulations, len(self.task.instructions)
        self.forest = Forest(config.games, nodes, actions, config.normalised, config.unvisited == "mean")

    def judge(self, states, length, legal):
        """Priors [B, A] and values [B] for the search."""
        uniform = legal / np.maximum(legal.sum(axis=1, keepdims=True), 1)
        if self.config.network == "none":
            return uniform, np.zeros(len(states))
        prior, value = self.agent.judge(states, length / self.config.limit, legal)
        return (prior * legal if self.config.network == "all" else uniform), value

    def simulate(self):
        """One simulation in each tree: select a leaf, run its instruction, judge what comes of it, back that up."""
        task, config = self.task, self.config
        leaf = self.forest.select(config.exploration)
        after = self.execute(leaf.state, leaf.action, task.instructions)
        legal, solved = self.legal_moves(after, task.instructions), task.is_sorted(after)
        stops = task.instructions[leaf.action, 0] == RET
        ends = solved | stops | (leaf.depth >= config.limit) | ~legal.any(axis=1)
        reward = rewards(task, leaf.state, after, leaf.depth, config)
        self.forest.grow(leaf, after, reward, *self.judge(after, leaf.depth, legal), ends)
        self.note(self.forest, leaf, solved)

    def play(self):
        """A round of games, all to their ends: `Positions` to learn from."""
        task, config, forest, record = self.task, self.config, self.forest, []
        states = np.repeat(task.start, config.games, axis=0)
        legal = self.legal_moves(states, task.instructions)
        forest.plant(states, self.judge(states, np.zeros(config.games), legal)[0])
        for length in range(config.limit):
            going, states = ~forest.at_root(forest.ends), forest.at_root(forest.states)
            if not going.any():
                break
            forest.set_priors(noisy(forest.at_root(forest.prior), config.noise_share, config.concentration, self.rng))
            for _ in range(config.simulations):
                self.simulate()
            visits = forest.at_root(forest.visits).astype(np.float32)
            legal = self.legal_moves(states, task.instructions)
            time = np.full(config.games, length / config.limit, np.float32)
            forest.advance(draw_moves(sharpened(visits, config.temperature), self.rng))
            record.append((states, time, legal, policy_target(visits, config), forest.at_root(forest.reward), going))
        positions, returns, lengths = positions_of(record)
        self.finished += zip(returns.tolist(), lengths.tolist(), strict=True)
        return positions


def train(config):
    """The whole algorithm."""
    begin(config)
    agent = AlphaDevAgent(config)
    games, replay = SelfPlay(agent, config), PositionBuffer(config.buffer_size, config.seed)
    parts = {"agent": agent, "envs": games, "replay": replay}
    with Trainer(config, evaluate=judge_programs, measure="worth of the network's own programs", **parts) as trainer:
        for _ in trainer:
            replay.add(games.play())
            trainer.log(shortest=len(games.best) or config.limit + 1)
            if config.network != "none":
                trainer.log(**agent.train_step(replay.sample(config.batch_size, config.gradient_steps)))
    tell(trainer.folder, games.task, games.found, games.best, games.total_steps, config.seed)
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, AlphaDevAgent, [Config(), SORT3], __doc__)
