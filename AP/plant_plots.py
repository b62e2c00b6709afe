"""What an operator would see: levels with set-points and limits, volts, and the leak, over twenty minutes (Day 7)."""

from typing import NamedTuple

import numpy as np

from AP.plant_trials import TEST_SEED
from framework.plots import COLOURS, finish, save_figure
from framework.vector import make_vector
from worlds.quadruple_tank import LEAST_LEVEL, LIMIT, MOST_LEVEL, PERIOD

ALARM = COLOURS[4]
NONE = 1e-3  # %


class Trend(NamedTuple):
    """One episode of one plant; T + 1 moments."""

    levels: np.ndarray  # [T + 1, 4] cm, the true ones
    set_points: np.ndarray  # [T + 1, 2] cm
    volts: np.ndarray  # [T + 1, 2] V
    leak: np.ndarray  # [T + 1] cm³/s, of all tanks together
    leak_tank: int  # from 1 on


def trend(player, world, seed):
    """The `Trend` of a player in a world."""
    envs = make_vector(world, 1, seed)
    plant, rows = envs.envs.unwrapped, []

    def look():
        rows.append(
            (plant.levels[0].copy(), plant.set_points[0].copy(), plant.volts[0].copy(), plant.leaks()[0].sum())
        )

    look()
    tank = int(plant.leak_tank[0]) + 1
    for _ in range(LIMIT - 1):  # at the end of the last step the next episode begins
        envs.step(player(envs.obs))
        look()
    envs.close()
    return Trend(*map(np.array, zip(*rows, strict=True)), tank)


def draw_trends(controllers, world, path, seed=TEST_SEED + 1):
    """One episode with each of the controllers {name: what has a ``player()``}, side by side: the same plant."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(5.6 * len(controllers), 7.6), layout="constrained")
    trend_panels(figure, controllers, world, seed)
    save_figure(figure, path)


def trend_panels(figure, controllers, world, seed):
    """The panels of `draw_trends`, in a figure or a part of one."""
    trends = {name: trend(one.player(), world, seed) for name, one in controllers.items()}
    axes = figure.subplots(3, len(trends), sharex=True, sharey="row", height_ratios=(3, 2, 2), squeeze=False)
    for column, (name, of_one) in zip(axes.T, trends.items(), strict=True):
        minutes = np.arange(len(of_one.leak)) * PERIOD / 60
        _lower(column[0], minutes, of_one)
        _upper(column[1], minutes, of_one)
        for pump in (0, 1):
            column[2].step(
                minutes, of_one.volts[:, pump], where="post", color=COLOURS[pump], label=f"pump {pump + 1}"
            )
        column[2].set(xlabel="minutes", xticks=range(0, 21, 5))
        error = np.abs(of_one.set_points - of_one.levels[:, :2]).sum(axis=1).mean()
        broken = ((of_one.levels < LEAST_LEVEL) | (of_one.levels > MOST_LEVEL)).any(axis=1)
        column[0].set_title(f"{name}: error {error:.2f} cm, {broken.sum()} of {len(broken)} steps in violation")
        leaking = minutes[of_one.leak > 0]
        if len(leaking):
            said = f"tank {of_one.leak_tank} leaks\n{of_one.leak.max():.1f} cm³/s"
            column[1].text(leaking.mean(), 0.3, said, ha="center", fontsize=8)
        for ax in column:
            if len(leaking):
                ax.axvspan(leaking[0], leaking[-1], color="0.92", linewidth=0, zorder=0)
            finish(ax, legend=False)
    for ax, label in zip(axes[:, 0], ("lower tanks, cm", "upper tanks, cm", "volts"), strict=True):
        ax.set_ylabel(label)
    for ax in axes[:, -1]:
        ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))


def violation_panel(ax, points, title):
    """Share of steps in violation over the error: {name: (errors [n], shares [n])}, a mark for each seed.

    What broke no constraint stands at `NONE`: there is no 0 on an axis of logarithms.
    """
    for number, (name, (errors, shares)) in enumerate(points.items()):
        style = {"color": COLOURS[number % len(COLOURS)], "marker": "osD^vPX*"[number % 8]}
        ax.plot(errors, np.maximum(100 * np.asarray(shares), NONE), linestyle="none", label=name, **style)
    ax.set(xlabel="error |e1| + |e2|, cm", ylabel="steps in violation, %", yscale="log", title=title)
    ax.yaxis.set_major_formatter(lambda share, _: "none" if share == NONE else f"{share:g}")
    finish(ax, legend=False)


def _lower(ax, minutes, of_one):
    for tank in (0, 1):
        ax.step(minutes, of_one.set_points[:, tank], ":", where="post", color=COLOURS[tank],
                label=f"set-point {tank + 1}")  # fmt: skip
        _level(ax, minutes, of_one.levels[:, tank], tank)
    for limit in (LEAST_LEVEL[0], MOST_LEVEL[0]):
        ax.axhline(limit, color=ALARM, linestyle="--", linewidth=1)


def _upper(ax, minutes, of_one):
    for tank in (2, 3):
        _level(ax, minutes, of_one.levels[:, tank], tank)
    ax.axhline(MOST_LEVEL[2], color=ALARM, linestyle="--", linewidth=1, label="constraint")
    ax.set_ylim(0)


def _level(ax, minutes, level, tank):
    ax.plot(minutes, level, color=COLOURS[tank], label=f"tank {tank + 1}", linewidth=1.6)
    broken = (level < LEAST_LEVEL[tank]) | (level > MOST_LEVEL[tank])
    if broken.any():
        ax.plot(minutes[broken], level[broken], "o", color=ALARM, markersize=3.5)
