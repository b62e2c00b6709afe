"""Maps of tabular worlds that lie on a grid: values as colours, greedy actions as arrows, walls and ends."""

from dataclasses import dataclass

import numpy as np

from environment import BLOCK, DANGER, ORDINARY, TREASURE, GridWorld

COMPASS = {"↑": (-1, 0), "→": (0, 1), "↓": (1, 0), "←": (0, -1)}


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where the states of a tabular world lie.

    Attributes:
        cells: [rows, cols] int8, the codes of GridWorld: 0 ordinary, 1 treasure, -1 danger, 9 block.
        arrows: one character for each action, "↑→↓←" for GridWorld.
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
    """Draw values [S] as colours, and greedy actions [S, A] bool as arrows, into a Matplotlib axes.

    Orange is below 0, blue above, which colour-blind readers tell apart. Numbers are written where they fit.
    """
    from matplotlib.colors import LinearSegmentedColormap  # here, since it takes a second
    from matplotlib.patches import Rectangle

    rows, cols = grid.shape
    ordinary = grid.cells == ORDINARY
    V = np.where(ordinary, np.reshape(V, grid.shape), np.nan)
    limit = max(np.abs(V[ordinary]).max(initial=0), 1e-9)
    colours = LinearSegmentedColormap.from_list("values", ["#b85c00", "#f2b370", "#f7f6f2", "#85b6e0", "#1c63ad"])
    image = ax.imshow(V, cmap=colours.with_extremes(bad="#5b6068"), vmin=-limit, vmax=limit)
    ax.figure.colorbar(image, ax=ax, fraction=0.046 * rows / cols, pad=0.03, label="V(s)")
    ink = np.where(np.abs(V) > 0.75 * limit, "white", "#1b1e23")

    points = min(300 / cols, 230 / rows)  # about the side of a cell on paper
    for code, sign, colour in ((TREASURE, "+", "#0b3c70"), (DANGER, "−", "#5c2a00")):
        for row, col in np.argwhere(grid.cells == code) if points > 2 else ():
            ax.add_patch(Rectangle((col - 0.5, row - 0.5), 1, 1, color=colour))
            ax.text(
                col, row, sign, color="white", ha="center", va="center", fontsize=min(18, points / 2), weight="bold"
            )
    if points > 5:
        state, action = np.nonzero(np.reshape(greedy, (rows * cols, -1)) & ordinary.ravel()[:, None])
        row, col = np.divmod(state, cols)
        down, right = 0.34 * np.array([COMPASS[arrow] for arrow in grid.arrows])[action].T
        lift = 0.1 if points > 24 else 0  # room for the number below
        arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "units": "xy", "width": 0.05}
        ax.quiver(col, row - lift, right, down, color=ink[row, col], **arrows)
    if points > 24:
        for row, col in np.argwhere(ordinary):
            digits = 2 if limit < 10 else 1
            number = f"{round(V[row, col], digits) + 0.0:.{digits}f}"  # adding 0 makes -0.00 a 0.00
            style = {"ha": "center", "va": "center", "fontsize": min(9, points / 3), "color": ink[row, col]}
            ax.text(col, row + 0.36, number, **style)
    ax.set(xticks=[], yticks=[], title=title)
