"""Deep Q-network (Mnih et al. 2015), Day 4.

A network that reads an observation and gives Q of every action, moved towards

    y = r + γ (1 - terminated) max_a Q_target(s', a)                                      (their algorithm 1)

Three things make this stable. Experience replay: minibatches come from a large memory, so that successive rows do not
resemble each other. A target network: a copy, updated only now and then, so that the target holds still. Clipping:
rewards are clipped to [-1, 1] and the error's gradient too (Huber loss), so that one setting fits many worlds.

    python FN/dqn_agent.py                    Catcher from pixels
    python FN/dqn_agent.py --test             CartPole
    python FN/dqn_agent.py --play             watch the best agent of the newest run
    python FN/dqn_agent.py --resume           go on with a run that was stopped or killed
    python FN/dqn_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass, replace

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
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    steps: int = 150_000
    num_envs: int = 8
    target_return: float | None = 15.2
    buffer_size: int = 30_000
    """How many transitions the replay buffer keeps."""
    learning_starts: int = 2_000
    """Steps before the first gradient step."""
    train_period: int = 64
    """Steps between two calls of train_step …"""
    gradient_steps: int = 16
    """… and its gradient steps, each on a minibatch of its own."""
    batch_size: int = 64
    """Rows of a gradient step."""
    learning_rate: float = 5e-4
    """Of Adam."""
    gamma: float = 0.98
    """The discount."""
    target_period: int = 1_000
    """Steps between two copies into the target network."""
    epsilon_end: float = 0.05
    """Exploration falls linearly from 1 to this …"""
    epsilon_steps: int = 10_000
    """… over so many steps."""
    clip_reward: bool = True
    """Learn from rewards clipped to [-1, 1]; returns are shown unclipped."""
    max_gradient: float = 10.0
    """Longer gradients are shortened to this norm."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


CARTPOLE = Config(
    env="CartPole-v1", steps=100_000, num_envs=16, buffer_size=50_000, learning_starts=1_000, gradient_steps=24,
    learning_rate=1e-3, target_period=128, epsilon_end=0.1, epsilon_steps=5_000, hidden=(128, 128),
    eval_every=5_000, target_return=475.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Catcher-v0": "about a minute and a half and 1.0 GB",
    "CartPole-v1": "about 20 seconds and 0.8 GB",
}


def td_target(reward, discount, terminated, next_q):
    """y of each row: r + γ (1 - terminated) max_a Q_target(s', a); all [N], next_q [N, A]."""
    return reward + discount * (1 - tf.cast(terminated, tf.float32)) * tf.reduce_max(next_q, axis=-1)


def huber(td_error):
    """Half the square of errors up to 1, linear beyond, where the gradient is ±1; [N]."""
    size = tf.abs(td_error)
    return tf.where(size <= 1, 0.5 * td_error**2, size - 0.5)


class DeepQNetworkAgent(Agent):
    """Acts greedily by its Q-network, but for an epsilon of random actions.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    def __init__(self, observation_space, action_space, config):
        self.config, self.actions = config, discrete_actions(action_space)
        self.network = network(observation_space, self.actions, config.hidden, seed=config.seed)
        self.target_network = network(observation_space, self.actions, config.hidden, seed=config.seed)
        self.sync_target()
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_gradient)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)
        self.networks, self.learning = [self.network], [self.target_network, self.optimizer, self.rng]

        shape, dtype = observation_space.shape, observation_space.dtype
        jit = len(shape) == 1  # XLA pays for dense layers
        self._greedy = compiled(self._greedy, ((None, *shape), dtype))
        seen, number = ((None, None, *shape), dtype), ((None, None), "float32")
        rows = [((None, None), "int64"), number, seen, number, ((None, None), "bool")]
        self._update = compiled(self._update, seen, *rows, jit=jit)

    def greedy(self, obs):
        """The best action of each row [B, …]."""
        return self._greedy(obs).numpy()

    def _greedy(self, obs):
        return tf.argmax(self.network(obs), axis=-1)

    def act(self, obs, epsilon):
        """The best action of each row [B, …], or with probability epsilon any action."""
        explore = self.rng.random(len(obs)) < epsilon
        return np.where(explore, self.rng.integers(self.actions, size=len(obs)), self.greedy(obs))

    def sync_target(self):
        """Copy the network into the target network."""
        for target, variable in zip(self.target_network.variables, self.network.variables, strict=True):
            target.assign(variable)

    def loss(self, obs, action, reward, next_obs, discount, terminated):
        """The loss of a minibatch of N rows, and the mean of their Q."""
        target = tf.stop_gradient(td_target(reward, discount, terminated, self.target_network(next_obs)))
        q = tf.gather(self.network(obs), action, batch_dims=1)  # [N], of the actions taken
        return tf.reduce_mean(huber(target - q)), tf.reduce_mean(q)

    def train_step(self, batches):
        """A gradient step on each of K minibatches, in one compiled call; returns what to log.

        Args:
            batches: a `framework.replay.Batch` of K × batch_size rows.
        """
        size = self.config.batch_size

        def rows(array):
            return array.reshape(-1, size, *array.shape[1:])  # [K, N, …]

        fields = (batches.obs, batches.action, batches.reward, batches.next_obs, batches.discount, batches.terminated)
        loss, q = self._update(*[rows(array) for array in fields])
        return {"loss": loss, "q": q}

    def _update(self, obs, action, reward, next_obs, discount, terminated):
        logged = tf.zeros(2)
        for k in tf.range(tf.shape(obs)[0]):  # a loop inside the graph
            with tf.GradientTape() as tape:
                loss, q = self.loss(obs[k], action[k], reward[k], next_obs[k], discount[k], terminated[k])
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            logged += tf.stack([loss, q])
        return tf.unstack(logged / tf.cast(tf.shape(obs)[0], tf.float32))


def clipped(transition):
    """The transition with its reward clipped to [-1, 1]."""
    return replace(transition, reward=np.clip(transition.reward, -1, 1))


def train(config):
    """The whole algorithm."""
    set_seed(config.seed)
    set_precision(config.precision)
    envs = make_vector(config.env, config.num_envs, config.seed, config.frame_size, config.frame_stack)
    agent = DeepQNetworkAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    epsilon = Linear(1.0, config.epsilon_end, config.epsilon_steps)
    with Trainer(config, envs=envs, agent=agent, replay=replay) as trainer:
        for step in trainer:
            transition = envs.step(agent.act(envs.obs, epsilon(step)))
            replay.add(clipped(transition) if config.clip_reward else transition)
            if step >= config.learning_starts and trainer.every(config.train_period):
                trainer.log(**agent.train_step(replay.sample(config.gradient_steps * config.batch_size)))
            if trainer.every(config.target_period):
                agent.sync_target()
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, DeepQNetworkAgent, Config(), __doc__, test=CARTPOLE, takes=TAKES)
