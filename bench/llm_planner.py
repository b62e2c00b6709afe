"""SayCan in a house: what a language model's score and learnt affordances are worth, seed by seed.

    python bench/llm_planner.py      some minutes of one core; no language model is asked, answers are replayed

Seeds are those of the robot's tries and of the scenes, 400 for each of 12 things that the user says. Writes
results/llm_planner.json: all methods and ablations of AP/llm_planner.py for three models and three wordings, and
first steps by how often each skill was tried. Draws docs/llm_planner.png.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AP.house_items import SAID
from AP.language import RECORDED, LanguageOptions, open_model
from AP.llm_planner import Affordances, Options, SayCanPlanner, first_steps
from AP.llm_planner_trials import draw, first_right, measure, share, table, tell_plan
from bench.machine import machine, save
from framework.cli import run
from worlds.house import start_houses

ROOT = Path(__file__).parents[1]
TRIES = (1, 3, 10, 30, 100, 300)


def by_tries(model, scenes, seed):
    """{tries: first steps right, by pmi × affordance} where the robot has tried each skill so often."""
    state = start_houses(np.random.default_rng((seed, 2)), np.arange(len(SAID)).repeat(scenes))
    said, rng, result = first_steps(model, 0)["pmi"], np.random.default_rng((seed, 3)), {}
    for tries in TRIES:
        planner = SayCanPlanner(model, Affordances().practise(tries, seed))
        result[tries] = float(first_right(said, planner.can(state), state, rng).mean())
    return result


def pooled(rows):
    """The means over seeds of what `measure` returns."""
    if isinstance(rows[0], dict):
        return {key: pooled([row[key] for row in rows]) for key in rows[0]}
    return np.mean(rows, axis=0)


def written(rows):
    """{"seeds": the mean of each seed, and the 95% interval over what is said} of shares [W, 12] or [12] of seeds."""
    by_seed = [np.atleast_2d(row) for row in rows]
    low, high = share(np.mean(by_seed, axis=0)[0])[1:]
    return {
        "mean of each wording": np.mean(by_seed, axis=(0, 2)).round(4).tolist(),
        "95% over what is said": [round(low, 4), round(high, 4)],
        "each seed": [round(float(row[0].mean()), 4) for row in by_seed],
        "each thing said": np.mean(by_seed, axis=0)[0].round(4).tolist(),
    }


@dataclass(frozen=True)
class BenchOptions:
    scenes: int = 400
    """For each of the things that the user says."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def main(options):
    results, told = {}, {}
    learnt = {seed: Affordances().practise(Options.tries, seed) for seed in options.seeds}
    for name in RECORDED:
        model = open_model(LanguageOptions(model=name))
        rows = [measure(model, learnt[seed], options.scenes, seed) for seed in options.seeds]
        results[model.name] = pooled(rows)
        told[model.name] = {
            kind: {method: written([row[kind][method] for row in rows]) for method in rows[0][kind]}
            for kind in ("first", "plan")
        }
        told[model.name]["ceiling"] = written([row["ceiling"] for row in rows])
        tried = [by_tries(model, options.scenes, seed) for seed in options.seeds]
        told[model.name]["by tries"] = {tries: [row[tries] for row in tried] for tries in TRIES}
        print(f"{model.name}: " + ", ".join(f"{t} tries {np.mean([row[t] for row in tried]):.2f}" for t in TRIES))
    said = {"said": SAID, "seeds": options.seeds, "scenes": options.scenes}
    save("llm_planner", {"machine": machine("numpy"), **said, "result": told})
    print(*table(results), sep="\n")
    state = start_houses(np.random.default_rng((0, 4, Options.scene)), [SAID.index(Options.instruction)])
    plan = list(SayCanPlanner(open_model(LanguageOptions()), Affordances().practise(Options.tries, 0)).plan(state))
    print(*tell_plan(Options.instruction, plan), sep="\n")
    draw(results, state, plan, ROOT / "docs" / "llm_planner.png")


if __name__ == "__main__":
    run(main, BenchOptions, __doc__)
