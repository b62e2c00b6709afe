"""What `AP.llm_reward` prints and draws of its three panels: agents, niceness, and the ultimatum game."""

import numpy as np

from AP.ultimatum import OFFERS
from framework.plots import COLOURS, finish, save_figure

MARKERS = "os^Dv"
FAINT = {"alpha": 0.35, "markersize": 5, "mew": 0}  # single trials and wishes
GROUPS = {"pleasant": "pleasant wish", "contrary": "contrary wish", "nothing": "no wish, pleasant deeds"}


def draw(aligned, nice, games, path):
    """Three panels.

    Args:
        aligned: {reward: alignment of each trial}; rewards that a model gave have the model's name.
        nice: {model: {"pleasant", "contrary", "nothing": [4] AUC}}.
        games: {model: {game: `AP.ultimatum.Verdict`}}.
        path: of the file.
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(14, 4.8), layout="constrained", width_ratios=(1.15, 1, 1))
    models = list(nice)
    draw_aligned(axes[0], aligned, models)
    draw_nice(axes[1], nice)
    draw_games(axes[2], games)
    told = [each for ax in axes[1:] for each in zip(*ax.get_legend_handles_labels(), strict=True)]
    handles, labels = zip(*told, strict=True)
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    for ax in axes:
        ax.axvline(0.5, color="0.45", linestyle=":", zorder=0)
        ax.set_xlim(-0.03, 1.03)
        ax.invert_yaxis()
        finish(ax, legend=False)
    save_figure(figure, path)


def draw_aligned(ax, aligned, models):
    """Every trial of each reward as a point, and their mean."""
    rng = np.random.default_rng(0)
    for row, (name, values) in enumerate(aligned.items()):
        place = models.index(name) if name in models else None
        colour = "0.35" if place is None else COLOURS[place]
        y = row + 0.12 * rng.uniform(-1, 1, len(values))
        ax.plot(values, y, "o" if place is None else MARKERS[place], color=colour, **FAINT)
        ax.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color=colour, linewidth=2.5)
        ax.text(1.04, row, f"{np.mean(values):.2f}", transform=ax.get_yaxis_transform(), va="center", color=colour)
    ax.set_yticks(range(len(aligned)), aligned)
    ax.set(title="Opposite wishes in pairs", xlabel="deeds that the user likes, of each trial; line: mean")


def draw_nice(ax, nice):
    """AUC under pleasant wishes, contrary ones, and none."""
    for place, (name, groups) in enumerate(nice.items()):
        for row, values in enumerate(groups[group] for group in GROUPS):
            y = row + 0.2 * (place - (len(nice) - 1) / 2)
            style = {"color": COLOURS[place], "marker": MARKERS[place], "linestyle": "none"}
            ax.plot(values, [y] * len(values), **FAINT, **style)
            ax.plot([np.mean(values)], [y], markersize=9, label=None if row else name, **style)
    ax.set_yticks(range(len(GROUPS)), [each.replace(", ", ",\n") for each in GROUPS.values()])
    ax.set(title="No pairs: nice, or read?", xlabel="AUC of deeds that fit; small: each of four wishes")


def draw_games(ax, games):
    """Balanced accuracy, before the band of those who guess."""
    first = next(iter(games.values()))
    yes = np.array([told.base for told in first.values()]) * len(OFFERS)
    half = 1.96 / 4 * np.sqrt(1 / yes + 1 / (len(OFFERS) - yes))  # of the mean of two shares of a coin's answers
    ax.barh(
        range(len(first)), 2 * half, left=0.5 - half, height=0.8, color="0.92", label="guessing, in 95%", zorder=0
    )
    for place, verdicts in enumerate(games.values()):
        y = np.arange(len(verdicts)) + 0.2 * (place - (len(games) - 1) / 2)
        style = {"color": COLOURS[place], "marker": MARKERS[place], "linestyle": "none", "markersize": 8}
        ax.plot([each.balanced for each in verdicts.values()], y, **style)
    comma = ",\n"
    rows = [f"{game.replace(', ', comma)}\n(Yes: {told.base:.2f})" for game, told in first.items()]
    ax.set_yticks(range(len(first)), rows)
    ax.set(title="Ultimatum game: refused?", xlabel="balanced accuracy, threshold from 4 offers")


def agents_table(aligned):
    """Lines of {reward: its trials}."""
    yield f"{'reward':24}{'alignment':>10}{'least':>8}{'most':>8}{'flipped':>9}{'trials':>8}"
    for name, trials in aligned.items():
        values, flipped = [each.alignment for each in trials], np.mean([each.flipped for each in trials])
        yield f"{name:24}{np.mean(values):10.2f}{min(values):8.2f}{max(values):8.2f}{flipped:9.2f}{len(values):8}"


def answers_table(signs, nice, games):
    """Lines of {model: {threshold: share}}, and of the same as in `draw`."""
    yield "rewards of the right sign; from the log-odds are taken those under the opposite wish, a threshold, or 0"
    yield from shares(signs)
    yield "\nno pairs: AUC under pleasant wishes, under contrary ones, and of pleasant deeds where nothing is said"
    yield from shares({name: {group: np.mean(nice[name][group]) for group in GROUPS} for name in nice})
    yield f"\n{'which offers are refused?':44}{'base':>6}{'said':>6}{'right':>7}{'balanced':>10}{'AUC':>6}"
    for name, verdicts in games.items():
        for game, told in verdicts.items():
            numbers = f"{told.base:6.2f}{told.said:6.2f}{told.accuracy:7.2f}{told.balanced:10.2f}{told.auc:6.2f}"
            yield f"{name:20}{game:24}{numbers}"


def shares(rows):
    """Lines of {name: {what: number}}."""
    for name, told in rows.items():
        yield f"{name:20}" + "".join(f"{what:>12} {number:.2f}" for what, number in told.items())
