"""Bayesian inverse RL over ten sets of demonstrations: how near the chains come, and what each usual mistake costs.

    python bench/bayesian.py                takes about two minutes

Total variation is to the posterior over all 729 rewards, enumerated. Tests use the ablations of this file, too.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from bench.machine import machine, save
from framework.cli import run
from framework.runs.parallel import run_parallel
from IM.bayesian import UNKNOWN, WORLD, BayesianIRL, enumerate_posterior
from IM.chains import study
from IM.inverse import Dynamics, demonstrate
from IM.mazes import random_maze

COUNTS = (1, 10, 100)
HORIZON, GAMMA = 8, 0.9


class NoNormaliser(BayesianIRL):
    """Forgets the sum over all actions, so that high rewards explain everything."""

    def log_likelihood(self, Q, counts):
        return float((counts * self.beta * Q).sum())


class MeanLikelihood(BayesianIRL):
    """Divides by the number of demonstrations, so that a hundred tell no more than one."""

    def log_likelihood(self, Q, counts):
        return super().log_likelihood(Q, counts) * HORIZON / max(1, counts.sum())


class OldReward(BayesianIRL):
    """Judges a proposed reward by the Q of the present one, which the proposal does not change."""

    def weigh(self, level, counts, now=None):
        sample = super().weigh(level, counts, now)
        return sample if now is None else sample._replace(log_posterior=self.log_likelihood(now.Q, counts))


class Asymmetric(BayesianIRL):
    """Proposes a neighbouring level, at the lowest and the highest always the middle, and corrects for nothing."""

    def propose(self, level, random):
        level, cell = level.copy(), int(random() * len(level))
        step = 1 if random() < 0.5 else -1
        inside = 0 <= level[cell] + step < len(self.levels)
        level[cell] += step if inside else -step
        return level


class OneCell(BayesianIRL):
    """Changes one cell at a time, and cannot leave where two would have to change together."""

    shifts, pairs = 0.0, 0.0


ABLATIONS = {
    "one cell at a time": OneCell,
    "Q under the old reward": OldReward,
    "asymmetric proposal": Asymmetric,
    "no normaliser": NoNormaliser,
    "likelihood divided by the number of demonstrations": MeanLikelihood,
}


def shown(count, seed, beta=4.0):
    """``count`` demonstrations in WORLD by a teacher who knows its rewards."""
    irl = BayesianIRL(WORLD, beta=beta, gamma=GAMMA, cells=UNKNOWN)
    teacher = np.exp(irl.log_policy(irl.q_values(Dynamics(WORLD).reward)))
    return demonstrate(WORLD, teacher, count, HORIZON, GAMMA, 1_000 * seed).episodes


def measure(kind, count, seed, steps):
    """One set of demonstrations, four chains of ``kind``, held against the posterior without the mistake."""
    irl, right = (of(WORLD, gamma=GAMMA, cells=UNKNOWN) for of in (kind, BayesianIRL))
    episodes = shown(count, seed)
    rewards, probs = enumerate_posterior(right, episodes)
    result = study(irl, episodes, 4, steps, seed, probs)
    agree = np.flatnonzero(result.r_hat < 1.05)[:1]
    return {
        "seed": seed,
        "variance": float((result.std[list(UNKNOWN)] ** 2).mean()),
        "exact_variance": float((probs @ rewards**2 - (probs @ rewards) ** 2)[list(UNKNOWN)].mean()),
        "tv": float(result.tv[-1]),
        "r_hat": "constant" if math.isnan(result.r_hat[-1]) else float(result.r_hat[-1]),
        "ess": "constant" if math.isnan(result.ess) else float(result.ess),
        "accepted": float(result.accepted),
        "agree_at": [int(step) for step in result.steps[agree]],
        "tv_there": [float(tv) for tv in result.tv[agree]],
    }


def samples_a_second(size, samples=2_000):
    """Samples of one chain in a random maze, by the time of the processor."""
    env = random_maze(size, np.random.default_rng(0))
    irl = BayesianIRL(env, gamma=0.95)
    teacher = np.exp(irl.log_policy(irl.q_values(Dynamics(env).reward)))
    episodes = demonstrate(env, teacher, 10, 40, 0.95).episodes
    began = time.process_time()
    for _ in irl.chain(episodes, 0, samples, warm_up=0):
        pass
    return samples / (time.process_time() - began)


@dataclass(frozen=True)
class Options:
    seeds: int = 10
    """Sets of demonstrations."""
    steps: int = 50_000
    """Samples of each of the four chains."""
    save: bool = True
    """Write bench/results/bayesian.json."""


def main(options):
    few = options.steps // 5
    kinds = {"as it should be": (BayesianIRL, options.steps), "as it should be, a fifth of them": (BayesianIRL, few)}
    kinds |= {name: (kind, few) for name, kind in ABLATIONS.items()}
    calls = [
        (kind, count, seed, steps)
        for kind, steps in kinds.values()
        for count in COUNTS
        for seed in range(options.seeds)
    ]
    results = iter(run_parallel(measure, calls))
    result = {"machine": machine("numpy", "scipy"), "steps": options.steps, "rows": []}
    for name in kinds:
        for count in COUNTS:
            runs = [next(results) for _ in range(options.seeds)]
            result["rows"].append({"kind": name, "demonstrations": count, "runs": runs})
            tv, variance, exact = (np.array([r[key] for r in runs]) for key in ("tv", "variance", "exact_variance"))
            blind = sum(r["tv"] > 0.1 and (r["r_hat"] == "constant" or r["r_hat"] < 1.05) for r in runs)
            print(
                f"{name:>50} {count:3}: total variation {np.median(tv):.4f} ({tv.min():.4f} to {tv.max():.4f}), ",
                end="",
            )
            print(f"variance {np.median(variance):.4f} (exactly {np.median(exact):.4f}); ", end="")
            print(f"{(tv > 0.1).sum()} over 0.1, {blind} of them with R-hat below 1.05 or none")
    result["samples_a_second"] = {f"{size}×{size}": samples_a_second(size) for size in (3, 8, 12)}
    print(result["samples_a_second"])
    if options.save:
        save("bayesian", result)


if __name__ == "__main__":
    run(main, Options, __doc__)
