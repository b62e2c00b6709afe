"""Why the seconds of bench/deep_speed.py are what they are: what a start and a gradient step cost on either side.

    python bench/deep_limits.py --peer-python PEER/bin/python

bench/deep_speed.py says how to make the peer's environment. A start is a fresh process that imports what PPO needs, a
gradient step one of PPO's on a minibatch of 512 pairs of frames from Catcher (forward, backward, clipping, Adam).
Beside it stands how long the step's multiplications would take at the pace of one large matrix product, which no
library goes beyond by much. The earliest end is that of a run on CartPole whose target any agent reaches at its first
evaluation: one that must learn does not end sooner. Beside it stands a third of stable-baselines3's time until it
balances, measured in turn. Adds to results/deep_limits.json.
"""

import json
import statistics
import subprocess
import sys
import time
from collections import namedtuple
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from bench.deep_speed import CONTESTS, PEER_NAME, check_peer, measure, median, ours, theirs
from bench.machine import RESULTS, machine, save
from framework.cli import run

PEER = Path(__file__).parent / "peers" / "sb3_step.py"
STARTS = {"nanoka": "import FN.ppo_agent", "stable-baselines3": "import stable_baselines3"}
ROWS = CONTESTS["catcher"].settings["batch_size"]
REPEATS, WARM_UP, ROUNDS = 40, 5, 5
SEEDS = range(100, 105)


@dataclass(frozen=True)
class Options:
    peer_python: str = ""
    """The Python of the environment that has stable-baselines3; required."""
    only: Literal["costs", "earliest", "all"] = "all"
    """Starts and gradient steps, or the earliest end of a run on CartPole."""


def start(python, program):
    """Seconds that a fresh process needs to run a program."""
    began = time.perf_counter()
    subprocess.run([python, "-c", program], check=True, capture_output=True)
    return time.perf_counter() - began


def our_step(precision):
    """Median seconds of one gradient step of `FN.ppo_agent`."""
    from FN.ppo_agent import Config, PPOAgent
    from framework.tf import begin
    from framework.vector import make_worlds

    config = Config(precision=precision)
    begin(config)
    worlds = make_worlds(config)
    agent = PPOAgent(worlds.observation_space, worlds.action_space, config)
    obs = worlds.obs.repeat(ROWS // config.num_envs, axis=0)
    numbers = np.random.default_rng(0).normal(size=ROWS).astype(np.float32)
    batch = namedtuple("Batch", "obs action log_prob advantage returns")(
        obs, np.zeros(ROWS, np.int64), numbers, numbers, numbers
    )
    seconds = []
    for _ in range(WARM_UP + REPEATS):
        began = time.perf_counter()
        agent.update(batch, np.arange(ROWS)[None], 0.0, 0.2)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[WARM_UP:])


def their_step(peer_python):
    """The same of stable-baselines3's PPO."""
    command = [peer_python, str(PEER), "--settings", json.dumps(CONTESTS["catcher"].settings)]
    command += ["--warm-up", str(WARM_UP), "--repeats", str(REPEATS)]
    return float(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)


def operations():
    """Floating-point operations of a gradient step: forward once, and as much again for the gradient of the weights
    and for that of the inputs, which the first layer does not need."""
    settings = CONTESTS["catcher"].settings
    size, channels, total = settings["frame_size"], settings["frames"], 0
    for number, (filters, kernel, stride) in enumerate(settings["filters"]):
        size = (size - kernel) // stride + 1
        total += (3 if number else 2) * 2 * size**2 * filters * kernel**2 * channels
        channels = filters
    return ROWS * (total + 3 * 2 * size**2 * channels * settings["dense"])


def product_rate(size=2048, repeats=20):
    """Floating-point operations a second of the product of two float32 matrices [size, size]."""
    matrix = np.random.default_rng(0).random((size, size), np.float32)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / statistics.median(seconds)


def earliest_ends(peer_python):
    """{algorithm: our earliest ends and a third of their times to the target, with their medians}."""
    contest, result = CONTESTS["cartpole"], {}
    for algo in ("a2c", "ppo"):
        nanoka, peer = [], []
        for seed in SEEDS:
            nanoka.append(measure(ours(replace(contest, target=1.0), algo, seed)))
            peer.append(measure(theirs(contest, algo, seed, contest.peers[PEER_NAME], peer_python)))
        thirds = [{**run, "seconds": round(run["seconds"] / 3, 2)} for run in peer]
        result[algo] = {
            "earliest end": [run["seconds"] for run in nanoka],
            "third of theirs": [run["seconds"] for run in thirds],
            "median of the earliest ends": median(nanoka, "seconds"),
            "median of the thirds": median(thirds, "seconds"),
        }
    return result


def costs(peer_python):
    """Medians of starts and of gradient steps."""
    pythons = {"nanoka": sys.executable, "stable-baselines3": peer_python}
    starts, steps = [], []
    for _ in range(ROUNDS):  # in turn, for other work on the machine comes and goes
        starts.append({name: start(pythons[name], program) for name, program in STARTS.items()})
        milliseconds = {
            "nanoka": our_step("float32"),
            "nanoka, mixed_bfloat16": our_step("mixed_bfloat16"),
            "stable-baselines3": their_step(peer_python),
            "at the pace of a matrix product": operations() / product_rate(),
        }
        steps.append({name: 1e3 * seconds for name, seconds in milliseconds.items()})
    return {
        "rounds": ROUNDS,
        "start_seconds": medians(starts),
        "gradient_step_milliseconds": medians(steps),
        "gradient_step_operations": operations(),
    }


def main(options):
    check_peer(options.peer_python)
    result = {"machine": machine("tensorflow-cpu", "keras", "numpy")}
    if options.only in ("earliest", "all"):
        result["earliest_end_seconds"] = earliest_ends(options.peer_python)
    if options.only in ("costs", "all"):
        result |= costs(options.peer_python)
    print(json.dumps(result, indent=2))
    path = RESULTS / "deep_limits.json"  # it keeps every day's, for these figures depend on the processor
    known = json.loads(path.read_text(encoding="utf-8"))["measurements"] if path.exists() else []
    save("deep_limits", {"measurements": [*known, result]})


def medians(rounds, digits=2):
    """{name: median of its numbers in all rounds}."""
    return {name: round(statistics.median(numbers[name] for numbers in rounds), digits) for name in rounds[0]}


if __name__ == "__main__":
    run(main, Options, __doc__)
