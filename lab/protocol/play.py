"""Days 1 and 3: a person walks the maze."""

from dataclasses import dataclass
from functools import partial

from environment import GridWorld
from lab.learners import SETTINGS
from lab.pacing import PacedJob
from lab.play import Play
from lab.protocol.base import Kind, action, message_id, number, seed, world


@dataclass(frozen=True, eq=False)
class PlayRequest:
    """Let a person walk a maze. ``seed`` None asks for a new one."""

    id: int | str | None
    env: GridWorld
    gamma: float
    seed: int | None


def play_request(message):
    """A `PlayRequest` from the socket's "play"."""
    gamma = number(message, "gamma", SETTINGS["gamma"].default, 0, 1)
    return PlayRequest(message_id(message), world(message), gamma, seed(message))


def play_job(request, runner, send):
    return PacedJob(partial(Play, request), runner, send)


KIND = Kind(
    play_request,
    play_job,
    {"act": lambda message, request: action(message), "again": lambda message, request: seed(message)},
    survives=True,
)
