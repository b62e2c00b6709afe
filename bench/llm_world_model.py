"""RAP in small: how much a text world model must have seen, and what plans in it are worth, seed by seed.

    python bench/llm_world_model.py                    everything: about 35 minutes of one core
    python bench/llm_world_model.py --only "4 blocks"  what has this in its name; the others stay as they are

A setting is a number of blocks and a share of states to learn from. Of each model: the share of transitions held out
that it writes exactly; and where the share is that of the page, what plans of 100 tasks solve, in what it writes, in
that with errors, by so many simulations, with moves to spare. Also the exam of AP/blocks_exam.py, from recorded
answers. What stands in results/llm_world_model.json is not run again. Draws docs/llm_world_model.png.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from AP import blocks_exam
from AP.imagined import Imagined, draw_tasks, questions
from AP.language import RECORDED, LanguageOptions, open_model
from AP.llm_world_model import STATES, Config, TextWorldModel, TreePlanner, exact, solved, split, transitions
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure
from framework.schedules import Linear
from framework.tf import begin
from worlds.blocks import table_of

ROOT = Path(__file__).parents[1]
SETTINGS = {
    **{f"4 blocks, {share} of states": {"states": share} for share in (0.1, 0.2, 0.3, 0.6)},
    **{
        f"4 blocks, {share} of transitions": {"states": share, "split": "transitions"}
        for share in (0.1, 0.2, 0.3, 0.6)
    },
    **{f"5 blocks, {share} of states": {"states": share, "blocks": 5} for share in (0.02, 0.1, 0.5)},
}
SIMULATIONS = (100, 300, 1_000, 3_000)
CORRUPT = (0.1, 0.3, 1.0)


class Fickle:
    """A model whose errors are drawn anew at every call, with a probability."""

    def __init__(self, imagine, share, rng):
        self.imagine, self.share, self.rng = imagine, share, rng

    def __call__(self, states, actions):
        wrong = self.rng.integers(len(self.imagine.table.states), size=len(states))
        return np.where(self.rng.random(len(states)) < self.share, wrong, self.imagine(states, actions))


def look_again(imagine, table, tasks, config):
    """The share of tasks that is solved by who looks where a move has led to, and plans anew, after each."""
    states, goals, limits = tasks[0].copy(), *tasks[1:]
    planner = TreePlanner(imagine, table, config.simulations, config.exploration)
    for step in range(limits.max()):
        going = np.flatnonzero((states != goals) & (step < limits))
        plans = planner.plan(states[going], goals[going], limits[going] - step)
        for task, plan in zip(going, plans, strict=True):
            states[task] = table.next[states[task], plan[0]] if plan else states[task]
    return float(np.mean(states == goals))


def learn(config, table):
    """A model, trained as the page does, without a run's folder."""
    begin(config)
    model, texts = TextWorldModel(config), transitions(table, split(table, config)[0])
    remaining = Linear(1.0, 0.0, config.steps)
    for step in range(config.steps):
        chosen = model.rng.integers(len(texts), size=(config.gradient_steps, config.batch_size))
        model.train_step(texts[chosen], config.learning_rate * remaining(step))
    return model


def plans(config, table, write):
    """{how it is planned: the share of tasks that is solved}."""
    tasks, told = draw_tasks(table, config.lengths, config.tasks, config.seed), {}

    def note(name, imagine, tasks=tasks, planner="tree", **changed):
        told[name] = solved(planner, imagine, table, tasks, replace(config, **changed))

    learnt = Imagined(table, write)
    note("greedy", learnt, planner="greedy")
    told["texts written, greedy"] = learnt.written
    learnt = Imagined(table, write)
    note("tree", learnt)
    told["texts written, tree"] = learnt.written
    note("tree, by the rules", Imagined(table))
    for simulations in SIMULATIONS:
        note(f"tree, {simulations:,} simulations", learnt, simulations=simulations)
        note(f"tree, {simulations:,} simulations, 0.1 wrong", Imagined(table, write, 0.1, config.seed),
             simulations=simulations)  # fmt: skip
    for share in CORRUPT:
        note(f"greedy, {share} wrong", Imagined(table, write, share, config.seed), planner="greedy")
        note(f"tree, {share} wrong", Imagined(table, write, share, config.seed))
        note(f"tree, {share} wrong, anew", Fickle(learnt, share, np.random.default_rng([config.seed, 8])))
    for share in CORRUPT[:2]:
        told[f"looks again, {share} wrong"] = look_again(
            Imagined(table, write, share, config.seed), table, tasks, config
        )
        anew = Fickle(learnt, share, np.random.default_rng([config.seed, 9]))
        told[f"looks again, {share} wrong, anew"] = look_again(anew, table, tasks, config)
    loose = draw_tasks(table, config.lengths, config.tasks, config.seed, slack=2)
    note("greedy, 2 moves to spare", learnt, loose, "greedy")
    note("tree, 2 moves to spare", learnt, loose)
    note("tree, 2 moves to spare, 0.1 wrong", Imagined(table, write, 0.1, config.seed), loose)
    return told


def measure(config):
    """The row of one model."""
    table = table_of(config.blocks)
    model = learn(config, table)
    learnt, held_out = split(table, config)
    row = {"seed": config.seed, "learnt": float(exact(model, table, learnt).mean()),
           "held out": float(exact(model, table, held_out).mean())}  # fmt: skip
    if config.split == "states" and config.states == STATES[config.blocks]:
        asked = questions(table, table.pairs)
        known = dict(zip(map(bytes, asked), model.write(asked), strict=True))  # all, once; the plans read them here
        row["plans"] = plans(config, table, lambda asked: np.stack([known[bytes(text)] for text in asked]))
    return row


def draw(known):
    from matplotlib import pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 5.2), layout="constrained")
    lines = (("4 blocks", "states"), ("4 blocks", "transitions"), ("5 blocks", "states"))
    for number, (blocks, split_) in enumerate(lines):
        names = sorted(name for name in known if name.startswith(blocks) and name.endswith(split_) and known[name])
        share = [float(name.split()[2]) for name in names]
        held = [[row["held out"] for row in known[name]] for name in names]
        style = {"color": COLOURS[number], "marker": "os^"[number]}
        told = f"{blocks}, other {split_} held out"
        left.plot(share, [np.mean(each) for each in held], label=told, linestyle="-:-"[number], **style)
        for x, each in zip(share, held, strict=True):
            left.scatter([x] * len(each), each, s=12, alpha=0.5, **style)
    left.axhline(0.95, color="0.6", linewidth=0.8, label="0.95, which was to be reached")
    left.set(xlabel="share that is learnt from", ylabel="held out, and written to the word", ylim=(0, 1.03))
    shown = ("greedy", "tree", *(f"tree, {share} wrong" for share in CORRUPT), "looks again, 0.1 wrong")
    for number, blocks in enumerate(("4 blocks", "5 blocks")):
        rows = known.get(f"{blocks}, {STATES[int(blocks[0])]} of states", [])
        if not rows:
            continue
        place = np.arange(len(shown)) + 0.38 * (number - 0.5)
        values = np.array([[row["plans"][name] for name in shown] for row in rows])
        middle.bar(place, values.mean(axis=0), 0.34, color=COLOURS[number], alpha=0.75, label=blocks)
        for row in values:
            middle.scatter(place, row, s=10, color="0.2", zorder=3)
        for style, wrong in (("-", ""), (":", ", 0.1 wrong")):
            curve = [np.mean([row["plans"][f"tree, {n:,} simulations{wrong}"] for row in rows]) for n in SIMULATIONS]
            right.plot(SIMULATIONS, curve, style, color=COLOURS[number], marker="os"[number], label=blocks + wrong)
    middle.set_xticks(
        range(len(shown)), [name.replace(", ", ",\n").replace(" wrong", "\nwrong") for name in shown], fontsize=8
    )
    middle.set(ylabel="tasks solved, in the fewest moves", ylim=(0, 1.03))
    right.set(xscale="log", xlabel="simulations of the tree", ylabel="tasks solved", ylim=(0, 1.03))
    right.set_xticks(SIMULATIONS, [f"{n:,}" for n in SIMULATIONS])
    right.minorticks_off()
    for axes in (left, middle, right):
        finish(axes, legend=False)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncol=2, frameon=False, fontsize=8)
    save_figure(figure, ROOT / "docs" / "llm_world_model.png")


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only settings whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "llm_world_model.json"
    known = json.loads(path.read_text(encoding="utf-8"))["result"] if path.exists() else {}
    for name, changed in SETTINGS.items():
        rows = known.setdefault(name, [])
        for seed in options.seeds:
            if options.only in name and seed not in [row["seed"] for row in rows]:
                rows.append(measure(replace(Config(), seed=seed, **changed)))
                print(f"{name}, seed {seed}: {rows[-1]['held out']:.3f} of what was held out", flush=True)
                save("llm_world_model", {"machine": machine("tensorflow-cpu", "keras"), "result": known})
    exam = {}
    for name, told in RECORDED.items():
        results = blocks_exam.sit(open_model(LanguageOptions(model=name)))
        exam[told] = {f"{wording}, {way}": float(np.mean(right)) for wording, ways in results.items()
                      for way, right in ways.items()}  # fmt: skip
    save("llm_world_model", {"machine": machine("tensorflow-cpu", "keras"), "result": known, "exam": exam})
    draw({name: rows for name, rows in known.items() if rows})


if __name__ == "__main__":
    run(main, Options, __doc__)
