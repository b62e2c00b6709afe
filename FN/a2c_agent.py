"""Advantage actor-critic (A2C, the synchronous form of Mnih et al. 2016), Day 4.

An actor π and a critic V share a network. After every few steps of all worlds, one gradient step on them:

    loss = -E[log π(a | s) (G - V(s))] + c E[(G - V(s))²] - β E[entropy]

where G = r + γ r' + … + γ^n V(s^n) is the n-step return, cut short by an end. Through the advantage G - V(s) in the
first term no gradient flows: it is the actor's, and must not train the critic.

    python FN/a2c_agent.py                    Catcher from pixels
    python FN/a2c_agent.py --test             CartPole
    python FN/a2c_agent.py --play             watch the best agent of the newest run
    python FN/a2c_agent.py --resume           go on with a run that was stopped or killed
    python FN/a2c_agent.py --env Acrobot-v1   any world with a Box of observations and a Discrete action
"""

from dataclasses import dataclass

from framework.agent import Agent
from framework.distributions import entropy, log_prob, sample
from framework.graph import compiled
from framework.networks import actor_critic_network, discrete_actions
from framework.returns import discounted_returns
from framework.rollout import Rollout
from framework.schedules import Linear
from framework.tf import keras, set_precision, set_seed, tf
from framework.trainer import TrainConfig, Trainer
from framework.training import run_training
from framework.vector import make_vector


@dataclass(frozen=True)
class Config(TrainConfig):
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    steps: int = 600_000
    target_return: float | None = 15.2
    rollout_steps: int = 16
    """n: steps of every world between two gradient steps."""
    learning_rate: float = 1e-3
    """Of Adam at the start; falls linearly to 0 at the last step."""
    gamma: float = 0.98
    """The discount."""
    entropy_weight: float = 0.01
    """β, how much entropy counts."""
    value_weight: float = 0.5
    """c, how much the critic's loss counts."""
    max_gradient: float = 0.5
    """Longer gradients are shortened to this norm."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


CARTPOLE = Config(
    env="CartPole-v1", steps=500_000, num_envs=16, rollout_steps=8, learning_rate=2e-3, gamma=0.99,
    entropy_weight=0.0, hidden=(64, 64), eval_every=5_000, target_return=475.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Catcher-v0": "about two minutes and 0.8 GB",
    "CartPole-v1": "about 10 seconds and 0.6 GB",
}


def losses(log_prob, value, returns):
    """The actor's and the critic's loss, scalars; all arguments [N].

    The shapes must agree: [N] minus [N, 1] would silently be [N, N].
    """
    for tensor in (log_prob, value):
        tensor.shape.assert_is_compatible_with(returns.shape)
    advantage = tf.stop_gradient(returns - value)
    return -tf.reduce_mean(log_prob * advantage), tf.reduce_mean((returns - value) ** 2)


class ActorCriticAgent(Agent):
    """An actor and a critic with one network that ends in two.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    def __init__(self, observation_space, action_space, config):
        self.config = config
        count = discrete_actions(action_space)
        self.network = actor_critic_network(observation_space, count, config.hidden, config.seed)
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_gradient)
        self.optimizer.build(self.network.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.networks, self.learning = [self.network], [self.optimizer, self.generator.state]

        seen = ((None, *observation_space.shape), observation_space.dtype)
        self._act = compiled(self._act, seen)
        self._greedy = compiled(self._greedy, seen)
        self._value = compiled(self._value, seen)
        self._update = compiled(self._update, seen, ((None,), "int64"), ((None,), "float32"), ((), "float32"))

    def act(self, obs):
        """Draw an action for each row [B, …]; actions and values, [B] each."""
        return [tensor.numpy() for tensor in self._act(obs)]

    def _act(self, obs):
        logits, value = self.network(obs)  # [B, A], [B, 1]
        return sample(logits, self.generator), value[:, 0]

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

    def loss(self, obs, action, returns):
        """The loss of N rows, and what to log."""
        logits, value = self.network(obs)  # [N, A], [N, 1]
        policy_loss, value_loss = losses(log_prob(logits, action), value[:, 0], returns)
        spread = tf.reduce_mean(entropy(logits))
        loss = policy_loss + self.config.value_weight * value_loss - self.config.entropy_weight * spread
        return loss, tf.stack([policy_loss, value_loss, spread])

    def train_step(self, rollout, learning_rate):
        """One gradient step on a rollout; returns what to log."""
        next_value = rollout.next_values(self.value)  # [T, B]
        ends = rollout["terminated"], rollout["truncated"]
        returns = discounted_returns(rollout["reward"], next_value, *ends, self.config.gamma)
        logged = self._update(rollout.flat("obs"), rollout.flat("action"), returns.ravel(), learning_rate)
        return dict(zip(("policy_loss", "value_loss", "entropy"), logged.numpy(), strict=True))

    def _update(self, obs, action, returns, learning_rate):
        self.optimizer.learning_rate.assign(learning_rate)
        with tf.GradientTape() as tape:
            loss, logged = self.loss(obs, action, returns)
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return logged


def train(config):
    """The whole algorithm."""
    set_seed(config.seed)
    set_precision(config.precision)
    envs = make_vector(config.env, config.num_envs, config.seed, config.frame_size, config.frame_stack)
    agent = ActorCriticAgent(envs.observation_space, envs.action_space, config)
    learning_rate = Linear(config.learning_rate, 0.0, config.steps)
    with Trainer(config, envs=envs, agent=agent) as trainer:
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, value = agent.act(envs.obs)
                rollout.add(envs.step(action), value=value)
            trainer.log(**agent.train_step(rollout, learning_rate(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, ActorCriticAgent, Config(), __doc__, test=CARTPOLE, takes=TAKES)
