"""Is a run of yours as it should be? It is put beside ten runs of the same file, and what differs is named.

    python -m framework.compare runs/dqn_agent/20261126-101500-seed0
    python -m framework.compare runs/dqn_agent/20261126-101500-seed0 --plot beside.png

The ten are in FN/bands/, one small file for each script and world (`python bench/bands.py` makes them). Both sides
are cut into stretches as long as evaluations are apart. The score of a run is the mean of its evaluations; a run that
reached its target counts with its last one from then on. The run is inside if its score is in the 95% prediction
interval of an eleventh such run (Student's t with 9 degrees of freedom). Of the other columns of metrics.csv those
are named that leave the range of all ten, widened by half, in a third of the stretches.

Exit code: 0 inside, 3 above, 4 below; 2 where there is nothing to compare.
"""

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from framework.cli import run
from framework.runs.files import written_whole
from framework.runs.folder import ROOT

BANDS = ROOT / "FN" / "bands"
CODES = {"inside": 0, "above": 3, "below": 4}
FREE = ("seed", "run_folder", "checkpoint_seconds", "quick")  # settings that change no result, or are meant to differ
OWN = ("step", "episodes", "length", "eval_std", "eval_min", "eval_max")  # columns that say nothing by themselves
CAUSES = {  # (column, direction): what it often means
    ("q", "above"): "Q believes in more than there is: ends that are not cut off, a target network that follows too "
    "closely, a discount or a step size that is too large",
    (
        "q",
        "below",
    ): "Q learns less than there is: a target network that never follows, a step size that is too small, "
    "rewards that were clipped or scaled",
    ("loss", "above"): "targets move too fast, or the step size is too large",
    ("value_loss", "above"): "the critic does not keep up: its step size or its weight, or returns of another scale",
    ("entropy", "below"): "the policy is sure too soon: the step size is too large, or entropy counts too little",
    ("entropy", "above"): "the policy hardly learns: the step size is too small, or entropy counts too much",
    ("kl", "above"): "updates go too far: the clip is off, or the step size or the number of epochs is too large",
    ("clipped", "above"): "updates go too far: the step size or the number of epochs is too large",
}


@dataclass(frozen=True)
class Options:
    run: tyro.conf.Positional[str]
    """The folder of the run."""
    band: str = ""
    """The file to compare with; by default that of the run's script and world."""
    plot: str = "comparison.png"
    """The picture, in the folder of the run unless it has a folder of its own."""


def stretches(path, width):
    """{column: {number of the stretch: mean of its values}} of a metrics.csv, in stretches of so many steps."""
    found = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if value and name not in OWN:
                    found.setdefault(name, {}).setdefault((int(row["step"]) - 1) // width, []).append(float(value))
    if not np.isfinite([value for values in found.get("eval_return", {}).values() for value in values]).all():
        raise ValueError("an evaluation is no number")
    return {name: {at: float(np.mean(values)) for at, values in of.items()} for name, of in found.items()}


def curve(evaluations, count):
    """[count] of {stretch: value}: where there is none the one before stands, and before the first the first."""
    known, last = np.empty(count), evaluations[min(evaluations)]
    for at in range(count):
        last = known[at] = evaluations.get(at, last)
    return known


def place(score, scores):
    """("inside", "above" or "below", (low, high)) of a score beside those of other runs."""
    from scipy.special import stdtrit

    count, mean = len(scores), np.mean(scores)
    half = stdtrit(count - 1, 0.975) * np.std(scores, ddof=1) * np.sqrt(1 + 1 / count)
    low, high = mean - half, mean + half
    return "below" if score < low else "above" if score > high else "inside", (low, high)


def outstanding(mine, band):
    """[(column, direction, from which stretch, value, (low, high) of all ten)] of columns that leave their range."""
    found = []
    for name in sorted(set(mine) & set(band[0]) - {"eval_return", "return"}):
        outside = []
        for at, value in sorted(mine[name].items()):
            others = [one[name][at] for one in band if at in one.get(name, {})]
            if len(others) < 3:
                continue
            low, high = min(others), max(others)
            direction = (
                "above" if value > high + (high - low) / 2 else "below" if value < low - (high - low) / 2 else ""
            )
            outside.append((direction, at, value, (low, high)))
        for direction in ("above", "below"):
            those = [one for one in outside if one[0] == direction]
            if those and 3 * len(those) >= len(outside):
                found.append((name, direction, *those[len(those) // 2][1:]))
    return found


def differences(known, band):
    """Sentences about settings and versions that are not those of the band; both as config.json has them."""
    mine, theirs = known["config"], band["config"]
    for name in sorted(set(mine) & set(theirs) - set(FREE)):
        if mine[name] != theirs[name]:
            yield f"{name} is {mine[name]}, and was {theirs[name]}"
    for name, version in band["about"].get("versions", {}).items():
        other = known.get("versions", {}).get(name)
        if other not in (None, version):
            yield f"{name} is {other}, and was {version}"


def read_run(folder):
    """(config.json of a run, path of its metrics.csv).

    Raises:
        ValueError: there is no run, or one that was not evaluated yet.
    """
    folder = Path(folder)
    try:
        known = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        known["script"], known["config"]["env"], known["config"]["eval_every"]
    except OSError:
        raise ValueError(f"there is no run in {folder.as_posix()}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{(folder / 'config.json').as_posix()} is damaged, or of a run without worlds") from None
    if not (folder / "metrics.csv").exists():
        raise ValueError(f"the run in {folder.as_posix()} has no metrics.csv")
    return known, folder / "metrics.csv"


def _reached(path):
    """Whether a run ended at its target; its last evaluation then stands for the steps that it left out."""
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["reached"])
    except OSError:  # it goes on
        return False
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path.as_posix()} is damaged") from None


def band_of(script, env):
    """Path of the ten runs of a script in a world."""
    return BANDS / f"{script}-{env.replace('/', '-')}.json"


def compare(known, metrics, band):
    """What there is to say: {"where", "score", "interval", "seeds", "curve", "curves", "outstanding", "differences"}.

    Raises:
        ValueError: the run was not evaluated yet.
    """
    width, runs = band["config"]["eval_every"], band["runs"]
    try:
        mine = stretches(metrics, width)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{metrics.as_posix()} is damaged: {error}") from None
    if "eval_return" not in mine:
        raise ValueError(f"{metrics.as_posix()} has no evaluation yet")
    runs = [{name: {int(at): value for at, value in of.items()} for name, of in one.items()} for one in runs]
    reached = _reached(metrics.parent / "result.json")
    longest = max(max(one["eval_return"]) for one in runs)
    count = 1 + (max(longest, max(mine["eval_return"])) if reached else max(mine["eval_return"]))
    curves = np.array([curve(one["eval_return"], count) for one in runs])
    own = curve(mine["eval_return"], count)
    where, interval = place(own.mean(), curves.mean(axis=1))
    return {
        "where": where, "score": float(own.mean()), "interval": interval, "curve": own, "curves": curves,
        "width": width, "outstanding": outstanding(mine, runs), "differences": list(differences(known, band)),
    }  # fmt: skip


def sentences(found, known, count):
    """What is printed."""
    low, high = found["interval"]
    of = f"{known['script']}, {known['config']['env']}"
    expected = f"of {count} runs 95% are expected from {low:.1f} to {high:.1f}"
    yield f"{of}: {found['where']}. Mean of all evaluations {found['score']:.1f}; {expected}"
    for name, direction, at, value, (low, high) in found["outstanding"]:
        step, theirs = f"{at * found['width']:,}", f"theirs {low:.3g} to {high:.3g}"
        yield f"{name} is {direction} all of them, such as {value:.3g} after step {step}; {theirs}"
        if (name, direction) in CAUSES:
            yield f"    often: {CAUSES[name, direction]}"
    if found["differences"]:
        yield "what differs: " + "; ".join(found["differences"])
    elif found["where"] != "inside":
        yield "settings and versions are the same; if the code is too, it is one run of twenty"


def draw(found, path, title):
    """The run in front of the ten."""
    from matplotlib.figure import Figure

    from framework.plots import COLOURS, finish

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    steps = found["width"] * (1 + np.arange(len(found["curve"])))
    for number, values in enumerate(found["curves"]):
        label = f"{len(found['curves'])} runs" if number == 0 else None
        axes.plot(steps, values, color="0.6", linewidth=0.8, label=label)
    axes.plot(steps, found["curve"], color=COLOURS[4], linewidth=2, label=f"this run: {found['where']}")
    axes.set(title=title, xlabel="steps of all worlds together", ylabel="return of an evaluation")
    finish(axes)
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format=Path(path).suffix[1:] or "png")


def main(options):
    known, metrics = read_run(options.run)
    path = Path(options.band) if options.band else band_of(known["script"], known["config"]["env"])
    if not path.exists():
        there = ", ".join(sorted(one.stem for one in BANDS.glob("*.json"))) or "none"
        wanted = f"{known['script']} in {known['config']['env']}"
        raise ValueError(f"there are no runs of {wanted} to compare with; there are {there}")
    try:
        band = json.loads(path.read_text(encoding="utf-8"))
        band["config"]["eval_every"], band["runs"][0]["eval_return"]
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{path.as_posix()} is no file of FN/bands, or damaged") from None
    found = compare(known, metrics, band)
    print("\n".join(sentences(found, known, len(band["runs"]))))
    plot = Path(options.plot)
    plot = plot if plot.parent != Path() else Path(options.run, plot)
    draw(found, plot, f"{known['script']}, {known['config']['env']}, seed {known['config'].get('seed')}")
    print(f"plot saved to {plot.as_posix()}")
    sys.stdout.flush()
    sys.exit(CODES[found["where"]])


if __name__ == "__main__":
    run(main, Options, __doc__)
