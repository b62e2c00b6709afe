"""What is asked of a player that learnt from data, and what it gets: played games, a table and a plot (Day 7).

A player is made by ``agent.player(asked, rng)``: a function of observations [B, D] to actions [B], to which ``pay``
tells the rewards [B]. Without ``rng`` it takes the most probable action; with it, it draws one.
"""

import numpy as np

from framework.plots import COLOURS, finish, mean_and_band, save_figure
from framework.vector import make_vector

DASHES = ((1, 1.5), (4, 1, 1, 1), (6, 2), (3, 1, 1, 1, 1, 1))
GAMES_SEED = 1_000_003  # games here are none of those that were learnt from


def choose(probs, rng=None):
    """An action [B] of each row of probabilities [B, A]: the most probable, or one drawn with ``rng``."""
    if rng is None:
        return probs.argmax(axis=-1)
    passed = probs.cumsum(axis=-1)[:, :-1] <= rng.random((len(probs), 1))
    return passed.sum(axis=-1)


def ask(agent, asked, seed, rng=None):
    """What an agent gets [B] in B games of Catcher, of which it is asked for the returns ``asked`` [B]."""
    envs = make_vector("CatcherState-v0", len(asked), GAMES_SEED + seed)
    player, got = agent.player(np.array(asked, float), rng), np.zeros(len(asked))
    for transition, playing in envs.episodes(player):
        player.pay(transition.reward)
        got += transition.reward * playing
    return got


def ask_each(agent, values, games, seed, sampled):
    """[V, games]: what an agent gets in so many games for each value that it is asked for, all side by side."""
    rng = np.random.default_rng((seed, 72)) if sampled else None
    return ask(agent, np.repeat(values, games), seed, rng).reshape(len(values), games)


WAYS = {"sampled": True, "greedy": False}  # both ways of acting


def ask_both_ways(agent, name, values, games, seed):
    """{"NAME, sampled": [V, games], "NAME, greedy": …}."""
    return {f"{name}, {way}": ask_each(agent, values, games, seed, sampled) for way, sampled in WAYS.items()}


def inside(values, data):
    """[V] bool: which values lie between the 2nd and the 98th percentile of the data's returns."""
    low, high = np.percentile(data.returns, [2, 98])
    return (values >= low) & (values <= high)


def calibration(values, got, data):
    """How well an agent does what it is asked, where the data can tell.

    Args:
        values: [V] what was asked.
        got: [V, games].

    Returns:
        {"spearman": rank correlation of the asked and the mean got, "worst": max |asked - got|}, both `inside`.
    """
    from scipy.stats import spearmanr  # here, since it takes half a second

    among = inside(values, data)
    asked, mean = values[among], got.mean(axis=1)[among]
    # Players who do whatever is asked in the same way have no ranks at all.
    spearman = float(spearmanr(asked, mean).statistic) if np.ptp(mean) else 0.0
    return {"spearman": spearman, "worst": float(np.abs(asked - mean).max())}


def report(values, curves, flat, data):
    """The table as lines.

    Args:
        curves: {name: [V, games]} of players who are asked for something.
        flat: {name: [games]} of players who are not.
    """
    low, high = np.percentile(data.returns, [2, 98])
    yield f"the data: {len(data.lengths)} games, mean {data.returns.mean():.1f}, 2-98% from {low:.0f} to {high:.0f}"
    width = max(map(len, [*curves, *flat]))
    yield " ".join([f"{'asked':>{width}}", *(f"{value:4d}" for value in values)])
    for name, got in curves.items():
        yield " ".join([f"{name:>{width}}", *(f"{mean:4.1f}" for mean in got.mean(axis=1))])
        found = calibration(values, got, data)
        yield (f"{'':>{width}}  inside the 2-98%: Spearman {found['spearman']:.3f}, "
               f"max |asked - got| {found['worst']:.2f}")  # fmt: skip
    for name, got in flat.items():
        yield f"{name:>{width}} {got.mean():4.1f}, whatever is asked"


def draw(values, curves, flat, data, title, path):
    """Asked against got with the 95% band over games, the diagonal, and how often the data has such a return.

    Args:
        values: [V].
        curves, flat: as in `report`; what is named "…, sampled" and "…, greedy" has one colour.
    """
    import matplotlib.pyplot as plt

    figure, (ax, below) = plt.subplots(
        2, 1, figsize=(7.5, 7.5), layout="constrained", sharex=True, height_ratios=(4, 1)
    )
    ax.plot(values, values, color="0.35", linewidth=1, linestyle=(0, (5, 4)), label="got = asked")
    players = list(dict.fromkeys(name.rpartition(", ")[0] for name in curves))
    for name, got in curves.items():
        player, _, way = name.rpartition(", ")
        colour, line = COLOURS[players.index(player)], "o-" if way == "sampled" else "s--"
        bands = [mean_and_band(row[:, None]) for row in got]
        mean, half = (np.array(part)[:, 0] for part in zip(*bands, strict=True))
        ax.plot(values, mean, line, color=colour, markersize=4.5, label=name)
        ax.fill_between(values, mean - half, mean + half, color=(colour, 0.18), linewidth=0)
    for (name, got), colour, dashes in zip(flat.items(), COLOURS[len(players) :], DASHES, strict=False):
        ax.axhline(got.mean(), color=colour, linestyle=(0, dashes), label=f"{name}, {got.mean():.1f}")
    low, high = np.percentile(data.returns, [2, 98])
    for panel in (ax, below):
        panel.axvspan(low - 0.5, high + 0.5, color="0.94", zorder=0)
    ax.set(ylabel="mean return got (95% band over games)", title=title)
    below.hist(
        data.returns, np.arange(data.returns.min() - 0.5, data.returns.max() + 1), color=COLOURS[5], rwidth=0.8
    )
    below.set(xlabel="return asked for", ylabel="games in the data", xticks=range(-2, 17, 2))
    ax.set_yticks(range(-2, 17, 2))
    place = {"ha": "right", "va": "top", "transform": below.get_xaxis_transform()}
    below.text(high + 0.4, 0.9, "the data's 2-98%", **place)
    finish(ax)
    finish(below, legend=False)
    save_figure(figure, path)
