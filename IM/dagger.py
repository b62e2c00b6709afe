"""Imitation in a table: behavioural cloning, and DAgger (Day 6).

A teacher is asked what it would do, and a student learns to do the same. One number tells the two methods apart, the
probability β with which the teacher acts in round i, while the label is always the teacher's action:

    βᵢ = beta_decay^(i - 1)          1: cloning, the teacher always acts; 0: DAgger, the student acts from round 2 on

Cloning sees the states of the teacher alone. DAgger (Ross et al. 2011, algorithm 3.1) also sees those that the
student's mistakes lead to, puts all labels together, and takes the best student of all rounds, chosen by validation.

    python IM/dagger.py                    slippery FrozenLake; the teacher is trained if there is none yet
    python IM/dagger.py --teacher          train the teacher (Day 3's Q-learning) anew, then imitate it
    python IM/dagger.py --teacher --env Taxi-v4 --labels 100
    python IM/dagger.py --teacher --maze "maze=...T/.B.D/S...&prob=0.8"

prints what both students are worth, exactly, and saves a plot, in about 5 seconds. Both end equally good here: the
slippery ice takes the teacher itself everywhere, so no state is left that only a student gets into. In Taxi DAgger is
long behind: its first students wander about where a taxi need never go, and the labels are spent there. A road on
which it is far better is in recovery_chain.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from EL.q_learning import QLearningAgent
from environment import tabular_model
from framework.cli import CommonOptions, run
from framework.method import Method
from framework.runs.files import load_arrays, save_arrays
from framework.runs.parallel import progress_bar, run_parallel
from framework.tabular.world import expected_return, make_world, start_probs, uniforms

FORMAT = "nanoka teacher 1"
TEACHER_SETTINGS = {"learning_rate": 1.0, "rate_decay": 0.6, "initial_value": 1.0, "epsilon": 0.1}


class TeacherAgent:
    """Says what it would do, and always says the same: the first of the actions with the largest Q.

    An epsilon-greedy one would now and then say what it does not mean, and the student would learn that, too.

    Args:
        Q: [S, A].
    """

    def __init__(self, Q):
        self.Q = np.asarray(Q, float)
        self.actions = self.Q.argmax(axis=1).tolist()

    def policy(self, state):
        return self.actions[state]

    @classmethod
    def train(cls, env, episodes, seed=0):
        """A teacher that has learnt by Q-learning, as on Day 3."""
        env.reset(seed=seed)
        agent = QLearningAgent(env, seed, **TEACHER_SETTINGS)
        with progress_bar(episodes, "the teacher's episodes") as progress:
            for _ in agent.learn(env, episodes):
                progress.update()
        return cls(agent.Q)

    def save(self, path, world):
        """Write the teacher of a world to a file; it appears whole or not at all, and is never unpickled."""
        save_arrays(path, {"about": {"format": FORMAT, "world": world}, "Q": self.Q})

    @classmethod
    def load(cls, path, world, shape):
        """The teacher of that world in a file; ``shape`` is (S, A).

        Raises:
            ValueError: the file is damaged, something else, or of another world.
            OSError: there is no such file.
        """
        values = load_arrays(path)
        about, Q = values.get("about"), values.get("Q")
        if not isinstance(about, dict) or about.get("format") != FORMAT or not isinstance(Q, np.ndarray):
            raise ValueError(f"{path} holds no teacher of dagger.py's; --teacher trains one")
        if about.get("world") != world or Q.shape != shape:
            raise ValueError(f"{path} holds a teacher of {about.get('world')}; --teacher trains one of {world}")
        return cls(Q)


def clone_policy(shown, num_states, num_actions, unseen="shares"):
    """Behavioural cloning: the policy [S, A] that takes each action as often as it was shown.

    Args:
        shown: `framework.tabular.demonstrations.Demonstrations`, their episodes, or pairs (state, action).
        unseen: what to do in a state that was never shown: "shares" takes each action as often as it was shown in
            all of them, "most frequent" always the one that was shown most.

    Raises:
        ValueError: no such state or action, or ``unseen`` is neither.
    """
    shown = getattr(shown, "episodes", shown)
    if len(shown) and hasattr(shown[0], "steps"):
        shown = [step[:2] for episode in shown for step in episode.steps]
    state, action = np.asarray(shown, int).reshape(-1, 2).T
    if not ((state >= 0) & (state < num_states) & (action >= 0) & (action < num_actions)).all():
        raise ValueError(f"states must be from 0 to {num_states - 1}, actions from 0 to {num_actions - 1}")
    counts = np.zeros((num_states, num_actions))
    np.add.at(counts, (state, action), 1)
    return counted_policy(counts, unseen)


def counted_policy(counts, unseen="shares"):
    """`clone_policy` from labels that are counted already, counts [S, A]. Without any label it is uniform."""
    if unseen not in ("shares", "most frequent"):
        raise ValueError(f'unseen must be "shares" or "most frequent"; got {unseen!r}')
    overall = counts.sum(axis=0) if counts.any() else np.ones(counts.shape[1])
    if unseen == "most frequent":
        overall = np.arange(len(overall)) == overall.argmax()
    weights = np.where(counts.any(axis=1, keepdims=True), counts, overall)
    return weights / weights.sum(axis=1, keepdims=True)


class Asked(NamedTuple):
    """One step: the state, what the teacher would do there (the label), and what was done."""

    state: int
    label: int
    action: int


class Round(NamedTuple):
    """One round: its number (the first is 1), its β, its steps, the student after it, how its validation went."""

    number: int
    beta: float
    steps: tuple
    probs: np.ndarray  # [S, A]
    score: float


class Student(Method):
    """Counts the teacher's labels, and does what it was told; cloning and DAgger are this one class.

    Args:
        teacher: has ``policy(state)``, the label.
        num_states, num_actions: of the world.
        beta_decay: 1 for cloning, 0 for DAgger; in between the teacher acts less and less.
        seed: of the student's own random numbers.

    Attributes:
        counts: [S, A], all labels so far.
        probs: [S, A], the student's policy.
    """

    based_on, prediction_target = "policy", "label"

    def __init__(self, teacher, num_states, num_actions, beta_decay=0.0, seed=None):
        self.teacher, self.beta_decay = teacher, beta_decay
        self.random = uniforms(np.random.default_rng(seed if seed is None else (seed, 6))).__next__
        self.counts = np.zeros((num_states, num_actions))
        self.fit()

    def fit(self):
        """Make a policy of all the labels."""
        self.probs = counted_policy(self.counts)
        self.limits = self.probs.cumsum(axis=1).tolist()

    def remember(self, step):
        """Count what the teacher would do, also where something else was done: that is what is to be learnt."""
        self.counts[step.state, step.label] += 1

    def policy(self, state):
        """Draw an action from the student's policy."""
        luck, limits = self.random(), self.limits[state]
        return next((action for action, limit in enumerate(limits) if luck < limit), len(limits) - 1)

    def learn(self, env, rounds, labels, validate):
        """Generator of `Round`; each asks for so many labels. Episodes go on from one round to the next.

        Args:
            validate: function of the student's ``policy`` to how good it is; see `mean_return`.
        """
        state, _ = env.reset()
        for number in range(1, rounds + 1):
            beta, steps = self.beta_decay ** (number - 1), []
            for _ in range(labels):
                label = self.teacher.policy(state)
                action = label if self.random() < beta else self.policy(state)  # drawn anew at each step
                steps.append(Asked(state, label, action))
                next_state, _, terminated, truncated, _ = env.step(action)
                state = env.reset()[0] if terminated or truncated else next_state
            for step in steps:
                self.remember(step)
            self.fit()
            yield Round(number, beta, tuple(steps), self.probs, validate(self.policy))


def mean_return(env, policy, episodes):
    """The mean undiscounted return of so many episodes of ``policy``, a function of a state; one would say little."""
    total = 0.0
    for _ in range(episodes):
        (state, _), ended = env.reset(), False
        while not ended:
            state, reward, terminated, truncated, _ = env.step(policy(state))
            total, ended = total + reward, terminated or truncated
    return total / episodes


def imitate_once(Q, env_id, maze, beta_decay, rounds, labels, episodes, seed):
    """Let a new student learn from the teacher of Q.

    Returns:
        (best, last, visits): the exact return of the best student by then and of the last one, both [rounds], and how
        many of the labels were given in each state [S].
    """
    env, trial_env = make_world(env_id, maze), make_world(env_id, maze)
    env.reset(seed=seed)
    trial_env.reset(seed=seed + 1_000_000)
    student, starts = Student(TeacherAgent(Q), *Q.shape, beta_decay, seed), start_probs(env)
    best, last, best_score = [], [], -np.inf
    for after in student.learn(env, rounds, labels, lambda policy: mean_return(trial_env, policy, episodes)):
        last.append(starts @ expected_return(env, after.probs))
        best.append(last[-1] if after.score > best_score else best[-1])
        best_score = max(best_score, after.score)
    return np.array(best), np.array(last), student.counts.sum(axis=1)


@dataclass(frozen=True)
class Options(CommonOptions):
    teacher: bool = False
    """Train the teacher anew."""
    env: str = "FrozenLake-v1"
    """The world: FrozenLake-v1, Taxi-v4 or any other that shows its model P; or your own: module:World-v0, from a
    file module.py in the current folder that registers it."""
    maze: str | None = None
    """A maze of the simulator, instead of env: its link, in quotation marks, or "...T/.B.D/S..." alone."""
    teacher_episodes: int = 5_000
    """How many episodes the teacher learns from."""
    rounds: int = 20
    """How many rounds: in each the teacher is asked, then the student learns."""
    labels: int = 10
    """How many labels a round asks for, with either method."""
    beta_decay: float = 0.0
    """In DAgger's round i the teacher acts with probability beta_decay^(i - 1)."""
    validation: int = 50
    """How many episodes tell the best student of all rounds."""
    seeds: int = 10
    """How many independent students of each kind, in parallel: seed, seed + 1 …"""
    teacher_file: str = "runs/dagger/teacher.npz"
    """Where the teacher is kept."""
    plot: str = "runs/dagger/students.png"
    """Where the plot goes."""


RANGES = {"teacher_episodes": (1, 1_000_000), "rounds": (1, 1_000), "labels": (1, 100_000), "beta_decay": (0, 1)}
RANGES |= {"validation": (1, 10_000), "seeds": (1, 1_000), "seed": (0, 2**32)}


def find_teacher(options, env):
    """The saved teacher, or a new one, which is saved."""
    world = options.env if options.maze is None else f"the maze {options.maze}"
    shape = int(env.observation_space.n), int(env.action_space.n)
    if not options.teacher and Path(options.teacher_file).exists():
        return TeacherAgent.load(options.teacher_file, world, shape)
    print(f"the teacher learns from {options.teacher_episodes:,} episodes; it is kept in {options.teacher_file}")
    teacher = TeacherAgent.train(env, options.teacher_episodes, options.seed)
    teacher.save(options.teacher_file, world)
    return teacher


def main(options):
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high:,}; got {getattr(options, name)}")
    env = make_world(options.env, options.maze)
    tabular_model(env)  # refuses a world that shows none
    teacher = find_teacher(options, env)
    worth = start_probs(env) @ expected_return(env, np.eye(teacher.Q.shape[1])[teacher.actions])
    print(f"what they are worth, exactly, after {options.rounds * options.labels:,} labels:")
    print(f"    teacher: {worth:8.3f}")
    num_seeds, validation = options.seeds, options.validation
    if options.quick:  # students that are lost walk for as long as an episode may last
        num_seeds, validation = min(3, num_seeds), min(10, validation)
    seeds = range(options.seed, options.seed + num_seeds)
    plan, results = (options.rounds, options.labels, validation), {}
    for name, beta_decay in (("cloning", 1.0), ("DAgger", options.beta_decay)):
        calls = [(teacher.Q, options.env, options.maze, beta_decay, *plan, seed) for seed in seeds]
        results[name] = run_parallel(imitate_once, calls)
        ends = np.array([best[-1] for best, _, _ in results[name]])
        print(f"{name:>11}: {np.median(ends):8.3f} (median of {len(ends)}, {ends.min():.3f} to {ends.max():.3f})")
    draw_students(results, worth, options)


def draw_students(results, worth, options):
    """Left: what the students are worth, over labels; right: in which states the labels were given."""
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, draw_curve, finish, save_figure

    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 4.8), layout="constrained")
    asked = options.labels * np.arange(1, options.rounds + 1)
    visits = {name: np.sum([visits for _, _, visits in runs], axis=0) for name, runs in results.items()}
    order = np.argsort(-visits["cloning"], kind="stable")
    order = order[sum(visits.values())[order] > 0]
    for (name, runs), colour, dashes in zip(results.items(), COLOURS, ("-", "--"), strict=False):
        draw_curve(left, asked, [best for best, _, _ in runs], name, colour, linestyle=dashes)
        shares = visits[name][order] / visits[name].sum()
        right.plot(np.arange(1, len(order) + 1), shares, dashes, color=colour, label=name, drawstyle="steps-mid")
    left.axhline(worth, color=COLOURS[5], linestyle=":", label="the teacher")
    left.set(title="what the best student so far is worth", xlabel="labels", ylabel="return (exact; 95% band)")
    right.set(title="where the teacher was asked", xlabel="states, the teacher's favourites first")
    right.set(ylabel="share of the labels", ylim=(0, None))
    for ax in (left, right):
        finish(ax)
    save_figure(figure, options.plot)


if __name__ == "__main__":
    run(main, Options, __doc__)
