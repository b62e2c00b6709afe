"""What each agent of Day 4 is without the part that its page is about: every seed, with it and without.

    python bench/deep_ablations.py                   five seeds of each; about 10 minutes on two cores
    python bench/deep_ablations.py --only ppo_agent

All runs go on to their last step, whether the target is reached or not. Their score is the mean return of all their
evaluations, so that it counts how soon they learn and whether they keep it. Writes results/deep_ablations.json.
"""

import json
from dataclasses import dataclass

import numpy as np

from bench.deep_learning import learn
from bench.machine import RESULTS, machine, save
from framework.cli import run


@dataclass(frozen=True)
class Ablation:
    """One part of an agent, and the flags that take it away."""

    script: str
    part: str
    steps: int
    without: tuple[str, ...]
    flags: tuple[str, ...] = ()


OFTEN = ("--train-period", "16", "--gradient-steps", "8")  # as many gradient steps, in the shortest bursts
ABLATIONS = (
    Ablation("value_function_agent", "targets still", 40_000, ("--sample-size", "256", "--fit-period", "8")),
    Ablation("dqn_agent", "target network", 30_000, (*OFTEN, "--target-period", "16"), ("--test",)),
    Ablation("dqn_agent", "replay", 30_000, ("--buffer-size", "256"), ("--test",)),
    Ablation("policy_gradient_agent", "baseline", 50_000, ("--baseline-learning-rate", "0")),
    Ablation("a2c_agent", "critic", 40_000, ("--value-weight", "0"), ("--test",)),
    Ablation("a2c_agent", "n steps", 40_000, ("--rollout-steps", "1"), ("--test",)),
    Ablation("ppo_agent", "clipping", 40_000, ("--clip", "1e6"), ("--test",)),
    Ablation("ppo_agent", "epochs", 40_000, ("--epochs", "1"), ("--test",)),
)


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the agents whose name has this in it; the others keep their last results."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def score(ablation, without, seed):
    """One run: the mean return of its evaluations, the last of them, and the largest Q or KL that it logged."""
    flags = [*ablation.flags, "--steps", str(ablation.steps), *(ablation.without if without else ())]
    result = learn(ablation.script, flags, None, seed)
    returns = [evaluation for _, evaluation in result["curve"]]
    return {"seed": seed, "mean": round(float(np.mean(returns)), 1), "last": returns[-1], **result["largest"]}


def main(options):
    path = RESULTS / "deep_ablations.json"
    known = json.loads(path.read_text(encoding="utf-8"))["ablations"] if path.exists() else {}
    whole = {}  # the runs with everything, which several ablations of a script share
    for ablation in ABLATIONS:
        if options.only not in ablation.script:
            continue
        if ablation.script not in whole:
            whole[ablation.script] = [score(ablation, False, seed) for seed in options.seeds]
        runs = {"with": whole[ablation.script], "without": [score(ablation, True, seed) for seed in options.seeds]}
        medians = {name: float(np.median([run["mean"] for run in side])) for name, side in runs.items()}
        name = f"{ablation.script}: {ablation.part}"
        about = {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), "flags": " ".join(ablation.without)}
        known[name] = {**about, "steps": ablation.steps, "median": medians, **runs}
        print(name, medians, flush=True)
        save("deep_ablations", {"ablations": known})


if __name__ == "__main__":
    run(main, Options, __doc__)
