"""What a reward that was learnt from answers is worth, and what each word does to it: used by rating.py. Day 7."""

import numpy as np

from AP.answers import asked
from AP.plain_language_model import write
from AP.reviews import LENGTH, PAD, PROMPTS, WORDS, bayes_accuracy, text, true_score

RAREST = 0.01  # the share of reviews that a word must be in, and must be missing in


def effects(reward, rows):
    """{word: (effect, share)}: the mean reward of reviews with a word minus that of reviews without, and the share
    that has it. Rarer words are left out, and those that nearly all have, as in `rating.Reader`.

    Args:
        reward: [M].
        rows: [M, LENGTH].
    """
    found = {}
    for number in np.unique(rows[:, 1:]):
        has = (rows[:, 1:] == number).any(axis=1)
        if number != PAD and RAREST <= has.mean() <= 1 - RAREST:
            found[WORDS[number]] = float(reward[has].mean() - reward[~has].mean()), float(has.mean())
    return found


def best_of_groups(score, n):
    """The places of the best of each n scores in a row, [N // n], of scores [N]."""
    groups = score[: len(score) // n * n].reshape(-1, n)
    return groups.argmax(axis=1) + n * np.arange(len(groups))


class Exam:
    """Reviews that nobody has answered for, by which a reward is measured.

    Attributes:
        first, second, choices: comparisons of the known taste, right at times only.
        fresh: reviews [items, M, LENGTH].
    """

    def __init__(self, model, language, rng, comparisons=4_000, reviews=2_048):
        self.first, self.second, self.choices = asked(model, language, "taste", comparisons, rng)
        self.fresh = write(model, language, reviews, rng).reshape(-1, len(PROMPTS[language]), LENGTH).swapaxes(0, 1)
        self.rows = np.concatenate([self.first, self.second, *self.fresh])
        self.true = true_score(self.rows)

    def measure(self, learnt, phi, n):
        """{name: number}: what a reward is worth by the known taste.

        Args:
            phi: what ``learnt.reader`` makes of ``rows``.
            n: the best of how many is chosen.
        """
        scores, count = learnt.of(phi), len(self.choices)
        best = best_of_groups(scores[2 * count :], n)  # each n are of one item
        right, answered = learnt.left_out()
        return {
            "predicted": right,
            "of": answered,
            "right": float(np.mean((scores[:count] > scores[count : 2 * count]) == (self.choices == 1))),
            "most": bayes_accuracy(self.true[:count], self.true[count : 2 * count]),
            "before": float(self.true[2 * count :].mean()),
            "after": float(self.true[2 * count :][best].mean()),
        }


def report(learnt, found, n):
    """Print how far answers and taste are known."""
    count = found["of"]
    print(
        f"{len(learnt.choices)} answers. Of {count} that are decided, the others predict {found['predicted']}",
        end="; ",
    )
    print(f"a coin would {count / 2:.0f}, give or take {count**0.5:.0f}")
    print(
        f"Right in {found['right']:.2f} of the known taste's comparisons; knowing the taste, in {found['most']:.2f}"
    )
    print(f"The true score is {found['before']:.2f}; of the best of {n}, {found['after']:.2f}")


def show(learnt, rows, fresh, n):
    """Print what each word does, and what is chosen."""
    print("\nWhat a word does to the reward, in deviations: reviews with it, less reviews without")
    words = sorted(effects(learnt.reference, rows).items(), key=lambda item: -item[1][0])
    for word, (effect, _) in words[:6] + words[-6:]:
        print(f"  {effect:+.2f} {word}")
    print(f"\nThe first and the best of {n}")
    for own in fresh[:, :n]:
        print(f"  {text(own[0])}\n    {text(own[learnt(own).argmax()])}")
