"""Ten thousand malformed messages of every kind, from a seed: one sentence each, and the server goes on."""

import copy
import json
import random

import pytest
from tornado.testing import gen_test

from lab.errors import BadRequest, error_message
from lab.protocol import KINDS
from lab.protocol.base import parse_message
from lab.protocol.plan import walk_request
from tests.lab.test_server import GRID, LabTestCase, answer_of, ask

WORLD = {"grid": GRID, "start": [2, 0], "prob": 0.8, "step_reward": -0.04, "rewards": [[0, 1, 0.5]], "gamma": 0.9}
BEGIN = {  # a well-formed message of each kind of job
    "plan": {"plan": "value", "threshold": 1e-4, "by_hand": False, **WORLD},
    "learn": {"learners": [{"name": "sarsa", "seed": 3}], "settings": {"epsilon": 0.1}, "pace": 0, **WORLD},
    "band": {"learner": "sarsa", "seeds": 2, "episodes": 10, "settings": {"epsilon": 0.1}, **WORLD},
    "play": {"seed": 3, **WORLD},
    "card": {"card": "bridge", "answer": 0.7},
    "catch": {"student": "none", "teacher": "oracle", "driver": "teacher", "seed": 3, "pace": 0},
    "dream": {"seed": 3, "temperature": 0.5, "player": "random", "seen": True, "futures": False, "pace": 0},
    "house": {"said": 2, "seed": 3, "model": "smollm2", "way": "sum", "can": False, "wish": "", "pace": 0},
    "tank": {"world": "unseen", "seed": 3, "pace": 0},
    "rate": {
        "language": "en",
        "seed": 3,
        "ratings": [["ramen the egg was good .", "ramen the pork was dull .", "first", "person"]],
        "reads": "words",
        "n": 16,
    },
    "teach": {"demonstrations": ["uurrr"], "l2": 0.1, "beta": 4, "show": 2, "horizon": 9, "seed": 3, **WORLD},
}
RECEIVED = {  # a well-formed message of each type that a job takes
    "set": {"settings": {"epsilon": 0.1, "num_steps": 3}},
    "pace": {"pace": 8},
    "step": {"unit": "episode"},
    "world": WORLD,
    "walk": {"seed": 3},
    "evaluate": {},
    "improve": {},
    "act": {"action": 1},
    "again": {"seed": 3},
    "push": {"action": 2},
    "roles": {"teacher": "oracle", "driver": "teacher"},
    "next": {},
    "forget": {},
    "tune": {"temperature": 0.5, "player": "random", "seen": True, "futures": False},
    "follow": {},
    "answer": {"pair": 0, "choice": "same"},
    "back": {},
    "rest": {"rater": "coin"},
    "fresh": {},
    "choose": {"reads": "features", "n": 4},
    "test": {},
    "stop": {},
    "pumps": {"volts": [3, 3.5]},
    "leak": {"tank": 3, "flow": 1},
    "ask": {"first": 12, "second": 13},
}
WALK = {"policy": [1] * 12, "seed": 3, **WORLD}
STRANGE = [
    *(None, True, False, 0, -1, 1, 9, 21, 0.5, -0.0, 1e-9, 1e300, float("inf"), float("nan"), 2**53 + 1, 10**400),
    *("", "full", "value", "__class__", "\x00", "日本", "x" * 500, [], [[]], [[], []], [0] * 500, [[0] * 25] * 25),
    *({}, {"name": None}, {"": {}}, [None], [True, True, True], [[0, 0]] * 30),
]


def spoilt(message, luck):
    """A copy with one to three values, at any depth, replaced, removed or doubled."""
    message = copy.deepcopy(message)
    for _ in range(luck.randint(1, 3)):
        place, parts = None, message
        while isinstance(parts, dict | list) and parts and (place is None or luck.random() < 0.7):
            place, key = parts, luck.choice(list(parts) if isinstance(parts, dict) else range(len(parts)))
            parts = parts[key]
        if place is None:
            continue
        deed = luck.random()
        if deed < 0.8:
            place[key] = copy.deepcopy(luck.choice(STRANGE))
        elif deed < 0.9:
            del place[key]
        elif isinstance(place, list):
            place.append(copy.deepcopy(parts))
    return message


def parses():
    """{name: (a well-formed message, its parse)} of everything that a page may ask."""
    all_of_them = {f"{name} begins": (BEGIN[name], kind.request) for name, kind in KINDS.items()}
    for name, kind in KINDS.items():
        request = kind.request(BEGIN[name])
        for type, parse in kind.receives.items():
            all_of_them[f"{name} takes {type}"] = (
                RECEIVED[type],
                lambda message, parse=parse, request=request: parse(message, request),
            )
    return {**all_of_them, "walk": (WALK, walk_request)}


def refusal(parse, message):
    """The sentence that refuses a message, empty if none does. It travels as JSON."""
    try:
        parse(message)
    except BadRequest as error:
        return json.loads(json.dumps(error_message(error), allow_nan=False))["message"]
    return ""


@pytest.mark.parametrize("name", parses())
def test_what_is_malformed_gets_one_sentence_and_what_is_not_is_taken(name):
    message, parse = parses()[name]
    parse(message)
    luck = random.Random(name)
    for _ in range(500):
        sentence = refusal(parse, spoilt(message, luck))
        assert "\n" not in sentence
        assert len(sentence) < 400


def test_any_bytes_get_one_sentence():
    luck = random.Random(0)
    text = json.dumps({"type": "plan", **BEGIN["plan"]})
    for _ in range(3_000):
        data = bytearray(len(text).to_bytes(4, "little") + text.encode() if luck.random() < 0.5 else text.encode())
        for _ in range(luck.randint(1, 8)):
            data[luck.randrange(len(data))] = luck.randrange(256)
        data = bytes(data[: luck.randint(0, len(data))])
        for form in (data, data.decode("latin-1")):
            assert "\n" not in refusal(parse_message, form)


class TestFuzz(LabTestCase):
    @gen_test(timeout=60)
    async def test_a_line_outlives_malformed_messages_to_every_job(self):
        luck = random.Random(1)
        line = await self.connect()
        asks = [{"type": name, "id": name, **message} for name, message in BEGIN.items()]
        asks += [{"type": type, "id": name, **RECEIVED[type]} for name in KINDS for type in KINDS[name].receives]
        for _ in range(300):
            await ask(line, spoilt(luck.choice(asks), luck))
        await ask(line, {"type": "cancel"})
        await ask(line, {"type": "plan", "id": "last", **BEGIN["plan"]})
        answer = {}
        while (answer.get("id"), answer.get("type")) != ("last", "done"):
            answer = await answer_of(line)
            assert answer.get("code") != "fault"

    def test_no_malformed_request_is_answered_by_an_error_of_the_server(self):
        luck = random.Random(2)
        for _ in range(200):
            answer = self.post(spoilt(BEGIN["plan"], luck))
            assert answer.code in (200, 400)
        assert self.post(BEGIN["plan"]).code == 200
