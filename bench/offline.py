"""Offline data, then online: what each part of RLPD is worth, and what Cal-QL presses less than CQL. Every seed.

    python bench/offline.py                     everything; goes on where it was stopped. About 1.5 hours of one core
    python bench/offline.py --only calql        a part: rlpd, calql, bounds (why Cal-QL is not calibrated everywhere)
    python bench/offline.py --setting RLPD      the settings with this in their names
    python bench/offline.py --workers 2         runs side by side

Each run is one of AP/rlpd.py or AP/calql.py, as a reader starts it, with one thread. Writes results/offline.json and
docs/offline.png, of what is finished.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AP import calql, rlpd
from AP.maze_data import calibration, collect, fill, in_successes, maze_of, number_of, write
from AP.maze_plots import draw_offline
from bench.machine import RESULTS, machine, save
from framework.agent import load_agent
from framework.cli import run
from framework.experiment import Progress, run_all
from framework.runs.jobs import Here, Job
from framework.tf import begin
from worlds.point_maze import LIMIT, SIDE, point_maze_step, see_point_maze, start_state

ROOT = Path(__file__).parents[1]
RLPD = {  # what differs from AP/rlpd.py: its flags
    "RLPD": "",
    "SAC: no data": "--offline-ratio 0",
    "data alone": "--offline-ratio 1",
    "no LayerNorm": "--no-layer-norm",
    "2 critics": "--critics 2",
    "UTD 1": "--utd 1",
    "rewards 0 and 1": "--reward-shift 1",
    "rewards 0 and 1, no LayerNorm": "--reward-shift 1 --no-layer-norm",
    "time limits as ends": "--data {ends}",
}
CALQL = {"Cal-QL": "", "CQL": "--no-calibrated", "Q-learning": "--conservative-weight 0"}
PARTS = {"rlpd": RLPD, "calql": CALQL}
CURVES = {"rlpd": ("largest_q", "q"), "calql": ("gap", "calibrated", "q")}  # beside the success


def jobs_of(part, options):
    """{(setting, seed): `Job`} of a part."""
    jobs = {}
    for seed in options.seeds:
        for setting, flags in PARTS[part].items():
            if options.setting not in setting:
                continue
            home = Path(
                options.folder, part, setting.replace(" ", "_").replace(",", "").replace(":", ""), f"seed{seed}"
            )
            flags = flags.format(ends=wrong_data(options.folder, seed)) if "{ends}" in flags else flags
            arguments = (*flags.split(), "--seed", str(seed), *options.flags.split())
            jobs[setting, seed] = Job(f"AP/{part}.py", arguments, str(home.resolve()))
    return jobs


def wrong_data(folder, seed):
    """A file with the data of a seed in which every time limit is stored as an end: the mistake."""
    path = Path(folder, "data", f"seed{seed}.npz").resolve()
    data = collect(seed)
    write(path, data._replace(terminated=data.terminated | data.truncated, truncated=data.truncated & False))
    return path


def measured(part, job, seed):
    """What a finished run gave."""
    result = json.loads(Path(job.folder, "result.json").read_text(encoding="utf-8"))
    with open(Path(job.folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = CURVES[part]
    found = {"seed": seed, "success of the best": result["return"]}
    found["success"] = [(int(row["step"]), float(row["eval_return"])) for row in rows if row["eval_return"]]
    for name in names:
        found[name] = [(int(row["step"]), float(row[name])) for row in rows if row[name]]
    return found


def summary(part, seeds):
    """What all seeds of a setting gave, at a glance."""
    last = [one["success"][-1][1] for one in seeds]
    found = {"success at the end": last, "mean": float(np.mean(last)), "least": min(last)}
    if part == "rlpd":
        found["success at half"] = [dict(one["success"]).get(one["success"][-1][0] // 2) for one in seeds]
        found["largest |Q|, ever"] = [max(value for _, value in one["largest_q"]) for one in seeds]
        return found
    online = calql.Config().offline_steps
    curves = [dict(one["success"]) for one in seeds]
    found["success after the data"] = [curve.get(online) for curve in curves]
    found["least in the next 1000 steps"] = [
        min((value for step, value in curve.items() if online < step <= online + 1_000), default=None)
        for curve in curves
    ]
    for name in ("gap", "calibrated"):
        found[f"{name} after the data"] = [dict(one[name]).get(online) for one in seeds]
    return found


def bounds(options):
    """Why Cal-QL is not calibrated everywhere: what it says after the data, and were G known to its neighbours, too.

    A step of a failed episode gets the G of the nearest step of a success, where that is within 0.3 cells: then the
    steps that stand at the same place are not pressed below it, either.
    """
    found = {}
    for seed in options.seeds:
        config = calql.Config(seed=seed)
        data, found[seed] = collect(seed, nine=True), {}
        known, place = in_successes(data), data.obs[:, :2] * SIDE / 2
        for name in ("own G", "G of neighbours"):
            begin(config)
            maze = maze_of(config)
            agent = calql.CalQLAgent(maze.observation_space, maze.action_space, config)
            rows = data._replace(action=number_of(data.action))
            offline = fill(calql.Experience(len(known), config.gamma, [seed, 1]), rows)
            returns = offline.returns[: len(known)].copy()
            if name == "G of neighbours":
                away = np.abs(place[~known, None] - place[known]).max(axis=-1)
                close = away.min(axis=1) < 0.3
                offline.returns[np.flatnonzero(~known)[close]] = returns[known][away.argmin(axis=1)[close]]
                found[seed]["share of steps that are such neighbours"] = float(close.sum() / len(known))
            online = calql.Experience(config.steps, config.gamma, seed)
            for _ in range(config.offline_steps):
                agent.train_step(*calql.minibatches(online, offline, config))
            found[seed][name] = calibration(agent.value(data.obs), returns, known)
        found[seed]["share of steps in successes"] = float(known.mean())
        print(seed, json.dumps(found[seed]), flush=True)
    return found


def ways(job, count=12):
    """Where the agent of a run of RLPD goes, from so many starts: [T, count, 4] states; at the goal it stays."""
    agent, _ = load_agent(Path(job.folder, "final.npz"), rlpd.RLPDAgent, rlpd.Config)
    rng = np.random.default_rng(0)
    states, arrived = [np.array([start_state(rng) for _ in range(count)])], np.zeros((count, 1), bool)
    for _ in range(LIMIT):
        moved, _, terminated = point_maze_step(states[-1], agent.greedy(see_point_maze(states[-1])))
        states.append(np.where(arrived, states[-1], moved))
        arrived |= terminated[:, None]
    return np.array(states)


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the parts whose name has this in it; the others keep their last results."""
    setting: str = ""
    """Only the settings whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on; the data are collected with the same."""
    workers: int = 1
    """How many runs at once, each with one thread."""
    flags: str = ""
    """More flags for every run, to try the benchmark out."""
    folder: str = "runs/offline"
    """Where the runs are."""
    plot: str = str(ROOT / "docs" / "offline.png")
    """Where the picture goes."""


def results():
    """What is measured so far: {part: {"machine": …, "result": …}}."""
    path = RESULTS / "offline.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep(part, result):
    """Write what a part gave; the others stay."""
    about = machine("numpy", "gymnasium", "tensorflow-cpu", "keras")
    save("offline", results() | {part: {"machine": about, "result": result}})


def main(options):
    for part in (part for part in PARTS if options.only in part):
        jobs = jobs_of(part, options)
        with Here(options.workers) as pool, Progress(jobs) as progress:
            failed = run_all(jobs, pool, progress)
        for key, sentence in failed.items():
            print(*key, "failed:", sentence)
        done, found = {key: job for key, job in jobs.items() if key not in failed}, {}
        for setting in dict.fromkeys(setting for setting, _ in done):
            seeds = [measured(part, job, key[1]) for key, job in done.items() if key[0] == setting]
            found[setting] = {"summary": summary(part, seeds), "seeds": seeds}
            print(setting, json.dumps(found[setting]["summary"]), flush=True)
        keep(part, results().get(part, {}).get("result", {}) | found)
    if options.only in "bounds":
        keep("bounds", bounds(options))
    job = jobs_of("rlpd", options).get(("RLPD", options.seeds[0]))
    learnt = ways(job) if job and Path(job.folder, "final.npz").exists() else None
    known = {part: of["result"] for part, of in results().items() if part in PARTS}
    draw_offline(known, collect(options.seeds[0]), learnt, options.plot)


if __name__ == "__main__":
    run(main, Options, __doc__)
