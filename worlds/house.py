"""A house with a robot that is asked for something, in words (Day 7; after Ahn et al. 2022, SayCan, in small).

There are five rooms and twelve things in six pairs; the things of a pair serve the same need. Half of the things are
nowhere, others stand behind doors that are closed, and a closed door may be stuck: that is seen only by who has tried
it. In the living room is a user who says what is the matter, and never names a thing. The robot has 27 skills:

    find the X         go where it is and stand before it; it is somewhere, and its door is not stuck
    pick up the X      stand before it, and carry nothing
    bring it           carry something; the user then has it
    put it down        carry something
    done               that always works, and ends the episode

What a house is stands in a row of 21 whole numbers. All functions take many of them at once, and change none.
`walk`, `look`, `take`, `put` and `hand_over` are what skills are made of.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from worlds.window import Seen, check_render_mode

ROOMS = ("living room", "kitchen", "bedroom", "study", "bathroom")
PAIRS = (
    ("sponge", "towel"), ("water", "juice"), ("apple", "banana"), ("blanket", "sweater"), ("lamp", "candle"),
    ("book", "newspaper"),
)  # fmt: skip
THINGS = tuple(thing for pair in PAIRS for thing in pair)
INSTRUCTIONS = {  # what the user says: the number of the pair that serves
    "I spilled my tea on the table": 0, "the floor is wet": 0,
    "I am thirsty": 1, "my throat is dry": 1,
    "I am hungry": 2, "my stomach is rumbling": 2,
    "I am cold": 3, "it is freezing in here": 3,
    "it is too dark in here": 4, "the light has gone out": 4,
    "I am bored": 5, "I have nothing to read": 5,
}  # fmt: skip
SKILLS = (
    *(f"find the {thing}" for thing in THINGS),
    *(f"pick up the {thing}" for thing in THINGS),
    "bring it",
    "put it down",
    "done",
)
FIND, PICK_UP, BRING, PUT_DOWN, DONE = 0, len(THINGS), 2 * len(THINGS), 2 * len(THINGS) + 1, 2 * len(THINGS) + 2
OPEN, CLOSED, STUCK, KNOWN_STUCK = range(4)  # doors; who has not tried it does not see that a closed one is stuck
NOWHERE, CARRIED, HANDED = range(len(ROOMS), len(ROOMS) + 3)  # places of things that are in no room
NOTHING = len(THINGS)
SHARE_CLOSED, SHARE_STUCK = 0.5, (0.1, 0.3, 0.5, 0.7)  # of doors; of closed ones, by room from the kitchen on
LIMIT = 12  # skills of an episode
# Columns of a state [B, 21]: the robot's room; the thing that it stands before, and the one that it carries; the
# doors of all rooms but the living room, which has none; where things are; what the user said; steps so far.
ROBOT, BEFORE, HAND, DOORS, PLACES, ASKED, STEPS = 0, 1, 2, slice(3, 7), slice(7, 19), 19, 20
WIDTH = 21
SERVES = np.array([[number // 2 == pair for number in range(len(THINGS))] for pair in INSTRUCTIONS.values()])


def place_of(state, thing):
    """Where things [B] are: a room, `NOWHERE`, `CARRIED` or `HANDED`, [B]."""
    return state[np.arange(len(state)), PLACES.start + thing]


def door_of(state, place):
    """The doors [B] of rooms [B]; that of the living room, and of what is no room, is open."""
    has_door = (place > 0) & (place < len(ROOMS))
    return np.where(has_door, state[np.arange(len(state)), DOORS.start - 1 + np.where(has_door, place, 1)], OPEN)


def walk(state, room):
    """(states, success [B]): the robot goes to rooms [B], and opens their doors, or finds that they are stuck."""
    state, rows, door = state.copy(), np.arange(len(state)), door_of(state, room)
    success, behind = door < STUCK, np.flatnonzero(door != OPEN)
    state[behind, DOORS.start - 1 + room[behind]] = np.where(success, OPEN, KNOWN_STUCK)[behind]
    moves = rows[success & (room != state[:, ROBOT])]
    state[moves, ROBOT], state[moves, BEFORE] = room[moves], NOTHING
    return state, success


def look(state, thing):
    """The robot stands before things [B] if they are in its room."""
    success = place_of(state, thing) == state[:, ROBOT]
    return changed(state, success, (BEFORE, thing)), success


def take(state, thing):
    """The robot takes things [B] into its hand; it must stand before them, and carry nothing."""
    success = (state[:, BEFORE] == thing) & (state[:, HAND] == NOTHING)
    return changed(state, success, (PLACES.start + thing, CARRIED), (HAND, thing), (BEFORE, NOTHING)), success


def put(state):
    """The robot puts down what it carries, in the room where it is."""
    held, success = state[:, HAND], state[:, HAND] != NOTHING
    return changed(state, success, (PLACES.start + held, state[:, ROBOT]), (HAND, NOTHING)), success


def hand_over(state):
    """The robot gives what it carries to the user, in the living room."""
    held, success = state[:, HAND], state[:, HAND] != NOTHING
    moves = ((ROBOT, 0), (BEFORE, NOTHING), (HAND, NOTHING))
    return changed(state, success, (PLACES.start + held, HANDED), *moves), success


def changed(state, where, *columns):
    """States [B, 21], where ``where`` [B] with new values in some columns: (column, value), numbers or [B]."""
    state, rows = state.copy(), np.flatnonzero(where)
    for column, value in columns:
        state[rows, np.broadcast_to(column, len(state))[rows]] = np.broadcast_to(value, len(state))[rows]
    return state


def find(state, thing):
    """The robot goes where things [B] are, and stands before them."""
    place = place_of(state, thing)
    there = place < len(ROOMS)
    walked, success = walk(state, np.where(there, place, state[:, ROBOT]))
    looked, _ = look(walked, thing)
    return np.where((there & success)[:, None], looked, np.where(there[:, None], walked, state)), there & success


def house_step(state, skill):
    """The next states, whether each skill worked [B] bool, and whether the episode is over [B] bool.

    Args:
        state: [B, 21] int.
        skill: [B] numbers of `SKILLS`.
    """
    skill = np.asarray(skill)
    thing, kind = skill % len(THINGS), np.minimum(skill // len(THINGS), 2) + np.maximum(skill - BRING, 0)
    results = (find(state, thing), take(state, thing), hand_over(state), put(state), (state, skill == DONE))
    after = np.select([(kind == number)[:, None] for number in range(5)], [each for each, _ in results])
    success = np.select([kind == number for number in range(5)], [each for _, each in results], False)
    after[:, STEPS] += 1
    return after, success, skill == DONE


def served(state):
    """Whether the user has something that serves [B]."""
    return (SERVES[state[:, ASKED]] & (state[:, PLACES] == HANDED)).any(axis=1)


def right_skills(state):
    """Which skills begin a shortest way to serve the user and to say that it is done, [B, 27] bool.

    It knows what serves, and which doors are stuck. To give the user anything else is never right.
    """
    serves, rows, right = SERVES[state[:, ASKED]], np.arange(len(state)), np.zeros((len(state), len(SKILLS)), bool)
    padded = np.pad(serves, ((0, 0), (0, 1)))  # nothing serves nobody
    holds, before = padded[rows, state[:, HAND]], padded[rows, state[:, BEFORE]]
    free, going = state[:, HAND] == NOTHING, ~served(state)
    right[:, DONE] = ~going
    right[:, BRING] = going & holds
    right[:, PUT_DOWN] = going & ~holds & ~free
    right[rows, PICK_UP + np.minimum(state[:, BEFORE], NOTHING - 1)] |= going & free & before
    right[:, :PICK_UP] = serves & can_be_found(state) & (going & ~holds & ~before)[:, None]
    return right


def can_be_found(state):
    """Which things are in a room whose door is not stuck, [B, 12] bool."""
    doors = np.pad(state[:, DOORS], ((0, 0), (1, len(ROOMS) - 1)))  # by place; the living room has none
    places = state[:, PLACES]
    return (places < len(ROOMS)) & (np.take_along_axis(doors, places, axis=1) < STUCK)


def house_oracle(state):
    """The first skills [B] of a shortest plan; `DONE` where there is none."""
    right = right_skills(state)
    return np.where(right.any(axis=1), right.argmax(axis=1), DONE)


LOOKS = ("nowhere", "in a room that is open", *(f"behind the closed door of the {room}" for room in ROOMS[1:]),
         "behind a door known to be stuck", "before the robot", "in its hand", "with the user")  # fmt: skip
SITUATIONS = 2 * len(LOOKS)


def looks(state):
    """How each thing looks to the robot, [B, 12] numbers of `LOOKS`."""
    places, nothing = state[:, PLACES], len(LOOKS)
    doors = np.pad(see_house(state)[:, DOORS], ((0, 0), (1, 3)))
    door = np.take_along_axis(doors, places, axis=1)
    in_room = np.select([door == OPEN, door == CLOSED], [1, 1 + places], 6)
    before = state[:, BEFORE, None] == np.arange(len(THINGS))
    return np.select(
        [places == NOWHERE, places == CARRIED, places == HANDED, before], [0, nothing - 2, nothing - 1, 7], in_room
    )


def situations(state):
    """What the robot sees that may matter to each skill, [B, 27] numbers below `SITUATIONS`: how the thing looks, for
    the last three skills nothing, and whether the hand is full."""
    full = (state[:, HAND, None] != NOTHING).astype(np.int64)
    thing = looks(state)
    return 2 * np.concatenate([thing, thing, np.zeros((len(state), 3), np.int64)], axis=1) + full


def see_house(state):
    """What is seen: a stuck door that nobody has tried is a closed one."""
    seen = state.copy()
    seen[:, DOORS] = np.where(seen[:, DOORS] == STUCK, CLOSED, seen[:, DOORS])
    return seen


def start_houses(rng, asked):
    """States [B, 21] to start from, in all of which something that serves can be found.

    Args:
        rng: a numpy Generator.
        asked: [B] numbers of `INSTRUCTIONS`.
    """
    asked = np.asarray(asked)
    state = np.zeros((len(asked), WIDTH), np.int64)
    state[:, [BEFORE, HAND]], state[:, ASKED] = NOTHING, asked
    rows = np.arange(len(asked))
    while len(rows):
        closed = rng.random((len(rows), 4)) < SHARE_CLOSED
        stuck = closed & (rng.random((len(rows), 4)) < SHARE_STUCK)
        state[rows, DOORS] = np.where(stuck, STUCK, np.where(closed, CLOSED, OPEN))
        absent = rng.permuted(np.tile(np.arange(len(THINGS)) % 2 == 0, (len(rows), 1)), axis=1)
        state[rows, PLACES] = np.where(absent, NOWHERE, rng.integers(len(ROOMS), size=absent.shape))
        rows = rows[~right_skills(state[rows]).any(axis=1)]
    return state


def tell(before, skill, after):
    """What the robot did, or why it could not: a sentence, of the states [21] before and after a skill."""
    kind = min(skill // len(THINGS), 2) + max(skill - BRING, 0)
    if kind >= 2 and skill != DONE:
        if before[HAND] == NOTHING:
            return "It carries nothing."
        thing = THINGS[before[HAND]]
        where = "down in the " + ROOMS[after[ROBOT]] if skill == PUT_DOWN else "to the user"
        return f"It {'puts' if skill == PUT_DOWN else 'brings'} the {thing} {where}."
    if skill == DONE:
        return "It says that it is done."
    number = skill % len(THINGS)
    thing, place = THINGS[number], before[PLACES][number]
    if kind == 1:
        if after[HAND] == number != before[HAND]:
            return f"It picks up the {thing}."
        return "Its hand is full." if before[BEFORE] == number else f"It does not stand before the {thing}."
    if place >= len(ROOMS):
        return {
            NOWHERE: f"There is no {thing} in the house.",
            CARRIED: f"It carries the {thing} already.",
            HANDED: f"The user has the {thing} already.",
        }[place]
    found = after[BEFORE] == number
    return f"It finds the {thing} in the {ROOMS[place]}." if found else f"The door of the {ROOMS[place]} is stuck."


class House(Seen, gym.Env):
    """Bring the user something that serves.

    ## Action Space
    ``Discrete(27)``: numbers of `SKILLS`.
    ## Observation Space
    [21] int64: the state, without the doors that are stuck and that nobody has tried.
    ## Rewards
    1 for `done` when the user has something that serves, else 0.
    ## Episode End
    Terminated by `done`; ``gymnasium.make`` truncates after 12 skills.

    ``info`` has what the robot did, "text", and whether it worked, "success".

    Args:
        instruction: what the user says, one of `INSTRUCTIONS`; by default any of them.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 2}
    observation_space = spaces.Box(0, LIMIT, (WIDTH,), np.int64)
    action_space = spaces.Discrete(len(SKILLS))

    def __init__(self, instruction=None, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        if instruction is not None and instruction not in INSTRUCTIONS:
            raise ValueError(f"the user says one of: {', '.join(INSTRUCTIONS)}; got {instruction}")
        self.asked = None if instruction is None else list(INSTRUCTIONS).index(instruction)
        self.render_mode, self.text = render_mode, ""
        self.state = np.zeros((1, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        asked = self.np_random.integers(len(INSTRUCTIONS)) if self.asked is None else self.asked
        self.state, self.text = start_houses(self.np_random, np.array([asked])), ""
        if self.render_mode == "human":
            self.render()
        return see_house(self.state)[0], {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"actions are numbers of skills, 0 to {len(SKILLS) - 1}; got {action}")
        before = self.state
        self.state, success, over = house_step(before, np.array([action]))
        self.text = tell(before[0], int(action), self.state[0])
        if self.render_mode == "human":
            self.render()
        info = {"text": self.text, "success": bool(success[0])}
        return see_house(self.state)[0], float(over[0] and served(self.state)[0]), bool(over[0]), False, info

    def _picture(self):
        from worlds.house_picture import draw_house  # here, so that only a picture needs it

        return draw_house(self.state[0], self.text)
