"""Tabular worlds that lie on a grid, drawn: values as colours, greedy actions as arrows, walls and ends."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from environment import BLOCK, DANGER, ORDINARY, TREASURE, GridWorld

COMPASS = {"↑": (-1, 0), "→": (0, 1), "↓": (1, 0), "←": (0, -1)}


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where the states of a tabular world lie.

    Attributes:
        cells: [rows, cols] int8, the codes of GridWorld: 0 ordinary, 1 treasure, -1 danger, 9 block.
        arrows: one character an action, "↑→↓←" for GridWorld.
    """

    cells: np.ndarray
    arrows: str

    @property
    def shape(self):
        return self.cells.shape


def grid_map(env):
    """The map of GridWorld, FrozenLake or CliffWalking; None for a world that does not lie on a grid."""
    world = env.unwrapped
    if isinstance(world, GridWorld):
        return GridMap(world.grid, "↑→↓←")
    if type(world).__name__ == "FrozenLakeEnv":
        codes = {b"G": TREASURE, b"H": DANGER}
        return GridMap(np.array([[codes.get(c, ORDINARY) for c in row] for row in world.desc], np.int8), "←↓→↑")
    if type(world).__name__ == "CliffWalkingEnv":
        cells = np.zeros(world.shape, np.int8)
        cells[-1, 1:-1], cells[-1, -1] = DANGER, TREASURE
        return GridMap(cells, "↑→↓←")
    return None


def grid_text(grid, V, greedy):
    """Two tables as text: the values [S], and the greedy actions [S, A] bool (all of them where they tie)."""
    V, greedy = np.reshape(V, grid.shape), np.reshape(greedy, (*grid.shape, -1))
    marks = {TREASURE: "+", DANGER: "-", BLOCK: "#"}
    values, policy = [], []
    for row in range(grid.shape[0]):
        cells = [(col, marks.get(int(grid.cells[row, col]))) for col in range(grid.shape[1])]
        values.append(" ".join(f"{mark or f'{V[row, col]:.3f}':>8}" for col, mark in cells))
        best = [[arrow for a, arrow in enumerate(grid.arrows) if greedy[row, col, a]] for col, _ in cells]
        policy.append(" ".join(f"{mark or ''.join(best[col]):>4}" for col, mark in cells))
    return "\n".join(values) + "\n\n" + "\n".join(policy)


def draw_grid(ax, grid, V, greedy, title=""):
    """Draw values [S] as colours, and greedy actions [S, A] bool as arrows, into a Matplotlib axes."""
    from matplotlib import colormaps  # here, since it takes a second
    from matplotlib.patches import Rectangle

    rows, cols = grid.shape
    cells, V = grid.cells, np.reshape(V, grid.shape)
    shown = np.ma.masked_where(cells == BLOCK, np.where(cells == ORDINARY, V, np.nan))
    limit = max(float(np.nanmax(np.abs(np.where(cells == ORDINARY, V, np.nan)), initial=0)), 1e-9)
    colours = colormaps["PuOr"].with_extremes(bad="#f4f4f2")
    image = ax.imshow(shown, cmap=colours, vmin=-limit, vmax=limit)
    ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.04, label="V(s)")
    for code, colour in ((BLOCK, "#5b6068"), (TREASURE, "#2166ac"), (DANGER, "#b35806")):
        for row, col in np.argwhere(cells == code) if rows * cols <= 10_000 else ():
            ax.add_patch(Rectangle((col - 0.5, row - 0.5), 1, 1, color=colour))
            if code != BLOCK:
                ax.text(col, row, "+" if code == TREASURE else "−", color="white", ha="center", va="center")
    if rows * cols <= 1_600:
        state, action = np.nonzero(np.reshape(greedy, (rows * cols, -1)) & (cells.ravel() == ORDINARY)[:, None])
        step = np.array([COMPASS[arrow] for arrow in grid.arrows])[action]
        ax.quiver(
            state % cols,
            state // cols,
            step[:, 1],
            -step[:, 0],
            scale=2.4,
            units="xy",
            width=0.05,
            color="#1b1e23",
        )
    if rows * cols <= 150:
        for row, col in np.argwhere(cells == ORDINARY):
            ax.text(col, row + 0.4, f"{V[row, col]:.2f}", ha="center", va="center", fontsize=8)
    ax.set(xticks=[], yticks=[], title=title)


def save_figure(figure, path):
    """Write a figure to ``path`` (its folder is made), say where, and show it where there is a display."""
    import matplotlib.pyplot as plt

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"plot saved to {path}")
    if plt.get_backend().lower() != "agg":
        plt.show()
    plt.close(figure)
