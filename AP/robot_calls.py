"""What programs of `AP.llm_program` may call, and their interpreter: a table of functions, never ``exec`` (Day 7)."""

import re
from dataclasses import dataclass

import numpy as np

from worlds.house import (
    BEFORE,
    HAND,
    HANDED,
    NOTHING,
    NOWHERE,
    PLACES,
    ROBOT,
    ROOMS,
    THINGS,
    WIDTH,
    hand_over,
    look,
    put,
    take,
    walk,
)

CALL = re.compile(r'(\w+)\((?:"([^"]*)")?\)')


@dataclass
class Robot:
    """What calls act on: a state [1, 21] of `worlds.house`, and what was said."""

    state: np.ndarray
    said: tuple = ()

    def is_true(self, what, where):
        """Whether a part of a goal of `AP.program_items.Task` is true."""
        if what == "said":
            return where in self.said
        if what == "robot":
            return ROOMS[self.state[0, ROBOT]] == where
        place = self.state[0, PLACES][THINGS.index(what)]
        return place == (HANDED if where == "user" else ROOMS.index(where))


def house_of(task):
    """The `Robot` of a task, in the living room, with nothing in its hand; all doors are open."""
    state = np.zeros((1, WIDTH), np.int64)
    state[0, PLACES], state[0, HAND], state[0, BEFORE] = NOWHERE, NOTHING, NOTHING
    for thing, room in task.things.items():
        state[0, PLACES.start + THINGS.index(thing)] = ROOMS.index(room)
    return Robot(state)


def goto(robot, room):
    """Walk to a room; what calls return is "", or why they failed."""
    if room not in ROOMS:
        return f"there is no {room}"
    robot.state, _ = walk(robot.state, np.array([ROOMS.index(room)]))
    return ""


def pick(robot, thing):
    """Take a thing of this room; the error tells where it is."""
    if thing not in THINGS:
        return f"there is no {thing}"
    number = THINGS.index(thing)
    if robot.state[0, HAND] != NOTHING:
        return f"the hand holds the {THINGS[robot.state[0, HAND]]}"
    before, here = look(robot.state, np.array([number]))
    if here[0]:
        robot.state, _ = take(before, np.array([number]))
        return ""
    place = robot.state[0, PLACES][number]
    where = f"the {thing} is in the {ROOMS[place]}" if place < len(ROOMS) else f"the {thing} is not in the house"
    return f"the {thing} is not in the {ROOMS[robot.state[0, ROBOT]]}; {where}"


def drop(robot):
    """Put down what is held."""
    robot.state, (worked,) = put(robot.state)
    return "" if worked else "the hand is empty"


def give(robot):
    """Hand it to the user, in the living room."""
    if robot.state[0, ROBOT] != 0:
        return "the user is in the living room"
    robot.state, (worked,) = hand_over(robot.state)
    return "" if worked else "the hand is empty"


def say(robot, words):
    """Speak."""
    robot.said = (*robot.said, words)
    return ""


CALLS = {"goto": (goto, 1), "pick": (pick, 1), "drop": (drop, 0), "give": (give, 0), "say": (say, 1)}


def run_program(program, task):
    """Run a program in the house of a task.

    Args:
        program: calls with "; " between them.
        task: of `AP.program_items`.

    Returns:
        "" where the task is done, else the error in a sentence; nothing of a program that is none is run.
    """
    robot, calls = house_of(task), [part.strip() for part in program.strip().rstrip(";").split(";")]
    parsed = [CALL.fullmatch(call) for call in calls]
    for call, match in zip(calls, parsed, strict=True):
        if not match or match[1] not in CALLS or (match[2] is not None) != CALLS[match[1]][1]:
            return f"{call or 'nothing'} is no call"
    for call, match in zip(calls, parsed, strict=True):
        function, count = CALLS[match[1]]
        if error := function(robot, *([match[2]] if count else [])):
            return f"{call}: {error}"
    missing = [f"({what}: {where})" for what, where in task.goal if not robot.is_true(what, where)]
    return f"the task is not done; missing: {' '.join(missing)}" if missing else ""
