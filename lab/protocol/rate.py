"""Day 7: a person rates pairs of reviews, and a small reward model learns the taste."""

from dataclasses import dataclass
from functools import partial

from AP.answers import CHOICES, MOST_RATINGS, RATERS, row_of
from AP.rating import READS
from AP.reviews import PROMPTS
from lab.errors import BadRequest, shown
from lab.protocol.base import Kind, choice, message_id, nothing, seed, whole
from lab.rating import NS, RateJob, Rating

WHO = ("person", *RATERS)
ORDINARY = {"reads": READS[0], "n": max(NS)}


@dataclass(frozen=True)
class RateRequest:
    """Rate pairs of reviews. See `lab.rating.Rating`.

    Attributes:
        language: of the reviews, "en" or "ja".
        ratings: those that are there already, [(first, second, choice, by)].
        settings: {"reads": what the reward reads, "n": the best of how many is shown}.
    """

    id: int | str | None
    language: str
    seed: int
    ratings: tuple
    settings: dict


def rate_request(message):
    """A `RateRequest` from the socket's "rate"."""
    language = choice(message, "language", tuple(PROMPTS), "en")
    return RateRequest(
        id=message_id(message),
        language=language,
        seed=seed(message) or 0,
        ratings=ratings_of(message, language),
        settings=ORDINARY | chosen(message),
    )


def ratings_of(message, language):
    ratings = message.get("ratings", [])
    if not isinstance(ratings, list) or len(ratings) > MOST_RATINGS:
        raise BadRequest("ratings", most=MOST_RATINGS, got=shown(ratings))
    for number, rating in enumerate(ratings, 1):
        if (
            not isinstance(rating, list)
            or len(rating) != 4
            or not all(isinstance(part, str) for part in rating)
            or rating[2] not in CHOICES
            or rating[3] not in WHO
        ):
            raise BadRequest("rating", number=number, choices=", ".join(CHOICES), who=", ".join(WHO))
        for words in rating[:2]:
            try:
                row_of(words, language)
            except ValueError:
                raise BadRequest("review", number=number, got=shown(words)) from None
    return tuple(map(tuple, ratings))


def chosen(message):
    """Those of the settings that a message holds."""
    found = {}
    if "reads" in message:
        found["reads"] = choice(message, "reads", READS)
    if "n" in message:
        found["n"] = whole(message, "n", None, min(NS), max(NS))
        if found["n"] not in NS:
            raise BadRequest("choice", name="n", choices=", ".join(map(str, NS)), got=shown(found["n"]))
    return found


def answered(message, request):
    """(The number of the pair, the choice.)"""
    return whole(message, "pair", None, 0, MOST_RATINGS), choice(message, "choice", tuple(CHOICES))


KIND = Kind(
    rate_request,
    lambda request, runner, send: RateJob(partial(Rating, request), runner, send),
    {
        "answer": answered,
        "back": nothing,
        "rest": lambda message, request: choice(message, "rater", RATERS, RATERS[0]),
        "fresh": nothing,
        "choose": lambda message, request: chosen(message),
        "test": nothing,
        "stop": nothing,
    },
    survives=True,
)
