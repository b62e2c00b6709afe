"""Generative adversarial imitation learning (Ho & Ermon 2016), Day 6. Read `train`, at the bottom, first.

Inverse RL without a table. A network, the discriminator, learns to tell the expert's steps from the learner's, and
Day 4's PPO is paid for steps that pass for the expert's. With the discriminator's logit h(s, a), high for the expert,

    discriminator:  minimise  E_learner[log(1 + exp h)] + E_expert[log(1 + exp -h)]
    learner:        reward  r(s, a) = h(s, a) = log D - log(1 - D),   D = 1 / (1 + exp -h)    (Fu et al. 2018, AIRL)

Where the discriminator is right, h is the log of how much more often the expert takes that step than the learner.

The world is a CartPole in which a fall ends nothing, and the expert stands at x = 1. Where a fall ends the episode,
as in CartPole-v1, any positive constant is a reward that makes learners balance, and imitation would prove nothing.

    python IM/adversarial.py                       the imitator and two controls, drawn beside the expert and a clone
    python IM/adversarial.py --reward gail         the same with Ho & Ermon's reward, -log(1 - D)
    python IM/adversarial.py --demonstrations 1    one episode of the expert instead of ten
    python IM/adversarial.py --reward constant --env CartPole-v1       where a constant is enough to balance
    python IM/adversarial.py --play                watch the imitator of the newest run
    python IM/adversarial.py --resume              go on with a run that was stopped or killed

The imitator comes to stand within 0.3 m of x = 1. Paid a constant, it falls, or stands where it happened to start.
Shown the expert's states with the actions of others it still finds the place: where the expert is says most of it.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from FN import ppo_agent
from FN.ppo_agent import PPOAgent
from framework.agent import Agent
from framework.graph import compiled, same_shape
from framework.networks import Layers, discrete_actions
from framework.rollout import Rollout
from framework.runs.folder import runs_of
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from IM.deep_dagger import NetworkStudent
from worlds.cart_pole import FARTHEST, SECONDS, STEEPEST
from worlds.lasting_cart_pole import FAVOURITE, cart_pole_expert

FAR = np.array([1, 1, 0.2, 1], np.float32)  # of cart x and speed, pole angle and spin: m, m/s, rad, rad/s


@dataclass(frozen=True)
class Config(ppo_agent.Config):
    """Hyper-parameters: PPO's, and those of the discriminator."""

    env: str = "LastingCartPole-v0"
    steps: int = 400_000
    target_return: float | None = None
    eval_every: int = 400_000
    """Only at the end: to keep the agent that was paid best would be to look at the reward that nobody is told."""
    num_envs: int = 64
    rollout_steps: int = 32
    epochs: int = 10
    batch_size: int = 256
    gamma: float = 0.99
    entropy_weight: float = 0.0
    hidden: tuple[int, ...] = (64, 64)
    reward: Literal["all", "airl", "gail", "constant", "shuffled"] = "all"
    """What the learner is paid: h; -log(1 - D); 1; or h of a discriminator that was shown each of the expert's states
    with the action of another. All: the two controls, then airl."""
    demonstrations: int = 10
    """Episodes of the expert."""
    horizon: int = 100
    """Steps of an episode in training, and of the expert's: most of a longer one would show a pole that lies."""
    d_hidden: tuple[int, ...] = (32, 32)
    """Units of the discriminator's hidden layers."""
    d_learning_rate: float = 1e-3
    """The step size of its Adam."""
    d_steps: int = 8
    """Its gradient steps after each rollout, on batch_size steps of the learner and as many of the expert."""

    @property
    def title(self):
        return f"{super().title}, reward {self.reward}"


TAKES = {"LastingCartPole-v0": "one to three minutes, 0.7 GB of memory and 1 MB on disk"}


def demonstrate(config):
    """What is shown of the expert: obs [N, 4] and action [N] of whole episodes, as a batch.

    Raises:
        ValueError: the expert cannot steer this world, or a number is out of range.
    """
    for name in ("demonstrations", "horizon", "d_steps"):
        if not 1 <= getattr(config, name) <= 1_000:
            raise ValueError(f"{name} must be from 1 to 1,000; got {getattr(config, name)}")
    envs = make_worlds(config, config.demonstrations, config.seed + 5_000, max_episode_steps=config.horizon)
    if envs.observation_space.shape != FAR.shape or discrete_actions(envs.action_space) != 2:
        raise ValueError(f"the expert steers LastingCartPole-v0 and CartPole-v1; got {config.env}")
    rollout = Rollout()
    for transition, _ in envs.episodes(cart_pole_expert):
        rollout.add(transition)
    shown = rollout.batch("obs", "action")
    if config.reward == "shuffled":
        return shown._replace(action=np.random.default_rng(config.seed).permutation(shown.action))
    return shown


def imitation_reward(logit, kind):
    """What a learner is paid for steps with these logits [N]; ``kind`` is the configuration's reward."""
    if kind == "constant":
        return tf.ones_like(logit)
    return tf.nn.softplus(logit) if kind == "gail" else logit  # softplus(h) = -log(1 - D)


def discriminator_loss(learner, expert):
    """The cross-entropies of logits [N] of the learner's steps and of the expert's, whose D should be 0 and 1."""
    same_shape(learner, expert)
    return tf.reduce_mean(tf.nn.softplus(learner)) + tf.reduce_mean(tf.nn.softplus(-expert))


class Discriminator(Agent):
    """Says whose a step is, from the state and one of two actions."""

    based_on = "reward"
    acts_with, learns_with = ("network",), ("optimizer", "rng")

    def __init__(self, config):
        self.config, layers = config, Layers(config.seed + 1)
        inputs = keras.Input((len(FAR) + 2,))
        self.network = keras.Model(inputs, layers.linear(layers.dense(inputs, config.d_hidden, "tanh"), 1))
        self.optimizer = keras.optimizers.Adam(config.d_learning_rate)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed + 1)

    def logit(self, obs, action):
        """h [N], above 0 where a step seems to be the expert's."""
        return self.network(tf.concat([obs / FAR, tf.one_hot(action, 2)], axis=-1))[:, 0]

    @compiled
    def reward(self, obs, action):
        """What the learner is paid for steps: [N]."""
        return imitation_reward(self.logit(obs, action), self.config.reward)

    def loss(self, learner, expert):
        """The loss of N steps of both, and the share of steps that are taken for what they are."""
        of_learner, of_expert = self.logit(*learner), self.logit(*expert)
        right = tf.concat([of_learner < 0, of_expert > 0], axis=0)
        return discriminator_loss(of_learner, of_expert), tf.reduce_mean(tf.cast(right, tf.float32))

    def train_step(self, learner, expert):
        """A few gradient steps on as many steps of the learner as of the expert; returns what to log."""
        size = self.config.d_steps, self.config.batch_size
        rows = np.stack([self.rng.integers(len(steps.action), size=size) for steps in (learner, expert)], axis=1)
        return self.update(learner, expert, rows)

    @compiled
    def update(self, learner, expert, rows):
        """A gradient step on each of K minibatches of ``rows`` [K, 2, N]; the means of what to log."""
        total = {"d_loss": 0.0, "d_accuracy": 0.0}
        for row in rows:
            with tf.GradientTape() as tape:
                loss, accuracy = self.loss(take(learner, row[0]), take(expert, row[1]))
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total = {"d_loss": total["d_loss"] + loss, "d_accuracy": total["d_accuracy"] + accuracy}
        return {name: total[name] / tf.cast(tf.shape(rows)[0], tf.float32) for name in total}


def take(batch, rows):
    """Rows [N] of a batch."""
    return tf.nest.map_structure(lambda array: tf.gather(array, rows), batch)


def train(config):
    """The whole algorithm; returns the imitator and its discriminator."""
    begin(config)
    shown = demonstrate(config)
    envs = make_worlds(config, max_episode_steps=config.horizon)
    agent = PPOAgent(envs.observation_space, envs.action_space, config)
    discriminator = Discriminator(config)
    remaining = Linear(1.0, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs, discriminator=discriminator) as trainer:
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, log_prob, value = agent.act(envs.obs)
                transition = envs.step(action)
                reward = discriminator.reward(transition.obs, action)  # instead of the world's
                rollout.add(transition._replace(reward=reward), log_prob=log_prob, value=value)
            trainer.log(**discriminator.train_step(rollout.batch("obs", "action"), shown))
            trainer.log(**agent.train_step(rollout, remaining(step)))
    return trainer.best_agent, discriminator


def clone(config):
    """A network that was taught the expert's actions in the states that are shown, as `IM.deep_dagger` does it."""
    envs = make_worlds(config, num_envs=1)
    student = NetworkStudent(envs.observation_space, envs.action_space, config.seed)
    student.add(*demonstrate(config))
    student.fit(2_000)
    return student


def paths(act, config, episodes=50):
    """The observations [T, episodes, 4] of whole episodes that nobody has learnt from, where a fall ends nothing."""
    envs = make_worlds(replace(config, env="LastingCartPole-v0"), episodes, config.seed + 9_000)
    return np.stack([transition.next_obs for transition, _ in envs.episodes(act)])


def judge(path):
    """(metres from x = 1, the share of poles that stand at the end) of episodes [T, B, 4]; the metres are the median
    over episodes of the mean over their second half."""
    distance = np.abs(path[len(path) // 2 :, :, 0] - FAVOURITE).mean(axis=0)
    return float(np.median(distance)), float((np.abs(path[-1, :, 2]) <= STEEPEST).mean())


def compare(config):
    """Train with the configuration's reward, or with each in turn; print and draw what came of it."""
    if config.reward == "all" and config.run_folder:
        raise ValueError("a folder holds one run; say which --reward it is of")
    rewards = (
        ("constant", "shuffled", "airl") if config.reward == "all" else (config.reward,)
    )  # --play shows the last
    trained = {reward: train(replace(config, reward=reward)) for reward in rewards}
    config = replace(config, reward="airl")
    acting = {"expert": cart_pole_expert, "clone": clone(config).act}
    acting |= {reward: agent.greedy for reward, (agent, _) in trained.items()}
    seen = {name: paths(act, config) for name, act in acting.items()}
    for name, path in seen.items():
        print("{:9s} {:5.2f} m from x = 1, {:4.0%} upright at the end".format(name, *judge(path)))
    draw(seen, {name: discriminator for name, (_, discriminator) in trained.items() if name != "constant"})


def draw(seen, discriminators):
    """Where the carts of each path [T, B, 4] are, and what the discriminators pay for a cart at rest."""
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, finish, save_figure

    size = (2.5 * len(seen) + 2.5, 3.2)
    figure, (*panels, last) = plt.subplots(1, len(seen) + 1, figsize=size, layout="constrained")
    colour = dict(zip(("airl", "expert", "clone", "shuffled", "constant", "gail"), COLOURS, strict=False))
    for axes, (name, path) in zip(panels, seen.items(), strict=True):
        seconds = SECONDS * np.arange(1, len(path) + 1)
        axes.plot(seconds, path[:, :30, 0], color=(colour[name], 0.35), linewidth=0.9)
        axes.axhline(FAVOURITE, color="0.3", linestyle=":")
        axes.set(xlabel="seconds", title=f"{name}: {judge(path)[1]:.0%} upright", ylim=(-2.5, 2.5))
        finish(axes)
    panels[0].set_ylabel("x of the cart (m), 30 episodes")
    x = np.linspace(-FARTHEST, FARTHEST, 97)
    at_rest = np.outer(x, [1, 0, 0, 0]).astype(np.float32)
    for name, discriminator in discriminators.items():
        pay = sum(discriminator.reward(at_rest, np.full(len(x), action)) for action in (0, 1)) / 2
        last.plot(x, pay, color=colour[name], label=name)
    last.axvline(FAVOURITE, color="0.3", linestyle=":")
    last.set(xlabel="x of a cart at rest (m)", title="reward, at the end")
    finish(last)
    save_figure(figure, (runs_of("adversarial") / "imitation.png").as_posix())


if __name__ == "__main__":
    run_training(compare, PPOAgent, [Config()], __doc__, TAKES)
