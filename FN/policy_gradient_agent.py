"""REINFORCE with a baseline (Williams 1992; Sutton & Barto 2018, section 13.4), Day 4.

Play whole episodes, then make what turned out better than expected more probable:

    maximise  E[log π(a | s) (G - b(s))],   G = r + γ r' + γ² r'' + …

The baseline b, a network of its own that learns G, takes nothing from the gradient's mean but much from its noise.
It has a step size of its own, too, as there: it must follow returns that grow faster than the policy changes.

    python FN/policy_gradient_agent.py                    CartPole
    python FN/policy_gradient_agent.py --play             watch the best agent of the newest run
    python FN/policy_gradient_agent.py --resume           go on with a run that was stopped or killed
    python FN/policy_gradient_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.distributions import log_prob, sample
from framework.graph import compiled
from framework.networks import discrete_actions, network
from framework.returns import discounted_returns
from framework.rollout import Rollout
from framework.tf import keras, set_precision, set_seed, tf
from framework.trainer import TrainConfig, Trainer
from framework.training import run_training
from framework.vector import make_vector


@dataclass(frozen=True)
class Config(TrainConfig):
    """Hyper-parameters."""

    env: str = "CartPole-v1"
    steps: int = 300_000
    num_envs: int = 8
    """Episodes of a gradient step: one in every world."""
    learning_rate: float = 5e-3
    """Of Adam, for the policy."""
    baseline_learning_rate: float = 3e-2
    """Of Adam, for the baseline; with 0 it never learns, which is REINFORCE without one."""
    gamma: float = 0.99
    """The discount."""
    hidden: tuple[int, ...] = (64,)
    """Units of the hidden layers, of the policy and of the baseline."""
    eval_every: int = 10_000
    target_return: float | None = 475.0


TAKES = {"CartPole-v1": "about 15 seconds and 0.6 GB"}  # until the target is reached


def losses(log_prob, baseline, returns):
    """The policy's and the baseline's loss, scalars; all arguments [N]. The policy's does not train the baseline."""
    for tensor in (log_prob, baseline):
        tensor.shape.assert_is_compatible_with(returns.shape)  # [N] minus [N, 1] would silently be [N, N]
    advantage = tf.stop_gradient(returns - baseline)
    advantage /= tf.math.reduce_std(advantage) + 1e-8  # steps of one size, whatever rewards are worth
    return -tf.reduce_mean(log_prob * advantage), tf.reduce_mean((returns - baseline) ** 2)


class PolicyGradientAgent(Agent):
    """A policy, and a baseline beside it.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    def __init__(self, observation_space, action_space, config):
        self.config = config
        count = discrete_actions(action_space)
        self.policy = network(observation_space, count, config.hidden, "tanh", config.seed, scale=0.01)
        self.baseline = network(observation_space, 1, config.hidden, "tanh", config.seed + 1)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=1.0)
        self.optimizer.build(self.policy.trainable_variables)
        self.baseline_optimizer = keras.optimizers.Adam(config.baseline_learning_rate)
        self.baseline_optimizer.build(self.baseline.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.networks = [self.policy, self.baseline]
        self.learning = [self.optimizer, self.baseline_optimizer, self.generator.state]

        seen = ((None, *observation_space.shape), observation_space.dtype)
        self._act = compiled(self._act, seen)
        self._greedy = compiled(self._greedy, seen)
        self._value = compiled(self._value, seen)
        self._update = compiled(self._update, seen, ((None,), "int64"), ((None,), "float32"))

    def act(self, obs):
        """Draw an action [B] for each row [B, …]."""
        return self._act(obs).numpy()

    def _act(self, obs):
        return sample(self.policy(obs), self.generator)

    def greedy(self, obs):
        """The most probable action of each row [B, …]."""
        return self._greedy(obs).numpy()

    def _greedy(self, obs):
        return tf.argmax(self.policy(obs), axis=-1)

    def value(self, obs):
        """The baseline [B] of each row [B, …]."""
        return self._value(obs).numpy()

    def _value(self, obs):
        return self.baseline(obs)[:, 0]

    def loss(self, obs, action, returns):
        """The loss of N steps, and what to log."""
        of_actions = log_prob(self.policy(obs), action)
        policy_loss, value_loss = losses(of_actions, self.baseline(obs)[:, 0], returns)
        return policy_loss + value_loss, tf.stack([policy_loss, value_loss])

    def train_step(self, episodes):
        """One gradient step on whole episodes, a `Rollout` with ``playing`` [T, B]; returns what to log."""
        # After a time limit there is no end: what would have followed is estimated by the baseline.
        next_value = np.zeros(episodes["reward"].shape, np.float32)
        cut = episodes["truncated"] & episodes["playing"]
        if cut.any():
            next_value[cut] = self.value(episodes["next_obs"][cut])
        ends = episodes["terminated"], episodes["truncated"]
        returns = discounted_returns(episodes["reward"], next_value, *ends, self.config.gamma)
        playing = episodes.flat("playing")
        logged = self._update(*[a[playing] for a in (episodes.flat("obs"), episodes.flat("action"), returns.ravel())])
        return dict(zip(("policy_loss", "value_loss"), logged.numpy(), strict=True))

    def _update(self, obs, action, returns):
        with tf.GradientTape() as tape:
            loss, logged = self.loss(obs, action, returns)
        policy, baseline = self.policy.trainable_variables, self.baseline.trainable_variables
        for_policy, for_baseline = tape.gradient(loss, [policy, baseline])
        self.optimizer.apply(for_policy, policy)
        self.baseline_optimizer.apply(for_baseline, baseline)
        return logged


def play_episodes(envs, agent):
    """One whole episode in every world: a `Rollout` with ``playing`` [T, B], true until a world's episode ended.

    Worlds that are done early go on with another episode, which is left out, of the log too: were the quick ones
    taken twice, short episodes would count for more. All start anew at the end.
    """
    episodes, playing = Rollout(), np.ones(envs.num_envs, bool)
    while playing.any():
        transition = envs.step(agent.act(envs.obs))
        episodes.add(transition, playing=playing)
        playing = playing & ~(transition.terminated | transition.truncated)
    returns, lengths = (episodes["reward"] * episodes["playing"]).sum(axis=0), episodes["playing"].sum(axis=0)
    envs.finished = list(zip(returns.tolist(), lengths.tolist(), strict=True))
    envs.restart()
    return episodes


def train(config):
    """The whole algorithm."""
    set_seed(config.seed)
    set_precision(config.precision)
    envs = make_vector(config.env, config.num_envs, config.seed, config.frame_size, config.frame_stack)
    agent = PolicyGradientAgent(envs.observation_space, envs.action_space, config)
    with Trainer(config, envs=envs, agent=agent) as trainer:
        for _ in trainer:
            trainer.log(**agent.train_step(play_episodes(envs, agent)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PolicyGradientAgent, Config(), __doc__, takes=TAKES)
