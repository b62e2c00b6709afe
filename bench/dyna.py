"""The studies of IM/compare_dyna.py over seeds that nobody looked at before, and imagined updates a second.

    python bench/dyna.py                       20 seeds; two to three minutes on two cores
    python bench/dyna.py --seeds 3 --factors 1 2 --ice-steps 5000        a look, which overwrites them

writes bench/results/dyna.json: for each study and method every seed's figure, and the medians and ratios that the
page of Day 6 reports.
"""

import math
import statistics
import time
from dataclasses import dataclass

import numpy as np

from bench.machine import machine, save
from framework.cli import run
from framework.tabular.world import make_world
from IM import compare_dyna
from IM.dyna import DynaAgent, DynaPlusAgent
from IM.prioritized_sweeping import PrioritizedSweepingAgent
from worlds.changing_maze import BLOCKED_AFTER, OPENED_AFTER

FIRST_SEED = 1000


@dataclass(frozen=True)
class Options:
    seeds: int = 20
    """How many seeds, from 1000 on."""
    factors: tuple[int, ...] = (1, 2, 3, 4, 5)
    """By how much the sides of the Dyna maze grow for the study of sweeping."""
    ice_steps: int = 40_000
    """Real steps on slippery ice."""
    save: bool = True
    """Write bench/results/dyna.json."""


def plain(number):
    """A number as JSON has it; None where it was never reached."""
    return None if number == math.inf else round(float(number), 4)


def figures(of_seeds):
    """{label: {"median": …, "seeds": [one figure of each seed]}}."""
    return {
        label: {"median": plain(statistics.median(values)), "seeds": [plain(value) for value in values]}
        for label, values in of_seeds.items()
    }


def changing_maze(results, change):
    """The reward after the change and in the whole run, and their ratios to Dyna-Q's medians."""
    after = {label: [run[-1] - run[change - 1] for run in runs] for label, runs in results.items()}
    whole = {label: [run[-1] for run in runs] for label, runs in results.items()}
    ratios = {
        name: {
            label: round(float(np.median(values) / max(1.0, np.median(rewards["Dyna-Q"]))), 3)
            for label, values in rewards.items()
        }
        for name, rewards in (("after the change", after), ("whole run", whole))
    }
    return {"after the change": figures(after), "whole run": figures(whole), "times the median of Dyna-Q": ratios}


def speed(agent_class, env_id, real_steps=3_000, repeats=5, **settings):
    """Imagined updates a second of this process's own time, the real steps included: the median of ``repeats``."""
    rates = []
    for seed in range(repeats):
        env = make_world(env_id)
        env.reset(seed=seed)
        agent = agent_class(env, seed, **settings)
        began = time.process_time()
        updates = sum(len(step.updates) for step in compare_dyna.play(agent, env, real_steps))
        rates.append(round(updates / (time.process_time() - began)))
    return {"median": statistics.median(rates), "runs": rates}


def main(options):
    seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
    maze = compare_dyna.study_maze(seeds)
    blocking = compare_dyna.study_blocking(seeds)
    shortcut = compare_dyna.study_shortcut(seeds)
    sweeping = compare_dyna.study_sweeping(seeds, factors=options.factors)
    ice = compare_dyna.study_ice(seeds, real_steps=options.ice_steps)

    updates = {
        size: {label: [count for count, _ in runs] for label, runs in of_size.items()}
        for size, of_size in sweeping.items()
    }
    steps = {
        size: {label: [count for _, count in runs] for label, runs in of_size.items()}
        for size, of_size in sweeping.items()
    }
    result = {
        "machine": machine("numpy", "gymnasium"),
        "command": "python bench/dyna.py",
        "seeds": list(seeds),
        "Dyna maze: episodes until the greedy path has at most 16 steps": figures(
            {label: [found for _, found in runs] for label, runs in maze.items()}
        ),
        "blocking maze: reward, 50 imagined updates a step": changing_maze(blocking, BLOCKED_AFTER),
        "shortcut maze: reward, 10 imagined updates a step": changing_maze(shortcut, OPENED_AFTER),
        "sweeping: updates until the greedy path is near-optimal, by states": {
            size: {
                **figures(of_size),
                "saved": {
                    label: plain(statistics.median(of_size["Dyna-Q"]) / statistics.median(of_size[label]))
                    for label in of_size
                },
            }
            for size, of_size in updates.items()
        },
        "sweeping: real steps until then": {size: figures(of_size) for size, of_size in steps.items()},
        "ice: real steps until the greedy policy is within 0.02 of the optimum": figures(
            {label: [compare_dyna.steps_until_close(worth) for worth in runs] for label, runs in ice.items()}
        ),
        "ice: share of the looks in the second half within 0.02 of the optimum": figures(
            {label: [compare_dyna.share_close(worth) for worth in runs] for label, runs in ice.items()}
        ),
        "ice: worth of the greedy policy at the end": figures(
            {label: [worth[-1] for worth in runs] for label, runs in ice.items()}
        ),
        "imagined updates a second": {
            "Dyna-Q, Dyna maze": speed(DynaAgent, "DynaMaze-v0"),
            "Dyna-Q+, Dyna maze": speed(DynaPlusAgent, "DynaMaze-v0"),
            "Dyna-Q, slippery ice": speed(DynaAgent, "FrozenLake-v1", epsilon=0.3),
            "sweeping, slippery ice": speed(
                PrioritizedSweepingAgent, "FrozenLake-v1", epsilon=0.3, planning_steps=50
            ),
        },
    }
    for name, rate in result["imagined updates a second"].items():
        print(f"{name}: {rate['median']:,} imagined updates a second")
    if options.save:
        save("dyna", result)


if __name__ == "__main__":
    run(main, Options, __doc__)
