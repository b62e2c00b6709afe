"""How many of twenty seeds reach the target, for each agent of Day 4.

    python bench/deep_reliability.py                    twenty seeds of each; about an hour on two cores
    python bench/deep_reliability.py --only dqn_agent

Two runs go on side by side, so nothing is timed here (`deep_learning.py` does that). A run ends when an evaluation
reaches the target and 100 fresh episodes confirm it; its return is that of 100 further ones. Writes
results/deep_reliability.json.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from bench.deep_learning import RUNS, learn
from bench.machine import RESULTS, machine, save
from framework.cli import run

KEPT = ("seed", "reached", "steps", "return", "curve")


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the runs whose name has this in it; the others keep their last results."""
    first_seed: int = 100
    """The first seed; on none of them was anything tuned."""
    seeds: int = 20
    """How many."""
    together: int = 2
    """How many runs go on at once."""


def main(options):
    path = RESULTS / "deep_reliability.json"
    known = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    for name, (script, flags, target) in RUNS.items():
        if options.only not in name:
            continue

        def one(seed, script=script, flags=flags, target=target):
            result = learn(script, flags, target, seed)
            print(script, *flags, {key: result[key] for key in KEPT if key != "curve"}, flush=True)
            return {key: result[key] for key in KEPT}

        with ThreadPoolExecutor(options.together) as pool:  # each run is a process of its own
            runs = list(pool.map(one, range(options.first_seed, options.first_seed + options.seeds)))
        known[name] = {
            "machine": machine("tensorflow-cpu", "keras", "gymnasium"),
            "target": target,
            "reached": f"{sum(run['reached'] for run in runs)} of {len(runs)}",
            "median_steps": float(np.median([run["steps"] for run in runs])),
            "most_steps": max(run["steps"] for run in runs),
            "lowest_return": min(run["return"] for run in runs),
            "seeds": runs,
        }
        save("deep_reliability", {"runs": known})


if __name__ == "__main__":
    run(main, Options, __doc__)
