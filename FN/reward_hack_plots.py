"""The pictures of `FN.reward_hack`: three agents in a maze, what they learn, and from which bonus on it is farmed."""

from itertools import pairwise

import numpy as np

from environment import draw_maze
from framework.plots import COLOURS, draw_curve, finish, save_figure
from framework.tabular.grid_map import grid_map
from framework.tabular.plots import draw_map, draw_path

FRAMES = 50  # of the animation, a step each


def draw(worlds, paths, curves, options):
    """Above, where the first seed of each reward walks; below, what agents learn, and what the best policy does.

    Args:
        worlds: {name: `FN.reward_hack.PaidMaze`}.
        paths: {name: cells [(row, column), …]}.
        curves: {name: [seeds, T, 2]}, what `FN.reward_hack.outcome` gives, over the episodes.
        options: of `FN.reward_hack`.
    """
    import matplotlib.pyplot as plt

    from FN.reward_hack import farmed_from  # here, since that imports this

    figure, axes = plt.subplots(2, 3, figsize=(11.5, 6), layout="constrained", height_ratios=(1, 1.2))
    looks = dict(zip(worlds, zip(COLOURS, ("-", "--", ":"), strict=False), strict=False))
    for ax, (name, path) in zip(axes[0], paths.items(), strict=True):
        draw_map(ax, grid_map(worlds[name]))
        draw_path(ax, path, looks[name][0], name)
        ax.plot(*path[0][::-1], "s", color=looks[name][0], markersize=11)
        arrives = grid_map(worlds[name]).cells[path[-1]] == 1
        ax.set_title(f"{name}: {f'arrives after {len(path) - 1} steps' if arrives else 'never arrives'}", fontsize=11)
    episodes = np.arange(next(iter(curves.values())).shape[1]) * options.every
    seeds = len(next(iter(curves.values())))
    for ax, which, label in ((axes[1, 0], 0, "probability of arriving"), (axes[1, 1], 1, "return, as it is paid")):
        for name, samples in curves.items():
            draw_curve(ax, episodes, samples[:, :, which], name, looks[name][0], linestyle=looks[name][1])
        ax.set(xlabel=f"episodes of Q-learning ({seeds} seeds, 95% band)", ylabel=label)
        if 0 < options.before < options.episodes:
            ax.axvline(options.before, color="0.4", linewidth=1)
            ax.text(
                options.before,
                1.02,
                "the reward changes",
                transform=ax.get_xaxis_transform(),
                ha="center",
                fontsize=9,
            )
        finish(ax, legend=which == 1)
    amounts, arrives = sweep(options)
    for name, of_amounts in arrives.items():
        axes[1, 2].plot(amounts, of_amounts, looks[name][1], color=looks[name][0], linewidth=1.8, label=name)
    limit = farmed_from(options.gamma)
    if amounts[0] < limit < amounts[-1]:
        axes[1, 2].axvline(limit, color="0.4", linewidth=1)
        axes[1, 2].text(limit * 1.08, 0.5, f"{limit:.3f}", color="0.3")
    axes[1, 2].set(xscale="log", xlabel="b, the bonus", ylabel="probability that the best policy arrives")
    finish(axes[1, 2])
    save_figure(figure, options.plot)


def sweep(options):
    """Bonuses [50], and how probably the best policy arrives with each: {BONUS or POTENTIAL: [50]}."""
    from FN.reward_hack import BONUS, POTENTIAL, outcome, plan, world_of

    amounts, gamma = np.geomspace(0.01, 1, 50), options.gamma
    mazes = {name: [world_of(name, b, gamma, options.phi) for b in amounts] for name in (BONUS, POTENTIAL)}
    return amounts, {name: [outcome(maze, plan(maze, gamma))[0] for maze in of] for name, of in mazes.items()}


def animate(worlds, paths, path):
    """The three agents side by side, a step a frame, as a GIF."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no window
    from matplotlib.figure import Figure

    from framework.media.gif import save_gif

    figure = Figure(figsize=(3.2 * len(worlds), 2.4), dpi=80, layout="constrained")
    canvas, shown = FigureCanvasAgg(figure), []
    for ax, (name, world) in zip(figure.subplots(1, len(worlds)), worlds.items(), strict=True):
        ax.set_axis_off()
        shown.append((ax.imshow(draw_maze(world.grid, world.start_state, 32)), ax.set_title(" "), name, world))

    def picture(step):
        """All mazes after so many steps, as pixels."""
        for image, title, name, world in shown:
            cells = paths[name][: step + 1]
            states = [int(np.ravel_multi_index(cell, world.shape)) for cell in cells]
            image.set_data(draw_maze(world.grid, states[-1], 32))
            paid = sum(float(world.entry_reward[to] + world.extra[s, to]) for s, to in pairwise(states))
            title.set_text(f"{name}: paid {paid:.2f}")
        canvas.draw()
        figure.set_layout_engine("none")
        return np.array(canvas.buffer_rgba())[..., :3]

    count = min(FRAMES, max(map(len, paths.values())))
    save_gif(path, map(picture, range(count)), [250] * (count - 1) + [1_500], colours=48)
    print(f"animation saved to {path}")
