"""Reinforcement learning as supervised learning: RvS (Emmons et al. 2022), Day 7. Read `train` first.

No value, no bootstrapping, no policy gradient: ask in hindsight. An action of the data is the right answer to the
question how to get what was got after it. So a network learns to name the action, given what was seen *and what came
of it*; to act, it is given what one would like to come:

    minimise  E[-log π(a | s, ω)],     ω = (what the episode paid from here on) / (the most that it still could pay)

ω is an average over what is left, as in the paper: the same question at every step. A total of 8 is half of what can
be had at the start of a game and all of it in the middle, and the network has no clock. Rewards are not discounted.
In the game, what came in is taken off what was asked. (The paper holds ω as it is: --hold gets more than asked.)

Behavioural cloning, the same without ω, does what most of the data did: here that is wrong. 10% cloning learns from
the best tenth of the episodes only: as good, but it cannot be asked for anything else.

    python AP/rvs.py                      three networks, a table and a plot: about 20 seconds
    python AP/rvs.py --data noise         a right player with more or less noise
    python AP/rvs.py --condition total    ω is what is still to come, over 16
    python AP/rvs.py --hold               ω stays what it was at the start

On five seeds it got what it was asked for, from -3 to 14, to within 1 (greedy) or 2.1 (drawn); asked for 15, it got
14.1 to 15.2, where cloning gets 4 at most. Not so on "noise": there the most probable action is right in every state,
so that greedy cloning gets 16 of 16, and nothing needs to be asked. Data of a good player with noise tell nothing of
such a method. Networks that are finished stay: after Ctrl-C the same command goes on, to the same bits.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from AP.asking import ask_both_ways, choose, draw, report
from AP.catcher_data import KINDS, LIMIT, MAX_RETURN, catcher_data, without_speed
from framework.agent import Agent, load_agent
from framework.cli import CommonOptions, run
from framework.evaluate import Evaluation
from framework.graph import compiled, same_shape
from framework.networks import Layers
from framework.runs.config import RunConfig, as_json, check
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters of a network. A step is one call of so many gradient steps."""

    steps: int = 60
    eval_every: int = 60
    """Once, at the end: the last weights are kept, whose step size has come to 0, not the luckiest."""
    eval_episodes: int = 60
    """Unseen episodes in an evaluation, whose success is the mean log-probability of what was done in them."""
    final_episodes: int = 60
    log_every: int = 10
    gradient_steps: int = 50
    """K: gradient steps in a step, in one compiled call."""
    batch_size: int = 512
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """The step size of Adam at the start; it falls linearly to 0."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of the hidden layers."""
    condition: Literal["average", "total", "none"] = "average"
    """ω: what is still to come over the most that still can come, or that a whole episode can pay; none: cloning."""
    hold: bool = False
    """In a game ω stays what it was at the start."""
    best_part: float = 1.0
    """Learn from this part of the episodes, those with the highest returns."""
    hide_speed: bool = False
    """The paddle's speed is not seen."""
    window: int = 1
    """How many observations are seen, the newest last."""
    max_return: float = MAX_RETURN
    """The most that an episode can pay."""
    limit: int = LIMIT
    """Steps after which an episode is cut."""
    obs_size: int = 5
    """D: numbers of an observation; found out from the data, as the next is."""
    num_actions: int = 3
    """A: actions to choose among."""


def condition(to_go, elapsed, config):
    """ω [N] of what is still to come, to_go [N], not discounted, after so many steps of the episode, [N] or one."""
    if config.condition == "none":
        return np.zeros(len(to_go), np.float32)
    left = np.maximum(config.limit - elapsed, 1) / config.limit if config.condition == "average" else 1.0
    return np.float32(to_go / (config.max_return * left))


def features_of(data, config):
    """What the network reads at each of N steps, [N, window × D + 1]: what is seen, before an episode 0, and ω."""
    rows, known = data.windows(np.arange(len(data.reward)), config.window)
    obs = without_speed(data.obs) if config.hide_speed else data.obs
    seen = np.where(known[..., None], obs[rows], 0).reshape(len(rows), -1)
    return np.column_stack([seen, condition(data.returns_to_go(), data.elapsed, config)])


class RvSAgent(Agent):
    """π(a | s, ω), or without a condition π(a | s), which is cloning."""

    based_on, prediction_target, policy_learnt, kept_in = "policy", "label", "off-policy", "function"
    acts_with, learns_with = ("network",), ("optimizer", "rng")

    def __init__(self, config):
        self.config, layers = config, Layers(config.seed)
        features = keras.Input((config.window * config.obs_size + 1,))
        logits = layers.linear(layers.dense(features, config.hidden), config.num_actions, scale=0.01)
        self.network = keras.Model(features, logits)
        self.optimizer = keras.optimizers.Adam(config.learning_rate)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @compiled(xla="dense")
    def probs(self, features):
        """π [B, A] for features [B, window × D + 1]."""
        return tf.nn.softmax(self.network(features))

    def loss(self, features, action):
        """The mean of -log π(a | s, ω) over N rows."""
        error = tf.nn.sparse_softmax_cross_entropy_with_logits(action, self.network(features))
        same_shape(error, action)
        return tf.reduce_mean(error)

    @compiled(free=2, xla="dense")
    def update(self, features, action, learning_rate):
        """A gradient step on each of K minibatches, features [K, N, F] and actions [K, N]; the mean loss."""
        self.optimizer.learning_rate.assign(learning_rate)
        total, count = 0.0, tf.shape(action)[0]
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss = self.loss(features[k], action[k])
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(count, tf.float32)

    def player(self, asked, rng=None):
        """A `Player` of B games of which it is asked for the returns ``asked`` [B]; see `AP.asking`."""
        return Player(self, asked, rng)


class Player:
    """Plays B games side by side, and remembers what is still to come of each, and the last few observations."""

    def __init__(self, agent, asked, rng):
        self.agent, self.rng, self.elapsed, config = agent, rng, 0, agent.config
        self.to_go = np.array(asked, float)
        self.seen = np.zeros((len(asked), config.window, config.obs_size), np.float32)

    def __call__(self, obs):
        config = self.agent.config
        obs = without_speed(obs) if config.hide_speed else obs
        self.seen = np.concatenate([self.seen[:, 1:], obs[:, None]], axis=1)
        asked = condition(self.to_go, self.elapsed, config)
        return choose(self.agent.probs(np.column_stack([self.seen.reshape(len(obs), -1), asked])), self.rng)

    def pay(self, reward):
        """A step is over, and rewards [B] came in."""
        if not self.agent.config.hold:
            self.to_go, self.elapsed = self.to_go - reward, self.elapsed + 1


def suited(config, data):
    """The configuration, with the sizes of the data."""
    return replace(config, obs_size=data.obs.shape[1], num_actions=int(data.action.max()) + 1)


def train(config, data):
    """The whole algorithm: it learns from `AP.catcher_data.Episodes`, and plays no game."""
    check(config)
    begin(config)
    config = suited(config, data)
    agent = RvSAgent(config)
    learnt, unseen = (part.best(config.best_part) for part in data.split())
    features, others = features_of(learnt, config), features_of(unseen, config)
    rate = Linear(config.learning_rate, 0.0, config.steps)

    def evaluate(agent, episodes, seed):
        log_prob = np.log(agent.probs(others)[np.arange(len(others)), unseen.action])
        of_each = np.add.reduceat(log_prob, unseen.start[:-1]) / unseen.lengths
        return Evaluation(np.random.default_rng(seed).permutation(of_each)[:episodes])

    about = {"measure": "log p of the data's actions", "go_on": "the same command"}
    with Trainer(config, agent=agent, evaluate=evaluate, **about) as trainer:
        for step in trainer:
            rows = agent.rng.integers(len(features), size=(config.gradient_steps, config.batch_size))
            trainer.log(loss=agent.update(features[rows], learnt.action[rows], rate(step)))
    return trainer.best_agent


def trained(config, data, agent_class=RvSAgent, train=train):
    """The agent that is finished in the folder of a run, or else a new one, begun or gone on with.

    Raises:
        ValueError: the folder holds one with other settings.
    """
    folder = Path(config.run_folder)
    if not (folder / "result.json").exists():
        return train(config, data)
    agent, known = load_agent(folder / "agent.npz", agent_class, type(config))
    if as_json(known) != as_json(suited(config, data)):
        raise ValueError(f"{folder.as_posix()} holds a network with other settings; take another folder")
    return agent


@dataclass(frozen=True)
class Options(CommonOptions):
    """The data, and what is asked how."""

    data: str = "mirrored"
    """What to learn from: mirrored, noise, or a file as AP/catcher_data.py writes it."""
    episodes: int = 600
    """How many games are played for that, if it is no file."""
    condition: Literal["average", "total"] = "average"
    """ω: what is still to come over the most that still can come, or that a whole episode can pay."""
    hold: bool = False
    """In a game ω stays what it was at the start."""
    games: int = 48
    """How many games are played for each return that is asked for."""
    folder: str = ""
    """Where the networks go; by default runs/rvs/DATA-CONDITION-seedSEED."""


def main(options):
    if not (1 <= options.games <= 1_000 and 20 <= options.episodes <= 100_000 and 0 <= options.seed < 2**31):
        raise ValueError("games must be from 1 to 1,000, episodes from 20 to 100,000, and seed from 0 to 2^31 - 1")
    data = catcher_data(options.data, options.episodes, options.seed)
    source = f"{options.data}-{options.episodes}"
    if options.data not in KINDS:
        source = f"{Path(options.data).stem}-{data.digest}"
    name = f"{source}-{options.condition}{'-hold' * options.hold}"
    folder = Path(options.folder or f"runs/rvs/{name}-seed{options.seed}")
    print(f"{folder.as_posix()}: Ctrl-C stops it, and the same command goes on", flush=True)
    players = {
        "RvS": {"condition": options.condition, "hold": options.hold},
        "cloning": {"condition": "none"},
        "10% cloning": {"condition": "none", "best_part": 0.1},
    }
    values, games, curves, flat = np.arange(-3, 17)[:: 3 if options.quick else 1], options.games, {}, {}
    games = min(8, games) if options.quick else games
    for name, settings in players.items():
        home = (folder / name.replace("% ", "-")).as_posix()
        agent = trained(Config(seed=options.seed, run_folder=home, **settings), data)
        if name == "RvS":
            curves |= ask_both_ways(agent, name, values, games, options.seed)
        else:
            flat |= ask_both_ways(agent, name, [0], 5 * games, options.seed)
    print("\n".join(report(values, curves, flat, data)))
    draw(values, curves, flat, data, f"RvS on Catcher, data: {Path(options.data).stem}", folder / "asked_and_got.png")


if __name__ == "__main__":
    run(main, Options, __doc__)
