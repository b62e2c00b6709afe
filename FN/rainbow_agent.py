"""Rainbow (Hessel et al. 2018), Day 4: six repairs of DQN, each a switch. Read `train`, at the bottom, first.

Each of them was a paper of its own. Here each stands in a few lines marked with its name; --no-NAME takes it away:

    double          the online network says which action is best, the target network what it is worth
    dueling         Q = V + A: what a state is worth, and by how much each action differs from the mean of all
    prioritized     what surprised more is drawn more often, and counts for less each time
    several steps   n rewards before the target network is believed                                     (--n-step 1)
    distributional  not the mean of the return but its distribution over 51 values, the atoms                   (C51)
    noisy           weights are noisy, and learn how much; so the network explores, in place of an epsilon

    y = r_t + γ r_{t+1} + … + γ^n (1 - terminated) Z_target(s_{t+n}, argmax_a E[Z(s_{t+n}, a)])

where Z is the distribution of the return, moved, shrunk, and put onto the atoms again; the loss of a row is
KL(y ‖ Z) in nats (Bellemare et al. 2017). With all switches off what remains is DQN.

    python FN/rainbow_agent.py                          Catcher from pixels
    python FN/rainbow_agent.py --test                   CartPole
    python FN/rainbow_agent.py --test --no-noisy        CartPole, without one of the six
    python FN/rainbow_agent.py --env MinAtar/Breakout-v1   needs the extra minatar
    python FN/rainbow_agent.py --play                   watch the best agent of the newest run
    python FN/rainbow_agent.py --resume                 go on with a run that was stopped or killed
"""

from dataclasses import dataclass, replace

import numpy as np

from FN.dqn_agent import clipped, huber
from FN.rainbow_parts import NoisyDense, projected
from framework.agent import Agent
from framework.graph import compiled
from framework.networks import Layers, copy_weights, discrete_actions
from framework.optimizers import Adam
from framework.replay import PrioritizedReplayBuffer, ReplayBuffer
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from worlds.minatar import GAMES


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Catcher from pixels; `CARTPOLE` has those of --test."""

    double: bool = True
    """The online network chooses the action in y, not the target network."""
    dueling: bool = True
    """A stream for the state and one for the actions."""
    prioritized: bool = True
    """What surprised more is drawn more often."""
    n_step: int = 3
    """Several steps: n, how many rewards before the target network is believed."""
    distributional: bool = True
    """Probabilities of values of the return, not their mean."""
    noisy: bool = True
    """Noise on the weights, instead of a share of random actions."""
    steps: int = 150_000
    num_envs: int = 8
    target_return: float | None = 15.2
    eval_episodes: int = 10
    buffer_size: int = 30_000
    """How many transitions the replay buffer keeps."""
    learning_starts: int = 2_000
    """Steps before the first gradient step."""
    train_period: int = 32
    """Steps of all worlds between two calls of train_step."""
    gradient_steps: int = 8
    """Gradient steps in a call of train_step."""
    batch_size: int = 64
    """Rows of a gradient step."""
    learning_rate: float = 5e-4
    """The step size of Adam."""
    gamma: float = 0.98
    """The discount."""
    target_period: int = 1_000
    """Steps between two copies into the target network."""
    epsilon_end: float = 0.05
    """Where weights are not noisy: the share of random actions falls linearly from 1 to this."""
    epsilon_steps: int = 10_000
    """For how many steps the share of random actions falls."""
    alpha: float = 0.5
    """Prioritized: how much surprise counts in drawing; 0 draws uniformly."""
    beta: float = 0.4
    """Prioritized: how much of the uneven draws is made up for at the start; all of it at the last step."""
    atoms: int = 51
    """Distributional: how many values of the return have a probability of their own."""
    value_range: tuple[float, float] = (-5.0, 5.0)
    """Distributional: the least and the greatest of them. Returns beyond are all alike to the agent; where q in the
    log stays at an end of the range, it is too narrow."""
    noise: float = 0.5
    """Noisy: σ of the weights at the start, times the root of the number of inputs."""
    clip_reward: bool = True
    """Learn from rewards clipped to [-1, 1]; returns are shown unclipped."""
    max_grad_norm: float = 10.0
    """Longer gradients are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


CARTPOLE = Config(
    env="CartPole-v1", steps=100_000, num_envs=16, buffer_size=50_000, learning_starts=1_000, train_period=256,
    gradient_steps=128, learning_rate=1e-3, gamma=0.99, target_period=256, epsilon_end=0.04, epsilon_steps=5_000,
    value_range=(0.0, 100.0), hidden=(128, 128), eval_every=5_000, eval_episodes=20, target_return=475.0,
)  # fmt: skip
# For other worlds that show numbers, whose returns may be below 0; Acrobot's are.
NUMBERS = replace(CARTPOLE, env="Acrobot-v1", value_range=(-100.0, 100.0), target_return=-100.0)
BREAKOUT = Config(
    env="MinAtar/Breakout-v1", steps=300_000, buffer_size=100_000, batch_size=32, learning_rate=2.5e-4, gamma=0.99,
    epsilon_end=0.01, epsilon_steps=30_000, value_range=(0.0, 20.0), filters=((16, 3, 1),), eval_episodes=20,
    target_return=None,
)  # fmt: skip
MINATAR = [BREAKOUT, *(replace(BREAKOUT, env=env_id) for env_id in GAMES if env_id != BREAKOUT.env)]
TAKES = {
    "Catcher-v0": "about 3 minutes and 1.2 GB of memory",  # until the target is reached
    "MinAtar/Breakout-v1": "5 to 8 minutes and 0.9 GB of memory",
}


def td_target(reward, discount, terminated, next_q):
    """y of each row: r + γ^n (1 - terminated) Q_target(s', a'), all [N]."""
    return reward + discount * (1 - tf.cast(terminated, tf.float32)) * next_q


def network(observation_space, actions, config):
    """Of observations [B, …]: logits of the atoms of Z [B, A, K], or Q itself, K = 1.

    Each noisy layer takes random numbers besides, [1, P].
    """
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    atoms, numbers = config.atoms if config.distributional else 1, []

    def noisy(x, units):
        numbers.append(keras.Input((x.shape[-1] + units,)))
        return NoisyDense(units, config.noise, next(layers.seeds))(x, numbers[-1])

    def stream(outputs):
        x = features
        if config.noisy:  # noisy
            for units in config.hidden:
                x = keras.ops.relu(noisy(x, units))
            x = noisy(x, outputs * atoms)
        else:
            x = layers.linear(layers.dense(x, config.hidden), outputs * atoms)
        return keras.layers.Reshape((outputs, atoms), dtype="float32")(x)

    output = stream(actions)
    if config.dueling:  # dueling: the mean is taken for each atom
        output = stream(1) + output - keras.ops.mean(output, axis=1, keepdims=True)
    return keras.Model([obs, *numbers] if numbers else obs, output)


class RainbowAgent(Agent):
    """Acts greedily by its network, whose weights are noisy, or with an epsilon of random actions.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.

    Raises:
        ValueError: there are no two atoms, or the actions are others.
    """

    policy_learnt = "off-policy"
    acts_with, learns_with = ("network",), ("target_network", "optimizer", "rng")

    def __init__(self, observation_space, action_space, config):
        low, high = config.value_range
        if config.distributional and (config.atoms < 2 or not np.float32(low) < np.float32(high)):
            got = f"{config.atoms} from {low} to {high}"
            raise ValueError(f"there must be two atoms at least, from a low value to a high one; got {got}")
        self.config, self.actions = config, discrete_actions(action_space)
        self.atoms = tf.linspace(*map(np.float32, config.value_range), config.atoms)  # [K]
        self.network = network(observation_space, self.actions, config)
        self.target_network = network(observation_space, self.actions, config)
        self.sync_target()
        self.sizes = [numbers.shape[-1] for numbers in self.network.inputs[1:]]
        self.optimizer = Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    def q(self, outputs):
        """Q [B, A] from what a network gives, [B, A, K]."""
        if self.config.distributional:
            return tf.reduce_sum(tf.nn.softmax(outputs) * self.atoms, axis=-1)  # distributional: the mean
        return outputs[..., 0]

    def outputs(self, network, obs, numbers=None):
        """What a network gives, [B, A, K]; its noisy layers share the numbers [P], by default 0."""
        numbers = tf.zeros(sum(self.sizes)) if numbers is None else numbers
        return network([obs, *tf.split(numbers[None], self.sizes, axis=1)] if self.sizes else obs)

    def draw(self, *shape):
        """Standard normal numbers [*shape, P], enough for the noisy layers of as many passes."""
        return self.rng.standard_normal((*shape, sum(self.sizes)), np.float32)

    @compiled
    def greedy(self, obs):
        """The best action of each row [B, …], without noise."""
        return tf.argmax(self.q(self.outputs(self.network, obs)), axis=-1)

    @compiled
    def greedy_with_noise(self, obs, numbers):
        """The best action of each row [B, …], by weights with the noise of numbers [1, P], the same for all rows.

        (P alone would not do: `compiled` leaves the first axis open.)
        """
        return tf.argmax(self.q(self.outputs(self.network, obs, numbers[0])), axis=-1)

    def act(self, obs, epsilon):
        """An action for each row [B, …] that explores."""
        if self.config.noisy:
            return self.greedy_with_noise(obs, self.draw(1))  # noisy
        explore = self.rng.random(len(obs)) < epsilon
        return np.where(explore, self.rng.integers(self.actions, size=len(obs)), self.greedy(obs))

    def sync_target(self):
        """Copy the network into the target network."""
        copy_weights(self.network, self.target_network)

    def target(self, batch, numbers):
        """y of each row: a distribution on the atoms [N, K], or its mean [N]. Each pass has its numbers: [2, P]."""
        outputs = self.outputs(self.target_network, batch.next_obs, numbers[0])
        by = self.outputs(self.network, batch.next_obs, numbers[1]) if self.config.double else outputs  # double
        best = tf.argmax(self.q(by), axis=-1)
        outputs = tf.gather(outputs, best, batch_dims=1)  # [N, K]
        of_row = batch.reward, batch.discount, batch.terminated
        if self.config.distributional:
            return projected(self.atoms, tf.nn.softmax(outputs), *of_row)  # distributional
        return td_target(*of_row, outputs[:, 0])

    def row_losses(self, batch, numbers):
        """The loss of each row [N]; how much it surprised [N], which is its priority; Q [N] of the actions taken.

        There are three passes, so numbers are [3, P].
        """
        y = tf.stop_gradient(self.target(batch, numbers[:2]))
        outputs = self.outputs(self.network, batch.obs, numbers[2])
        q = tf.gather(self.q(outputs), batch.action, batch_dims=1)
        if self.config.distributional:  # distributional: the Kullback-Leibler divergence
            log_probs = tf.nn.log_softmax(tf.gather(outputs, batch.action, batch_dims=1))
            losses = tf.reduce_sum(tf.math.xlogy(y, y) - y * log_probs, axis=-1)
            return losses, losses, q
        return huber(y - q), tf.abs(y - q), q

    def train_step(self, batches):
        """A gradient step on each of K minibatches, a `framework.replay.Batch` [K, N, …].

        Returns:
            the means of what to log, and how much each row surprised [K, N].
        """
        return self.update(batches, self.draw(len(batches.reward), 3))

    @compiled(free=2, xla="dense")
    def update(self, batches, numbers):
        """`train_step` as a loop inside the graph, with numbers [K, 3, P]."""
        count, variables = tf.shape(batches.reward)[0], self.network.trainable_variables
        total, surprise = dict.fromkeys(("loss", "q"), 0.0), tf.zeros_like(batches.reward)
        for k in tf.range(count):
            batch = batches.at(k)
            with tf.GradientTape() as tape:
                losses, surprises, q = self.row_losses(batch, numbers[k])
                loss = tf.reduce_mean(batch.weight * losses)  # prioritized: weight is 1 otherwise
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            surprise = tf.tensor_scatter_nd_update(surprise, [[k]], surprises[None])
            total = {"loss": total["loss"] + loss, "q": total["q"] + tf.reduce_mean(q)}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}, surprise


def make_replay(config):
    """Prioritized or uniform, of n-step transitions."""
    sizes = config.buffer_size, config.num_envs, config.gamma, config.seed, config.n_step  # several steps
    if config.prioritized:
        return PrioritizedReplayBuffer(*sizes, alpha=config.alpha)  # prioritized
    return ReplayBuffer(*sizes)


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    agent = RainbowAgent(envs.observation_space, envs.action_space, config)
    replay = make_replay(config)
    epsilon = Linear(1.0, config.epsilon_end, config.epsilon_steps)
    beta = Linear(config.beta, 1.0, config.steps)
    with Trainer(config, agent=agent, envs=envs, replay=replay) as trainer:
        for step in trainer:
            transition = envs.step(agent.act(envs.obs, epsilon(step)))
            replay.add(clipped(transition) if config.clip_reward else transition)
            if step >= config.learning_starts and trainer.every(config.train_period):
                drawn = {"beta": beta(step)} if config.prioritized else {}  # prioritized
                # Priorities stand still while these are learnt from; in the paper they change after each.
                batches = replay.sample(config.batch_size, batches=config.gradient_steps, **drawn)
                logged, surprise = agent.train_step(batches)
                trainer.log(**logged)
                if config.prioritized:
                    replay.update(batches.index, surprise)  # prioritized
            if trainer.every(config.target_period):
                agent.sync_target()
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, RainbowAgent, [Config(), NUMBERS, CARTPOLE, *MINATAR], __doc__, TAKES)
