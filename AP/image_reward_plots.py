"""Pictures of `image_reward.py`: a room, and what each place in it is worth by a picture and a sentence."""

from pathlib import Path

import numpy as np

from AP.image_reward_report import KNOWN, rewards_of_cells, wrong
from framework.plots import save_figure
from worlds.picture_room import (
    GOAL,
    NOTHING,
    OTHER,
    PIXELS,
    SIDE,
    THINGS,
    draw_rooms,
    free_cells,
    see_picture_room,
)


def maps(reward_for, goal, alpha, seed):
    """A room [9], its picture, and {what is asked: R [8, 8] with the robot on each cell, nan where it cannot be}."""
    rng = np.random.default_rng([seed, 3])
    room = draw_rooms(rng, [goal], [NOTHING], [thing for thing in KNOWN if thing != wrong(goal)])
    other = int(room[0, OTHER][2])
    asked = {
        f"near the {THINGS[goal]}": (goal, alpha),
        f"near the {THINGS[goal]}, α = 0": (goal, 0.0),
        f"near the {THINGS[other]}": (other, alpha),
        f"near the {THINGS[wrong(goal)]}": (wrong(goal), alpha),
    }
    found = {}
    for name, (thing, by) in asked.items():
        rewards = rewards_of_cells(reward_for(thing, by), room)
        found[name] = np.where(free_cells(room), rewards, np.nan).reshape(SIDE, SIDE)
    return room[0], found


def draw_maps(axes, room, found):
    """The picture in the first of five axes, the maps in the others."""
    axes[0].imshow(see_picture_room(room[None])[0])
    axes[0].set_title("what the towers see", fontsize=9)
    for ax, (name, values) in zip(axes[1:], found.items(), strict=True):
        image = ax.imshow(values, cmap="Purples")
        picture = see_picture_room(room[None])[0]
        for thing in (GOAL, OTHER):
            x, y = room[thing][:2]
            pixels = picture[y * PIXELS : (y + 1) * PIXELS, x * PIXELS : (x + 1) * PIXELS]
            ax.imshow(pixels, extent=(x - 0.5, x + 0.5, y + 0.5, y - 0.5))
        ax.set(xlim=(-0.5, SIDE - 0.5), ylim=(SIDE - 0.5, -0.5))
        ax.set_title(name, fontsize=9)
        ax.figure.colorbar(image, ax=ax, shrink=0.75, format="%.2f").ax.tick_params(labelsize=7)
    for ax in axes:
        ax.set(xticks=[], yticks=[])


def draw_run(reward_for, goal, config, folder):
    """Draw rewards.png into a run's folder: one room, and R of four sentences with the robot on each cell."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 5, figsize=(14, 2.9), layout="constrained")
    draw_maps(axes, *maps(reward_for, goal, config.alpha, config.seed))
    figure.suptitle(f"R with the robot on each cell, α = {config.alpha:g} where nothing else is said", fontsize=10)
    save_figure(figure, Path(folder, "rewards.png"))
