"""A value function that is a network (neural fitted Q, Riedmiller 2005), Day 4. Read `train`, at the bottom, first.

In place of a table, a network reads the state and gives Q of every action. It is taught as in any regression: take a
sample of what was experienced, work out what Q should be there,

    y = r + γ (1 - terminated) max_a Q(s', a),

then fit the network to these pairs (s, a) → y; and again. The targets come from the network itself. They are worked
out once for each sample and stand still while it is fitted; DQN (`dqn_agent.py`) makes more of that.

    python FN/value_function_agent.py                    CartPole
    python FN/value_function_agent.py --play             watch the best agent of the newest run
    python FN/value_function_agent.py --resume           go on with a run that was stopped or killed
    python FN/value_function_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from framework.agent import Agent
from framework.graph import compiled, same_shape
from framework.networks import Layers, discrete_actions
from framework.replay import ReplayBuffer
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters."""

    env: str = "CartPole-v1"
    steps: int = 150_000
    num_envs: int = 8
    buffer_size: int = 20_000
    """How many transitions are remembered."""
    fit_period: int = 128
    """Steps between two fits."""
    sample_size: int = 4_096
    """Transitions of a fit."""
    batch_size: int = 64
    """Rows of a gradient step; a fit goes through its sample once."""
    learning_rate: float = 1e-3
    """The step size of Adam."""
    gamma: float = 0.98
    """The discount."""
    epsilon_end: float = 0.1
    """The share of random actions falls linearly from 1 to this."""
    epsilon_steps: int = 5_000
    """For how many steps the share of random actions falls."""
    max_grad_norm: float = 10.0
    """Longer gradients are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of the hidden layers."""
    eval_every: int = 5_000
    target_return: float | None = 475.0


TAKES = {"CartPole-v1": "about 15 seconds, 0.8 GB of memory and 2 MB on disk"}  # until the target is reached


def td_target(reward, discount, terminated, next_q):
    """y of each row: r + γ (1 - terminated) max_a Q(s', a); all [N], next_q [N, A]."""
    return reward + discount * (1 - terminated) * next_q.max(axis=-1)


class Examples(NamedTuple):
    """What the network is fitted to."""

    obs: np.ndarray  # [N, …]
    action: np.ndarray  # [N] int
    target: np.ndarray  # [N] float32, y


def network(observation_space, actions, config):
    """Q [B, A] of observations [B, …]."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    return keras.Model(obs, layers.linear(layers.dense(features, config.hidden), actions))


class ValueFunctionAgent(Agent):
    """Acts greedily by its Q-network, but for an epsilon of random actions.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.

    Raises:
        ValueError: batch_size does not divide a sample, or the actions are not Discrete.
    """

    policy_learnt = "off-policy"
    acts_with, learns_with = ("network",), ("optimizer", "rng")

    def __init__(self, observation_space, action_space, config):
        if config.batch_size < 1 or config.sample_size % config.batch_size:
            raise ValueError(f"batch_size must divide sample_size = {config.sample_size}; got {config.batch_size}")
        self.config, self.actions = config, discrete_actions(action_space)
        self.network = network(observation_space, self.actions, config)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @compiled
    def estimate(self, obs):
        """Q [B, A] of each row [B, …]."""
        return self.network(obs)

    def greedy(self, obs):
        """The best action of each row [B, …]."""
        return self.estimate(obs).argmax(axis=-1)

    def act(self, obs, epsilon):
        """The best action of each row [B, …], or with probability epsilon any action."""
        explore = self.rng.random(len(obs)) < epsilon
        return np.where(explore, self.rng.integers(self.actions, size=len(obs)), self.greedy(obs))

    def targets(self, batch):
        """What Q of the actions taken should be, y [N], by the network as it is now."""
        return td_target(batch.reward, batch.discount, batch.terminated, self.estimate(batch.next_obs))

    def loss(self, batch):
        """The mean squared error of Q of the actions taken, over N `Examples`, and what to log."""
        q = tf.gather(self.network(batch.obs), batch.action, batch_dims=1)  # [N]
        same_shape(q, batch.target)
        loss = tf.reduce_mean((batch.target - q) ** 2)
        return loss, {"loss": loss}

    def train_step(self, sample):
        """Fit the network once to a sample, a `framework.replay.Batch` [sample_size, …]; returns what to log."""
        examples = Examples(sample.obs, sample.action, self.targets(sample))
        size = self.config.batch_size
        minibatches = Examples(*(array.reshape(-1, size, *array.shape[1:]) for array in examples))  # [K, N, …]
        return {"loss": self.fit(minibatches), "target": examples.target.mean()}

    @compiled(free=2, xla="dense")
    def fit(self, minibatches):
        """A gradient step on each of K minibatches, a loop inside the graph; returns their mean loss."""
        count, total = tf.shape(minibatches.target)[0], 0.0
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss, _ = self.loss(Examples(*(array[k] for array in minibatches)))
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(count, tf.float32)


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = ValueFunctionAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    epsilon = Linear(1.0, config.epsilon_end, config.epsilon_steps)
    with Trainer(config, agent=agent, envs=envs, replay=replay) as trainer:
        for step in trainer:
            replay.add(envs.step(agent.act(envs.obs, epsilon(step))))
            if trainer.every(config.fit_period):
                trainer.log(**agent.train_step(replay.sample(config.sample_size)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, ValueFunctionAgent, [Config()], __doc__, TAKES)
