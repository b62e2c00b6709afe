"""Pictures of AP/reincarnation.py: workflows over steps in the world, and QDagger with one thing changed. Day 7."""

import numpy as np

from framework.plots import COLOURS, finish, save_figure
from framework.scores import interval, iqm

DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (2, 1)), (0, (6, 2, 1, 2)), "-")
NAMES = {"qdagger": "QDagger", "jsrl": "JSRL", "fine_tuning": "fine-tuning", "pretraining": "pre-training alone"}
ORDER = ("scratch", "rehearsal", "jsrl", "kickstarting", "pretraining", "fine_tuning", "qdagger")


def draw_reincarnation(found, workflows, ablations, teacher, path):
    """Evaluations of the workflows; of QDagger, and with one thing changed; and λ.

    Args:
        found: {setting: [{"curve": [(step online, mean return), …], "lambda": [(step online, λ), …]}, …]}, of each
            seed. What has none yet is left out.
        workflows, ablations: names of settings.
        teacher: its mean return.
        path: where the picture goes.
    """
    import matplotlib.pyplot as plt

    figure, (all_of_them, hurt, weights) = plt.subplots(
        1, 3, figsize=(13.5, 4.6), layout="constrained", width_ratios=(1.5, 1.1, 0.9)
    )
    seeds = max(map(len, found.values()))
    style = {name: (COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]) for i, name in enumerate(ORDER[::-1])}
    for name in (name for name in ORDER if found.get(name) and name in workflows):
        _curve(all_of_them, found[name], "curve", NAMES.get(name, name), *style[name], shade=name in BANDS)
    for i, name in enumerate(name for name in ("qdagger", *ablations) if found.get(name)):
        colour = COLOURS[0] if name == "qdagger" else COLOURS[3 + i]
        _curve(hurt, found[name], "curve", NAMES.get(name, name), colour, DASHES[i], shade=name == "qdagger")
    for name in (name for name in ("qdagger", "kickstarting") if found.get(name)):
        _curve(weights, found[name], "lambda", NAMES.get(name, name), *style[name])
    for ax in (all_of_them, hurt):
        ax.axhline(teacher, color="0.25", linewidth=1)
        ax.annotate("the teacher", (1, teacher), (-2, 3), xycoords=("axes fraction", "data"), fontsize=8, ha="right",
                    textcoords="offset points", color="0.25")  # fmt: skip
        ax.set(ylabel="bricks in an episode", ylim=(0, None))
    titles = f"MinAtar's Breakout, {seeds} seeds", "QDagger, with one thing changed", "λ, the weight of the teacher"
    for ax, title in zip((all_of_them, hurt, weights), titles, strict=True):
        ax.set_title(title, fontsize=10)
        ax.set(xlim=(0, LAST), xlabel="steps in the world")
        ax.set_xticks(range(0, LAST + 1, 25_000), [f"{k}k" for k in range(0, LAST // 1_000 + 1, 25)])
        finish(ax, legend=False)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False, fontsize=8)
    save_figure(figure, path)


LAST = 100_000  # of the steps that are shown
BANDS = ("scratch", "qdagger")  # which of the seven have their intervals drawn


def _curve(ax, seeds, name, label, colour, dashes, shade=False, window=3):
    """The interquartile mean over seeds, of evaluations averaged over so many neighbours, and its 95% interval."""
    steps = np.array([step for step, _ in seeds[0][name]])
    values = np.array([[value for _, value in one[name]] for one in seeds])
    if name == "curve" and len(steps) >= window:
        values = np.apply_along_axis(lambda row: np.convolve(row, np.ones(window) / window, "valid"), 1, values)
        steps = steps[window // 2 : len(steps) - window // 2]
    ax.plot(steps, iqm(values, axis=0), color=colour, linestyle=dashes, linewidth=1.7, label=label)
    if shade and len(values) > 1:
        low, high = np.array([interval([column]) for column in values.T]).T
        ax.fill_between(steps, low, high, color=(colour, 0.15), linewidth=0)
