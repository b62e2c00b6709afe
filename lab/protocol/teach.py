"""Day 6: demonstrations in a maze, and what cloning, MaxEnt and Bayes make of them."""

from dataclasses import dataclass
from functools import partial

from environment import GridWorld
from lab.errors import BadRequest, shown
from lab.pacing import PacedJob
from lab.protocol.base import Kind, changed_world, message_id, number, pace, seed, whole, world
from lab.teaching import Teaching, episode_of

MOST_DEMONSTRATIONS, MOST_STEPS, MOST_SHOWN, LONGEST_SHOWN = 500, 1_000, 200, 200
LARGEST_GAMMA = 0.99  # with an open goal an episode never ends
FRAMES_A_SECOND = 30


@dataclass(frozen=True, eq=False)
class TeachRequest:
    """Learn from demonstrations in a maze.

    Attributes:
        episodes: a tuple of demonstrations, each a tuple of steps (state, action, reward, next_state).
        horizon: how many steps a demonstration could have had that ended before.
        show: how many more the optimal policy shows, of at most ``horizon`` steps each, with the luck of ``seed``.
        l2: the weight of MaxEnt's penalty.   beta: how strictly, for Bayes, the teacher prefers better actions.
    """

    id: int | str | None
    env: GridWorld
    gamma: float
    episodes: tuple
    l2: float
    beta: float
    show: int
    horizon: int
    seed: int

    @property
    def worlds(self):
        return (self.env,)


def teach_request(message):
    """A `TeachRequest` from the socket's "teach"."""
    env = checked(world(message))
    texts = message.get("demonstrations", [])
    if (
        not isinstance(texts, list)
        or len(texts) > MOST_DEMONSTRATIONS
        or not all(isinstance(text, str) and 1 <= len(text) <= MOST_STEPS for text in texts)
    ):
        raise BadRequest("demonstrations", most=MOST_DEMONSTRATIONS, steps=f"{MOST_STEPS:,}", got=shown(texts))
    request = TeachRequest(
        id=message_id(message),
        env=env,
        gamma=number(message, "gamma", 0.9, 0, LARGEST_GAMMA),
        episodes=tuple(episode_of(env, text, i) for i, text in enumerate(texts, 1)),
        l2=number(message, "l2", 0.1, 0, 10),
        beta=number(message, "beta", 4, 0.1, 100),
        show=whole(message, "show", 0, 0, MOST_SHOWN),
        horizon=whole(message, "horizon", 30, 1, LONGEST_SHOWN),
        seed=seed(message) or 0,
    )
    if not request.show and not request.episodes:
        raise BadRequest("no_demonstrations")
    return request


def checked(env):
    """A maze in which somebody can do something."""
    if env.ended[env.start_state]:
        row, col = divmod(env.start_state, env.shape[1])
        raise BadRequest("start_on_end", row=row, col=col)
    return env


class TeachJob(PacedJob):
    """It pauses when there is no more to find out; a changed maze is still held against what was learnt."""

    def limit(self, lesson):
        return "finished" if lesson.finished else super().limit(lesson)


def teach_job(request, runner, send):
    return TeachJob(partial(Teaching, request), runner, send, FRAMES_A_SECOND)


KIND = Kind(
    teach_request,
    teach_job,
    {
        "world": lambda message, request: checked(changed_world(message, request)[0]),
        "pace": lambda message, request: pace(message),
    },
    survives=True,
)
