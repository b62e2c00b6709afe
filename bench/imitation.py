"""Cloning and DAgger over seeds: the road with a ditch, FrozenLake, Catcher from pixels and numbers, LunarLander.

    python bench/imitation.py                   everything: about 15 minutes on two cores
    python bench/imitation.py --only chain      one part; the others stay as they are
    python bench/imitation.py --only lander     needs the extra box2d

The settings are those of the scripts in IM/; they were tried out on seeds 0 to 2, and are measured here on others.
"best" is the student whose validation went best so far, "last" the newest one: the ablation. "executed" stores what
was done as the label. Adds to results/imitation.json.
"""

import json
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.runs.parallel import run_parallel

FIRST_SEED = 100
WORLDS = {"pixels": "Catcher-v0", "state": "CatcherState-v0", "lander": "LunarLander-v3"}
KINDS = {"cloning": (1.0, False), "DAgger": (0.0, False), "executed": (0.0, True)}  # beta_decay, executed


@dataclass(frozen=True)
class Options:
    only: Literal["all", "chain", "lake", "pixels", "state", "lander"] = "all"
    """One part."""
    seeds: int = 5
    """Students of each kind for networks; tables have four times as many."""


def chain(seeds):
    """Exact costs over T of each kind, and the exponent of their means."""
    from IM.recovery_chain import LENGTHS, STUDENTS, costs, exponent

    calls = [(name, 20, 100, seed) for name in STUDENTS for seed in seeds]
    results = np.reshape(run_parallel(costs, calls), (len(STUDENTS), len(seeds), len(LENGTHS)))
    kinds = {}
    for name, of_seeds in zip(STUDENTS, results, strict=True):
        mean = of_seeds.mean(axis=0)
        kinds[name] = {"mean cost": mean.round(3).tolist(), "exponent": exponent(mean), "costs": of_seeds.tolist()}
    return {"T": LENGTHS, "kinds": kinds}


def lake(seeds):
    """Exact returns of the best students on slippery ice and in Taxi, after each of 20 rounds."""
    from framework.tabular.world import make_world
    from IM.dagger import TeacherAgent, imitate_once

    result = {}
    for env_id, labels in (("FrozenLake-v1", 10), ("Taxi-v4", 100)):
        teacher = TeacherAgent.train(make_world(env_id), 5_000, seed=0)
        kinds = {}
        for name, beta_decay in (("cloning", 1.0), ("DAgger", 0.0)):
            calls = [(teacher.Q, env_id, None, beta_decay, 20, labels, 50, seed) for seed in seeds]
            best = np.array([best for best, _, _ in run_parallel(imitate_once, calls)])
            kinds[name] = {"median": np.median(best, axis=0).round(3).tolist(), "last round": best[:, -1].tolist()}
        result[env_id] = {"labels": (labels * np.arange(1, 21)).tolist(), "kinds": kinds}
    return result


def deep(part, seeds, result, keep):
    """The checks of every student in one world; ``keep`` is called after each, since they take a while."""
    from IM.deep_dagger import PLANS, imitate_once, worth_of_teacher

    env_id = WORLDS[part]
    plan = PLANS[env_id]
    result |= {"labels": plan.labels, "teacher": worth_of_teacher(env_id, "", plan.test)}
    for seed in seeds:
        for name, (beta_decay, executed) in KINDS.items():
            if executed and (part != "state" and seed >= seeds[2]):
                continue  # a mistake that is as plain after two seeds
            began = time.perf_counter(), time.process_time()
            checks = imitate_once(env_id, "", plan, beta_decay, seed, executed)
            of_kind = result.setdefault(name, {"runs": []})
            of_kind["runs"].append(
                {
                    "seed": seed,
                    "best": [check.best for check in checks],
                    "last": [check.last for check in checks],
                    "seconds": round(time.perf_counter() - began[0], 1),
                    "processor seconds": round(time.process_time() - began[1], 1),
                }
            )
            for kind in ("best", "last"):
                of_kind[f"median {kind}"] = np.median([run[kind] for run in of_kind["runs"]], axis=0).tolist()
            keep()


def main(options):
    if options.seeds < 3:
        raise ValueError(f"seeds must be at least 3; got {options.seeds}")
    path = RESULTS / "imitation.json"
    of_networks = range(FIRST_SEED, FIRST_SEED + options.seeds)
    of_tables = range(FIRST_SEED, FIRST_SEED + 4 * options.seeds)
    for part in ("chain", "lake", *WORLDS) if options.only == "all" else (options.only,):
        result = {"machine": machine("numpy", "tensorflow-cpu", "keras", "gymnasium")}

        def keep(part=part, result=result):
            # Read anew each time: others may have added to it.
            saved = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            save("imitation", saved | {part: result})

        if part in WORLDS:
            deep(part, of_networks, result, keep)
        else:
            result |= {"seeds": list(of_tables)} | (chain if part == "chain" else lake)(of_tables)
            keep()


if __name__ == "__main__":
    run(main, Options, __doc__)
