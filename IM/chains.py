"""Chains of samples: do they agree, how much are they worth, and what do they say? (Day 6, for Bayesian inverse RL)

R-hat and the effective sample size look at the samples only. They cannot know of a mode that no chain has found; the
total variation to the enumerated posterior can, where there are few enough rewards to enumerate.
"""

import math
from dataclasses import dataclass

import numpy as np

from framework.runs.parallel import run_parallel


def r_hat(chains):
    """Split R-hat of one number in chains [C, N] (Gelman et al. 2013, section 11.4): about 1 if all halves agree.

    Returns:
        nan if no chain moved, so that there is nothing to compare, and inf if chains stand still at different places.
    """
    halves = _halves(chains)
    length = halves.shape[1]
    within, between = halves.var(axis=1, ddof=1).mean(), halves.mean(axis=1).var(ddof=1)
    if within == 0:
        return math.inf if between else math.nan
    return math.sqrt((length - 1) / length + between / within)


def effective_sample_size(chains):
    """How many independent draws would estimate the mean of one number in chains [C, N] as well as these.

    C × N / (1 + 2 × the sum of the autocorrelations), up to where two neighbours' sum is negative (Geyer 1992); nan
    where no chain moved.
    """
    halves = _halves(chains)
    length = halves.shape[1]
    deviations = np.fft.rfft(halves - halves.mean(axis=1, keepdims=True), 2 * length)
    covariance = np.fft.irfft(np.abs(deviations) ** 2)[:, :length].mean(axis=0) / length  # of steps that far apart
    within, total = halves.var(axis=1, ddof=1).mean(), covariance[0] + halves.mean(axis=1).var(ddof=1)
    if total == 0:
        return math.nan
    correlation = 1 - (within - covariance) / total
    pairs = correlation[: length // 2 * 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: negative[0] if len(negative) else None])
    return halves.size / max(2 * pairs.sum() - 1, 1 / math.log10(halves.size))


def _halves(chains):
    """[2 C, N / 2]: a chain that drifts disagrees with itself."""
    chains = np.asarray(chains, float)
    if chains.ndim != 2 or chains.shape[1] < 4:
        raise ValueError(f"chains must be an array [chains, steps] of at least 4 steps; got shape {chains.shape}")
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, -half:]])


def total_variation(irl, levels, probs):
    """Half the sum of |share among the samples levels [..., cells] - probs [K]|: 0 alike, 1 nothing in common."""
    visits = np.bincount(irl.number_of(levels).ravel(), minlength=len(probs))
    return float(np.abs(visits / visits.sum() - probs).sum() / 2)


@dataclass(frozen=True, eq=False)
class Study:
    """What several chains say.

    Attributes:
        mean, std, low, high: [S], of each cell's reward; 90% of the samples lie from low to high.
        steps: [n], where along the chains the next two were taken.
        tv: [n], total variation between what the chains visited and the enumerated posterior; nan without that.
        r_hat: [n], the largest of all cells; nan where no chain has moved.
        ess: the smallest effective sample size of all cells; nan where no chain has moved.
        accepted: the share of proposals.
        policy: [S, A], the predictive policy.
    """

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    steps: np.ndarray
    tv: np.ndarray
    r_hat: np.ndarray
    ess: float
    accepted: float
    policy: np.ndarray


def study(irl, episodes, chains=4, steps=50_000, seed=0, probs=None):
    """Run chains of a `BayesianIRL` from starts far apart: all cells lowest, all highest, and random ones.

    Args:
        probs: [K], the enumerated posterior, to hold the samples against.

    Returns:
        A `Study`.
    """
    count = len(irl.cells)
    starts = [np.zeros(count, int), np.full(count, len(irl.levels) - 1), *[None] * chains][:chains]
    calls = [(irl, episodes, (seed, number), steps, start) for number, start in enumerate(starts)]
    levels, accepted, policies = map(np.array, zip(*run_parallel(run_chain, calls), strict=True))

    checks = np.unique(np.geomspace(50, steps, 30).astype(int))
    seen = [levels[:, :check] for check in checks]  # each [C, N, cells]
    samples = irl.levels[levels.reshape(-1, count)]  # [C × N, cells]
    about = np.zeros((4, irl.num_states))
    about[:, irl.cells] = samples.mean(axis=0), samples.std(axis=0), *np.quantile(samples, (0.05, 0.95), axis=0)
    return Study(
        *about,
        steps=checks,
        tv=np.array([math.nan if probs is None else total_variation(irl, part, probs) for part in seen]),
        r_hat=np.array([_of_all_cells(r_hat, max, irl, part) for part in seen]),
        ess=_of_all_cells(effective_sample_size, min, irl, levels),
        accepted=accepted.mean(),
        policy=policies.mean(axis=0),
    )


def run_chain(irl, episodes, seed, steps, start):
    """One chain: levels [steps, cells], whether accepted [steps], and the predictive policy of every 50th sample."""
    levels, accepted, few = np.empty((steps, len(irl.cells)), np.int16), np.empty(steps, bool), []
    for i, sample in enumerate(irl.chain(episodes, seed, steps, start)):
        levels[i], accepted[i] = sample.level, sample.accepted
        if i % 50 == 0:
            few.append(np.exp(irl.log_policy(sample.Q)))
    return levels, accepted, np.mean(few, axis=0)


def _of_all_cells(measure, worst, irl, levels):
    """The worst measure of all cells that moved, in levels [C, N, cells]; nan if none did."""
    values = [measure(of_cell) for of_cell in irl.levels[levels].transpose(2, 0, 1)]
    return worst([value for value in values if not math.isnan(value)], default=math.nan)


def draw_studies(irl, env, truth, studies, path):
    """Above the true reward, and mean and spread of each posterior; below how the chains come near it.

    ``studies``: {number of demonstrations: `Study`}. Arrows are the likeliest actions of the predictive policy.
    """
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, finish, save_figure
    from IM.reward_maps import draw_reward

    columns, limit = 1 + len(studies), max(np.abs(irl.levels).max(), np.abs(truth).max())
    figure = plt.figure(figsize=(max(10.0, 3.4 * columns), 9.5), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.7, 1))
    axes = above.subplots(2, columns)
    draw_reward(axes[0, 0], env, truth, "reward", "the true reward")
    for (mean, std), (count, result) in zip(axes.T[1:], studies.items(), strict=True):
        draw_reward(mean, env, result.mean, "reward", f"posterior mean, {named(count)}", result.policy)
        draw_reward(std, env, result.std, "standard deviation", "its standard deviation")
        std.images[0].set_clim(0, limit)
    for ax in axes[0]:
        ax.images[0].set_clim(-limit, limit)
    axes[1, 0].set_axis_off()
    if len(studies) > 1:
        variances = [(result.std[irl.cells] ** 2).mean() for result in studies.values()]
        axes[1, 0].set_axis_on()
        axes[1, 0].plot(list(studies), variances, "o-", color=COLOURS[0])
        axes[1, 0].set(xscale="log", xlabel="demonstrations", ylabel="mean variance of a cell", ylim=(0, None))
        finish(axes[1, 0])

    panels = [("R-hat - 1, of the worst cell", "chains that stand still have no R-hat", 0.05, (1e-4, 10))]
    if any(np.isfinite(result.tv).any() for result in studies.values()):
        about = "dots: R-hat is below 1.05 for the first time"
        panels.insert(0, ("total variation to the posterior", about, 0.03, (1e-3, 1)))
    for ax, (label, title, line, limits) in zip(
        below.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        for (count, result), colour in zip(studies.items(), COLOURS, strict=False):
            curve = np.clip(result.tv if label.startswith("total") else result.r_hat - 1, *limits)  # 0 has no log
            agree = np.flatnonzero(result.r_hat < 1.05)[:1]
            ax.plot(result.steps, curve, color=colour, label=named(count), clip_on=False)
            ax.plot(result.steps[agree], curve[agree], "o", color=colour, markersize=7)
        ax.axhline(line, color="#1b1e23", linewidth=0.8, linestyle="--")
        ax.set(xscale="log", yscale="log", xlim=(result.steps[0], result.steps[-1]), ylim=limits)
        ax.set(xlabel="samples of each chain", ylabel=label, title=title)
        finish(ax)
    save_figure(figure, path)


def named(count):
    """The words for a number of demonstrations."""
    return f"{count} demonstration" + "s" * (count != 1)
