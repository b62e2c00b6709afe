"""Whether `framework.scores` says what rliable says (Agarwal et al. 2021; github.com/google-research/rliable).

It runs in an environment of its own, for rliable needs an older pandas:

    python -m venv PEER
    PEER/bin/pip install rliable==1.2.0 "pandas<3"
    PEER/bin/pip install --no-deps -e .
    PEER/bin/python bench/peers/rliable_scores.py     some minutes; writes bench/results/rliable_scores.json

Both read the same tables of random scores, from 3 runs of one world to 100 runs of five: bell-shaped, long-tailed,
with a share of failed runs, and whole numbers with many ties. What needs no chance must agree to rounding: the
interquartile mean, the probability of improvement, also between unequal numbers of runs, and the profile. Intervals
come from draws, 5,000 here and 10,000 or 2,000 there, and agree only as far as draws do: each difference of an end
stands beside the standard deviation of that end among ten of our own intervals, with other draws. rliable takes as
many runs in every world of one algorithm; where worlds have unequal numbers of runs there is nothing to compare with.
"""

import time

import numpy as np
from rliable import library, metrics

from bench.machine import machine, save
from framework.scores import (
    improvement_interval,
    interval,
    iqm,
    probability_of_improvement,
    profile,
    profile_interval,
)

DRAWS, SLOW_DRAWS = 10_000, 2_000  # of rliable, whose probability of improvement takes a test of ranks each time
OWN_SEEDS = range(10)
SHAPES = ((3, 3, 1), (5, 10, 1), (10, 10, 6), (20, 5, 26), (100, 50, 5))  # runs, runs of the other, worlds
KINDS = {  # function of (rng, size)
    "bell": lambda rng, size: rng.normal(1, 0.3, size),
    "long tail": lambda rng, size: rng.lognormal(0, 1, size),
    "some fail": lambda rng, size: (rng.random(size) > 0.3) + rng.normal(0, 0.1, size),
    "ties": lambda rng, size: rng.integers(0, 6, size) / 5,
}
THRESHOLDS = np.linspace(-0.1, 2, 43)


def worlds_of(scores):
    """rliable's matrix [runs, worlds] as our arrays [runs], one for each world."""
    return list(scores.T)


def draws_of(scores, function, draws):
    """(low, high) of rliable's percentile intervals, each [values]."""
    np.random.seed(0)  # rliable draws from NumPy's global generator
    _, found = library.get_interval_estimates({"x": scores}, function, reps=draws)
    return found["x"]


def ends(theirs, own):
    """How far ours with seed 0 is from theirs, and how far ours scatter, both as shares of the interval's width.

    Args:
        theirs: (low, high).
        own: [(low, high)], one for each seed.
    """
    theirs, own = np.ravel(theirs), np.array(own)
    width = theirs[1] - theirs[0]
    return {
        "rliable": theirs.tolist(),
        "ours": own[0].tolist(),
        "difference": float(np.abs(own[0] - theirs).max() / width),
        "difference_of_our_mean": float(np.abs(own.mean(0) - theirs).max() / width),
        "own_standard_deviation": float(own.std(0, ddof=1).max() / width),
    }


def compare(x, y):
    """Everything of one table x [runs, worlds] and of another y."""
    ours, others = worlds_of(x), worlds_of(y)

    def better(one, other):
        return np.array([metrics.probability_of_improvement(one, other)])

    profiles, profile_ends = library.create_performance_profile({"x": x}, THRESHOLDS, reps=SLOW_DRAWS)
    own_ends = np.array(profile_interval(ours, THRESHOLDS))
    return {
        "iqm": {"rliable": float(metrics.aggregate_iqm(x)), "ours": float(iqm(ours))},
        "iqm_interval": ends(
            draws_of(x, lambda scores: np.array([metrics.aggregate_iqm(scores)]), DRAWS),
            [interval(ours, seed=seed) for seed in OWN_SEEDS],
        ),
        "improvement": {"rliable": float(better(x, y)[0]), "ours": probability_of_improvement(ours, others)},
        "improvement_interval": ends(
            draws_of([x, y], better, SLOW_DRAWS),
            [improvement_interval(ours, others, seed=seed) for seed in OWN_SEEDS],
        ),
        "profile": float(np.abs(profiles["x"] - profile(ours, THRESHOLDS)).max()),
        "profile_interval": float(np.abs(profile_ends["x"] - own_ends).max()),
    }


def largest(tables):
    """The largest difference of each kind among all tables."""
    found = {}
    for name in ("iqm", "improvement"):
        found[name] = max(abs(table[name]["rliable"] - table[name]["ours"]) for table in tables.values())
    for name in ("profile", "profile_interval"):
        found[name] = max(table[name] for table in tables.values())
    for name in ("iqm_interval", "improvement_interval"):
        for what in ("difference", "difference_of_our_mean", "own_standard_deviation"):
            found[f"{name}_{what}"] = max(table[name][what] for table in tables.values())
    return found


def main():
    tables, began = {}, time.perf_counter()
    for kind, draw in KINDS.items():
        for runs, other_runs, worlds in SHAPES:
            rng = np.random.default_rng((runs, worlds))
            name = f"{kind}, {runs} and {other_runs} runs, {worlds} worlds"
            tables[name] = compare(draw(rng, (runs, worlds)), 0.9 * draw(rng, (other_runs, worlds)))
            one = tables[name]
            print(
                f"{name:38} iqm {one['iqm']['ours']:.4f} and {one['iqm']['rliable']:.4f}, ends"
                f" {one['iqm_interval']['difference']:.3f} of the width apart"
                f" (draws: {one['iqm_interval']['own_standard_deviation']:.3f})",
                flush=True,
            )
    print({name: float(f"{value:.3g}") for name, value in largest(tables).items()})
    about = {
        "machine": machine("rliable", "arch", "numpy", "scipy", "pandas"),
        "draws_of_rliable": [DRAWS, SLOW_DRAWS],
    }
    save("rliable_scores", {**about, "largest": largest(tables), "tables": tables})
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
