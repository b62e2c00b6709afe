"""The actors of PAAC do not mind who learns from what they see (Clemente et al. 2017, section 4), Day 4.

`collect` of paac_agent.py acts in all worlds at once, and hands over a rollout. Here four agents learn from it:

                          learns a value                 learns a policy
    from each rollout     q     n-step Q-learning        a2c   the actor-critic, once
                                once                     ppo   several times
    from a replay buffer  dqn

a2c and ppo are on-policy. dqn is off-policy, and so is q, though it learns from what is fresh: its targets are
greedy, and its actors are not.

a2c, ppo and dqn are those of their own pages, with the settings that they have there. n-step Q-learning is new:

    y = r + γ r' + … + γ^T max_a Q_target(s^T, a),  cut short by an end

Each world has an epsilon of its own, so that some explore much and some little (Mnih et al. 2016, section 4.1).

    python FN/paac_learners.py                   n-step Q-learning on CartPole
    python FN/paac_learners.py --learner ppo     or a2c, or dqn
    python FN/paac_learners.py --play            watch the best agent of the newest run
    python FN/paac_learners.py --resume          go on with a run that was stopped or killed
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Literal

import numpy as np

from FN import a2c_agent, dqn_agent, ppo_agent
from FN.a2c_agent import ActorCriticAgent
from FN.dqn_agent import DeepQNetworkAgent, huber
from FN.paac_agent import collect
from FN.ppo_agent import PPOAgent
from framework.graph import compiled, same_shape
from framework.replay import ReplayBuffer
from framework.returns import discounted_returns
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import Transition, make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """What all four have; the rest is as on their pages, and for q it stands here."""

    learner: Literal["q", "a2c", "ppo", "dqn"] = "q"
    env: str = "CartPole-v1"
    steps: int = 150_000
    num_envs: int = 16
    eval_every: int = 5_000
    target_return: float | None = 475.0
    learning_rate: float = 2e-3
    """The step size of Adam for q; it falls linearly to 0 at the last step."""
    rollout_steps: int = 4
    """T of q: steps of every world between two gradient steps."""
    gamma: float = 0.99
    """The discount of q."""
    reward_scale: float = 0.1
    """q learns from rewards times this; values that are a few units large suit a network best."""
    target_period: int = 1_000
    """Steps between two copies of q's network into its target network."""
    epsilon_steps: int = 10_000
    """For how many steps the shares of random actions fall from 1, to one of `EPSILONS` in each world."""
    max_grad_norm: float = 10.0
    """Longer gradients of q are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of q's hidden layers."""


EPSILONS = 0.1, 0.01, 0.5  # of different worlds, in turn


def settings(chapter, observation_space, config):
    """What another page has for such worlds, pictures or numbers, but in the worlds and with the seed of this run."""
    preset = chapter.Config() if len(observation_space.shape) == 3 else chapter.CARTPOLE
    ours = {field.name for field in fields(WorldConfig)}
    return replace(preset, **{name: value for name, value in asdict(config).items() if name in ours})


class NStepQ(DeepQNetworkAgent):
    """Learns from each rollout once, by a value."""

    notes = ()  # what `collect` notes beside the action

    @property
    def rollout_steps(self):
        return self.config.rollout_steps

    def acts(self, step):
        """How the actors act now: a function of observations [B, …]."""
        return lambda obs: (self.act(obs, self.epsilon(step, len(obs))),)

    def epsilon(self, step, worlds):
        """The share of random actions of each world [B]."""
        last = np.resize(EPSILONS, worlds)
        return Linear(1.0, last, self.config.epsilon_steps)(step)

    @compiled
    def best_value(self, obs):
        """max_a Q_target of each row [B, …]."""
        return tf.reduce_max(self.target_network(obs), axis=-1)

    def targets(self, rollout):
        """y [T, B]."""
        next_obs = rollout.next_obs
        next_value = self.best_value(next_obs.reshape(-1, *next_obs.shape[2:])).reshape(rollout.reward.shape)
        ends = rollout.terminated, rollout.truncated
        return discounted_returns(self.config.reward_scale * rollout.reward, next_value, *ends, self.config.gamma)

    @compiled
    def update(self, batch, learning_rate):
        """One gradient step on N rows; returns what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        with tf.GradientTape() as tape:
            q = tf.gather(self.network(batch.obs), batch.action, batch_dims=1)
            same_shape(q, batch.target)
            loss = tf.reduce_mean(huber(batch.target - q))
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss, "q": tf.reduce_mean(q)}

    def learn(self, rollout, step):
        """One turn of the learner; returns what to log."""
        batch = rollout.batch("obs", "action", target=self.targets(rollout))
        rate = Linear(self.config.learning_rate, 0.0, self.config.steps)(step)
        logged = self.update(batch, rate)
        size = rollout.reward.size
        if (step + size) // self.config.target_period > step // self.config.target_period:
            self.sync_target()
        return logged


class DQN(DeepQNetworkAgent):
    """Learns from a replay buffer, by a value."""

    notes, learns_with = (), (*DeepQNetworkAgent.learns_with, "replay")

    def __init__(self, observation_space, action_space, config):
        super().__init__(observation_space, action_space, settings(dqn_agent, observation_space, config))
        self.replay = ReplayBuffer(self.config.buffer_size, config.num_envs, self.config.gamma, config.seed)
        self.rollout_steps = max(1, self.config.train_period // config.num_envs)

    def acts(self, step):
        epsilon = Linear(1.0, self.config.epsilon_end, self.config.epsilon_steps)(step)
        return lambda obs: (self.act(obs, epsilon),)

    def learn(self, rollout, step):
        for one in rollout.steps:
            self.replay.add(Transition(**one))
        if step < self.config.learning_starts:
            return {}
        logged = self.train_step(self.replay.sample(self.config.batch_size, batches=self.config.gradient_steps))
        self.sync_target()
        return logged


class A2C(ActorCriticAgent):
    """Learns from each rollout once, by a gradient of the policy."""

    notes = ("value",)

    def __init__(self, observation_space, action_space, config):
        super().__init__(observation_space, action_space, settings(a2c_agent, observation_space, config))
        self.rollout_steps = self.config.rollout_steps

    def acts(self, step):
        return self.act

    def learn(self, rollout, step):
        return self.train_step(rollout, Linear(self.config.learning_rate, 0.0, self.config.steps)(step))


class PPO(PPOAgent):
    """Learns from each rollout several times, by a gradient of the policy."""

    notes = ("log_prob", "value")

    def __init__(self, observation_space, action_space, config):
        preset = settings(ppo_agent, observation_space, config)
        if preset.num_envs * preset.rollout_steps % preset.batch_size:
            got = f"{preset.batch_size} rows from rollouts of {preset.rollout_steps} steps; got {preset.num_envs}"
            raise ValueError(f"num_envs must suit ppo's minibatches of {got}")
        super().__init__(observation_space, action_space, preset)
        self.rollout_steps = self.config.rollout_steps

    def acts(self, step):
        return self.act

    def learn(self, rollout, step):
        return self.train_step(rollout, Linear(1.0, 0.0, self.config.steps)(step))


LEARNERS = {"q": NStepQ, "a2c": A2C, "ppo": PPO, "dqn": DQN}


def make_learner(observation_space, action_space, config):
    """The agent that ``config.learner`` names.

    Raises:
        ValueError: settings of q for another; or the world does not suit it.
    """
    of_all = {"learner", *(field.name for field in fields(WorldConfig))}
    given = [f.name for f in fields(Config) if f.name not in of_all and getattr(config, f.name) != f.default]
    if config.learner != "q" and given:
        raise ValueError(f"{', '.join(given)}: for q alone; {config.learner} has the settings of its own page")
    return LEARNERS[config.learner](observation_space, action_space, config)


def train(config):
    """The same for all four."""
    begin(config)
    envs = make_worlds(config)
    agent = make_learner(envs.observation_space, envs.action_space, config)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for step in trainer:
            rollout = collect(agent.acts(step), envs, agent.rollout_steps, agent.notes)
            trainer.log(**agent.learn(rollout, step))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, make_learner, [Config()], __doc__)
