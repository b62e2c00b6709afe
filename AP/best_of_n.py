"""What can be had without training: the best of n reviews, and the optimum itself, from one large sample. Day 7.

**Best of n**: let the reference write n reviews, and keep the one with the highest score. The distribution of what is
kept differs from the reference by KL = log n - (n - 1) / n (Stiennon et al. 2020), whatever the scores are.

**The optimum** of E[r] - β KL(π ‖ π_ref) is known: π*(review) ∝ π_ref(review) exp(r(review) / β). Nobody can write
with it, but what it is worth can be reckoned: give each review of the reference the weight exp(r / β), by
self-normalised importance sampling. The effective sample size, (Σ w)² / Σ w², says how many reviews that rests on.

Both curves are what `rlhf.py` and `dpo.py` may be held against: true score over √KL (Gao et al. 2022).

    python AP/best_of_n.py                         half a minute; the reward model that ships
    python AP/best_of_n.py --reward-model FILE     agent.npz of a run of reward_model.py
    python AP/best_of_n.py --reward true           the taste itself
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.language_model import write
from AP.reviews import true_score
from AP.reward_model import load_language_model
from AP.rlhf import Config, Reward
from framework.cli import CommonOptions, run

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
KL_WEIGHTS = (1.0, 0.5, 0.3, 0.2, 0.15, 0.1)


def best_of(n, score, values):
    """The mean of ``values`` [M] of the review with the best of n scores, drawn from M with replacement.

    Args:
        score: [M].

    The review of rank i, from 1, is the best of n with probability (i / M)ⁿ - ((i - 1) / M)ⁿ.
    """
    ranks = np.arange(len(score) + 1) / len(score)
    return float(np.diff(ranks**n) @ values[np.argsort(score, kind="stable")])


def kl_of_best_of(n):
    """KL of the best of n from one, in nats."""
    return np.log(n) - (n - 1) / n


def optimum(score, kl_weight):
    """Of π* ∝ π_ref exp(r / β): the weight of each of M reviews of the reference, and KL(π* ‖ π_ref) in nats.

    Args:
        score: [M], r.
        kl_weight: β.
    """
    exponent = score / kl_weight
    weight = np.exp(exponent - exponent.max())
    mean = weight.mean()
    weight = weight / weight.sum()
    return weight, float(weight @ (exponent - exponent.max()) - np.log(mean))


def by_item(words, function):
    """The mean of a function of rows over the items, each of which is a prompt of its own."""
    return np.mean([function(words[:, 0] == item) for item in np.unique(words[:, 0])], axis=0)


def frontiers(words, score, true):
    """{name: rows (n or β, KL, score, true score, effective share of the sample)} of reviews [M, LENGTH]."""
    found = {"best of n": [], "optimum": []}
    for n in COUNTS:
        means = [by_item(words, lambda rows, of=of, n=n: best_of(n, score[rows], of[rows])) for of in (score, true)]
        found["best of n"].append((n, float(kl_of_best_of(n)), *map(float, means), 1.0))
    for kl_weight in KL_WEIGHTS:

        def of_item(rows, kl_weight=kl_weight):
            weight, kl = optimum(score[rows], kl_weight)
            return kl, weight @ score[rows], weight @ true[rows], 1 / (weight @ weight) / len(weight)

        found["optimum"].append((kl_weight, *map(float, by_item(words, of_item))))
    return found


def sample(reference, reward, reviews, rng):
    """Reviews of the reference [M, LENGTH], their scores and their true scores [M]."""
    words = np.concatenate([write(reference, 1_000, rng) for _ in range(reviews // 1_000)])
    score = np.concatenate([reward(part) for part in np.array_split(words, len(words) // 1_000)])
    return words, score, true_score(words)


@dataclass(frozen=True)
class Options(CommonOptions):
    """What is drawn, and who judges."""

    reviews: int = 50_000
    """How many reviews the reference writes."""
    language: Literal["en", "ja"] = "en"
    """English or Japanese."""
    reward: Literal["model", "true"] = "model"
    """The reward model, or the taste itself."""
    reward_model: str = ""
    """agent.npz of a run of reward_model.py; by default the one that ships."""


def main(options):
    if options.reviews % 1_000 or not 1_000 <= options.reviews <= 1_000_000:
        raise ValueError(f"reviews must be whole thousands, from 1,000 to 1,000,000; got {options.reviews}")
    config = Config(language=options.language, reward=options.reward, reward_model=options.reward_model)
    reference = load_language_model(config)
    reviews = 5_000 if options.quick else options.reviews
    drawn = sample(reference, Reward(config, reference), reviews, np.random.default_rng(options.seed))
    for name, rows in frontiers(*drawn).items():
        print(f"{name:>9} {'KL':>8} {'score':>8} {'true score':>11} {'effective share':>16}")
        for first, kl, score, true, share in rows:
            print(f"{first:9g} {kl:8.2f} {score:8.2f} {true:11.2f} {share:16.3f}")


if __name__ == "__main__":
    run(main, Options, __doc__)
