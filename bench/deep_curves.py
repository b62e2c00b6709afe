"""The learning curves of Day 4: each agent evaluated often, whether it has reached its target or not, for five seeds.

    python bench/deep_curves.py                    five seeds of each; about 30 minutes on two cores
    python bench/deep_curves.py --only ppo_agent

Writes results/deep_curves.json and draws docs/deep_learning.png, with what chance gets and the best that there is:
500 steps on CartPole; on Catcher, what an oracle gets that sees positions and speeds.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.deep_learning import RUNS
from bench.machine import RESULTS, machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
EVERY = {  # name: steps between two of its 16 evaluations
    "value_function_agent CartPole-v1": 4_000,
    "dqn_agent CartPole-v1": 4_000,
    "policy_gradient_agent CartPole-v1": 6_000,
    "a2c_agent CartPole-v1": 4_000,
    "ppo_agent CartPole-v1": 3_000,
    "dqn_agent Catcher-v0": 2_500,
    "a2c_agent Catcher-v0": 20_000,
    "ppo_agent Catcher-v0": 5_000,
}
EVALUATIONS = 16
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the runs whose name has this in it; the others keep their last results."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""
    together: int = 2
    """How many runs go on at once."""


def bounds(world):
    """Mean returns of 100 episodes: by chance, and the best."""
    from framework.vector import make_vector
    from worlds.catcher import catcher_oracle

    envs, rng = make_vector(world.replace("Catcher-", "CatcherState-"), 100, seed=0), np.random.default_rng(0)

    def mean_return(policy):
        for _ in envs.episodes(policy):
            pass
        return float(np.mean([episode_return for episode_return, _ in envs.take_finished()]))

    chance = mean_return(lambda obs: rng.integers(envs.action_space.n, size=len(obs)))
    if world == "CartPole-v1":
        return {"chance": chance, "best": 500.0}
    return {"chance": chance, "best": mean_return(lambda obs: catcher_oracle(envs.envs.unwrapped.state))}


def curve(script, flags, seed):
    """The first 16 evaluations [(step, return), …] of a run, which is then stopped: with fewer steps in its settings
    its learning rate would fall faster."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "FN" / f"{script}.py"), *flags, "--seed", str(seed)]
        run = subprocess.Popen([*command, "--target-return", "None", "--run-folder", "run"], cwd=folder, **QUIET)
        found = []
        while len(found) < EVALUATIONS and run.poll() is None:
            time.sleep(0.5)
            found = evaluations(Path(folder, "run", "metrics.csv"))
        run.terminate()
        run.wait()
    return found[:EVALUATIONS]


def evaluations(path):
    """[(step, return), …] of a log that is being written."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if None not in row.values()]
    return [(int(row["step"]), float(row["eval_return"])) for row in rows if row["eval_return"]]


def main(options):
    path = RESULTS / "deep_curves.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"worlds": {}, "runs": {}}
    for name, (script, flags, _) in RUNS.items():
        if options.only not in name:
            continue
        every, world = EVERY[name], name.split()[1]
        flags = [*flags, "--eval-every", str(every)]
        with ThreadPoolExecutor(options.together) as pool:  # each run is a process of its own
            runs = list(pool.map(lambda seed, script=script, flags=flags: curve(script, flags, seed), options.seeds))
        known["worlds"][world] = bounds(world)
        known["runs"][name] = {
            "machine": machine("tensorflow-cpu", "keras", "gymnasium"),
            "seeds": [{"seed": seed, "curve": run} for seed, run in zip(options.seeds, runs, strict=True)],
        }
        save("deep_curves", known)
    draw(known)


def draw(known):
    """The evaluations of all seeds: each as a thin line, and their median."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(13, 6), layout="constrained")
    for ax, name in zip(axes.flat, RUNS, strict=True):
        if name not in known["runs"]:
            continue
        curves = [np.array(run["curve"]).T for run in known["runs"][name]["seeds"]]
        for step, value in curves:
            ax.plot(step / 1000, value, color="#005cab", alpha=0.3, lw=1)
        steps = np.median([step for step, _ in curves], axis=0)
        ax.plot(steps / 1000, np.median([value for _, value in curves], axis=0), color="#005cab", lw=2)
        script, world = name.split()
        bound, target = known["worlds"][world], RUNS[name][2]
        for y, colour, style in (
            (bound["best"], "0.4", ":"),
            (target, "#e36e00", "--"),
            (bound["chance"], "0.4", "-."),
        ):
            ax.axhline(y, color=colour, lw=1, ls=style)
        ax.set_title(f"{script.removesuffix('_agent')}, {world}", fontsize=10)
        ax.set_xlim(left=0)
        ax.grid(alpha=0.3)
    for ax in axes[:, 0]:
        ax.set_ylabel("return of an evaluation")
    for ax in axes[1]:
        ax.set_xlabel("thousand steps of all worlds")
    lines = [
        plt.Line2D([], [], color="#005cab", lw=2, label="median of five seeds"),
        plt.Line2D([], [], color="#005cab", alpha=0.3, lw=1, label="each seed"),
        plt.Line2D([], [], color="0.4", ls=":", label="the best there is"),
        plt.Line2D([], [], color="#e36e00", ls="--", label="target"),
        plt.Line2D([], [], color="0.4", ls="-.", label="chance"),
    ]
    figure.legend(handles=lines, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(ROOT / "docs" / "deep_learning.png", dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    run(main, Options, __doc__)
