"""Soft actor-critic (Haarnoja et al. 2018, arXiv 1812.05905), Day 4. Read `train`, at the bottom, first.

DDPG's actor takes one action in a state, and noise from outside lets it explore. Here the actor is a distribution π,
and its entropy H is worth something, at a price α, the temperature:

    V(s) = E[Q(s, a) - α log π(a | s)],  a from π(· | s)                                           (their equation 3)

So it explores by itself, and no more than pays. Three losses, each with a gradient of its own:

    Q:  (y - Q(s, a))²,   y = r + γ (1 - terminated) (min_i Q_target,i(s', a') - α log π(a' | s')),  a' from π(· | s')
    π:  α log π(a | s) - min_i Q_i(s, a),   a = tanh(μ(s) + σ(s) ε),  ε standard normal
    α:  -α (log π(a | s) + H_target)

In the second, the gradient flows through a into μ and σ: the noise ε is drawn apart from them. tanh keeps actions in
[-1, 1], and log π counts how it crowds them near the ends (their appendix C). By the third, α rises where π has less
entropy than H_target, -1 for each number of an action, and falls where it has more (their section 5).

    python FN/sac_agent.py                    Pendulum
    python FN/sac_agent.py --play             watch the best agent of the newest run
    python FN/sac_agent.py --resume           go on with a run that was stopped or killed
    python FN/sac_agent.py --env LunarLanderContinuous-v3          BipedalWalker-v3, too; they need the extra box2d
    python FN/sac_agent.py --env Hopper-v5                         a robot's leg; needs the extra mujoco
    python FN/sac_agent.py --env module:World-v0                   any world with a Box of actions
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.distributions import TanhGaussian
from framework.graph import compiled, same_shape
from framework.networks import Layers, continuous_actions, copy_weights
from framework.replay import ReplayBuffer
from framework.runs.config import WorldConfig
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds

LOG_STD = -5.0, 2.0  # the log of σ stays between these


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Pendulum."""

    env: str = "Pendulum-v1"
    steps: int = 20_000
    num_envs: int = 8
    target_return: float | None = -160.0
    eval_every: int = 2_000
    log_every: int = 400
    buffer_size: int = 50_000
    """How many transitions the replay buffer keeps."""
    learning_starts: int = 100
    """Steps before the first gradient step, with actions at random."""
    train_period: int = 8
    """Steps of all worlds between two calls of train_step, not below num_envs: else there are fewer calls."""
    gradient_steps: int = 8
    """Gradient steps in a call of train_step. 8 every 8 steps are as many as the paper's 1 every step."""
    batch_size: int = 128
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """The step size of Adam, for all networks and the temperature."""
    gamma: float = 0.99
    """The discount."""
    tau: float = 0.005
    """τ, how far the target networks follow at each step: by this part of the way."""
    twin: bool = True
    """Learn two Qs, and take the lower of them; --no-twin learns one."""
    temperature: float | None = None
    """α, what a nat of entropy is worth; by default it is learnt, and starts at 1."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (64, 64)
    """Units of the hidden layers, of each network."""


LUNAR_LANDER = Config(
    env="LunarLanderContinuous-v3", steps=200_000, buffer_size=200_000, learning_starts=5_000, train_period=16,
    batch_size=256, tau=0.01, hidden=(128, 128), eval_every=20_000, log_every=2_000, target_return=200.0,
)  # fmt: skip
BIPEDAL_WALKER = Config(
    env="BipedalWalker-v3", steps=300_000, buffer_size=300_000, learning_starts=10_000, gradient_steps=4,
    batch_size=256, learning_rate=7e-4, gamma=0.98, tau=0.02, hidden=(256, 256), eval_every=20_000, log_every=2_000,
    target_return=300.0,
)  # fmt: skip
HOPPER = Config(
    env="Hopper-v5", steps=200_000, buffer_size=200_000, learning_starts=5_000, batch_size=256, learning_rate=3e-4,
    hidden=(256, 256), eval_every=20_000, log_every=2_000, target_return=3_000.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Pendulum-v1": "about 20 seconds, 0.9 GB of memory and 1 MB on disk",
    "LunarLanderContinuous-v3": "up to 12 minutes and 0.9 GB of memory",
    "BipedalWalker-v3": "up to 27 minutes and 1.1 GB of memory",
    "Hopper-v5": "up to 28 minutes and 1.2 GB of memory",
}


def soft_target(reward, discount, terminated, next_q, next_log_prob, temperature):
    """y of each row: r + γ (1 - terminated) (min_i Q_target,i(s', a') - α log π(a' | s')); all [N], next_q [2, N]."""
    soft_value = tf.reduce_min(next_q, axis=0) - temperature * next_log_prob
    return reward + discount * (1 - tf.cast(terminated, tf.float32)) * soft_value


def actor_network(observation_space, actions, config):
    """μ [B, D] and the log of σ [B, D] of observations [B, …]."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    x = layers.dense(features, config.hidden)
    mean, log_std = (layers.linear(x, actions, scale=0.01) for _ in range(2))
    return keras.Model(obs, [mean, keras.ops.clip(log_std, *LOG_STD)])


def critic_network(observation_space, actions, config, number):
    """Q [B, 1] of observations [B, …] and actions [B, D]; each number starts from other weights."""
    layers = Layers([config.seed, number])
    obs, features = layers.read(observation_space, config.filters)
    action = keras.Input((actions,))
    both = keras.layers.Concatenate()([features, action])
    return keras.Model([obs, action], layers.linear(layers.dense(both, config.hidden), 1))


class SACAgent(Agent):
    """A policy, two critics (or one) with target networks that follow them slowly, and a temperature.

    Args:
        observation_space, action_space: of one world; actions are a Box.
        config: `Config`.
    """

    based_on, policy_learnt = "policy", "off-policy"
    acts_with = ("actor",)
    learns_with = ("critics", "targets", "log_temperature", "optimizers", "rng", "generator")

    def __init__(self, observation_space, action_space, config):
        self.config, self.actions = config, continuous_actions(action_space)
        self.actor = actor_network(observation_space, self.actions, config)
        self.critics, self.targets = (
            [critic_network(observation_space, self.actions, config, number) for number in range(1, 2 + config.twin)]
            for _ in range(2)  # from the same seeds: targets start as copies
        )
        self.log_temperature = keras.Variable(np.log(config.temperature or 1.0), dtype="float32")
        self.critic_variables = [variable for critic in self.critics for variable in critic.trainable_variables]
        self.optimizers = [keras.optimizers.Adam(config.learning_rate) for _ in range(3)]
        variables = self.critic_variables, self.actor.trainable_variables, [self.log_temperature]
        for optimizer, of in zip(self.optimizers, variables, strict=True):
            optimizer.build(of)
        self.rng = np.random.default_rng(config.seed)
        self.generator = tf.random.Generator.from_seed(config.seed, alg="philox")

    def policy(self, obs):
        """π(· | s), a distribution over actions."""
        return TanhGaussian(*self.actor(obs))

    @compiled
    def act(self, obs):
        """Draw an action for each row [B, …]: [B, D]."""
        return self.policy(obs).sample(self.generator)

    @compiled
    def greedy(self, obs):
        """tanh μ of each row [B, …]: [B, D]."""
        return self.policy(obs).mode()

    def act_at_random(self, obs):
        """Any action for each row [B, …]."""
        return self.rng.uniform(-1, 1, (len(obs), self.actions)).astype(np.float32)

    @property
    def target_entropy(self):
        """H_target, in nats."""
        return -float(self.actions)

    def target(self, batch):
        """What Q of the actions taken should be, y [N]."""
        action, log_prob = self.policy(batch.next_obs).sample_and_log_prob(self.generator)
        next_q = tf.stack([target([batch.next_obs, action])[:, 0] for target in self.targets])
        temperature = tf.exp(self.log_temperature)
        return soft_target(batch.reward, batch.discount, batch.terminated, next_q, log_prob, temperature)

    def critic_loss(self, batch):
        """The squared error of both critics, summed, on N rows; and Q [N] of the actions taken."""
        target = tf.stop_gradient(self.target(batch))
        qs = [critic([batch.obs, batch.action])[:, 0] for critic in self.critics]
        same_shape(target, *qs)
        return sum(tf.reduce_mean((target - q) ** 2) for q in qs), qs[0]

    def policy_loss(self, batch):
        """The loss of π on N rows, and log π [N] of the actions that it drew."""
        action, log_prob = self.policy(batch.obs).sample_and_log_prob(self.generator)
        q = tf.reduce_min([critic([batch.obs, action])[:, 0] for critic in self.critics], axis=0)
        same_shape(q, log_prob)
        return tf.reduce_mean(tf.exp(self.log_temperature) * log_prob - q), log_prob

    def temperature_loss(self, log_prob):
        """The loss of α, from log π [N] of actions that π drew."""
        return -tf.exp(self.log_temperature) * tf.reduce_mean(tf.stop_gradient(log_prob) + self.target_entropy)

    @compiled(free=2, xla="dense")
    def train_step(self, batches):
        """Gradient steps on each of K minibatches, a loop inside the graph; returns the means of what to log.

        Args:
            batches: a `framework.replay.Batch` [K, N, …].
        """
        count = tf.shape(batches.reward)[0]
        total = dict.fromkeys(("value_loss", "q", "policy_loss", "entropy", "temperature"), 0.0)
        for k in tf.range(count):
            logged = self.gradient_steps(batches.at(k))
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}

    def gradient_steps(self, batch):
        """One of each loss, on N rows; then the target networks follow. Returns what to log."""
        of_critics, of_actor, of_temperature = self.optimizers
        with tf.GradientTape() as tape:
            value_loss, q = self.critic_loss(batch)
        of_critics.apply(tape.gradient(value_loss, self.critic_variables), self.critic_variables)

        actor = self.actor.trainable_variables
        with tf.GradientTape() as tape:
            policy_loss, log_prob = self.policy_loss(batch)
        of_actor.apply(tape.gradient(policy_loss, actor), actor)

        if self.config.temperature is None:
            with tf.GradientTape() as tape:
                loss = self.temperature_loss(log_prob)
            of_temperature.apply(tape.gradient(loss, [self.log_temperature]), [self.log_temperature])
        for critic, target in zip(self.critics, self.targets, strict=True):
            copy_weights(critic, target, self.config.tau)
        logged = {"value_loss": value_loss, "q": tf.reduce_mean(q), "policy_loss": policy_loss}
        return logged | {"entropy": -tf.reduce_mean(log_prob), "temperature": tf.exp(self.log_temperature)}


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = SACAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    with Trainer(config, agent=agent, envs=envs, replay=replay) as trainer:
        for step in trainer:
            learns = step >= config.learning_starts
            replay.add(envs.step(agent.act(envs.obs) if learns else agent.act_at_random(envs.obs)))
            if learns and trainer.every(config.train_period):
                trainer.log(**agent.train_step(replay.sample(config.batch_size, batches=config.gradient_steps)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, SACAgent, [Config(), LUNAR_LANDER, BIPEDAL_WALKER, HOPPER], __doc__, TAKES)
