"""Day 3: one or two learners on a maze, at any pace."""

import secrets
from dataclasses import dataclass
from functools import partial

from environment import GridWorld
from lab.errors import BadRequest, shown
from lab.learners import LEARNERS, default_settings
from lab.learning import Lesson
from lab.pacing import PacedJob
from lab.protocol.base import Kind, changed_world, choice, message_id, pace, seed, settings, world


@dataclass(frozen=True, eq=False)
class LearnRequest:
    """Learn a maze: one or two learners, each a name in lab.learners.LEARNERS, a seed and a world of its own."""

    id: int | str | None
    learners: tuple[tuple[str, int], ...]
    worlds: tuple[GridWorld, ...]
    settings: dict[str, float]
    pace: float


def learn_request(message):
    """A `LearnRequest` from the socket's "learn". A learner without a seed gets one."""
    learners = message.get("learners")
    if not isinstance(learners, list) or not 1 <= len(learners) <= 2:
        raise BadRequest("learners", got=shown(learners))
    for learner in learners:
        if not isinstance(learner, dict):
            raise BadRequest("learners", got=shown(learner))
    return LearnRequest(
        id=message_id(message),
        learners=tuple((choice(learner, "name", LEARNERS), given_seed(learner)) for learner in learners),
        worlds=tuple(world(message) for _ in learners),
        settings=default_settings() | settings(message, {}),
        pace=pace(message, 8),
    )


def given_seed(learner):
    return secrets.randbelow(2**32) if (value := seed(learner)) is None else value


def learn_job(request, runner, send):
    return PacedJob(partial(Lesson, request), runner, send, request.pace)


KIND = Kind(
    learn_request,
    learn_job,
    {
        "set": lambda message, request: settings(message),
        "pace": lambda message, request: pace(message),
        "step": lambda message, request: choice(message, "unit", ("step", "episode"), "step"),
        "world": changed_world,
        "walk": lambda message, request: seed(message),
    },
    survives=True,
)
