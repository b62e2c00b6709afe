"""A value function that is a network (neural fitted Q, Riedmiller 2005), Day 4.

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

import numpy as np

from framework.agent import Agent
from framework.graph import compiled
from framework.networks import discrete_actions, network
from framework.replay import ReplayBuffer
from framework.schedules import Linear
from framework.tf import keras, set_precision, set_seed, tf
from framework.trainer import TrainConfig, Trainer
from framework.training import run_training
from framework.vector import make_vector


@dataclass(frozen=True)
class Config(TrainConfig):
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
    minibatch: int = 64
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """Of Adam."""
    gamma: float = 0.98
    """The discount."""
    epsilon_end: float = 0.1
    """Exploration falls linearly from 1 to this …"""
    epsilon_steps: int = 5_000
    """… over so many steps."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of the hidden layers."""
    eval_every: int = 5_000
    target_return: float | None = 475.0


TAKES = {"CartPole-v1": "about 15 seconds and 0.8 GB"}  # until the target is reached


def td_target(reward, discount, terminated, next_q):
    """y of each row: r + γ (1 - terminated) max_a Q(s', a); all [N], next_q [N, A]."""
    return reward + discount * (1 - terminated) * next_q.max(axis=-1)


class ValueFunctionAgent(Agent):
    """Acts greedily by its Q-network, but for an epsilon of random actions.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.

    Raises:
        ValueError: the minibatch does not divide a sample, or the actions are not Discrete.
    """

    def __init__(self, observation_space, action_space, config):
        if config.minibatch < 1 or config.sample_size % config.minibatch:
            raise ValueError(f"minibatch must divide sample_size = {config.sample_size}; got {config.minibatch}")
        self.config, self.actions = config, discrete_actions(action_space)
        self.network = network(observation_space, self.actions, config.hidden, seed=config.seed)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=10.0)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)
        self.networks, self.learning = [self.network], [self.optimizer, self.rng]

        shape, dtype = observation_space.shape, observation_space.dtype
        jit = len(shape) == 1  # XLA pays for dense layers
        self._estimate = compiled(self._estimate, ((None, *shape), dtype))
        rows = [((None, None, *shape), dtype), ((None, None), "int64"), ((None, None), "float32")]
        self._fit = compiled(self._fit, *rows, jit=jit)

    def estimate(self, obs):
        """Q [B, A] of each row [B, …]."""
        return self._estimate(obs).numpy()

    def _estimate(self, obs):
        return self.network(obs)

    def greedy(self, obs):
        """The best action of each row [B, …]."""
        return self.estimate(obs).argmax(axis=-1)

    def act(self, obs, epsilon):
        """The best action of each row [B, …], or with probability epsilon any action."""
        explore = self.rng.random(len(obs)) < epsilon
        return np.where(explore, self.rng.integers(self.actions, size=len(obs)), self.greedy(obs))

    def loss(self, obs, action, target):
        """Mean squared error of Q of the actions taken, over N rows."""
        q = tf.gather(self.network(obs), action, batch_dims=1)  # [N]
        return tf.reduce_mean((target - q) ** 2)

    def train_step(self, sample):
        """Fit the network once to a sample (`framework.replay.Batch`); returns what to log."""
        next_q = self.estimate(sample.next_obs)
        target = td_target(sample.reward, sample.discount, sample.terminated, next_q)

        def rows(array):
            return array.reshape(-1, self.config.minibatch, *array.shape[1:])  # [K, N, …]

        return {"loss": self._fit(rows(sample.obs), rows(sample.action), rows(target)), "target": target.mean()}

    def _fit(self, obs, action, target):
        total = 0.0
        for k in tf.range(tf.shape(obs)[0]):  # a loop inside the graph
            with tf.GradientTape() as tape:
                loss = self.loss(obs[k], action[k], target[k])
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(tf.shape(obs)[0], tf.float32)


def train(config):
    """The whole algorithm."""
    set_seed(config.seed)
    set_precision(config.precision)
    envs = make_vector(config.env, config.num_envs, config.seed, config.frame_size, config.frame_stack)
    agent = ValueFunctionAgent(envs.observation_space, envs.action_space, config)
    experience = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    epsilon = Linear(1.0, config.epsilon_end, config.epsilon_steps)
    with Trainer(config, envs=envs, agent=agent, experience=experience) as trainer:
        for step in trainer:
            experience.add(envs.step(agent.act(envs.obs, epsilon(step))))
            if trainer.every(config.fit_period):
                trainer.log(**agent.train_step(experience.sample(config.sample_size)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, ValueFunctionAgent, Config(), __doc__, takes=TAKES)
