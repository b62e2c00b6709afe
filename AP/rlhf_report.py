"""How a tuned language model writes, beside the one that it started from: used by rlhf.py and dpo.py (Day 7)."""

import numpy as np

from AP.language_model import write
from AP.reviews import is_grammatical, text, true_score
from framework.evaluate import evaluation_seed


def wins(agent, reference, reviews, rng):
    """For each review of an agent 1, ½ or 0: whether the taste likes it better than one of the reference's, [N]."""
    ours, theirs = (true_score(write(model, reviews, rng)) for model in (agent, reference))
    return (ours > theirs) + 0.5 * (ours == theirs)


def measure(agent, reference, reward, reviews=2_000, seed=1):
    """{name: number}: how an agent writes, on reviews that nobody learnt from."""
    rng = np.random.default_rng(evaluation_seed(seed, 0))
    words, score = write(agent, reviews, rng), wins(agent, reference, reviews, rng)
    kl = agent.log_prob_of(words) - reference.log_prob_of(words)
    return {
        "score": float(reward(words).mean()),
        "true score": float(true_score(words).mean()),
        "liked better": float(score.mean()),
        "grammatical": float(np.mean([is_grammatical(row) for row in words])),
        "KL": float(kl.sum(axis=1).mean()),
    }


def report(agent, reference, reward):
    """Print how an agent writes, beside the reference."""
    rows = {"before": measure(reference, reference, reward), "after": measure(agent, reference, reward)}
    print(f"{'':8}" + "".join(f"{name:>14}" for name in rows["before"]))
    for name, row in rows.items():
        print(f"{name:8}" + "".join(f"{value:14.2f}" for value in row.values()))
    for name, model in (("before", reference), ("after", agent)):
        print(f"{name}:")
        print("\n".join(f"  {text(row)}" for row in write(model, 4, np.random.default_rng(0))))
