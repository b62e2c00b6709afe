"""The learning curve of a run, from its metrics.csv."""

import csv
from pathlib import Path

import numpy as np


def draw_run(folder, title):
    """Draw the returns of training and of evaluations into learning.png of the run's folder; returns its path."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with open(Path(folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name, where):
        return np.array([float(row[name]) for row in rows if row[where]])

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(column("step", "return"), column("return", "return"), color="0.6", label="while exploring")
    step, mean, std = (column(name, "eval_return") for name in ("step", "eval_return", "eval_std"))
    axes.fill_between(step, mean - std, mean + std, alpha=0.15, color="#005cab", lw=0)
    axes.plot(step, mean, "o-", ms=3, color="#005cab", label="evaluation: mean and spread of fresh episodes")
    axes.set(xlabel="steps of all worlds together", ylabel="return of an episode", title=title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    path = Path(folder, "learning.png")
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
