"""What SAC reaches on the quadruple tank beside controllers that were tuned: every seed, and what hurts.

    python bench/plant.py                       everything; about 40 minutes of a core, two runs at a time
    python bench/plant.py --only baselines
    python bench/plant.py --only learning --variant "as it is"

Parts: baselines (the controllers of AP/pi_control.py tuned anew with several budgets and seeds, and the constants in
the file), learning (AP/plant.py as it is, and with one thing changed; finished runs stay in --folder, and the same
command goes on). Writes results/plant.json; docs/plant.png and docs/plant_mimic.png where "as it is" was learnt.
"""

import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AP.pi_control import KINDS, controller, tune
from AP.plant import Config, PlantAgent, rivals
from AP.plant_plots import trend_panels, violation_panel
from AP.plant_trials import MINIMUM, MINIMUM_UNSEEN, SEEN, TEST_SEED, UNSEEN, compare, steady_error
from bench.machine import RESULTS, machine, save
from framework.agent import load_agent
from framework.cli import run
from framework.experiment import Progress, run_all
from framework.plots import save_figure
from framework.runs.files import written_whole
from framework.runs.folder import ROOT
from framework.runs.jobs import Here, Job
from framework.vector import make_vector

EPISODES = 400  # of each trial
BUDGETS = {"PI": (60_000, 1_200_000), "linear": (60_000, 600_000, 6_000_000)}
AS_IT_IS, LOW = "as it is", "SAC in P-"
VARIANTS = {  # flags of AP/plant.py
    AS_IT_IS: "",
    "no safety layer": "--no-safety",
    "no price on violations, no layer": "--violation-weight 0 --no-safety",
    "no integral": "--no-integral",
    "the action asked for in the replay": "--no-executed",
    "set-points come as a surprise": "--no-kept",
    "turning the pumps is free": "--move-weight 0",
    "gamma 0.9": "--gamma 0.9",
    LOW: f"--env {MINIMUM}",
    "twice as many steps": "--steps 120000",
}
SHOWN = {  # in the picture, under these names
    AS_IT_IS: "SAC, layer",
    "no safety layer": "SAC",
    "no price on violations, no layer": "SAC, violations cost nothing",
}
WEAR = (0.8, 1.2)


def told(trials):
    """{world: numbers of a `Trial`}."""
    return {
        world: {
            "error": float(trial.error.mean()), "violation": float(trial.violation.mean()),
            "excess": float(trial.excess.mean()), "worst_violation": float(trial.violation.max()),
            "worst_error": float(trial.error.max()), "iae": float(trial.iae.mean()),
            "moved": float(trial.moved.mean()), "cost": float(trial.cost(1.0).mean()),
        }
        for world, trial in trials.items()
    }  # fmt: skip


def worlds_of(name):
    return (MINIMUM, MINIMUM_UNSEEN) if name in ("PI in P-", LOW) else (SEEN, UNSEEN)


def baselines(options):
    """The constants in the file, with what steady error is left; and what each budget gives, seed by seed."""
    found = {"constants": {}, "tuned anew": {}}
    for name, tuned in (rivals(MINIMUM, Config.margin) | rivals(SEEN, Config.margin)).items():
        one = told(compare({name: tuned}, EPISODES, worlds_of(name))[name])
        if name != "PI in P-":
            one["steady_error"] = {str(wear): steady_error(tuned, wear, 100, TEST_SEED) for wear in WEAR}
        found["constants"][name] = one
        print(name, one, flush=True)
    for name, budgets in BUDGETS.items():
        for steps in budgets:
            for seed in options.seeds:
                began = time.process_time()
                made = KINDS[name].make(tune(KINDS[name], steps, seed, 1.0))
                seconds = time.process_time() - began
                one = {
                    "seed": seed,
                    "processor_seconds": round(seconds, 1),
                    **told(compare({"": made}, EPISODES)[""]),
                }
                found["tuned anew"].setdefault(f"{name}, {steps:,} steps", []).append(one)
                print(name, steps, one, flush=True)
    return found


def learning(options):
    """{variant: every seed}."""
    chosen = {name: flags for name, flags in VARIANTS.items() if options.variant in name}
    jobs = {
        (name, seed): Job(
            "AP/plant.py", (*flags.split(), "--seed", str(seed)), str(folder_of(options, name, seed).resolve())
        )
        for seed in options.seeds
        for name, flags in chosen.items()
    }
    with Here(options.workers) as pool, Progress(jobs) as progress:
        failed = run_all(jobs, pool, progress)
    for key, sentence in failed.items():
        print(f"{key} failed: {sentence}")
    found = {name: [] for name in chosen}
    for name, seed in jobs:
        if (name, seed) not in failed:
            found[name].append(measured(name, seed, folder_of(options, name, seed)))
            print(name, found[name][-1], flush=True)
    return found


def folder_of(options, name, seed):
    return Path(options.folder, name.replace(" ", "_").replace(",", ""), f"seed{seed}")


def measured(name, seed, folder):
    """What a finished run is worth."""
    agent, config = load_agent(folder / "agent.npz", PlantAgent, Config)
    result = {"seed": seed, **told(compare({name: agent}, EPISODES, worlds_of(name))[name])}
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = [float(row["violation"]) for row in csv.DictReader(file) if row["violation"]]
    result["violation_while_learning"] = float(np.mean(rows))
    if name != LOW:
        result["steady_error"] = {str(wear): steady_error(agent, wear, 100, TEST_SEED) for wear in WEAR}
    if name in (AS_IT_IS, "no safety layer"):  # the same policy, with the layer where it had none, and without
        other = load_agent(folder / "agent.npz", PlantAgent, Config)[0]
        other.config = type(config)(**{**vars(config), "safety": not config.safety})
        result["layer_put_on" if other.config.safety else "layer_taken_off"] = told(
            compare({"": other}, EPISODES)[""]
        )
    return result


def draw(known, options):
    """Trends of one episode with PI and with the first seed's agent; and error beside violations, for everything.

    The episode is the first of the unseen ones in which PI breaks a constraint.
    """
    import matplotlib.pyplot as plt

    learnt = known["learning"]["result"]
    agent, _ = load_agent(folder_of(options, AS_IT_IS, learnt[AS_IT_IS][0]["seed"]) / "agent.npz", PlantAgent, Config)
    figure = plt.figure(figsize=(12.5, 12.5), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.75, 1))
    broken = compare({"": controller("PI")}, EPISODES, (UNSEEN,))[""][UNSEEN].violation > 0
    trend_panels(above, {"PI": controller("PI"), "SAC": agent}, UNSEEN, TEST_SEED + int(np.argmax(broken)))
    axes = below.subplots(1, 2)
    constants = known.get("baselines", {}).get("result", {}).get("constants", {})
    for ax, world, title in zip(axes, (SEEN, UNSEEN), ("seen disturbances", "unseen disturbances"), strict=True):
        points = {name: of_one for name, of_one in constants.items() if name != "PI in P-"}
        points = {name: ([of_one[world]["error"]], [of_one[world]["violation"]]) for name, of_one in points.items()}
        for name, label in SHOWN.items():
            of_seeds = learnt.get(name, [])
            points[label] = tuple(np.array([one[world][key] for one in of_seeds]) for key in ("error", "violation"))
        violation_panel(ax, points, title)
    axes[1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    save_figure(figure, ROOT / "docs" / "plant.png")
    draw_mimic(agent, ROOT / "docs" / "plant_mimic.png")


def draw_mimic(agent, path):
    """The plant as an operator sees it, in the midst of a leak that was opened by hand."""
    from PIL import Image

    envs = make_vector(SEEN, 1, TEST_SEED, render_mode="rgb_array")
    player = agent.player()
    for step in range(60):
        if step == 40:
            envs.envs.unwrapped.open_leak(3, 1.5)
        envs.step(player(envs.obs))
    with written_whole(path) as part:
        Image.fromarray(envs.envs.render()[0]).save(part, format="PNG")
    envs.close()


PARTS = {"baselines": baselines, "learning": learning}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the parts whose name has this in it; the others keep their last results."""
    variant: str = ""
    """Of the part learning, only the variants whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""
    workers: int = 2
    """How many runs at once, each with one thread."""
    folder: str = "runs/bench_plant"
    """Where the runs are."""


def main(options):
    path = RESULTS / "plant.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, part in PARTS.items():
        if options.only in name:
            result = part(options)
            if name == "learning":
                result = {**known.get(name, {}).get("result", {}), **result}
            packages = ("numpy", "gymnasium", "cma", "tensorflow-cpu", "keras")
            known[name] = {"machine": machine(*packages), "result": result}
            save("plant", known)
    if known.get("learning", {}).get("result", {}).get(AS_IT_IS):
        draw(known, options)


if __name__ == "__main__":
    run(main, Options, __doc__)
