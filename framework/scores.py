"""What the scores of a few seeds say, and how surely (Agarwal et al. 2021, "Deep RL at the edge of the precipice").

Scores are arrays, one of them for each world, with a number for each seed: ``[[0.8, 1.0, 0.9], [0.7, 0.5, 0.9]]``.
Where there are several worlds their scores must be on one scale. Every interval is that of a stratified bootstrap:
seeds are drawn anew, with replacement and within each world, some thousand times, and the middle 95% of what comes
out is kept.
"""

import numpy as np
from scipy.stats import bootstrap, trim_mean

CONFIDENCE, RESAMPLES = 0.95, 5_000


def iqm(scores, axis=None):
    """The interquartile mean: of the middle half of all scores. One lucky or one failed seed moves it little."""
    return trim_mean(np.asarray(scores, float), 0.25, axis=axis)


def interval(worlds, statistic=iqm, seed=0):
    """(low, high): the 95% interval of a statistic of the scores of all worlds together.

    Args:
        worlds: arrays [S], one for each world.
        statistic: function of (scores, axis).

    Returns:
        (nan, nan) where a world has one seed only, from which nothing can be drawn anew.
    """
    return _interval(lambda *worlds, axis: statistic(np.concatenate(worlds, axis=axis), axis=axis), worlds, seed)


def probability_of_improvement(worlds, others):
    """P(X > Y): how often a run of the first does better than one of the second; ties count half; a mean over worlds.

    Args:
        worlds, others: arrays [S] and [S'], one for each world, in the same order.
    """
    return float(
        np.mean([_better(x, y) for x, y in zip(map(np.asarray, worlds), map(np.asarray, others), strict=True)])
    )


def improvement_interval(worlds, others, seed=0):
    """(low, high) of `probability_of_improvement`; both sides are drawn anew."""
    count = len(worlds)

    def statistic(*samples, axis):
        return np.mean([_better(x, y) for x, y in zip(samples[:count], samples[count:], strict=True)], axis=0)

    return _interval(statistic, [*worlds, *others], seed)


def profile(worlds, thresholds):
    """The performance profile [T]: which share of all runs scores more than each threshold [T]."""
    scores = np.concatenate([np.asarray(scores, float) for scores in worlds])
    return (scores > np.asarray(thresholds, float)[:, None]).mean(axis=1)


def profile_interval(worlds, thresholds, seed=0):
    """(low [T], high [T]) of `profile`, for each threshold by itself."""
    intervals = [interval(worlds, lambda scores, axis, t=t: (scores > t).mean(axis=axis), seed) for t in thresholds]
    return tuple(np.array(intervals).T)


def _better(x, y):
    """P(X > Y) + P(X = Y) / 2 along the last axes [..., S] and [..., S']."""
    difference = x[..., :, None] - y[..., None, :]
    return ((np.sign(difference) + 1) / 2).mean(axis=(-2, -1))


def _interval(statistic, samples, seed):
    samples = [np.asarray(sample, float) for sample in samples]
    if min(map(len, samples)) < 2:
        return float("nan"), float("nan")
    value = float(statistic(*samples, axis=-1))
    found = bootstrap(
        samples, statistic, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", vectorized=True,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    low, high = (end if np.isfinite(end) else value for end in (found.low, found.high))  # all draws were alike
    return float(low), float(high)
