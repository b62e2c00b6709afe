"""Deep deterministic policy gradient (Lillicrap et al. 2016) and TD3 (Fujimoto et al. 2018), Day 4.

Read `train`, at the bottom, first. DQN finds the best action by trying all. Where an action is a number there are too
many, and a second network, the actor μ, learns where Q is highest. Which way it should go follows from

    V(s) = Q(s, μ(s)),   Q(s, a) = E[r + γ V(s')]

Differentiate both by the weights of μ, and put the second into the first:

    ∇V(s) = ∇μ(s) ∇_a Q(s, a) + γ E[∇V(s')],   where a = μ(s)

and the last term into itself, again and again. What remains is a sum over the steps that μ takes, the deterministic
policy gradient (Silver et al. 2014, theorem 1):

    ∇V(s_0) = E[Σ_t γ^t ∇μ(s_t) ∇_a Q(s_t, a)],   where a = μ(s_t)

The world is never differentiated, only Q. As in the paper, the mean is over steps from the replay buffer, which
older actors took: that is no longer exact, but uses each step many times. Q itself is learnt as in DQN, from the
target networks:

    y = r + γ (1 - terminated) Q_target(s', μ_target(s'))                                 (their algorithm 1)

An actor climbs wherever Q errs upwards, so that Q comes to believe its own errors. TD3's three repairs are switches:
--twin takes the lower of two Qs in y; --policy-delay 2 lets the actor and the targets move every second step only;
--target-noise 0.2 blurs the action in y, so that a narrow peak of Q counts for less.

    python FN/ddpg_agent.py                                                  Pendulum, by DDPG
    python FN/ddpg_agent.py --twin --policy-delay 2 --target-noise 0.2       Pendulum, by TD3
    python FN/ddpg_agent.py --play                                           watch the best agent of the newest run
    python FN/ddpg_agent.py --resume                                         go on with a run that was stopped
    python FN/ddpg_agent.py --env MountainCarContinuous-v0                   noise with a memory
    python FN/ddpg_agent.py --env LunarLanderContinuous-v3                   any world with a Box of actions; this one
                                                                             needs the extra box2d
"""

from dataclasses import dataclass

import numpy as np

from framework.agent import Agent
from framework.graph import compiled, same_shape
from framework.networks import Layers, continuous_actions, copy_weights
from framework.replay import ReplayBuffer
from framework.runs.config import WorldConfig
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Pendulum."""

    env: str = "Pendulum-v1"
    steps: int = 20_000
    num_envs: int = 8
    target_return: float | None = -160.0
    eval_every: int = 2_000
    log_every: int = 400
    buffer_size: int = 50_000
    """How many transitions the replay buffer keeps."""
    learning_starts: int = 100
    """Steps before the first gradient step, with actions at random."""
    train_period: int = 8
    """Steps of all worlds between two calls of train_step, not below num_envs: else there are fewer calls."""
    gradient_steps: int = 8
    """Gradient steps in a call of train_step. 8 every 8 steps are as many as the papers' 1 every step."""
    batch_size: int = 128
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """The step size of Adam, for both networks."""
    gamma: float = 0.99
    """The discount."""
    tau: float = 0.005
    """τ, how far the target networks follow at each step: by this part of the way."""
    exploration: float = 0.1
    """The standard deviation of the noise on actions, of which the range is [-1, 1]."""
    noise_memory: float = 0.0
    """How much of that noise stays from a step to the next; the paper's has 0.85. It pushes one way for longer."""
    twin: bool = False
    """TD3: learn two Qs, and take the lower of them in the target."""
    policy_delay: int = 1
    """TD3: the actor and the target networks move at every so many gradient steps of Q; TD3 has 2."""
    target_noise: float = 0.0
    """TD3: the standard deviation of the noise on the actions in the target; TD3 has 0.2."""
    noise_clip: float = 0.5
    """The noise in the target is at most this."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (64, 64)
    """Units of the hidden layers, of each network."""


# The car must swing to and fro before it meets its only reward: noise that changes its mind at each step won't do.
MOUNTAIN_CAR = Config(
    env="MountainCarContinuous-v0", steps=40_000, exploration=0.5, noise_memory=0.95, eval_every=4_000,
    target_return=90.0,
)  # fmt: skip
TAKES = {  # until the target is reached
    "Pendulum-v1": "about half a minute, 0.8 GB of memory and 1 MB on disk",
    "MountainCarContinuous-v0": "up to a minute and 0.8 GB of memory",
}


def td_target(reward, discount, terminated, next_q):
    """y of each row: r + γ (1 - terminated) Q_target(s', a'), all [N]; of two Qs, next_q is the lower."""
    return reward + discount * (1 - tf.cast(terminated, tf.float32)) * next_q


def smoothed(action, noise, noise_clip):
    """Actions [N, D] and noise [N, D], clipped (Fujimoto et al. 2018, equation 14); the sum stays in the range."""
    return tf.clip_by_value(action + tf.clip_by_value(noise, -noise_clip, noise_clip), -1.0, 1.0)


def actor_network(observation_space, actions, config):
    """μ [B, D], within [-1, 1], of observations [B, …]."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    last = layers.linear(layers.dense(features, config.hidden), actions, scale=0.01)
    return keras.Model(obs, keras.layers.Activation("tanh", dtype="float32")(last))


def critic_network(observation_space, actions, config, number):
    """Q [B, 1] of observations [B, …] and actions [B, D]; each number starts from other weights."""
    layers = Layers([config.seed, number])
    obs, features = layers.read(observation_space, config.filters)
    action = keras.Input((actions,))
    both = keras.layers.Concatenate()([features, action])
    return keras.Model([obs, action], layers.linear(layers.dense(both, config.hidden), 1))


class DDPGAgent(Agent):
    """An actor, one critic or two, and target networks that follow them slowly.

    Args:
        observation_space, action_space: of one world; actions are a Box.
        config: `Config`.
    """

    based_on, policy_learnt = "policy", "off-policy"
    acts_with = ("actor",)
    learns_with = ("critics", "targets", "actor_optimizer", "critic_optimizer", "noise", "begins", "rng", "generator")

    def __init__(self, observation_space, action_space, config):
        self.config, self.actions = config, continuous_actions(action_space)

        def networks():
            numbers = range(1, 3 if config.twin else 2)
            critics = [critic_network(observation_space, self.actions, config, number) for number in numbers]
            return actor_network(observation_space, self.actions, config), critics

        self.actor, self.critics = networks()
        self.target_actor, self.target_critics = networks()  # from the same seeds: they start as copies
        self.targets = [self.target_actor, *self.target_critics]
        self.critic_variables = [variable for critic in self.critics for variable in critic.trainable_variables]
        self.actor_optimizer = keras.optimizers.Adam(config.learning_rate)
        self.actor_optimizer.build(self.actor.trainable_variables)
        self.critic_optimizer = keras.optimizers.Adam(config.learning_rate)
        self.critic_optimizer.build(self.critic_variables)
        self.noise, self.begins = np.zeros((config.num_envs, self.actions)), np.ones(config.num_envs, bool)
        self.rng = np.random.default_rng(config.seed)
        self.generator = tf.random.Generator.from_seed(config.seed, alg="philox")

    @compiled
    def greedy(self, obs):
        """μ of each row [B, …]: [B, D]."""
        return self.actor(obs)

    def act(self, obs):
        """μ of each row [B, …], and noise. What stays of it leaves its variance alone, and ends with an episode."""
        if len(obs) != len(self.noise):  # other worlds than those of the last step
            self.noise, self.begins = np.zeros((len(obs), self.actions)), np.ones(len(obs), bool)
        stays, fresh = self.config.noise_memory, self.rng.normal(scale=self.config.exploration, size=self.noise.shape)
        self.noise = np.where(self.begins[:, None], fresh, stays * self.noise + (1 - stays**2) ** 0.5 * fresh)
        return np.clip(self.greedy(obs) + self.noise, -1, 1).astype(np.float32)

    def act_at_random(self, obs):
        """Any action for each row [B, …]."""
        return self.rng.uniform(-1, 1, (len(obs), self.actions)).astype(np.float32)

    def target(self, batch):
        """What Q of the actions taken should be, y [N]."""
        action = self.target_actor(batch.next_obs)
        if self.config.target_noise:
            noise = tf.random.stateless_normal(tf.shape(action), self.generator.make_seeds(1)[:, 0], alg="philox")
            action = smoothed(action, self.config.target_noise * noise, self.config.noise_clip)
        next_q = [critic([batch.next_obs, action])[:, 0] for critic in self.target_critics]
        return td_target(batch.reward, batch.discount, batch.terminated, tf.reduce_min(next_q, axis=0))

    def critic_loss(self, batch):
        """The squared error of each critic, summed, on N rows; and Q [N] of the actions taken."""
        target = tf.stop_gradient(self.target(batch))
        qs = [critic([batch.obs, batch.action])[:, 0] for critic in self.critics]
        same_shape(target, *qs)
        return sum(tf.reduce_mean((target - q) ** 2) for q in qs), qs[0]

    def policy_loss(self, batch):
        """-Q(s, μ(s)), the mean of N rows; its gradient is the deterministic policy gradient, downwards."""
        return -tf.reduce_mean(self.critics[0]([batch.obs, self.actor(batch.obs)]))

    @compiled(free=2, xla="dense")
    def train_step(self, batches):
        """Gradient steps on each of K minibatches, a loop inside the graph; returns the means of what to log.

        Args:
            batches: a `framework.replay.Batch` [K, N, …].
        """
        count = tf.shape(batches.reward)[0]
        total = dict.fromkeys(("value_loss", "q"), 0.0)
        for k in tf.range(count):
            batch = batches.at(k)
            with tf.GradientTape() as tape:
                loss, q = self.critic_loss(batch)
            self.critic_optimizer.apply(tape.gradient(loss, self.critic_variables), self.critic_variables)
            if self.critic_optimizer.iterations % self.config.policy_delay == 0:
                self.actor_step(batch)
            total = {"value_loss": total["value_loss"] + loss, "q": total["q"] + tf.reduce_mean(q)}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}

    def actor_step(self, batch):
        """A gradient step of the actor on N rows; then the target networks follow."""
        variables = self.actor.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.policy_loss(batch)
        self.actor_optimizer.apply(tape.gradient(loss, variables), variables)
        for network, target in zip([self.actor, *self.critics], self.targets, strict=True):
            copy_weights(network, target, self.config.tau)


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = DDPGAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    with Trainer(config, agent=agent, envs=envs, replay=replay) as trainer:
        for step in trainer:
            learns = step >= config.learning_starts
            action = agent.act(envs.obs) if learns else agent.act_at_random(envs.obs)
            transition = envs.step(action)
            agent.begins = transition.terminated | transition.truncated  # and noise with it
            replay.add(transition)
            if learns and trainer.every(config.train_period):
                trainer.log(**agent.train_step(replay.sample(config.batch_size, batches=config.gradient_steps)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, DDPGAgent, [Config(), MOUNTAIN_CAR], __doc__, TAKES)
