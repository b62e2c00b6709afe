"""The calls between the parts of a program are counted as they happen, and no others."""

import sys
from typing import NamedTuple

import numpy as np
import pytest

from framework.graph import compiled
from tools.calls import ITERATED, Fields, Watch, kind


class Pair(NamedTuple):
    obs: np.ndarray
    reward: np.ndarray

    def doubled(self):
        return Pair(2 * self.obs, self.reward)


class Box:
    """A part that is called."""

    def __init__(self, size):
        self.size = size

    def __iter__(self):
        yield from range(self.size)

    def __call__(self):
        return "called"

    @property
    def half(self):
        return self.size / 2

    def open(self, obs, lid=None, **extra):
        return self._inside(obs), extra

    def take(self, *names):
        return Pair(np.zeros((2, 3)), np.zeros(2))

    def _inside(self, obs):
        return obs

    def ask(self, function):
        return function()

    @compiled
    def act(self, obs):
        return Pair(obs, obs).doubled().obs


def answer():
    return {"loss": 1.0}


def program():
    box = Box(2)
    for _ in box:
        box.open(np.zeros((4, 2)), value=np.zeros(4))
    box.take("obs", "action")
    box()
    box.ask(answer)
    box._inside(0)
    return box.half


def watched(function, **more):
    watch = Watch({"program": [program, function], "box": [Box], "pair": [Pair], "other": [answer]}, **more)
    return watch.run(function), watch.calls


def counts(calls):
    return {key[:3]: call.count for key, call in calls.items()}


def test_public_methods_are_counted_by_who_called_them():
    result, calls = watched(program)
    assert result == 1.0
    assert counts(calls) == {
        ("program", "box", "Box"): 1,
        ("program", "box", ITERATED): 3,  # the third time nothing comes
        ("program", "box", "open"): 2,
        ("program", "box", "take"): 1,
        ("program", "box", Box.__module__.split(".")[-1]): 1,  # what is called like a function has its module's name
        ("program", "box", "ask"): 1,
        ("box", "other", "answer"): 1,
    }


def test_arguments_and_results_are_told_by_their_kinds():
    _, calls = watched(program)
    opened = calls["program", "box", "open", ""]
    assert opened.arguments == {"obs": (4, 2), "value": (4,)}  # lid was left out
    assert opened.result == [(4, 2), None]
    taken = calls["program", "box", "take", ""]
    assert list(taken.arguments) == ["obs", "action"]
    assert taken.result == Fields("Pair", {"obs": (2, 3), "reward": (2,)})
    assert calls["box", "other", "answer", ""].result == {"loss": None}


def test_a_call_has_the_innermost_moment_that_it_happened_in():
    _, calls = watched(program, moments={program: "outer", Box.ask: "inner"})
    assert calls["program", "box", "open", "outer"].count == 2
    assert calls["box", "other", "answer", "inner"].count == 1


def test_what_a_part_does_within_another_is_that_others():
    _, calls = watched(program, within={"box": "program"})
    assert counts(calls) == {("program", "other", "answer"): 1}


def test_a_graph_counts_by_its_methods_name_and_its_tracing_not_at_all():
    box = Box(1)

    def acts():
        for _ in range(3):
            box.act(np.zeros((5, 2), np.float32))

    _, calls = watched(acts)
    assert counts(calls) == {("program", "box", "act"): 3}
    assert calls["program", "box", "act", ""].arguments == {"obs": (5, 2)}
    assert calls["program", "box", "act", ""].result == (5, 2)


def test_somebody_may_be_told_before_each_call():
    told = []
    watched(program, at_call=lambda *call: told.append(call))
    assert told[:4] == [("program", "Box", 1), *[("program", name, 1) for name in (ITERATED, "open")], told[3]]
    assert ("program", "open", 2) in told


def test_another_profiler_is_back_afterwards_even_if_the_program_fails():
    def profiler(*_):
        pass

    def fails():
        raise ZeroDivisionError

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        with pytest.raises(ZeroDivisionError):
            watched(fails)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize("value", [1, "word", None, {"a": 1}, (1, 2)], ids=str)
def test_numbers_and_words_have_no_kind(value):
    assert kind(value) is None
