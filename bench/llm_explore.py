"""ELLM: what goals that make sense are worth to who explores, seed by seed, beside novelty and other goals.

    python bench/llm_explore.py                   everything: about 30 minutes of one core
    python bench/llm_explore.py --main            the six kinds of goals alone, without ablations and other models
    python bench/llm_explore.py --only pairs      settings whose name has this in it; the others stay as they are
    python bench/llm_explore.py --only models     no training: what three models suggest, in three wordings

Achievements are those unlocked in an episode, the mean over all episodes that end in the last 10,000 of 60,000 steps,
exploration (0.1) included, as Crafter counts; "ever" are those unlocked at all in training. The world's own reward is
not learnt from. What stands in results/llm_explore.json is not run again. Draws docs/llm_explore.png.
"""

import csv
import json
import math
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from AP.goal_questions import SAMPLE, WORDINGS, can_be_achieved, quality, scores_of, scores_of_sample
from AP.language import ANSWERS, RECORDED
from AP.llm_exam import auc
from AP.llm_explore import SIGHT, Config, best_in_sight, train
from AP.recorded_answers import RecordedModel
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure
from worlds.crafting import COUNT, NEEDED, PAIRS

ROOT = Path(__file__).parents[1]
MAIN = {
    "goals of the 1.5B": {},
    "novelty of tried pairs": {"goals": "pairs"},
    "novelty of effects": {"goals": "effects"},
    "goals of chance": {"goals": "random"},
    "goals that can be achieved": {"goals": "oracle"},
    "goals of a shuffled text": {"goals": "shuffled"},
}
OTHERS = {
    "goals of the 1.5B, prior not taken off": {"pmi": False},
    "goals of the 1.5B, paid each time": {"again": True},
    "goals that can be achieved, paid each time": {"goals": "oracle", "again": True},
    "goals of the 0.5B": {"model": "qwen-0.5b"},
    "goals of the 135M": {"model": "smollm2"},
    "goals of the 0.5B, prior not taken off": {"model": "qwen-0.5b", "pmi": False},
    "goals of the 135M, prior not taken off": {"model": "smollm2", "pmi": False},
    "goals of a shuffled text, prior not taken off": {"goals": "shuffled", "pmi": False},
}
CURVES = (*MAIN, "goals of the 1.5B, prior not taken off")  # what has a colour
LAST = 10_000  # steps that count


def learn(config):
    """[(step, achievements in an episode since the row before)], and how many were unlocked ever, of one run."""
    folder = tempfile.mkdtemp()
    try:
        train(replace(config, run_folder=f"{folder}/run"))
        with open(Path(folder, "run", "metrics.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    finally:
        shutil.rmtree(folder)
    curve = [(int(row["step"]), float(row["return"])) for row in rows if row["return"]]
    return curve, math.ceil(float(rows[-1]["ever"]))  # the mean since the row before, of what only grows


def of_models():
    """{model: what its suggestions are worth, and its AUC in `SAMPLE` by wording}."""
    found, can = {}, can_be_achieved()
    able = np.array([can[level, PAIRS.index(goal)] for level, goal in SAMPLE])
    real = np.array([goal in NEEDED for _, goal in SAMPLE])
    for name, shown in RECORDED.items():
        model = RecordedModel(ANSWERS, name)
        scores, prior = scores_of(model)
        row = found[shown] = {}
        for way, values in (("pmi", scores - prior), ("no prior", scores)):
            precision, recall = quality(best_in_sight(values[:, None, None], Config().suggestions), SIGHT)
            row[way] = {"precision": precision, "recall": recall, "AUC": auc(values.ravel(), can.ravel())}
        for wording in WORDINGS:
            values, prior = scores_of_sample(model, wording)
            row[wording] = {
                way: {
                    "can be achieved": auc(each, able),
                    "sense or absurd": auc(each, real),
                    "now or too early": auc(each[real], able[real]),
                }
                for way, each in (("pmi", values - prior), ("no prior", values))
            }
    return found


def draw(known):
    """Achievements over steps, the mean and the range of seeds; and the last of them with each seed as a mark."""
    from matplotlib import pyplot as plt

    figure, (curves, ends) = plt.subplots(1, 2, figsize=(11.5, 4.8), layout="constrained", width_ratios=(1, 1.1))
    order = [name for name in (*MAIN, *OTHERS) if known.get(name)]
    for place, name in enumerate(order):
        values, in_colour = [row["achievements"] for row in known[name]], name in CURVES
        number = CURVES.index(name) if in_colour else 0
        colour, mark = (COLOURS[number], "os^DvPX"[number]) if in_colour else ("0.55", ".")
        ends.barh(place, np.mean(values), color=colour, alpha=0.3, height=0.7)
        ends.plot(values, np.full(len(values), place), mark, color=colour, markersize=5)
        if in_colour:
            samples = np.array([[value for _, value in row["curve"]] for row in known[name]])
            steps = [step for step, _ in known[name][0]["curve"]]
            curves.plot(steps, samples.mean(axis=0), color=colour, marker=mark, markersize=4, linewidth=1.5)
            curves.fill_between(
                steps, samples.min(axis=0), samples.max(axis=0), color=colour, alpha=0.15, linewidth=0
            )
    curves.set(xlabel="steps; colours as on the right", ylabel="achievements in an episode, of 8", ylim=(0, None))
    curves.xaxis.set_major_formatter(lambda steps, _: f"{steps:,.0f}")
    ends.set_yticks(range(len(order)), order)
    ends.invert_yaxis()
    ends.set(xlabel=f"the same in the last {LAST:,} steps; marks: seeds")
    finish(curves)
    finish(ends)
    save_figure(figure, ROOT / "docs" / "llm_explore.png")


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only settings whose name has this in it; models: no training."""
    main: bool = False
    """Only the six kinds of goals."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "llm_explore.json"
    known = json.loads(path.read_text(encoding="utf-8"))["result"] if path.exists() else {}
    result = {"models": of_models(), "runs": known.get("runs", {})}
    about = {"machine": machine("tensorflow-cpu", "keras"), "result": result}
    save("llm_explore", about)
    settings = MAIN if options.main else MAIN | OTHERS
    for seed in options.seeds:
        for name, changed in settings.items():
            rows = result["runs"].setdefault(name, [])
            if options.only not in name or seed in [row["seed"] for row in rows]:
                continue
            curve, ever = learn(Config(seed=seed, **changed))
            steps = Config().steps
            last = float(np.mean([value for step, value in curve if step > steps - LAST]))
            rows.append({"seed": seed, "achievements": last, "ever": ever, "curve": curve})
            print(f"{name}, seed {seed}: {last:.2f} achievements in an episode, {ever:.0f} ever", flush=True)
            save("llm_explore", about)
    for name, rows in result["runs"].items():
        if rows:
            values, ever = ([row[key] for row in rows] for key in ("achievements", "ever"))
            told = " ".join(f"{value:.2f}" for value in values)
            print(f"{name:45} {np.mean(values):.2f} of {COUNT} ({told}), ever {np.mean(ever):.1f}")
    if any(result["runs"].values()):
        draw(result["runs"])


if __name__ == "__main__":
    run(main, Options, __doc__)
