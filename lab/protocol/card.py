"""A card "predict, then press": an answer comes in, the truth is worked out, and the verdict goes out."""

from dataclasses import dataclass
from functools import partial

from lab.cards import CARDS, Card
from lab.protocol.base import Kind, StreamJob, choice, message_id, number


@dataclass(frozen=True)
class CardRequest:
    """An answer to a card: one of its choices, or a number in its range."""

    id: int | str | None
    card: Card
    answer: str | float


def card_request(message):
    """A `CardRequest` from the socket's "card"."""
    card = CARDS[choice(message, "card", CARDS)]
    if card.choices:
        answer = choice(message, "answer", card.choices)
    else:
        answer = number(message, "answer", None, card.low, card.high)
    return CardRequest(message_id(message), card, answer)


def verdict(request):
    """Generator of None while the truth is being found, and then of the message "verdict"."""
    truth, shown = yield from request.card.truth()
    yield {"type": "verdict", "right": request.card.is_right(request.answer, truth), "truth": truth, "shown": shown}


KIND = Kind(card_request, partial(StreamJob, verdict))
