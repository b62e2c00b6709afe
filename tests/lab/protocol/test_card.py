"""The card job: an answer that exists is judged, any other is refused in one sentence."""

import asyncio
import json

import pytest

from lab.errors import BadRequest
from lab.jobs import JobRunner
from lab.protocol.card import KIND


def judge(answer, card):
    """The messages that the job of an answer sends."""
    sent = []

    async def send(message):
        sent.append(message)
        return True

    async def run():
        runner = JobRunner()
        await KIND.job(KIND.request({"type": "card", "id": 1, "card": card, "answer": answer}), runner, send).run()
        runner.close()

    asyncio.run(run())
    return sent


@pytest.mark.parametrize(("answer", "right"), [(-0.4, True), (-0.37, True), (0, False)])
def test_a_number_gets_a_verdict_with_the_truth_and_the_numbers_behind_it(answer, right):
    (verdict,) = judge(answer, "trapped")
    assert json.loads(json.dumps(verdict)) == {
        "type": "verdict",
        "right": right,
        "truth": pytest.approx(-0.4),
        "shown": {"step_reward": -0.04, "gamma": 0.9},
    }


@pytest.mark.parametrize(("answer", "right"), [("danger", True), ("treasure", False)])
def test_a_choice_gets_a_verdict(answer, right):
    (verdict,) = judge(answer, "danger")
    assert (verdict["right"], verdict["truth"]) == (right, "danger")


def test_an_answer_that_the_card_does_not_take_is_refused_in_one_sentence():
    for card, answer, sentence in (
        ("bridge", 1.2, "answer must be a number from 0.5 to 1; got 1.2"),
        ("bridge", None, "answer must be a number from 0.5 to 1; got null"),
        ("bridge", "danger", 'answer must be a number from 0.5 to 1; got "danger"'),
        ("bridge", True, "answer must be a number from 0.5 to 1; got true"),
        ("danger", 1, "answer must be one of treasure, danger, neither; got 1"),
        ("danger", "run", 'answer must be one of treasure, danger, neither; got "run"'),
    ):
        with pytest.raises(BadRequest) as error:
            KIND.request({"card": card, "answer": answer})
        assert str(error.value) == sentence


@pytest.mark.parametrize("card", [None, "joker", 3, ["bridge"], {}])
def test_a_card_that_does_not_exist_is_refused_in_one_sentence(card):
    with pytest.raises(BadRequest, match=r"card must be one of bridge, discount, .*; got "):
        KIND.request({"card": card, "answer": 1})
