"""What a reward of pictures is worth: AUC by what the robot is near, and where agents go that have nothing else.

A reward is here any function of pictures [N, 32, 32, 3] to numbers [N].
"""

from typing import NamedTuple

import numpy as np

from AP.llm_exam import auc
from worlds.picture_room import (
    ACTIONS,
    COLOURS,
    GOAL,
    LIMIT,
    NEAR_GOAL,
    NEAR_OTHER,
    NOTHING,
    NOUNS,
    SIDE,
    THINGS,
    X,
    Y,
    draw_rooms,
    everywhere,
    free_cells,
    is_near,
    picture_room_step,
    scattered,
    see_picture_room,
)

HELD_OUT = tuple(THINGS.index(f"{colour} {noun}") for colour, noun in zip(COLOURS, NOUNS, strict=True))
"""The red ball, the green box, the blue cup, the yellow key: each colour and noun once. No picture to learn from has
them, and no caption names them."""
KNOWN = tuple(thing for thing in range(len(THINGS)) if thing not in HELD_OUT)
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def wrong(thing):
    """Another thing that captions name, of another colour and another noun."""
    later = [(thing + k) % len(THINGS) for k in range(1, len(THINGS))]
    return next(one for one in later if one in KNOWN and one // 4 != thing // 4 and one % 4 != thing % 4)


class Marks(NamedTuple):
    """AUC of a reward: pictures in which the robot is near the goal, against others."""

    all: float
    other: float
    """Against those in which it is near the other thing: here the sentence has to be read."""
    nothing: float
    """Against those in which it is near nothing."""


def judge(reward, thing, count, rng, others=KNOWN):
    """The `Marks` of a reward for a goal, by ``count`` new pictures of each kind.

    Args:
        reward: function of pictures.
        thing: the goal.
        others: what the other thing in the room may be.
    """
    kind = np.repeat([NOTHING, NEAR_GOAL, NEAR_OTHER], count)
    rewards = reward(see_picture_room(draw_rooms(rng, np.full(len(kind), thing), kind, others)))
    against = ([NOTHING, NEAR_OTHER], [NEAR_OTHER], [NOTHING])
    chosen = [np.isin(kind, [NEAR_GOAL, *kinds]) for kinds in against]
    return Marks(*(float(auc(rewards[rows], kind[rows] == NEAR_GOAL)) for rows in chosen))


def judge_all(reward_for, things, alpha, count, rng, ask=None):
    """The means of `judge` over goals.

    Args:
        reward_for: function of (thing, alpha) to a reward.
        things: the goals.
        ask: function of a goal to the thing that is asked for instead, which is not in the rooms.
    """
    marks = []
    for thing in things:
        asked = ask(thing) if ask else thing
        others = [one for one in KNOWN if one != asked]
        marks.append(judge(reward_for(asked, alpha), thing, count, rng, others))
    return Marks(*np.mean(marks, axis=0).tolist())


# Agents


def rewards_of_cells(reward, rooms):
    """The rewards [R, 64] of the pictures of rooms [R, 9] with the robot on each cell; 0 where it cannot be."""
    pictures = see_picture_room(everywhere(rooms).reshape(-1, rooms.shape[1]))
    return np.where(free_cells(rooms), np.reshape(reward(pictures), (len(rooms), -1)), 0.0)


def true_rewards(rooms):
    """The same of the true reward: 1 near the goal."""
    states = everywhere(rooms)
    return np.where(free_cells(rooms), [is_near(room, GOAL) for room in states], 0.0)


def learn(rewards, rooms, rng, episodes=150, gamma=0.9):
    """Q [R, 64, 5] of R rooms by Q-learning from random moves, all rooms in step.

    Rooms are deterministic, so the learning rate is 1. Nothing ends an episode but its limit: the next value counts.
    """
    q, row = np.zeros((len(rooms), SIDE * SIDE, len(ACTIONS))), np.arange(len(rooms))
    for _ in range(episodes):
        state = scattered(rng, rooms)
        for _ in range(LIMIT):
            cell, action = SIDE * state[:, Y] + state[:, X], rng.integers(len(ACTIONS), size=len(rooms))
            state, _ = picture_room_step(state, action)
            entered = SIDE * state[:, Y] + state[:, X]
            q[row, cell, action] = rewards[row, entered] + gamma * q[row, entered].max(axis=1)
    return q


def arrives(policy, rooms):
    """Whether the robot is near the goal [R] at the end of an episode.

    Args:
        policy: function of states [R, 9] to actions [R].
        rooms: [R, 9], where it starts.
    """
    state = rooms
    for _ in range(LIMIT):
        state, _ = picture_room_step(state, policy(state))
    return is_near(state, GOAL)


def success(rewards, rooms, rng):
    """The share of rooms [R, 9] in which an agent that learnt from rewards [R, 64] gets to the goal."""
    q, row = learn(rewards, rooms, rng), np.arange(len(rooms))
    return float(arrives(lambda state: q[row, SIDE * state[:, Y] + state[:, X]].argmax(axis=1), rooms).mean())


def agents(reward_for, things, alpha, count, rng):
    """{what they learn from: the share that arrives} of ``count`` new rooms for each goal."""
    rooms = [draw_rooms(rng, [thing] * count, [NOTHING] * count, [one for one in KNOWN if one != wrong(thing)])
             for thing in things]  # fmt: skip
    told = [rewards_of_cells(reward_for(thing, alpha), room) for thing, room in zip(things, rooms, strict=True)]
    astray = [
        rewards_of_cells(reward_for(wrong(thing), alpha), room) for thing, room in zip(things, rooms, strict=True)
    ]
    rooms = np.concatenate(rooms)
    at_random = arrives(lambda state: rng.integers(len(ACTIONS), size=len(state)), rooms)
    return {
        "picture and sentence": success(np.concatenate(told), rooms, rng),
        "the true reward": success(true_rewards(rooms), rooms, rng),
        "a wrong sentence": success(np.concatenate(astray), rooms, rng),
        "nothing: random moves": float(at_random.mean()),
    }


def report(reward_for, goal, config):
    """Lines: how well the reward ranks pictures, for several goals and alphas; and how well agents do by it."""
    count, rng = config.final_episodes, np.random.default_rng([config.seed, 2])

    def line(name, marks):
        return f"{name:52}" + f"{marks.all:15.2f}{marks.other:18.2f}{marks.nothing:14.2f}"

    heads = f"{'all others':>15}{'near the other':>18}{'near nothing':>14}"
    yield f"{'AUC of pictures, the robot near the goal, against':52}{heads}"
    yield line(f"goal: {THINGS[goal]}", judge(reward_for(goal, config.alpha), goal, count, rng))
    yield line(f"{len(KNOWN)} goals that captions name", judge_all(reward_for, KNOWN, config.alpha, count, rng))
    yield line(
        f"{len(HELD_OUT)} goals that were never met", judge_all(reward_for, HELD_OUT, config.alpha, count, rng)
    )
    yield line(
        "a wrong sentence, of another colour and noun", judge_all(reward_for, KNOWN, config.alpha, count, rng, wrong)
    )
    for alpha in ALPHAS:
        yield line(
            f"all {len(THINGS)} goals, alpha {alpha}", judge_all(reward_for, range(len(THINGS)), alpha, count, rng)
        )
    for name, things, rooms in ((THINGS[goal], (goal,), count), (f"{len(KNOWN)} goals", KNOWN, max(1, count // 12))):
        for source, share in agents(reward_for, things, config.alpha, rooms, rng).items():
            yield f"{name}: of agents that learn from {source}, {share:.2f} arrive"
