"""Proximal policy optimisation (Schulman et al. 2017), Day 4. Read `train`, at the bottom, first.

Learn several times from the same steps, but move no action's probability far from what it was when it was chosen:

    maximise  E[min(ρ A, clip(ρ, 1 - ε, 1 + ε) A)],   ρ = π(a | s) / π_old(a | s)        (their equation 7)

A is the advantage by generalised advantage estimation. The critic learns the λ-return; an entropy bonus keeps the
policy from settling too early. The actions may be Discrete or a Box: only the distribution π differs.

    python FN/ppo_agent.py                    Catcher from pixels
    python FN/ppo_agent.py --test             CartPole
    python FN/ppo_agent.py --env Pendulum-v1  a Box of actions
    python FN/ppo_agent.py --play             watch the best agent of the newest run
    python FN/ppo_agent.py --resume           go on with a run that was stopped or killed
    python FN/ppo_agent.py --env LunarLander-v3  needs the extra box2d
    python FN/ppo_agent.py --env Acrobot-v1   any world with a Box of observations
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.distributions import policy_class
from framework.graph import compiled, same_shape
from framework.networks import Layers, is_convolved
from framework.returns import gae
from framework.rollout import Rollout
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    steps: int = 200_000
    target_return: float | None = 15.2
    eval_episodes: int = 10
    rollout_steps: int = 64
    """T: steps of every world between two updates."""
    epochs: int = 4
    """How many times each update goes through the rollout."""
    batch_size: int = 512
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    clip: float = 0.2
    """ε, how far the ratio may go from 1 at the start; it falls linearly to 0 at the last step."""
    gamma: float = 0.98
    """The discount."""
    lambda_: float = 0.95
    """λ of the advantages."""
    reward_scale: float = 1.0
    """Learn from rewards times this; values that are a few units large suit a network best."""
    entropy_weight: float = 0.01
    """How much entropy counts."""
    value_weight: float = 0.5
    """How much the critic's loss counts."""
    max_grad_norm: float = 0.5
    """Longer gradients are shortened to this norm."""
    adam_epsilon: float = 1e-5
    """ε of Adam, which keeps its steps small where gradients nearly vanish."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


CARTPOLE = Config(
    env="CartPole-v1", steps=100_000, num_envs=16, rollout_steps=16, epochs=20, batch_size=256, lambda_=0.8,
    entropy_weight=0.0, hidden=(64, 64), eval_every=5_000, eval_episodes=20, target_return=475.0,
)  # fmt: skip
PENDULUM = Config(
    env="Pendulum-v1", steps=100_000, num_envs=16, epochs=10, batch_size=64, gamma=0.95, reward_scale=0.1,
    entropy_weight=0.0, hidden=(64, 64), eval_episodes=20, target_return=-200.0,
)  # fmt: skip
LUNAR_LANDER = Config(
    env="LunarLander-v3", steps=500_000, num_envs=16, rollout_steps=128, batch_size=64, gamma=0.999, lambda_=0.98,
    reward_scale=0.1, hidden=(64, 64), eval_every=50_000, eval_episodes=20, target_return=200.0,
)  # fmt: skip
PONG = Config(
    env="Atari/Pong-v0", steps=1_500_000, num_envs=16, batch_size=256, learning_rate=5e-4, clip=0.1, gamma=0.99,
    hidden=(256,), eval_every=100_000, log_every=10_000, target_return=None,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Catcher-v0": "about a minute, 0.8 GB of memory and 18 MB on disk",
    "CartPole-v1": "about 10 seconds, 0.6 GB of memory and 1 MB on disk",
    "Pendulum-v1": "about 20 seconds, 0.7 GB of memory and 1 MB on disk",
    "LunarLander-v3": "up to 4 minutes and 0.7 GB of memory",
}


def clipped_surrogate(log_prob, old_log_prob, advantage, clip):
    """min(ρ A, clip(ρ) A) of each row, all [N]; equation 7. At the first gradient step ρ is exactly 1."""
    same_shape(log_prob, old_log_prob, advantage)
    ratio = tf.exp(log_prob - old_log_prob)
    return tf.minimum(ratio * advantage, tf.clip_by_value(ratio, 1 - clip, 1 + clip) * advantage)


def standardise(advantage):
    """Mean 0 and standard deviation 1 within a minibatch [N]."""
    return (advantage - tf.reduce_mean(advantage)) / (tf.math.reduce_std(advantage) + 1e-8)


def check_batch_size(config):
    """Refuse minibatches that do not divide a rollout; one that is larger than a rollout is the rollout itself.

    Raises:
        ValueError: batch_size does not divide num_envs × rollout_steps.
    """
    size = config.num_envs * config.rollout_steps
    if config.batch_size < 1 or size % min(config.batch_size, size):
        raise ValueError(f"batch_size must divide num_envs × rollout_steps = {size}; got {config.batch_size}")


def network(observation_space, action_space, config):
    """Reads observations [B, …]; gives what the policy is made of, such as logits [B, A], and V [B, 1].

    Pictures are read once for both, since that is most of the work. From plain numbers each has layers of its own,
    and the critic's large errors leave the actor in peace.
    """
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    if is_convolved(observation_space, config.filters):
        actor = critic = layers.dense(features, config.hidden, "relu")
    else:
        actor, critic = (layers.dense(features, config.hidden, "tanh") for _ in range(2))
    return keras.Model(obs, [layers.policy_head(actor, action_space), layers.linear(critic, 1)])


class PPOAgent(Agent):
    """A policy and a value in one network.

    Args:
        observation_space, action_space: of one world; actions are Discrete or a Box.
        config: `Config`.

    Raises:
        ValueError: batch_size does not divide a rollout, or the actions are neither.
    """

    based_on = "policy"
    acts_with, learns_with = ("network",), ("optimizer", "generator", "rng")

    def __init__(self, observation_space, action_space, config):
        check_batch_size(config)
        self.config, self.policy_class = config, policy_class(action_space)
        self.network = network(observation_space, action_space, config)
        self.optimizer = keras.optimizers.Adam(
            config.learning_rate, epsilon=config.adam_epsilon, global_clipnorm=config.max_grad_norm
        )
        self.optimizer.build(self.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.rng = np.random.default_rng(config.seed)

    @property
    def trainable_variables(self):
        """What is learnt."""
        return self.network.trainable_variables

    def policy_and_value(self, obs):
        """π(· | s), a distribution over actions, and V(s) [B]."""
        outputs, value = self.network(obs)
        return self.policy_class(*outputs), value[:, 0]

    @compiled
    def act(self, obs):
        """Draw an action for each row [B, …]; actions, their log-probabilities [B] and values [B]."""
        policy, value = self.policy_and_value(obs)
        action = policy.sample(self.generator)
        return action, policy.log_prob(action), value

    @compiled
    def greedy(self, obs):
        """The most probable action of each row [B, …]; the mean, for a Box."""
        policy, _ = self.policy_and_value(obs)
        return policy.mode()

    @compiled
    def value(self, obs):
        """V of each row [B, …]."""
        _, value = self.policy_and_value(obs)
        return value

    def targets(self, rollout):
        """The advantages A [T, B], and what the critic is taught, the λ-returns [T, B]."""
        next_value, config = rollout.next_values(self.value), self.config
        ends = rollout.terminated, rollout.truncated
        reward = config.reward_scale * rollout.reward
        advantage = gae(reward, rollout.value, next_value, *ends, config.gamma, config.lambda_)
        return advantage, advantage + rollout.value

    def loss(self, batch, clip):
        """The loss of one minibatch of N rows, and what to log."""
        policy, value = self.policy_and_value(batch.obs)
        log_prob = policy.log_prob(batch.action)
        same_shape(value, batch.returns)
        surrogate = clipped_surrogate(log_prob, batch.log_prob, standardise(batch.advantage), clip)
        policy_loss, value_loss = -tf.reduce_mean(surrogate), tf.reduce_mean((batch.returns - value) ** 2)
        entropy = tf.reduce_mean(policy.entropy())
        loss = policy_loss + self.config.value_weight * value_loss - self.config.entropy_weight * entropy
        kl = tf.reduce_mean(batch.log_prob - log_prob)
        return loss, {"policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy, "kl": kl}

    def train_step(self, rollout, remaining):
        """All gradient steps on one rollout, in one compiled call; returns what to log.

        Args:
            remaining: 1 at the start of training, 0 at its end.
        """
        advantage, returns = self.targets(rollout)
        batch = rollout.batch("obs", "action", "log_prob", advantage=advantage, returns=returns)
        size = len(batch.returns)
        order = np.concatenate([self.rng.permutation(size) for _ in range(self.config.epochs)])
        indices = order.reshape(-1, min(self.config.batch_size, size))  # [K, N], the steps of each minibatch
        return self.update(batch, indices, self.config.learning_rate * remaining, self.config.clip * remaining)

    @compiled
    def update(self, batch, indices, learning_rate, clip):
        """A gradient step on each minibatch of ``indices`` [K, N], a loop inside the graph.

        Returns:
            the means of what to log.
        """
        self.optimizer.learning_rate.assign(learning_rate)
        total = dict.fromkeys(("policy_loss", "value_loss", "entropy", "kl"), 0.0)
        for index in indices:
            minibatch = tf.nest.map_structure(lambda array, index=index: tf.gather(array, index), batch)
            with tf.GradientTape() as tape:
                loss, logged = self.loss(minibatch, clip)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(tf.shape(indices)[0], tf.float32) for name in total}


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = PPOAgent(envs.observation_space, envs.action_space, config)
    remaining = Linear(1.0, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, log_prob, value = agent.act(envs.obs)
                rollout.add(envs.step(action), log_prob=log_prob, value=value)
            trainer.log(**agent.train_step(rollout, remaining(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PPOAgent, [Config(), CARTPOLE, PENDULUM, LUNAR_LANDER, PONG], __doc__, TAKES)
