"""Deep Q-network (Mnih et al. 2015), Day 4. Read `train`, at the bottom, first.

A network that reads an observation and gives Q of every action, moved towards

    y = r + γ (1 - terminated) max_a Q_target(s', a)                                      (their algorithm 1)

Three things make this stable. Experience replay: minibatches come from a large buffer, so that successive rows do not
resemble each other. A target network: a copy, updated only now and then, so that the target holds still. Clipping:
rewards are clipped to [-1, 1] and the error's gradient too (Huber loss), so that one setting fits many worlds.

    python FN/dqn_agent.py                    Catcher from pixels
    python FN/dqn_agent.py --test             CartPole
    python FN/dqn_agent.py --play             watch the best agent of the newest run
    python FN/dqn_agent.py --resume           go on with a run that was stopped or killed
    python FN/dqn_agent.py --env LunarLander-v3  needs the extra box2d
    python FN/dqn_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.graph import compiled, same_shape
from framework.networks import Layers, copy_weights, discrete_actions
from framework.replay import ReplayBuffer
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    steps: int = 150_000
    num_envs: int = 8
    target_return: float | None = 15.2
    eval_episodes: int = 10
    buffer_size: int = 30_000
    """How many transitions the replay buffer keeps."""
    learning_starts: int = 2_000
    """Steps before the first gradient step."""
    train_period: int = 64
    """Steps of all worlds between two calls of train_step."""
    gradient_steps: int = 16
    """Gradient steps in a call of train_step. 16 every 64 steps are as many as the paper's 1 every 4."""
    batch_size: int = 64
    """Rows of a gradient step."""
    learning_rate: float = 5e-4
    """The step size of Adam."""
    gamma: float = 0.98
    """The discount."""
    target_period: int = 1_000
    """Steps between two copies into the target network."""
    epsilon_end: float = 0.05
    """The share of random actions falls linearly from 1 to this."""
    epsilon_steps: int = 10_000
    """For how many steps the share of random actions falls."""
    clip_reward: bool = True
    """Learn from rewards clipped to [-1, 1]; returns are shown unclipped."""
    max_grad_norm: float = 10.0
    """Longer gradients are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


# Gradient steps come in bursts, and the target network is copied after each: within a burst it holds still.
CARTPOLE = Config(
    env="CartPole-v1", steps=100_000, num_envs=16, buffer_size=50_000, learning_starts=1_000, train_period=256,
    gradient_steps=128, learning_rate=2.3e-3, gamma=0.99, target_period=256, epsilon_end=0.04, epsilon_steps=5_000,
    hidden=(128, 128), eval_every=5_000, eval_episodes=20, target_return=475.0,
)  # fmt: skip
# Rewards are as large as 100 here, where the crash or the landing is: to clip them would make both worth one thrust.
LUNAR_LANDER = Config(
    env="LunarLander-v3", steps=300_000, buffer_size=100_000, train_period=32, batch_size=128, gamma=0.995,
    target_period=2_000, epsilon_steps=30_000, clip_reward=False, hidden=(128, 128), eval_every=15_000,
    eval_episodes=20, target_return=200.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Catcher-v0": "about a minute and a half, 1.0 GB of memory and 45 MB on disk",
    "CartPole-v1": "about 10 seconds, 0.8 GB of memory and 4 MB on disk",
    "LunarLander-v3": "up to 5 minutes and 0.8 GB of memory",
}


def td_target(reward, discount, terminated, next_q):
    """y of each row: r + γ (1 - terminated) max_a Q_target(s', a); all [N], next_q [N, A]."""
    return reward + discount * (1 - tf.cast(terminated, tf.float32)) * tf.reduce_max(next_q, axis=-1)


def huber(td_error):
    """Half the square of errors up to 1, linear beyond, where the gradient is ±1; [N]."""
    size = tf.abs(td_error)
    return tf.where(size <= 1, 0.5 * td_error**2, size - 0.5)


def network(observation_space, actions, config):
    """Q [B, A] of observations [B, …]."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    return keras.Model(obs, layers.linear(layers.dense(features, config.hidden), actions))


class DeepQNetworkAgent(Agent):
    """Acts greedily by its Q-network, but for an epsilon of random actions.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    policy_learnt = "off-policy"
    acts_with, learns_with = ("network",), ("target_network", "optimizer", "rng")

    def __init__(self, observation_space, action_space, config):
        self.config, self.actions = config, discrete_actions(action_space)
        self.network = network(observation_space, self.actions, config)
        self.target_network = network(observation_space, self.actions, config)
        self.sync_target()
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @compiled
    def greedy(self, obs):
        """The best action of each row [B, …]."""
        return tf.argmax(self.network(obs), axis=-1)

    def act(self, obs, epsilon):
        """The best action of each row [B, …], or with probability epsilon any action."""
        explore = self.rng.random(len(obs)) < epsilon
        return np.where(explore, self.rng.integers(self.actions, size=len(obs)), self.greedy(obs))

    def sync_target(self):
        """Copy the network into the target network."""
        copy_weights(self.network, self.target_network)

    def targets(self, batch):
        """What Q of the actions taken should be, y [N]."""
        return td_target(batch.reward, batch.discount, batch.terminated, self.target_network(batch.next_obs))

    def loss(self, batch):
        """The loss of a minibatch of N rows, and what to log."""
        target = tf.stop_gradient(self.targets(batch))
        q = tf.gather(self.network(batch.obs), batch.action, batch_dims=1)  # [N], of the actions taken
        same_shape(q, target)
        loss = tf.reduce_mean(huber(target - q))
        return loss, {"loss": loss, "q": tf.reduce_mean(q)}

    @compiled(free=2, xla="dense")
    def train_step(self, batches):
        """A gradient step on each of K minibatches, a loop inside the graph; returns the means of what to log.

        Args:
            batches: a `framework.replay.Batch` [K, N, …].
        """
        count = tf.shape(batches.reward)[0]
        total = dict.fromkeys(("loss", "q"), 0.0)
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss, logged = self.loss(batches.at(k))
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}


def clipped(transition):
    """The transition with its reward clipped to [-1, 1]."""
    return transition._replace(reward=np.clip(transition.reward, -1, 1))


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = DeepQNetworkAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    epsilon = Linear(1.0, config.epsilon_end, config.epsilon_steps)
    with Trainer(config, agent=agent, envs=envs, replay=replay) as trainer:
        for step in trainer:
            transition = envs.step(agent.act(envs.obs, epsilon(step)))
            replay.add(clipped(transition) if config.clip_reward else transition)
            if step >= config.learning_starts and trainer.every(config.train_period):
                trainer.log(**agent.train_step(replay.sample(config.batch_size, batches=config.gradient_steps)))
            if trainer.every(config.target_period):
                agent.sync_target()
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, DeepQNetworkAgent, [Config(), CARTPOLE, LUNAR_LANDER], __doc__, TAKES)
