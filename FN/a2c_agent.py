"""Advantage actor-critic (A2C, the synchronous form of Mnih et al. 2016), Day 4. Read `train`, at the bottom, first.

An actor π and a critic V, which learn together. After every few steps of all worlds, one gradient step on both:

    loss = -E[log π(a | s) (G - V(s))] + c E[(G - V(s))²] - β E[entropy]

where G = r + γ r' + … + γ^n V(s^n) is the n-step return, cut short by an end. Through the advantage G - V(s) in the
first term no gradient flows: it is the actor's, and must not train the critic. The actions may be Discrete or a Box:
only the distribution π differs.

    python FN/a2c_agent.py                    Catcher from pixels
    python FN/a2c_agent.py --test             CartPole
    python FN/a2c_agent.py --play             watch the best agent of the newest run
    python FN/a2c_agent.py --resume           go on with a run that was stopped or killed
    python FN/a2c_agent.py --env Acrobot-v1   any world with a Box of observations
"""

from dataclasses import dataclass

from framework.agent import Agent
from framework.distributions import policy_class
from framework.graph import compiled, same_shape
from framework.networks import Layers, is_convolved
from framework.returns import discounted_returns
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

    steps: int = 600_000
    target_return: float | None = 15.2
    eval_episodes: int = 10
    rollout_steps: int = 16
    """n: steps of every world between two gradient steps."""
    learning_rate: float = 1e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    gamma: float = 0.98
    """The discount."""
    entropy_weight: float = 0.01
    """β, how much entropy counts."""
    value_weight: float = 0.5
    """c, how much the critic's loss counts."""
    max_grad_norm: float = 0.5
    """Longer gradients are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


CARTPOLE = Config(
    env="CartPole-v1", steps=500_000, num_envs=16, rollout_steps=8, learning_rate=2e-3, gamma=0.99,
    entropy_weight=0.0, hidden=(64, 64), eval_every=5_000, eval_episodes=20, target_return=475.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Catcher-v0": "about two minutes, 0.8 GB of memory and 18 MB on disk",
    "CartPole-v1": "about 10 seconds, 0.6 GB of memory and 1 MB on disk",
}


def losses(log_prob, value, returns):
    """The actor's and the critic's loss, scalars; all arguments [N].

    The shapes must agree: [N] minus [N, 1] would silently be [N, N].
    """
    same_shape(log_prob, value, returns)
    advantage = tf.stop_gradient(returns - value)
    return -tf.reduce_mean(log_prob * advantage), tf.reduce_mean((returns - value) ** 2)


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


class ActorCriticAgent(Agent):
    """An actor and a critic in one network.

    Args:
        observation_space, action_space: of one world; actions are Discrete or a Box.
        config: `Config`.
    """

    based_on = "policy"
    acts_with, learns_with = ("network",), ("optimizer", "generator")

    def __init__(self, observation_space, action_space, config):
        self.config, self.policy_class = config, policy_class(action_space)
        self.network = network(observation_space, action_space, config)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.network.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)

    def policy_and_value(self, obs):
        """π(· | s), a distribution over actions, and V(s) [B]."""
        outputs, value = self.network(obs)
        return self.policy_class(*outputs), value[:, 0]

    @compiled
    def act(self, obs):
        """Draw an action for each row [B, …]; actions and values [B]."""
        policy, value = self.policy_and_value(obs)
        return policy.sample(self.generator), value

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
        """What the critic is taught, G [T, B]."""
        next_value = rollout.next_values(self.value)
        return discounted_returns(
            rollout.reward, next_value, rollout.terminated, rollout.truncated, self.config.gamma
        )

    def loss(self, batch):
        """The loss of N rows, and what to log."""
        policy, value = self.policy_and_value(batch.obs)
        policy_loss, value_loss = losses(policy.log_prob(batch.action), value, batch.returns)
        entropy = tf.reduce_mean(policy.entropy())
        loss = policy_loss + self.config.value_weight * value_loss - self.config.entropy_weight * entropy
        return loss, {"policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy}

    def train_step(self, rollout, learning_rate):
        """One gradient step on a rollout; returns what to log."""
        return self.update(rollout.batch("obs", "action", returns=self.targets(rollout)), learning_rate)

    @compiled
    def update(self, batch, learning_rate):
        """One gradient step on N rows; returns what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        with tf.GradientTape() as tape:
            loss, logged = self.loss(batch)
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return logged


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = ActorCriticAgent(envs.observation_space, envs.action_space, config)
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
    run_training(train, ActorCriticAgent, [Config(), CARTPOLE], __doc__, TAKES)
