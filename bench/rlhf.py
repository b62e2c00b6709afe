"""RLHF in small: what reward models know, what PPO, RLOO, GRPO and DPO make of it, and over-optimisation, over seeds.

    python bench/rlhf.py                     everything: about two hours of one core
    python bench/rlhf.py --only dpo          one part; the others stay as they are
    python bench/rlhf.py --only draw         the picture anew, from the results

Parts: rewards (reward models of 250 to 16,000 comparisons), tuned (PPO at three prices, RLOO, GRPO, and the taste
itself as the reward), free (PPO at no price, with a reward model of 2,000 comparisons, and of 500), dpo, mistakes,
frontiers (best of n, and the optimum). Settings are those of the pages; they were tried out on seed 0. What stands in
results/rlhf.json is not measured again, and runs that are finished stay in runs/bench_rlhf. Draws docs/rlhf.png.
"""

import csv
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from AP import dpo, reward_model, rlhf
from AP.best_of_n import frontiers, sample
from AP.dpo import DPOAgent
from AP.reviews import bayes_accuracy, true_score
from AP.reward_model import RewardModel, compare, load_language_model
from AP.rlhf import Reward, RLHFAgent
from AP.rlhf_report import measure
from bench.machine import RESULTS, machine, save
from framework.agent import load_agent
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure

ROOT = Path(__file__).parents[1]
FIRST_SEED, HOME = 100, Path("runs", "bench_rlhf")
COMPARISONS = (250, 500, 1_000, 2_000, 4_000, 8_000, 16_000)
QUIET = {"eval_every": 10_000, "eval_episodes": 64, "final_episodes": 64, "log_every": 2}
TUNED = {
    "PPO, β 0.2": {},
    "PPO, β 0.5": {"kl_weight": 0.5},
    "PPO, β 0.1": {"kl_weight": 0.1},
    "RLOO, β 0.2": {"algorithm": "rloo"},
    "GRPO, β 0.2": {"algorithm": "grpo"},
    "the taste itself, β 0": {"reward": "true", "kl_weight": 0.0},
}
FREE = {"2,000 comparisons, β 0": 2_000, "500 comparisons, β 0": 500}
DPO = {f"DPO, β {weight:g}": {"kl_weight": weight} for weight in (0.1, 0.2, 0.3, 0.5)}
MISTAKES = {
    "reward not normalised": {"normalise": False},
    "score on every word": {"mistake": "score on every word"},
    "words after the end": {"mistake": "words after the end"},
}
PARTS = ("rewards", "tuned", "free", "dpo", "mistakes", "frontiers")


@dataclass(frozen=True)
class Options:
    only: Literal["all", "rewards", "tuned", "free", "dpo", "mistakes", "frontiers", "draw"] = "all"
    """One part."""
    seeds: int = 5
    """How many of each kind, from 100 on."""


def home(name, seed):
    """The folder of a run."""
    words = "".join(letter if letter.isalnum() or letter == "." else "-" for letter in name)
    return HOME / f"{words}-seed{seed}"


def trained(page, agent_class, config, folder):
    """(the agent at the end of its training, the processor's seconds of it); a run that is finished is not repeated.

    The seconds are None where the run was stopped and went on.
    """
    note = folder / "processor_seconds.txt"
    if not (folder / "result.json").exists():
        whole, began = not folder.exists(), time.process_time()
        page.train(replace(config, run_folder=folder.as_posix()))
        if whole:
            note.write_text(f"{time.process_time() - began:.1f}", encoding="utf-8")
    agent, _ = load_agent(folder / "final.npz", agent_class, page.Config)
    return agent, float(note.read_text(encoding="utf-8")) if note.exists() else None


def reward_model_of(comparisons, seed):
    """The folder of a reward model; it goes five times through the comparisons, and takes 125 steps at least."""
    steps = max(25, comparisons // 64)
    config = reward_model.Config(seed=seed, comparisons=comparisons, steps=steps, **QUIET)
    folder = home(f"reward-{comparisons}", seed)
    trained(reward_model, RewardModel, config, folder)
    return folder


def rewards(seed):
    """{comparisons: how often a reward model is right on 20,000 others, beside the taste}."""
    writer, found = load_language_model(rlhf.Config()), {}
    preferred, other, better, worse = compare(writer, 20_000, np.random.default_rng(10_000 + seed))
    bayes = bayes_accuracy(better, worse)
    for comparisons in COMPARISONS:
        model, _ = load_agent(reward_model_of(comparisons, seed) / "final.npz", RewardModel, reward_model.Config)
        score = model.score(preferred)
        accuracy = float(np.mean(score > model.score(other)))
        correlation = float(np.corrcoef(score, true_score(preferred))[0, 1])
        found[comparisons] = {
            "accuracy": accuracy,
            "of the best possible": accuracy / bayes,
            "correlation": correlation,
        }
    return found


def tuned(page, agent_class, settings, seed):
    """{name: how the agent writes at the end, and its curve}."""
    reference, found = load_language_model(rlhf.Config()), {}
    for name, options in settings.items():
        config, folder = page.Config(seed=seed, **QUIET, **options), home(name, seed)
        agent, seconds = trained(page, agent_class, config, folder)
        found[name] = measure(agent, reference, Reward(config, reference), 4_000, seed)
        found[name] |= {"processor seconds": seconds, "curve": curve(folder)}
    return found


def curve(folder):
    """[{step, kl, score, true_score}, …], or what of it the run has logged."""
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in ("step", "kl", "score", "true_score", "preferred_log_prob") if name in rows[0]]
    return [{name: float(row[name]) for name in names} for row in rows if all(row[name] for name in names)]


def free(seed):
    """PPO at no price, with reward models that know little: it is no good to be right about what they do not know."""
    settings = {
        name: {
            "kl_weight": 0.0, "steps": 200, "reward_model": (reward_model_of(count, seed) / "final.npz").as_posix(),
        }
        for name, count in FREE.items()
    }  # fmt: skip
    return tuned(rlhf, RLHFAgent, settings, seed)


def curves_without_training(seed):
    """{name: `frontiers`} with the reward model that ships, and with one of 2,000 comparisons."""
    found = {}
    for name, path in (("8,000", ""), ("2,000", (reward_model_of(2_000, seed) / "final.npz").as_posix())):
        config = rlhf.Config(seed=seed, reward_model=path)
        reference = load_language_model(config)
        drawn = sample(reference, Reward(config, reference), 50_000, np.random.default_rng(seed))
        found[name] = frontiers(*drawn)
    return found


MEASURED = {
    "rewards": rewards,
    "tuned": lambda seed: tuned(rlhf, RLHFAgent, TUNED, seed),
    "free": free,
    "dpo": lambda seed: tuned(dpo, DPOAgent, DPO, seed),
    "mistakes": lambda seed: tuned(rlhf, RLHFAgent, MISTAKES, seed),
    "frontiers": curves_without_training,
}


def draw(results, path):
    """What reward models know; true score and score over √KL; the same of PPO at no price."""
    import matplotlib.pyplot as plt

    figure, (know, way, over) = plt.subplots(1, 3, figsize=(13.5, 4.3), layout="constrained")
    shares = [
        [of_seed[str(count)]["of the best possible"] for count in COMPARISONS]
        for of_seed in results["rewards"].values()
    ]
    for share in shares:
        know.plot(COMPARISONS, share, "o-", color=COLOURS[0], alpha=0.5, markersize=4)
    know.axhline(1, color="0.4", linestyle=":")
    know.set(xscale="log", xlabel="comparisons", ylabel="right, of the best possible", title="reward models")
    frontier = next(iter(results["frontiers"].values()))
    for (name, marker), colour in zip((("best of n", "s"), ("optimum", "D")), COLOURS, strict=False):
        rows = np.array(frontier["8,000"][name])
        way.plot(
            np.sqrt(np.maximum(rows[:, 1], 0)), rows[:, 3], f"{marker}--", color=colour, label=name, markersize=4
        )
    ends = [*results["tuned"].values(), *results["dpo"].values()]  # of each seed
    names = dict.fromkeys(name for of_seed in ends for name in of_seed)
    for name, colour, marker in zip(names, [*COLOURS, *COLOURS][2:], "o^v<>Xphd*", strict=False):
        points = [of_seed[name] for of_seed in ends if name in of_seed]
        x, y = zip(*((max(point["KL"], 0) ** 0.5, point["true score"]) for point in points), strict=True)
        filled = "none" if name.startswith("DPO") else "full"
        way.plot(x, y, marker, color=colour, label=name, markersize=6, fillstyle=filled)
    way.set(xlabel="√KL", ylabel="true score", title="8,000 comparisons: ends of training")
    for (name, colour), style in zip(zip(FREE, COLOURS, strict=False), ("-", "--"), strict=False):
        for number, of_seed in enumerate(results["free"].values()):
            root = [max(row["kl"], 0) ** 0.5 for row in of_seed[name]["curve"]]
            label = None if number else f"true score, {name}"
            over.plot(root, [row["true_score"] for row in of_seed[name]["curve"]], style, color=colour, label=label)
            label = None if number else f"score, {name}"
            over.plot(
                root, [row["score"] for row in of_seed[name]["curve"]], style, color="0.6", linewidth=1, label=label
            )
    over.set(xlabel="√KL", ylabel="score", title="no price: what only the model likes")
    for ax in (know, way, over):
        finish(ax)
    way.legend(fontsize=7)
    over.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=2, frameon=False)
    save_figure(figure, path)


def main(options):
    path = RESULTS / "rlhf.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part in PARTS:
        if options.only not in ("all", part):
            continue
        for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
            if str(seed) in results.setdefault(part, {}):
                continue
            print(f"{part}, seed {seed}", flush=True)
            results[part][str(seed)] = json.loads(json.dumps(MEASURED[part](seed)))
            results["machine"] = machine("numpy", "tensorflow-cpu", "keras")
            save("rlhf", results)
    if all(results.get(part) for part in ("rewards", "tuned", "free", "dpo", "frontiers")):
        draw(results, ROOT / "docs" / "rlhf.png")


if __name__ == "__main__":
    run(main, Options, __doc__)
