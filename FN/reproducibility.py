"""What one run says, and three, and ten: seeds, and what else changes the result of the same settings (Day 5).

Deep reinforcement learning is told by few runs, and runs differ by nothing but chance. Here some hundred short ones
of Day 4's PAAC agent on CartPole are the world in which it can be counted how often a few of them mislead. A run's
score is the mean return of all its evaluations. A and B differ by the learning rate alone.

1. Ten seeds of A as five and five (Henderson et al. 2018, "Deep reinforcement learning that matters", figure 5). And
   three seeds of ten for A and three for B: how many of the 14,400 choices say the opposite of all seeds?
2. What scores depend on: the learning rate (Islam et al. 2017); the seed of the network's start alone, and that of
   the worlds alone; the rounding of sums, by another number of threads; and the last bit of one weight.
3. How often a 95% interval of n seeds holds the truth (Agarwal et al. 2021).
4. How often n seeds of each find the difference of two settings, and how often one that is not there (Colas, Sigaud
   & Oudeyer 2018, "How many random seeds?"):

    power(n) = P(the test says that B is better | B is better),    false positives(n) = P(it says so | they are equal)

For 3 and 4 seeds are drawn with replacement from all runs, so that their statistic is the truth.

    python FN/reproducibility.py                    50 seeds of five learning rates, about 2 minutes on two cores
    python FN/reproducibility.py --seeds 100        goes on: runs that are finished stay, also after Ctrl-C
    python FN/reproducibility.py --plot docs/reproducibility.png

`FN.reproducibility_runs` makes the runs, `FN.reproducibility_statistics` counts. Read `study`, at the bottom, first.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from FN.reproducibility_plots import draw
from FN.reproducibility_report import report
from FN.reproducibility_runs import Run, measure
from FN.reproducibility_statistics import choices, coverage, deviations, halves, parted, power, welch
from framework.cli import CommonOptions, run
from framework.runs.files import written_whole
from framework.scores import interval, iqm

A, B = 2e-3, 1e-3  # learning rates: that of --test, and half of it, whose score 50 seeds tell apart from A's
RATES = (5e-4, B, A, 4e-3, 8e-3)
LAST_BIT = 2.0**-23  # of a float32, as a part of it
SIZES = (3, 5, 10, 20, 40)  # how many seeds
TEN = 10  # seeds of which three are chosen
MANY = 256  # worlds; with them sums are long enough for TensorFlow to share them between threads


@dataclass(frozen=True)
class Options(CommonOptions):
    """How many runs, and how often to draw from them."""

    seed: int = 100
    """The first seed; 0 to 7 were looked at while this was written."""
    seeds: int = 50
    """How many runs of each learning rate, at least 10."""
    table: int = 6
    """How many starts of the network meet as many seeds of the worlds."""
    pairs: int = 3
    """How many seeds are run again, with other threads, and with one weight's last bit changed."""
    draws: int = 1_000
    """How often n seeds are drawn."""
    workers: int = 2
    """How many processes learn, at least 2."""
    folder: str = "runs/reproducibility"
    """Where the runs and results.json are."""
    plot: str | None = None
    """Where the plot goes; by default into the folder."""


def pairs_of(seeds, **short):
    """{what differs: [(`Run`, `Run`), a pair for each seed]}."""
    ones, many = ([Run(A, seed, seed, num_envs=count, **short) for seed in seeds] for count in (16, MANY))
    twos = [[one._replace(threads=2) for one in runs] for runs in (ones, many)]

    def pairs(runs, others=None, **change):
        return [(one, other._replace(**change)) for one, other in zip(runs, others or runs, strict=True)]

    return {
        "16 worlds, 1 thread, twice": pairs(ones, number=2),
        "16 worlds, 1 thread and 2": pairs(ones, twos[0]),
        f"{MANY} worlds, 1 thread, twice": pairs(many, number=2),
        f"{MANY} worlds, 2 threads, twice": pairs(twos[1], number=2),
        f"{MANY} worlds, 1 thread and 2": pairs(many, twos[1]),
        "16 worlds, the last bit of one weight": pairs(ones, nudged=LAST_BIT),
    }


def plan(options):
    """All runs: {learning rate: [`Run`]}, a table of them [network][worlds], and `pairs_of` some."""
    seeds = range(options.seed, options.seed + options.seeds)
    rates, short = ((A, B), {"evaluations": 2}) if options.quick else (RATES, {})
    pools = {rate: [Run(rate, seed, seed, **short) for seed in seeds] for rate in rates}
    table = [
        [Run(A, network, worlds, **short) for worlds in seeds[: options.table]] for network in seeds[: options.table]
    ]
    return pools, table, pairs_of(seeds[: options.pairs], **short)


def score(found):
    """Of a run: the mean of all its evaluations."""
    return float(np.mean(found["returns"]))


def pool_of(runs, found):
    """What came of the runs of one learning rate."""
    scores = [score(found[one]) for one in runs]
    return {
        "seeds": [one.worlds for one in runs], "returns": [found[one]["returns"] for one in runs], "scores": scores,
        "mean": float(np.mean(scores)), "std": float(np.std(scores, ddof=1)),
        "iqm": float(iqm(scores)), "interval": interval([scores]),
    }  # fmt: skip


def pair_of(one, other):
    """Where two runs part, and how far apart they are at each evaluation."""
    weights, returns = parted(one, other)
    apart = np.abs(np.subtract(one["returns"], other["returns"])).tolist()
    return {"weights_part": weights, "returns_part": returns, "apart": apart, "scores": [score(one), score(other)]}


def count(scores, options):
    """How often seeds mislead.

    Args:
        scores: {learning rate: [P]}.

    Returns:
        "halves", "choices", "coverage" and "power", as plain values.
    """
    rng, sizes = np.random.default_rng(options.seed), SIZES[:2] if options.quick else SIZES
    truth = float(np.mean(scores[B]) - np.mean(scores[A]))
    chosen = choices(scores[A][:TEN], scores[B][:TEN], truth)._asdict()
    chosen["of_the_ten"] = float(np.mean(scores[B][:TEN]) - np.mean(scores[A][:TEN]))
    chosen["p"] = float(welch(scores[A], scores[B]))
    del chosen["differences"]
    return {
        "halves": halves(scores[A][:TEN])._asdict(),
        "choices": chosen,
        "sizes": list(sizes),
        "coverage": [coverage(scores[A], n, options.draws, rng)._asdict() for n in sizes],
        "power": {
            f"{rate:g}": [power(scores[A], pool, n, options.draws, rng)._asdict() for n in sizes]
            for rate, pool in scores.items()
        },
    }


def study(options):
    """Learn what is not learnt yet, and count; everything, as JSON may have it."""
    pools, table, pairs = plan(options)
    runs = [one for pool in pools.values() for one in pool] + [one for row in table for one in row]
    runs += [one for of_kind in pairs.values() for pair in of_kind for one in pair]
    found = measure(runs, options.folder, options.workers)
    scores = {rate: [score(found[one]) for one in pool] for rate, pool in pools.items()}
    cells = [[score(found[one]) for one in row] for row in table]
    table = {"seeds": [one.worlds for one in table[0]], "scores": cells, "deviations": deviations(cells)._asdict()}
    about = list({json.dumps(one["made_with"]): one["made_with"] for one in found.values()}.values())
    return {
        "made_with": about, "runs": len(found), "draws": options.draws, "learning_rates": [A, B],
        "steps": found[pools[A][0]]["steps"],
        "pools": {f"{rate:g}": pool_of(pool, found) for rate, pool in pools.items()},
        "table": table,
        "pairs": {
            kind: {one.worlds: pair_of(found[one], found[other]) for one, other in of_kind}
            for kind, of_kind in pairs.items()
        },
        **count(scores, options),
    }  # fmt: skip


RANGES = {
    "seed": (0, 2**31 - 1_001), "seeds": (TEN, 1_000), "table": (2, TEN), "pairs": (1, TEN), "draws": (10, 100_000),
    "workers": (2, 256),
}  # fmt: skip


def main(options):
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high}; got {getattr(options, name)}")
    if options.quick:
        options = replace(options, seeds=TEN, table=2, pairs=1, draws=50)
    print(f"runs are kept in {options.folder}; Ctrl-C stops them, the same command goes on", flush=True)
    found = study(options)
    print("\n".join(report(found)))
    if len(found["made_with"]) > 1:
        print("the runs are of several computers or versions: see made_with in results.json")
    with written_whole(Path(options.folder, "results.json")) as part:
        part.write_text(json.dumps(found, indent=2), encoding="utf-8")
    plot = Path(options.plot or Path(options.folder, "reproducibility.png"))
    draw(found, plot)
    print(f"plot saved to {plot.as_posix()}")


if __name__ == "__main__":
    run(main, Options, __doc__)
