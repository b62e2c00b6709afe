"""Plots of what was learnt: rewards with a band over seeds, and Q as 3×3 tiles for each state, over the map."""

import numpy as np

from environment import BLOCK, DANGER, ORDINARY, TREASURE
from framework.plots import COLOURS, draw_curve, finish, moving_mean, save_figure
from framework.tabular.grid_map import COMPASS, grid_map

INK, PAPER = "#1b1e23", "#f4f4f2"


def draw_rewards(ax, runs, title="", value="rewards"):
    """Draw a moving mean of the rewards of each episode, for ``runs``, {label: [Run of each seed]}.

    ``value`` names the field of Run that is drawn: "rewards", or "lengths", on a logarithmic axis.
    """
    episodes = len(getattr(next(iter(runs.values()))[0], value))
    window = max(1, episodes // 20)
    for (label, of_seeds), colour in zip(runs.items(), COLOURS, strict=False):
        samples = moving_mean(np.array([getattr(run, value) for run in of_seeds], float), window)
        draw_curve(ax, np.arange(window, episodes + 1), samples, label, colour)
    seeds = len(next(iter(runs.values())))
    about = f"mean of {window} episodes" + (f", {seeds} seeds, 95% band" if seeds > 1 else "")
    name, scale = {"rewards": ("return", "linear"), "lengths": ("steps", "log")}[value]
    ax.set(xlabel="episode", ylabel=f"{name} ({about})", title=title, xlim=(0, episodes), yscale=scale)
    finish(ax)


def q_tiles(grid, Q):
    """[3 × rows, 3 × cols] float, 3×3 tiles for each state of Q [S, A].

    Q(s, a) is on the side that a points to, the mean of all four is in the middle, and nan is in the corners. Ends
    and blocks are nan.
    """
    rows, cols = grid.shape
    Q = np.reshape(Q, (rows, cols, -1))
    tiles = np.full((rows, 3, cols, 3), np.nan)
    for action, arrow in enumerate(grid.arrows):
        down, right = COMPASS[arrow]
        tiles[:, 1 + down, :, 1 + right] = Q[:, :, action]
    tiles[:, 1, :, 1] = Q.mean(axis=2)
    tiles.swapaxes(1, 2)[grid.cells != ORDINARY] = np.nan
    return tiles.reshape(3 * rows, 3 * cols)


def draw_map(ax, grid):
    """Draw the map of a world: treasure, danger and blocks in colour, and lines between the cells."""
    from matplotlib.patches import Rectangle

    rows, cols = grid.shape
    for code, colour in ((BLOCK, "#5b6068"), (TREASURE, "#2166ac"), (DANGER, "#b35806")):
        for row, col in np.argwhere(grid.cells == code):
            ax.add_patch(Rectangle((col - 0.5, row - 0.5), 1, 1, color=colour))
            if code != BLOCK:
                ax.text(col, row, "+" if code == TREASURE else "−", color="white", ha="center", va="center")
    for row in range(rows + 1):
        ax.axhline(row - 0.5, color=INK, linewidth=0.6, alpha=0.5)
    for col in range(cols + 1):
        ax.axvline(col - 0.5, color=INK, linewidth=0.6, alpha=0.5)
    ax.set(aspect="equal", xticks=[], yticks=[], xlim=(-0.5, cols - 0.5), ylim=(rows - 0.5, -0.5))
    ax.spines[:].set_visible(False)


def colour_limit(Q):
    """The value that has full colour in a map of Q [S, A]: the largest value of a best action.

    Worse actions may be off the scale: the -100 of a cliff would leave all else pale.
    """
    return max(float(np.abs(Q.max(axis=1)).max()), 1e-9)


def draw_q_map(ax, grid, Q, N=None, title="", label="Q(s, a)"):
    """Draw Q [S, A] as tiles over the map, and arrows for the best actions; N [S, A] as in `draw_greedy_arrows`."""
    from matplotlib import colormaps

    rows, cols = grid.shape
    limit = colour_limit(Q[grid.cells.ravel() == ORDINARY])
    colours = colormaps["PuOr"].with_extremes(bad=PAPER)
    tiles = np.ma.masked_invalid(q_tiles(grid, Q))
    image = ax.imshow(tiles, cmap=colours, vmin=-limit, vmax=limit, extent=(-0.5, cols - 0.5, rows - 0.5, -0.5))
    bar = {"extend": "min" if tiles.min() < -limit else "neither", "label": label, "pad": 0.03}
    ax.figure.colorbar(image, ax=ax, fraction=0.046 * rows / max(rows, cols), **bar)
    draw_map(ax, grid)
    draw_greedy_arrows(ax, grid, Q, N)
    ax.set(title=title)


def draw_greedy_arrows(ax, grid, Q, N=None):
    """Draw an arrow for the best action of each ordinary state, shorter ones where several tie, a dot where all tie.

    A state that was never visited, according to N [S, A], gets none.
    """
    shown = grid.cells.ravel() == ORDINARY
    if N is not None:
        shown &= np.sum(N, axis=1) > 0
    best = (Q.max(axis=1, keepdims=True) == Q) & shown[:, None]
    equal = best.all(axis=1)
    rows, cols = np.divmod(np.flatnonzero(equal), grid.shape[1])
    ax.plot(cols, rows, "o", color=INK, markersize=3)
    for length, several in ((0.5, False), (0.3, True)):
        state, action = np.nonzero(best & (~equal & ((best.sum(axis=1) > 1) == several))[:, None])
        if len(state):
            down, right = np.array([COMPASS[arrow] for arrow in grid.arrows])[action].T
            row, col = np.divmod(state, grid.shape[1])
            back = 0 if several else length / 2  # one arrow lies in the middle, several go out from it
            ax.quiver(
                col - back * right,
                row - back * down,
                length * right,
                -length * down,
                scale=1,
                scale_units="xy",
                units="xy",
                width=0.045,
                headwidth=4,
                headlength=4,
                headaxislength=3.6,
                color=INK,
                zorder=3,
            )


def draw_q_table(ax, Q, N, title="", label="Q(s, a)"):
    """Draw Q [S, A] of a world without a map: a row for each action, a column for each state that N [S, A] counts.

    The most valuable states are at the left.
    """
    visited = Q[N.sum(axis=1) > 0]
    limit = colour_limit(visited)
    best_first = visited[np.argsort(-visited.max(axis=1), kind="stable")]
    image = ax.imshow(best_first.T, "PuOr", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.03, label=label)
    ax.set(xlabel="states, the most valuable first", ylabel="action", yticks=range(Q.shape[1]), title=title)


def draw_path(ax, path, colour, label, shift=0.0):
    """Draw a path of cells [(row, col), …] over a map, moved aside by ``shift`` so that two paths can be seen."""
    rows, cols = np.array(path, float).T + shift
    ax.plot(cols, rows, color=colour, label=label, linewidth=2.2, marker="o", markersize=4, solid_capstyle="round")


def draw_study(env, env_id, runs, path, table="Q", value="rewards"):
    """Save a plot to ``path``: the rewards of all methods, and the table of the first method's first run.

    ``value`` as in `draw_rewards`.
    """
    import matplotlib.pyplot as plt

    grid = grid_map(env)
    label, first = next((label, of_seeds[0]) for label, of_seeds in runs.items())
    wide = bool(grid) and grid.shape[1] > 2 * grid.shape[0]
    shape, size = ((2, 1), (11, 8.5)) if wide else ((1, 2), (12.5, 5.2))
    figure, axes = plt.subplots(*shape, figsize=size, layout="constrained")
    draw_rewards(axes[0], runs, env_id, value)
    if grid:
        draw_q_map(axes[1], grid, first.Q, first.N, f"{label}: {table} and the best actions", f"{table}(s, a)")
    else:
        visited = np.count_nonzero(first.N.sum(axis=1))
        draw_q_table(axes[1], first.Q, first.N, f"{label}: {table} of the {visited} states visited", f"{table}(s, a)")
    save_figure(figure, path)
