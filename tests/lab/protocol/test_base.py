"""What all messages share: JSON, ids, worlds, settings; and the one sentence that answers what may not be."""

import json
import math

import pytest

from lab.errors import BadRequest
from lab.learners import SETTINGS
from lab.protocol.base import LARGEST_MESSAGE, changed_world, pace, parse_message, parse_object, settings
from lab.protocol.learn import learn_request
from lab.protocol.plan import plan_request, walk_request

GOOD = {"plan": "value", "grid": [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]], "prob": 0.8}
LEARN = {"grid": GOOD["grid"], "learners": [{"name": "q_learning", "seed": 3}]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"prob": NaN}', "NaN is not a number"),
        ('{"prob": -Infinity}', "-Infinity is not a number"),
        ("[]", r"must be a JSON object; got \[\]"),
        ("null", "must be a JSON object; got null"),
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
        ({"grid": [[0, 0], []]}, "ragged: row 0 has 2 cells, row 1 has 0"),
        ({"grid": [[0] * 21] * 2}, "2 to 20 rows of 2 to 20 cells"),
        ({"grid": [[0, 0]] * 21}, "2 to 20 rows"),
        ({"grid": [[0], [0]]}, "2 to 20 cells"),
        ({"grid": []}, "2 to 20 rows"),
        ({"grid": [[0, 5], [0, 0]]}, "row 0, column 1 must be 0 .*; got 5"),
        ({"grid": [[0, True], [0, 0]]}, "row 0, column 1 must be 0 .*; got true"),
        ({"grid": [[0, 1.0], [0, 0]]}, "row 0, column 1 must be 0"),
        ({"grid": [[0, None], [0, 0]]}, "got null"),
        ({"grid": [[0, 0], [9, 0]], "start": [1, 0]}, "start on a block"),
        ({"grid": [[9, 9], [9, 9]]}, "start on a block"),
        ({"start": [5, 0]}, "outside the maze of 3 rows and 4 columns"),
        ({"start": [0]}, r"start must be \[row, column\] or null"),
        ({"start": "top"}, "start must be"),
        ({"start": [10**4000, 0]}, "start must be .*…$"),
        ({"grid": [[0, 10**4000], [0, 0]]}, "row 0, column 1 must be 0 .*…$"),
        ({"id": 2**53 + 1}, "id must be"),
        ({"prob": 5}, "prob must be a number from 0 to 1; got 5"),
        ({"prob": "0.8"}, 'prob must be a number from 0 to 1; got "0.8"'),
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


def test_text_that_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(BadRequest, match="too large; send at most 100,000 bytes"):
        parse_object("[" * (LARGEST_MESSAGE + 1))


def test_number_too_large_for_a_float_is_refused():
    with pytest.raises(BadRequest, match="got Infinity"):
        plan_request(parse_object(json.dumps(GOOD).replace("0.8", "1e999")))


def test_book_request_with_a_block_at_the_bottom_left_starts_at_the_first_free_cell():
    assert plan_request({**GOOD, "grid": [[9, 0], [9, 1]]}).env.start_state == 1


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
        ({"policy": [4] * 12}, "0 up, 1 right, 2 down or 3 left; got 4"),
        ({"policy": [0.5] * 12}, "got 0.5"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**32}, "seed must be"),
    ],
)
def test_malformed_walk_gets_one_sentence(change, sentence):
    with pytest.raises(BadRequest, match=sentence):
        walk_request({**GOOD, "policy": [0] * 12, "seed": 1, **change})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"learners": None}, "learners must be a list of one or two such as .*; got null"),
        ({"learners": []}, "learners must be a list of one or two"),
        ({"learners": [{"name": "sarsa"}] * 3}, "learners must be a list of one or two"),
        ({"learners": [{"name": "magic"}]}, 'name must be one of monte_carlo, .*; got "magic"'),
        ({"learners": ["sarsa"]}, 'one or two such as {"name": "sarsa"}; got "sarsa"'),
        ({"learners": [{"name": ["sarsa"]}]}, "name must be one of"),
        ({"learners": [{"name": "sarsa", "seed": -1}]}, "seed must be a whole number"),
        ({"learners": [{"name": "sarsa", "seed": 0.5}]}, "seed must be a whole number"),
        ({"settings": []}, "settings must be an object"),
        ({"settings": {"epsilon": math.nan}}, "epsilon must be a number from 0 to 1"),
        ({"settings": {"epsilon": math.inf}}, "epsilon must be a number from 0 to 1; got Infinity"),
        ({"settings": {"epsilon": None}}, "epsilon must be a number from 0 to 1; got null"),
        ({"settings": {"learning_rate": True}}, "learning_rate must be a number"),
        ({"settings": {"lambda_": -0.1}}, "lambda_ must be a number from 0 to 1"),
        ({"settings": {"actor_rate": 11}}, "actor_rate must be a number from 0 to 10"),
        ({"settings": {"__class__": 1}}, "a setting must be one of"),
        ({"pace": "fast"}, 'pace must be 0 to pause, a number .* from 0.1 to 10000, or "full"; got "fast"'),
        ({"pace": 1e9}, "pace must be"),
        ({"pace": 1e-9}, "pace must be 0 to pause"),
        ({"pace": True}, "pace must be"),
        ({"grid": [[0] * 21] * 2}, "2 to 20 rows of 2 to 20 cells"),
        ({"prob": 5}, "prob must be"),
        ({"id": {}}, "id must be"),
    ],
)
def test_malformed_lesson_gets_one_sentence(change, sentence):
    with pytest.raises(BadRequest, match=sentence) as caught:
        learn_request({**LEARN, **change})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_defaults_fill_what_is_missing():
    request = learn_request(LEARN)
    assert request.settings == {name: setting.default for name, setting in SETTINGS.items()}
    assert request.pace == 8
    assert pace({"pace": "full"}) == math.inf
    assert settings({"settings": {"lambda_": 0.5}}) == {"lambda_": 0.5}


def test_every_learner_has_a_world_of_its_own():
    one, other = learn_request({**LEARN, "learners": LEARN["learners"] * 2}).worlds
    assert one is not other


@pytest.mark.parametrize(
    ("rewards", "sentence"),
    [
        ("free", 'rewards must be a list .*; got "free"'),
        ([[0, 0]], r"rewards must be .*; got \[0, 0\]"),
        ([[0, 0, 1.5]], "number from -1 to 1"),
        ([[0, 0, True]], "number from -1 to 1"),
        ([[0, 0.5, 1]], "rewards must be"),
        ([[0, 0, 0.5], [0, 0, 0.1]], "at most one a cell"),
        ([[3, 0, 0.5]], "row 3, column 0 is outside the maze of 3 rows and 4 columns"),
        ([[0, -1, 0.5]], "row 0, column -1 is outside"),
        ([[1, 1, 0.5]], "the block at row 1, column 1 is never entered"),
    ],
)
def test_malformed_rewards_get_one_sentence(rewards, sentence):
    with pytest.raises(BadRequest, match=sentence):
        plan_request({**GOOD, "rewards": rewards})


def test_a_cell_may_have_a_reward_of_its_own():
    env = plan_request({**GOOD, "rewards": [[0, 1, 0.5], [0, 3, -1]]}).env
    assert env.entry_reward[:4].tolist() == [-0.04, 0.5, -0.04, -1]


def test_a_maze_that_changes_while_it_runs_keeps_its_size_and_each_learner_its_world():
    request = learn_request({**LEARN, "learners": LEARN["learners"] * 2})
    one, other = changed_world({**GOOD, "prob": 0.5}, request)
    assert one is not other
    assert one.move_prob == 0.5
    with pytest.raises(BadRequest, match="not its size of 3 rows and 4 columns"):
        changed_world({"grid": [[0, 0], [0, 0]]}, request)


def framed(header, payload=b"", length=None):
    return (len(header) if length is None else length).to_bytes(4, "little") + header + payload


def test_a_binary_message_is_a_header_and_a_payload():
    assert parse_message(framed(b'{"type": "key"}', b"\xff\x00")) == {"type": "key", "payload": b"\xff\x00"}
    assert parse_message('{"type": "key"}') == {"type": "key"}


@pytest.mark.parametrize("data", [b"", b"\x01", framed(b"{}", length=3), framed(b"{}", length=2**32 - 1)])
def test_a_binary_message_that_is_too_short_gets_one_sentence(data):
    with pytest.raises(BadRequest, match="a binary message must be"):
        parse_message(data)


def test_a_binary_message_without_json_gets_one_sentence():
    with pytest.raises(BadRequest, match="not valid JSON"):
        parse_message(framed(b"{", b"}"))


def grid(rows, cols):
    return [[0] * cols for _ in range(rows)]


def walk(**changes):
    return walk_request({**GOOD, "policy": [0] * 12, "seed": 1, **changes})


def lesson(**changes):
    return learn_request({**LEARN, **changes})


LIMITS = [  # what is asked, the last values that are accepted, the first that are refused
    (lambda value: parse_object(b'{"id": "%s"}' % (value * b"x")), [100_000 - 10], [100_000 - 9]),
    (lambda value: plan_request({**GOOD, "id": value}), [2**53, -(2**53)], [2**53 + 1, -(2**53) - 1]),
    (lambda value: plan_request({**GOOD, "id": value * "x"}), [0, 64], [65]),
    (lambda value: plan_request({**GOOD, "grid": grid(value, 5)}), [2, 20], [1, 21]),
    (lambda value: plan_request({**GOOD, "grid": grid(5, value)}), [2, 20], [1, 21]),
    (lambda value: plan_request({**GOOD, "start": [value, 0]}), [0, 2], [-1, 3]),
    (lambda value: plan_request({**GOOD, "start": [0, value]}), [0, 3], [-1, 4]),
    (lambda value: plan_request({**GOOD, "prob": value}), [0, 1], [-1e-9, 1 + 1e-9]),
    (lambda value: plan_request({**GOOD, "gamma": value}), [0, 1], [-1e-9, 1 + 1e-9]),
    (lambda value: plan_request({**GOOD, "threshold": value}), [1e-10, 1], [0.99e-10, 1 + 1e-9]),
    (lambda value: plan_request({**GOOD, "step_reward": value}), [-10, 10], [-10 - 1e-9, 10 + 1e-9]),
    (lambda value: walk(policy=[0] * value), [12], [11, 13]),
    (lambda value: walk(policy=[value] * 12), [0, 3], [-1, 4]),
    (lambda value: walk(gamma=value), [0, 1], [-1e-9, 1 + 1e-9]),
    (lambda value: walk(seed=value), [0, 2**32 - 1], [-1, 2**32]),
    (lambda value: lesson(learners=LEARN["learners"] * value), [1, 2], [0, 3]),
    (lambda value: lesson(learners=[{"name": "sarsa", "seed": value}]), [0, 2**32 - 1], [-1, 2**32]),
    (lambda value: lesson(pace=value), [0, 0.1, 10_000], [-1e-9, 1e-9, 0.0999, 10_001]),
    *(
        (
            lambda value, name=name: settings({"settings": {name: value}}),
            [setting.low, setting.high],
            [setting.low - 1, setting.high + 1] if setting.whole else [setting.low - 1e-9, setting.high + 1e-9],
        )
        for name, setting in SETTINGS.items()
    ),
]


@pytest.mark.parametrize(("ask", "accepted", "refused"), LIMITS)
def test_limits_are_where_they_are_said_to_be(ask, accepted, refused):
    for value in accepted:
        ask(value)
    for value in refused:
        with pytest.raises(BadRequest):
            ask(value)


def test_a_value_is_shown_whole_up_to_40_characters():
    for count, shown in ((38, f'"{38 * "x"}"'), (39, f'"{39 * "x"}…')):
        with pytest.raises(BadRequest) as caught:
            plan_request({**GOOD, "plan": count * "x"})
        assert str(caught.value).endswith(f"got {shown}")
