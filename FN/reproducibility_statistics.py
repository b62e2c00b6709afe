"""What seeds say and hide, as functions of scores: choices of three seeds, coverage of intervals, power of tests.

A pool of scores [P] stands for all runs that there could be. Seeds are drawn from it with replacement, so that its
own mean is the truth, and it is known how often what a few seeds say is true.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from framework.plots import mean_and_band
from framework.scores import CONFIDENCE, iqm

TAIL = (1 - CONFIDENCE) / 2  # on each side of an interval
RESAMPLES = 1_000  # of an interval that is looked at a thousand times


class Choices(NamedTuple):
    """What is said of A and B by those who choose k seeds of each, over all choices."""

    truth: float  # mean of B less mean of A
    a_better: float  # share of the choices
    b_better: float
    against: float  # share that says the opposite of the truth
    far_against: float  # share that says the opposite, by at least as much as the truth
    differences: np.ndarray  # [C] of the means, B less A
    worst: tuple  # (indices [k] of A, indices [k] of B), of the choice that is most against the truth


def choices(a, b, truth=None, k=3):
    """The `Choices` of k of the scores a [S] and k of b [S'].

    Args:
        truth: mean of B less mean of A, as far as it is known; by default that of these scores.

    Raises:
        ValueError: there are fewer than k scores.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if min(len(a), len(b)) < k:
        raise ValueError(f"{k} seeds cannot be chosen of {min(len(a), len(b))}")
    of_a, of_b = (np.array(list(combinations(range(len(scores)), k))) for scores in (a, b))
    differences = b[of_b].mean(axis=1)[None] - a[of_a].mean(axis=1)[:, None]
    truth = float(b.mean() - a.mean() if truth is None else truth)
    along = differences * np.sign(truth)
    worst = np.unravel_index(np.argmin(along), along.shape)
    return Choices(
        truth, float((differences < 0).mean()), float((differences > 0).mean()), float((along < 0).mean()),
        float((along <= -abs(truth)).mean()) if truth else 0.0, differences.ravel(),
        (tuple(of_a[worst[0]].tolist()), tuple(of_b[worst[1]].tolist())),
    )  # fmt: skip


class Halves(NamedTuple):
    """Seeds of one setting as two groups of equal size, over all ways to split them."""

    ways: int
    significant: float  # share of the ways in which Welch's test says that the groups differ
    worst: tuple  # (indices, indices) of the way in which it is surest of that
    p: float  # what it says then


def halves(scores):
    """The `Halves` of scores [2 m]."""
    scores, everyone = np.asarray(scores, float), set(range(len(scores)))
    ones = [one for one in combinations(range(len(scores)), len(scores) // 2) if 0 in one]
    others = [tuple(sorted(everyone - set(one))) for one in ones]
    p = welch(scores[np.array(ones)], scores[np.array(others)])
    worst = int(np.argmin(p))
    return Halves(len(ones), float((p < 1 - CONFIDENCE).mean()), (ones[worst], others[worst]), float(p[worst]))


def welch(a, b):
    """p [...] of Welch's test that a [..., n] and b [..., n'] have one mean; 1 where all scores are one number."""
    ours, theirs = (np.asarray(one, float) for one in (a, b))
    difference = ours.mean(axis=-1) - theirs.mean(axis=-1)
    of_a, of_b = (one.var(axis=-1, ddof=1) / one.shape[-1] for one in (ours, theirs))  # variances of the means
    with np.errstate(divide="ignore", invalid="ignore"):
        t = difference / np.sqrt(of_a + of_b)
        degrees = (of_a + of_b) ** 2 / (of_a**2 / (ours.shape[-1] - 1) + of_b**2 / (theirs.shape[-1] - 1))
    p = 2 * stdtr(np.where(np.isnan(degrees), 1, degrees), -np.abs(t))
    return np.where(np.isnan(p), 1.0, p)


def drawn(pool, n, draws, rng):
    """n seeds of a pool, with replacement, so many times: [draws, n]."""
    return rng.choice(np.asarray(pool, float), (draws, n))


class Coverage(NamedTuple):
    """How often a 95% interval of n seeds holds the truth."""

    bootstrap: float  # of the interquartile mean, by `bootstrap`
    student: float  # of the mean, by Student's t
    width: float  # of the first, its median


def coverage(pool, n, draws, rng):
    """The `Coverage` of intervals of n seeds of a pool [P]; the truth is the statistic of the whole pool."""
    samples = drawn(pool, n, draws, rng)
    low, high = bootstrap(samples, rng)
    mean, half = mean_and_band(samples.T)
    return Coverage(
        float(((low <= iqm(pool)) & (iqm(pool) <= high)).mean()),
        float((np.abs(mean - np.mean(pool)) <= half).mean()),
        float(np.median(high - low)),
    )


def bootstrap(samples, rng):
    """(low [D], high [D]): for each row of samples [D, n] the 95% interval of its IQM, as `framework.scores` has it.

    Which scores are drawn anew is the same for all rows. That spares drawing, and changes no row's interval.
    """
    n = samples.shape[1]
    anew = rng.integers(n, size=(RESAMPLES, n))
    ends = [np.quantile(iqm(sample[anew], axis=1), (TAIL, 1 - TAIL)) for sample in samples]
    return tuple(np.transpose(ends))


def improvement(a, b, rng):
    """(low [D], high [D]): for each row of a and b [D, n] the 95% interval of P(B > A), in the same way."""
    n = a.shape[1]
    of_a, of_b = (rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n for _ in range(2))  # [R, n]
    ends = []
    for one, other in zip(a, b, strict=True):
        better = (np.sign(other - one[:, None]) + 1) / 2  # [n of A, n of B]
        ends.append(np.quantile(((of_a @ better) * of_b).sum(axis=1), (TAIL, 1 - TAIL)))
    return tuple(np.transpose(ends))


class Power(NamedTuple):
    """How often n seeds of each find that B is better than A (+), or worse (-)."""

    welch: tuple  # (share +, share -) by Welch's test at 5%
    improvement: tuple  # the same by the 95% interval of P(B > A), which 0.5 lies outside of


def power(a, b, n, draws, rng):
    """The `Power` of n seeds of each of the pools a [P] and b [P']. With b = a, all that is found is false."""
    a, b = drawn(a, n, draws, rng), drawn(b, n, draws, rng)
    sign = np.where(welch(a, b) < 1 - CONFIDENCE, np.sign(b.mean(axis=1) - a.mean(axis=1)), 0)
    low, high = improvement(a, b, rng)
    return Power(
        (float((sign > 0).mean()), float((sign < 0).mean())), (float((low > 0.5).mean()), float((high < 0.5).mean()))
    )


def needed(sizes, found, least=0.8):
    """The first of the sizes from which on the shares found are all at least so large; None where there is none."""
    enough = [all(share >= least for share in found[i:]) for i in range(len(found))]
    return next((size for size, there in zip(sizes, enough, strict=True) if there), None)


class Deviations(NamedTuple):
    """Standard deviations of a table of scores [N, W]: a row for each start of the network, a column for each seed
    of the worlds."""

    network: float  # within a column: the network's start alone varies
    worlds: float  # within a row
    both: float  # of pairs that differ in both: of the whole table, as if all its cells were independent


def deviations(table):
    """The `Deviations` of a table; the first two are roots of mean variances."""
    table = np.asarray(table, float)
    network, worlds = (float(np.sqrt(table.var(axis=axis, ddof=1).mean())) for axis in (0, 1))
    return Deviations(network, worlds, both(table))


def both(table):
    """The standard deviation between cells that share neither row nor column: half their mean squared difference."""
    rows, columns = np.indices(table.shape)
    rows, columns, values = rows.ravel(), columns.ravel(), table.ravel()
    apart = (rows[:, None] != rows) & (columns[:, None] != columns)
    return float(np.sqrt(np.square(values[:, None] - values)[apart].mean() / 2))


def parted(run, other):
    """Where two runs part: the numbers, from 1 on, of the first evaluation at which their weights differ, and of the
    first that gives another return; None for never.

    Args:
        run, other: what `FN.reproducibility_runs.measure` gives of each.
    """

    def first(name):
        pairs = zip(run[name], other[name], strict=True)
        return next((number for number, (one, two) in enumerate(pairs, 1) if one != two), None)

    return first("digests"), first("returns")
