"""Calibrated Q-learning, Cal-QL (Nakamoto et al. 2023, arXiv 2303.05479), Day 7. Read `train`, at the bottom, first.

Q-learning from somebody else's data believes in actions that nobody has tried: their Q is a guess, and the maximum
takes the luckiest guess. CQL (Kumar et al. 2020, arXiv 2006.04779) presses down Q of all actions, and lifts that of
the one in the data:

    loss = (y - Q(s, a))² + α R,     R = log Σ_a exp Q(s, a) - Q(s, a_data)

Q is then too low everywhere. Who goes on online with it finds that whatever else he tries is better than what Q says
of what he can already, and unlearns it. Cal-QL presses no further than what the data's own player got, G, its
Monte-Carlo return from there on. One line:

    R = log Σ_a exp max(Q(s, a), G(s)) - Q(s, a_data)                                            (their section 5)

Pushes are of nine kinds here, so that the sum is exact, where the paper draws actions. An episode that did not reach
the goal got -1 a step for ever: its G is -1 / (1 - γ) = -100, not the sum up to where it was cut off.

    python AP/calql.py                            5,000 steps of learning from the data, then 5,000 in the maze
    python AP/calql.py --no-calibrated            CQL: the same without max(…, G)
    python AP/calql.py --conservative-weight 0    Q-learning
    python AP/calql.py --play                     watch the best agent of the newest run; --resume goes on with one

An evaluation is the share of 20 episodes that reach the goal. Columns gap and calibrated of metrics.csv:
`AP.maze_data.calibration`.
"""

from dataclasses import dataclass

import numpy as np

from AP.maze_data import (
    PUSHES,
    Attempts,
    calibration,
    data_of,
    episodes_ended,
    fill,
    in_successes,
    maze_of,
    number_of,
)
from FN.dqn_agent import td_target
from framework.agent import Agent
from framework.distributions import Categorical
from framework.graph import compiled, same_shape
from framework.networks import Layers, copy_weights
from framework.replay import ReplayBuffer, joined
from framework.runs.config import WorldConfig
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for the point maze."""

    env: str = "PointMaze-v0"
    num_envs: int = 1
    steps: int = 10_000
    offline_steps: int = 5_000
    """So many steps, half of all at most, learn from the data alone; each of the others is one in the maze, too."""
    eval_every: int = 250
    log_every: int = 250
    data: str = ""
    """The file of the data; by default it is collected anew, from the seed."""
    calibrated: bool = True
    """Press Q no further down than G; --no-calibrated is CQL."""
    conservative_weight: float = 1.0
    """α, the weight of R."""
    offline_ratio: float = 0.5
    """The share of the rows of each minibatch that come from the data, once the agent has experience of its own."""
    gradient_steps: int = 4
    """Gradient steps for each step."""
    batch_size: int = 128
    """Rows of a gradient step."""
    layer_norm: bool = True
    """LayerNorm before each activation, as in RLPD's critics."""
    learning_rate: float = 1e-3
    """The step size of Adam."""
    gamma: float = 0.99
    """The discount."""
    tau: float = 0.02
    """τ, how far the target network follows at each gradient step: by this part of the way."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of the hidden layers."""


TAKES = {"PointMaze-v0": "about a minute and 0.8 GB of memory"}


def returns_to_go(reward, reached, gamma):
    """G [T] of an episode of rewards [T]: their discounted sum, from each on; not reached, r / (1 - γ): for ever."""
    if not reached:
        return reward / (1 - gamma)
    returns, value = np.zeros(len(reward)), 0.0
    for t in reversed(range(len(reward))):
        returns[t] = value = reward[t] + gamma * value
    return returns


def conservative(q, q_taken, returns, calibrated=True):
    """R [N]: log Σ_a exp max(Q(s, a), G) - Q(s, a_data), of q [N, A], q_taken [N] and G [N]; else without max."""
    bounded = tf.maximum(q, returns[:, None]) if calibrated else q
    return tf.reduce_logsumexp(bounded, axis=-1) - q_taken


class Experience(ReplayBuffer):
    """A replay buffer of one world that knows G of each step. Until an episode has ended, it counts as a failure."""

    def __init__(self, capacity, gamma, seed):
        super().__init__(capacity, 1, gamma, seed)
        self.gamma, self.first = gamma, 0  # where the episode started
        self.returns = np.zeros(self.size, np.float32)

    def add(self, transition):
        """Store one step, see `ReplayBuffer`; the buffer is to be as large as all that is added."""
        here = self.head
        super().add(transition)
        self.returns[here] = returns_to_go(transition.reward, False, self.gamma)[0]
        if transition.terminated[0]:
            episode = slice(self.first, here + 1)
            self.returns[episode] = returns_to_go(self.reward[episode], True, self.gamma)
        if transition.terminated[0] or transition.truncated[0]:
            self.first = here + 1

    def sample_with_returns(self, batch_size, batches):
        """A `Batch` of K minibatches [K, N, …], and their G [K, N]."""
        batch = self.sample(batch_size, batches)
        return batch, self.returns[batch.index]

    def state(self):
        return super().state() | {"first": self.first, "returns": self.returns}

    def load_state(self, state):
        super().load_state(state)
        self.first = state["first"]
        self.returns[:] = state["returns"]


def network(observation_space, config):
    """Q [B, 9] of observations [B, …]."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space)
    x = layers.dense(features, config.hidden, norm=config.layer_norm)
    return keras.Model(obs, layers.linear(x, len(PUSHES)))


class CalQLAgent(Agent):
    """A Q-network of nine pushes, and a target network that follows it slowly.

    Args:
        observation_space, action_space: of one maze.
        config: `Config`.
    """

    policy_learnt = "off-policy"
    acts_with, learns_with = ("network",), ("target_network", "optimizer", "rng")

    def __init__(self, observation_space, action_space, config):
        self.config = config
        self.network, self.target_network = (network(observation_space, config) for _ in range(2))
        self.optimizer = keras.optimizers.Adam(config.learning_rate)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @compiled
    def greedy(self, obs):
        """The best push of each row [B, …]: [B, 2]."""
        return tf.gather(PUSHES, tf.argmax(self.network(obs), axis=-1))

    @compiled
    def drawn(self, obs, draws):
        """Pushes [B, 2] of rows [B, …], with probabilities in proportion to exp Q, by numbers [B] from 0 to 1."""
        return tf.gather(PUSHES, Categorical(self.network(obs)).draw(draws))

    def act(self, obs):
        """A push for each row [B, …], with probabilities in proportion to exp Q, as R has them: [B, 2]."""
        return self.drawn(obs, self.rng.random(len(obs), np.float32))

    def player(self):
        """The same for an evaluation, with draws of its own: where Q is nearly flat, its greatest says little."""
        rng = np.random.default_rng(self.config.seed)
        return lambda obs: self.drawn(obs, rng.random(len(obs), np.float32))

    @compiled
    def value(self, obs):
        """max_a Q(s, a) [B] of each row [B, …]."""
        return tf.reduce_max(self.network(obs), axis=-1)

    def loss(self, batch, returns):
        """The loss of N rows whose actions are numbers of pushes, and what to log."""
        target = td_target(batch.reward, batch.discount, batch.terminated, self.target_network(batch.next_obs))
        q = self.network(batch.obs)
        q_taken = tf.gather(q, batch.action, batch_dims=1)
        same_shape(q_taken, target, returns)
        td_loss = tf.reduce_mean((tf.stop_gradient(target) - q_taken) ** 2)
        pressed = tf.reduce_mean(conservative(q, q_taken, returns, self.config.calibrated))
        logged = {"td_loss": td_loss, "conservative_loss": pressed, "q": tf.reduce_mean(q_taken)}
        return td_loss + self.config.conservative_weight * pressed, logged

    @compiled(free=2, xla="dense")
    def train_step(self, batches, returns):
        """A gradient step on each of K minibatches [K, N, …] with G [K, N]; the means of what to log."""
        count = tf.shape(returns)[0]
        total = dict.fromkeys(("td_loss", "conservative_loss", "q"), 0.0)
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss, logged = self.loss(batches.at(k), returns[k])
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            copy_weights(self.network, self.target_network, self.config.tau)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}


def minibatches(online, offline, config):
    """K minibatches [K, N, …] and their G [K, N]: of the data alone, or half and half once there is anything else."""
    from_data = round(config.offline_ratio * config.batch_size) if len(online) else config.batch_size
    counts = (offline, from_data), (online, config.batch_size - from_data)
    parts = [buffer.sample_with_returns(count, config.gradient_steps) for buffer, count in counts if count]
    batches, returns = zip(*parts, strict=True)
    return joined(batches), np.concatenate(returns, axis=1)


def train(config):
    """The whole algorithm."""
    if not config.gamma < 1:
        raise ValueError(f"gamma must be below 1, since who never arrives pays for ever; got {config.gamma}")
    begin(config)
    maze, data = maze_of(config), data_of(config, nine=True)
    agent = CalQLAgent(maze.observation_space, maze.action_space, config)
    data = data._replace(action=number_of(data.action))
    offline = fill(Experience(len(data.reward), config.gamma, [config.seed, 1]), data)
    online, known = Experience(config.steps, config.gamma, config.seed), in_successes(data)
    parts = {"agent": agent, "maze": maze, "online": online, "offline": offline}
    with Trainer(config, evaluate=Attempts(config), **parts) as trainer:
        for step in trainer:
            if step >= min(config.offline_steps, config.steps // 2):
                push = agent.act(maze.obs)
                online.add(maze.step(push)._replace(action=number_of(push)))
            trainer.log(**agent.train_step(*minibatches(online, offline, config)))
            if (step + 1) % config.log_every == 0:
                trainer.log(**calibration(agent.value(data.obs), offline.returns[: len(known)], known))
                trainer.log(**episodes_ended(maze))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, CalQLAgent, [Config()], __doc__, TAKES)
