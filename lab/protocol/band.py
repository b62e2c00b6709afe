"""Day 3: many seeds of one learner, as a band."""

from dataclasses import dataclass
from functools import partial

from environment import GridWorld
from lab.band import band_messages
from lab.learners import LEARNERS, default_settings
from lab.protocol.base import Kind, StreamJob, choice, message_id, settings, whole, world

MOST_SEEDS, LEAST_EPISODES, MOST_EPISODES = 50, 10, 2_000


@dataclass(frozen=True, eq=False)
class BandRequest:
    """Learn a maze with the seeds 1 … ``seeds``, each for some episodes; ``learner`` is a name in LEARNERS."""

    id: int | str | None
    env: GridWorld
    learner: str
    seeds: int
    episodes: int
    settings: dict[str, float]


def band_request(message):
    """A `BandRequest` from the socket's "band"."""
    return BandRequest(
        id=message_id(message),
        env=world(message),
        learner=choice(message, "learner", LEARNERS),
        seeds=whole(message, "seeds", 20, 1, MOST_SEEDS),
        episodes=whole(message, "episodes", 500, LEAST_EPISODES, MOST_EPISODES),
        settings=default_settings() | settings(message, {}),
    )


KIND = Kind(band_request, partial(StreamJob, band_messages))
