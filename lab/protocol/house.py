"""Day 7: a robot at home, a language model's scores, and learnt affordances."""

from dataclasses import dataclass
from functools import partial

from AP.house_items import SAID
from AP.language import RECORDED
from lab.errors import BadRequest, shown
from lab.house import LiveJob, Order, Service, can_ask_live
from lab.pacing import PacedJob
from lab.protocol.base import Kind, choice, message_id, pace, whole
from lab.protocol.dream import seed_or_any, yes_or_no

WAYS = ("pmi", "sum", "mean")
LONGEST_WISH = 80  # characters


@dataclass(frozen=True)
class HouseRequest:
    """Plan in a house. See `lab.house.Service`; a wish is what the user says, for a model on this computer."""

    id: int | str | None
    order: Order
    wish: str
    pace: float


def house_request(message):
    """A `HouseRequest` from the socket's "house". Without a seed it gets one; it is paused."""
    wish = wish_of(message)
    if wish and not can_ask_live():
        raise BadRequest("no_language_model")
    return HouseRequest(message_id(message), order(message), wish, pace(message, 0))


def order(message, request=None):
    """An `Order`."""
    return Order(
        said=whole(message, "said", 0, 0, len(SAID) - 1),
        seed=seed_or_any(message),
        model=choice(message, "model", tuple(RECORDED), "qwen-1.5b"),
        way=choice(message, "way", WAYS, "pmi"),
        can=yes_or_no({"can": True, **message}, "can"),
    )


def wish_of(message):
    """What the reader says, one line of text; empty where there is nothing."""
    wish = message.get("wish", "")
    if not isinstance(wish, str) or len(wish) > LONGEST_WISH or not (wish.isprintable() or wish == ""):
        raise BadRequest("wish", most=LONGEST_WISH, got=shown(wish))
    return wish.strip()


def house_job(request, runner, send):
    return LiveJob(request, send) if request.wish else PacedJob(partial(Service, request), runner, send, request.pace)


KIND = Kind(
    house_request,
    house_job,
    {"pace": lambda message, request: pace(message), "step": lambda message, request: "step", "again": order},
    survives=True,
)
