"""Reincarnating RL, QDagger (Agarwal et al. 2022, arXiv 2206.01626), Day 7. Read `train`, at the bottom, first.

There is an agent already, the teacher. A student that learns Q with another network need not begin from nothing:

    n-step TD error + c λ KL(π_T(· | s) ‖ softmax(Q(s, ·) / τ))                                    (their equation 2)

    offline   gradient steps on data of the teacher's, with λ = 1
    online    in the worlds, on its own steps; what the teacher would do there is still told (as in Day 6's DAgger):
              λ = max(0, 1 - (G_S - G_random) / (G_T - G_random)), from evaluations; once 0, it stays 0

So it is weaned as it grows as good as its teacher, and then learns by TD alone: it may become better. τ is in units
of Q, see AP/teachers.py. Six other ways to use a teacher share all else (`WORKFLOWS` there):

    scratch        without a teacher
    fine_tuning    the teacher's own network learns on: only of a DQN
    pretraining    offline the data's actions are imitated, which is CQL's term; online there is TD alone
    kickstarting   QDagger without the offline phase
    rehearsal      TD alone, online; a share of each minibatch is the teacher's data
    jsrl           TD alone, online; the teacher plays the beginning of each episode
    qdagger        both phases

    python AP/reincarnation.py                           Catcher from pixels; Day 4's PPO agent is the teacher
    python AP/reincarnation.py --workflow scratch        the same student without it, or another workflow
    python AP/reincarnation.py --env MinAtar/Breakout-v1 needs the extra minatar
    python AP/reincarnation.py --teacher FILE            the agent.npz of a run of Day 4 in the same world
    python AP/reincarnation.py --no-weaning              λ stays 1; --temperature and --n-step are others to try
    python AP/reincarnation.py --play                    watch the best agent of the newest run; --resume goes on

A step of the offline phase is a gradient step; one online is a step of a world.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.teachers import WORKFLOWS, RollIn, fill, imitated, meet, minibatches
from FN.dqn_agent import DeepQNetworkAgent, clipped, huber
from framework.evaluate import FreshWorlds
from framework.graph import compiled, same_shape
from framework.networks import Layers, discrete_actions
from framework.replay import ReplayBuffer
from framework.runs.config import WorldConfig
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for Catcher from pixels; `BREAKOUT` has those of MinAtar's Breakout."""

    workflow: Literal[tuple(WORKFLOWS)] = "qdagger"
    """How the student uses its teacher."""
    teacher: str = "FN/trained/ppo_agent.npz"
    """The file of the teacher, an agent of Day 4 that has learnt the same world."""
    teacher_steps: int = 4_000
    """How much data there is of the teacher's: so many steps."""
    teacher_epsilon: float = 0.1
    """The share of random actions in them."""
    steps: int = 60_000
    """Of both phases together."""
    offline_steps: int = 512
    """So many steps, half of all at most, are the offline phase, where there is one."""
    num_envs: int = 8
    target_return: float | None = 15.2
    eval_every: int = 1_000
    temperature: float | None = 0.05
    """τ, in units of Q. None: chosen by the teacher's Q, as AP/teachers.py says."""
    distillation_weight: float = 1.0
    """c, the weight of imitation; it pulls at Q with c λ / τ."""
    weaning: bool = True
    """λ falls as the student grows better; --no-weaning keeps it 1."""
    rehearsal_share: float = 0.25
    """Rehearsal: the share of the teacher's data in each minibatch."""
    roll_in: int = 60
    """JSRL: the teacher plays at most so many steps of an episode, at first; from half of the steps on none."""
    n_step: int = 3
    """How many rewards before the target network is believed."""
    dueling: bool = True
    """A stream for the state and one for the actions."""
    buffer_size: int = 30_000
    """How many transitions the replay buffer keeps."""
    learning_starts: int = 1_000
    """Steps online before the first gradient step there."""
    train_period: int = 64
    """Steps online between two calls of train_step."""
    gradient_steps: int = 16
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
    """The share of random actions online; whoever has not learnt yet starts with 1."""
    epsilon_steps: int = 10_000
    """For how many steps it falls there."""
    max_grad_norm: float = 10.0
    """Longer gradients are shortened to this norm."""
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    """Filters, kernel and stride of each convolution."""
    hidden: tuple[int, ...] = (128,)
    """Units of the hidden layers."""


BREAKOUT = Config(
    env="MinAtar/Breakout-v1", teacher="AP/trained/breakout_teacher.npz", teacher_steps=50_000, steps=130_000,
    offline_steps=30_000, target_return=None, eval_every=2_000, eval_episodes=50, temperature=None,
    distillation_weight=0.1, roll_in=100, buffer_size=100_000, train_period=32, gradient_steps=8, batch_size=64,
    learning_rate=2.5e-4, gamma=0.99, target_period=500, epsilon_steps=20_000, filters=((32, 3, 1), (32, 3, 1)),
)  # fmt: skip
TAKES = {
    "Catcher-v0": "less than a minute and 1.3 GB of memory",  # until the target is reached
    "MinAtar/Breakout-v1": "about 5 minutes and 0.8 GB of memory",
}


def distillation_loss(q, probabilities, temperature):
    """KL(π_T ‖ softmax(Q / τ)) of each row [N] in nats, of q [N, A] and π_T [N, A]."""
    log_student = tf.nn.log_softmax(q / temperature)
    return tf.reduce_sum(tf.math.xlogy(probabilities, probabilities) - probabilities * log_student, axis=-1)


def weaned(weight, student, teacher, random):
    """The next λ, by the returns of student, teacher and a random player; where ``weight``, the last, is 0, 0."""
    return max(0.0, 1 - (student - random) / (teacher - random)) if weight > 0 else 0.0


def network(observation_space, actions, config):
    """Q [B, A] of observations [B, …]; with ``dueling`` V + A - the mean of A."""
    layers = Layers(config.seed)
    obs, features = layers.read(observation_space, config.filters)
    q = layers.linear(layers.dense(features, config.hidden), actions)
    if config.dueling:
        value = layers.linear(layers.dense(features, config.hidden), 1)
        q = value + q - keras.ops.mean(q, axis=-1, keepdims=True)
    return keras.Model(obs, q)


class QDaggerAgent(DeepQNetworkAgent):
    """DQN's target and its ways to act, with a network of its own, and a loss with a teacher in it.

    Args:
        observation_space, action_space: of one world; actions are Discrete.
        config: `Config`.
    """

    def __init__(self, observation_space, action_space, config):
        self.config, self.actions = config, discrete_actions(action_space)
        self.network, self.target_network = (network(observation_space, self.actions, config) for _ in range(2))
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(config.seed)

    def loss(self, batch, probabilities, weight):
        """The loss of N rows, and what to log; π_T is [N, A], and weight is c λ."""
        target = tf.stop_gradient(self.targets(batch))
        q = self.network(batch.obs)
        taken = tf.gather(q, batch.action, batch_dims=1)
        same_shape(taken, target)
        td_loss = tf.reduce_mean(huber(target - taken))
        distillation = tf.reduce_mean(distillation_loss(q, probabilities, self.config.temperature))
        logged = {"td_loss": td_loss, "distillation": distillation, "q": tf.reduce_mean(taken)}
        return td_loss + weight * distillation, logged

    @compiled(free=2, xla="dense")
    def train_step(self, batches, probabilities, weight):
        """A gradient step on each of K minibatches [K, N, …] with π_T [K, N, A]; the means of what to log."""
        count, variables = tf.shape(batches.reward)[0], self.network.trainable_variables
        total = dict.fromkeys(("td_loss", "distillation", "q"), 0.0)
        for k in tf.range(count):
            with tf.GradientTape() as tape:
                loss, logged = self.loss(batches.at(k), probabilities[k], weight)
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}


class Weaning(FreshWorlds):
    """Evaluates the student, and knows from that how much it still needs its teacher.

    Attributes:
        weight: λ. It is 1 as long as the online phase, ``online``, has not begun, whatever is evaluated.
    """

    def __init__(self, config, teacher):
        super().__init__(config)
        self.teacher, self.weight, self.online = teacher, 1.0, False

    def __call__(self, agent, episodes, seed):
        evaluation = super().__call__(agent, episodes, seed)
        if self.online and self.config.weaning:
            self.weight = weaned(self.weight, evaluation.mean, self.teacher.mean, self.teacher.random_mean)
        return evaluation

    def state(self):
        return {"weight": self.weight, "online": self.online}

    def load_state(self, state):
        self.weight, self.online = state["weight"], state["online"]


def train(config):
    """The whole algorithm."""
    begin(config)
    envs, workflow = make_worlds(config), WORKFLOWS[config.workflow]
    teacher, data, config = meet(config, envs, workflow)
    agent = QDaggerAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed, config.n_step)
    if workflow.reloaded:
        agent.network.set_weights(teacher.agent.network.get_weights())
        fill(replay, teacher, config)
    offline = min(config.offline_steps, config.steps // 2) if workflow.offline else 0
    first = config.epsilon_end if workflow.offline or workflow.reloaded else 1.0
    epsilon = Linear(first, config.epsilon_end, config.epsilon_steps)
    roll_in, weaning = RollIn(config, workflow), Weaning(config, teacher)
    parts = {"agent": agent, "envs": envs, "data": data, "replay": replay, "roll_in": roll_in, "weaning": weaning}
    with Trainer(config, evaluate=weaning, **parts) as trainer:
        for step in trainer:
            if step < offline:
                envs.total_steps += config.gradient_steps  # the trainer's clock: here a step is a gradient step
                learns, share, whom = True, 1.0, workflow.offline
            else:
                if not weaning.online:
                    weaning.online = True
                    agent.sync_target()
                action = roll_in(agent.act(envs.obs, epsilon(step)), teacher, envs.obs, step)
                replay.add(clipped(roll_in.after(envs.step(action))))
                learns = step >= offline + config.learning_starts and trainer.every(config.train_period)
                share, whom = config.rehearsal_share * workflow.rehearses, workflow.online
            if learns:
                lambda_ = weaning.weight if whom else 0.0
                batches, weight = minibatches(replay, data, share, config), config.distillation_weight * lambda_
                trainer.log(**agent.train_step(batches, imitated(whom, teacher, batches, weight), weight))
                trainer.log(lambda_=lambda_)
            if trainer.every(config.target_period):
                agent.sync_target()
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, QDaggerAgent, [Config(), BREAKOUT], __doc__, TAKES)
