"""What the rest of Day 4's family learns, and in which time: every seed. Needs the extras box2d, minatar, mujoco.

    python bench/deep_family.py                       everything; hours on two cores
    python bench/deep_family.py --only pendulum       one part; the others keep their last results
    python bench/deep_family.py --only pendulum --run sac --seeds 100

Parts: pendulum (mean returns of 100 fresh episodes on the way), seconds (until 100 fresh episodes confirm -200, the
process's start included), repairs (each of TD3's three alone), needs (what each agent is without one of its parts),
trust (how far TRPO and PPO move), worlds (LunarLander and others), cartpole (Rainbow), breakout (Rainbow, without one
of the six at a time or all, on MinAtar's Breakout). Each run is a process of its own. Writes results/deep_family.json
and draws docs/deep_family.png, docs/deep_worlds.png and docs/deep_rainbow.png.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
TD3 = ("--twin", "--policy-delay", "2", "--target-noise", "0.2")
OFTEN = ("--eval-episodes", "100", "--target-return", "None")
PENDULUM = ("--env", "Pendulum-v1")
ALL_OFF = ("--no-double", "--no-dueling", "--no-prioritized", "--n-step", "1", "--no-distributional", "--no-noisy")
SWITCHES = {
    "double": "--no-double", "dueling": "--no-dueling", "prioritized": "--no-prioritized",
    "several steps": "--n-step 1", "distributional": "--no-distributional", "noisy": "--no-noisy",
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A script, its flags, and how often it is looked at."""

    script: str
    flags: tuple[str, ...] = ()
    steps: int = 20_000
    every: int = 2_000
    threads: int = 2
    """Of one operation; 2 is what every script has. Networks as small as Breakout's are faster with one."""


PENDULUM_RUNS = {
    "DDPG": Run("ddpg_agent"),
    "TD3": Run("ddpg_agent", TD3),
    "SAC": Run("sac_agent"),
    "Gaussian actor-critic": Run("policy_gradient_continuous_agent", (), 300_000, 30_000),
    "PPO": Run("ppo_agent", PENDULUM, 100_000, 10_000),
}
REPAIRS = {  # DDPG and TD3 themselves are among the runs above
    "twin": Run("ddpg_agent", ("--twin",)),
    "policy delay": Run("ddpg_agent", ("--policy-delay", "2")),
    "target noise": Run("ddpg_agent", ("--target-noise", "0.2")),
}
NEEDS = {
    "DDPG, no target networks": Run("ddpg_agent", ("--tau", "1")),
    "DDPG, no noise on actions": Run("ddpg_agent", ("--exploration", "0")),
    "SAC, no target networks": Run("sac_agent", ("--tau", "1")),
    "SAC, one Q": Run("sac_agent", ("--no-twin",)),
    "SAC, temperature 0.2": Run("sac_agent", ("--temperature", "0.2")),
    "SAC, temperature 10": Run("sac_agent", ("--temperature", "10")),
    "Gaussian actor-critic, rewards as they are": Run(
        "policy_gradient_continuous_agent", ("--reward-scale", "1"), 300_000, 30_000
    ),
    "Gaussian actor-critic, one step of the critic": Run(
        "policy_gradient_continuous_agent", ("--value-steps", "1"), 300_000, 30_000
    ),
}
TRUST = {
    "TRPO": Run("trpo_agent", (), 60_000, 4_000),
    "TRPO with a KL up to 1": Run("trpo_agent", ("--kl-limit", "1"), 60_000, 4_000),
    "PPO": Run("ppo_agent", ("--test",), 60_000, 4_000),
    "PPO without clipping": Run("ppo_agent", ("--test", "--clip", "1e6"), 60_000, 4_000),
}
CARTPOLE = {
    "all six": Run("rainbow_agent", ("--test",), 30_000, 2_500),
    "none": Run("rainbow_agent", ("--test", *ALL_OFF), 30_000, 2_500),
}
LANDER = ("--env", "LunarLander-v3")
WORLDS = {
    "LunarLander-v3, PPO": Run("ppo_agent", LANDER, 500_000, 50_000),
    "LunarLander-v3, DQN": Run("dqn_agent", LANDER, 300_000, 30_000),
    "LunarLanderContinuous-v3, SAC": Run("sac_agent", ("--env", "LunarLanderContinuous-v3"), 200_000, 20_000),
    "MountainCarContinuous-v0, DDPG": Run("ddpg_agent", ("--env", "MountainCarContinuous-v0"), 40_000, 4_000),
    "MountainCarContinuous-v0, DDPG, noise without a memory": Run(
        "ddpg_agent", ("--env", "MountainCarContinuous-v0", "--noise-memory", "0"), 40_000, 4_000
    ),
    "BipedalWalker-v3, SAC": Run("sac_agent", ("--env", "BipedalWalker-v3"), 300_000, 50_000),
    "Hopper-v5, SAC": Run("sac_agent", ("--env", "Hopper-v5"), 200_000, 40_000),
}
WORLDS = {name: replace(one, threads=1) for name, one in WORLDS.items()}
MINATAR = ("--env", "MinAtar/Breakout-v1")
BREAKOUT = {
    "all six": Run("rainbow_agent", MINATAR, 300_000, 10_000, threads=1),
    "none": Run("rainbow_agent", (*MINATAR, *ALL_OFF), 300_000, 10_000, threads=1),
}
for switch, off in SWITCHES.items():
    CARTPOLE[f"without {switch}"] = Run("rainbow_agent", ("--test", *off.split()), 30_000, 2_500)
    BREAKOUT[f"without {switch}"] = Run("rainbow_agent", (*MINATAR, *off.split()), 300_000, 10_000, threads=1)
PARTS = {
    "pendulum": PENDULUM_RUNS,
    "seconds": PENDULUM_RUNS,
    "repairs": REPAIRS,
    "trust": TRUST,
    "needs": NEEDS,
    "worlds": WORLDS,
    "cartpole": CARTPOLE,
    "breakout": BREAKOUT,
}
TARGET = -200.0


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the parts whose name has this in it."""
    run: str = ""
    """Of these, only the runs whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""
    together: int = 1
    """How many runs go on at once, but for the part seconds."""


def learn(one, seed, flags):
    """A run: its evaluations [(step, return), …], result, seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "FN" / f"{one.script}.py"), *one.flags, "--seed", str(seed), *flags]
        began, epoch = time.perf_counter(), time.time()
        env = {**os.environ, "NANOKA_THREADS": str(one.threads)}
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=env)
        seconds = time.perf_counter() - began
        (home,) = Path(folder, "runs", one.script).iterdir()
        result = json.loads((home / "result.json").read_text(encoding="utf-8"))
        with open(home / "metrics.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    return {
        "seed": seed,
        "curve": [(int(row["step"]), float(row["eval_return"])) for row in rows if row["eval_return"]],
        "kl": [(int(row["step"]), float(row["kl"])) for row in rows if row.get("kl")],
        "return": result["return"],
        "steps": result["steps"],
        "seconds": round(seconds, 1),
        "seconds_to_target": round(result["reached_time"] - epoch, 1) if result["reached"] else None,
        "peak_megabytes": result["peak_megabytes"],
    }


def curve(one, seed):
    """All the steps, evaluated on 100 fresh episodes (Breakout: 20) every so often."""
    often = ("--target-return", "None") if "Breakout" in " ".join(one.flags) else OFTEN
    return learn(one, seed, (*often, "--steps", str(one.steps), "--eval-every", str(one.every)))


def timed(one, seed):
    """As a reader runs it, but for the target: until 100 fresh episodes confirm -200."""
    return learn(one, seed, ("--target-return", str(TARGET), "--steps", str(one.steps)))


def measured(one, options, before):
    """The seeds of a run, beside those that were measured before with the same flags."""
    with ThreadPoolExecutor(options.together) as pool:
        curves = list(pool.map(lambda seed: curve(one, seed), options.seeds))
    if before and before["flags"] == " ".join(one.flags) and before["threads"] == one.threads:
        curves = [run for run in before["seeds"] if run["seed"] not in options.seeds] + curves
    curves.sort(key=lambda run: run["seed"])
    last, area = [run["curve"][-1][1] for run in curves], [np.mean([y for _, y in run["curve"]]) for run in curves]
    found = {
        "machine": machine("tensorflow-cpu", "keras", "gymnasium"),
        "flags": " ".join(one.flags),
        "threads": one.threads,
        "last": last,
        "median_last": float(np.median(last)),
        "area": [round(float(mean), 2) for mean in area],
        "median_area": round(float(np.median(area)), 2),
        "seeds": curves,
    }
    return found


def times(one, options):
    """Seconds of all seeds, one run after the other with nothing beside it."""
    runs = [timed(one, seed) for seed in options.seeds]
    seconds = [run["seconds_to_target"] for run in runs]
    print(f"seconds to {TARGET:g}: {seconds}", flush=True)
    return {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), "seconds": seconds, "seeds": runs}


def main(options):
    path = RESULTS / "deep_family.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part, runs in PARTS.items():
        for name, one in runs.items():
            if options.only not in part or options.run.lower() not in name.lower():
                continue
            if part == "seconds":
                known.setdefault(part, {})[name] = times(one, options)
            else:
                found = measured(one, options, known.setdefault(part, {}).get(name))
                known[part][name] = found
                print(f"{part}, {name}: {found['last']}, area {found['area']}", flush=True)
            save("deep_family", known)
    draw(known)


FIGURES = {  # file: panels of (title, part, names, "curve" or "kl")
    "deep_family": (
        ("Pendulum-v1, off-policy", "pendulum", ("DDPG", "TD3", "SAC"), "curve"),
        ("Pendulum-v1, on-policy", "pendulum", ("Gaussian actor-critic", "PPO"), "curve"),
        ("CartPole-v1; colours as on the right", "trust", tuple(TRUST), "curve"),
        ("CartPole-v1", "trust", tuple(TRUST), "kl"),
    ),
    "deep_worlds": (
        ("LunarLander-v3", "worlds", tuple(name for name in WORLDS if "Lander-v3" in name), "curve"),
        ("LunarLanderContinuous-v3", "worlds", tuple(name for name in WORLDS if "Continuous-v3" in name), "curve"),
        ("MountainCarContinuous-v0", "worlds", tuple(name for name in WORLDS if "MountainCar" in name), "curve"),
        ("CartPole-v1, Rainbow", "cartpole", ("all six", "without noisy", "none"), "curve"),
        ("BipedalWalker-v3", "worlds", ("BipedalWalker-v3, SAC",), "curve"),
        ("Hopper-v5", "worlds", ("Hopper-v5, SAC",), "curve"),
    ),
}


def draw(known):
    """Each seed is a thin line, their median a thick one. A file is drawn once all that it shows is known."""
    from matplotlib.figure import Figure

    from framework.plots import COLOURS, finish, save_figure

    for name, panels in FIGURES.items():
        if not all(run in known.get(part, {}) for _, part, runs, _ in panels for run in runs):
            continue
        rows = len(panels) // 2
        figure = Figure(figsize=(10.5, 3.5 * rows), layout="constrained")
        for ax, (title, part, runs, what) in zip(figure.subplots(rows, 2).flat, panels, strict=True):
            for run_name, colour in zip(runs, COLOURS, strict=False):
                draw_seeds(ax, known[part][run_name]["seeds"], what, run_name.partition(", ")[2] or run_name, colour)
            ax.set(title=title, xlabel="thousand steps of all worlds")
            ax.set_ylabel(
                "mean return of 100 fresh episodes" if what == "curve" else "KL divergence of updates, nats"
            )
            if what == "kl":
                ax.set_yscale("log")
            finish(ax, legend="right" not in title)
        save_figure(figure, (ROOT / "docs" / f"{name}.png").as_posix())
    if all(name in known.get("breakout", {}) for name in BREAKOUT):
        figure = Figure(figsize=(10.5, 6.5), layout="constrained")
        draw_switches(figure, known["breakout"])
        save_figure(figure, (ROOT / "docs" / "deep_rainbow.png").as_posix())


def draw_switches(figure, found):
    """A panel for each switch: Breakout without it, between all six and none; means over seeds and their bands."""
    from framework.plots import COLOURS, draw_curve, finish

    for ax, switch in zip(figure.subplots(2, 3, sharex=True, sharey=True).flat, SWITCHES, strict=True):
        for name, colour in (("all six", COLOURS[0]), (f"without {switch}", COLOURS[4]), ("none", COLOURS[5])):
            curves = np.array([one["curve"] for one in found[name]["seeds"]])
            label = f"{name}, {len(curves)} seeds"
            draw_curve(ax, curves[0, :, 0] / 1000, curves[..., 1], label, colour)
        ax.set_title(switch)
        ax.legend(frameon=False, loc="upper left")
        finish(ax, legend=False)
    figure.supxlabel("thousand steps of all worlds")
    figure.supylabel("mean return of 20 fresh episodes, MinAtar's Breakout")


def draw_seeds(ax, seeds, what, label, colour):
    """The lines of one run. PPO's KL is an estimate from the actions taken, which may fall below 0."""
    lines = [np.maximum(np.array(one[what]).T, -np.inf if what == "curve" else 1e-5) for one in seeds]
    for step, value in lines:
        ax.plot(step / 1000, value, color=colour, alpha=0.25, linewidth=0.9)
    step, value = (np.median([line[i] for line in lines], axis=0) for i in (0, 1))
    ax.plot(step / 1000, value, color=colour, linewidth=2, label=label)


if __name__ == "__main__":
    run(main, Options, __doc__)
