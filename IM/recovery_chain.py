"""Why imitation is hard: one mistake leads to the next. A road on which DAgger beats cloning (Day 6).

At each of T positions of a road stands one of 20 signs, drawn at random. At each sign one of three actions is right,
always the same one. Any other leads into the ditch, where every step costs 1. The teacher would leave the ditch at
once, by a fourth action: it climbs. It never has to, so no demonstration shows it.

Both students get the same number of labels, too few for everything, so they err with a small probability ε a step.
Cloning stays in the ditch to the end of the road, so its cost grows like ε T². DAgger was told to climb where it had
fallen, and pays for a step or two each time: ε T (Ross et al. 2011, theorems 2.1 and 3.2). That is so only where the
teacher can repair a mistake. Where nobody can climb, labels in the ditch teach nothing, and DAgger is worse than
cloning.

    python IM/recovery_chain.py
    python IM/recovery_chain.py --contexts 50 --episodes 250 --seeds 40

computes what the students cost, exactly, fits the exponent of T, and saves a plot, in about 5 seconds; the larger
numbers take half a minute.
"""

from dataclasses import dataclass

import numpy as np

from framework.cli import CommonOptions, run
from framework.runs.parallel import run_parallel

LENGTHS = (10, 20, 50, 100, 200)
CLIMB = 3  # the other actions are 0, 1, 2


class Chain:
    """The road. State [t, c] is position t at sign c; [t, contexts] is the ditch beside it.

    Args:
        length: T, its positions.
        contexts: how many signs there are.
        rng: draws which action is right at which sign.
        recovers: whether one can climb out of the ditch.

    Attributes:
        teacher: [T, contexts + 1] int, what the teacher would do.
    """

    def __init__(self, length, contexts, rng, recovers=True):
        self.length, self.contexts, self.recovers = length, contexts, recovers
        self.teacher = np.full((length, contexts + 1), CLIMB)
        self.teacher[:, :contexts] = rng.integers(CLIMB, size=(length, contexts))

    def walk(self, policy, rng):
        """Walk along the road once, with ``policy`` [T, contexts + 1]; returns the c of each state [T]."""
        at = rng.integers(self.contexts, size=self.length)  # the signs, were one always on the road
        right = policy == self.teacher
        stays_up, gets_up = right[np.arange(self.length), at].tolist(), (right[:, -1] & self.recovers).tolist()
        fallen = False
        for t in range(self.length):
            if fallen:
                at[t] = self.contexts
            fallen = not (gets_up[t] if fallen else stays_up[t])
        return at

    def cost(self, policy):
        """How many steps a policy spends in the ditch, in expectation: exact, by one pass along the road."""
        right = policy == self.teacher
        stays_up, gets_up = right[:, :-1].mean(axis=1), right[:, -1] & self.recovers
        fallen, cost = 0.0, 0.0  # the probability of being in the ditch, and its sum over the positions
        for t in range(self.length):
            cost += fallen
            fallen = fallen * (not gets_up[t]) + (1 - fallen) * (1 - stays_up[t])
        return cost


class Student:
    """A table of counted labels: it does what it was told most often there, or anywhere where it was told nothing."""

    def __init__(self, chain):
        self.counts = np.zeros((*chain.teacher.shape, CLIMB + 1), int)  # [T, contexts + 1, A]
        self.policy = np.zeros(chain.teacher.shape, int)

    def learn(self, at, labels):
        """Learn the labels [T] of one walk."""
        self.counts[np.arange(len(at)), at, labels] += 1
        told = self.counts.any(axis=2)
        self.policy = np.where(told, self.counts.argmax(axis=2), self.counts.sum(axis=(0, 1)).argmax())


def imitate(chain, episodes, rng, dagger, noise=0.0, executed=False):
    """What a student [T, contexts + 1] has learnt from so many walks: the teacher's; or its own, after the first.

    Args:
        noise: the probability with which a label is any action. It should be 0: a teacher says what it means.
        executed: take what was done for the label, in place of what the teacher would do. It should not.
    """
    student, position = Student(chain), np.arange(chain.length)
    for episode in range(episodes):
        acting = student.policy if dagger and episode else chain.teacher
        at = chain.walk(acting, rng)
        labels = (acting if executed else chain.teacher)[position, at]
        if noise:
            labels = np.where(rng.random(chain.length) < noise, rng.integers(CLIMB + 1, size=chain.length), labels)
        student.learn(at, labels)
    return student.policy


STUDENTS = {  # whether the student acts, whether one can climb, and the mistakes that are made on purpose
    "cloning": (False, True, {}),
    "DAgger": (True, True, {}),
    "DAgger, nobody can climb": (True, False, {}),  # to cloning, which never climbs, that makes no difference
    "DAgger, a noisy teacher": (True, True, {"noise": 0.1}),
    "DAgger, label = executed action": (True, True, {"executed": True}),
}


def costs(name, contexts, episodes, seed):
    """The exact costs of one kind of student, [len(LENGTHS)]; all kinds of one seed learn on the same roads."""
    dagger, recovers, mistakes = STUDENTS[name]
    result = []
    for length in LENGTHS:
        rng = np.random.default_rng((seed, length))
        chain = Chain(length, contexts, rng, recovers)
        result.append(chain.cost(imitate(chain, episodes, rng, dagger, **mistakes)))
    return result


def exponent(mean_costs):
    """The b of cost = a T^b, by least squares between the logarithms; None where no power fits.

    It is none where a cost is 0, or where a student spends most of the longest road in the ditch: T is the most.
    """
    if min(mean_costs) <= 0 or mean_costs[-1] > LENGTHS[-1] / 2:
        return None
    return float(np.polyfit(np.log(LENGTHS), np.log(mean_costs), 1)[0])


@dataclass(frozen=True)
class Options(CommonOptions):
    contexts: int = 20
    """How many signs there are."""
    episodes: int = 100
    """How many walks each student learns from, T labels each."""
    seeds: int = 20
    """How many roads of each length, and students of each kind: seed, seed + 1 …"""
    plot: str = "runs/recovery_chain/costs.png"
    """Where the plot goes."""


RANGES = {"contexts": (1, 1_000), "episodes": (1, 10_000), "seeds": (1, 1_000), "seed": (0, 2**32)}


def main(options):
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high:,}; got {getattr(options, name)}")
    seeds = range(options.seed, options.seed + (min(5, options.seeds) if options.quick else options.seeds))
    calls = [(name, options.contexts, options.episodes, seed) for name in STUDENTS for seed in seeds]
    results = np.reshape(run_parallel(costs, calls), (len(STUDENTS), len(seeds), len(LENGTHS)))
    print(f"{'steps in the ditch, where T is':>32}", *(f"{length:7d}" for length in LENGTHS))
    for name, of_seeds in zip(STUDENTS, results, strict=True):
        mean = of_seeds.mean(axis=0)
        print(f"{name:>32}", *(f"{cost:7.2f}" for cost in mean), f"  {power(mean)}")
    draw_costs(results, options.plot)


def power(mean_costs):
    """The fitted power of T in words."""
    b = exponent(mean_costs)
    return "no power of T" if b is None else f"~ T^{b:.2f}"


def draw_costs(results, path):
    """The costs [len(STUDENTS), seeds, len(LENGTHS)] over T, both axes logarithmic: an exponent is a slope."""
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, draw_curve, finish, save_figure

    figure, ax = plt.subplots(figsize=(8.5, 6), layout="constrained")
    for (name, of_seeds), colour, marker in zip(zip(STUDENTS, results, strict=True), COLOURS, "os^vDX", strict=False):
        style = {} if name in ("cloning", "DAgger") else {"linestyle": "--"}
        label = f"{name} {power(of_seeds.mean(axis=0))}" if exponent(of_seeds.mean(axis=0)) else name
        draw_curve(ax, LENGTHS, of_seeds, label, colour, marker=marker, markersize=5, **style)
    ax.plot(LENGTHS, LENGTHS, ":", color="0.4", label="every step in the ditch")
    ax.set(xscale="log", yscale="log", xlabel="T, the length of the road", xticks=LENGTHS, xticklabels=LENGTHS)
    ax.set(ylabel="steps in the ditch (exact; 95% band)", title="What a mistake costs, with equal numbers of labels")
    ax.minorticks_off()
    finish(ax)
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
