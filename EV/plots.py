"""The pictures of Day 6's evolution: the generations of a run, and climbers on a landscape."""

import csv
from pathlib import Path

import numpy as np

from framework.plots import COLOURS, finish, save_figure

GRADIENT, POPULATION, TOP = COLOURS[1], COLOURS[0], COLOURS[4]
GRAYS = [str(gray) for gray in np.linspace(0.25, 1, 14)]  # below the first of 13 heights, between them, above
SIDE = 2.5  # a landscape is seen from -SIDE to SIDE, both ways


def draw_generations(folder, title):
    """Draw generations.png into a run's folder, from metrics.csv; a row may be the mean of several generations."""
    from matplotlib.figure import Figure  # here, since plotting takes a second to load

    with open(Path(folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("mean")]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    steps = [float(row["step"]) for row in rows]
    for name, colour in zip(("best", "mean", "worst"), COLOURS, strict=False):
        axes.plot(steps, [float(row[name]) for row in rows], color=colour, label=name)
    axes.set(xlabel="game steps of all individuals", ylabel="mean return of an individual", title=title)
    finish(axes)
    save_figure(figure, Path(folder, "generations.png").as_posix())


def draw_climbs(landscapes, climbs, sigma, path):
    """Above, each landscape and the ways of the gradient; below, what a population sees of it, and its ways.

    Args:
        landscapes: {name: `EV.landscape.Landscape`}.
        climbs: {(name, climber): list of `EV.landscape.Climb`}; the first eight are drawn.
        sigma: the scatter of the population.
        path: where to.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(landscapes), figsize=(3.5 * len(landscapes), 7.2), layout="constrained")
    for of_landscape, (name, landscape) in zip(axes.T, landscapes.items(), strict=True):
        rows = (("gradient", GRADIENT, 0.0), ("population", POPULATION, sigma))
        for ax, (climber, colour, averaged) in zip(of_landscape, rows, strict=True):
            runs = climbs[name, climber]
            _draw_map(ax, landscape, averaged)
            for steps, _ in runs[:8]:
                ax.plot(*np.transpose([step.theta for step in steps]), color=colour, linewidth=1.6)
                ax.plot(*steps[0].theta, "o", color=colour, markersize=4)
            there = sum(run.there for run in runs)
            ax.set_title(f"{name}\n{climber}: {there} of {len(runs)} reach the top", fontsize=11)
    axes[0, 0].set_ylabel("the landscape itself")
    axes[1, 0].set_ylabel(f"the same, averaged over a scatter of σ = {sigma:g}")
    save_figure(figure, path)


def animate_climbs(landscapes, climbs, frames, path):
    """The first climbs side by side as a GIF: from frame to frame each climber may evaluate equally often."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no window
    from matplotlib.figure import Figure

    from framework.media.gif import save_gif

    figure = Figure(figsize=(3 * len(landscapes), 3.6), dpi=80, layout="constrained")
    canvas, moving = FigureCanvasAgg(figure), []
    each = max(climb.steps[-1].evaluations for climb, *_ in climbs.values()) / (frames - 1)
    count = figure.supxlabel(" ", fontsize=10)
    for ax, (name, landscape) in zip(figure.subplots(1, len(landscapes)), landscapes.items(), strict=True):
        _draw_map(ax, landscape)
        ax.set_title(name)
        (scatter,) = ax.plot([], [], ".", color=POPULATION, markersize=4)
        for climber, colour, dots, size in (
            ("gradient", GRADIENT, None, 13), ("population", POPULATION, scatter, 8),
        ):  # fmt: skip
            (way,) = ax.plot([], [], color=colour, linewidth=2)
            (here,) = ax.plot([], [], "o", color=colour, markersize=size, markeredgecolor="white", label=climber)
            moving.append((climbs[name, climber][0].steps, way, here, dots))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    canvas.draw()
    figure.set_layout_engine("none")  # nothing moves any more but the climbers

    def picture(number):
        evaluations = round(number * each)
        count.set_text(f"{evaluations:,} evaluations each")
        for steps, way, here, dots in moving:
            so_far = [step for step in steps if step.evaluations <= evaluations] or steps[:1]
            step = so_far[-1]
            way.set_data(*np.transpose([step.theta for step in so_far]))
            here.set_data(*step.theta[:, None])
            if dots:
                dots.set_data(*step.points.T)
        canvas.draw()
        return np.array(canvas.buffer_rgba())[..., :3]

    save_gif(path, map(picture, range(frames)), [80] * (frames - 1) + [2_000], colours=96)
    print(f"animation saved to {path}")


def _draw_map(ax, landscape, sigma=0.0):
    """Heights in shades of gray and the top as a star; there are no numbers, for only the shape tells something."""
    height = seen_from_above(landscape, sigma)
    lowest, side = max(height.min(), height.max() - 3), np.linspace(-SIDE, SIDE, len(height))
    flat = min(0.02, (height.max() - lowest) / 10)
    levels = np.linspace(lowest + flat, height.max() + 1e-9, 13)  # flat ground is below them
    ax.contourf(side, side, height, levels, colors=GRAYS, extend="both")
    ax.plot(*landscape.top, "*", color=TOP, markersize=13, markeredgecolor="white")
    ax.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), aspect="equal", xticks=(), yticks=())


def seen_from_above(landscape, sigma=0.0):
    """Heights [101, 101] of a landscape on a grid; with sigma, of what is left of it averaged over a scatter."""
    wide = np.linspace(-SIDE - 4 * sigma, SIDE + 4 * sigma, 241)
    points = np.stack([x.ravel() for x in np.meshgrid(wide, wide)], axis=1)
    height = landscape.look(points)[0].reshape(len(wide), len(wide))
    grid = np.linspace(-SIDE, SIDE, 101)
    weight = np.exp(-((grid[:, None] - wide) ** 2) / (2 * max(sigma, 0.02) ** 2))
    weight /= weight.sum(axis=1, keepdims=True)
    return weight @ height @ weight.T
