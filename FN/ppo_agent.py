"""Proximal policy optimisation (Schulman et al. 2017), Day 4.

Learn several times from the same steps, but move no action's probability far from what it was when it was chosen:

    maximise  E[min(ρ A, clip(ρ, 1 - ε, 1 + ε) A)],   ρ = π(a | s) / π_old(a | s)        (their equation 7)

A is the advantage by generalised advantage estimation. The critic learns the λ-return; an entropy bonus keeps the
policy from settling too early.

    python FN/ppo_agent.py                    Catcher from pixels
    python FN/ppo_agent.py --test             CartPole
    python FN/ppo_agent.py --play             watch the best agent of the newest run
    python FN/ppo_agent.py --resume           go on with a run that was stopped or killed
    python FN/ppo_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.distributions import entropy, log_prob, sample
from framework.graph import compiled
from framework.networks import actor_critic_network, discrete_actions
from framework.returns import gae
from framework.rollout import Rollout
from framework.schedules import Linear
from framework.tf import keras, set_precision, set_seed, tf
from framework.trainer import TrainConfig, Trainer
from framework.training import run_training
from framework.vector import make_vector


@dataclass(frozen=True)
class Config(TrainConfig):
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    steps: int = 200_000
    target_return: float | None = 15.2
    rollout_steps: int = 64
    """T: steps of every world between two updates."""
    epochs: int = 4
    """How many times each update goes through the rollout."""
    minibatch: int = 512
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """At the start; falls linearly to 0 at the last step."""
    clip: float = 0.2
    """ε, how far the ratio may go from 1; falls likewise."""
    gamma: float = 0.98
    """The discount."""
    lambda_: float = 0.95
    """λ of the advantages."""
    entropy_weight: float = 0.01
    """How much entropy counts."""
    value_weight: float = 0.5
    """How much the critic's loss counts where both share layers."""
    max_gradient: float = 0.5
    """Longer gradients are shortened to this norm."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


CARTPOLE = Config(
    env="CartPole-v1", steps=100_000, num_envs=16, rollout_steps=16, epochs=20, minibatch=256, lambda_=0.8,
    entropy_weight=0.0, hidden=(64, 64), eval_every=5_000, target_return=475.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Catcher-v0": "about a minute and 0.8 GB",
    "CartPole-v1": "about 10 seconds and 0.6 GB",
}


def clipped_surrogate(log_prob, old_log_prob, advantage, clip):
    """min(ρ A, clip(ρ) A) of each row, all [N]; equation 7. At the first gradient step ρ is exactly 1."""
    ratio = tf.exp(log_prob - old_log_prob)
    return tf.minimum(ratio * advantage, tf.clip_by_value(ratio, 1 - clip, 1 + clip) * advantage)


def standardise(advantage):
    """Mean 0 and standard deviation 1 within a minibatch [N]."""
    return (advantage - tf.reduce_mean(advantage)) / (tf.math.reduce_std(advantage) + 1e-8)


class PPOAgent(Agent):
    """A policy and a value with one network that ends in two.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.

    Raises:
        ValueError: the minibatch does not divide a rollout, or the actions are not Discrete.
    """

    def __init__(self, observation_space, action_space, config):
        rows = config.num_envs * config.rollout_steps
        if config.minibatch < 1 or rows % min(config.minibatch, rows):
            raise ValueError(f"minibatch must divide num_envs × rollout_steps = {rows}; got {config.minibatch}")
        self.config = config
        count = discrete_actions(action_space)
        self.network = actor_critic_network(observation_space, count, config.hidden, config.seed)
        self.optimizer = keras.optimizers.Adam(
            config.learning_rate, epsilon=1e-5, global_clipnorm=config.max_gradient
        )
        self.optimizer.build(self.network.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.rng = np.random.default_rng(config.seed)
        self.networks, self.learning = [self.network], [self.optimizer, self.generator.state, self.rng]

        seen, number, numbers = (
            ((None, *observation_space.shape), observation_space.dtype),
            ((), "float32"),
            "float32",
        )
        self._act = compiled(self._act, seen)
        self._greedy = compiled(self._greedy, seen)
        self._value = compiled(self._value, seen)
        rows = [((None,), "int64"), ((None,), numbers), ((None,), numbers), ((None,), numbers)]
        self._update = compiled(self._update, seen, *rows, ((None, None), "int64"), number, number)

    def act(self, obs):
        """Draw an action for each row [B, …]; actions, their log-probabilities and values, [B] each."""
        return [tensor.numpy() for tensor in self._act(obs)]

    def _act(self, obs):
        logits, value = self.network(obs)  # [B, A], [B, 1]
        action = sample(logits, self.generator)
        return action, log_prob(logits, action), value[:, 0]

    def greedy(self, obs):
        """The most probable action of each row [B, …]."""
        return self._greedy(obs).numpy()

    def _greedy(self, obs):
        return tf.argmax(self.network(obs)[0], axis=-1)

    def value(self, obs):
        """V of each row [B, …]."""
        return self._value(obs).numpy()

    def _value(self, obs):
        return self.network(obs)[1][:, 0]

    def loss(self, obs, action, old_log_prob, advantage, returns, clip):
        """The loss of one minibatch of N rows, and what to log."""
        logits, value = self.network(obs)  # [N, A], [N, 1]
        new_log_prob = log_prob(logits, action)
        policy_loss = -tf.reduce_mean(clipped_surrogate(new_log_prob, old_log_prob, standardise(advantage), clip))
        value_loss = tf.reduce_mean((returns - value[:, 0]) ** 2)
        spread = tf.reduce_mean(entropy(logits))
        loss = policy_loss + self.config.value_weight * value_loss - self.config.entropy_weight * spread
        return loss, tf.stack([policy_loss, value_loss, spread, tf.reduce_mean(old_log_prob - new_log_prob)])

    def train_step(self, rollout, part_left):
        """All gradient steps on one rollout, in one compiled call; returns what to log.

        Args:
            part_left: 1 at the start of training, 0 at its end.
        """
        config = self.config
        next_value = rollout.next_values(self.value)  # [T, B]
        steps = [rollout[name] for name in ("reward", "value")]
        advantage = gae(*steps, next_value, rollout["terminated"], rollout["truncated"], config.gamma, config.lambda_)
        returns = advantage + rollout["value"]
        rows = np.concatenate([self.rng.permutation(advantage.size) for _ in range(config.epochs)])
        logged = self._update(
            rollout.flat("obs"), rollout.flat("action"), rollout.flat("log_prob"), advantage.ravel(), returns.ravel(),
            rows.reshape(-1, min(config.minibatch, advantage.size)), config.learning_rate * part_left,
            config.clip * part_left,
        )  # fmt: skip
        return dict(zip(("policy_loss", "value_loss", "entropy", "kl"), logged.numpy(), strict=True))

    def _update(self, obs, action, log_prob, advantage, returns, minibatches, learning_rate, clip):
        self.optimizer.learning_rate.assign(learning_rate)
        logged = tf.zeros(4)
        for rows in minibatches:  # [M, N] row numbers; a loop inside the graph
            batch = [tf.gather(array, rows) for array in (obs, action, log_prob, advantage, returns)]
            with tf.GradientTape() as tape:
                loss, numbers = self.loss(*batch, clip)
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            logged += numbers
        return logged / tf.cast(tf.shape(minibatches)[0], tf.float32)


def train(config):
    """The whole algorithm."""
    set_seed(config.seed)
    set_precision(config.precision)
    envs = make_vector(config.env, config.num_envs, config.seed, config.frame_size, config.frame_stack)
    agent = PPOAgent(envs.observation_space, envs.action_space, config)
    part_left = Linear(1.0, 0.0, config.steps)
    with Trainer(config, envs=envs, agent=agent) as trainer:
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, log_prob, value = agent.act(envs.obs)
                rollout.add(envs.step(action), log_prob=log_prob, value=value)
            trainer.log(**agent.train_step(rollout, part_left(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PPOAgent, Config(), __doc__, test=CARTPOLE, takes=TAKES)
