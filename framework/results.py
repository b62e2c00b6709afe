"""What came out of many runs of a chapter: a table, interquartile means with intervals, and curves.

A run is a `framework.runs.jobs.Job` that has ended; its key is (label of its setting, seed).
"""

import csv
import json
import math
from pathlib import Path

import numpy as np

from framework.plots import COLOURS, finish
from framework.runs.files import written_whole
from framework.scores import improvement_interval, interval, iqm, probability_of_improvement, profile

BEST = 4  # settings with a colour, where there are too many for all
FAINT = "0.75"


def row_of(job, failed):
    """What a run gave: {column: value}; only its sentence if it failed."""
    if failed:
        return {"status": failed}
    result = result_of(job)
    return {"status": "finished", **result, "mean_evaluation": _mean_evaluation(job, result["reached"])}


RESULT = ("return", "std", "steps", "episodes", "reached", "steps_to_target")


def result_of(job, names=RESULT):
    """{name: number, or None} of what a finished run says of itself.

    Raises:
        ValueError: its file is damaged.
    """
    path = Path(job.folder, "result.json")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        result = {name: known[name] for name in names}
        if not all(value is None or isinstance(value, (int, float)) for value in result.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        folder = path.parent.as_posix()
        raise ValueError(
            f"{path.as_posix()} is damaged; delete {folder}, and the same command runs it again"
        ) from None
    return result


def _mean_evaluation(job, reached):
    """Where a run ended since it reached its target, its last evaluation counts for all that it left out.

    Else it would be better to learn late than early: 20, 480 and the end would be worth less than 20, 300, 400, 480.
    """
    values = [value for _, value in evaluations(job)]
    if reached:
        config = json.loads(Path(job.folder, "config.json").read_text(encoding="utf-8"))["config"]
        values += values[-1:] * (math.ceil(config["steps"] / config["eval_every"]) - len(values))
    return float(np.mean(values))


def score_of(rows):
    """The interquartile mean over seeds of the mean evaluation, from the rows of one setting; None if one failed."""
    if any(row["status"] != "finished" for row in rows):
        return None
    return float(iqm([row["mean_evaluation"] for row in rows]))


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


def write_results(folder, script, flags, rows, jobs, more=None):
    """results.csv, results.json, with ``more``, a dictionary, and curves.png; returns the `summary`."""
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
        whole = {"script": script, "flags": list(flags), "of_the_first_run": about, "settings": found, **(more or {})}
        part.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    if finished:
        draw(Path(folder, "curves.png"), {key: evaluations(jobs[key]) for key in finished}, rows)
    return found


def draw(path, curves, rows):
    """Evaluations on the way, a line for each setting with its interval; and the profile of the last returns.

    Of many settings only the first and the best few have a colour and an interval.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 4), layout="constrained")
    learning, ending = figure.subplots(1, 2)
    labels = list(dict.fromkeys(label for label, _ in curves))
    returns = {label: [rows[key]["return"] for key in curves if key[0] == label] for label in labels}
    ends = np.concatenate(list(returns.values()))
    thresholds = np.linspace(ends.min() - 0.02 * (np.ptp(ends) or 1), ends.max(), 200)
    coloured = _coloured(labels, curves, rows)
    others = [label for label in labels if label not in coloured]
    if others:
        learning.plot([], [], color=FAINT, label=f"{len(others)} others")
    for label in others + coloured:  # what has a colour lies on top
        of_setting = [curve for key, curve in curves.items() if key[0] == label]
        steps = np.array(sorted({step for curve in of_setting for step, _ in curve}))
        # A run that reached its target ended there; it counts with its last evaluation from then on.
        values = np.array([[_last(curve, step) for step in steps] for curve in of_setting])
        colour, width, name = FAINT, 0.8, None
        if label in coloured:
            colour, width = COLOURS[coloured.index(label) % len(COLOURS)], 1.5
            name = f"{label}, {len(values)} seeds"
            if len(values) > 1:
                low, high = np.array([interval([column]) for column in values.T]).T
                learning.fill_between(steps, low, high, color=colour, alpha=0.18, linewidth=0)
        learning.plot(steps, iqm(values, axis=0), color=colour, linewidth=width, label=name)
        shares = profile([returns[label]], thresholds)
        ending.step(thresholds, shares, color=colour, linewidth=width, where="post")
    learning.set(xlabel="steps", ylabel="return of an evaluation", title="Interquartile mean and 95% interval")
    ending.set(xlabel="return of the best agent", ylabel="share of runs above it", title="Performance profile")
    finish(learning, legend=not others)
    finish(ending, legend=False)
    if others:  # long lines, which would lie on curves
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format="png")


def _coloured(labels, curves, rows):
    """All labels, or the first and the `BEST` of the others by the mean of all evaluations, if they are many."""
    if len(labels) <= len(COLOURS):
        return labels
    means = {label: iqm([rows[key]["mean_evaluation"] for key in curves if key[0] == label]) for label in labels[1:]}
    return [labels[0], *sorted(means, key=means.get, reverse=True)[:BEST]]


def _last(curve, step):
    """The last evaluation up to a step; before the first, the first."""
    return next((value for at, value in reversed(curve) if at <= step), curve[0][1])


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
