"""Many seeds at once: the band is made of the lives of lessons."""

import asyncio
import json
from unittest.mock import patch

import numpy as np
import pytest

from environment import BOOK_MAZE
from framework.plots import mean_and_band
from lab.band import band_messages
from lab.errors import BadRequest
from lab.jobs import JobRunner
from lab.learning import Lesson, Truth
from lab.protocol.band import KIND, band_request
from lab.protocol.learn import learn_request

BAND = {"id": 1, "grid": [list(row) for row in BOOK_MAZE], "learner": "sarsa", "seeds": 3, "episodes": 250}


def messages(**changes):
    return list(filter(None, band_messages(band_request({**BAND, **changes}))))


def test_a_band_is_of_the_same_lives_as_lessons():
    *bands, done = messages(episodes=20)
    returns = []
    for seed in (1, 2, 3):
        lesson = Lesson(learn_request({**BAND, "learners": [{"name": "sarsa", "seed": seed}]}))
        while lesson.learners[0].episodes < 20:
            lesson.advance(1)
        returns.append(lesson.learners[0].curve.means)
        mean, half = mean_and_band(returns)
        told = bands[seed - 1]
        assert (told["seed_count"], told["of"], told["size"]) == (seed, 3, 1)
        np.testing.assert_allclose(told["mean"], mean)
        if seed > 1:
            np.testing.assert_allclose(told["low"], np.maximum(mean - half, np.min(returns)))
            np.testing.assert_allclose(told["high"], np.minimum(mean + half, np.max(returns)))
    assert bands[0]["low"] is bands[0]["high"] is None
    assert bands[0]["optimum"] == Truth(lesson.env, 0.9).optimum
    assert done == {"type": "done", "seed_count": 3, "of": 3}


def test_a_band_has_at_most_a_hundred_points_each_the_mean_of_as_many_episodes():
    *bands, _ = messages(seeds=1)
    fine = np.array(messages(seeds=1, episodes=84)[0]["mean"])
    assert (bands[0]["size"], len(bands[0]["mean"])) == (3, 83)
    np.testing.assert_allclose(bands[0]["mean"][:28], fine.reshape(28, 3).mean(axis=1))


def test_a_band_that_takes_too_long_ends_with_the_seeds_that_it_has():
    with patch("lab.band.MOST_SECONDS", 0.0), patch("lab.band.SLICE_SECONDS", 0.0):
        assert messages() == [{"type": "done", "seed_count": 0, "of": 3}]


def test_a_job_sends_the_bands_and_does_not_run_into_the_limits_of_a_plan():
    runner, sent = JobRunner(), []

    async def send(message):
        sent.append(json.loads(json.dumps(message, allow_nan=False)))

    asyncio.run(KIND.job(band_request(BAND), runner, send).run())
    runner.close()
    assert [message["type"] for message in sent] == ["band"] * 3 + ["done"]


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": 0},
        {"seeds": 51},
        {"seeds": 2.5},
        {"episodes": 9},
        {"episodes": 2001},
        {"learner": "dqn"},
        {"learner": None},
        {"settings": {"gamma": 2}},
        {"settings": {"num_steps": 1.5}},
    ],
)
def test_a_malformed_band_is_refused(change):
    with pytest.raises(BadRequest):
        band_request({**BAND, **change})


def test_the_limits_of_a_band_are_where_they_are_said_to_be():
    for change in ({"seeds": 1}, {"seeds": 50}, {"episodes": 10}, {"episodes": 2000}):
        band_request({**BAND, **change})
