"""How much sooner an experiment is over with two runs at once.

    python bench/experiment.py          three minutes

Eight seeds of REINFORCE on CartPole, 20,000 steps each, by one worker and by two, in turn. Writes
results/experiment.json.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.machine import machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
SEEDS, STEPS = 8, 20_000


@dataclass(frozen=True)
class Options:
    rounds: int = 2
    """How often each is measured."""


def seconds(workers):
    """Of a whole experiment, the start of its processes included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "framework.experiment", "FN/policy_gradient_agent.py", "--seeds", str(SEEDS)]
        command += ["--workers", str(workers), "--folder", folder, "--", "--steps", str(STEPS)]
        began = time.perf_counter()
        subprocess.run([*command, "--target-return", "None"], cwd=ROOT, check=True, capture_output=True)
        return round(time.perf_counter() - began, 1)


def main(options):
    found = {1: [], 2: []}
    for _ in range(options.rounds):
        for workers, of_workers in found.items():
            of_workers.append(seconds(workers))
            print(workers, of_workers, flush=True)
    ratio = statistics.median(found[1]) / statistics.median(found[2])
    print(f"two workers: {ratio:.2f} times as fast")
    about = {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), "seeds": SEEDS, "steps": STEPS}
    save("experiment", {**about, "seconds": {str(n): of_n for n, of_n in found.items()}, "ratio": round(ratio, 2)})


if __name__ == "__main__":
    run(main, Options, __doc__)
