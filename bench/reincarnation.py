"""Seven ways to use a teacher in MinAtar's Breakout, and QDagger with one thing changed: every seed.

    python bench/reincarnation.py                   everything; about 3 hours of one core, alone
    python bench/reincarnation.py --only qdagger    the settings with this in their names; the others stay
    python bench/reincarnation.py --workers 2       runs side by side

Each run is one of AP/reincarnation.py, as a reader starts it, with one thread; needs the extra minatar. Finished runs
stay in --folder, and the same command goes on. Writes results/reincarnation.json and docs/reincarnation.png, of what
is finished.
"""

import csv
import json
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from AP.reincarnation import BREAKOUT
from AP.reincarnation_plots import draw_reincarnation
from AP.teachers import WORKFLOWS, random_player, read_teacher, return_of
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.experiment import Progress, run_all
from framework.runs.folder import ROOT
from framework.runs.jobs import Here, Job
from framework.scores import interval, iqm
from framework.tf import begin
from framework.vector import make_worlds

ONLINE, LONGEST = 100_000, 200_000  # steps in the world of all, and of the one without a teacher
ABLATIONS = {  # of QDagger; c / τ is how hard the teacher pulls
    "τ = 1": "--temperature 1",
    "τ = 1, c = 4": "--temperature 1 --distillation-weight 4",
    "1-step targets": "--n-step 1",
    "λ stays 1": "--no-weaning",
}
NUMBERS = ("steps to the teacher's score", "mean of all evaluations", "end score")


def offline_steps(setting):
    """Steps before the first in the world."""
    return BREAKOUT.offline_steps if WORKFLOWS.get(setting, WORKFLOWS["qdagger"]).offline else 0


def jobs_of(options):
    """{(setting, seed): `Job`}."""
    jobs = {}
    for seed in options.seeds:
        for setting in (setting for setting in (*WORKFLOWS, *ABLATIONS) if options.only in setting):
            online = LONGEST if setting == "scratch" else ONLINE
            flags = (
                f"--env {BREAKOUT.env} --steps {offline_steps(setting) + online} --checkpoint-seconds 120 --workflow "
            )
            flags += setting if setting in WORKFLOWS else f"qdagger {ABLATIONS[setting]}"
            home = Path(options.folder, setting.replace(" ", "_").replace("τ", "tau").replace("λ", "lambda"))
            arguments = (*flags.split(), "--seed", str(seed), *options.flags.split())
            jobs[setting, seed] = Job("AP/reincarnation.py", arguments, str(Path(home, f"seed{seed}").resolve()))
    return jobs


def teacher():
    """The mean returns of the teacher and of a random player, over 1,000 episodes each."""
    config = replace(BREAKOUT, final_episodes=1_000)
    begin(config)
    envs = make_worlds(config)
    known, script, _ = read_teacher(config, envs)
    found = {"teacher": return_of(known.greedy, config, 3), "random": return_of(random_player(envs, 4), config, 4)}
    return found | {"file": config.teacher, "script": script, "episodes": config.final_episodes}


def measured(setting, job, seed):
    """What a finished run gave; steps are those in the world, and offline ones are below 0."""
    with open(Path(job.folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    began = json.loads(Path(job.folder, "config.json").read_text(encoding="utf-8"))
    offline = offline_steps(setting)
    found = {"seed": seed, "temperature": began["config"]["temperature"]}
    for name, column in {"curve": "eval_return", "lambda": "lambda_"}.items():
        found[name] = [(int(row["step"]) - offline, float(row[column])) for row in rows if row.get(column)]
    return found


def numbers_of(one, goal):
    """The numbers of a run, from its curve [(step, return)]; ``goal`` is its teacher's return."""
    curve = [(step, value) for step, value in one["curve"] if step >= 0]
    offline = [value for step, value in one["curve"] if step <= 0][-3:]
    reached = next((step for (step, value), (_, after) in pairwise(curve) if min(value, after) >= goal), None)
    within = [value for step, value in curve if 0 < step <= ONLINE]
    lowest = min(value for step, value in curve if 0 < step <= ONLINE // 5)
    return {
        "steps to the teacher's score": reached,
        "mean of all evaluations": float(np.mean(within)),
        "end score": float(np.mean(within[-5:])),
        "after the offline phase": float(np.mean(offline)) if len(offline) > 1 else None,
        "lowest in the first fifth": lowest,
        "end of its own run": float(np.mean([value for _, value in curve[-5:]])),
    }


def summary(seeds):
    """Median, interquartile mean and its 95% interval of each number; what was not reached counts as never."""
    found = {}
    for name in seeds[0]["numbers"]:
        values = [one["numbers"][name] for one in seeds]
        if name == "steps to the teacher's score":
            found[name] = {"values": values, "median": _median_of_steps(values)}
        elif None not in values:
            low, high = interval([values]) if len(values) > 1 else (None, None)
            found[name] = {
                "values": values, "median": float(np.median(values)),
                "iqm": float(iqm(values)), "interval": [low, high],
            }  # fmt: skip
    return found


def _median_of_steps(values):
    """The median of steps, of which None are later than all others; None where it is one of these."""
    middle = sorted(np.inf if value is None else value for value in values)[len(values) // 2]
    return None if middle == np.inf else middle


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the settings whose name has this in it; the others keep their last results."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on; 0 to 2 were."""
    workers: int = 1
    """How many runs at once, each with one thread."""
    flags: str = ""
    """More flags for every run, to try the benchmark out."""
    folder: str = "runs/bench_reincarnation"
    """Where the runs are."""
    plot: str = str(ROOT / "docs" / "reincarnation.png")
    """Where the picture goes."""


def main(options):
    jobs = jobs_of(options)
    if not jobs:
        raise ValueError(f"only must be in one of {', '.join((*WORKFLOWS, *ABLATIONS))}; got {options.only}")
    with Here(options.workers) as pool, Progress(jobs) as progress:
        failed = run_all(jobs, pool, progress)
    for key, sentence in failed.items():
        print(*key, "failed:", sentence)
    path = RESULTS / "reincarnation.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"settings": {}}
    known["teacher"] = known.get("teacher") or teacher()
    done = {key: job for key, job in jobs.items() if key not in failed}
    for setting in dict.fromkeys(setting for setting, _ in done):
        seeds = [measured(setting, job, key[1]) for key, job in done.items() if key[0] == setting]
        for one in seeds:
            one["numbers"] = numbers_of(one, known["teacher"]["teacher"])
        known["settings"][setting] = {
            "machine": machine("numpy", "gymnasium", "tensorflow-cpu", "keras", "MinAtar"),
            "summary": summary(seeds), "seeds": seeds,
        }  # fmt: skip
        medians = {name: of.get("median") for name, of in known["settings"][setting]["summary"].items()}
        print(setting, json.dumps(medians, ensure_ascii=False), flush=True)
    save("reincarnation", known)
    found = {setting: of["seeds"] for setting, of in known["settings"].items()}
    draw_reincarnation(found, tuple(WORKFLOWS), tuple(ABLATIONS), known["teacher"]["teacher"], options.plot)


if __name__ == "__main__":
    run(main, Options, __doc__)
