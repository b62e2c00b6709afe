"""The picture of a controller's run: its generations, and what the dream is worth in reality."""

import csv
from pathlib import Path

import numpy as np

from framework.plots import COLOURS, finish, save_figure


def draw_generations(folder, config):
    """Draw generations.png into a run's folder, from metrics.csv: a generation, its middle, and what that is worth
    in reality."""
    from matplotlib.figure import Figure  # here, since plotting takes a second to load

    with open(Path(folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name):
        return np.array([(float(row["step"]), float(row[name])) for row in rows if row.get(name)]).reshape(-1, 2).T

    figure = Figure(figsize=(7, 4), layout="constrained")
    ax, own = figure.subplots(), "the dream" if config.world == "dream" else "reality"
    (steps, best), (_, worst) = column("best"), column("worst")
    label = "a generation, from its worst to its best"
    ax.fill_between(steps, worst, best, color=COLOURS[0], alpha=0.15, linewidth=0, label=label)
    ax.plot(*column("eval_return"), "o-", color=COLOURS[0], markersize=4, label=f"its middle, fresh games in {own}")
    if config.world == "dream":
        ax.plot(*column("reality"), "s--", color=COLOURS[1], markersize=4, label="the same in reality")
    ax.set(xlabel=f"game steps of all individuals, in {own}", ylabel="mean return", title=config.title)
    finish(ax)
    save_figure(figure, Path(folder, "generations.png").as_posix())
