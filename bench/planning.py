"""A million-state maze planned by us and by quantecon, and a 40×40 one by us and by a pure-Python double loop.

    pip install -e ".[bench]"
    python bench/planning.py                takes about four minutes

Each solver runs in a process of its own, in turn, three times over; medians are reported. Both must reach a largest
error of 1e-3 at gamma 0.99: ours stops on a bound that guarantees it, and so does quantecon's epsilon. The errors are
then measured against values solved to 1e-9. Compilation is left out for both (each first solves a 5×5 maze); building
the model from the grid is counted for both. Memory is the peak of the process, less what it held before the model.
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

import numpy as np

from bench.machine import machine, save
from DP.planner import ModifiedPolicyIterationPlanner
from environment import GridWorld, tabular_model
from framework.cli import run
from framework.runs.process import peak_megabytes

GAMMA, ERROR = 0.99, 1e-3
THRESHOLD = ERROR * (1 - GAMMA) / GAMMA  # the largest change that guarantees the error


def maze(size, kind):
    """A size × size grid, treasure in the top right corner; "empty", or with 20% blocks and 2% dangers ("walls")."""
    grid = np.zeros((size, size), np.int8)
    if kind == "walls":
        luck = np.random.default_rng(0).random((size, size))
        grid[luck < 0.20] = 9
        grid[(luck >= 0.20) & (luck < 0.22)] = -1
    grid[0, -1], grid[-1, 0] = 1, 0
    return grid


def solve_with_nanoka(grid):
    """V [S] by our modified policy iteration."""
    planner = ModifiedPolicyIterationPlanner(GridWorld(grid), compile=True)
    return planner.plan(GAMMA, THRESHOLD, keep_log=False)


def solve_with_quantecon(grid):
    """V [S] by quantecon's DiscreteDP, modified policy iteration, from the same model as a sparse matrix."""
    from quantecon.markov import DiscreteDP
    from scipy.sparse import csr_matrix

    model = tabular_model(GridWorld(grid))
    num_states, num_actions, num_outcomes = model.next_state.shape
    pairs = num_states * num_actions + 1  # and one action of one more state: the end, which stays and pays 0
    prob = np.append(model.prob.ravel(), 1.0)
    next_state = np.append(model.next_state.ravel(), np.int32(num_states))
    row_starts = np.append(np.arange(0, (pairs - 1) * num_outcomes + 1, num_outcomes, dtype=np.int32), len(prob))
    Q = csr_matrix((prob, next_state, row_starts), shape=(pairs, num_states + 1))
    states = np.append(np.repeat(np.arange(num_states), num_actions), num_states)
    actions = np.append(np.tile(np.arange(num_actions), num_states), 0)
    ddp = DiscreteDP(np.append(model.reward.ravel(), 0.0), Q, GAMMA, states, actions)
    # epsilon = 2e-3 is quantecon's way to guarantee an error of 1e-3
    return ddp.solve(method="mpi", epsilon=2 * ERROR, v_init=np.zeros(num_states + 1)).v[:-1]


def solve_with_python(grid):
    """V [S] as the book's program has it: value iteration as a double loop over lists, in place."""
    P = GridWorld(grid).P
    V = [0.0] * len(P)
    change = 1.0
    while change >= THRESHOLD:
        change = 0.0
        for s in P:
            best = max(
                sum(prob * (r + GAMMA * V[s_next] * (not ended)) for prob, s_next, r, ended in P[s][a]) for a in P[s]
            )
            change = max(change, abs(best - V[s]))
            V[s] = best
    return np.array(V)


SOLVERS = {"nanoka": solve_with_nanoka, "quantecon": solve_with_quantecon, "python": solve_with_python}


def measure(solver, size, kind, values_file):
    """In this process: solve once, print seconds and megabytes as JSON, leave V in a file."""
    solve = SOLVERS[solver]
    solve(maze(5, "empty"))
    grid = maze(size, kind)
    before = peak_megabytes() or math.nan
    began = time.perf_counter()
    V = solve(grid)
    seconds = time.perf_counter() - began
    np.save(values_file, V)
    print(
        json.dumps(
            {"seconds": seconds, "megabytes": (peak_megabytes() or math.nan) - before, "process": peak_megabytes()}
        )
    )


def compare(size, kind, solvers, repeats, folder):
    """Every solver in turn, ``repeats`` times; returns medians, ranges and errors by solver."""
    exact_planner = ModifiedPolicyIterationPlanner(GridWorld(maze(size, kind)), compile=True)
    exact = exact_planner.plan(GAMMA, 1e-9 * (1 - GAMMA), keep_log=False)
    del exact_planner
    runs = {solver: [] for solver in solvers}
    for _ in range(repeats):
        for solver in solvers:
            values = folder / f"{solver}.npy"
            command = [sys.executable, "-m", "bench.planning", "--measure", solver, str(size), kind, str(values)]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            runs[solver].append({**json.loads(line), "error": float(np.abs(np.load(values) - exact).max())})
    table = {}
    for solver, measured in runs.items():
        seconds = [run["seconds"] for run in measured]
        table[solver] = {
            "seconds": statistics.median(seconds),
            "seconds_of_each_run": seconds,
            "megabytes": statistics.median(run["megabytes"] for run in measured),
            "megabytes_of_process": statistics.median(run["process"] for run in measured),
            "largest_error": max(run["error"] for run in measured),
        }
        row = table[solver]
        print(
            f"{kind:>6} {size}×{size}  {solver:>9}: {row['seconds']:8.3f} s  {row['megabytes']:6.0f} MB"
            f"  largest error {row['largest_error']:.1e}"
        )
    return table


@dataclass(frozen=True)
class Options:
    repeats: int = 3
    """Runs of each solver; medians are reported."""
    large: int = 1000
    """Side of the large maze."""
    small: int = 40
    """Side of the small maze."""
    save: bool = True
    """Write bench/results/planning.json."""


def main(options):
    result = {"machine": machine("numpy", "numba", "scipy", "quantecon"), "gamma": GAMMA, "error": ERROR}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("walls", "empty"):
            table = compare(options.large, kind, ("nanoka", "quantecon"), options.repeats, Path(folder))
            faster = table["quantecon"]["seconds"] / table["nanoka"]["seconds"]
            leaner = table["quantecon"]["megabytes"] / table["nanoka"]["megabytes"]
            print(f"{kind:>6} {options.large}×{options.large}  {faster:.1f}× faster, {leaner:.1f}× less memory")
            result[f"{kind}-{options.large}"] = {**table, "times_faster": faster, "times_less_memory": leaner}
            table = compare(options.small, kind, ("nanoka", "python"), options.repeats, Path(folder))
            faster = table["python"]["seconds"] / table["nanoka"]["seconds"]
            print(f"{kind:>6} {options.small}×{options.small}  {faster:.0f}× faster")
            result[f"{kind}-{options.small}"] = {**table, "times_faster": faster}
    if options.save:
        save("planning", result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
    else:
        run(main, Options, __doc__)
