"""Day 2: plan a maze, sweep by sweep or by hand, and walk it by a policy."""

from dataclasses import dataclass
from functools import partial
from itertools import groupby

from environment import GridWorld
from lab.errors import BadRequest
from lab.pacing import PacedJob
from lab.planning import PlanByHand, plan_messages
from lab.protocol.base import Kind, StreamJob, checked_action, choice, message_id, nothing, number, seed, world

PLANS = ("value", "value-sync", "policy", "modified")


@dataclass(frozen=True, eq=False)
class PlanRequest:
    """Plan a maze. ``plan`` is a name in DP.planner.PLANNERS; ``by_hand`` waits for the page at each sweep."""

    id: int | str | None
    env: GridWorld
    plan: str
    gamma: float
    threshold: float
    by_hand: bool


@dataclass(frozen=True, eq=False)
class WalkRequest:
    """Walk a maze by a policy, one action a state. ``seed`` None asks for a new one."""

    id: int | str | None
    env: GridWorld
    gamma: float
    policy: tuple[int, ...]
    seed: int | None


def plan_request(message):
    """A `PlanRequest` from a message, as `POST /plan` and the socket's "plan" have it."""
    plan = choice(message, "plan", PLANS)
    by_hand = message.get("by_hand", False)
    if not isinstance(by_hand, bool) or (by_hand and plan != "policy"):
        raise BadRequest("by_hand")
    return PlanRequest(
        id=message_id(message),
        env=world(message),
        plan=plan,
        gamma=number(message, "gamma", 0.9, 0, 1),
        threshold=number(message, "threshold", 1e-4, 1e-10, 1),
        by_hand=by_hand,
    )


def walk_request(message):
    """A `WalkRequest` from the socket's "walk"."""
    env = world(message)
    policy = message.get("policy")
    if not isinstance(policy, list) or len(policy) != env.num_states:
        raise BadRequest("policy", count=env.num_states)
    policy = tuple(checked_action(action) for action in policy)
    return WalkRequest(message_id(message), env, number(message, "gamma", 0.9, 0, 1), policy, seed(message))


def together(messages):
    """Generator of the same messages, but sweeps that follow each other as one message "sweeps"."""
    for kind, group in groupby(messages, key=lambda message: message["type"]):
        if kind == "sweep":
            yield {"type": "sweeps", "sweeps": list(group)}
        else:
            yield from group


def plan_job(request, runner, send):
    if request.by_hand:
        return PacedJob(partial(PlanByHand, request), runner, send)
    return StreamJob(plan_messages, request, runner, send, together)


KIND = Kind(plan_request, plan_job, {"evaluate": nothing, "improve": nothing})
