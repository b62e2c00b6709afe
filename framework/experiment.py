"""A chapter with many seeds and settings, side by side, in runs that may be stopped at any time.

    python -m framework.experiment FN/dqn_agent.py --seeds 10 -- --test
    python -m framework.experiment FN/dqn_agent.py --set learning_rate=1e-3,5e-4 -- --test --steps 30000
    python -m framework.experiment FN/ppo_agent.py --set learning_rate=1e-4..1e-2 clip=0.1..0.4 --random 20 -- --test
    python -m framework.experiment FN/dqn_agent.py --seeds 100 --cluster ray --address auto -- --test

What stands behind -- goes to the chapter as it is. A value of --set is any setting of the chapter: with commas a
list, with .. a range, of which --random draws (in proportion, where both ends are above 0 and far apart). All of the
lists are combined. A switch has the values on and off: no-double=off,on.

The same command goes on: what is finished is not run again, and what was stopped or killed resumes. More seeds may be
asked for later. The folder then holds

    results.csv    a row for each run
    results.json   interquartile means and their 95% intervals, who is better than the first; hardware and versions
    curves.png     evaluations on the way, and how many runs end above which return
    runs/          each run, as if it had been started alone
"""

import csv
import itertools
import json
import math
import signal
import sys
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from framework.cli import run
from framework.plots import COLOURS, finish
from framework.runs.files import written_whole
from framework.runs.folder import ROOT
from framework.runs.jobs import Here, Job, OnRay
from framework.scores import improvement_interval, interval, iqm, probability_of_improvement, profile

FAR_APART = 10  # a range whose ends differ by more is drawn from in proportion
DIGITS = 4  # of a number drawn


@dataclass(frozen=True)
class Options:
    """What to run, how often, with which settings, and where."""

    script: tyro.conf.Positional[str]
    """A chapter that trains, such as FN/dqn_agent.py."""
    seeds: int = 10
    """How many runs of each setting."""
    first_seed: int = 100
    """The seed of the first; 0 is what the chapters were tuned with."""
    set: tuple[str, ...] = ()
    """Settings to compare: learning_rate=1e-3,5e-4, or learning_rate=1e-4..1e-2 with --random."""
    random: int = 0
    """How many settings to draw from the ranges."""
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
        ValueError: one that cannot be read, a range without --random, or --random without a range.
    """
    lists, ranges = {}, {}
    for one in options.set:
        name, equals, values = one.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name or not all(map(str.strip, values.split(","))) or name in lists | ranges:
            raise ValueError(f"--set takes NAME=VALUE,VALUE or NAME=LOW..HIGH, each name once; got {one}")
        if ".." in values:
            ranges[name] = _range(one, values)
        else:
            lists[name] = [value.strip() for value in values.split(",")]
    if bool(ranges) != (options.random > 0):
        raise ValueError("--random N draws from ranges, NAME=LOW..HIGH; give both, or neither")
    rng, drawn = np.random.default_rng(0), [{}]
    if ranges:
        drawn = [{name: draw(rng) for name, draw in ranges.items()} for _ in range(options.random)]
    grid = [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
    return [{**listed, **of_ranges} for of_ranges in drawn for listed in grid]


def _range(one, values):
    """A function of a random generator, for LOW..HIGH."""
    try:
        low, high = map(float, values.split(".."))
    except ValueError:
        raise ValueError(f"a range is LOW..HIGH, two numbers; got {one}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a range goes from a number to a higher one; got {one}")
    if all(end.strip().lstrip("-").isdecimal() for end in values.split("..")):
        return lambda rng: str(rng.integers(int(low), int(high) + 1))
    if low > 0 and high / low > FAR_APART:
        return lambda rng: f"{math.exp(rng.uniform(math.log(low), math.log(high))):.{DIGITS}g}"
    return lambda rng: f"{rng.uniform(low, high):.{DIGITS}g}"


def label_of(setting):
    """A setting in a few words, which name its folder, too."""
    return " ".join(f"{name}={value}" for name, value in setting.items()) or "as it is"


def arguments_of(setting):
    """A setting as flags."""
    flags = []
    for name, value in setting.items():
        if value != "off":
            flags += [f"--{name.replace('_', '-')}", *([] if value == "on" else value.split())]
    return flags


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
        except ValueError:
            raise ValueError(f"{path.as_posix()} is damaged") from None
        if known != mine and any(Path(folder).glob("runs/*/*/config.json")):
            other = " ".join([known.get("script", "?"), *known.get("flags", [])])
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


# What came out


def row_of(job, failed):
    """What a run gave: {column: value}; only its sentence if it failed."""
    if failed:
        return {"status": failed}
    result = json.loads(Path(job.folder, "result.json").read_text(encoding="utf-8"))
    names = ("return", "std", "steps", "episodes", "reached", "steps_to_target")
    row = {"status": "finished", **{name: result[name] for name in names}}
    return row | {"mean_evaluation": float(np.mean([value for _, value in evaluations(job)]))}


def evaluations(job):
    """[(step, mean return)] of a run's evaluations."""
    with open(Path(job.folder, "metrics.csv"), encoding="utf-8", newline="") as file:
        return [(int(row["step"]), float(row["eval_return"])) for row in csv.DictReader(file) if row["eval_return"]]


def summary(rows):
    """For each setting: its scores, their interquartile means and intervals, and who is better than the first.

    Args:
        rows: {(label, seed): row}.
    """
    scores = {}
    for (label, seed), row in rows.items():
        of_setting = scores.setdefault(label, {"seeds": [], "return": [], "mean_evaluation": [], "failed": []})
        if row["status"] == "finished":
            of_setting["seeds"].append(seed)
            for name in ("return", "mean_evaluation"):
                of_setting[name].append(row[name])
        else:
            of_setting["failed"].append(seed)
    first, result = next(iter(scores.values())), {}
    for label, of_setting in scores.items():
        result[label] = {name: of_setting[name] for name in ("seeds", "failed")}
        for name in ("return", "mean_evaluation"):
            values, others = [of_setting[name]], [first[name]]
            if not values[0]:
                continue
            found = {"iqm": float(iqm(values)), "interval": interval(values), "values": values[0]}
            if of_setting is not first and others[0]:
                found["better_than_the_first"] = probability_of_improvement(values, others)
                found["interval_of_that"] = improvement_interval(values, others)
            result[label][name] = found
    return result


def write_results(folder, script, flags, rows, jobs):
    """results.csv, results.json and curves.png; returns the `summary`."""
    columns = ["setting", "seed", "status", "return", "std", "mean_evaluation", "steps", "episodes", "reached"]
    with (
        written_whole(Path(folder, "results.csv")) as part,
        open(part, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, [*columns, "steps_to_target"])
        writer.writeheader()
        writer.writerows({"setting": label, "seed": seed, **row} for (label, seed), row in rows.items())
    found = summary(rows)
    finished = [key for key, row in rows.items() if row["status"] == "finished"]
    about = {}
    if finished:
        config = json.loads(Path(jobs[finished[0]].folder, "config.json").read_text(encoding="utf-8"))
        about = {name: config[name] for name in ("date", "versions", "git_commit", "hardware") if name in config}
    with written_whole(Path(folder, "results.json")) as part:
        whole = {"script": script, "flags": list(flags), "of_the_first_run": about, "settings": found}
        part.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    if finished:
        draw(Path(folder, "curves.png"), {key: evaluations(jobs[key]) for key in finished}, rows)
    return found


def draw(path, curves, rows):
    """Evaluations on the way, a line for each setting with its interval; and the profile of the last returns."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 4), layout="constrained")
    learning, ending = figure.subplots(1, 2)
    labels = list(dict.fromkeys(label for label, _ in curves))
    returns = {label: [rows[key]["return"] for key in curves if key[0] == label] for label in labels}
    ends = np.concatenate(list(returns.values()))
    thresholds = np.linspace(ends.min() - 0.02 * (np.ptp(ends) or 1), ends.max(), 200)
    for label, colour in zip(labels, itertools.cycle(COLOURS)):
        of_setting = [curve for key, curve in curves.items() if key[0] == label]
        steps = np.array(sorted({step for curve in of_setting for step, _ in curve}))
        # A run that reached its target ended there; it counts with its last evaluation from then on.
        values = np.array([[_last(curve, step) for step in steps] for curve in of_setting])
        name = f"{label}, {len(values)} seeds"
        learning.plot(steps, iqm(values, axis=0), color=colour, label=name)
        if len(values) > 1:
            low, high = np.array([interval([column]) for column in values.T]).T
            learning.fill_between(steps, low, high, color=colour, alpha=0.18, linewidth=0)
        ending.step(thresholds, profile([returns[label]], thresholds), color=colour, label=label, where="post")
    learning.set(xlabel="steps", ylabel="return of an evaluation", title="Interquartile mean and 95% interval")
    ending.set(xlabel="return of the best agent", ylabel="share of runs above it", title="Performance profile")
    finish(learning)
    finish(ending, legend=False)
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format="png")


def _last(curve, step):
    """The last evaluation up to a step; before the first, the first."""
    return next((value for at, value in reversed(curve) if at <= step), curve[0][1])


# On the screen


class Progress:
    """A live table on a terminal, a row for each setting; elsewhere a line for each run that ends."""

    def __init__(self, jobs):
        from rich.console import Console
        from rich.live import Live

        self.jobs, self.count = jobs, 0
        console = Console()
        self.live = Live(console=console, refresh_per_second=2) if console.is_terminal else None

    def __enter__(self):
        if self.live:
            self.live.__enter__()
        return self

    def __exit__(self, *error):
        if self.live:
            self.live.__exit__(*error)

    def __call__(self, left, ended):
        for label, seed in ended:
            self.count += 1
            if not self.live:
                print(
                    f"{self.count} of {len(self.jobs)}: {label}, seed {seed}, {_told(self.jobs[label, seed])}",
                    flush=True,
                )
        if self.live:
            self.live.update(self.table(left))

    def table(self, left):
        """A row for each setting; ``left`` are the jobs that are not finished."""
        from rich.table import Table

        table = Table("setting", "done", "of", "where the others are")
        for label in dict.fromkeys(label for label, _ in self.jobs):
            keys = [key for key in self.jobs if key[0] == label]
            waiting = [key for key in keys if key in left]
            going = [
                f"seed {seed}: {_told(self.jobs[label, seed])}"
                for label, seed in waiting
                if _told(self.jobs[label, seed])
            ]
            table.add_row(label, str(len(keys) - len(waiting)), str(len(keys)), "; ".join(going[:3]))
        return table


def _told(job):
    """Where a run is, by its last evaluation."""
    try:
        step, value = evaluations(job)[-1]
    except (OSError, IndexError, KeyError, ValueError):  # none yet, or half a row
        return ""
    return f"return {value:.1f} at step {step:,}"


def report(found):
    """The summary as lines."""
    width = max(map(len, found))
    heads = f"{'return of the best agent':28} {'mean of all evaluations':28} better than first"
    yield f"{'setting':{width}}  seeds  {heads}"
    for label, of_setting in found.items():
        cells = []
        for name in ("return", "mean_evaluation"):
            one = of_setting.get(name)
            cells.append(
                "–" if one is None else f"{one['iqm']:8.2f} [{one['interval'][0]:.2f}, {one['interval'][1]:.2f}]"
            )
        better = of_setting.get("mean_evaluation", {}).get("better_than_the_first")
        more = f"{better:.2f}" if better is not None else ""
        failed = f"  ({len(of_setting['failed'])} failed)" if of_setting["failed"] else ""
        yield f"{label:{width}}  {len(of_setting['seeds']):5}  {cells[0]:28} {cells[1]:28} {more}{failed}"


def main(options, flags=()):
    """The whole experiment; ``flags`` are the chapter's own."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what runs saves where it is
    script = Path(options.script)
    if not (script if script.is_absolute() or script.exists() else ROOT / script).is_file():
        raise ValueError(f"there is no script {options.script}")
    if not script.is_absolute() and not (ROOT / script).is_file():
        script = script.resolve()
    for name, least in {"seeds": 1, "first_seed": 0, "random": 0, "workers": 1}.items():
        if getattr(options, name) < least:
            raise ValueError(f"{name} must be at least {least}; got {getattr(options, name)}")
    settings, folder = settings_of(options), Path(options.folder or Path("experiments", script.stem))
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    claim(folder, script.as_posix(), flags)
    jobs = jobs_of(script.as_posix(), flags, settings, seeds, folder)
    print(
        f"{script.stem}: {len(jobs)} runs in {folder.as_posix()}; Ctrl-C stops them, the same command goes on",
        flush=True,
    )
    pool = OnRay(options.address) if options.cluster else Here(options.workers)
    with pool, Progress(jobs) as progress:
        failed = run_all(jobs, pool, progress)
    rows = {
        key: row_of(jobs[key], failed.get(key))
        for key in sorted(jobs, key=lambda key: (labels(jobs).index(key[0]), key[1]))
    }
    found = write_results(folder, script.as_posix(), flags, rows, jobs)
    print("\n".join(report(found)))
    print(f"results.csv, results.json and curves.png are in {folder.as_posix()}")


def labels(jobs):
    """Of all settings, in their order."""
    return list(dict.fromkeys(label for label, _ in jobs))


if __name__ == "__main__":
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    flags, sys.argv = tuple(sys.argv[split + 1 :]), sys.argv[:split]
    run(lambda options: main(options, flags), Options, __doc__)
