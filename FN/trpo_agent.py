"""Trust region policy optimisation (Schulman et al. 2015), Day 4: what PPO's clip stands for. Read `train` first.

How far may a policy move before what was learnt of the old one says nothing about the new? TRPO measures that by the
Kullback-Leibler divergence, and takes the largest step within a limit δ:

    maximise  E[ρ A],  ρ = π(a | s) / π_old(a | s),   where  E[KL(π_old(· | s), π(· | s))] ≤ δ    (their equation 14)

Near the old weights the first is a slope g, and the second a bowl, ½ xᵀ F x with F the Fisher information matrix. So
the best direction is x = F⁻¹ g, the natural gradient, and the limit is reached at √(2 δ / xᵀ F x) times x. F has as
many rows as the network has weights, and is never written down: conjugate gradients need products F v alone, and
those are gradients of a gradient. Slope and bowl hold only nearby, so the step is halved until it gains something and
keeps to the limit. PPO leaves all this away, and cuts off the gain of what has moved by more than ε.

    python FN/trpo_agent.py                    CartPole
    python FN/trpo_agent.py --play             watch the best agent of the newest run
    python FN/trpo_agent.py --resume           go on with a run that was stopped or killed
    python FN/trpo_agent.py --env Acrobot-v1   any world with a Box of observations
"""

from dataclasses import dataclass

from framework.agent import Agent
from framework.distributions import policy_class
from framework.graph import compiled, same_shape
from framework.networks import Layers
from framework.returns import gae
from framework.rollout import Rollout
from framework.runs.config import WorldConfig
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for CartPole."""

    env: str = "CartPole-v1"
    steps: int = 200_000
    num_envs: int = 16
    target_return: float | None = 475.0
    eval_every: int = 5_000
    rollout_steps: int = 64
    """T: steps of every world between two updates."""
    kl_limit: float = 0.01
    """δ, how far the policy may move in an update, in nats."""
    conjugate_steps: int = 10
    """Steps of the conjugate gradients."""
    value_learning_rate: float = 3e-3
    """The step size of Adam of the critic."""
    value_steps: int = 20
    """Gradient steps of the critic on each rollout, each on all of it."""
    gamma: float = 0.99
    """The discount."""
    lambda_: float = 0.95
    """λ of the advantages."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (64, 64)
    """Units of the hidden layers, of each network."""


DAMPING = 0.1  # added to the diagonal of F, which may be nearly singular; steps are a little shorter for it
TRIES = 10  # of a step, each half as long as the last, before it is given up
TAKES = {"CartPole-v1": "about 15 seconds, 0.7 GB of memory and 1 MB on disk"}  # until the target is reached


def conjugate_gradients(product, b, steps):
    """x [P] with F x = b, from products F v alone; F is symmetric and positive (Hestenes & Stiefel 1952).

    Each step is the best along a direction that no earlier one has looked along, as F measures it.
    """
    x, rest, direction = tf.zeros_like(b), b, b
    square = tf.tensordot(rest, rest, 1)
    for _ in tf.range(steps):
        through = product(direction)
        length = square / (tf.tensordot(direction, through, 1) + 1e-12)
        x, rest = x + length * direction, rest - length * through
        before, square = square, tf.tensordot(rest, rest, 1)
        direction = rest + square / (before + 1e-12) * direction
    return x


def flat(tensors):
    """All numbers of a list of tensors, one after the other: [P]."""
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)


def networks(observation_space, action_space, config):
    """Two of observations [B, …]: what the policy is made of, such as logits [B, A]; and V [B, 1]."""
    layers, found = Layers(config.seed), []
    for head in (lambda x: layers.policy_head(x, action_space), lambda x: layers.linear(x, 1)):
        obs, features = layers.read(observation_space, config.filters)
        found.append(keras.Model(obs, head(layers.dense(features, config.hidden, "tanh"))))
    return found


class TRPOAgent(Agent):
    """A policy that moves within a trust region, and a critic.

    Args:
        observation_space, action_space: of one world; actions are Discrete or a Box.
        config: `Config`.
    """

    based_on = "policy"
    acts_with, learns_with = ("actor",), ("critic", "critic_optimizer", "generator")

    def __init__(self, observation_space, action_space, config):
        self.config, self.policy_class = config, policy_class(action_space)
        self.actor, self.critic = networks(observation_space, action_space, config)
        self.critic_optimizer = keras.optimizers.Adam(config.value_learning_rate)
        self.critic_optimizer.build(self.critic.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)

    def policy(self, obs):
        """π(· | s), a distribution over actions."""
        return self.policy_class(*tf.nest.flatten(self.actor(obs)))

    @compiled
    def act(self, obs):
        """Draw an action for each row [B, …]; actions and values [B]."""
        return self.policy(obs).sample(self.generator), self.critic(obs)[:, 0]

    @compiled
    def greedy(self, obs):
        """The most probable action of each row [B, …]; the mean, for a Box."""
        return self.policy(obs).mode()

    @compiled
    def value(self, obs):
        """V of each row [B, …]."""
        return self.critic(obs)[:, 0]

    def surrogate(self, batch, old):
        """E[ρ A] of N rows; A is standardised."""
        log_prob, old_log_prob = (policy.log_prob(batch.action) for policy in (self.policy(batch.obs), old))
        same_shape(log_prob, batch.advantage)
        advantage = (batch.advantage - tf.reduce_mean(batch.advantage)) / (tf.math.reduce_std(batch.advantage) + 1e-8)
        return tf.reduce_mean(tf.exp(log_prob - old_log_prob) * advantage)

    def fisher_product(self, batch, old, vector):
        """F v [P]: the gradient of (the gradient of the KL divergence) · v, at the old policy; damped."""
        variables = self.actor.trainable_variables
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                kl = tf.reduce_mean(old.kl(self.policy(batch.obs)))
            along = tf.tensordot(flat(inner.gradient(kl, variables)), vector, 1)
        return flat(outer.gradient(along, variables)) + DAMPING * vector

    def move_to(self, weights):
        """Give the actor these weights [P]."""
        variables = self.actor.trainable_variables
        parts = tf.split(weights, [variable.shape.num_elements() for variable in variables])
        for variable, part in zip(variables, parts, strict=True):
            variable.assign(tf.reshape(part, variable.shape))

    def policy_step(self, batch):
        """The largest step within the trust region that gains something: KL, and by how much E[ρ A] rose."""
        variables, start = self.actor.trainable_variables, flat(self.actor.trainable_variables)
        old = self.policy_class(*map(tf.stop_gradient, tf.nest.flatten(self.actor(batch.obs))))
        with tf.GradientTape() as tape:
            before = self.surrogate(batch, old)
        slope = flat(tape.gradient(before, variables))

        def product(vector):
            return self.fisher_product(batch, old, vector)

        direction = conjugate_gradients(product, slope, self.config.conjugate_steps)
        whole = tf.sqrt(2 * self.config.kl_limit / (tf.tensordot(direction, product(direction), 1) + 1e-12))
        size, kl, improvement = whole, tf.constant(0.0), tf.constant(0.0)
        for number in tf.range(TRIES + 1):
            size = whole * 0.5 ** tf.cast(number, tf.float32)
            if number == TRIES:
                size = tf.constant(0.0)  # given up
            self.move_to(start + size * direction)
            kl, improvement = tf.reduce_mean(old.kl(self.policy(batch.obs))), self.surrogate(batch, old) - before
            if kl <= self.config.kl_limit and improvement > 0:
                break
        return kl, improvement

    @compiled
    def update(self, batch):
        """A step of the actor and several of the critic, on N rows; returns what to log."""
        kl, improvement = self.policy_step(batch)
        variables, value_loss = self.critic.trainable_variables, 0.0
        for _ in tf.range(self.config.value_steps):
            with tf.GradientTape() as tape:
                value = self.critic(batch.obs)[:, 0]
                same_shape(value, batch.returns)
                value_loss = tf.reduce_mean((batch.returns - value) ** 2)
            self.critic_optimizer.apply(tape.gradient(value_loss, variables), variables)
        entropy = tf.reduce_mean(self.policy(batch.obs).entropy())
        return {"kl": kl, "policy_loss": -improvement, "value_loss": value_loss, "entropy": entropy}

    def train_step(self, rollout):
        """All that is learnt from one rollout, in one compiled call; returns what to log."""
        next_value, config = rollout.next_values(self.value), self.config
        ends = rollout.terminated, rollout.truncated
        advantage = gae(rollout.reward, rollout.value, next_value, *ends, config.gamma, config.lambda_)
        return self.update(rollout.batch("obs", "action", advantage=advantage, returns=advantage + rollout.value))


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = TRPOAgent(envs.observation_space, envs.action_space, config)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for _ in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, value = agent.act(envs.obs)
                rollout.add(envs.step(action), value=value)
            trainer.log(**agent.train_step(rollout))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, TRPOAgent, [Config()], __doc__, TAKES)
