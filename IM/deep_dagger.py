"""Imitation by a network: behavioural cloning and DAgger (Ross et al. 2011), Day 6. Read `imitate` first.

A teacher is asked what it would do; a network learns to say the same, as in any classification:

    minimise  E[-log π(label | s)]   over all states s in which the teacher was asked so far

Cloning asks in the states that the teacher itself visits. The student then makes a mistake, comes to a state that the
teacher never gets into, and does not know what to do there. DAgger lets the student act, and asks in the states that
the student visits. The label is the teacher's action in both, whatever is then done.

    python IM/deep_dagger.py                              Catcher from pixels; the teacher sees positions and speeds
    python IM/deep_dagger.py --env CatcherState-v0        Catcher from five numbers
    python IM/deep_dagger.py --env LunarLander-v3         the teacher is Gymnasium's heuristic; needs the extra box2d
    python IM/deep_dagger.py --teacher FN/trained/ppo_agent.npz     Day 4's agent, which sees the same pixels

prints and plots the return over the number of labels, of several seeds. From pixels DAgger is near the teacher's 16
with 1,600 labels, where cloning gets some 3; from five numbers 200 are enough for both. It takes 0.5 to 3 minutes.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from framework.cli import CommonOptions, run
from framework.evaluate import evaluate, evaluation_seed
from framework.graph import compiled, same_shape
from framework.method import Method
from framework.networks import Layers, discrete_actions
from framework.runs.parallel import run_parallel
from framework.tf import keras, set_seed, tf
from framework.vector import make_vector
from IM.teachers import make_teacher

FILTERS = ((16, 8, 4), (32, 4, 2))  # filters, kernel and stride of each convolution, for pictures (Mnih et al. 2013)
BATCH_SIZE = 64  # labels of a gradient step
MOST_LABELS = 20_000  # pictures take 14 kB each


@dataclass(frozen=True)
class Plan:
    """How much is asked, learnt and tried in a world.

    Attributes:
        labels: after how many labels the student is tried out.
        round_labels: how many labels a round asks for; then the student learns.
        gradient_steps: how many of them a round takes.
        validation, test: episodes that choose the best student, and other ones that say how good it is.
        takes: what the default command takes on two cores.
        limit: options of the worlds to be taught in. Where a bad student can go on and on, an episode must end: it
            would take all the labels.
    """

    labels: tuple[int, ...]
    round_labels: int
    gradient_steps: int
    validation: int
    test: int
    takes: str
    limit: dict = field(default_factory=dict)


# Returns in LunarLander differ by 100 and more, so its best student takes more episodes to find.
PLANS = {
    "Catcher-v0": Plan((400, 800, 1600, 3200), 50, 40, 20, 20, "about 3 minutes and 1 GB of memory"),
    "CatcherState-v0": Plan((20, 40, 60, 80, 100, 200, 300), 10, 200, 20, 100, "half a minute and 0.6 GB of memory"),
    "LunarLander-v3": Plan(
        (250, 500, 1000, 1500), 25, 200, 60, 100, "about 2 minutes and 0.7 GB", {"max_episode_steps": 300}
    ),
}


class NetworkStudent(Method):
    """A network that says what the teacher would do, and everything that the teacher has said so far.

    Args:
        obs_space, action_space: of one world; actions are Discrete.
        seed: of its weights and its minibatches.
        hidden: units of the hidden layers.
        filters: of the convolutions, for pictures.
        learning_rate: the step size of Adam.
    """

    based_on, prediction_target, kept_in = "policy", "label", "function"

    def __init__(self, obs_space, action_space, seed, hidden=(64, 64), filters=FILTERS, learning_rate=1e-3):
        self.actions = discrete_actions(action_space)
        layers = Layers(seed)
        obs, features = layers.read(obs_space, filters)
        self.network = keras.Model(obs, layers.linear(layers.dense(features, hidden), self.actions, scale=0.01))
        self.optimizer = keras.optimizers.Adam(learning_rate)
        self.optimizer.build(self.network.trainable_variables)
        self.rng = np.random.default_rng(seed)
        self.obs, self.labels = [], []  # arrays [n, …] and [n]

    def add(self, obs, labels):
        """Remember what the teacher would do, labels [n], when it saw obs [n, …]. Nothing is ever forgotten.

        Raises:
            ValueError: not one label for each observation, or no such action.
        """
        labels = np.asarray(labels)
        if len(obs) != len(labels) or not ((labels >= 0) & (labels < self.actions)).all():
            raise ValueError(f"each observation needs a label from 0 to {self.actions - 1}; got {labels}")
        self.obs.append(np.array(obs))
        self.labels.append(labels.astype(np.int64))

    def fit(self, gradient_steps):
        """So many gradient steps, each on a minibatch of all the labels; returns the mean loss.

        Raises:
            ValueError: there is no label yet.
        """
        if not self.labels:
            raise ValueError("there is no label to learn from yet")
        self.obs, self.labels = [np.concatenate(self.obs)], [np.concatenate(self.labels)]
        rows = self.rng.integers(len(self.labels[0]), size=(gradient_steps, BATCH_SIZE))
        return float(self.update(self.obs[0], self.labels[0], rows))

    @compiled
    def update(self, obs, labels, rows):
        """A gradient step on each of K minibatches of ``rows`` [K, N], a loop inside the graph; the mean loss."""
        total = 0.0
        for row in rows:
            with tf.GradientTape() as tape:
                loss = self.loss(tf.gather(obs, row), tf.gather(labels, row))
            variables = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(tf.shape(rows)[0], tf.float32)

    def loss(self, obs, labels):
        """The mean of -log π(label | s) over labels [N]."""
        error = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, self.network(obs))
        same_shape(error, labels)
        return tf.reduce_mean(error)

    @compiled
    def probs(self, obs):
        """[B, A]: how probable each action of the teacher is, to the student, at each row [B, …]."""
        return tf.nn.softmax(self.network(obs))

    def act(self, obs):
        """The most probable action of each row [B, …]."""
        return self.probs(obs).argmax(axis=-1)


class Check(NamedTuple):
    """How good a student is after so many labels: mean returns of fresh episodes.

    Attributes:
        last: of the student as it is now.
        best: of that one, of all so far, whose validation episodes went best.
    """

    labels: int
    loss: float
    validation: float
    last: float
    best: float


def imitate(student, teacher, envs, plan, beta_decay, trial, rng, executed=False):
    """The whole algorithm: a generator of `Check`. At its end the student is the best one of all.

    Args:
        student: a `NetworkStudent`.
        teacher: function of a `framework.vector.VectorWorld` to what the teacher would do there now, [B]; see
            `IM.teachers`.
        envs: the worlds to be taught in. Episodes go on from one round to the next, so that all of them is seen.
        plan: a `Plan`.
        beta_decay: in round i the teacher acts with probability beta_decay^(i - 1): 1 is cloning, 0 is DAgger.
        trial: function (policy, episodes, seed) to their mean return; validation and test have seeds of their own.
        rng: draws who acts.
        executed: store what was done as the label. That is the classic mistake.
    """
    asked, best_validation, best, kept = 0, -np.inf, None, None
    for number in range(plan.labels[-1] // plan.round_labels):
        beta = beta_decay**number
        for _ in range(plan.round_labels // envs.num_envs):
            label = teacher(envs)
            action = np.where(rng.random(len(label)) < beta, label, student.act(envs.obs))  # drawn anew at each step
            student.add(envs.obs, action if executed else label)
            envs.step(action)
            asked += len(label)
        loss = student.fit(plan.gradient_steps)
        if asked in plan.labels:
            validation, last = trial(student.act, plan.validation, seed=1), trial(student.act, plan.test, seed=2)
            if validation > best_validation:
                best_validation, best, kept = validation, last, student.network.get_weights()
            yield Check(asked, loss, validation, last, best)
    student.network.set_weights(kept)


# ------------------------------------------------------------------------------------------
# The experiment
# ------------------------------------------------------------------------------------------


class Trials:
    """Mean returns of fresh episodes, one in each world, in worlds that are kept; see `framework.evaluate`."""

    def __init__(self, env_id, options):
        self.env_id, self.options, self.worlds = env_id, options, {}

    def __call__(self, policy, episodes, seed):
        """``policy`` is a function of observations [B, …]; other seeds are other episodes."""
        return evaluate(policy, self.envs(episodes), evaluation_seed(seed, episodes)).mean

    def envs(self, count):
        if count not in self.worlds:
            self.worlds[count] = make_vector(self.env_id, count, 0, **self.options)
        return self.worlds[count]


def imitate_once(env_id, path, plan, beta_decay, seed, executed=False):
    """Let a new student learn; returns its `Check`s."""
    set_seed(seed)
    teacher, options = make_teacher(env_id, path)
    envs = make_vector(env_id, 1, seed, **options, **plan.limit)
    student = NetworkStudent(envs.observation_space, envs.action_space, seed)
    rng = np.random.default_rng((seed, 6))
    return list(imitate(student, teacher, envs, plan, beta_decay, Trials(env_id, options), rng, executed))


def worth_of_teacher(env_id, path, episodes):
    """The teacher's mean return, in the episodes that test the students."""
    teacher, options = make_teacher(env_id, path)
    trials = Trials(env_id, options)
    return trials(lambda obs: teacher(trials.envs(episodes)), episodes, seed=2)


@dataclass(frozen=True)
class Options(CommonOptions):
    env: str = "Catcher-v0"
    """The world: Catcher-v0 (pixels), CatcherState-v0 (five numbers), LunarLander-v3, or that of --teacher."""
    teacher: str = ""
    """The file of an agent that FN/ppo_agent.py has trained, to be the teacher. Otherwise it is the one who knows the
    world: Catcher's oracle, or Gymnasium's heuristic for LunarLander."""
    labels: tuple[int, ...] = ()
    """After how many labels the students are tried out; by default as many as suit the world."""
    beta_decay: float = 0.0
    """In DAgger's round i the teacher acts with probability beta_decay^(i - 1)."""
    seeds: int = 3
    """How many independent students of each kind, in parallel: seed, seed + 1 …"""
    plot: str | None = None
    """Where the plot goes: by default runs/deep_dagger/WORLD.png."""


RANGES = {"seeds": (1, 100), "seed": (0, 2**31), "beta_decay": (0, 1)}


def plan_of(options):
    """The `Plan` of the options.

    Raises:
        ValueError: an option is out of range.
    """
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high:,}; got {getattr(options, name)}")
    plan = PLANS.get(options.env, PLANS["Catcher-v0"])
    if options.quick:
        plan = replace(plan, labels=plan.labels[:2], validation=5, test=10)
    if options.labels:
        plan = replace(plan, labels=options.labels)
    size = plan.round_labels
    wrong = any(not 1 <= number <= MOST_LABELS or number % size for number in plan.labels)
    if wrong or sorted(set(plan.labels)) != list(plan.labels):
        most = f"at most {MOST_LABELS:,}"
        raise ValueError(f"labels must rise and be multiples of {size}, a round's, {most}; got {options.labels}")
    return plan


def main(options):
    plan, kinds = plan_of(options), {"cloning": 1.0, "DAgger": options.beta_decay}
    make_teacher(options.env, options.teacher)  # refuses here what it would refuse later
    seeds = range(options.seed, options.seed + (1 if options.quick else options.seeds))
    print(f"{options.env}: {len(seeds)} students of each kind" + ("" if options.quick else f"; {plan.takes}"))
    worth = worth_of_teacher(options.env, options.teacher, plan.test)
    calls = [(options.env, options.teacher, plan, beta, seed) for beta in kinds.values() for seed in seeds]
    checks = run_parallel(imitate_once, calls)
    results = {name: np.array([[check.best for check in checks.pop(0)] for _ in seeds]) for name in kinds}
    print(f"the teacher gets {worth:.1f}; the best students so far, medians:")
    print(f"{'labels':>8}", *(f"{number:7d}" for number in plan.labels))
    for name, of_seeds in results.items():
        print(f"{name:>8}", *(f"{best:7.1f}" for best in np.median(of_seeds, axis=0)))
    draw_returns(results, worth, plan, options)


def draw_returns(results, worth, plan, options):
    """The returns of all students over labels, on a logarithmic axis, and their medians."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter

    from framework.plots import COLOURS, finish, save_figure

    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for (name, of_seeds), colour, style in zip(results.items(), COLOURS, ("o-", "s--"), strict=False):
        ax.plot(plan.labels, np.transpose(of_seeds), color=(colour, 0.3), linewidth=0.8)
        ax.plot(plan.labels, np.median(of_seeds, axis=0), style, color=colour, label=f"{name}, median", linewidth=2)
    ax.axhline(worth, color=COLOURS[5], linestyle=":", label="the teacher")
    ax.axhline(0.9 * worth, color=COLOURS[5], linestyle=(0, (1, 6)), label="0.9 of the teacher")
    ax.set(xscale="log", xlabel="labels", ylabel="mean return of fresh episodes")
    ax.set(title=f"{options.env}: the best student so far, each seed thin")
    ax.set_xticks(plan.labels, plan.labels)
    ax.xaxis.set_minor_formatter(NullFormatter())
    finish(ax)
    save_figure(figure, options.plot or f"runs/deep_dagger/{options.env.replace('/', '-').replace(':', '-')}.png")


if __name__ == "__main__":
    run(main, Options, __doc__)
