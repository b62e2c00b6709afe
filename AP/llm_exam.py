"""An exam for language models, before an agent is rewarded, led or told by one (Day 7).

Fourteen kinds of questions that the pages of this day ask, put to models of three sizes. What a model says is
compared with what is right, and with what one gets who guesses:

    which option?    the share that is right, by the sum, the mean or the pmi of log p (AP/language.py)
    yes or no?       AUC: how often a question whose answer is Yes gets more for " Yes" than one whose answer is No.
                     Beside it the share that is right where 0 divides Yes from No: models say Yes too often, or No,
                     so that the ranking may be perfect and the threshold useless
    wishes           each deed is judged under a wish and under its opposite; right is who says more for the one that
                     fits. Who judges the deed alone says the same for both, and is not right;
                     who guesses is right half of the time

    python AP/llm_exam.py                     the three models, from recorded answers: a table and a plot
    python AP/llm_exam.py --task words        one task
    python AP/llm_exam.py --live              SmolLM2 on this machine, beside its recording (extra llm)
    python AP/llm_exam.py --server URL --model NAME    beside them, any other one

The questions were written before they were asked, and are frozen (AP/exam_items.py). Intervals of 95% are those of n
questions; a difference below 0.15 is noise. The same model that fails at coordinates may be perfect at words: how a
situation is described matters more than the size of who reads it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, rankdata

from AP.exam_items import TASKS
from AP.language import LanguageOptions, compared, open_models
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure
from framework.runs.folder import new_folder


@dataclass(frozen=True)
class Mark:
    """What a model gets in a task, by one way to count."""

    way: str
    """sum, mean, pmi, AUC, at 0, contrast or exact."""
    value: float
    low: float
    """With `high`, the interval of 95%."""
    high: float
    chance: float
    count: int
    """Of questions."""


def share(way, right, chance):
    """The `Mark` of the share of True in right [n], with Wilson's interval."""
    right = np.asarray(right, bool)
    low, high = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return Mark(way, float(right.mean()), low, high, chance, len(right))


def auc(scores, positive):
    """How often a score [n] of the positive ones, [n] bool, is above one of the others; ties count by half."""
    scores, positive = np.asarray(scores), np.asarray(positive, bool)
    ranks, ones = rankdata(scores), positive.sum()
    return (ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * (len(scores) - ones))


def auc_mark(scores, positive, draws=1_000):
    """The `Mark` of an AUC; its interval by resampling both sides."""
    scores, positive, rng = np.asarray(scores), np.asarray(positive, bool), np.random.default_rng(0)
    sides = scores[positive], scores[~positive]
    again = [
        auc(np.concatenate([rng.choice(side, len(side)) for side in sides]), np.sort(positive)[::-1])
        for _ in range(draws)
    ]
    low, high = np.quantile(again, (0.025, 0.975))
    return Mark("AUC", float(auc(scores, positive)), float(low), float(high), 0.5, len(scores))


def sit(task, model):
    """The `Mark`s of a model in a `AP.exam_items.Task`."""
    if task.grammar:
        written = [model.write(item.prompt, task.grammar, 48).strip() for item in task.items]
        return [share("exact", [text == item.right for text, item in zip(written, task.items, strict=True)], 0.0)]
    right = np.array([item.right for item in task.items])
    if task.is_yes_no:
        odds = np.array([model.yes_no(item.prompt) for item in task.items])
        marks = [auc_mark(odds, right == 0), share("at 0", (odds < 0) == right, task.chance)]
        return [*marks, *contrast(task, odds)]
    chosen = {}
    for item, number in zip(task.items, right, strict=True):
        prior = model.choose(task.empty, item.options)[0]
        ways = compared(*model.choose(item.prompt, item.options), prior)
        for way, scores in ways.items():
            chosen.setdefault(way, []).append(int(np.argmax(scores)) == number)
    return [share(way, hits, task.chance) for way, hits in chosen.items()]


def contrast(task, odds):
    """[the `Mark` of pairs of one event under opposite wishes: more for the wish that fits]; [] without pairs."""
    by_pair = {}
    for item, odd in zip(task.items, odds, strict=True):
        by_pair.setdefault(item.pair, []).append(odd if item.right == 0 else -odd)
    return [share("contrast", [sum(pair) > 0 for pair in by_pair.values()], 0.5)] if "" not in by_pair else []


def ask_all(model):
    """Ask everything that this page can ask."""
    for task in TASKS.values():
        sit(task, model)


def table(results):
    """Lines of {model: {task: [`Mark`]}}: of each task all ways to count, beside chance."""
    names = list(results)
    yield f"{'':34}{'n':>4}{'chance':>8}  " + "".join(f"{name:>20}" for name in names)
    for task in next(iter(results.values())):
        for place, mark in enumerate(results[names[0]][task]):
            head = f"{TASKS[task].ask if place == 0 else '':34}{mark.count:4}{mark.chance:8.2f}  "
            cells = [results[name][task][place] for name in names]
            told = [f"{each.way} {each.value:.2f} ±{(each.high - each.low) / 2:.2f}" for each in cells]
            yield head + "".join(f"{cell:>20}" for cell in told)


def best_known(marks):
    """The `Mark` in the plot: contrast, AUC, exact or pmi. That was settled before anything was asked."""
    return next(mark for way in ("contrast", "AUC", "exact", "pmi") for mark in marks if mark.way == way)


def draw(results, path):
    """For each task what the models get, with intervals, and chance."""
    from matplotlib import pyplot as plt

    tasks = list(next(iter(results.values())))
    figure, ax = plt.subplots(figsize=(9, 0.42 * len(tasks) + 1.6), layout="constrained")
    for number, (name, marks) in enumerate(results.items()):
        y = np.arange(len(tasks)) + 0.22 * (number - (len(results) - 1) / 2)
        shown = [best_known(marks[task]) for task in tasks]
        value = np.array([mark.value for mark in shown])
        bars = [value - [mark.low for mark in shown], np.array([mark.high for mark in shown]) - value]
        style = {"fmt": "os^Dv"[number % 5], "color": COLOURS[number], "capsize": 2}
        ax.errorbar(value, y, xerr=np.abs(bars), label=name, **style)
    first = [best_known(marks) for marks in next(iter(results.values())).values()]
    for place, mark in enumerate(first):
        label = None if place else "chance"
        ax.plot([mark.chance] * 2, [place - 0.4, place + 0.4], color="0.45", linestyle=":", label=label)
    ax.set_yticks(
        range(len(tasks)), [f"{TASKS[task].ask} ({mark.way})" for task, mark in zip(tasks, first, strict=True)]
    )
    ax.invert_yaxis()
    ax.set(xlim=(-0.02, 1.02), xlabel="right, or AUC; bars: 95% of what so few questions tell")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=4, frameon=False)
    finish(ax)
    save_figure(figure, path)


@dataclass(frozen=True)
class Options(LanguageOptions):
    task: str = ""
    """One task alone."""


def main(options):
    if options.task and options.task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}; got {options.task}")
    names = [options.task] if options.task else list(TASKS)
    results = {}
    for name, model in open_models(options).items():
        results[name] = {name: sit(TASKS[name], model) for name in names}
        print(f"{name}: {model.bill}", flush=True)
        model.close()
    print(*table(results), sep="\n")
    draw(results, Path(new_folder("llm_exam", options.seed), "exam.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
