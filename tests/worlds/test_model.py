"""P in any form that a reader may give it is read the same, or refused in one sentence."""

import math

import numpy as np
import pytest
from gymnasium import spaces

from worlds.model import TabularModel, read_P, tabular_model

STAYS, ENDS = (1.0, 0, 0.0, False), (1.0, 0, 1.0, True)


def test_every_form_of_P_is_the_same_model(forms):
    worlds = forms(seed=1)
    expected = tabular_model(worlds["dictionaries"])
    for form, world in worlds.items():
        model = tabular_model(world)
        for name in ("next_state", "prob", "reward"):
            np.testing.assert_array_equal(getattr(model, name), getattr(expected, name), err_msg=form)


def test_every_form_is_read_as_lists_of_plain_numbers_from_0(forms):
    worlds = forms(seed=1)
    P = worlds["dictionaries"].P
    for form, world in worlds.items():
        outcomes = read_P(world.P, world.observation_space, world.action_space)
        for s, row in P.items():
            for a, expected in row.items():
                if form == "None after the end":
                    expected = [(p, s if end else s_next, r, end) for p, s_next, r, end in expected]
                assert outcomes[s][a] == expected, form
        assert {tuple(map(type, o)) for row in outcomes for o_sa in row for o in o_sa} == {(float, int, float, bool)}


def test_P_of_the_caller_is_left_as_it_is():
    P = {0: {0: [(1.0, None, 1, True)]}}
    TabularModel.from_P(P)
    assert P == {0: {0: [(1.0, None, 1, True)]}}


@pytest.mark.parametrize(
    ("P", "sentence"),
    [
        (None, "P is None; P must be P"),
        ({}, "P is {}; P must be P"),
        ([[]], r"state 0 is \[\]; P must be P"),
        ({1: {0: [STAYS]}, 2: {0: [STAYS]}}, "P has no state 0; its states must be 0 to 1"),
        ({0: {0: [STAYS]}, 2: {0: [STAYS]}}, "P has no state 1"),
        ({0: {1: [STAYS]}}, "state 0 has no action 0; its actions must be 0 to 0"),
        ([[[STAYS], [STAYS]], [[STAYS]]], "state 1 has no action 1; its actions must be 0 to 1"),
        ([[[STAYS]], {0: [STAYS], "up": [STAYS]}], "state 1 has the action 'up'; its actions must be 0 to 0"),
        ([[[STAYS]], {}], "state 1 is {}; P must be P"),
        ([[[(1.0, 0, 0.0)]]], r"action 0 in state 0 has the outcome \(1.0, 0, 0.0\); P must be P"),
        ([[[(1.0, 0, False, -1.0)]]], "has the outcome"),
        ([[[("often", 0, 0.0, False)]]], "has the outcome"),
        ([[[(1.0, 0.5, 0.0, False)]]], "has the outcome"),
        ([[[(1.0, "0", 0.0, False)]]], "has the outcome"),
        ([[STAYS]], "has the outcome 1.0"),
        (np.full((2, 2, 2), 0.5), r"has the outcome .*0\.5"),
        ([[0.5]], "has the outcome 0.5"),
        ([[[(1.0, None, 0.0, False)]]], "action 0 in state 0 leads to None and does not end the episode"),
        ([[[(1.0, 1, 0.0, False)]]], "action 0 in state 0 leads to 1; next states must be from 0 to 0"),
        ([[[(1.0, -1, 0.0, True)]]], "leads to -1; next states must be from 0 to 0"),
        ([[[(1.5, 0, 0.0, True), (-0.5, 0, 0.0, True)]]], "has the negative probability -0.5"),
        ([[[(0.5, 0, 0.0, True)]]], r"action 0 in state 0 sum to 0\.5; they must sum to 1"),
        ([[[(math.nan, 0, 0.0, True)]]], "sum to nan"),
        ([[[]]], "sum to 0"),
        ([[[(1.0, 0, math.nan, True)]]], "pays nan, a reward that is not a number"),
        ([[[(1.0, 0, 1e200, True)]]], "too large to add up"),
    ],
)
def test_malformed_P_is_refused_in_one_sentence(P, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        read_P(P)
    assert "\n" not in str(caught.value)


def test_sentences_have_the_numbers_of_the_world():
    states, actions = spaces.Discrete(2, start=5), spaces.Discrete(1, start=-1)
    with pytest.raises(ValueError, match="P has no state 5; its states must be 5 to 6"):
        read_P({0: {-1: [ENDS]}, 1: {-1: [ENDS]}}, states, actions)
    with pytest.raises(ValueError, match="P has the state 7; its states must be 5 to 6"):
        read_P([[[ENDS]]] * 3, states, actions)
    with pytest.raises(ValueError, match="state 5 has no action -1"):
        read_P({5: {0: [ENDS]}, 6: {0: [ENDS]}}, states, actions)
    with pytest.raises(ValueError, match="action -1 in state 6 leads to 0; next states must be from 5 to 6"):
        read_P({5: {-1: [(1.0, 5, 0.0, True)]}, 6: {-1: [ENDS]}}, states, actions)
