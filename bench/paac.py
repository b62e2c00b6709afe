"""How fast PAAC steps CartPole inside the graph and learns, and how fast processes step worlds.

    python bench/paac.py                   everything: some minutes
    python bench/paac.py --only device     one part; the others keep their last results

Parts: device (steps a second against the number of worlds, learning included, with XLA and without), seconds (of
whole processes, until 100 episodes of the registered world confirm 475), workers (32 worlds stepped by 0, 1, 2 and 4
processes, without a network; needs the extra box2d). Rates are medians of rounds, in turn. Writes results/paac.json.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
WORLDS = (1, 4, 16, 64, 256, 1024, 4096)
SLOW = ("CartPole-v1", "Catcher-v0", "LunarLander-v3", "BipedalWalker-v3")
WORKERS = (0, 1, 2, 4)
SEEDS = (100, 101, 102, 103, 104)


@dataclass(frozen=True)
class Options:
    only: Literal["device", "seconds", "workers", "all"] = "all"
    rounds: int = 5
    """How often each rate is measured."""


def rate(call, steps, seconds=1.0):
    """Steps a second of a call that takes so many, called for about so many seconds."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        call()
        count += steps
    return count / (time.perf_counter() - began)


class Device:
    """A loop of updates on the device, compiled; ``start`` is how many seconds the first call took."""

    def __init__(self, config):
        from FN.paac_agent import PAACAgent
        from framework.device import make_device_worlds
        from framework.tf import begin

        begin(config)
        self.envs = make_device_worlds(config)
        self.agent = PAACAgent(self.envs.observation_space, self.envs.action_space, config)
        self.updates, size = self.agent.loop(self.envs), config.num_envs * config.rollout_steps
        self.count = max(1, 2**15 // size)
        self.steps, self.number = self.count * size, 0
        began = time.perf_counter()
        self()
        self.start = time.perf_counter() - began

    def __call__(self):
        rates = np.full(self.count, 1e-4, np.float32)
        now, finished, _ = self.updates(self.envs.now, rates, np.int32(self.number))
        self.envs.advance(now, finished, self.steps)
        self.number += self.count


def device(options):
    """Steps a second against the number of worlds, with XLA and without, learning included."""
    from FN.paac_agent import CARTPOLE

    result = {}
    for xla in (False, True):
        loops = {n: Device(replace(CARTPOLE, num_envs=n, xla=xla)) for n in WORLDS}
        rates = {n: [] for n in WORLDS}
        for _ in range(options.rounds):
            for n, loop in loops.items():
                rates[n].append(rate(loop, loop.steps))
        result["xla" if xla else "plain"] = {
            str(n): {"steps_per_second": round(statistics.median(rates[n])), "first_call": round(loops[n].start, 2)}
            for n in WORLDS
        }
        print(json.dumps(result), flush=True)
    return result


def seconds(options):
    """Of whole processes, until the registered world confirms 475."""
    runs = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            began = time.time()
            command = [sys.executable, str(ROOT / "FN" / "paac_agent.py"), "--test", "--seed", str(seed)]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            (path,) = Path(folder).glob("runs/paac_agent/*/result.json")
            result = json.loads(path.read_text(encoding="utf-8"))
        until = round(result["reached_time"] - began, 2) if result["reached"] else None
        runs.append({"seed": seed, "seconds": until, "steps": result["steps_to_target"], "return": result["return"]})
        print(runs[-1], flush=True)
    return {"median_seconds": statistics.median(one["seconds"] or np.inf for one in runs), "seeds": runs}


def workers(options):
    """Milliseconds of a step of 32 worlds, by so many processes."""
    from framework.vector import make_vector

    result = {}
    for env_id in SLOW:
        result[env_id] = {}
        for count in WORKERS:
            envs = make_vector(env_id, 32, 0, workers=count)
            space, rng = envs.action_space, np.random.default_rng(0)
            shape = (32, *space.shape)

            def step(envs=envs, space=space, rng=rng, shape=shape):
                envs.step(rng.integers(space.n, size=32) if hasattr(space, "n") else rng.uniform(-1, 1, shape))

            rates = [rate(step, 32) for _ in range(options.rounds)]
            envs.close()
            result[env_id][str(count)] = round(statistics.median(rates))
        print(env_id, result[env_id], flush=True)
    return result


PARTS = {"device": device, "seconds": seconds, "workers": workers}


def main(options):
    path = RESULTS / "paac.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, part in PARTS.items():
        if options.only in (name, "all"):
            known[name] = {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), **part(options)}
            save("paac", known)


if __name__ == "__main__":
    run(main, Options, __doc__)
