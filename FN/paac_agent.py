"""PAAC, the parallel actor-critic (Clemente, Castejón & Chandra 2017), Day 4. Read `train`, at the bottom, first.

DQN's replay and A3C's asynchronous copies are both there to make what is learnt from less alike. Many worlds side by
side do that, too, and need neither: one network acts in all of them at once, in one pass, and learns from all of them
at once, by one gradient step that nobody is late for.

    G = r + γ r' + … + γ^k V(s^k)               up to the last of T steps; cut at ends, else continued by a value
    loss = -E[log π(a | s) (G - V(s))] + c E[(G - V(s))²] - β E[entropy]            over T × num_envs rows at once

That is A2C's loss; what is new is where the time goes. On the host (--form host) processes step the worlds
(--workers), each its share of them. On the device (--form device) the worlds are a part of the graph: their dynamics,
their pictures, acting, returns and gradients are one call of some thousand steps, in which no Python runs.

    python FN/paac_agent.py                    Catcher from pixels, on the device
    python FN/paac_agent.py --test             CartPole, on the device
    python FN/paac_agent.py --test --xla       compiled further: quicker in the long run, slower to start
    python FN/paac_agent.py --test --form host --workers 2
    python FN/paac_agent.py --play             watch the best agent of the newest run
    python FN/paac_agent.py --resume           go on with a run that was stopped or killed
    python FN/paac_agent.py --env Acrobot-v1   any world with a Box of observations, on the host
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from FN.a2c_agent import ActorCriticAgent, network
from framework.device import PURE, DeviceEvaluation, flat, make_device_worlds, next_values
from framework.distributions import policy_class
from framework.graph import Graph, compiled
from framework.networks import discrete_actions
from framework.optimizers import Adam, RMSProp
from framework.returns import discounted_returns
from framework.rollout import Rollout, batch_of
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds

tnp = tf.experimental.numpy


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    form: Literal["", "host", "device"] = ""
    """Where the worlds are: in Python (host), or inside the graph (device); by default inside if they can be."""
    xla: bool = False
    """Compile the device form further, by XLA: for networks without convolutions, and long runs."""
    steps: int = 600_000
    target_return: float | None = 15.2
    eval_episodes: int = 20
    frame_size: int = 64
    rollout_steps: int = 5
    """T: steps of every world between two gradient steps."""
    updates: int = 25
    """Gradient steps in one call of the device form, which nothing interrupts; fewer where eval_every is short."""
    learning_rate: float = 2e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    gamma: float = 0.98
    """The discount."""
    optimizer: Literal["adam", "rmsprop"] = "adam"
    """RMSProp is the paper's, with an ε of 0.1 inside its root."""
    clip_reward: bool = False
    """Learn from rewards clipped to [-1, 1]; returns are shown unclipped."""
    entropy_weight: float = 0.01
    """β, how much entropy counts."""
    value_weight: float = 0.5
    """c, how much the critic's loss counts."""
    loss_scale: float = 1.0
    """What the loss is multiplied by, which matters to RMSProp and to clipping, and hardly to Adam."""
    max_grad_norm: float = 0.5
    """Longer gradients are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 6, 3), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures of 64 pixels a side; the paper's are for 84."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""

    @property
    def on_device(self):
        """Whether the worlds are inside the graph. Processes step worlds on the host only."""
        return self.form == "device" or (not self.form and not self.workers and self.env in PURE)


CARTPOLE = Config(
    env="CartPole-v1", steps=500_000, num_envs=16, rollout_steps=8, updates=40, gamma=0.99,
    entropy_weight=0.0, hidden=(64, 64), eval_every=5_000, log_every=5_000, target_return=475.0,
)  # fmt: skip
GRID_WORLD = Config(
    env="OneHotGridWorld-v0", steps=500_000, num_envs=64, rollout_steps=8, updates=32, learning_rate=1e-2, gamma=0.99,
    hidden=(), eval_every=16_384, log_every=16_384, eval_episodes=500, final_episodes=1_000, target_return=0.68,
)  # fmt: skip
PONG = Config(
    env="Atari/Pong-v0", steps=1_500_000, learning_rate=0.0224, optimizer="rmsprop", gamma=0.99, clip_reward=True,
    entropy_weight=0.02, value_weight=0.25, loss_scale=5.0, max_grad_norm=3.0, filters=((16, 8, 4), (32, 4, 2)),
    hidden=(256,), eval_every=150_000, eval_episodes=10, final_episodes=30, log_every=10_000, target_return=None,
)  # fmt: skip
TAKES = {"CartPole-v1": "about 5 seconds and 0.8 GB of memory"}  # until the target is reached
MOST_UNROLLED = 128  # steps of a rollout inside the graph


def check_form(config):
    """Raise ValueError, in one sentence, where settings do not suit the form."""
    if config.xla and not config.on_device:
        raise ValueError("--xla compiles what is inside the graph; this run has its worlds on the host")
    if config.on_device and config.workers:
        raise ValueError("workers step worlds on the host; leave out --workers, or take --form host")
    if config.on_device and config.rollout_steps > MOST_UNROLLED:
        raise ValueError(
            f"rollout_steps must be at most {MOST_UNROLLED} inside the graph, where each is written out; got "
            f"{config.rollout_steps} (--form host takes more)"
        )


def make_optimizer(config):
    """Adam, or the paper's RMSProp."""
    if config.optimizer == "adam":
        return Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
    return RMSProp(config.learning_rate, rho=0.99, epsilon=0.1, global_clipnorm=config.max_grad_norm)


class PAACAgent(ActorCriticAgent):
    """A2C's actor and critic, whose actions are drawn by numbers that come from outside.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    acts_with, learns_with = ("network",), ("optimizer", "rng")

    def __init__(self, observation_space, action_space, config):
        discrete_actions(action_space)  # refuses others
        self.config, self.policy_class = config, policy_class(action_space)
        self.network = network(observation_space, action_space, config)
        self.optimizer = make_optimizer(config)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    @compiled
    def choose(self, obs, draws):
        """The action that a number from 0 to 1 draws for each row [B, …]; actions and values [B]."""
        policy, value = self.policy_and_value(obs)
        return policy.draw(draws), value

    def act(self, obs):
        """Draw an action for each row [B, …]; actions and values [B]."""
        return self.choose(obs, self.rng.random(len(obs), np.float32))

    def targets(self, rollout):
        """What the critic is taught, G [T, B], on the host."""
        return self.returns(rollout, rollout.next_values(self.value), np)

    def loss(self, batch):
        """A2C's, times what the settings say, and what to log."""
        loss, logged = super().loss(batch)
        return self.config.loss_scale * loss, logged

    def returns(self, rollout, next_value, xp):
        """G [T, B] of arrays, or of tensors."""
        reward = xp.clip(rollout.reward, -1, 1) if self.config.clip_reward else rollout.reward
        return discounted_returns(reward, next_value, rollout.terminated, rollout.truncated, self.config.gamma, xp)

    def update_on_device(self, envs, now, learning_rate, number):
        """Play T steps and learn from them, inside a graph.

        Args:
            now: where the worlds are; number: of this update, on which all chance depends.

        Returns:
            where they are then, the episodes that ended, and what to log.
        """
        draws = envs.draws(number, self.config.rollout_steps, tf.shape(now.state)[0])
        rollout, value, now, finished = envs.collect(now, self.choose.inside, draws)
        returns = self.returns(rollout, next_values(rollout, value, self.value.inside), tnp)
        batch = batch_of(obs=flat(rollout.obs), action=flat(rollout.action), returns=flat(returns))
        return now, finished, self.update.inside(batch, learning_rate)

    def loop(self, envs):
        """A graph of K updates, one for each learning rate [K]; XLA compiles it further if the settings say so."""

        def updates(now, learning_rates, number):
            finished, total = envs.nothing_finished(), dict.fromkeys(("policy_loss", "value_loss", "entropy"), 0.0)
            for learning_rate in learning_rates:
                now, new, logged = self.update_on_device(envs, now, learning_rate, number)
                finished = tf.nest.map_structure(tf.add, finished, new)
                total = {name: total[name] + logged[name] for name in total}
                number += 1
            count = tf.cast(tf.shape(learning_rates)[0], tf.float32)
            return now, finished, {name: total[name] / count for name in total}

        return Graph(updates, xla=self.config.xla)


def collect(act, envs, steps, notes=("value",)):
    """The actors on the host: so many steps of all worlds, each by one pass through the network for all of them.

    Args:
        act: function of observations [B, …] -> (actions [B], and whatever ``notes`` names).
    """
    rollout = Rollout()
    for _ in range(steps):
        action, *noted = act(envs.obs)
        rollout.add(envs.step(action), **dict(zip(notes, noted, strict=True)))
    return rollout


def train(config):
    """The whole algorithm."""
    check_form(config)
    config = replace(config, form="device" if config.on_device else "host")  # for the record
    begin(config)
    envs = (make_device_worlds if config.on_device else make_worlds)(config)
    agent = PAACAgent(envs.observation_space, envs.action_space, config)
    learning_rate, size = Linear(config.learning_rate, 0.0, config.steps), config.rollout_steps * config.num_envs
    updates = max(1, min(config.updates, 4 * config.eval_every // size))  # in one call of the graph
    evaluate, learn = (DeviceEvaluation(config, envs), agent.loop(envs)) if config.on_device else (None, None)
    with Trainer(config, agent=agent, envs=envs, evaluate=evaluate) as trainer:
        for step in trainer:
            if config.on_device:
                starts = range(step, min(step + updates * size, config.steps), size)
                rates = np.array([learning_rate(start) for start in starts], np.float32)
                now, finished, logged = learn(envs.now, rates, np.int32(step // size))
                envs.advance(now, finished, len(rates) * size)
                trainer.log(**logged)
            else:
                rollout = collect(agent.act, envs, config.rollout_steps)
                trainer.log(**agent.train_step(rollout, learning_rate(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PAACAgent, [Config(), CARTPOLE, GRID_WORLD, PONG], __doc__, TAKES)
