"""A taste from a few answers (AP/rating.py): what is learnt from how many, by what is read, and from whom.

    python bench/rating.py               both languages, 20 seeds, every one in the file: about 3 minutes of one core

Writes results/rating.json and docs/rating.png. What is measured: how many answers the others predict, how often the
reward decides new comparisons of the known taste as its rater does, and the true score of the best of n reviews.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from AP.answers import RATERS, answer
from AP.plain_language_model import load_plain, write
from AP.rating import READS, REVIEWS, Learnt, Reader, read
from AP.rating_report import Exam
from bench.machine import machine, save
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure

ANSWERS = (10, 20, 40, 80, 160, 320, 640)
LANGUAGES = ("en", "ja")


@dataclass(frozen=True)
class Options:
    """What is measured."""

    seeds: tuple[int, ...] = tuple(range(100, 120))
    """A seed draws the pairs, and the rater's luck."""
    n: int = 64
    """The best of how many is chosen."""


def measured(language, options):
    """[{language, rater, reads, answers, seed, and what `Exam.measure` gives}]."""
    model, rng = load_plain(language), np.random.default_rng(1)
    rows, exam = write(model, language, REVIEWS, rng), Exam(model, language, rng, 10_000, 8_192)
    readers = {reads: Reader(reads, model, read(reads, model, rows)) for reads in READS}
    phi = {reads: reader(exam.rows) for reads, reader in readers.items()}
    found = []
    for seed in options.seeds:
        rng = np.random.default_rng(seed)
        first, second = (write(model, language, max(ANSWERS), rng) for _ in range(2))
        differences = {reads: reader(first) - reader(second) for reads, reader in readers.items()}
        for rater in RATERS:
            choices = answer(rater, first, second, rng)
            for reads in READS:
                for count in ANSWERS:
                    learnt = Learnt(readers[reads], differences[reads][:count], choices[:count])
                    about = {"language": language, "rater": rater, "reads": reads, "answers": count, "seed": seed}
                    found.append(about | exam.measure(learnt, phi[reads], options.n))
        print(f"{language}, seed {seed}", flush=True)
    return found


def values(found, name, **chosen):
    """[seeds]: one measure of the runs that are as ``chosen`` says."""
    return np.array([one[name] for one in found if all(one[key] == value for key, value in chosen.items())])


def settings(found):
    """[{language, rater, reads, answers, and of each measure the mean, and every seed's}]."""
    rows = []
    for language, rater, reads, count in product(LANGUAGES, RATERS, READS, ANSWERS):
        row = {"language": language, "rater": rater, "reads": reads, "answers": count}
        each = {name: values(found, name, **row).round(3).tolist() for name in ("predicted", "of", "right", "after")}
        rows.append(row | {f"mean {name}": round(float(np.mean(each[name])), 3) for name in each} | each)
    return rows


def draw(found, n):
    """Two panels: how often right, and the true score of the best of n, over the answers."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 3.9))
    lines = [
        ("taste", "words", "words", "-"),
        ("taste", "features", "features", "--"),
        ("coin", "words", "a coin", ":"),
    ]
    for (rater, reads, label, dash), colour in zip(lines, COLOURS, strict=False):
        for axis, name in zip(axes, ("right", "after"), strict=True):
            each = np.array(
                [values(found, name, language="en", rater=rater, reads=reads, answers=c) for c in ANSWERS]
            )
            axis.plot(ANSWERS, each.mean(axis=1), dash, marker="o", markersize=4, color=colour, label=label)
            axis.fill_between(ANSWERS, each.min(axis=1), each.max(axis=1), color=colour, alpha=0.13, lw=0)
    for axis, name, label, at in (
        (axes[0], "most", "who knows the taste", "right in new comparisons of the taste"),
        (axes[1], "before", "before", f"true score, best of {n}"),
    ):
        axis.axhline(values(found, name, language="en").mean(), color="0.4", lw=1, label=label)
        axis.set(xscale="log", xlabel="answers", ylabel=at)
        axis.set_xticks(ANSWERS, map(str, ANSWERS))
        axis.minorticks_off()
    axes[1].annotate(
        "before", (1, -0.3), (-4, 3), ("axes fraction", "data"), "offset points", ha="right", va="bottom", color="0.3"
    )
    for axis in axes:
        finish(axis, legend=False)
    axes[0].legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 0.95))
    figure.tight_layout()
    return figure


def main(options):
    found = [one for language in LANGUAGES for one in measured(language, options)]
    of_all = {
        language: {
            name: round(float(values(found, name, language=language).mean()), 3) for name in ("most", "before")
        }
        for language in LANGUAGES
    }
    about = {"machine": machine("numpy", "scipy"), "seeds": options.seeds, "n": options.n, **of_all}
    save("rating", about | {"settings": settings(found)})
    save_figure(draw(found, options.n), "docs/rating.png")


if __name__ == "__main__":
    run(main, Options, __doc__)
