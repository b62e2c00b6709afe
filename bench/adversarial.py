"""Adversarial imitation, its controls, its ablations and cloning, from ten, three and one episode: every seed.

    python bench/adversarial.py                   five seeds of each; about half an hour on two cores
    python bench/adversarial.py --only airl       only what has this in its name; the rest keeps its last results

All agents are those of the last step. Distances are the median over 50 fresh episodes of the mean of |x - 1| in their
last five seconds. Two runs go on side by side, so the seconds are upper bounds. Writes results/adversarial.json.
"""

import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, replace

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.runs.parallel import Workers

RUNS = {
    "airl": {},
    "constant": {"reward": "constant"},
    "shuffled": {"reward": "shuffled"},
    "cloning": {"cloning": True},
    "cloning, shuffled": {"cloning": True, "reward": "shuffled"},
    "cloning, 3 demonstrations": {"cloning": True, "demonstrations": 3},
    "cloning, 1 demonstration": {"cloning": True, "demonstrations": 1},
    "airl, 1 demonstration": {"demonstrations": 1},
    "gail": {"reward": "gail"},
    "airl, whole episodes": {"horizon": 500},
    "constant in CartPole-v1": {"reward": "constant", "env": "CartPole-v1"},
}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the runs whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""
    together: int = 2
    """How many runs go on at once."""


def once(settings, seed):
    """One run: how far from x = 1 its carts stand, how many poles stand at the end, and what it took."""
    from framework.vector import make_worlds
    from IM.adversarial import Config, clone, judge, paths, train

    settings = {"reward": "airl"} | settings
    cloning = settings.pop("cloning", False)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        config = replace(Config(seed=seed, **settings), run_folder=folder)
        act = clone(config).act if cloning else train(config)[0].greedy
    seconds = time.perf_counter() - began
    distance, upright = judge(paths(act, config))
    envs = make_worlds(config, 50, seed + 9_000)
    for _ in envs.episodes(act):
        pass
    return {
        "seed": seed,
        "distance": round(distance, 3),
        "upright": upright,
        "return": round(float(np.mean([value for value, _ in envs.take_finished()])), 1),
        "seconds": round(seconds, 1),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def main(options):
    path = RESULTS / "adversarial.json"
    known = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    with Workers(options.together) as workers:
        for name, settings in RUNS.items():
            if options.only not in name:
                continue
            runs = workers.map(once, [(settings, seed) for seed in options.seeds])
            median = {key: float(np.median([one[key] for one in runs])) for key in runs[0] if key != "seed"}
            about = {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), "settings": settings}
            known[name] = about | {"median": median, "seeds": runs}
            print(name, median, file=sys.stderr, flush=True)
            save("adversarial", {"runs": known})


if __name__ == "__main__":
    run(main, Options, __doc__)
