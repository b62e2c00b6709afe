"""M of World Models: a recurrent network that says what may come next (Ha & Schmidhuber 2018). Read `learn` first.

V turns each picture into a few numbers z. M reads z and the action, step by step, and remembers what no picture of
the moment shows. It says how probable each next z is: not one guess but several, since a fruit that is out of sight
may come back here or there. For each dimension d of z that is a mixture of K normal distributions (Bishop 1994;
Graves 2013). It foresees the reward besides, and whether the game ends:

    h(t+1), c(t+1) = LSTM(z(t), a(t), h(t), c(t))
    log p(z(t+1))  = sum over d of log sum over k of  π[d,k] N(z(t+1)[d]; μ[d,k], σ[d,k]²)
    minimise  -log p(z(t+1))  +  w (r(t) - r̂)²  +  w (cross-entropy of the end)

To dream is to draw z(t+1) and to go on from it. A temperature τ says how surprising that may be: π becomes
softmax(log π / τ), and σ becomes σ √τ. M learns from fresh draws of z each time, so that V's doubt is part of it.

In two things this M is not the paper's. Each number of z is foreseen given those before it: drawn each by itself, the
numbers that tell where a fruit is would tell of several places. And what is foreseen sharply counts less in learning.

    python IM/world_models/mdn_rnn.py                     record, encode by the newest V, train M
    python IM/world_models/mdn_rnn.py --vae FILE          with that V
    python IM/world_models/mdn_rnn.py --no-in-turn        each number by itself, as in the paper
    python IM/world_models/mdn_rnn.py --beta 0            the plain likelihood
    python IM/world_models/mdn_rnn.py --resume            go on with a run that was stopped or killed

takes under four minutes and 1.1 GB of memory. It prints what can be read off z, and off z and M's memory, in games
that M has not seen; and how well M foresees where fruits come back: 0.99 of the variance, on each of five seeds.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from framework.agent import Agent
from framework.evaluate import Evaluation
from framework.graph import compiled
from framework.runs.config import RunConfig
from framework.runs.folder import new_folder
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from IM.world_models.latents import draw_windows, encode, suited
from IM.world_models.likelihood import Prediction, draw, given, loss_of, mixture_log_prob
from IM.world_models.record import record
from IM.world_models.vae import newest_v

LOG_STD = 5.0  # log σ lies between -5 and 5, so that no density explodes and none vanishes
UNSEEN = 16  # one in so many streams of the recording is kept for evaluation


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters. A step is one call of so many gradient steps."""

    steps: int = 160
    eval_every: int = 40
    eval_episodes: int = 256
    """Windows of unseen games in an evaluation, whose success is the log-likelihood of a step."""
    final_episodes: int = 512
    log_every: int = 10
    vae: str = ""
    """The file of V; by default that of its newest run."""
    gradient_steps: int = 25
    """Gradient steps in a step, in one compiled call."""
    z_size: int = 8
    """Numbers that V makes of a picture; found out from the recording, as the next two are."""
    actions: int = 3
    """Actions to choose among, or numbers of an action that is a Box."""
    discrete: bool = True
    """Whether actions are numbered, not a Box."""
    hidden: int = 64
    """Units of the LSTM."""
    forget_bias: float = 3.0
    """Where the bias of the forget gates starts: with 3 a cell keeps 95% in a step; with Keras's 1 it keeps 73%, and
    forgets a fruit before it comes back (Jozefowicz et al. 2015)."""
    mixtures: int = 5
    """K: normal distributions in the mixture of each dimension."""
    in_turn: bool = True
    """Each number of z is foreseen given those before it; otherwise each by itself, as in the paper."""
    batch_size: int = 64
    """Windows of a gradient step."""
    window: int = 64
    """Steps of a window."""
    learning_rate: float = 8e-3
    """The step size of Adam at the start; it falls linearly to a twentieth."""
    max_grad_norm: float = 1.0
    """Longer gradients are shortened to this norm."""
    beta: float = 0.5
    """β: how much less what is certain counts in learning; 0 is the plain likelihood."""
    reward_weight: float = 5.0
    """w of the reward's squared error. (To weigh only the steps that pay would bias what is expected.)"""
    done_weight: float = 5.0
    """w of the cross-entropy of the end."""


CAR_RACING = Config(
    steps=800, eval_every=80, eval_episodes=32, final_episodes=64, log_every=20, gradient_steps=5, z_size=32,
    discrete=False, hidden=256, batch_size=100, window=999, learning_rate=1e-3, in_turn=False, beta=0.0,
    forget_bias=1.0,
)  # fmt: skip


class MDNRNN(Agent):
    """The recurrent network and its heads.

    Its state is (memory [B, 2 H], z [B, Z]). The memory is all of an LSTM's, its output h and its cell c: what
    it keeps for later stays in c, and need not be seen in h. The heads read it, and what was seen last, z; so it need
    not carry that, and is free for what is seen no more. Whether a fruit is caught is no linear function of where it
    and the paddle are: the reward and the end have a hidden layer of their own.
    """

    acts_with, learns_with = ("cell", "head", "chain", "events"), ("optimizer", "rng")

    def __init__(self, config):
        self.config = config
        seeds = np.random.SeedSequence(config.seed).generate_state(5).tolist()
        glorot = [keras.initializers.GlorotUniform(seed) for seed in seeds[1:]]
        recurrent = keras.initializers.Orthogonal(seed=seeds[0])
        self.cell = keras.layers.LSTMCell(
            config.hidden, kernel_initializer=glorot[0], recurrent_initializer=recurrent
        )
        self.head = keras.layers.Dense(3 * config.z_size * config.mixtures, kernel_initializer=glorot[1])
        self.events = [
            keras.layers.Dense(config.hidden, "relu", kernel_initializer=glorot[2]),
            keras.layers.Dense(2, kernel_initializer=glorot[3]),
        ]
        seen = 2 * config.hidden + config.z_size
        layers = (self.cell, self.head, *self.events)
        for layer, inputs in zip(layers, (config.z_size + config.actions, seen, seen, config.hidden), strict=True):
            layer.build((None, inputs))
        bias = self.cell.bias.numpy()
        bias[config.hidden : 2 * config.hidden] = config.forget_bias  # Keras: input, forget, cell, output
        self.cell.bias.assign(bias)
        before = np.triu(np.ones((config.z_size, config.z_size), np.float32), 1) * config.in_turn  # [j, d]: j < d
        self.before = before[:, None, :, None]
        self.chain = tf.Variable(tf.zeros((config.z_size, 2, config.z_size, config.mixtures)))
        self.optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.max_grad_norm)
        self.optimizer.build(self.variables)
        self.rng = np.random.default_rng(config.seed)

    @property
    def variables(self):
        """What is learnt."""
        layers = (self.cell, self.head, *self.events)
        return [self.chain] + [variable for layer in layers for variable in layer.trainable_variables]

    def initial(self, rows):
        """The state of games that start: nothing is remembered."""
        return tuple(np.zeros((rows, size), np.float32) for size in (2 * self.config.hidden, self.config.z_size))

    @compiled
    def step(self, z, action, state):
        """The state after z [B, Z] was seen and an action [B] or [B, D] taken."""
        action = tf.one_hot(action, self.config.actions) if self.config.discrete else action
        _, (h, c) = self.cell(tf.concat([z, action], axis=-1), tf.split(state[0], 2, axis=-1))
        return tf.concat([h, c], axis=-1), z

    @compiled
    def heads(self, state):
        """The `Prediction` of what follows, from a state."""
        return self.predict(*state)

    def predict(self, memory, z):
        """The `Prediction` from memories [..., 2 H] and what was seen last [..., Z]."""
        known = tf.concat([memory, z], axis=-1)
        shape = tf.concat([tf.shape(z), [self.config.mixtures]], axis=0)
        logits, mean, log_std = (tf.reshape(part, shape) for part in tf.split(self.head(known), 3, axis=-1))
        reward, done = tf.unstack(self.events[1](self.events[0](known)), axis=-1)
        return Prediction(logits, mean, LOG_STD * tf.tanh(log_std / LOG_STD), reward, done)

    @property
    def causal(self):
        """What counts of `chain` [Z, 2, Z, K]: no number of z is foreseen given itself, or a later one."""
        return self.chain * self.before

    @compiled
    def sample(self, prediction, temperature, uniform, normal):
        """z [B, Z] drawn at a temperature; see `IM.world_models.likelihood.draw`."""
        return draw(prediction, self.causal, temperature, uniform, normal)

    @compiled
    def imagine(self, z, action, state, temperature, uniform, normal):
        """A step of a dream: the next z [B, Z] and state, the reward [B], and the probability [B] of the end."""
        state = self.step(z, action, state)
        prediction = self.heads(state)
        following = self.sample(prediction, temperature, uniform, normal)
        return following, state, prediction.reward, tf.sigmoid(prediction.done)

    def read(self, windows):
        """The memory [L, N, 2 H] after each step of windows, and the `Prediction` of what follows.

        Where an episode starts, M knows as little as where a window starts.
        """

        def after(state, seen):
            z, action, first = seen
            return self.step(z, action, tuple(part * (1 - first[:, None]) for part in state))

        z, rows = windows.z[:-1], tf.shape(windows.z)[1]
        nothing = tuple(tf.zeros((rows, part.shape[1])) for part in self.initial(1))
        memory, _ = tf.scan(after, (z, windows.action, windows.first[:-1]), nothing)
        return memory, given(self.predict(memory, z), windows.z[1:], self.causal)

    @compiled(free=3)
    def update(self, windows, learning_rate):
        """A gradient step on each of K times N `Windows`; the means of what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = dict.fromkeys(("log_prob", "reward_loss", "done_loss"), 0.0)
        count = tf.shape(windows.z)[0]
        for k in tf.range(count):
            one = tf.nest.map_structure(lambda array, k=k: array[k], windows)
            with tf.GradientTape() as tape:
                loss, logged = loss_of(self.read(one)[1], one, self.config)
            self.optimizer.apply(tape.gradient(loss, self.variables), self.variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(count, tf.float32) for name in total}

    @compiled(free=2)
    def log_prob(self, windows):
        """[N]: the mean log-likelihood of a step of each window, without those that another episode follows."""
        _, prediction = self.read(windows)
        log_prob, goes_on = mixture_log_prob(windows.z[1:], prediction), 1 - windows.first[1:]
        steps = tf.maximum(tf.reduce_sum(goes_on, axis=0), 1)
        return tf.reduce_sum(tf.reduce_sum(log_prob, axis=-1) * goes_on, axis=0) / steps

    @compiled(free=2)
    def remember(self, windows):
        """The memory [L, N, 2 H] after each step of windows."""
        return self.read(windows)[0]


def learn(config, latents):
    """The whole algorithm; returns M."""
    config = suited(config, latents)
    begin(config)
    unseen_ones = np.arange(latents.first.shape[1]) % UNSEEN == 0
    seen, unseen = latents.of(~unseen_ones), latents.of(unseen_ones)
    agent = MDNRNN(config)
    rate = Linear(config.learning_rate, config.learning_rate / 20, config.steps)

    def evaluate(agent, windows, seed):
        drawn = draw_windows(unseen, (windows,), config.window, np.random.default_rng(seed))
        return Evaluation(agent.log_prob(drawn))

    with Trainer(config, agent=agent, evaluate=evaluate) as trainer:
        for step in trainer:
            size = config.gradient_steps, config.batch_size
            windows = draw_windows(seen, size, config.window, agent.rng)
            trainer.log(**agent.update(windows, rate(step)))
    return trainer.best_agent


def main(config):
    """Record, encode by V, train M; keep both in world_model.npz, and say what M remembers."""
    from IM.world_models.dream import WorldModel  # here, since these pages are built on this one
    from IM.world_models.insight import print_read_out

    v, file = newest_v(config.vae)
    if v.config.quick and not config.quick:
        raise ValueError(f"{file} is of a quick run, and tells little; train V first: python IM/world_models/vae.py")
    folder = Path(config.run_folder) if config.run_folder else new_folder("mdn_rnn", config.seed)
    config = replace(config, vae=file, run_folder=folder.as_posix())  # that V, too, where the run goes on
    latents = encode(v, record(v.config, steps=150 if config.quick else None))
    agent = learn(config, latents)
    WorldModel.of(v, agent, latents).save(folder / "world_model.npz")
    print_read_out(agent, v, config.seed + 1_000)
    file = (folder / "world_model.npz").as_posix()
    print(f"V and M saved to {file}; python IM/world_models/controller.py --world-model {file}")


if __name__ == "__main__":
    run_training(main, MDNRNN, [Config()], __doc__)
