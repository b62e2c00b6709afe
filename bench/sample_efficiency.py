"""Frames until 14.4 on Catcher, five seeds of each agent; and what the cures of Day 6 save.

    python bench/sample_efficiency.py            about 20 minutes on two cores; runs that are finished stay
    python bench/sample_efficiency.py --cures    only the table of cures, from what was measured before

The runs are those of FN/sample_efficiency.py, in the same folders. Writes results/sample_efficiency.json and draws
docs/sample_efficiency.png. The cures are read from results/dyna.json, imitation.json, deep_family.json,
world_models.json and evolution.json; what made each of these says how it was measured.
"""

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.machine import RESULTS, machine, save
from EV.evolution import PIXELS
from FN.human_score import WORLD
from FN.sample_efficiency import AGENTS, TARGET, draw, measure, median_of, report
from framework.cli import run

PICTURE = Path(__file__).parents[1] / "docs" / "sample_efficiency.png"
SOLVED = 200  # on LunarLander


@dataclass(frozen=True)
class Options:
    """What to measure."""

    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""
    workers: int = 2
    """How many runs at once, each with one thread."""
    folder: str = "runs/sample_efficiency"
    """Where the runs are."""
    cures: bool = False
    """Only print what the cures save."""


class Cure(NamedTuple):
    """What a cure needs, beside what is needed without it: medians over seeds."""

    name: str
    counted: str
    without: float | None  # None: more than was tried
    needed: float | None

    def line(self):
        without, needed = ("more" if one is None else f"{one:,.0f}" for one in (self.without, self.needed))
        times = self.without / self.needed if self.without and self.needed else None
        times = "-" if times is None else f"{times:.0f}" if times >= 10 else f"{times:.2g}"
        return f"{self.name:46} {without:>10} {needed:>8} {times:>6}   {self.counted}"


def read(name):
    """What bench/results/<name>.json holds."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def first_at(places, values, least):
    """The place where values first are at least so much; None where they never are."""
    return next((place for place, value in zip(places, values, strict=True) if value >= least), None)


def cures():
    """Generator of `Cure`, from what other benchmarks have measured."""
    dyna, imitation = read("dyna"), read("imitation")
    maze = dyna["Dyna maze: episodes until the greedy path has at most 16 steps"]
    counted = "episodes until the path is near-optimal, Dyna maze"
    yield Cure(
        "50 imagined updates a step, none", counted, *medians(maze, "0 imagined updates", "50 imagined updates")
    )
    ice = dyna["ice: real steps until the greedy policy is within 0.02 of the optimum"]
    counted = "real steps until near-optimal, slippery ice"
    yield Cure("Dyna that counts, Q-learning", counted, *medians(ice, "Q-learning, epsilon 0.3", "Dyna, counts"))
    sweeping = dyna["sweeping: real steps until then"]["54"]
    counted = "real steps until near-optimal, 54 states"
    yield Cure("prioritised sweeping, Dyna-Q", counted, *medians(sweeping, "Dyna-Q", "sweeping"))
    pixels, lander = (
        [
            first_at(imitation[world]["labels"], imitation[world][kind]["median best"], least)
            for kind in ("cloning", "DAgger")
        ]
        for world, least in (("pixels", TARGET), ("lander", SOLVED))
    )
    yield Cure("DAgger, cloning", f"labels until {TARGET:g}, Catcher from pixels", *pixels)
    yield Cure("DAgger, cloning", f"labels until {SOLVED}, LunarLander", *lander)
    ppo = [
        first_at(*zip(*one["curve"], strict=True), SOLVED)
        for one in read("deep_family")["worlds"]["LunarLander-v3, PPO"]["seeds"]
    ]
    yield Cure("DAgger, PPO", f"labels, and steps, until {SOLVED}, LunarLander", statistics.median(ppo), lander[1])
    dqn = read("sample_efficiency")["agents"]["dqn_agent"]["median"]
    yield Cure("DAgger, DQN", f"labels, and frames, until {TARGET:g}, Catcher from pixels", dqn, pixels[1])
    seeds = read("world_models")["seeds"].values()
    recorded = statistics.median(one["model"]["real_steps"] for one in seeds)
    in_reality = statistics.median(one["[z, h], reality"]["steps"] for one in seeds)
    scores = [
        statistics.median(one[name]["reality"] for one in seeds) for name in ("[z, h], dream", "[z, h], reality")
    ]
    counted = f"real steps in all, Windy Catcher, for {scores[0]:.1f} and {scores[1]:.1f}"
    yield Cure("World Models, its controller taught in reality", counted, recorded + in_reality, recorded)
    games = read("evolution")["learning"]["result"]["Catcher-v0 es"]["seeds"]
    evolved = statistics.median(one["steps"] for one in games)
    counted = f"frames, Catcher from pixels; evolution only until {PIXELS.target_return:g}"
    yield Cure("evolution strategies, DQN", counted, dqn, evolved)


def medians(part, *names):
    return [part[name]["median"] for name in names]


def main(options):
    if not options.cures:
        found = measure(AGENTS, options.seeds, TARGET, options.folder, options.workers)
        for of_agent in found.values():
            median = median_of(of_agent["frames"].values())
            of_agent["median"] = median if math.isfinite(median) else None
        print("\n".join(report(found, TARGET, None)))
        draw(found, TARGET, None, PICTURE)
        about = {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), "world": WORLD, "score": TARGET}
        save("sample_efficiency", {**about, "agents": found})
    print(f"\n{'cure, and without it':46} {'without it':>10} {'with it':>8} {'times':>6}")
    for cure in cures():
        print(cure.line())


if __name__ == "__main__":
    run(main, Options, __doc__)
