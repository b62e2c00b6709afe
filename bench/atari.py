"""What a few settings learn of Atari's games in about a million steps. Needs the extra ``atari``.

    python bench/atari.py                three hours or more; goes on where it was stopped
    python bench/atari.py --only PPO     those with this in their name

Writes results/atari.json: mean returns of training in each tenth of a run, and the policy's entropy.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.machine import machine, save
from framework.cli import run
from framework.runs.jobs import Here, Job

ADAM = "--form host --optimizer adam --loss-scale 1 --max-grad-norm 0.5 --value-weight 0.5"
RUNS = {  # page, flags
    "Pong, PPO": ("ppo_agent", "--env Atari/Pong-v0"),
    "Pong, PAAC, as its paper": ("paac_agent", "--env Atari/Pong-v0"),
    "Pong, PAAC, Adam": (
        "paac_agent", f"--env Atari/Pong-v0 {ADAM} --learning-rate 7e-4 --entropy-weight 0.01",
    ),
    "Pong, PAAC, Adam, T = 10": (
        "paac_agent",
        f"--env Atari/Pong-v0 {ADAM} --learning-rate 1e-3 --entropy-weight 0.001 --rollout-steps 10",
    ),
    "Pong, PAAC, Adam, T = 20": (
        "paac_agent",
        f"--env Atari/Pong-v0 {ADAM} --learning-rate 1e-3 --entropy-weight 0.005 --rollout-steps 20",
    ),
    "Pong, PAAC, Adam, 16 worlds, T = 10": (
        "paac_agent",
        f"--env Atari/Pong-v0 {ADAM} --learning-rate 7e-4 --entropy-weight 0.001 --rollout-steps 10 --num-envs 16"
        " --steps 6000000",
    ),
    "Boxing, PAAC, Adam": (
        "paac_agent", f"--env Atari/Boxing-v0 {ADAM} --learning-rate 7e-4 --entropy-weight 0.01 --steps 1000000",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only those with this in their name."""
    folder: str = "runs/atari"
    """Where the runs are."""


def collect(folder):
    """What is known of a run, from its folder."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))["config"]
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tenths = np.array_split(np.arange(len(rows)), 10)
    names = "env num_envs rollout_steps learning_rate optimizer entropy_weight clip epochs batch_size steps seed"
    known = {name: config[name] for name in names.split() if name in config}
    result = folder / "result.json"
    return {
        "settings": known, "steps": int(rows[-1]["step"]),
        "return": [_mean(rows, tenth, "return") for tenth in tenths],
        "entropy": [_mean(rows, tenth, "entropy") for tenth in tenths],
        "evaluations": [[int(row["step"]), float(row["eval_return"])] for row in rows if row["eval_return"]],
        "best agent": json.loads(result.read_text(encoding="utf-8"))["return"] if result.exists() else None,
    }  # fmt: skip


def _mean(rows, numbers, column):
    values = [float(rows[number][column]) for number in numbers if rows[number][column]]
    return round(float(np.mean(values)), 3) if values else None


def main(options):
    found = {}
    with Here(2) as here:
        jobs = {
            name: Job(f"FN/{page}.py", (*flags.split(), "--seed", "0"), str(Path(options.folder, name).resolve()))
            for name, (page, flags) in RUNS.items()
            if options.only in name
        }
        for name, future in {name: here.submit(job) for name, job in jobs.items()}.items():
            if future.result().code:
                raise ValueError(f"{name}: {future.result().said}")
            found[name] = collect(Path(jobs[name].folder))
    save("atari", {"machine": machine("tensorflow-cpu", "keras", "ale-py"), "runs": found})


if __name__ == "__main__":
    run(main, Options, __doc__)
