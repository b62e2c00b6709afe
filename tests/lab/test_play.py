"""A person as the agent."""

import asyncio
import json

import pytest

from environment import BOOK_MAZE, GridWorld
from lab.errors import BadRequest
from lab.jobs import JobRunner
from lab.learning import Truth
from lab.play import Play
from lab.protocol.play import KIND, play_request

UP, RIGHT, DOWN, LEFT = range(4)
PLAY = {"id": 1, "grid": [list(row) for row in BOOK_MAZE], "seed": 3, "gamma": 0.9}


def play(**changes):
    return Play(play_request({**PLAY, **changes}))


def test_a_person_walks_the_world_itself_slips_included():
    game, env = play(), GridWorld()
    state, _ = env.reset(seed=3)
    total, discounted, slips = 0.0, 0.0, 0
    for i in range(100):
        told = game.receive("act", i % 4)
        next_state, reward, terminated, _, info = env.step(i % 4)
        total, discounted, slips = total + reward, discounted + 0.9**i * reward, slips + info["slipped"]
        assert (told["state"], told["action"], told["reward"], told["next_state"]) == (
            state,
            i % 4,
            reward,
            next_state,
        )
        assert (told["slipped"], told["terminated"], told["step"]) == (info["slipped"], terminated, i + 1)
        assert (told["return"], told["discounted"]) == (total, discounted)
        state = next_state
        if terminated:
            break
    assert terminated
    assert 0 < slips < i
    assert game.receive("act", UP) is None  # a key that was pressed too late


def test_an_episode_is_told_with_its_seed_and_the_optimum():
    game = play(prob=1)
    told = game.frame(full=True)
    assert (told["type"], told["shape"], told["start"], told["state"]) == ("playing", [3, 4], 8, 8)
    assert (told["seed"], told["steps"]) == (3, [])
    assert told["optimum"] == Truth(GridWorld(move_prob=1), 0.9).optimum
    game.receive("act", UP)
    assert game.frame(full=False) is None
    told = game.frame(full=True)  # for a page that comes back
    assert (told["state"], told["steps"], told["return"]) == (4, [[8, UP, -0.04, 4]], -0.04)


def test_again_begins_anew_with_the_seed_that_was_asked_for_or_a_new_one():
    game = play(prob=0.5)
    first = [game.receive("act", UP)["next_state"] for _ in range(5)]
    assert game.receive("again", 3)["steps"] == []
    assert [game.receive("act", UP)["next_state"] for _ in range(5)] == first
    seeds = {game.receive("again", None)["seed"] for _ in range(3)}
    assert len(seeds) == 3
    assert game.frame(full=True)["return"] == 0


def test_an_episode_is_cut_as_a_learners_is():
    game = play(prob=1)
    for _ in range(999):
        assert not game.receive("act", LEFT)["truncated"]
    assert game.receive("act", LEFT)["truncated"]
    assert game.receive("act", LEFT) is None


def test_an_end_at_the_limit_is_an_end():
    game = play(prob=1, grid=[[0, 1], [0, 0]])
    for action in [LEFT] * 998 + [UP]:
        game.receive("act", action)
    told = game.receive("act", RIGHT)
    assert (told["terminated"], told["truncated"]) == (True, False)


def test_a_play_can_be_run_as_a_job():
    runner, sent = JobRunner(), []

    async def send(message):
        sent.append(json.loads(json.dumps(message)))
        return True

    async def run():
        job = KIND.job(play_request(PLAY), runner, send)
        task = asyncio.create_task(job.run())
        for kind, value in (("act", UP), ("again", None), ("act", UP)):
            job.receive(kind, value)
        while len(sent) < 4:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(run())
    runner.close()
    assert [message["type"] for message in sent] == ["playing", "acted", "playing", "acted"]


def test_malformed_messages_are_refused():
    for change in ({"seed": -1}, {"seed": "x"}, {"gamma": 2}, {"grid": []}):
        with pytest.raises(BadRequest):
            play_request({**PLAY, **change})
    for message in ({"action": 4}, {"action": True}, {}):
        with pytest.raises(BadRequest):
            KIND.receives["act"](message, None)
    with pytest.raises(BadRequest):
        KIND.receives["again"]({"seed": -1}, None)
