"""Our four planners side by side: sweeps and milliseconds on five worlds, at gamma 0.9 and 0.99.

    python bench/planners.py                takes about ten seconds

All sweeps are compiled, so that sweeps of all planners cost alike; a time is the median of several plans.
"""

import statistics
import time
from dataclasses import dataclass

import gymnasium as gym

from bench.machine import machine, save
from bench.planning import maze
from DP.planner import PLANNERS
from environment import GridWorld
from framework.cli import run

THRESHOLD = 1e-6
WORLDS = {
    "book's maze": lambda: GridWorld(),
    "FrozenLake 8×8": lambda: gym.make("FrozenLake-v1", map_name="8x8"),
    "Taxi": lambda: gym.make("Taxi-v4"),
    "maze 20×20": lambda: GridWorld(maze(20, "walls")),
    "maze 100×100": lambda: GridWorld(maze(100, "walls")),
}


@dataclass(frozen=True)
class Options:
    repeats: int = 5
    """Plans of each; medians are reported."""
    save: bool = True
    """Write bench/results/planners.json."""


def main(options):
    result = {"machine": machine("numpy", "numba"), "threshold": THRESHOLD, "rows": []}
    for name, make in WORLDS.items():
        for gamma in (0.9, 0.99):
            row = {"world": name, "gamma": gamma}
            for label, planner_of in PLANNERS.items():
                planner = planner_of(make(), compile=True)
                seconds = []
                for _ in range(options.repeats + 1):  # the first one compiles and does not count
                    began = time.perf_counter()
                    for sweep in planner.sweeps(gamma, THRESHOLD):
                        sweeps = sweep.number
                    seconds.append(time.perf_counter() - began)
                row[label] = {"sweeps": sweeps, "milliseconds": 1000 * statistics.median(seconds[1:])}
            cells = [f"{label} {row[label]['sweeps']:4} {row[label]['milliseconds']:8.2f} ms" for label in PLANNERS]
            print(f"{name:>15} {gamma:4}  " + "   ".join(cells))
            result["rows"].append(row)
    if options.save:
        save("planners", result)


if __name__ == "__main__":
    run(main, Options, __doc__)
