"""What each agent of Day 4 learns, and how long it takes: every seed, from the start of the process to its target.

    python bench/deep_learning.py                    five seeds of each; about 20 minutes on two cores
    python bench/deep_learning.py --only ppo_agent

Each run is a process of its own that nothing runs beside. It ends when an evaluation reaches the target and 100 fresh
episodes confirm it. Writes results/deep_learning.json; `deep_curves.py` draws the learning curves.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
CARTPOLE, CATCHER = 475.0, 14.4  # 95% of the 500 steps; 0.9 of the 16 fruits that an oracle catches
RUNS = {  # name: script, flags, target
    "value_function_agent CartPole-v1": ("value_function_agent", [], CARTPOLE),
    "dqn_agent CartPole-v1": ("dqn_agent", ["--test"], CARTPOLE),
    "policy_gradient_agent CartPole-v1": ("policy_gradient_agent", [], CARTPOLE),
    "a2c_agent CartPole-v1": ("a2c_agent", ["--test"], CARTPOLE),
    "ppo_agent CartPole-v1": ("ppo_agent", ["--test"], CARTPOLE),
    "dqn_agent Catcher-v0": ("dqn_agent", [], CATCHER),
    "a2c_agent Catcher-v0": ("a2c_agent", [], CATCHER),
    "ppo_agent Catcher-v0": ("ppo_agent", [], CATCHER),
}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the runs whose name has this in it; the others keep their last results."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def learn(script, flags, target, seed):
    """One run: its result, seconds, its evaluations [(step, return), …] and the largest Q or KL logged.

    target: None to go on to the last step.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "FN" / f"{script}.py"), *flags, "--seed", str(seed)]
        began, epoch = time.perf_counter(), time.time()
        subprocess.run([*command, "--target-return", str(target)], cwd=folder, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        (home,) = Path(folder, "runs", script).iterdir()
        result = json.loads((home / "result.json").read_text(encoding="utf-8"))
        with open(home / "metrics.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    return {
        "seed": seed,
        "reached": result["reached"],
        "steps": result["steps"],
        "return": result["return"],
        "seconds": round(seconds, 1),
        "seconds_to_target": round(result["reached_time"] - epoch, 1) if result["reached"] else None,
        "peak_megabytes": result["peak_megabytes"],
        "curve": [(int(row["step"]), float(row["eval_return"])) for row in rows if row["eval_return"]],
        "largest": {name: max(float(row[name] or "-inf") for row in rows) for name in ("q", "kl") if name in rows[0]},
    }


def main(options):
    path = RESULTS / "deep_learning.json"
    known = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    for name, (script, flags, target) in RUNS.items():
        if options.only not in name:
            continue
        runs = []
        for seed in options.seeds:
            runs.append(learn(script, flags, target, seed))
            print(name, {key: value for key, value in runs[-1].items() if key != "curve"}, flush=True)
        known[name] = {
            "machine": machine("tensorflow-cpu", "keras", "gymnasium"),
            "target": target,
            "reached": f"{sum(run['reached'] for run in runs)} of {len(runs)}",
            "median_steps": float(np.median([run["steps"] for run in runs])),
            "median_seconds": float(np.median([run["seconds"] for run in runs])),
            "seeds": runs,
        }
        save("deep_learning", {"runs": known})


if __name__ == "__main__":
    run(main, Options, __doc__)
