"""A chapter with many seeds and settings, side by side, in runs that may be stopped at any time.

    python -m framework.experiment FN/dqn_agent.py --seeds 10 -- --test
    python -m framework.experiment FN/dqn_agent.py --set learning_rate=1e-3,5e-4 -- --test --steps 30000
    python -m framework.experiment FN/ppo_agent.py --set learning_rate=1e-4..1e-2 clip=0.1..0.4 --random 20 -- --test
    python -m framework.experiment FN/ppo_agent.py --set learning_rate=1e-4..1e-1 --tune 30 --seeds 3 -- --test
    python -m framework.experiment FN/dqn_agent.py --seeds 100 --cluster ray --address auto -- --test

What stands behind -- goes to the chapter as it is. A value of --set is any setting of the chapter: with commas a
list, with .. a range, of which --random draws: in proportion, where both ends are above 0 and far apart, and whole
numbers, where both ends are. All of the lists are combined. A switch has the values on and off: no-double=off,on.

With --tune Optuna chooses from the ranges and lists, by what earlier settings gave (`framework.tune`). The score is
the interquartile mean over the seeds of the mean of all evaluations: the best evaluation is the luckiest of many, and
rather says how many there were. The same command gives the same settings, whatever --workers and however often it is
stopped; more seeds, or another --batch, give other ones.

The same command goes on: what is finished is not run again, and what was stopped or killed resumes. More seeds may be
asked for later. The folder then holds

    results.csv    a row for each run
    results.json   interquartile means and their 95% intervals, who is better than the first; hardware and versions
    curves.png     evaluations on the way, and how many runs end above which return
    trials.png     with --tune, the score of each setting
    runs/          each run, as if it had been started alone
"""

import json
import os
import shlex
import signal
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from framework import tune
from framework.cli import run
from framework.progress import Progress
from framework.results import draw, evaluations, report, row_of, score_of, summary, write_results  # noqa: F401
from framework.runs.files import written_whole
from framework.runs.folder import ROOT
from framework.runs.jobs import Here, Job, OnRay
from framework.settings import arguments_of, draws, label_of, ranges_of, space_of

TUNED, JUDGED = 0, 100  # the first seed with --tune, and else


@dataclass(frozen=True)
class Options:
    """What to run, how often, with which settings, and where."""

    script: tyro.conf.Positional[str]
    """A chapter that trains, such as FN/dqn_agent.py."""
    seeds: int = 10
    """How many runs of each setting."""
    first_seed: int | None = None
    """The seed of the first; by default 100, and 0 with --tune: what is tuned with some is judged with others."""
    set: tuple[str, ...] = ()
    """Settings to compare: learning_rate=1e-3,5e-4, or learning_rate=1e-4..1e-2 with --random or --tune."""
    random: int = 0
    """How many settings to draw from the ranges."""
    tune: int = 0
    """How many settings Optuna is to choose, by what earlier ones gave (needs the extra tune)."""
    batch: int = 2
    """How many settings --tune chooses at once; with another number it chooses other ones."""
    as_it_is: bool = False
    """Also the file's own settings, as the first, with which the others are compared; --tune always has them."""
    workers: int = 2
    """How many runs at once, each with one thread."""
    cluster: Literal["", "ray"] = ""
    """Where to run: here, or on a Ray cluster (needs the extra cluster)."""
    address: str = ""
    """Of the Ray cluster; by default one is started on this machine."""
    folder: str = ""
    """Where the results go; by default experiments/<script>."""


def settings_of(options):
    """[{name: value}], all as they are typed: every combination of the lists, and so many draws from the ranges.

    Raises:
        ValueError: one that cannot be read, a range without --random, or --random without a range; and the same of
            --tune, whose own settings come later.
    """
    space = space_of(options.set)
    ranges = ranges_of(space)
    if own := [name for name in ("seed", "run_folder") if name in space]:
        raise ValueError(f"--set cannot change {own[0]}; the experiment gives each run its own (--seeds, --folder)")
    if options.tune and options.random:
        raise ValueError("--random N and --tune N both choose from the ranges; give one of them")
    if options.tune and not ranges:
        raise ValueError("--tune N chooses from ranges, --set NAME=LOW..HIGH; got none")
    if bool(ranges) != (options.random + options.tune > 0):
        raise ValueError("--random N draws from ranges, NAME=LOW..HIGH, as --tune N does; give both, or neither")
    if options.tune:
        return [{}]
    own = [{}] if options.as_it_is and space else []
    return own + draws(space, options.random)


def jobs_of(script, flags, settings, seeds, folder):
    """{(label, seed): `Job`}, the first seed of all settings first."""
    jobs = {}
    for seed in seeds:
        for setting in settings:
            label = label_of(setting)
            home = Path(folder, "runs", label.replace("/", "_"), f"seed{seed}").resolve()
            arguments = (*flags, *arguments_of(setting), "--seed", str(seed))
            jobs[label, seed] = Job(script, arguments, str(home))
    return jobs


def claim(folder, script, flags):
    """Make the folder this experiment's, which goes on there. Where nothing was trained yet, it is free to take.

    Raises:
        ValueError: it is another one's.
    """
    path, mine = Path(folder, "experiment.json"), {"script": script, "flags": list(flags)}
    if path.exists():
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            other = " ".join([known["script"], *known["flags"]])
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{path.as_posix()} is damaged") from None
        if known != mine and any(Path(folder).glob("runs/*/*/config.json")):
            raise ValueError(f"{Path(folder).as_posix()} holds an experiment with {other}; take another --folder")
    with written_whole(path) as part:
        part.write_text(json.dumps(mine, indent=2), encoding="utf-8")


def run_all(jobs, pool, show):
    """Run all jobs; {key: the sentence of one that failed}.

    Args:
        show: called with {key: `Job`} of those that are not finished, and the keys of those that have just ended.

    Raises:
        ValueError: the chapter refused its arguments; no other job is begun then.
    """
    over = [key for key, job in jobs.items() if Path(job.folder, "result.json").exists()]
    futures, failed = {pool.submit(job): key for key, job in jobs.items() if key not in over}, {}
    show({key: jobs[key] for key in futures.values()}, over)
    while futures:
        over, _ = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
        ended = []
        for future in over:
            key, outcome = futures.pop(future), future.result()
            _keep(jobs[key], outcome)
            ended.append(key)
            if outcome.code:
                if not Path(jobs[key].folder, "config.json").exists():  # before anything was trained
                    raise ValueError(f"{jobs[key].script} {' '.join(jobs[key].arguments)}: {outcome.said}")
                failed[key] = outcome.said
        show({key: jobs[key] for key in futures.values()}, ended)
    return failed


def _keep(job, outcome):
    """Write what a job left on another machine into its folder here."""
    for name, content in outcome.files.items():
        path = Path(job.folder, name)
        if not path.exists():
            with written_whole(path) as part:
                part.write_bytes(content)


def main(options, flags=()):
    """The whole experiment; ``flags`` are the chapter's own."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what runs saves where it is
    script = script_of(options.script)
    check(options)
    settings, space, seeds = settings_of(options), space_of(options.set), seeds_of(options)
    folder = Path(options.folder or Path("experiments", Path(script).stem))
    claim(folder, script, flags)
    jobs, failed, tried = {}, {}, []

    def run_these(settings):
        """Run settings with all seeds, or wait for those that run; their scores."""
        more = jobs_of(script, flags, settings, seeds, folder)
        jobs.update(more)
        with Progress(more) as progress:
            failed.update(run_all(more, pool, progress))
        return [score_of([row_of(more[label_of(one), seed], failed.get((label_of(one), seed))) for seed in seeds])
                for one in settings]  # fmt: skip

    count = (len(settings) + options.tune) * len(seeds)
    print(
        f"{Path(script).stem}: {count} runs in {folder.as_posix()}; Ctrl-C stops them, the same command goes on",
        flush=True,
    )
    with OnRay(options.address) if options.cluster else Here(options.workers) as pool:
        own = run_these(settings)[0]  # with --tune nothing but the file's own settings
        for trial in tune.trials(space, options.tune, options.batch, run_these):
            tried.append(trial)
            print(f"trial {len(tried)} of {options.tune}: {label_of(trial.setting)}: {trial.told}", flush=True)
    order = labels(jobs)
    keys = sorted(jobs, key=lambda key: (order.index(key[0]), key[1]))
    rows = {key: row_of(jobs[key], failed.get(key)) for key in keys}
    more = {"tuning": tune.as_json(tried, options.batch, own)} if tried else {}
    found = write_results(folder, script, flags, rows, jobs, more)
    print("\n".join(report(found)))
    print(f"results.csv, results.json and curves.png are in {folder.as_posix()}")
    if tune.best_of(tried):
        tune.draw_trials(folder / "trials.png", tried, space, own)
    if tried:
        print(*tune.report(tried, own, lambda setting: again(options, script, flags, setting, folder)), sep="\n")


def script_of(name):
    """A script below the project's folder, or the whole path of another one.

    Raises:
        ValueError: there is none.
    """
    script = Path(name)
    if not (script if script.is_absolute() or script.exists() else ROOT / script).is_file():
        raise ValueError(f"there is no script {name}")
    if not script.is_absolute() and not (ROOT / script).is_file():
        script = script.resolve()
    return script.as_posix()


def check(options):
    """Raise ValueError for a number that is too small, and where Optuna is wanted and missing."""
    for name, least in {"seeds": 1, "first_seed": 0, "random": 0, "tune": 0, "batch": 1, "workers": 1}.items():
        value = getattr(options, name)
        if value is not None and value < least:
            raise ValueError(f"{name} must be at least {least}; got {value}")
    if options.tune:
        tune.optuna()


def seeds_of(options):
    """The seeds of every setting, a range."""
    first = (TUNED if options.tune else JUDGED) if options.first_seed is None else options.first_seed
    return range(first, first + options.seeds)


def again(options, script, flags, setting, folder):
    """The command that runs a setting beside the file's own settings, with seeds that were not tuned with."""
    words = ["python", "-m", "framework.experiment", script, "--set"]
    words += [f"{name}={value}" for name, value in setting.items()]
    words += ["--as-it-is", "--folder", f"{folder.as_posix()}-best"]
    if seeds_of(options).stop > JUDGED:
        words += ["--first-seed", str(seeds_of(options).stop)]
    words += ["--", *flags]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def labels(jobs):
    """Of all settings, in their order."""
    return list(dict.fromkeys(label for label, _ in jobs))


if __name__ == "__main__":
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    flags, sys.argv = tuple(sys.argv[split + 1 :]), sys.argv[:split]
    run(lambda options: main(options, flags), Options, __doc__)
