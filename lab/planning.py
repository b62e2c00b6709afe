"""What the simulator shows of a planner: generators of messages, made by the code of Day 2."""

import time

import numpy as np

from DP.backups import greedy_actions, q_values
from DP.planner import PLANNERS
from environment import ORDINARY

WALK_STEPS = 200
ACTION_BITS = np.array([1, 2, 4, 8])


def plan_messages(request):
    """Generator of the messages that answer a `PlanRequest`: "started", the sweeps one by one, "done"."""
    env = request.env
    yield {
        "type": "started",
        "shape": list(env.shape),
        "start": env.start_state,
        "outcomes": [[env.P[s][a] for a in range(4)] for s in range(env.num_states)],
    }
    began = time.perf_counter()
    planner = PLANNERS[request.plan](env, compile=True)
    ordinary = (env.grid == ORDINARY).ravel()
    for sweep in planner.sweeps(request.gamma, request.threshold):
        # Values are not known better than the threshold, so actions nearer than that are shown as a tie.
        greedy = greedy_actions(q_values(planner.model, sweep.V, request.gamma), request.threshold)  # [S, 4]
        yield {
            "type": "sweep",
            "number": sweep.number,
            "phase": sweep.phase,
            "residual": sweep.residual,
            "values": sweep.V.tolist(),
            "greedy": (greedy @ ACTION_BITS * ordinary).tolist(),
        }
    yield {
        "type": "done",
        "sweeps": sweep.number,
        "seconds": time.perf_counter() - began,
        "policy": planner.policy.tolist(),
    }


def plan_grids(request):
    """Generator of the values after each sweep, as grids: lists of rows, as the maze lies."""
    planner = PLANNERS[request.plan](request.env, compile=True)
    for sweep in planner.sweeps(request.gamma, request.threshold):
        yield sweep.V.reshape(request.env.shape).tolist()


def walk_message(request):
    """The message that answers a `WalkRequest`: one episode in the real world, slips and all."""
    env = request.env
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if request.seed is None else request.seed
    state, _ = env.reset(seed=seed)
    steps, total, discounted, discount, terminated = [], 0.0, 0.0, 1.0, False
    while not terminated and len(steps) < WALK_STEPS:
        action = request.policy[state]
        next_state, reward, terminated, _, _ = env.step(action)
        steps.append([state, action, next_state, reward])
        total += reward
        discounted += discount * reward
        discount *= request.gamma
        state = next_state
    return {
        "type": "walk",
        "seed": seed,
        "steps": steps,
        "return": total,
        "discounted_return": discounted,
        "terminated": terminated,
        "truncated": not terminated,
    }
