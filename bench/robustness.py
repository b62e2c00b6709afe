"""How far the ends of training lie apart, by evolution and by gradients: ES, DQN and PPO on CartPole over many seeds.

    python bench/robustness.py                  twenty seeds of each; about half an hour on two cores
    python bench/robustness.py --seeds 3

Each agent has the settings of its file but no target, and goes on to its last step. What counts is the mean return of
its last weights over 100 fresh episodes, the same for all; beside it stands that of the weights which evaluated best
on the way, and which a run keeps. Writes results/robustness.json.
"""

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.agent import load_agent
from framework.cli import run
from framework.evaluate import FreshWorlds

ROOT = Path(__file__).parents[1]
AGENTS = {  # name: file, class, flags
    "ES": ("EV/evolution.py", "EvolutionalAgent", []),
    "DQN": ("FN/dqn_agent.py", "DeepQNetworkAgent", ["--test"]),
    "PPO": ("FN/ppo_agent.py", "PPOAgent", ["--test"]),
}
FRESH = 10**6  # the seed of the first fresh episode
STANDS = 475.0


def end_of(name, seed):
    """One run to its last step: the mean returns of its last and of its best weights, its steps and seconds."""
    file, agent_class, flags = AGENTS[name]
    module = import_module(file.removesuffix(".py").replace("/", "."))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / file), *flags, "--target-return", "None", "--seed", str(seed)]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        (home,) = Path(folder, "runs", module.__name__.split(".")[1]).iterdir()
        result = json.loads((home / "result.json").read_text(encoding="utf-8"))
        returns = {}
        for which, weights in (("last", "final.npz"), ("best", "agent.npz")):
            agent, config = load_agent(home / weights, getattr(module, agent_class), module.Config)
            evaluate = FreshWorlds(config)
            returns[which] = evaluate(agent, 100, FRESH).mean
            evaluate.close()
    return {"seed": seed, **returns, "steps": result["steps"], "seconds": round(seconds, 1)}


def ends(returns):
    """Quartiles, the lowest, and the share that stands."""
    low, median, high = np.percentile(returns, (25, 50, 75)).tolist()
    share = float(np.mean(np.array(returns) >= STANDS))
    return {"median": median, "iqr": high - low, "lowest": min(returns), "share_that_stands": share}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the agents whose name has this in it; the others keep their last results."""
    first_seed: int = 400
    """The first seed; on none of them was anything tuned."""
    seeds: int = 20
    """How many."""
    together: int = 2
    """How many runs go on at once."""
    save: bool = True
    """Write bench/results/robustness.json."""


def main(options):
    path = RESULTS / "robustness.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found["machine"] = machine("numpy", "gymnasium", "tensorflow-cpu", "keras")
    for name in AGENTS:
        if options.only not in name:
            continue
        with ThreadPoolExecutor(options.together) as pool:  # each run is a process of its own
            seeds = range(options.first_seed, options.first_seed + options.seeds)
            runs = list(pool.map(lambda seed, name=name: end_of(name, seed), seeds))
        spreads = {which: ends([one[which] for one in runs]) for which in ("last", "best")}
        found[name] = {**spreads, "seeds": runs}
        print(name, spreads, *runs, sep="\n  ", flush=True)
    if options.save:
        save("robustness", found)


if __name__ == "__main__":
    run(main, Options, __doc__)
