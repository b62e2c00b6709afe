"""A taste from forty answers: a reward model at its smallest, and you may be the rater. Day 7. Read `fit` first.

`reward_model.py` learns a transformer from 8,000 choices, and nobody answers 8,000 questions. With forty answers one
number for each of a few features φ can be learnt, by logistic regression (Bradley & Terry 1952):

    r(review) = w · φ(review),   P(first is preferred) = σ(r(first) - r(second));   "the same" is half of each
    minimise  -Σ log P(answer) + ρ/2 |w|²                    (ridge; convex, so Newton's steps find the minimum)

Two things can be read, and neither learns: "words", the share of each word in the review; or "features", what the
language model knows at each word, averaged (a linear head on a frozen network). The language model stays as it is,
too: it writes n reviews, and r chooses the best of them.

    python AP/rating.py                               the synthetic rater answers 40 times; some seconds
    python AP/rating.py --reads features              what the network knows; it takes more answers
    python AP/rating.py --rater coin                  where there is no taste, none is found
    python AP/rating.py --answers 640                 what more answers are worth
    python AP/rating.py --ratings nanoka-ratings.json your own answers, saved on the simulator's page Rate

Expected: from 40 answers, right in about 0.6 of the taste's comparisons, where who knows the taste is in 0.85.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from AP.answers import asked, read_ratings
from AP.plain_language_model import load_plain, write
from AP.rating_report import RAREST, Exam, report, show
from AP.reviews import PAD, WORDS
from framework.cli import CommonOptions, run

RIDGE = 1.0  # ρ, where |φ|² is 1 on average
READS = ("words", "features")
BOUND = 2.0  # deviations
REVIEWS = 1_024  # of the reference, against which features and rewards are measured


# -- the learning ----------------------------------------------------------------------------------------------------


def fit(differences, choices, ridge=RIDGE, start=None):
    """The weights w [D] that make answers likely, by Newton's method.

    Args:
        differences: [N, D], φ(first) - φ(second).
        choices: [N], 1 where the first was preferred, 0 where the second, 0.5 where they were the same.
        start: [D], where to begin; by default 0.
    """
    w = np.zeros(differences.shape[1]) if start is None else start
    while True:
        chance = expit(differences @ w)
        gradient = differences.T @ (chance - choices) + ridge * w
        curvature = (differences.T * (chance * (1 - chance))) @ differences + ridge * np.eye(len(w))
        step = np.linalg.solve(curvature, gradient)
        while loss(w - step, differences, choices, ridge) > loss(w, differences, choices, ridge) + 1e-12:
            step = step / 2
        w = w - step
        if np.abs(step).max() < 1e-8:
            return w


def loss(w, differences, choices, ridge=RIDGE):
    """What `fit` minimises: -Σ log P(answer) + ρ/2 |w|². An answer "same" costs half of each."""
    margin = differences @ w
    return np.sum(np.logaddexp(0, margin) - choices * margin) + ridge / 2 * w @ w


def left_out(differences, choices, w, ridge=RIDGE):
    """For each answer, how likely "first" is by weights that were learnt from all the others: yields N numbers.

    Args:
        w: what `fit` makes of all of them, from where the others' weights are near.
    """
    for i in range(len(choices)):
        others = np.arange(len(choices)) != i
        yield float(expit(differences[i] @ fit(differences[others], choices[others], ridge, w)))


def agreement(chances, choices):
    """(how many answers were predicted, of how many), by the chances of "first"; answers "same" count for neither."""
    chances, decided = np.asarray(chances), np.asarray(choices) != 0.5
    return int(np.sum((chances > 0.5) == (np.asarray(choices) == 1), where=decided)), int(decided.sum())


# -- what is read ----------------------------------------------------------------------------------------------------


def read(reads, model, rows):
    """Of reviews [N, LENGTH] the share of each word, [N, W], or the mean of the network's features, [N, D].

    The prompt does not count, since both reviews of a pair have the same.
    """
    written = (rows[:, 1:] != PAD) / (rows[:, 1:] != PAD).sum(axis=1, keepdims=True)  # [N, T], of sum 1
    if reads == "words":
        return np.einsum("nt,ntw->nw", written, rows[:, 1:, None] == np.arange(len(WORDS)))
    parts = np.array_split(rows, max(1, len(rows) // 64))  # a little at a time, for memory's sake
    return np.einsum("nt,ntd->nd", written, np.concatenate([model.features(part)[:, 1:] for part in parts]))


class Reader:
    """φ of reviews, [N, D]: on the reference's reviews each feature has a mean near 0, and |φ|² is 1 on average.

    Of the words those count that are in 1% to 99% of the reviews: the others tell where somebody slipped, and no
    taste. The network's features share most of what they vary by, so they are turned to their principal axes first,
    or what all have in common would drown the rest; and none is further than two deviations from its mean, or the
    highest reward would be that of a review like no other.

    Args:
        reads: "words" or "features".
        model: a `PlainLanguageModel`.
        raw: what `read` makes of the reference's reviews.

    Attributes:
        reference: φ of these, [M, D].
    """

    def __init__(self, reads, model, raw):
        self.reads, self.model, self.scale = reads, model, 1.0
        self.mean = raw.mean(axis=0)
        if reads == "words":
            self.bound, share = np.inf, (raw > 0).mean(axis=0)
            kept = np.flatnonzero((share >= RAREST) & (share <= 1 - RAREST))
            self.matrix = np.eye(len(share))[:, kept] / raw.std(axis=0)[kept]
        else:
            self.bound, (_, singular, axes) = BOUND, np.linalg.svd(raw - self.mean, full_matrices=False)
            kept = singular > 1e-3 * singular[0]
            self.matrix = axes[kept].T / singular[kept] * np.sqrt(len(raw))
        phi = self.phi(raw)
        self.scale = 1 / np.sqrt((phi**2).sum(axis=1).mean())
        self.reference = phi * self.scale

    def phi(self, raw):
        return self.scale * np.clip((raw - self.mean) @ self.matrix, -self.bound, self.bound)

    def __call__(self, rows):
        return self.phi(read(self.reads, self.model, rows))


# -- the page --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options(CommonOptions):
    """Whose answers, and what of a review is read."""

    ratings: str = ""
    """Answers of a person: a file that the page Rate has saved. By default a synthetic rater answers."""
    rater: Literal["taste", "coin", "longer"] = "taste"
    """Who answers: the known taste, a coin, or one who likes longer reviews."""
    answers: int = 40
    """How many answers the synthetic rater gives."""
    reads: Literal["words", "features"] = "words"
    """What of a review is read: its words, or the language model's features."""
    language: Literal["en", "ja"] = "en"
    """English or Japanese."""
    n: int = 64
    """The best of how many reviews is taken."""


class Learnt:
    """A reward of a review, from answers, in deviations of the reference.

    Args:
        reader: a `Reader`.
        differences, choices: as in `fit`.

    Attributes:
        reference: r of each of the reference's reviews, [M]; of mean 0 and deviation 1, or all 0 without answers.
    """

    def __init__(self, reader, differences, choices):
        self.reader, self.differences, self.choices = reader, differences, choices
        self.w = fit(differences, choices)
        scores = reader.reference @ self.w
        self.mean, self.deviation = scores.mean(), scores.std() or 1.0
        self.reference = self.of(reader.reference)

    def of(self, phi):
        """r [N] of φ [N, D]."""
        return (phi @ self.w - self.mean) / self.deviation

    def __call__(self, rows):
        return self.of(self.reader(rows))

    def left_out(self):
        """How many answers are predicted by the other ones, of how many."""
        return agreement(list(left_out(self.differences, self.choices, self.w)), self.choices)


def main(options):
    for name, most in (("answers", 10_000), ("n", 512)):
        if not 1 <= getattr(options, name) <= most:
            raise ValueError(f"{name} must be from 1 to {most:,}; got {getattr(options, name)}")
    if 512 % options.n:
        raise ValueError(f"n must divide 512, the new reviews of each item; got {options.n}")
    language, rng = options.language, np.random.default_rng(options.seed)
    if options.ratings:
        language, *answers = read_ratings(options.ratings)
    model = load_plain(language)
    rows = write(model, language, REVIEWS, rng)
    if not options.ratings:
        answers = asked(model, language, options.rater, min(options.answers, 40 if options.quick else 10_000), rng)
    first, second, choices = answers
    reader = Reader(options.reads, model, read(options.reads, model, rows))
    learnt = Learnt(reader, reader(first) - reader(second), choices)
    exam = Exam(model, language, rng)
    report(learnt, exam.measure(learnt, reader(exam.rows), options.n), options.n)
    show(learnt, rows, exam.fresh, options.n)


if __name__ == "__main__":
    run(main, Options, __doc__)
