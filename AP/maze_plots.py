"""Pictures of a point maze: where data was collected, and where an agent goes."""

import numpy as np

from framework.plots import COLOURS, finish, save_figure
from worlds.point_maze import FREE, GOAL, REACH, SIDE, SPREAD, START

WALL, PAPER = "#5b6068", "#f4f4f2"


def places(obs):
    """x [...], y [...] in cells, of observations [..., 4]."""
    return (obs[..., 0] + 1) * SIDE / 2, (obs[..., 1] + 1) * SIDE / 2


def draw_maze(ax):
    """Walls, the square in which episodes start, and the goal."""
    import matplotlib.pyplot as plt

    ax.set_facecolor(PAPER)
    for row, column in np.argwhere(~FREE):
        ax.add_patch(plt.Rectangle((column, row), 1, 1, color=WALL, linewidth=0))
    corner = START[1] + 0.5 - SPREAD, START[0] + 0.5 - SPREAD
    ax.add_patch(plt.Rectangle(corner, 2 * SPREAD, 2 * SPREAD, fill=False, color="black", linewidth=1.2, zorder=5))
    goal = GOAL[1] + 0.5, GOAL[0] + 0.5
    ax.add_patch(plt.Circle(goal, REACH, fill=False, color="black", linewidth=1.6, zorder=5))
    ax.text(*goal, "goal", ha="center", va="center", fontsize=8, zorder=6)
    ax.set(xlim=(0, SIDE), ylim=(SIDE, 0), aspect="equal", xticks=(), yticks=())


def draw_episodes(ax, obs, next_obs, slices, colour, **style):
    """A line for each episode: obs [N, 4] and next_obs [N, 4], of which a slice is one."""
    for rows in slices:
        x, y = places(np.concatenate([obs[rows], next_obs[rows][-1:]]))
        ax.plot(x, y, color=colour, **style)


def draw_data(data, path):
    """All episodes of data, those that touch the goal in another colour."""
    import matplotlib.pyplot as plt

    from AP.maze_data import episodes_of

    figure, ax = plt.subplots(figsize=(5, 5.2), layout="constrained")
    draw_maze(ax)
    draw_data_in(ax, data)
    slices = episodes_of(data)
    ax.set_title(f"{len(slices)} episodes, {int(data.terminated.sum())} of them touch the goal", fontsize=10)
    save_figure(figure, path)


def draw_data_in(ax, data):
    """The episodes of data in a maze that is drawn already."""
    from AP.maze_data import episodes_of

    slices = episodes_of(data)
    touching = [rows for rows in slices if data.terminated[rows][-1]]
    others = [rows for rows in slices if not data.terminated[rows][-1]]
    draw_episodes(ax, data.obs, data.next_obs, others, ("#6f9fcf", 0.55), linewidth=0.6)
    draw_episodes(ax, data.obs, data.next_obs, touching, (COLOURS[1], 0.9), linewidth=1.1)


DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
SHOWN = ("RLPD", "2 critics", "no LayerNorm", "UTD 1", "data alone", "SAC: no data")  # of the settings of RLPD


def draw_offline(results, data, learnt, path):
    """What bench/offline.py measured: the data and the ways learnt; success; |Q|; and Cal-QL beside CQL.

    Args:
        results: {"rlpd" or "calql": {setting: {"seeds": [{name of a curve: [(step, value), …]}, …]}}}.
        data: of the first seed.
        learnt: [T, B, 4] states of an agent that has learnt from it, or None.
        path: where the picture goes.
    """
    import matplotlib.pyplot as plt

    figure, ((maze, success), (largest, calibrated)) = plt.subplots(2, 2, figsize=(11, 9), layout="constrained")
    draw_maze(maze)
    draw_data_in(maze, data)
    if learnt is not None:
        maze.plot(learnt[..., 0], learnt[..., 1], color="black", linewidth=0.9)
    maze.set_title(
        "the data (orange: touches the goal),\nand where RLPD goes after 10,000 steps (black)", fontsize=10
    )

    of_rlpd = results.get("rlpd", {})
    styles = {name: (COLOURS[i], DASHES[i]) for i, name in enumerate(SHOWN)}
    for name in (name for name in SHOWN if name in of_rlpd):
        colour, dashes = styles[name]
        for ax, curve in ((success, "success"), (largest, "largest_q")):
            _mean_curve(ax, of_rlpd[name]["seeds"], curve, name, colour, dashes, log=curve == "largest_q")
    success.set(xlabel="steps in the maze", ylabel="share of episodes that reach the goal", ylim=(-0.04, 1.04))
    largest.axhline(100, color="0.3", linewidth=0.8)
    largest.annotate("no true Q is beyond 1/(1 - γ) = 100", (0.5, 100), (0, 3), xycoords=("axes fraction", "data"),
                     textcoords="offset points", ha="center", fontsize=8, color="0.3")  # fmt: skip
    largest.set(xlabel="steps in the maze", ylabel="largest |Q|, data's states, random pushes", yscale="log")
    success.set_title("RLPD, and each part left out", fontsize=10)
    largest.set_title("what the critics say of pushes nobody tried", fontsize=10)

    gap = calibrated.twinx()
    for i, (name, of_setting) in enumerate(results.get("calql", {}).items()):
        _mean_curve(calibrated, of_setting["seeds"], "success", name, COLOURS[i], DASHES[i], band=False)
        if name != "Q-learning":
            _mean_curve(gap, of_setting["seeds"], "gap", f"{name}: gap", COLOURS[i], ":", band=False)
    calibrated.axvline(5_000, color="0.3", linewidth=0.8)
    calibrated.set(xlabel="steps: on the data, from 5,000 on in the maze", ylim=(-0.04, 1.04))
    calibrated.set_ylabel("share that reach the goal")
    gap.set_ylabel("dotted: how far Q is below G")
    gap.set_ylim(bottom=0)
    gap.spines[["top"]].set_visible(False)
    calibrated.set_title("Cal-QL, CQL and Q-learning", fontsize=10)
    for ax in (success, largest, calibrated):
        finish(ax, legend=False)
    for ax, place in ((success, "center left"), (calibrated, (0.66, 0.42))):
        if ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False, fontsize=8, loc=place)
    save_figure(figure, path)


def _mean_curve(ax, seeds, name, label, colour, dashes, log=False, band=True):
    """The mean over seeds of a curve [(step, value), …], and from the least to the greatest of them."""
    steps = [step for step, _ in seeds[0][name]]
    values = np.array([[value for _, value in one[name]] for one in seeds])
    mean = np.exp(np.log(values).mean(axis=0)) if log else values.mean(axis=0)
    ax.plot(steps, mean, color=colour, linestyle=dashes, linewidth=1.8, label=label)
    if band:
        ax.fill_between(steps, values.min(axis=0), values.max(axis=0), color=(colour, 0.12), linewidth=0)
