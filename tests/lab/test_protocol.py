"""What the page may ask, and the one sentence that answers what it may not."""

import json

import pytest

from lab.protocol import BadRequest, parse_object, plan_request, walk_request

GOOD = {"plan": "value", "grid": [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]], "prob": 0.8}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"prob": NaN}', "NaN is not a number"),
        ('{"prob": -Infinity}', "-Infinity is not a number"),
        ("[]", "must be a JSON object; got a list"),
        ("null", "must be a JSON object; got nothing"),
    ],
)
def test_text_that_is_not_a_json_object_is_refused(text, sentence):
    with pytest.raises(BadRequest, match=sentence):
        parse_object(text)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"plan": "magic"}, 'plan must be one of value, .*; got "magic"'),
        ({"plan": None}, "plan must be one of"),
        ({"plan": ["value"]}, "plan must be one of"),
        ({"grid": None}, "grid must be a list of rows"),
        ({"grid": "maze"}, "grid must be a list of rows"),
        ({"grid": [0, 0]}, "grid must be a list of rows"),
        ({"grid": [[0, 0], [0]]}, "ragged: row 0 has 2 cells, row 1 has 1"),
        ({"grid": [[0] * 21] * 2}, "2 to 20 rows of 2 to 20 cells"),
        ({"grid": [[0, 0]] * 21}, "2 to 20 rows"),
        ({"grid": [[0], [0]]}, "2 to 20 cells"),
        ({"grid": []}, "2 to 20 rows"),
        ({"grid": [[0, 5], [0, 0]]}, "unknown cell 5 at row 0, column 1"),
        ({"grid": [[0, True], [0, 0]]}, "row 0, column 1 must be 0 .*; got true"),
        ({"grid": [[0, 1.0], [0, 0]]}, "row 0, column 1 must be 0"),
        ({"grid": [[0, None], [0, 0]]}, "got null"),
        ({"grid": [[0, 0], [9, 0]]}, "start on a block"),
        ({"start": [5, 0]}, "outside the grid"),
        ({"start": [0]}, r"start must be \[row, column\] or null"),
        ({"start": "top"}, "start must be"),
        ({"prob": 5}, "prob must be a number from 0 to 1; got 5"),
        ({"prob": "0.8"}, "prob must be a number"),
        ({"prob": True}, "prob must be a number"),
        ({"prob": None}, "prob must be a number"),
        ({"gamma": 1.5}, "gamma must be a number from 0 to 1"),
        ({"threshold": 0}, "threshold must be a number from 1e-10 to 1"),
        ({"step_reward": 1e308}, "step_reward must be a number from -10 to 10"),
        ({"id": {}}, "id must be"),
        ({"plan": "x" * 5000}, "…$"),
    ],
)
def test_malformed_plan_gets_one_sentence(change, sentence):
    with pytest.raises(BadRequest, match=sentence) as caught:
        plan_request({**GOOD, **change})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_number_too_large_for_a_float_is_refused():
    with pytest.raises(BadRequest, match="got a number too large"):
        plan_request(parse_object(json.dumps(GOOD).replace("0.8", "1e999")))


def test_book_request_needs_three_fields_only():
    request = plan_request(GOOD)
    assert (request.gamma, request.threshold, request.env.step_reward, request.env.start_state) == (
        0.9,
        1e-4,
        -0.04,
        8,
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"policy": [0] * 11}, "policy must be a list of 12 actions"),
        ({"policy": [4] * 12}, "0 up, 1 right, 2 down, 3 left; got 4"),
        ({"policy": [0.5] * 12}, "got 0.5"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**32}, "seed must be"),
    ],
)
def test_malformed_walk_gets_one_sentence(change, sentence):
    with pytest.raises(BadRequest, match=sentence):
        walk_request({**GOOD, "policy": [0] * 12, "seed": 1, **change})
