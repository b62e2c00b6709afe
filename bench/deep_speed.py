"""Seconds until an agent plays well: our deep agents against stable-baselines3's, on CartPole, Catcher and Pendulum.

The peer needs an environment of its own (on Linux the CPU build of torch is enough, and far smaller):

    python -m venv PEER
    PEER/bin/pip install torch==2.13.0 stable-baselines3==2.9.2 tqdm tyro
    PEER/bin/pip install --no-deps -e .
    python bench/deep_speed.py --peer-python PEER/bin/python
    python bench/deep_speed.py --peer-python PEER/bin/python --only cartpole --seeds 100 101

Each run is a process of its own, ours and theirs in turn. Its seconds count from the start of the process, imports,
compilation and evaluations included, until the mean return of 20 evaluation episodes has reached the target and 100
fresh ones have confirmed it; what a side writes and draws after that does not count. On CartPole each side has its
own settings (theirs are rl-baselines3-zoo's); on Catcher both have the same network, worlds and settings. On Pendulum
theirs are the zoo's, but for the step at which learning starts, which is ours; then once more with our networks,
minibatches and worlds. Theirs
plays evaluation episodes in 20 worlds side by side; on CartPole it runs a second time with one after the other, as
rl-baselines3-zoo does unless told otherwise. A run that gives up counts as endless: a median that falls on one is
null, and so are the ratios to it.
"""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.machine import RESULTS, machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
PEER = ROOT / "bench" / "peers" / "sb3_run.py"
PEER_NAME = "stable-baselines3"
ZOO_NAME = "stable-baselines3, evaluated as the zoo does"
SCRIPTS = {
    "dqn": ("FN/dqn_agent.py",),
    "a2c": ("FN/a2c_agent.py",),
    "ppo": ("FN/ppo_agent.py",),
    "sac": ("FN/sac_agent.py",),
    "td3": ("FN/ddpg_agent.py", "--twin", "--policy-delay", "2", "--target-noise", "0.2"),
}
HOW_TO = (
    "make an environment for stable-baselines3 as `python bench/deep_speed.py --help` shows, and give its Python as "
    "--peer-python"
)


@dataclass(frozen=True)
class Contest:
    """One world: what counts as reached, when to look, and when to give up."""

    env: str
    target: float
    eval_every: int
    max_steps: dict
    settings: dict
    """Of stable-baselines3, in place of the zoo's; on Catcher the same as ours."""
    peers: dict
    """{name: in how many worlds at once it plays evaluation episodes}."""


CONTESTS = {
    "cartpole": Contest(
        "CartPole-v1", 475.0, 5000, {"dqn": 100_000, "a2c": 500_000, "ppo": 100_000}, {}, {PEER_NAME: 20, ZOO_NAME: 1}
    ),
    "catcher": Contest(
        "Catcher-v0",
        14.4,  # of at most 16
        10_000,
        {"ppo": 200_000},
        {
            "n_envs": 32,
            "n_steps": 64,
            "n_timesteps": 200_000,
            "batch_size": 512,
            "n_epochs": 4,
            "learning_rate": "lin_0.001",
            "clip_range": "lin_0.2",
            "gamma": 0.98,
            "gae_lambda": 0.95,
            "ent_coef": 0.01,
            "vf_coef": 0.5,
            "max_grad_norm": 0.5,
            "frame_size": 84,
            "frames": 2,
            "filters": [[16, 8, 4], [32, 4, 2]],
            "dense": 128,
        },
        {PEER_NAME: 20},
    ),
    "pendulum": Contest(
        "Pendulum-v1", -200.0, 2000, {"sac": 20_000, "td3": 20_000}, {"learning_starts": 100}, {PEER_NAME: 20}
    ),
    "pendulum, alike": Contest(
        "Pendulum-v1",
        -200.0,
        2000,
        {"sac": 20_000, "td3": 20_000},
        {
            "learning_starts": 100,
            "gamma": 0.99,
            "n_envs": 8,
            "train_freq": 1,  # of all eight worlds
            "gradient_steps": 8,
            "batch_size": 128,
            "buffer_size": 50_000,
            "policy_kwargs": {"net_arch": [64, 64]},
        },
        {PEER_NAME: 20},
    ),
}


def ours(contest, algo, seed):
    """Our command line; it writes result.json into the folder of its run."""
    script, *flags = SCRIPTS[algo]
    flags += ["--seed", str(seed), "--target-return", str(contest.target)]
    return [sys.executable, str(ROOT / script), *flags, *(["--test"] if contest.env == "CartPole-v1" else [])]


def theirs(contest, algo, seed, eval_envs, peer_python):
    """The peer's command line; it prints its result as JSON."""
    options = {
        "--algo": algo,
        "--env": contest.env,
        "--seed": seed,
        "--target": contest.target,
        "--max-steps": contest.max_steps[algo],
        "--eval-every": contest.eval_every,
        "--eval-envs": eval_envs,
        "--settings": json.dumps(contest.settings),
    }
    return [peer_python, str(PEER), "--json", *(str(part) for option in options.items() for part in option)]


def measure(command):
    """Run a command in an empty folder: its result, with the seconds until its target was confirmed.

    Raises:
        ValueError: it failed, or left no result.
    """
    with tempfile.TemporaryDirectory() as folder:
        began = time.time()
        process = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
        ended = time.time()
        written = [path.read_text(encoding="utf-8") for path in Path(folder).glob("runs/*/*/result.json")]
    printed = process.stdout.splitlines()[-1:] if "--json" in command else []
    if process.returncode or not (written or printed):
        said = process.stderr.strip().splitlines()[-1:] or ["it left no result"]
        raise ValueError(f"{' '.join(command)} ended with code {process.returncode}: {said[0]}")
    result = json.loads((written or printed)[0])
    result.pop("returns", None)
    until = result.pop("reached_time") if result["reached"] else ended
    return {**result, "seconds": round(until - began, 2)}


def check_peer(peer_python):
    """Refuse a peer that cannot be imported. Afterwards the files of both sides are in the disk's cache.

    Raises:
        ValueError: one sentence that says how to make the environment.
    """
    if not peer_python:
        raise ValueError(HOW_TO)
    try:
        imports = [peer_python, "-c", "import stable_baselines3, torch, environment, framework.vector"]
        found = subprocess.run(imports, capture_output=True, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{peer_python} does not run ({error.strerror}); {HOW_TO}") from None
    if found.returncode:
        raise ValueError(f"{found.stderr.strip().splitlines()[-1]} in {peer_python}; {HOW_TO}")
    subprocess.run([sys.executable, "-c", "import tensorflow, keras"], capture_output=True)


def median(runs, what):
    """The median, in which a run that never reached the target counts as endless; None if it is."""
    middle = statistics.median(run[what] if run["reached"] else math.inf for run in runs)
    return middle if math.isfinite(middle) else None


def summary(runs):
    """What all seeds of one side gave."""
    return {
        "reached": sum(run["reached"] for run in runs),
        "seconds": median(runs, "seconds"),
        "steps_to_target": median(runs, "steps_to_target"),
        "peak_megabytes": statistics.median(run["peak_megabytes"] for run in runs),
        "runs": runs,
    }


def ratio(theirs, ours):
    """Their median divided by ours; None where one of them gave up."""
    return round(theirs / ours, 2) if theirs and ours else None


def compare(contest, algo, seeds, peer_python):
    """All sides in turn, seed by seed; medians, ratios (above 1: ours needs less) and every run."""
    runs = {"nanoka": [], **{name: [] for name in contest.peers}}
    for seed in seeds:
        commands = {"nanoka": ours(contest, algo, seed)}
        for name, eval_envs in contest.peers.items():
            commands[name] = theirs(contest, algo, seed, eval_envs, peer_python)
        for name, command in commands.items():
            result = measure(command)
            runs[name].append({"seed": seed, **result})
            reached = f"{result['steps_to_target']:7,} steps" if result["reached"] else "not reached"
            print(f"  {algo} seed {seed} {name}: {result['seconds']:.1f} s, {reached}", flush=True)
    sides = {name: summary(of_seeds) for name, of_seeds in runs.items()}
    nanoka, compared = sides["nanoka"], {}
    for name in contest.peers:
        peer = sides[name]
        compared[name] = {
            "times_faster": ratio(peer["seconds"], nanoka["seconds"]),
            "times_fewer_steps": ratio(peer["steps_to_target"], nanoka["steps_to_target"]),
            "times_less_memory": ratio(peer["peak_megabytes"], nanoka["peak_megabytes"]),
        }
    return {"against": compared, **sides}


@dataclass(frozen=True)
class Options:
    peer_python: str = ""
    """The Python of the environment that has stable-baselines3; required."""
    only: Literal["cartpole", "catcher", "pendulum", "all"] = "all"
    """Which world; the others keep their last results."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """One run of each side for each."""
    save: bool = True
    """Write bench/results/deep_speed.json."""


def main(options):
    check_peer(options.peer_python)
    path = RESULTS / "deep_speed.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, contest in CONTESTS.items():
        if options.only not in (name.split(",")[0], "all"):
            continue
        print(f"{contest.env}, mean return of at least {contest.target:g}")
        result = known[name] = {
            "machine": machine("tensorflow-cpu", "tensorflow", "keras", "gymnasium", "numpy"),
            "unit": "seconds from the start of the process until the target was confirmed",
            "env": contest.env,
            "target": contest.target,
            "peer_settings": contest.settings or "zoo",
        }
        for algo in contest.max_steps:
            table = result[algo] = compare(contest, algo, options.seeds, options.peer_python)
            for side in ("nanoka", *contest.peers):
                reached = f"{table[side]['reached']} of {len(options.seeds)} reached it"
                print(f"  {algo} {side}: median {table[side]['seconds']} s, {reached}")
            print(f"  {algo}: {table['against']}")
            if options.save:
                save("deep_speed", known)


if __name__ == "__main__":
    run(main, Options, __doc__)
