"""How often plans of `AP.llm_planner` are right, with and without each term of the score: trials, a table, a plot.

A first step is right if it begins a shortest way to serve the user; a plan, if all its skills that worked are, `done`
in the end. What is right is told by the world, which knows the stuck doors that nobody has tried. A skill that fails
changes nothing in the prompt, and the plan goes on; the user stops what worked and is of no use.
"""

import numpy as np

from AP.house_items import SAID, WORDINGS
from AP.llm_planner import SayCanPlanner, first_steps, later_steps
from framework.plots import COLOURS, finish, save_figure
from framework.scores import interval
from worlds.house import (
    ASKED,
    BEFORE,
    HAND,
    HANDED,
    LIMIT,
    NOTHING,
    PLACES,
    SERVES,
    SKILLS,
    house_step,
    right_skills,
    start_houses,
)
from worlds.house_picture import draw_house

METHODS = {  # way to read the language model, or none; whether affordances count
    "language alone": ("sum", False),
    "language alone, pmi": ("pmi", False),
    "affordance alone": (None, True),
    "language × affordance": ("sum", True),
    "pmi × affordance": ("pmi", True),
}
ABLATIONS = {"mean × affordance": ("mean", True)}  # and what is said is shuffled


def history(state):
    """The numbers [B] of histories in `later_steps`, of houses in which nothing but right skills has worked."""
    rows, padded = np.arange(len(state)), np.pad(SERVES[state[:, ASKED]], ((0, 0), (0, 1)))
    handed = np.where((state[:, PLACES] == HANDED).any(axis=1), (state[:, PLACES] == HANDED).argmax(axis=1), NOTHING)
    found = np.stack([state[:, BEFORE], state[:, HAND], handed])  # [3, B]
    serves = padded[rows, found]
    progress = np.where(serves.any(axis=0), serves.argmax(axis=0), -1)
    thing = found[np.maximum(progress, 0), rows]
    return np.where(progress < 0, 0, 1 + 3 * (thing % 2) + progress)


def best_skill(said, affordance, rng):
    """The skills [B] of the highest scores [B, 27]; where nothing is said, any of those that work best."""
    if said is not None:
        return (said + affordance).argmax(axis=1)
    best = affordance == affordance.max(axis=1, keepdims=True)
    return np.argmax(best * rng.random(best.shape), axis=1)


def first_right(said, affordance, state, rng):
    """The shares [12] of scenes in which the first step is right, for each of the things that the user says.

    Args:
        said: [12, 27], or None.
        affordance: logarithms [B, 27].
        state: [B, 21], equally many scenes for each, one after the other.
    """
    skill = best_skill(None if said is None else said[state[:, ASKED]], affordance, rng)
    return right_skills(state)[np.arange(len(state)), skill].reshape(len(SAID), -1).mean(axis=1)


def plans_right(said, planner, state, rng):
    """The shares [12] of scenes in which all of a plan is right, done in the end; said: [12, 7, 27], or None."""
    going, reached, rows = np.ones(len(state), bool), np.zeros(len(state), bool), np.arange(len(state))
    for _ in range(LIMIT):
        scores = None if said is None else said[state[:, ASKED], history(state)]
        skill = best_skill(scores, planner.can(state), rng)
        right = right_skills(state)[rows, skill]
        after, worked, over = house_step(state, skill)
        reached |= going & right & over
        going &= ~over & (right | ~worked)
        state = np.where(going[:, None], after, state)
    return reached.reshape(len(SAID), -1).mean(axis=1)


def measure(model, affordances, scenes, seed):
    """What a model, or what affordances alone, get: {"first": {method: [W, 12]}, "plan": {method: [12]}, shares of
    scenes for each of W wordings and 12 things that the user says, "ceiling": [12] of who knows what serves}."""
    state = start_houses(np.random.default_rng((seed, 2)), np.arange(len(SAID)).repeat(scenes))
    can = {True: SayCanPlanner(model, affordances), False: SayCanPlanner(model, None)}
    logs, rng = {able: planner.can(state) for able, planner in can.items()}, np.random.default_rng((seed, 3))
    firsts, later = [first_steps(model, number) for number in range(len(WORDINGS))], later_steps(model)
    result = {"first": {}, "plan": {}}
    for name, (way, able) in {**METHODS, **ABLATIONS}.items():
        result["first"][name] = np.array(
            [first_right(said[way] if way else None, logs[able], state, rng) for said in firsts]
        )
        result["plan"][name] = plans_right(later[way] if way else None, can[able], state, rng)
    result["first"]["shuffled × affordance"] = np.array(  # it hears what another user says, each of five
        [np.mean([first_right(np.roll(said["pmi"], 2 * by, axis=0), logs[True], state, rng) for by in range(1, 6)], 0)
         for said in firsts]
    )  # fmt: skip
    knows = np.pad(np.where(SERVES, 0.0, -np.inf), ((0, 0), (0, len(SKILLS) - NOTHING)), constant_values=-np.inf)
    result["ceiling"] = first_right(knows, logs[True], state, rng)
    return result


def share(values):
    """(mean, low, high) of shares [..., 12]: the interval is that of so few things that the user says."""
    values = np.mean(np.atleast_2d(values), axis=0)
    return float(values.mean()), *interval([values], np.mean)


def table(results):
    """Lines of {model: what `measure` returns}: first steps, of each wording by itself, too, and whole plans."""
    names = list(results)
    yield f"{'first step right':26}" + "".join(f"{name:>36}" for name in names)
    for method in results[names[0]]["first"]:
        cells = []
        for name in names:
            wordings = results[name]["first"][method]
            mean, low, high = share(wordings[0])
            others = " ".join(f"{each.mean():.2f}" for each in wordings[1:])
            cells.append(f"{mean:.2f} ({low:.2f} to {high:.2f}); {others}")
        yield f"{method:26}" + "".join(f"{cell:>36}" for cell in cells)
    ceiling = share(results[names[0]]["ceiling"])[0]
    yield f"{'who knows what serves':26}{ceiling:.3f}"
    yield "the wording by default, with 95% intervals of 12 things that are said; then two other wordings"
    yield f"\n{'whole plan right':26}" + "".join(f"{name:>36}" for name in names)
    for method in results[names[0]]["plan"]:
        cells = ["{:.2f} ({:.2f} to {:.2f})".format(*share(results[name]["plan"][method])) for name in names]
        yield f"{method:26}" + "".join(f"{cell:>36}" for cell in cells)


def tell_plan(said, plan, count=4):
    """Lines: of each `Step` the best skills, what speaks for them, and what the robot did."""
    yield f"The user says: {said}."
    for number, step in enumerate(plan, 1):
        scores = step.scores
        yield f"{number:2}. {'':22}{'log p':>8}{'pmi':>8}{'log Q':>8}{'score':>8}"
        for skill in scores.best(count):
            values = (scores.sum[skill], scores.pmi[skill], scores.affordance[skill], scores.total[skill])
            mark = ">" if skill == step.skill else " "
            yield f"  {mark} {SKILLS[skill]:22}" + "".join(f"{value:8.2f}" for value in values)
        yield f"    {step.text}" + ("" if step.right or not step.worked else " The user stops it: that is of no use.")


def draw(results, state, plan, path):
    """Bars of all methods and models, for first steps and for whole plans; beneath them, a scene and its scores."""
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(12, 9.4), layout="constrained")
    panels = figure.subplot_mosaic([["first", "plan"], ["scene", "scores"]], height_ratios=(1, 1.05))
    for kind, title in (("first", "first step right"), ("plan", "whole plan right")):
        draw_bars(panels[kind], results, kind, title)
    figure.legend(*panels["first"].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
    panels["scene"].imshow(draw_house(state[0]))
    panels["scene"].set_axis_off()
    draw_scores(panels["scores"], plan[0])
    save_figure(figure, path)


def draw_bars(ax, results, kind, title):
    """For each model a group of bars, a bar a method; first steps with a point for each wording."""
    width = 0.8 / len(METHODS)
    for number, method in enumerate(METHODS):
        for place, result in enumerate(results.values()):
            values, x = result[kind][method], place + width * (number - (len(METHODS) - 1) / 2)
            wordings = np.atleast_2d(values)
            mean, low, high = share(wordings[0])
            label = None if place else method
            ax.bar(x, mean, width * 0.92, color=COLOURS[number], label=label)
            ax.errorbar(x, mean, [[mean - low], [high - mean]], color="0.25", capsize=2, linewidth=1)
            if len(wordings) > 1:
                ax.plot([x] * len(wordings), wordings.mean(axis=1), "o", color="white", markeredgecolor="0.2", ms=4)
    if kind == "first":
        ceiling = share(next(iter(results.values()))["ceiling"])[0]
        ax.axhline(ceiling, color="0.35", linestyle="--", linewidth=1, label="who knows what serves × affordance")
        ax.plot([], [], "o", color="white", markeredgecolor="0.2", ms=4, label="each of three wordings")
    ax.set_xticks(range(len(results)), list(results))
    ax.set(ylim=(0, 1.04), title=title)
    finish(ax, legend=False)


def draw_scores(ax, step, count=8):
    """What speaks for the skills that the language model likes best in a step, and for the one that was chosen."""
    scores = step.scores
    shown = list(dict.fromkeys([*scores.favourites(count - 1), step.skill, scores.favourites(count)[-1]]))[:count]
    y = np.arange(count)
    kinds = {
        "the language model": (scores.language, COLOURS[1]),
        "affordance, learnt": (scores.affordance, COLOURS[2]),
        "both": (scores.total, COLOURS[4]),
    }
    for number, (name, (values, colour)) in enumerate(kinds.items()):
        ax.barh(y + 0.27 * (number - 1), np.exp(values - values.max())[shown], 0.25, color=colour, label=name)
    ax.set_yticks(y, [SKILLS[skill] for skill in shown])
    ax.invert_yaxis()
    ax.set(xlabel="probability, as a share of the largest", title=f"the first step here: {SKILLS[step.skill]}")
    finish(ax, legend=False)
    ax.legend(loc="lower right", frameon=False)
