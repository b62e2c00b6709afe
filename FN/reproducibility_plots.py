"""The nine panels of `FN.reproducibility`: of ten seeds, of what scores depend on, of how many seeds."""

from pathlib import Path

import numpy as np

from FN.reproducibility_statistics import choices
from framework.plots import COLOURS, draw_curve, finish
from framework.runs.files import written_whole

HIGHEST = 500  # return of an episode of CartPole
GREY = "#8a8a86"


def draw(found, path):
    """Write the figure of what `FN.reproducibility.study` gives."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.5, 12), layout="constrained")
    axes = figure.subplots(3, 3)
    panels = (
        groups,
        misleading,
        all_choices,
        learning_rates,
        both_seeds,
        rounding,
        intervals,
        found_by,
        found_falsely,
    )
    for number, (ax, panel) in enumerate(zip(axes.flat, panels, strict=True), 1):
        title = panel(ax, found)
        ax.set_title(f"{number}  {title}", loc="left", fontsize=11)
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format=Path(path).suffix[1:] or "png")


def a_and_b(found, name):
    """Something of the pools of A and B."""
    return [np.array(found["pools"][f"{rate:g}"][name]) for rate in found["learning_rates"]]


def signed(number):
    return f"{number:+.0f}".replace("-", "−")


def on_steps(ax, found):
    ax.set(xlabel="steps", ylabel="return of an evaluation", ylim=(0, HIGHEST * 1.02))
    ax.set_xticks(np.arange(0, found["steps"][-1] + 1, 10_000)[:9])
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")


def groups(ax, found):
    """Means of two groups of five seeds, and 95% bands of Student's t."""
    (curves, _), (seeds, _) = a_and_b(found, "returns"), a_and_b(found, "seeds")
    for group, colour in zip(found["halves"]["worst"], (COLOURS[0], COLOURS[4]), strict=True):
        label = "seeds " + ", ".join(str(seeds[one]) for one in group)
        draw_curve(ax, found["steps"], curves[list(group)], label, colour)
    on_steps(ax, found)
    finish(ax)
    ways, p = found["halves"]["ways"], found["halves"]["p"]
    return f"ten seeds of A as five and five: the surest\nof {ways} ways has p = {p:.3f}"


def misleading(ax, found):
    """The three seeds of A and of B that mislead most, and the means of all ten."""
    (seeds, _), worst = a_and_b(found, "seeds"), found["choices"]["worst"]
    for name, curves, group, colour in zip("AB", a_and_b(found, "returns"), worst, COLOURS, strict=False):
        label = f"{name}, seeds " + ", ".join(str(seeds[one]) for one in group)
        ax.plot(found["steps"], curves[list(group)].T, color=colour, linewidth=0.7, alpha=0.5)
        ax.plot(found["steps"], curves[list(group)].mean(axis=0), color=colour, linewidth=2.2, label=label)
        ax.plot(found["steps"], curves[:10].mean(axis=0), "--", color=colour, linewidth=1.4, label=f"{name}, all ten")
    on_steps(ax, found)
    finish(ax)
    return "three of A and three of B that mislead most,\nand the means of all ten"


def all_choices(ax, found):
    """How B differs from A for each choice of three and three; against the truth is hatched."""
    a, b = a_and_b(found, "scores")
    truth, seeds = found["choices"]["truth"], len(a)
    differences = choices(a[:10], b[:10], truth).differences
    width = np.ptp(differences) / 40
    edges = width * np.arange(np.floor(differences.min() / width), np.ceil(differences.max() / width) + 1)  # 0 is one
    counts, _ = np.histogram(differences, edges)
    against = (edges[:-1] + edges[1:]) / 2 * truth < 0
    for here, colour, hatch, label in (
        (~against, COLOURS[0], "", "as all seeds say"),
        (against, COLOURS[4], "///", f"the opposite: {found['choices']['against']:.0%}"),
    ):
        ax.bar(
            edges[:-1][here], counts[here] / counts.sum(), width, align="edge", color=colour, alpha=0.55, hatch=hatch,
            label=label,
        )  # fmt: skip
    ax.axvline(truth, color="black", linewidth=1.6, label=f"all {seeds} seeds: {signed(truth)}")
    ax.set_ylim(0, 1.4 * ax.get_ylim()[1])
    ax.set(xlabel="score of three seeds of B, less that of three of A", ylabel="share of choices")
    finish(ax)
    return "14,400 choices of three of ten seeds for A,\nand three of ten for B"


def learning_rates(ax, found):
    """Every run, and the interquartile mean with its interval."""
    for place, pool in enumerate(found["pools"].values()):
        scores = np.array(pool["scores"])
        beside = place + 0.28 * (np.argsort(np.argsort(-scores)) * 0.618 % 1 - 0.5) - 0.1
        ax.plot(beside, scores, "o", color=COLOURS[0], markersize=3.5, alpha=0.45, markeredgewidth=0)
        low, high = pool["interval"]
        ax.errorbar(
            place + 0.28, pool["iqm"], [[pool["iqm"] - low], [high - pool["iqm"]]], fmt="s", color=COLOURS[1],
            capsize=4, markersize=6,
        )  # fmt: skip
    names = {f"{rate:g}": f"\n{name}" for rate, name in zip(found["learning_rates"], "AB", strict=True)}
    ax.set_xticks(range(len(found["pools"])), [rate + names.get(rate, "") for rate in found["pools"]])
    ax.set(xlabel="learning rate", ylabel="score", ylim=(0, HIGHEST * 1.02))
    finish(ax, legend=False)
    return f"learning rates: {len(scores)} seeds of each (dots),\nIQM and 95% interval (squares)"


def both_seeds(ax, found):
    """The score for each start of the network and each seed of the worlds."""
    table, seeds = np.array(found["table"]["scores"]), found["table"]["seeds"]
    ax.imshow(table, cmap="cividis", vmin=0, vmax=HIGHEST, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        colour = "white" if value < HIGHEST / 2 else "black"
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=10)
    ax.set_xticks(range(len(seeds)), seeds)
    ax.set_yticks(range(len(seeds)), seeds)
    ax.set(xlabel="seed of the worlds and actions", ylabel="seed of the network's start")
    parts = found["table"]["deviations"]
    return (
        "scores of A; standard deviation by the network\n"
        f"alone {parts['network']:.0f}, the worlds alone {parts['worlds']:.0f}, both {parts['both']:.0f}"
    )


def rounding(ax, found):
    """How far two runs of one seed are apart, on the way."""
    looks = zip(
        ("#bdbdb8", GREY, "#bdbdb8", GREY, COLOURS[1], COLOURS[0]), ("o", "s", "v", "^", "D", "o"), strict=True
    )
    evaluations = np.arange(1, len(found["steps"]) + 1)
    for (kind, pairs), (colour, marker) in zip(found["pairs"].items(), looks, strict=True):
        apart = [pair["apart"] for pair in pairs.values()]
        same = not np.any(apart)
        weights = any(pair["weights_part"] for pair in pairs.values())
        if not same:
            ax.plot(evaluations, np.transpose(apart), color=colour, linewidth=0.7, alpha=0.6)
        ax.plot(
            evaluations, np.mean(apart, axis=0), color=colour, marker=marker, markersize=5 if same else 4,
            linewidth=1 if same else 2, linestyle="none" if same else "-",
            label=kind + (": 0 (weights differ)" if weights else ": 0") * same,
        )  # fmt: skip
    ax.set(xlabel="evaluation", ylabel="difference of the two returns")
    ax.set_ylim(-0.04 * ax.get_ylim()[1], 1.75 * ax.get_ylim()[1])
    finish(ax, legend=False)
    ax.legend(frameon=False, fontsize=8.5, loc="upper left")
    seeds = ", ".join(map(str, next(iter(found["pairs"].values()))))
    return f"two runs of one seed (thin lines: {seeds})\nand the mean of these"


def over_sizes(ax, found, label):
    ax.set(xscale="log", xlabel="n, seeds of each", ylabel=label)
    ax.set_xticks(found["sizes"], found["sizes"])
    ax.minorticks_off()


def intervals(ax, found):
    """How many 95% intervals hold the truth."""
    for (name, label), colour, marker in zip(
        (("bootstrap", "bootstrap of the IQM"), ("student", "Student's t of the mean")), COLOURS, "os", strict=False
    ):
        ax.plot(found["sizes"], [one[name] for one in found["coverage"]], marker + "-", color=colour, label=label)
    ax.axhline(0.95, color=GREY, linestyle=":", label="95%, as it says")
    over_sizes(ax, found, "share of intervals that hold the truth")
    ax.set(ylim=(0.5, 1.02), xlabel="n, seeds of A")
    finish(ax)
    return f"95% intervals, each of {found['draws']:,} times n seeds\nof A's {len(a_and_b(found, 'seeds')[0])}"


def found_by(ax, found):
    """Power of both tests for each other learning rate, in the direction of the truth."""
    a, means = f"{found['learning_rates'][0]:g}", {rate: pool["mean"] for rate, pool in found["pools"].items()}
    others = [rate for rate in found["pools"] if rate != a]
    sizes, ends = found["sizes"], []
    for rate, colour, marker in zip(others, COLOURS, "os^D", strict=False):
        side = 0 if means[rate] > means[a] else 1
        for test, style in (("welch", "-"), ("improvement", "--")):
            shares = [one[test][side] for one in found["power"][rate]]
            ax.plot(sizes, shares, marker + style, color=colour, markersize=4.5)
        ends.append((shares[-1], f"{rate}: {signed(means[rate] - means[a])}", colour))
    ax.axhline(0.8, color=GREY, linestyle=":")
    over_sizes(ax, found, "share of experiments that find it")
    ax.set(xlim=(0.9 * sizes[0], 2.3 * sizes[-1]), ylim=(0, 1.08))
    height = -1.0
    for share, text, colour in sorted(ends):
        height = max(share, height + 0.06)  # one above the other where lines end together
        ax.text(1.08 * sizes[-1], height, text, color=colour, va="center", fontsize=9)
    finish(ax, legend=False)
    return "power against A: Welch's test (lines), interval of\nP(B > A) (dashed). Rate: its mean less A's"


def found_falsely(ax, found):
    """What is found between two groups of one pool."""
    equal = found["power"][f"{found['learning_rates'][0]:g}"]
    for (test, label), style, marker in zip(
        (("welch", "Welch's test"), ("improvement", "interval of P(B > A)")), ("-", "--"), "os", strict=True
    ):
        shares = [sum(one[test]) for one in equal]
        ax.plot(found["sizes"], shares, marker + style, color=COLOURS[4], label=label)
    ax.axhline(0.05, color=GREY, linestyle=":", label="5%, as asked")
    over_sizes(ax, found, "share of experiments that find a difference")
    ax.set(ylim=(0, None))
    finish(ax)
    return "false positives: n seeds of A against\nn others of A"
