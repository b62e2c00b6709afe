"""What a page may ask, checked: a message becomes a frozen dataclass, or one sentence that says what is wrong."""

import json
import math
import secrets
from dataclasses import dataclass

from environment import BLOCK, GridWorld

LARGEST_MESSAGE = 100_000  # bytes; a 20×20 maze and its policy take 3,000
SMALLEST, LARGEST = 2, 20  # cells on a side
PLANS = ("value", "value-sync", "policy", "modified")
LEARNERS = ("monte_carlo", "sarsa", "expected_sarsa", "q_learning", "td_lambda", "actor_critic")
LARGEST_PACE = 10_000  # steps a second
SETTINGS = {  # name: (default, smallest, largest)
    "epsilon": (0.1, 0, 1),
    "learning_rate": (0.1, 0, 1),
    "rate_decay": (0, 0, 1),
    "gamma": (0.9, 0, 1),
    "lambda_": (0.9, 0, 1),
    "actor_rate": (0.5, 0, 10),
}


class BadRequest(ValueError):
    """What was asked cannot be done; the text is one sentence for whoever asked."""


@dataclass(frozen=True, eq=False)
class PlanRequest:
    """Plan a maze. ``plan`` is a name in DP.planner.PLANNERS."""

    id: int | str | None
    env: GridWorld
    plan: str
    gamma: float
    threshold: float


@dataclass(frozen=True, eq=False)
class WalkRequest:
    """Walk a maze by a policy, one action a state. ``seed`` None asks for a new one."""

    id: int | str | None
    env: GridWorld
    gamma: float
    policy: tuple[int, ...]
    seed: int | None


@dataclass(frozen=True, eq=False)
class LearnRequest:
    """Learn a maze: one or two learners, each a name in lab.learning.LEARNERS, a seed and a world of its own."""

    id: int | str | None
    learners: tuple[tuple[str, int], ...]
    worlds: tuple[GridWorld, ...]
    settings: dict[str, float]
    pace: float


def parse_object(text):
    """A JSON object from text (str or bytes); NaN and Infinity are not JSON."""

    def refuse(constant):
        raise BadRequest(f"{constant} is not a number that JSON knows; use finite numbers")

    if len(text) > LARGEST_MESSAGE:
        raise BadRequest(f"the request is too large; send at most {LARGEST_MESSAGE:,} bytes")
    try:
        message = json.loads(text, parse_constant=refuse)
    except BadRequest:
        raise
    except (ValueError, RecursionError):  # json's and Unicode's errors are ValueErrors
        raise BadRequest('the request is not valid JSON; send an object such as {"plan": "value", …}') from None
    if not isinstance(message, dict):
        raise BadRequest(f"the request must be a JSON object; got {_kind(message)}")
    return message


def message_id(message):
    """The id that answers echo: a short string, a whole number, or null."""
    value = message.get("id")
    if value is None or _is_whole(value):
        return value
    if isinstance(value, str) and len(value) <= 64:
        return value
    raise BadRequest(f"id must be a whole number or a short string; got {_kind(value)}")


def plan_request(message):
    """A `PlanRequest` from a message, as `POST /plan` and the socket's "plan" have it."""
    plan = message.get("plan")
    if not isinstance(plan, str) or plan not in PLANS:
        raise BadRequest(f"plan must be one of {', '.join(PLANS)}; got {_shown(plan)}")
    return PlanRequest(
        id=message_id(message),
        env=_world(message),
        plan=plan,
        gamma=_number(message, "gamma", 0.9, 0, 1),
        threshold=_number(message, "threshold", 1e-4, 1e-10, 1),
    )


def walk_request(message):
    """A `WalkRequest` from the socket's "walk"."""
    env = _world(message)
    policy = message.get("policy")
    if not isinstance(policy, list) or len(policy) != env.num_states:
        raise BadRequest(f"policy must be a list of {env.num_states} actions, one for each cell")
    for action in policy:
        if not _is_whole(action) or not 0 <= action <= 3:
            raise BadRequest(f"policy must hold actions 0 up, 1 right, 2 down, 3 left; got {_shown(action)}")
    gamma = _number(message, "gamma", 0.9, 0, 1)
    return WalkRequest(message_id(message), env, gamma, tuple(int(action) for action in policy), _seed(message))


def learn_request(message):
    """A `LearnRequest` from the socket's "learn". A learner without a seed gets one."""
    learners = message.get("learners")
    if not isinstance(learners, list) or not 1 <= len(learners) <= 2:
        raise BadRequest(f"learners must be a list of one or two; got {_shown(learners)}")
    for learner in learners:
        name = learner.get("name") if isinstance(learner, dict) else learner
        if not isinstance(learner, dict) or not isinstance(name, str) or name not in LEARNERS:
            raise BadRequest(f"a learner's name must be one of {', '.join(LEARNERS)}; got {_shown(name)}")
    seeds = [secrets.randbelow(2**32) if (seed := _seed(learner)) is None else seed for learner in learners]
    return LearnRequest(
        id=message_id(message),
        learners=tuple((learner["name"], seed) for learner, seed in zip(learners, seeds, strict=True)),
        worlds=tuple(_world(message) for _ in learners),
        settings={name: default for name, (default, *_) in SETTINGS.items()} | _settings(message, {}),
        pace=_pace(message, 8),
    )


def new_settings(message):
    """{name: value} from the socket's "set": any of `SETTINGS`, at least one."""
    return _settings(message, None)


def new_pace(message):
    """Steps a second from the socket's "pace": 0 pauses, infinity is full speed."""
    return _pace(message, None)


def step_unit(message):
    """What the socket's "step" asks for: one "step", or all steps to the end of an "episode"."""
    unit = message.get("unit", "step")
    if unit not in ("step", "episode"):
        raise BadRequest(f"unit must be step or episode; got {_shown(unit)}")
    return unit


def _settings(message, default):
    settings = message.get("settings", default)
    if not isinstance(settings, dict) or (default is None and not settings):
        raise BadRequest(f'settings must be an object such as {{"epsilon": 0.1}}; got {_kind(settings)}')
    for name in settings:
        if name not in SETTINGS:
            raise BadRequest(f"a setting must be one of {', '.join(SETTINGS)}; got {_shown(name)}")
    return {name: _number(settings, name, *SETTINGS[name]) for name in settings}


def _pace(message, default):
    pace = message.get("pace", default)
    if pace == "full":
        return math.inf
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0 <= pace <= LARGEST_PACE:
        raise BadRequest(
            f'pace must be a number of steps a second from 0 to {LARGEST_PACE}, or "full"; got {_shown(pace)}'
        )
    if 0 < pace < 0.1:
        raise BadRequest(f"pace must be 0 to pause, or at least 0.1 steps a second; got {_shown(pace)}")
    return float(pace)


def _seed(message):
    seed = message.get("seed")
    if seed is not None and (not _is_whole(seed) or not 0 <= seed < 2**32):
        raise BadRequest(f"seed must be a whole number from 0 to {2**32 - 1}, or null; got {_shown(seed)}")
    return seed


def _world(message):
    grid = message.get("grid")
    if not isinstance(grid, list) or not all(isinstance(row, list) for row in grid):
        raise BadRequest(f"grid must be a list of rows, each a list of cells; got {_kind(grid)}")
    if (
        not SMALLEST <= len(grid) <= LARGEST
        or not all(len(row) <= LARGEST for row in grid)
        or len(grid[0]) < SMALLEST
    ):
        raise BadRequest(f"a maze has {SMALLEST} to {LARGEST} rows of {SMALLEST} to {LARGEST} cells")
    for i, row in enumerate(grid):
        for j, cell in enumerate(row):
            if not _is_whole(cell):
                raise BadRequest(
                    f"the cell at row {i}, column {j} must be 0 (ordinary), 1 (treasure), -1 (danger) or 9 (block); "
                    f"got {_shown(cell)}"
                )
    start = message.get("start")
    if start is not None and not (isinstance(start, list) and len(start) == 2 and all(map(_is_whole, start))):
        raise BadRequest(f"start must be [row, column] or null; got {_shown(start)}")
    if start is None and grid[-1][:1] == [BLOCK]:  # the book's page knows no start, and a plan needs none
        start = next(((i, j) for i, row in enumerate(grid) for j, cell in enumerate(row) if cell != BLOCK), None)
    move_prob = _number(message, "prob", 0.8, 0, 1)
    step_reward = _number(message, "step_reward", -0.04, -10, 10)
    try:
        return GridWorld(grid, move_prob, step_reward, start)
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _number(message, name, default, low, high):
    value = message.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadRequest(f"{name} must be a number from {low} to {high}; got {_shown(value)}")
    return float(value)


def _is_whole(value):
    """Whether a value is a whole number that a page can hold; a thousand digits would only fill the answer."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53


def _kind(value):
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


def _shown(value):
    """A value as it was sent, cut short; an answer never grows with what came in."""
    if isinstance(value, float) and not math.isfinite(value):
        return "a number too large"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
