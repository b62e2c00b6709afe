"""Walks: one episode in a maze, whoever chooses the actions, as the page draws it."""

import numpy as np

WALK_STEPS = 200


def new_seed():
    """A seed for whoever gave none."""
    return int(np.random.SeedSequence().generate_state(1)[0])


def walk(env, choose, gamma, seed=None):
    """The message "walk" of one episode in the real world, slips and all.

    Args:
        env: a `GridWorld`; it is reset.
        choose: function of a state that gives the action.
        seed: of the world's luck; None takes a new one.
    """
    seed = new_seed() if seed is None else seed
    state, _ = env.reset(seed=seed)
    steps, total, discounted, discount, terminated = [], 0.0, 0.0, 1.0, False
    while not terminated and len(steps) < WALK_STEPS:
        action = choose(state)
        next_state, reward, terminated, _, _ = env.step(action)
        steps.append([state, action, next_state, reward])
        total += reward
        discounted += discount * reward
        discount *= gamma
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
