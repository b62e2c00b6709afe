"""Whether Optuna's TPE finds better settings than as many draws by chance (`framework.tune`).

    python bench/tuning.py                       both parts, about half an hour on two cores
    python bench/tuning.py --only ppo            the first
    python bench/tuning.py --only evolution      the second

1. PPO on CartPole, 10,000 steps, step size and clip. All settings of a grid are run once, with two seeds; a setting
   between those of the grid has the scores of its four neighbours, in proportion to how near they are. So a study
   costs nothing, and there are hundreds of each kind (a tabular benchmark, as Klein and Hutter 2019).
2. Evolution strategies on CartPole, 30,000 steps, sigma and step size: a few real studies of each kind. The winner of
   each is run again with seeds that it was not tuned with, which tells how much of its score was luck.

TPE draws its first ten trials by chance, too. What is run lies in the folder, and the same command goes on. Writes
results/tuning.json.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from bench.machine import machine, save
from EV import evolution
from framework import tune
from framework.cli import run
from framework.experiment import jobs_of, run_all
from framework.progress import Progress
from framework.results import row_of
from framework.runs.jobs import Here, Job
from framework.scores import improvement_interval, interval, iqm, probability_of_improvement
from framework.settings import label_of, space_of

BATCH = 2
PPO_FLAGS = (
    "--test", "--steps", "10000", "--eval-every", "1000", "--eval-episodes", "5", "--final-episodes", "10",
    "--target-return", "None",
)  # fmt: skip
RATES = ("1e-4", "2.4e-4", "5.6e-4", "1.3e-3", "3.2e-3", "7.5e-3", "1.8e-2", "4.2e-2", "1e-1")
CLIPS = ("0.05", "0.1", "0.2", "0.4")
PPO_SPACE = space_of(["learning_rate=1e-4..1e-1", "clip=0.05..0.4"])
PPO_TRIALS, PPO_STUDIES, PPO_SEEDS = 30, 200, (0, 1)
ES_SPACE = space_of(["sigma=0.02..5.0", "learning_rate=0.005..2.0"])
ES_TRIALS, ES_STUDIES, ES_SEEDS, ES_FRESH = 20, 5, (0, 1), range(100, 105)
ES_SETTINGS = {"steps": 30_000, "eval_every": 3_000, "eval_episodes": 10, "final_episodes": 1, "target_return": None}


@dataclass(frozen=True)
class Options:
    only: Literal["", "ppo", "evolution"] = ""
    """One part only; the other one's results stay out of the file."""
    workers: int = 2
    """How many runs of PPO at once."""
    folder: str = "runs/tuning"
    """Where the runs are."""


def chance(space, count, run, seed):
    """[Trial] of settings that are drawn."""
    rng = np.random.default_rng(seed)
    settings = [{name: values.draw(rng) for name, values in space.items()} for _ in range(count)]
    return [tune.Trial(*one) for one in zip(settings, run(settings), strict=True)]


def table_of(options):
    """Scores [rates, clips] of the grid, the mean over its seeds."""
    settings = [{"learning_rate": rate, "clip": clip} for rate in RATES for clip in CLIPS]
    jobs = jobs_of("FN/ppo_agent.py", PPO_FLAGS, settings, PPO_SEEDS, Path(options.folder, "table"))
    with Here(options.workers) as pool, Progress(jobs) as progress:
        failed = run_all(jobs, pool, progress)
    if failed:
        raise ValueError(f"these runs failed: {failed}")
    scores = [
        np.mean([row_of(jobs[label_of(one), seed], None)["mean_evaluation"] for seed in PPO_SEEDS])
        for one in settings
    ]
    return np.reshape(scores, (len(RATES), len(CLIPS)))


def on_ppo(options):
    table = table_of(options)
    axes = [np.log([float(one) for one in values]) for values in (RATES, CLIPS)]
    between = RegularGridInterpolator(axes, table, bounds_error=False, fill_value=None)

    def scores(settings):
        return between(np.log([[float(one["learning_rate"]), float(one["clip"])] for one in settings])).tolist()

    tried = {"chance": [], "tpe": []}
    for seed in range(PPO_STUDIES):
        tried["chance"].append(chance(PPO_SPACE, PPO_TRIALS, scores, seed))
        tried["tpe"].append(list(tune.trials(PPO_SPACE, PPO_TRIALS, BATCH, scores, seed)))
    twice = [tune.best_of(chance(PPO_SPACE, 2 * PPO_TRIALS, scores, seed)).score for seed in range(PPO_STUDIES)]
    grid = {"learning_rate": RATES, "clip": CLIPS, "scores": table.round(2).tolist()}
    more = {"grid": grid, "highest_of_the_grid": float(table.max()), "chance_after_60_trials": float(iqm(twice))}
    return {**more, **compared(tried, (10, 20, 30))}


def on_evolution(options):
    tried, fresh = {"chance": [], "tpe": []}, {"chance": [], "tpe": []}

    def scores(settings, seeds=ES_SEEDS):
        return [float(iqm([evolved(one, seed, options.folder) for seed in seeds])) for one in settings]

    for seed in range(ES_STUDIES):
        tried["chance"].append(chance(ES_SPACE, ES_TRIALS, scores, seed))
        tried["tpe"].append(list(tune.trials(ES_SPACE, ES_TRIALS, BATCH, scores, seed)))
        for kind, studies in tried.items():
            best = tune.best_of(studies[-1])
            fresh[kind].append(scores([best.setting], ES_FRESH)[0])
            print(
                f"study {seed}, {kind}: {label_of(best.setting)}: {best.told}, again {fresh[kind][-1]:.2f}",
                flush=True,
            )
    own = {"seeds_of_tuning": scores([{}])[0], "fresh_seeds": scores([{}], ES_FRESH)[0]}
    return {"own_settings": own, **compared(tried, (10, 20)), "winners_on_fresh_seeds": fresh}


def evolved(setting, seed, folder):
    """The mean evaluation of one run of evolution strategies, from its folder if it is there."""
    folder = Path(folder, "evolution", label_of(setting), f"seed{seed}")
    if not (folder / "result.json").exists():
        config = evolution.Config(
            seed=seed,
            run_folder=str(folder),
            **{name: float(value) for name, value in setting.items()},
            **ES_SETTINGS,
        )
        with contextlib.redirect_stdout(io.StringIO()):
            evolution.train(config)
    return row_of(Job("", (), str(folder)), None)["mean_evaluation"]


def compared(tried, counts):
    """The highest scores after some numbers of trials, of both kinds of study, and how often TPE's is higher."""
    found = {}
    for count in counts:
        best = {kind: [tune.best_of(trials[:count]).score for trials in of_kind] for kind, of_kind in tried.items()}
        more = [best["tpe"]], [best["chance"]]
        found[f"after_{count}_trials"] = {
            **{kind: {"iqm": float(iqm(one)), "interval": interval([one])} for kind, one in best.items()},
            "tpe_is_better": probability_of_improvement(*more),
            "interval_of_that": improvement_interval(*more),
            "scores": {kind: np.round(one, 2).tolist() for kind, one in best.items()},
        }
        print({key: value for key, value in found[f"after_{count}_trials"].items() if key != "scores"}, flush=True)
    return found


def main(options):
    found = {"machine": machine("optuna", "numpy", "gymnasium", "tensorflow-cpu"), "batch": BATCH}
    if options.only != "evolution":
        found["ppo"] = on_ppo(options)
    if options.only != "ppo":
        found["evolution"] = on_evolution(options)
    save("tuning", found)


if __name__ == "__main__":
    run(main, Options, __doc__)
