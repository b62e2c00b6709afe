"""Reinforcement learning with prior data, RLPD (Ball et al. 2023, arXiv 2302.02948), Day 7. Read `train` first.

SAC (Day 4) learns nothing in a maze as long as it has not found the goal, which is 14 cells away. Somebody else's
data of the same maze is there (AP/maze_data.py). It cannot be imitated: nobody in it was on the way to our goal. RLPD
changes four things in SAC, and needs no pretraining:

    half of the rows of each gradient step are from the data, half from the agent's own experience
    the critic has LayerNorm:  Dense → LayerNorm → ReLU.  Then |Q(s, a)| ≤ |w| |h| cannot grow without limit, whatever
        action is asked of it that no data has; the actor has none
    E = 5 critics;  y = r + γ (1 - terminated) (min over 2 of them, drawn at random, of Q_target(s', a') - α log π),
        and the actor maximises their mean
    10 gradient steps of the critics for each step in the world, then one of the actor and of the temperature

    python AP/rlpd.py                         the point maze; at the end, how often it reaches the goal
    python AP/rlpd.py --offline-ratio 0       SAC, with all the rest: it does not find the goal
    python AP/rlpd.py --offline-ratio 1       learns from the data alone
    python AP/rlpd.py --no-layer-norm         see the column largest_q of metrics.csv: no true one is beyond 100
    python AP/rlpd.py --critics 2             and --utd 1: a gradient step for each step
    python AP/rlpd.py --data FILE             another's data, see AP/maze_data.py
    python AP/rlpd.py --play                  watch the best agent of the newest run; --resume goes on with one

An evaluation is the share of 20 episodes that reach the goal.
"""

from dataclasses import dataclass

import numpy as np

from AP.maze_data import Attempts, data_of, episodes_ended, fill, maze_of
from FN.sac_agent import LOG_STD, SACAgent
from framework.graph import compiled, same_shape
from framework.networks import Layers, continuous_actions, copy_weights
from framework.replay import ReplayBuffer, joined
from framework.runs.config import WorldConfig
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for the point maze."""

    env: str = "PointMaze-v0"
    num_envs: int = 1
    steps: int = 10_000
    eval_every: int = 1_000
    log_every: int = 500
    data: str = ""
    """The file of the data; by default it is collected anew, from the seed."""
    offline_ratio: float = 0.5
    """The share of the rows of each minibatch that come from the data; 0 is SAC, 1 learns from nothing else."""
    layer_norm: bool = True
    """LayerNorm in the critics."""
    critics: int = 5
    """E, how many critics there are."""
    target_critics: int = 2
    """The target is the least of so many of them, drawn anew for each gradient step."""
    utd: int = 10
    """Gradient steps of the critics for each step in the world, "update to data"."""
    reward_shift: float = 0.0
    """Added to each reward in learning. The world pays -1 on the way and 0 at the goal; 1 makes that 0 and 1."""
    learning_starts: int = 200
    """Steps before the first gradient step, with actions at random."""
    batch_size: int = 128
    """Rows of a gradient step."""
    learning_rate: float = 1e-3
    """The step size of Adam, for all networks and the temperature."""
    temperature: float = 0.1
    """α, what a nat of entropy is worth, at the start; from there it is learnt."""
    gamma: float = 0.99
    """The discount."""
    tau: float = 0.005
    """τ, how far the target networks follow at each gradient step: by this part of the way."""
    hidden: tuple[int, ...] = (64, 64)
    """Units of the hidden layers, of each network."""


LARGEST = 1 - 1e-5  # of an action of the data, either way
TAKES = {"PointMaze-v0": "about 2 minutes and 1.1 GB of memory"}


def soft_target(reward, discount, terminated, next_q, next_log_prob, temperature):
    """y of each row: r + γ (1 - terminated) (min_i Q_target,i(s', a') - α log π(a' | s')); all [N], next_q [N, M]."""
    soft_value = tf.reduce_min(next_q, axis=-1) - temperature * next_log_prob
    return reward + discount * (1 - tf.cast(terminated, tf.float32)) * soft_value


def actor_network(observation_space, actions, config):
    """μ [B, D] and the log of σ [B, D] of observations [B, …]."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space)
    x = layers.dense(features, config.hidden)
    mean, log_std = (layers.linear(x, actions, scale=0.01) for _ in range(2))
    return keras.Model(obs, [mean, keras.ops.clip(log_std, *LOG_STD)])


def critics_network(observation_space, actions, config):
    """Q [B, E] of observations [B, …] and actions [B, D]: E networks side by side, which share nothing."""
    count = config.critics * (len(config.hidden) + 1)
    seeds = iter(np.random.SeedSequence([config.seed, 1]).generate_state(count).tolist())

    def dense(x, units, scale=1.0):  # [B, D], or [B, E, D] of each critic's own: [B, E, units]
        def start(shape, dtype):
            return tf.stack(
                [keras.initializers.Orthogonal(scale, seed=next(seeds))(shape[1:], dtype) for _ in range(E)]
            )

        inputs, shape = ("bei" if len(x.shape) == 3 else "bi"), (E, units)
        return keras.layers.EinsumDense(f"{inputs},eio->beo", shape, bias_axes="eo", kernel_initializer=start)(x)

    E = config.critics
    obs, features = Layers(config.seed).read(observation_space)
    action = keras.Input((actions,))
    x = keras.layers.Concatenate()([features, action])
    for units in config.hidden:
        x = dense(x, units, scale=2**0.5)
        if config.layer_norm:  # without a scale and an offset of its own: then |x| ≤ √units, always
            x = keras.layers.LayerNormalization(center=False, scale=False)(x)
        x = keras.layers.Activation("relu")(x)
    return keras.Model([obs, action], dense(x, 1)[..., 0])


def clipped(data):
    """The data, with actions a little inside ±1: tanh gives no others, and their log π would not be finite."""
    return data._replace(action=np.clip(data.action, -LARGEST, LARGEST))


def minibatches(online, offline, config):
    """K minibatches [K, N, …] of two buffers. Each of them has its share of data, and not only all of them together:
    joined end to end and cut into K, the first half of them would be all data."""
    from_data = round(config.offline_ratio * config.batch_size)
    rows = (offline, from_data), (online, config.batch_size - from_data)
    batches = joined([buffer.sample(count, batches=config.utd) for buffer, count in rows if count])
    return batches._replace(reward=batches.reward + np.float32(config.reward_shift))


class RLPDAgent(SACAgent):
    """SAC's policy and temperature, and E critics in one network.

    Args:
        observation_space, action_space: of one world; actions are a Box.
        config: `Config`.
    """

    learns_with = ("critics", "targets", "log_temperature", "optimizers", "rng", "generator")

    def __init__(self, observation_space, action_space, config):
        self.config, self.actions = config, continuous_actions(action_space)
        self.actor = actor_network(observation_space, self.actions, config)
        self.critics, self.targets = (critics_network(observation_space, self.actions, config) for _ in range(2))
        self.log_temperature = keras.Variable(np.log(config.temperature), dtype="float32")
        self.optimizers = [keras.optimizers.Adam(config.learning_rate) for _ in range(3)]
        variables = self.critics.trainable_variables, self.actor.trainable_variables, [self.log_temperature]
        for optimizer, of in zip(self.optimizers, variables, strict=True):
            optimizer.build(of)
        self.rng = np.random.default_rng(config.seed)
        self.generator = tf.random.Generator.from_seed(config.seed, alg="philox")

    @property
    def target_entropy(self):
        """H_target, in nats: half of SAC's."""
        return -self.actions / 2

    def target(self, batch):
        """What Q of the actions taken should be, y [N]: by the least of a few critics, drawn at random."""
        action, log_prob = self.policy(batch.next_obs).sample_and_log_prob(self.generator)
        drawn = tf.argsort(self.generator.uniform([self.config.critics]))[: self.config.target_critics]
        next_q = tf.gather(self.targets([batch.next_obs, action]), drawn, axis=-1)
        return soft_target(
            batch.reward, batch.discount, batch.terminated, next_q, log_prob, tf.exp(self.log_temperature)
        )

    def critic_loss(self, batch):
        """The squared error of each critic, summed over all of them, on N rows; and their mean Q [N]."""
        target = tf.stop_gradient(self.target(batch))
        q = self.critics([batch.obs, batch.action])  # [N, E]
        same_shape(target, q[:, 0])
        return tf.reduce_sum(tf.reduce_mean((target[:, None] - q) ** 2, axis=0)), tf.reduce_mean(q, axis=-1)

    def policy_loss(self, batch):
        """The loss of π on N rows, by the mean of all critics; and log π [N] of the actions that it drew."""
        action, log_prob = self.policy(batch.obs).sample_and_log_prob(self.generator)
        q = tf.reduce_mean(self.critics([batch.obs, action]), axis=-1)
        same_shape(q, log_prob)
        return tf.reduce_mean(tf.exp(self.log_temperature) * log_prob - q), log_prob

    @compiled(free=2, xla="dense")
    def train_step(self, batches):
        """A step of the critics on each of K minibatches, then one of the actor and of α on the last of them.

        Args:
            batches: a `framework.replay.Batch` [K, N, …].

        Returns:
            what to log.
        """
        of_critics, of_actor, of_temperature = self.optimizers
        count = tf.shape(batches.reward)[0]
        value_loss = mean_q = 0.0
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss, q = self.critic_loss(batches.at(k))
            of_critics.apply(tape.gradient(loss, self.critics.trainable_variables), self.critics.trainable_variables)
            copy_weights(self.critics, self.targets, self.config.tau)
            value_loss, mean_q = loss, tf.reduce_mean(q)

        actor = self.actor.trainable_variables
        with tf.GradientTape() as tape:
            policy_loss, log_prob = self.policy_loss(batches.at(count - 1))
        of_actor.apply(tape.gradient(policy_loss, actor), actor)
        with tf.GradientTape() as tape:
            loss = self.temperature_loss(log_prob)
        of_temperature.apply(tape.gradient(loss, [self.log_temperature]), [self.log_temperature])
        logged = {"value_loss": value_loss, "q": mean_q, "policy_loss": policy_loss}
        return logged | {"entropy": -tf.reduce_mean(log_prob), "temperature": tf.exp(self.log_temperature)}

    @compiled
    def largest_q(self, obs, action):
        """The largest |Q| that any critic gives to observations [B, …] and actions [B, D]."""
        return tf.reduce_max(tf.abs(self.critics([obs, action])))


def train(config):
    """The whole algorithm."""
    if config.target_critics > config.critics:
        raise ValueError(f"target_critics must be at most critics, {config.critics}; got {config.target_critics}")
    begin(config)
    maze, data = maze_of(config), data_of(config)
    agent = RLPDAgent(maze.observation_space, maze.action_space, config)
    offline = fill(ReplayBuffer(len(data.reward), 1, config.gamma, [config.seed, 1]), clipped(data))
    online = ReplayBuffer(config.steps, 1, config.gamma, config.seed)
    anywhere = np.random.default_rng(config.seed).uniform(-1, 1, data.action.shape)  # actions that no data has
    parts = {"agent": agent, "maze": maze, "online": online, "offline": offline}
    with Trainer(config, evaluate=Attempts(config), **parts) as trainer:
        for step in trainer:
            learns = step >= config.learning_starts
            online.add(maze.step(agent.act(maze.obs) if learns else agent.act_at_random(maze.obs)))
            if learns:
                trainer.log(**agent.train_step(minibatches(online, offline, config)))
            if (step + 1) % config.log_every == 0:
                trainer.log(largest_q=agent.largest_q(data.obs, anywhere), **episodes_ended(maze))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, RLPDAgent, [Config()], __doc__, TAKES)
