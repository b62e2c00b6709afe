"""Inverse reinforcement learning in mazes that nothing was tuned on: what a policy loses that plans with the reward.

    python bench/inverse.py                 12 mazes, about two minutes
    python bench/inverse.py --mazes 30

Each maze is 8×8, with 20% blocks, slip 0.3, one start, and 100 demonstrations of 80 steps by the best policy; gamma
is 0.95. The relative regret, exact, is 0 for the best policy and 1 for random actions, over all cells as starts; in
the same maze, and after four of its walls have moved. Every maze is in the results, medians are printed.
"""

import statistics
import time
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bench.machine import machine, save
from framework.cli import run
from framework.runs.parallel import progress_bar, run_parallel
from IM.dagger import clone_policy
from IM.inverse import Dynamics, demonstrate, minimise, optimal_policy, read_episodes, regret
from IM.maxent import MaxEntIRL
from IM.mazes import move_walls, random_maze

GAMMA, EPISODES, HORIZON, WALLS = 0.95, 100, 80, 4
L2 = (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def subgradients(irl, starts, expert_visits, steps=200):
    """The reward [S] after so many steps up a dual that has kinks, a mean of the second half of them."""
    weights, mean = np.zeros(irl.dynamics.num_states), np.zeros(irl.dynamics.num_states)
    for i in range(1, steps + 1):
        weights = weights - 0.1 / i**0.5 * irl.negative_dual(weights, starts, expert_visits)[1]
        mean += (i > steps // 2) * weights / (steps - steps // 2)
    return mean


def with_horizon(irl, starts, expert_visits, horizon):
    """The reward [S] if the learner is given ``horizon`` steps, whatever the demonstrations had."""
    given = np.zeros((horizon + 1, starts.shape[1]))
    given[horizon] = starts.sum(axis=0)
    steps = minimise(lambda weights: irl.negative_dual(weights, given, expert_visits), np.zeros(starts.shape[1]))
    *_, (reward, *_) = islice(steps, 201)
    return reward


def one_maze(seed, open_goal, size=8, horizon=HORIZON, sweep=True):
    """{method: {"same": regret in the same maze, "moved": after walls moved, "seconds": of the processor, …}}."""
    rng = np.random.default_rng(seed)
    env = random_maze(size, rng, open_goal=open_goal)
    dynamics, moved = Dynamics(env), Dynamics(move_walls(env, WALLS, rng))
    true, goal = dynamics.reward, dynamics.reward.argmax()
    shown = demonstrate(env, optimal_policy(dynamics, true, GAMMA), EPISODES, horizon, GAMMA, 1000 * seed).episodes
    found = {}

    def note(name, reward=None, policy=None, seconds=None, iterations=None):
        lost = []
        for maze in (dynamics, moved):
            acts = policy if reward is None else optimal_policy(maze, reward, GAMMA)
            lost.append(regret(maze, acts, maze.reward, GAMMA))
        peak = None if reward is None else bool(reward.argmax() == goal)
        found[name] = {"same": lost[0], "moved": lost[1], "seconds": seconds, "iterations": iterations, "peak": peak}

    note("cloning", policy=clone_policy(shown, size * size, 4))
    note("a cost of 1 per step", np.full(size * size, -1.0))
    for l2 in L2 if sweep else (0.1,):
        began = time.process_time()
        estimate = MaxEntIRL(dynamics, GAMMA, l2, horizon=horizon).fit(shown)
        note(f"L2 {l2:g}", estimate.reward, None, time.process_time() - began, estimate.number)
    if sweep and open_goal:
        hard = MaxEntIRL(dynamics, GAMMA, hard_max=True)
        note("hard max, L-BFGS", hard.fit(shown).reward)
        note("hard max, subgradients", subgradients(hard, *read_episodes(dynamics, shown, GAMMA)))
    horizons = ((1.0, horizon), (1.0, 300)) if open_goal else ((GAMMA, horizon), (GAMMA, 10))
    for gamma, steps in horizons if sweep else ():  # of the learner; whoever plans with the reward has GAMMA
        irl, data = MaxEntIRL(dynamics, gamma), read_episodes(dynamics, shown, gamma, horizon)
        note(f"{steps} steps, gamma {gamma:g}", with_horizon(irl, *data, steps))
    return found


def mushrooms(seed):
    """{"network" or "weighted sum": the mean regret in the mazes of the demonstrations, and in 20 others}."""
    from IM.deep_maxent import Options, study  # here, since the rest needs no TensorFlow

    found = study(Options(), seed, progress_bar(None, "iterations", shown=False))
    return {name: {"same": float(same), "others": float(others)} for name, (_, _, same, others) in found.items()}


@dataclass(frozen=True)
class Options:
    mazes: int = 12
    """How many mazes of each kind."""
    first: int = 300
    """The seed of the first maze."""
    save: bool = True
    """Write bench/results/inverse.json."""


def main(options):
    result = {
        "machine": machine("numpy", "scipy", "tensorflow"),
        "seeds": [options.first, options.first + options.mazes - 1],
    }
    seeds = range(options.first, options.first + options.mazes)
    kinds = {
        "open goal": [(seed, True) for seed in seeds],
        "terminal goal": [(seed, False) for seed in seeds],
        "20 × 20": [(seed, True, 20, 200, False) for seed in list(seeds)[:5]],
    }
    for kind, calls in kinds.items():
        mazes = run_parallel(one_maze, calls)
        result[kind] = {
            name: {key: [maze[name][key] for maze in mazes] for key in mazes[0][name]} for name in mazes[0]
        }
        for name, row in result[kind].items():
            text = f"{kind:>13} {name:>22}: "
            for where in ("same", "moved"):
                text += f"{where} {statistics.median(row[where]):.4f} (worst {max(row[where]):.3f})  "
            if row["seconds"][0] is not None:
                seconds, iterations = (statistics.median(row[key]) for key in ("seconds", "iterations"))
                text += f"{seconds:.2f} s, {iterations:.0f} iterations  "
            if row["peak"][0] is not None:
                text += f"goal is the peak in {sum(row['peak'])} of {len(mazes)}"
            print(text, flush=True)
    runs = run_parallel(mushrooms, [(seed,) for seed in list(seeds)[:10]])
    result["mushrooms"] = {name: {key: [run[name][key] for run in runs] for key in runs[0][name]} for name in runs[0]}
    for name, row in result["mushrooms"].items():
        text = ", ".join(f"{key} {statistics.median(row[key]):.4f} (worst {max(row[key]):.3f})" for key in row)
        print(f"    mushrooms {name:>22}: {text}")
    if options.save:
        save("inverse", result)


if __name__ == "__main__":
    run(main, Options, __doc__)
