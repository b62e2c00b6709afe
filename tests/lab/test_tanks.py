"""A shift at the quadruple tank: twins with the same luck under the course's controllers; what a page may ask."""

import asyncio
import json
from importlib.util import find_spec

import numpy as np
import pytest

from AP.pi_control import controller
from AP.plant_trials import try_out
from framework.vector import make_vector
from lab import tanks
from lab.errors import BadRequest
from lab.jobs import JobRunner
from lab.protocol.tank import KIND, NAMES, tank_request
from lab.tanks import AGENT, LIMIT, SACPolicy, Shift, TankJob

SHARED, OWN = 7, 6


def shift(**message):
    return Shift(tank_request({"id": 1, "seed": 3, **message}))


def plants(row):
    """[plants, 4 levels and 2 volts] of a row."""
    return np.reshape(row[SHARED:], (-1, OWN))


def test_all_plants_have_the_same_luck_and_differ_by_who_turns_the_pumps():
    work = shift()
    for _ in range(30):
        work.step()
    envs = work.envs
    assert (
        np.ptp(envs.k, axis=0).max()
        == np.ptp(envs.set_points, axis=0).max()
        == np.ptp(envs.leaks(), axis=0).max()
        == 0
    )
    noise = envs.seen - envs.levels
    assert np.ptp(noise, axis=0).max() < 1e-12
    assert np.ptp(envs.levels, axis=0).min() > 0.05


def test_a_controller_gets_the_error_that_its_own_page_measures():
    work = shift(world="unseen")
    while not work.finished:
        work.step()
    envs = make_vector("QuadrupleTank/Unseen-v0", 1, 3)
    trial = try_out(controller("PI").player(), envs, 3)
    envs.close()
    score = work.frame(full=True)["scores"][work.operators.index("pi")]
    assert score["error"] == pytest.approx(trial.error[0], abs=1e-4)
    assert score["violation"] == pytest.approx(trial.violation[0], abs=1e-4)


@pytest.mark.skipif(not find_spec("tensorflow"), reason='needs TensorFlow: python -m pip install -e ".[cpu]"')
def test_the_policy_in_numpy_is_the_agent_that_was_trained():
    from AP.plant import Config, PlantAgent
    from framework.agent import load_agent

    agent, _ = load_agent(AGENT, PlantAgent, Config)
    envs = make_vector("QuadrupleTank-v0", 8, 0)
    envs.reset(5)
    ours, theirs = SACPolicy().player(), agent.player()
    for _ in range(20):
        assert ours(envs.obs) == pytest.approx(theirs(envs.obs), abs=1e-4)
        envs.step(theirs(envs.obs))
    envs.close()


def test_a_persons_pumps_turn_by_a_volt_a_step_to_where_they_are_wanted():
    work = shift()
    work.receive("pumps", (5.0, 3.0))
    volts = []
    for _ in range(3):
        work.step()
        volts.append(plants(work.rows[-1])[0, 4:].tolist())
    assert volts == [[4.15, 3.0], [5.0, 3.0], [5.0, 3.0]]


def test_a_leak_and_set_points_reach_every_plant_until_the_next_shift():
    work = shift()
    work.frame(full=True)
    work.receive("leak", (3, 2.0))
    work.receive("ask", (12.0, 13.0))
    told = work.frame(full=False)
    assert (told["rows"], told["set_points"], told["opened"]) == ([], [12.0, 13.0], [0, 0, 2.0, 0])
    work.step()
    assert work.rows[-1][1:SHARED] == [12.0, 13.0, 0, 0, 2.0, 0]
    calm = shift()
    calm.step()
    assert (plants(work.rows[-1])[:, 2] < plants(calm.rows[-1])[:, 2] - 0.2).all()
    work.receive("again", 4)
    told = work.frame(full=False)
    assert (told["seed"], told["first"], len(told["rows"]), told["opened"]) == (4, 0, 1, [0, 0, 0, 0])


def test_a_frame_tells_what_is_new_and_a_full_one_everything():
    work = shift()
    assert len(work.frame(full=True)["rows"]) == 1
    assert work.frame(full=False) is None
    assert work.advance(2) == 2
    told = work.frame(full=False)
    assert (told["first"], [row[0] for row in told["rows"]]) == (1, [1, 2])
    assert [row[0] for row in work.frame(full=True)["rows"]] == [0, 1, 2]
    json.dumps(work.started())


def test_a_shift_ends_after_twenty_minutes():
    work = shift(world="minimum")
    assert work.operators == ["person", "pi"]
    while not work.finished:
        work.advance(50)
    assert (work.step_of_shift, len(work.rows), work.advance(7)) == (LIMIT, LIMIT + 1, 7)
    assert work.frame(full=True)["over"]
    assert work.step_of_shift == LIMIT


def test_without_its_file_the_trained_agent_is_not_there(monkeypatch, tmp_path):
    assert shift().operators == ["person", "pi", "wrong", "linear", "sac"]
    monkeypatch.setattr(tanks, "AGENT", tmp_path / "plant.npz")
    assert shift().operators == ["person", "pi", "wrong", "linear"]


def test_the_job_pauses_at_the_end_of_a_shift_and_goes_on_with_the_next():
    told = []

    async def work():
        async def send(message):
            told.append(message)
            limits = [each for each in told if each["type"] == "limit"]
            if message["type"] == "limit" and len(limits) == 1:
                job.receive("again", 9)
                job.receive("pace", float("inf"))
            elif len(limits) == 2:
                task.cancel()
            return True

        runner = JobRunner()
        job = TankJob(lambda: shift(world="minimum"), runner, send, float("inf"))
        task = asyncio.create_task(job.run())
        await asyncio.wait([task], timeout=60)
        runner.close()

    asyncio.run(work())
    ends = [
        (each["seed"], each["rows"][-1][0])
        for each in told
        if each["type"] == "plant" and each["over"] and each["rows"]
    ]
    assert ends == [(3, LIMIT), (9, LIMIT)]
    assert [each["limit"] for each in told if each["type"] == "limit"] == ["finished"] * 2


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        ("pumps", {"volts": [1]}, "volts must be a list of two numbers from 0 to 10"),
        ("pumps", {"volts": [1, 11]}, r"got \[1, 11\]"),
        ("pumps", {}, "got null"),
        ("leak", {"tank": 5, "flow": 1}, "tank must be a whole number from 1 to 4; got 5"),
        ("leak", {"tank": 1, "flow": 9}, "flow must be a number from 0 to 5; got 9"),
        ("ask", {"first": 10, "second": 12}, "first must be a number from 11.0 to 14.5; got 10"),
        ("ask", {"first": 11, "second": 14.5}, "the upper tanks would rest above 7 cm"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(kind, message, said):
    request = tank_request({"id": 1})
    with pytest.raises(BadRequest, match=said):
        KIND.receives[kind](message, request)


def test_what_a_plant_can_hold_depends_on_its_valves():
    minimum = tank_request({"id": 1, "world": "minimum"})
    assert KIND.receives["ask"]({"first": 11, "second": 14.5}, minimum) == (11, 14.5)


def test_what_begins_a_shift_is_checked():
    assert tank_request({"id": 1, "world": "unseen", "seed": 5}).world == NAMES["unseen"]
    with pytest.raises(BadRequest, match="world must be one of seen, unseen, minimum; got 7"):
        tank_request({"id": 1, "world": 7})
