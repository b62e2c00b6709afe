"""REINFORCE with a baseline (Williams 1992; Sutton & Barto 2018, section 13.4), Day 4.

Read `train`, at the bottom, first. Play whole episodes, then make what turned out better than expected more probable:

    maximise  E[log π(a | s) (G - b(s))],   G = r + γ r' + γ² r'' + …

The baseline b, a network of its own that learns G, takes nothing from the gradient's mean but much from its noise.
It also has a step size of its own, as in that section, since it must follow returns that grow faster than the policy
changes.

    python FN/policy_gradient_agent.py                    CartPole
    python FN/policy_gradient_agent.py --play             watch the best agent of the newest run
    python FN/policy_gradient_agent.py --resume           go on with a run that was stopped or killed
    python FN/policy_gradient_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.distributions import Categorical
from framework.graph import compiled, same_shape
from framework.networks import Layers, discrete_actions
from framework.returns import discounted_returns
from framework.rollout import Rollout
from framework.runs.config import WorldConfig
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters."""

    env: str = "CartPole-v1"
    steps: int = 300_000
    num_envs: int = 8
    """Episodes of a gradient step: one in every world."""
    learning_rate: float = 5e-3
    """The step size of Adam, for the policy."""
    baseline_learning_rate: float = 3e-2
    """The step size of Adam, for the baseline; with 0 it never learns, which is REINFORCE without one."""
    gamma: float = 0.99
    """The discount."""
    max_grad_norm: float = 1.0
    """Longer gradients of the policy are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (64,)
    """Units of the hidden layers, of the policy and of the baseline."""
    eval_every: int = 10_000
    target_return: float | None = 475.0


TAKES = {"CartPole-v1": "about 15 seconds, 0.6 GB of memory and 1 MB on disk"}  # until the target is reached


def losses(log_prob, baseline, returns):
    """The policy's and the baseline's loss, scalars; all arguments [N]. The policy's does not train the baseline."""
    same_shape(log_prob, baseline, returns)  # [N] minus [N, 1] would silently be [N, N]
    advantage = tf.stop_gradient(returns - baseline)
    advantage /= tf.math.reduce_std(advantage) + 1e-8  # steps of one size, whatever rewards are worth
    return -tf.reduce_mean(log_prob * advantage), tf.reduce_mean((returns - baseline) ** 2)


def network(observation_space, outputs, config, seed, scale):
    """A network from observations [B, …] to [B, outputs]; the policy and the baseline have one each."""
    layers = Layers(seed)
    obs, features = layers.read(observation_space, config.filters)
    return keras.Model(obs, layers.linear(layers.dense(features, config.hidden, "tanh"), outputs, scale))


class PolicyGradientAgent(Agent):
    """A policy, and a baseline beside it.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    based_on, prediction_target = "policy", "actual return"
    acts_with = ("policy_network", "baseline_network")
    learns_with = ("optimizer", "baseline_optimizer", "generator")

    def __init__(self, observation_space, action_space, config):
        self.config, actions = config, discrete_actions(action_space)
        self.policy_network = network(observation_space, actions, config, config.seed, scale=0.01)  # nearly uniform
        self.baseline_network = network(observation_space, 1, config, config.seed + 1, scale=1.0)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.policy_network.trainable_variables)
        self.baseline_optimizer = keras.optimizers.Adam(config.baseline_learning_rate)
        self.baseline_optimizer.build(self.baseline_network.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)

    def policy_and_baseline(self, obs):
        """π(· | s), a distribution over actions, and b(s) [B]."""
        return Categorical(self.policy_network(obs)), self.baseline_network(obs)[:, 0]

    @compiled
    def act(self, obs):
        """Draw an action [B] for each row [B, …]."""
        policy, _ = self.policy_and_baseline(obs)
        return policy.sample(self.generator)

    @compiled
    def greedy(self, obs):
        """The most probable action of each row [B, …]."""
        policy, _ = self.policy_and_baseline(obs)
        return policy.mode()

    @compiled
    def baseline(self, obs):
        """b [B] of each row [B, …]."""
        _, baseline = self.policy_and_baseline(obs)
        return baseline

    def targets(self, episodes):
        """What the baseline is taught, G [T, B] of whole episodes, a `Rollout` with ``playing`` [T, B]."""
        # After a time limit there is no end: what would have followed is estimated by the baseline.
        next_value = np.zeros(episodes.reward.shape, np.float32)
        cut = episodes.truncated & episodes.playing
        if cut.any():
            next_value[cut] = self.baseline(episodes.next_obs[cut])
        ends = episodes.terminated, episodes.truncated
        return discounted_returns(episodes.reward, next_value, *ends, self.config.gamma)

    def loss(self, batch):
        """The loss of N steps, and what to log."""
        policy, baseline = self.policy_and_baseline(batch.obs)
        policy_loss, value_loss = losses(policy.log_prob(batch.action), baseline, batch.returns)
        return policy_loss + value_loss, {"policy_loss": policy_loss, "value_loss": value_loss}

    def train_step(self, episodes):
        """One gradient step on whole episodes, a `Rollout` with ``playing`` [T, B]; returns what to log."""
        return self.update(episodes.batch("obs", "action", returns=self.targets(episodes), where=episodes.playing))

    @compiled
    def update(self, batch):
        """One gradient step on N steps; returns what to log."""
        with tf.GradientTape() as tape:
            loss, logged = self.loss(batch)
        policy, baseline = self.policy_network.trainable_variables, self.baseline_network.trainable_variables
        for_policy, for_baseline = tape.gradient(loss, [policy, baseline])
        self.optimizer.apply(for_policy, policy)
        self.baseline_optimizer.apply(for_baseline, baseline)
        return logged


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = PolicyGradientAgent(envs.observation_space, envs.action_space, config)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for _ in trainer:
            episodes = Rollout()
            for transition, playing in envs.episodes(agent.act):
                episodes.add(transition, playing=playing)
            trainer.log(**agent.train_step(episodes))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PolicyGradientAgent, [Config()], __doc__, TAKES)
