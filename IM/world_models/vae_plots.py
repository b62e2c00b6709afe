"""What V makes of pictures, as pictures: what is left of them, walks through the codes, and the read-out."""

from pathlib import Path

import numpy as np

from framework.plots import COLOURS, finish, save_figure

COLUMNS = 9  # pictures side by side


def draw_codes(vae, recording, folder, places=None):
    """Draw reconstruction.png and walks.png into a folder, and where places were read off z, read_out.png.

    Args:
        vae: `IM.world_models.vae.VAE`.
        recording: a `Recording` that it did not learn from.
        places: of `IM.world_models.vae.readings`.
    """
    import matplotlib.pyplot as plt  # here: it takes a while, and training needs none

    at = np.linspace(0, len(recording.frames) - 1, COLUMNS).astype(int)
    frames = recording.frames[at, np.arange(COLUMNS) % recording.first.shape[1]]  # of other games and other times
    mean, _ = vae.encode(frames)
    figures = {"reconstruction": _reconstruction(plt, frames, vae.decode(mean))}
    figures["walks"] = _walks(plt, vae, recording.frames[min(8, len(recording.frames) - 1)])
    if places:
        figures["read_out"] = _read_out(plt, places)
    for name, figure in figures.items():
        save_figure(figure, Path(folder, f"{name}.png").as_posix())


def _reconstruction(plt, frames, drawn):
    figure, axes = plt.subplots(2, len(frames), figsize=(1.1 * len(frames), 2.6), layout="constrained")
    for row, name, pictures in ((0, "original", frames), (1, "from its code", drawn)):
        for ax, picture in zip(axes[row], pictures, strict=True):
            _show(ax, picture)
        axes[row, 0].set_ylabel(name)
    figure.suptitle("Unseen pictures, and what V draws of the numbers that it keeps of each")
    return figure


def _walks(plt, vae, frames):
    """Along the line from one code to another; and one number after the other, each of those that vary most.

    Args:
        frames: [B, H, W, C] of different games.
    """
    mean, _ = vae.encode(frames)
    far = np.argsort(np.linalg.norm(mean - mean[0], axis=1))[-1]
    share = np.linspace(0, 1, COLUMNS)[:, None]
    lines = {"a line": (1 - share) * mean[0] + share * mean[far]}
    spread = mean.std(axis=0)
    for dimension in np.argsort(-spread)[:8]:
        steps = np.zeros((COLUMNS, mean.shape[1]))
        steps[:, dimension] = np.linspace(-1.5, 1.5, COLUMNS) * spread[dimension]
        lines[f"z[{dimension}]"] = mean[0] + steps
    figure, axes = plt.subplots(len(lines), COLUMNS, figsize=(COLUMNS, len(lines) * 1.02), layout="constrained")
    for row, (name, codes) in zip(axes, lines.items(), strict=True):
        for ax, picture in zip(row, vae.decode(codes), strict=True):
            _show(ax, picture)
        row[0].set_ylabel(name)
    figure.suptitle("From one picture's code straight to another's; then one number of it alone, 1.5 sd each way")
    return figure


def _read_out(plt, places):
    figure, axes = plt.subplots(1, len(places), figsize=(3.6 * len(places), 3.8), layout="constrained")
    for ax, (name, (true, read)), colour in zip(axes, places.items(), COLOURS, strict=False):
        off = np.sqrt(np.mean((true - read) ** 2))
        ends = [min(true.min(), read.min()), max(true.max(), read.max())]
        ax.plot(ends, ends, color=COLOURS[5], linewidth=0.8)
        ax.plot(true, read, ".", color=colour, markersize=2, alpha=0.3, rasterized=True)
        ax.set(xlabel="true", ylabel="read off z", title=f"{name}: off by {off:.2f}")
        finish(ax)
    figure.suptitle("Where things are, read off z by one weighted sum each (pixels of 64; lives)")
    return figure


def _show(ax, picture):
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_color("#b0b0ac")
