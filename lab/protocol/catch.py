"""Day 6: a person plays Catcher, and a student learns from it at once."""

import secrets
from dataclasses import dataclass
from functools import partial

from lab.catching import Catching, CatchJob
from lab.errors import BadRequest
from lab.pacing import PacedJob
from lab.protocol.base import Kind, choice, message_id, nothing, pace, push, seed

ROLES = {"teacher": ("person", "oracle"), "driver": ("teacher", "student")}
ORDINARY_PACE = 20  # steps a second; a fruit falls for 30 steps


@dataclass(frozen=True)
class CatchRequest:
    """Play Catcher, with a student that learns ("learns") or alone ("none"). See `lab.catching.Catching`."""

    id: int | str | None
    student: str
    teacher: str
    driver: str
    seed: int
    pace: float


def catch_request(message):
    """A `CatchRequest` from the socket's "catch". Without a seed it gets one."""
    given, student = seed(message), choice(message, "student", ("learns", "none"), "learns")
    return CatchRequest(
        id=message_id(message),
        student=student,
        **roles(message, student),
        seed=secrets.randbelow(2**32) if given is None else given,
        pace=pace(message, ORDINARY_PACE),
    )


def roles(message, student):
    """{"teacher": who labels, "driver": whose actions are executed} of a message."""
    given = {name: choice(message, name, choices, choices[0]) for name, choices in ROLES.items()}
    if given["driver"] == "student" and student == "none":
        raise BadRequest("no_student")
    return given


def catch_job(request, runner, send):
    if request.student == "learns":
        return CatchJob(request, send)
    return PacedJob(partial(Catching, request), runner, send, request.pace)


KIND = Kind(
    catch_request,
    catch_job,
    {
        "roles": lambda message, request: roles(message, request.student),
        "pace": lambda message, request: pace(message),
        "push": push,
        "next": nothing,
        "forget": nothing,
    },
)
