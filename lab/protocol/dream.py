"""Day 6: a person plays inside the dream of a world model, beside the real game."""

import secrets
from dataclasses import dataclass

from lab.dreaming import DreamJob
from lab.errors import BadRequest, shown
from lab.protocol.base import Kind, choice, message_id, nothing, number, pace, push, seed

PLAYERS = ("person", "controller", "random")
COLDEST, HOTTEST = 0.1, 1.5
ORDINARY = {"temperature": 1.0, "player": "person", "seen": False, "futures": False}
ORDINARY_PACE = 15  # steps a second


@dataclass(frozen=True)
class DreamRequest:
    """Play the real game of a seed, and its dream. See `lab.dreaming.Dreaming`.

    Attributes:
        settings: {"temperature": of the dream, "player": who acts, "seen", "futures": whether these are shown}.
    """

    id: int | str | None
    seed: int
    pace: float
    settings: dict


def dream_request(message):
    """A `DreamRequest` from the socket's "dream". Without a seed it gets one."""
    return DreamRequest(
        message_id(message), seed_or_any(message), pace(message, ORDINARY_PACE), ORDINARY | tuned(message)
    )


def seed_or_any(message):
    given = seed(message)
    return secrets.randbelow(2**32) if given is None else given


def tuned(message):
    """Those of the settings that a message holds."""
    checks = {
        "temperature": lambda name: number(message, name, None, COLDEST, HOTTEST),
        "player": lambda name: choice(message, name, PLAYERS),
        "seen": lambda name: yes_or_no(message, name),
        "futures": lambda name: yes_or_no(message, name),
    }
    return {name: check(name) for name, check in checks.items() if name in message}


def yes_or_no(message, name):
    if not isinstance(message[name], bool):
        raise BadRequest("choice", name=name, choices="true, false", got=shown(message[name]))
    return message[name]


KIND = Kind(
    dream_request,
    lambda request, runner, send: DreamJob(request, send),
    {
        "pace": lambda message, request: pace(message),
        "push": push,
        "tune": lambda message, request: tuned(message),
        "follow": nothing,
        "again": lambda message, request: seed_or_any(message),
    },
)
