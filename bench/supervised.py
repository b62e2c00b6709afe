"""Reinforcement learning as supervised learning: what is asked and what is got, over seeds, and what a mistake costs.

    python bench/supervised.py                     everything: about 70 minutes of one core
    python bench/supervised.py --only hidden       one part; the others stay as they are
    python bench/supervised.py --only draw         the picture anew, from the results

Parts: mirrored and noise (RvS, cloning and 10% cloning on both data sets of AP/catcher_data.py), hidden (the speed is
not seen: the Decision Transformer beside RvS with 1, 2, 4 and 20 observations), seen (both where all is seen),
ablations (the transformer's classic mistakes, one at a time), stitching. Settings are those of the pages; they were
tried out on seeds 0 to 2, and are measured on others. Seeds that stand in results/supervised.json are not measured
again, and networks that are finished stay in runs/bench_supervised. Draws docs/supervised.png.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from AP import decision_transformer, rvs, stitching
from AP.asking import WAYS, ask_each, calibration
from AP.catcher_data import catcher_data
from AP.decision_transformer import DecisionTransformer
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.plots import COLOURS, draw_curve, finish, save_figure

ROOT = Path(__file__).parents[1]
FIRST_SEED, EPISODES, HOME = 100, 600, Path("runs", "bench_supervised")
VALUES, FEW = np.arange(-3, 17), np.arange(-3, 16, 3)  # what is asked for
GAMES, FEW_GAMES = 48, 24  # for each of them, and for each of the few
RVS = {  # name: settings
    "average": {},
    "total": {"condition": "total"},
    "held": {"hold": True},
    "cloning": {"condition": "none"},
    "10% cloning": {"condition": "none", "best_part": 0.1},
}
OBSERVATIONS = (1, 2, 4, 20)
ABLATIONS = {
    "as it is": {},
    "no return token": {"returns": False},
    "no causal mask": {"causal": False},
    "no padding mask": {"padding_mask": False},
    "a time for each token": {"stamp": "token"},
    "discounted, 0.99": {"gamma": 0.99},
    "read off the action": {"read": "action"},
}
LEGEND = {"framealpha": 1, "edgecolor": "none"}  # over lines that reach from side to side
PARTS = ("mirrored", "noise", "hidden", "seen", "ablations", "stitching")
SEEDS = {"seen": 2, "ablations": 3}  # where fewer are measured than of the others


@dataclass(frozen=True)
class Options:
    only: Literal["all", "mirrored", "noise", "hidden", "seen", "ablations", "stitching", "draw"] = "all"
    """One part."""
    seeds: int = 5
    """How many of each kind, from 100 on; of "seen" at most 2, of "ablations" at most 3."""


def asked(agent, values, games, seed, data):
    """{way: what an agent gets on average for each value, and its calibration}."""
    found = {}
    for way, sampled in WAYS.items():
        got = ask_each(agent, values, games, seed, sampled)
        found[way] = {"got": got.mean(axis=1).round(3).tolist()}
        if len(values) > 1:
            found[way] |= calibration(values, got, data)
    return found


def timed(make):
    """(what a function gives, the processor's seconds that it took)."""
    began = time.process_time()
    return make(), round(time.process_time() - began, 1)


def of_rvs(kind, seed):
    """RvS, cloning and 10% cloning on a data set."""
    data = catcher_data(kind, EPISODES, seed)
    low, high = np.percentile(data.returns, [2, 98])
    found = {"data": {"mean": round(float(data.returns.mean()), 3), "2%": low, "98%": high}}
    for name, settings in RVS.items():
        home = (HOME / f"{kind}-{name.replace('% ', '-')}-seed{seed}").as_posix()
        config = rvs.Config(seed=seed, run_folder=home, **settings)
        agent, seconds = timed(lambda config=config: rvs.trained(config, data))
        values, games = (np.array([0]), 5 * GAMES) if config.condition == "none" else (VALUES, GAMES)
        found[name] = asked(agent, values, games, seed, data) | {"processor seconds": seconds}
    return found


def of_transformer(name, seed, **settings):
    """The Decision Transformer, asked for the few values."""
    data = catcher_data("mirrored", EPISODES, seed)
    home = (HOME / f"transformer-{name.replace(' ', '-').replace(',', '')}-seed{seed}").as_posix()
    config = decision_transformer.Config(seed=seed, run_folder=home, **settings)
    agent, seconds = timed(lambda: rvs.trained(config, data, DecisionTransformer, decision_transformer.train))
    return asked(agent, FEW, FEW_GAMES, seed, data) | {"processor seconds": seconds}


def of_memory(seed, hide_speed, observations):
    """The transformer beside RvS with so many observations."""
    data = catcher_data("mirrored", EPISODES, seed)
    found = {"transformer": of_transformer("as it is" if hide_speed else "seen", seed, hide_speed=hide_speed)}
    for window in observations:
        home = (HOME / f"rvs-{'hidden' if hide_speed else 'seen'}-{window}-seed{seed}").as_posix()
        config = rvs.Config(seed=seed, hide_speed=hide_speed, window=window, run_folder=home)
        agent, seconds = timed(lambda config=config: rvs.trained(config, data))
        found[f"RvS, {window}"] = asked(agent, FEW, FEW_GAMES, seed, data) | {"processor seconds": seconds}
    return found


def of_stitching(seed):
    """Success in the maze, and what the asked arms pay."""
    home = HOME / f"stitching-seed{seed}"
    return {"maze": stitching.stitch(seed, home), "arms": stitching.lucky(seed, home)}


def measure(part, seed):
    """All of a part, of one seed."""
    if part in ("mirrored", "noise"):
        return of_rvs(part, seed)
    if part == "hidden":
        return of_memory(seed, True, OBSERVATIONS)
    if part == "seen":
        return of_memory(seed, False, (1,))
    if part == "stitching":
        return of_stitching(seed)
    return {name: of_transformer(name, seed, **settings) for name, settings in ABLATIONS.items()}


def draw(results, path):
    """Both data sets, the hidden speed, and, where they are measured, the ablations."""
    import matplotlib.pyplot as plt

    rows, size = (2, (12.5, 10.5)) if "ablations" in results else (1, (17, 5.4))
    figure, axes = plt.subplots(rows, 3 if rows == 1 else 2, figsize=size, layout="constrained", squeeze=False)
    axes = axes.ravel()

    def curves(ax, part, values, names, title):
        """Lines of {label: (name, way)} over seeds, and the diagonal."""
        of_seeds = list(results[part]["seeds"].values())
        ax.plot(values, values, color="0.35", linewidth=1, linestyle=(0, (5, 4)), label="got = asked")
        for (label, (name, way)), colour in zip(names.items(), COLOURS, strict=False):
            got = np.array([seed[name][way]["got"] for seed in of_seeds])
            if got.shape[1] == 1:
                ax.axhline(got.mean(), color=colour, linestyle=":", label=f"{label}, {got.mean():.1f}")
            else:
                draw_curve(ax, values, got, label, colour, marker="o", markersize=4)
        ax.set(xlabel="return asked for", ylabel=f"mean return got, {len(of_seeds)} seeds, 95% band", title=title)
        ax.set(xticks=range(-2, 17, 2), yticks=range(-2, 17, 2))
        finish(ax)
        ax.legend(**LEGEND)

    both = {
        "RvS, sampled": ("average", "sampled"), "RvS, greedy": ("average", "greedy"),
        "RvS, ω held, sampled": ("held", "sampled"), "cloning, sampled": ("cloning", "sampled"),
        "cloning, greedy": ("cloning", "greedy"), "10% cloning, greedy": ("10% cloning", "greedy"),
    }  # fmt: skip
    curves(axes[0], "mirrored", VALUES, both, "Most of the data is wrong")
    curves(axes[1], "noise", VALUES, both, "A good player with noise: nothing to show")
    hidden = {f"RvS, {count} observation{'s' * (count > 1)}": (f"RvS, {count}", "greedy") for count in (1, 2, 20)}
    hidden = {"Decision Transformer": ("transformer", "greedy")} | hidden
    curves(axes[2], "hidden", FEW, hidden, "The paddle's speed is hidden (greedy)")
    if "ablations" in results:
        draw_mistakes(axes[3], results["ablations"]["seeds"].values())
    save_figure(figure, path)


def draw_mistakes(ax, of_seeds):
    """The largest error of the transformer as it is, and with each mistake."""
    rows = list(ABLATIONS)
    for way, colour, shift in (("greedy", COLOURS[1], 0.17), ("sampled", COLOURS[0], -0.17)):
        for i, name in enumerate(rows):
            worst = [seed[name][way]["worst"] for seed in of_seeds]
            ax.barh(i + shift, np.mean(worst), 0.32, color=colour, alpha=0.55, label=way if i == 0 else None)
            ax.plot(worst, np.full(len(worst), i + shift), "o", color=colour, markersize=4)
    ax.set_yticks(range(len(rows)), rows)
    ax.invert_yaxis()
    ax.set(xlabel="max |asked - got| in the data's 2-98%; each seed a dot")
    ax.set_title("The transformer, one mistake at a time")
    finish(ax)
    ax.legend(**LEGEND)


def main(options):
    if not 1 <= options.seeds <= 100:
        raise ValueError(f"seeds must be from 1 to 100; got {options.seeds}")
    path = RESULTS / "supervised.json"

    def results():
        """Read anew each time: others may have added to it."""
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    for part in PARTS if options.only == "all" else {options.only} & set(PARTS):
        for seed in range(FIRST_SEED, FIRST_SEED + min(options.seeds, SEEDS.get(part, options.seeds))):
            if str(seed) in results().get(part, {"seeds": {}})["seeds"]:
                continue
            found, saved = measure(part, seed), results()
            about = {"machine": machine("numpy", "tensorflow-cpu", "keras", "gymnasium"), "asked": VALUES.tolist()}
            about["asked of few"] = FEW.tolist()
            seeds = saved.get(part, {"seeds": {}})["seeds"] | {str(seed): found}
            save("supervised", saved | {part: about | {"seeds": seeds}})
    if all(part in results() for part in ("mirrored", "noise", "hidden")):
        draw(results(), ROOT / "docs" / "supervised.png")


if __name__ == "__main__":
    run(main, Options, __doc__)
