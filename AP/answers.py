"""Answers of a rater, synthetic or saved by a person: which of two reviews is better. Used by `rating.py`. Day 7.

A file of answers is JSON: {"format": "nanoka-ratings-1", "language": "en", "ratings": [{"first": "ramen the egg was
dull .", "second": "ramen the pork was good .", "choice": "second", "by": "person"}]}; a choice may be "same", too.
"""

import json
from pathlib import Path

import numpy as np

from AP.plain_language_model import write
from AP.reviews import LENGTH, NUMBER_OF, PAD, PROMPTS, WORDS, prefer, true_score

CHOICES = {"first": 1.0, "second": 0.0, "same": 0.5}
RATERS = ("taste", "coin", "longer")
FORMAT, MOST_RATINGS = "nanoka-ratings-1", 200


def answer(rater, first, second, rng):
    """The choices [N] of a synthetic rater between reviews [N, LENGTH].

    "taste" is the rater of `reviews.py`, who is wrong at times; "coin" has no taste; "longer" likes more words.
    """
    if rater == "taste":
        return prefer(true_score(first), true_score(second), rng).astype(float)
    if rater == "coin":
        return rng.integers(2, size=len(first)).astype(float)
    return (1 + np.sign((first != PAD).sum(axis=1) - (second != PAD).sum(axis=1))) / 2


def asked(model, language, rater, answers, rng):
    """(first, second [N, LENGTH], choices [N]): pairs by the language model, and a synthetic rater's answers."""
    first, second = write(model, language, answers, rng), write(model, language, answers, rng)
    return first, second, answer(rater, first, second, rng)


def words_of(row):
    """A row as its words, with a space between two, in both languages: it can be read again without doubt."""
    return " ".join(WORDS[number] for number in row if number != PAD)


def row_of(words, language):
    """The inverse of `words_of`: [LENGTH] int32.

    Raises:
        ValueError: it is no review of this language.
    """
    numbers = [NUMBER_OF.get(word, PAD) for word in words.split(" ")] if isinstance(words, str) else []
    if not 2 <= len(numbers) <= LENGTH or PAD in numbers or numbers[0] not in PROMPTS[language]:
        raise ValueError(
            f"a review has its item and up to {LENGTH - 1} words that are known; got {str(words)[:60]!r}"
        )
    return np.array(numbers + [PAD] * (LENGTH - len(numbers)), np.int32)


def read_ratings(path):
    """(language, first [N, LENGTH], second, choices [N]) of a file that the page Rate has saved.

    Raises:
        ValueError: it is no such file.   OSError: it cannot be read.
    """
    wrong = f"{path} holds no ratings: 1 to {MOST_RATINGS} in the format {FORMAT}"
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        if data["format"] != FORMAT or not 1 <= len(data["ratings"]) <= MOST_RATINGS:
            raise ValueError(wrong)
        language = data["language"]
        choices = np.array([CHOICES[rating["choice"]] for rating in data["ratings"]])
        first, second = (
            np.array([row_of(rating[side], language) for rating in data["ratings"]]) for side in ("first", "second")
        )
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError(wrong) from None
    return language, first, second, choices
