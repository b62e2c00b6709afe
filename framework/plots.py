"""Curves with bands, for all days, and the learning curve of a run."""

import csv
from pathlib import Path

import numpy as np

from framework.runs.files import written_whole

COLOURS = ("#2166ac", "#e08214", "#1b7837", "#762a83", "#b2182b", "#4d4d4d", "#35978f", "#bf812d")


def mean_and_band(samples):
    """The mean [T] of samples [n, T] over their first axis, and half the width [T] of its 95% confidence band.

    Student's t, since seeds are few. One sample has no band: nan.
    """
    from scipy.special import stdtrit  # here, since it takes a tenth of a second

    samples = np.asarray(samples, float)
    count = len(samples)
    if count < 2:
        return samples[0], np.full(samples.shape[1], np.nan)
    return samples.mean(axis=0), stdtrit(count - 1, 0.975) * samples.std(axis=0, ddof=1) / np.sqrt(count)


def moving_mean(values, window):
    """Means [..., T - window + 1] of ``window`` neighbours along the last axis of values [..., T]."""
    sums = np.cumsum(np.insert(values, 0, 0.0, axis=-1), axis=-1)
    return (sums[..., window:] - sums[..., :-window]) / window


def draw_curve(ax, x, samples, label, colour, **style):
    """The mean of samples [n, T] over x [T], and its band, which ends where no sample ever was."""
    mean, half = mean_and_band(samples)
    lowest, highest = np.min(samples), np.max(samples)
    ax.plot(x, mean, color=colour, label=label, linewidth=1.8, **style)
    low, high = np.clip(mean - half, lowest, highest), np.clip(mean + half, lowest, highest)
    ax.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def finish(ax, legend=True):
    """A light grid, no box, a legend without a frame."""
    ax.grid(color="#d9d9d6", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if legend and ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False)


def save_figure(figure, path):
    """Write a figure to ``path`` (its folder is made), say where, and show it where there is a display."""
    import matplotlib.pyplot as plt

    _write(figure, path, dpi=120)
    print(f"plot saved to {path}")
    if plt.get_backend().lower() != "agg":
        plt.show()
    plt.close(figure)


def _write(figure, path, dpi):
    with written_whole(path) as part:
        figure.savefig(part, dpi=dpi, format=Path(path).suffix[1:] or "png")


def draw_run(folder, title, in_worlds=True, ylabel=None):
    """Draw the returns of training and of evaluations into learning.png of the run's folder; returns its path."""
    from matplotlib.figure import Figure  # not pyplot, whose windows and notebooks are none of a run's business

    with open(Path(folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name, where, missing=np.nan):
        return np.array([float(row.get(name) or missing) for row in rows if row[where]])

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    if any(row["return"] for row in rows):
        axes.plot(column("step", "return"), column("return", "return"), color="0.6", label="while exploring")
    step, mean, std = (column(name, "eval_return") for name in ("step", "eval_return", "eval_std"))
    low = np.maximum(mean - std, column("eval_min", "eval_return", -np.inf))  # no return is outside what there was
    high = np.minimum(mean + std, column("eval_max", "eval_return", np.inf))
    if len(step) == 1:  # a band of no width
        axes.errorbar(step, mean, [mean - low, high - mean], color="#005cab", alpha=0.5, capsize=4)
    axes.fill_between(step, low, high, alpha=0.15, color="#005cab", lw=0)
    axes.plot(step, mean, "o-", ms=3, color="#005cab", label="evaluation: mean and spread of fresh episodes")
    xlabel, usual = ("steps of all worlds together", "return of an episode") if in_worlds else ("steps", "success")
    ylabel = ylabel or usual
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    path = Path(folder, "learning.png")
    _write(figure, path, dpi=150)
    return path
