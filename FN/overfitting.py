"""Learnt by heart, or understood? An agent that trains on few levels learns the levels, not the task (Day 5).

Day 4's PPO agent learns in N mazes, drawn anew for each episode, and is then tried in mazes that it has never seen:

    gap(N) = share of its own N levels that it solves - share of unseen levels that it solves

In one maze a list of moves is enough, and nothing makes the agent look at the walls. Only many different levels make
the task cheaper to learn than the levels (Zhang et al. 2018, "A study on overfitting in deep reinforcement learning";
Cobbe et al. 2019, "Quantifying generalization in reinforcement learning"). Every N gets equally many steps.

    python FN/overfitting.py                      three seeds of each N, about 2 minutes on two cores
    python FN/overfitting.py --seeds 10           goes on: runs that are finished stay, also after Ctrl-C
    python FN/overfitting.py --levels 16 1024     other numbers of levels, of 1, 4, 16, 64, 256, 1024
    python FN/ppo_agent.py --play --agent runs/overfitting/steps300000/levels16/seed100/final.npz     watch one

Each run is one of FN/ppo_agent.py, as it stands there, with the flags in `FLAGS`. The levels are made from their
numbers (worlds/level_maze.py): 0 … N - 1 to learn in, 10,000,000 … 10,000,999 to be tried in.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from FN.ppo_agent import Config, PPOAgent
from framework.agent import build_agent, read_agent
from framework.cli import CommonOptions, run
from framework.experiment import Progress, run_all
from framework.plots import COLOURS, finish, save_figure
from framework.runs.files import written_whole
from framework.runs.jobs import Here, Job
from framework.scores import interval, iqm
from worlds.level_maze import (
    COUNTS,
    FIRST_TEST,
    LIMIT,
    WORLDS,
    draw_level_maze,
    level,
    level_maze_step,
    see_level_maze,
)

GAMMA = 0.9
FLAGS = (
    "--num-envs 32 --rollout-steps 32 --epochs 8 --batch-size 256 --learning-rate 2e-3 --hidden 128"
    f" --entropy-weight 0.01 --lambda_ 0.8 --gamma {GAMMA} --eval-every 100000 --final-episodes 20"
).split()
UNSEEN = range(FIRST_TEST, FIRST_TEST + 1_000)
TRAIN, TEST, GAP = "its own levels", "unseen levels", "gap"


@dataclass(frozen=True)
class Options(CommonOptions):
    """How many levels, how often, and for how long."""

    seed: int = 100
    """The first seed; 0 was used to find the flags."""
    seeds: int = 3
    """How many agents for each number of levels."""
    levels: tuple[int, ...] = COUNTS
    """The numbers of levels to learn in."""
    steps: int = 300_000
    """For how many steps each agent learns."""
    workers: int = 2
    """How many runs at once, each with one thread."""
    folder: str = "runs/overfitting"
    """Where the runs and results.json are."""
    plot: str | None = None
    """Where the plot goes; by default into the folder."""


def play(policy, numbers):
    """Let a policy play one episode in each of L levels, all at once.

    Args:
        policy: function of observations [L, …] to actions [L].
        numbers: of the levels.

    Returns:
        steps [L] int to the goal, 0 where it was not reached within the limit; best [L] int, the shortest ways.
    """
    walls, place, goal, best = map(np.array, zip(*map(level, numbers), strict=True))
    steps = np.zeros(len(best), int)
    for step in range(1, LIMIT + 1):
        place, there = level_maze_step(walls, goal, place, policy(see_level_maze(walls, goal, place)))
        steps[there & (steps == 0)] = step
    return steps, best


def shares(steps, best, gamma=GAMMA):
    """How good an agent is in L levels, from what `play` gives.

    Returns:
        the share of levels solved; and the mean share of the best possible discounted return, γ^(steps - best) where
        a level was solved, else 0.
    """
    solved = steps > 0
    return float(solved.mean()), float(np.where(solved, gamma ** (steps - best), 0.0).mean())


def jobs_of(options):
    """{(world, seed): `Job`}, the first seed of all worlds first; each in a folder that says what it is."""
    jobs = {}
    for seed in range(options.seed, options.seed + options.seeds):
        for count in options.levels:
            world = f"LevelMaze/{count}-v0"
            flags = (*FLAGS, "--env", world, "--steps", str(options.steps), "--seed", str(seed))
            home = Path(options.folder, f"steps{options.steps}", f"levels{count}", f"seed{seed}").resolve()
            jobs[world, seed] = Job("FN/ppo_agent.py", flags, str(home))
    return jobs


def measure(jobs):
    """{N: [{"solved": {TRAIN: share, TEST: share}, "of the best": the same}, of each seed]} of finished runs."""
    agent, found = None, {}
    for (world, _), job in jobs.items():
        config, weights = read_agent(Path(job.folder, "final.npz"), Config)
        agent = agent or build_agent(PPOAgent, config, weights)  # one for all: all worlds look alike
        agent.set_weights(weights)
        solved, of_best = {}, {}
        for name, numbers in ((TRAIN, range(WORLDS[world])), (TEST, UNSEEN)):
            solved[name], of_best[name] = shares(*play(agent.greedy, numbers))
        found.setdefault(WORLDS[world], []).append({"solved": solved, "of the best": of_best})
    return found


def summary(found):
    """{N: {name: {"iqm", "interval", "values"}}} over seeds, for TRAIN, TEST and GAP; "of the best" beside them.

    Args:
        found: what `measure` gives.
    """
    result = {}
    for count, of_seeds in sorted(found.items()):
        values = {name: [one["solved"][name] for one in of_seeds] for name in (TRAIN, TEST)}
        values[GAP] = [train - test for train, test in zip(values[TRAIN], values[TEST], strict=True)]
        values |= {f"{name}, of the best": [one["of the best"][name] for one in of_seeds] for name in (TRAIN, TEST)}
        result[count] = {
            name: {"iqm": float(iqm(of_name)), "interval": interval([of_name]), "values": of_name}
            for name, of_name in values.items()
        }
    return result


def report(found):
    """The summary as lines."""
    names = list(next(iter(found.values())))
    yield f"{'levels':>6}  " + "  ".join(f"{name:>26}" for name in names)
    for count, of_count in found.items():
        cells = (
            f"{one['iqm']:.3f} [{one['interval'][0]:.3f}, {one['interval'][1]:.3f}]" for one in of_count.values()
        )
        yield f"{count:6,}  " + "  ".join(f"{cell:>26}" for cell in cells)


def draw(found, seeds, path):
    """Four levels; what is solved over the number of levels, and the gap, each with the interval over seeds."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(11.5, 3.9), layout="constrained")
    mazes, shown, gaps = figure.subfigures(1, 3, width_ratios=(1.1, 1.5, 1.5))
    for ax, number in zip(mazes.subplots(2, 2).flat, (0, 1, UNSEEN[0], UNSEEN[1]), strict=True):
        walls, start, goal, best = level(number)
        ax.imshow(draw_level_maze(walls[None], goal[None], start[None])[0])
        ax.set_title(f"level {number:,}\n{best} steps", fontsize=8)
        ax.set_axis_off()
    counts = list(found)
    panels = ((shown.subplots(), (TRAIN, TEST), "share of levels solved"), (gaps.subplots(), (GAP,), "gap"))
    for ax, names, label in panels:
        for name, colour, marker in zip((TRAIN, TEST, GAP), COLOURS, "os^", strict=False):
            if name in names:
                low, high = np.transpose([found[count][name]["interval"] for count in counts])
                ax.plot(
                    counts, [found[count][name]["iqm"] for count in counts], f"{marker}-", color=colour, label=name
                )
                ax.fill_between(counts, low, high, color=colour, alpha=0.18, linewidth=0)
        ax.set(xscale="log", xlabel="N, the levels it learnt in", ylabel=label, ylim=(-0.04, 1.04))
        ax.set_xticks(counts, [f"{count:,}" for count in counts])
        ax.minorticks_off()
        finish(ax)
    panels[0][0].set_title(f"PPO, {seeds} seeds, 95% interval", fontsize=10)
    panels[1][0].set_title("what it has learnt by heart", fontsize=10)
    save_figure(figure, path)


RANGES = {"seed": (0, 2**32 - 1_001), "seeds": (1, 1_000), "steps": (2_048, 10**9), "workers": (1, 256)}


def main(options):
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high}; got {getattr(options, name)}")
    if not options.levels or not set(options.levels) <= set(COUNTS):
        raise ValueError(f"levels must be some of {', '.join(map(str, COUNTS))}; got {options.levels}")
    if options.quick:
        options = replace(options, seeds=1, levels=(1, 64), steps=20_480)
    jobs = jobs_of(options)
    print(f"{len(jobs)} runs in {options.folder}; Ctrl-C stops them, the same command goes on", flush=True)
    with Here(options.workers) as pool, Progress(jobs) as progress:
        failed = run_all(jobs, pool, progress)
    for (world, seed), sentence in failed.items():
        print(f"{world}, seed {seed}, failed: {sentence}")
    measured = measure({key: job for key, job in jobs.items() if key not in failed})
    if not measured:
        raise ValueError("no run was finished")
    found = summary(measured)
    print("\n".join(report(found)))
    with written_whole(Path(options.folder, "results.json")) as part:
        about = {
            "steps": options.steps,
            "flags": list(FLAGS),
            "seeds": [options.seed, options.seed + options.seeds - 1],
        }
        part.write_text(json.dumps(about | {"levels": found}, indent=2), encoding="utf-8")
    draw(found, options.seeds, options.plot or Path(options.folder, "overfitting.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
