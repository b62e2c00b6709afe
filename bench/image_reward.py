"""VLM-RM in small: what a picture and a sentence are worth as a reward, by the size of the towers and by their data.

    python bench/image_reward.py                  everything: about 15 minutes of one core
    python bench/image_reward.py --only width     settings with this in their name; the others stay as they are

Each setting is trained on five seeds on which nothing was tuned. AUC are means over goals, 100 new pictures of each
kind for each; agents learn in 10 new rooms for each goal. What stands in results/image_reward.json is not run again.
Draws docs/image_reward.png.
"""

import json
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from AP.image_reward import Config, ImageReward, TwoTowers, captioned
from AP.image_reward_plots import draw_maps, maps
from AP.image_reward_report import ALPHAS, HELD_OUT, KNOWN, agents, judge_all, wrong
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure
from framework.schedules import Linear
from framework.tf import begin
from worlds.picture_room import NEAR, thing_number

ROOT = Path(__file__).parents[1]
DEFAULT = "width 16"
SETTINGS = {f"width {width}": {"width": width} for width in (2, 4, 8, 16, 32)}
SETTINGS |= {f"pictures {count}": {"pictures": count} for count in (300, 1_000, 3_000, 10_000)}
COUNT, ROOMS = 100, 10


def learnt(config):
    """Trained `TwoTowers`; what `AP.image_reward.train` does, without a run's folder."""
    begin(config)
    towers = TwoTowers(config)
    rooms, said = captioned(config.pictures, np.random.default_rng([config.seed, 1]))
    remaining = Linear(1.0, 0.0, config.steps)
    for step in range(config.steps):
        loss = towers.train_step(rooms, said, config.learning_rate * remaining(step))
    return towers, float(loss)


def measure(config, by_alpha, has_maps):
    """What one seed's towers are worth; ``by_alpha``: also for other α and single wordings."""
    started = time.process_time()
    towers, loss = learnt(config)
    of, rng = partial(ImageReward, towers), np.random.default_rng([config.seed, 4])
    found = {
        "seed": config.seed,
        "loss": loss,
        "seconds of a core": round(time.process_time() - started, 1),
        "known": judge_all(of, KNOWN, config.alpha, COUNT, rng),
        "never met": judge_all(of, HELD_OUT, config.alpha, COUNT, rng),
        "wrong": judge_all(of, KNOWN, config.alpha, COUNT, rng, wrong),
        "agents": agents(of, KNOWN, config.alpha, ROOMS, rng),
        "agents, never met": agents(of, HELD_OUT, config.alpha, 3 * ROOMS, rng),
    }
    if by_alpha:
        found["alpha"] = {
            str(alpha): {
                "known": judge_all(of, KNOWN, alpha, COUNT, rng),
                "never met": judge_all(of, HELD_OUT, alpha, COUNT, rng),
                "agents": agents(of, KNOWN, alpha, ROOMS, rng)["picture and sentence"],
            }
            for alpha in ALPHAS
        }
        found["wordings"] = {
            start: judge_all(partial(of, wordings=(start,)), KNOWN, config.alpha, COUNT, rng) for start in NEAR
        }
    if has_maps:
        room, values = maps(of, thing_number(config.goal), config.alpha, config.seed)
        shown = {name: np.where(np.isnan(each), None, each).tolist() for name, each in values.items()}
        found["maps"] = {"room": room.tolist(), "rewards": shown}
    return found


def draw(known):
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(14, 6.6), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.35))
    shown = known[DEFAULT][0]["maps"]
    values = {name: np.array(each, float) for name, each in shown["rewards"].items()}
    draw_maps(above.subplots(1, 5), np.array(shown["room"]), values)
    above.suptitle("R of four sentences, with the robot on each cell", fontsize=11)
    below.suptitle("Means, and every seed as a small mark", fontsize=11)
    by_width, by_count, by_alpha = below.subplots(1, 3)
    lines = {
        "AUC, 12 goals that captions name": lambda row: row["known"][0],
        "AUC, 4 goals that were never met": lambda row: row["never met"][0],
        "AUC, a wrong sentence": lambda row: row["wrong"][0],
        "agents that arrive, the 12 goals": lambda row: row["agents"]["picture and sentence"],
        "agents that arrive, the 4 goals": lambda row: row["agents, never met"]["picture and sentence"],
    }
    counts = {Config().pictures if name == DEFAULT else int(name.split()[1]): rows for name, rows in known.items()
              if name == DEFAULT or name.startswith("pictures")}  # fmt: skip
    widths = {int(name.split()[1]): rows for name, rows in known.items() if name.startswith("width")}
    for ax, settings in ((by_width, widths), (by_count, counts)):
        xs = sorted(settings)
        for number, (name, get) in enumerate(lines.items()):
            curves(ax, xs, [[get(row) for row in settings[x]] for x in xs], name, number)
        ax.set_xscale("log", base=2 if settings is widths else 10)
        ax.set_xticks(xs, [f"{x:,}" for x in xs])
        ax.minorticks_off()
    by_width.set(xlabel="width of the towers", ylabel="AUC, or share of agents")
    by_count.set(xlabel="pictures to learn from, at width 16")
    rows = known[DEFAULT]
    for name, number in (("known", 0), ("never met", 1)):
        label = list(lines)[number]
        curves(by_alpha, ALPHAS, [[row["alpha"][str(a)][name][0] for row in rows] for a in ALPHAS], label, number)
    curves(by_alpha, ALPHAS, [[row["alpha"][str(a)]["agents"] for row in rows] for a in ALPHAS], list(lines)[3], 3)
    by_alpha.set(xlabel="α, at width 16")
    for ax in (by_width, by_count, by_alpha):
        ax.set_ylim(-0.03, 1.03)
        ax.axhline(0.5, color="0.5", linewidth=0.8, linestyle=":")
        finish(ax, legend=False)
    below.legend(
        *by_width.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9
    )
    save_figure(figure, ROOT / "docs" / "image_reward.png")


def curves(ax, xs, values, name, number):
    """Every seed as a mark, and their mean as a line."""
    style = {"color": COLOURS[number], "marker": "os^Dv"[number]}
    ax.plot(xs, [np.mean(each) for each in values], label=name, linewidth=1.6, markersize=5, **style)
    for x, each in zip(xs, values, strict=True):
        ax.plot([x] * len(each), each, linestyle="", markersize=3, alpha=0.35, **style)


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only settings whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "image_reward.json"
    known = json.loads(path.read_text(encoding="utf-8"))["result"] if path.exists() else {}
    for seed in options.seeds:  # one seed of everything first
        for name, changed in SETTINGS.items():
            rows = known.setdefault(name, [])
            if options.only in name and seed not in [row["seed"] for row in rows]:
                config, is_default = replace(Config(), seed=seed, **changed), name == DEFAULT
                rows.append(measure(config, is_default, is_default and not rows))
                told = {each: round(rows[-1][each][0], 3) for each in ("known", "never met", "wrong")}
                print(f"{name}, seed {seed}: {told}, {rows[-1]['agents']}", flush=True)
                save("image_reward", {"machine": machine("tensorflow-cpu", "keras"), "result": known})
    if all(known.get(name) for name in SETTINGS):
        draw(known)


if __name__ == "__main__":
    run(main, Options, __doc__)
