"""What the simulator shows of a planner: messages, made by the code of Day 2."""

import numpy as np

from DP.backups import greedy_actions, q_values, sweep_policy
from DP.planner import MAX_SWEEPS, PLANNERS, Sweep
from DP.undiscounted import proper_policy, undiscounted_model
from environment import ORDINARY
from framework.tabular.loops import fast
from lab.errors import BadRequest, TooLong
from lab.jobs import computing_seconds
from lab.walking import walk

ALL_SHOWN = 1_000  # sweeps; after those, each is shown whose number is 1% larger than that of the last one shown
ACTION_BITS = np.array([1, 2, 4, 8])


def plan_messages(request):
    """Generator of the messages that answer a `PlanRequest`: "started", the sweeps, "done"; None for one not shown.

    "done" tells the seconds of the sweeps alone, without those of showing them and of waiting for a reader.
    """
    yield started_message(request)
    planner = PLANNERS[request.plan](request.env, compile=True)
    shown, next_shown = 0, 1
    for sweep, seconds in timed_sweeps(planner, request):  # noqa: B007
        if sweep.number < next_shown:
            yield None
        else:
            shown = sweep.number
            next_shown = shown + max(1, shown // 100 if shown >= ALL_SHOWN else 1)
            yield sweep_message(request, planner.model, sweep)
    if shown < sweep.number:
        yield sweep_message(request, planner.model, sweep)
    yield {"type": "done", "sweeps": sweep.number, "seconds": seconds, "policy": planner.policy.tolist()}


def started_message(request):
    """The message that announces a plan: the world and its model."""
    env = request.env
    return {
        "type": "started",
        "shape": list(env.shape),
        "start": env.start_state,
        "outcomes": [[env.P[s][a] for a in range(4)] for s in range(env.num_states)],
    }


def timed_sweeps(planner, request):
    """Generator of (`Sweep`, seconds that the sweeps have taken so far).

    Raises:
        BadRequest: gamma is 1, and no end is within reach.   TooLong: the planner has given up.
    """
    check_end(planner.model, request.gamma)
    seconds, began = 0.0, computing_seconds()
    try:
        for sweep in planner.sweeps(request.gamma, request.threshold):
            seconds += computing_seconds() - began
            yield sweep, seconds
            began = computing_seconds()
    except ValueError:  # all that it refuses was checked before
        raise TooLong("too_long", sweeps=f"{MAX_SWEEPS:,}", seconds=f"{seconds:.1f}") from None


def check_end(model, gamma):
    """Raise `BadRequest` where a planner would find no values: at gamma 1, with no end within reach."""
    if gamma == 1:
        try:
            undiscounted_model(model)
        except ValueError:
            raise BadRequest("no_end") from None


def sweep_message(request, model, sweep):
    """What the page shows of a sweep. ``greedy`` and ``best`` [S] hold a bit for each action, 0 in ends and blocks.

    Values are not known better than the threshold, so actions nearer than that are shown as a tie, ``greedy``;
    ``best`` holds only those that tie up to rounding. ``policy`` [S] is there in policy iteration.
    """
    Q = q_values(model, sweep.V, request.gamma)
    # At gamma 1 there may be a fifth action, to rest; the page knows four, and the best of them goes on for free.
    policy = {}
    if sweep.policy is not None:
        policy["policy"] = np.where(sweep.policy < 4, sweep.policy, Q.argmax(axis=1)).tolist()
    ordinary = (request.env.grid == ORDINARY).ravel()
    return {
        "type": "sweep",
        "number": sweep.number,
        "phase": sweep.phase,
        "residual": sweep.residual,
        "values": sweep.V.tolist(),
        "greedy": (greedy_actions(Q, request.threshold) @ ACTION_BITS * ordinary).tolist(),
        "best": (greedy_actions(Q) @ ACTION_BITS * ordinary).tolist(),
        **policy,
    }


class PlanByHand:
    """Policy iteration as `PolicyIterationPlanner` does it, but one sweep or improvement at a time, when asked.

    It is what `lab.pacing.PacedJob` runs.
    """

    def __init__(self, request):
        self.request = request
        self.model = PLANNERS["policy"](request.env).model
        check_end(self.model, request.gamma)
        self.swept = undiscounted_model(self.model) if request.gamma == 1 else self.model
        self.V = np.zeros(len(self.model.reward) + 1)
        self.policy = proper_policy(self.model)
        self.number, self.seconds = 0, 0.0

    def started(self):
        return {**started_message(self.request), "policy": self.policy.tolist()}

    def receive(self, kind, value):
        """Do one sweep of "evaluate", or "improve"; an improvement that changes nothing is followed by "done"."""
        began = computing_seconds()
        residual, stable = (self.evaluate(), False) if kind == "evaluate" else self.improve()
        self.seconds += computing_seconds() - began
        self.number += 1
        sweep = Sweep(self.number, kind, self.V[:-1].copy(), residual, self.policy)
        shown = sweep_message(self.request, self.model, sweep)
        done = {"type": "done", "sweeps": self.number, "seconds": self.seconds, "policy": shown["policy"]}
        return [{"type": "sweeps", "sweeps": [shown]}, *([done] if stable else [])]

    def evaluate(self):
        """V(s) ← Q(s, policy(s)), in place; returns the largest change."""
        tables = (self.swept.next_state, self.swept.prob, self.swept.reward, self.request.gamma)
        return fast(sweep_policy)(self.V, self.policy, *tables, False)

    def improve(self):
        """Take a better action wherever there is one; returns (the largest gain, whether there is none)."""
        Q = q_values(self.swept, self.V[:-1], self.request.gamma)
        current = np.take_along_axis(Q, self.policy[:, None], axis=1)[:, 0]
        better = ~greedy_actions(np.column_stack([current, Q]))[:, 0]
        self.policy = np.where(better, Q.argmax(axis=1), self.policy)
        return float((Q.max(axis=1) - current).max()), not better.any()

    def frame(self, full):
        """Nothing: every answer shows all."""


def plan_grids(request):
    """Generator of the values after each sweep, as grids: lists of rows, as the maze lies."""
    planner = PLANNERS[request.plan](request.env, compile=True)
    for sweep, _ in timed_sweeps(planner, request):
        yield sweep.V.reshape(request.env.shape).tolist()


def walk_message(request):
    """The message that answers a `WalkRequest`."""
    return walk(request.env, request.policy.__getitem__, request.gamma, request.seed)
