"""Policy gradient with a Gaussian policy and a critic, Day 4. Read `train`, at the bottom, first.

An action may be a number, such as the torque of a motor, and the policy a normal distribution over it:

    log π(a | s) = -(a - μ(s))² / 2σ² - log σ - ½ log 2π

The policy gradient is the one of REINFORCE, E[∇log π(a | s) A]; what changes is only the derivative of log π:

    by μ:     (a - μ) / σ²            a better action than expected draws the mean towards itself
    by log σ: (a - μ)² / σ² - 1       one that was far from the mean widens the distribution, one nearby narrows it

and the other way round where the advantage A is negative. After a few steps of all worlds the actor goes one step:

    loss = -E[log π(a | s) A],   A the advantage by generalised advantage estimation (Schulman et al. 2016)

and the critic V goes several, towards the λ-returns of the same steps: that is regression, and may use them again.
Each has a network and an optimizer of its own. A2C and PPO take such actions, too, with the classes of their pages.

    python FN/policy_gradient_continuous_agent.py             Pendulum
    python FN/policy_gradient_continuous_agent.py --play      watch the best agent of the newest run
    python FN/policy_gradient_continuous_agent.py --resume    go on with a run that was stopped or killed
    python FN/policy_gradient_continuous_agent.py --env module:World-v0     any world with a Box of actions
"""

from dataclasses import dataclass

from framework.agent import Agent
from framework.distributions import Gaussian
from framework.graph import compiled, same_shape
from framework.networks import Layers, continuous_actions
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
    """Hyper-parameters for Pendulum."""

    env: str = "Pendulum-v1"
    steps: int = 300_000
    num_envs: int = 16
    target_return: float | None = -200.0
    rollout_steps: int = 16
    """T: steps of every world between two updates."""
    learning_rate: float = 3e-3
    """The step size of Adam of the actor at the start; it falls linearly to 0 at the last step."""
    value_learning_rate: float = 3e-3
    """The step size of Adam of the critic."""
    value_steps: int = 20
    """Gradient steps of the critic on each rollout, each on all of it."""
    gamma: float = 0.9
    """The discount."""
    lambda_: float = 0.95
    """λ of the advantages."""
    reward_scale: float = 0.1
    """Learn from rewards times this, so that values are a few units large, as a fresh network's are."""
    entropy_weight: float = 0.0
    """How much entropy counts."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (64, 64)
    """Units of the hidden layers, of each network."""


TAKES = {"Pendulum-v1": "about a minute, 0.7 GB of memory and 1 MB on disk"}  # for all its steps


def standardise(advantage):
    """Mean 0 and standard deviation 1 [N]."""
    return (advantage - tf.reduce_mean(advantage)) / (tf.math.reduce_std(advantage) + 1e-8)


def actor_network(observation_space, action_space, config):
    """μ [B, D] and log σ [B, D] of observations [B, …]; σ is the same for all."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    return keras.Model(obs, layers.policy_head(layers.dense(features, config.hidden, "tanh"), action_space))


def critic_network(observation_space, config):
    """V [B, 1] of observations [B, …]."""
    layers = Layers([config.seed, 1])
    obs, features = layers.read(observation_space, config.filters)
    return keras.Model(obs, layers.linear(layers.dense(features, config.hidden, "tanh"), 1))


class PolicyGradientContinuousAgent(Agent):
    """A Gaussian policy and a critic.

    Args:
        observation_space, action_space: of one world; actions are a Box.
        config: `Config`.
    """

    based_on = "policy"
    acts_with, learns_with = ("actor",), ("critic", "actor_optimizer", "critic_optimizer", "generator")

    def __init__(self, observation_space, action_space, config):
        continuous_actions(action_space)
        self.config = config
        self.actor = actor_network(observation_space, action_space, config)
        self.critic = critic_network(observation_space, config)
        self.actor_optimizer = keras.optimizers.Adam(config.learning_rate)
        self.actor_optimizer.build(self.actor.trainable_variables)
        self.critic_optimizer = keras.optimizers.Adam(config.value_learning_rate)
        self.critic_optimizer.build(self.critic.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)

    def policy(self, obs):
        """π(· | s), a distribution over actions."""
        return Gaussian(*self.actor(obs))

    @compiled
    def act(self, obs):
        """Draw an action for each row [B, …]; actions [B, D] and values [B]."""
        return self.policy(obs).sample(self.generator), self.critic(obs)[:, 0]

    @compiled
    def greedy(self, obs):
        """μ of each row [B, …]: [B, D]."""
        return self.policy(obs).mode()

    @compiled
    def value(self, obs):
        """V of each row [B, …]."""
        return self.critic(obs)[:, 0]

    def targets(self, rollout):
        """The advantages A [T, B], and what the critic is taught, the λ-returns [T, B]."""
        next_value, config = rollout.next_values(self.value), self.config
        ends = rollout.terminated, rollout.truncated
        reward = config.reward_scale * rollout.reward
        advantage = gae(reward, rollout.value, next_value, *ends, config.gamma, config.lambda_)
        return advantage, advantage + rollout.value

    def policy_loss(self, batch):
        """The actor's loss on N rows, and the mean entropy."""
        policy = self.policy(batch.obs)
        log_prob, entropy = policy.log_prob(batch.action), tf.reduce_mean(policy.entropy())
        same_shape(log_prob, batch.advantage)
        loss = -tf.reduce_mean(log_prob * standardise(batch.advantage))
        return loss - self.config.entropy_weight * entropy, entropy

    def value_loss(self, batch):
        """The critic's loss on N rows."""
        value = self.critic(batch.obs)[:, 0]
        same_shape(value, batch.returns)
        return tf.reduce_mean((batch.returns - value) ** 2)

    def train_step(self, rollout, learning_rate):
        """All gradient steps on one rollout, in one compiled call; returns what to log."""
        advantage, returns = self.targets(rollout)
        return self.update(rollout.batch("obs", "action", advantage=advantage, returns=returns), learning_rate)

    @compiled
    def update(self, batch, learning_rate):
        """A gradient step of the actor and several of the critic, on N rows; returns what to log."""
        self.actor_optimizer.learning_rate.assign(learning_rate)
        variables = self.actor.trainable_variables
        with tf.GradientTape() as tape:
            policy_loss, entropy = self.policy_loss(batch)
        self.actor_optimizer.apply(tape.gradient(policy_loss, variables), variables)

        variables, value_loss = self.critic.trainable_variables, 0.0
        for _ in tf.range(self.config.value_steps):
            with tf.GradientTape() as tape:
                value_loss = self.value_loss(batch)
            self.critic_optimizer.apply(tape.gradient(value_loss, variables), variables)
        return {"policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy}


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = PolicyGradientContinuousAgent(envs.observation_space, envs.action_space, config)
    learning_rate = Linear(config.learning_rate, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, value = agent.act(envs.obs)
                rollout.add(envs.step(action), value=value)
            trainer.log(**agent.train_step(rollout, learning_rate(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PolicyGradientContinuousAgent, [Config()], __doc__, TAKES)
