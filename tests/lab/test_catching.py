"""A person's games of Catcher, and the student that learns from them."""

import asyncio
import json
from contextlib import suppress

import gymnasium as gym
import numpy as np
import pytest

from lab import catching
from lab.aside import AsideJob
from lab.catching import REST, Catching, CatchJob, network_student
from lab.errors import BadRequest, Busy
from lab.jobs import JobRunner
from lab.pacing import FULL_SPEED, PacedJob
from lab.protocol.base import parse_message
from lab.protocol.catch import KIND, catch_request
from worlds.catcher import FRUIT_X, FRUIT_Y, PADDLE_X, CatcherVector, catcher_oracle

LEFT, WAIT, RIGHT = range(3)
CATCH = {"id": 1, "seed": 5}


class FakeStudent:
    """Always does the same; remembers what it was told."""

    def __init__(self, obs_space=None, action_space=None, seed=None, action=LEFT):
        self.action, self.obs, self.labels, self.fits = action, [], [], 0

    def act(self, obs):
        return np.full(len(obs), self.action)

    def add(self, obs, labels):
        self.obs.append(obs[0])
        self.labels.extend(labels)

    def fit(self, gradient_steps):
        self.fits += gradient_steps
        return 0.5


def games(make_student=FakeStudent, **changes):
    return Catching(catch_request({**CATCH, **changes}), make_student)


def play(game, steps):
    for _ in range(steps):
        game.step()
    return game


def rounds(game, count=1):
    """Step until so many more rounds have ended; returns all that have, in order."""
    wanted = len(game.ended) + count
    while len(game.ended) < wanted:
        game.step()
    return game.ended


# -- the games --------------------------------------------------------------------------------------------------


def test_the_person_plays_the_world_itself_and_each_step_is_a_label_of_what_was_seen():
    game, env = games(), gym.make("CatcherState-v0")
    obs, _ = env.reset(seed=5)
    pushes = [LEFT, None, RIGHT, None, WAIT] * 12
    seen = []
    for action in pushes:
        seen.append(obs)
        game.receive("push", action)
        game.step()
        obs, *_ = env.step(WAIT if action is None else action)
        np.testing.assert_array_equal(game.mine.obs, obs)
    assert game.student.labels == [WAIT if action is None else action for action in pushes]
    np.testing.assert_array_equal(game.student.obs, seen)


def test_a_key_that_is_held_acts_until_it_is_let_go_and_a_short_push_acts_for_one_step():
    game = games()
    game.receive("push", RIGHT)
    play(game, 3)
    game.receive("push", None)
    play(game, 2)
    game.receive("push", LEFT)
    game.receive("push", None)  # let go before the next step
    play(game, 2)
    assert game.student.labels == [RIGHT] * 3 + [WAIT] * 2 + [LEFT, WAIT]


def test_both_boards_have_the_same_fruits_and_the_next_round_has_others():
    game = games(teacher="oracle")
    fruits = []
    for _ in range(2):
        this_round = []
        while not game.ended:
            game.step()
            if not game.theirs.over:
                mine, theirs = (each.state[0, [FRUIT_X, FRUIT_Y]].tolist() for each in (game.mine, game.theirs))
                assert mine == theirs
                this_round.append(mine[0])
        game.ended.clear()
        play(game, REST)
        fruits.append(this_round[0])
    assert fruits[0] != fruits[1]


def test_a_student_out_of_lives_comes_back_on_the_same_fruits_and_its_first_try_counts():
    game = games(teacher="oracle")  # the student pushes left for ever
    while not game.theirs.over:
        game.step()
    out = game.theirs.told()
    assert (out["lives"], out["missed"]) == (0, 3)
    first = game.theirs.result
    play(game, REST - 1)
    back = game.theirs
    assert (back.over, back.told()["lives"], back.caught, back.missed) == (False, 3, 0, 0)
    np.testing.assert_array_equal(back.obs, game.mine.obs)
    # It plays better now, and is out of lives again for all that.
    game.student.act = lambda obs: np.array([WAIT, LEFT if back.caught > 1 else catcher_oracle(back.state)[0]])
    while not game.mine.over:
        game.step()
        if not game.theirs.over and not game.theirs.out:
            assert game.theirs.state[0, FRUIT_Y] == game.mine.state[0, FRUIT_Y]
            assert game.theirs.state[0, FRUIT_X] == game.mine.state[0, FRUIT_X]
    assert game.ended == [
        {"round": 1, "teacher": "oracle", "driver": "teacher", "returns": [16, first], "labels": 500}
    ]
    assert first == -3


def test_a_round_goes_on_until_both_games_are_over_and_rests_before_the_next():
    game = games(lambda *_: FakeStudent(action=WAIT))  # both do the same: nothing
    ended = rounds(game)[-1]
    assert ended["returns"][0] == ended["returns"][1]
    assert game.frame(full=False)["mine"]["over"]
    play(game, REST - 1)
    assert (game.round, game.mine.over) == (1, True)
    game.step()
    assert (game.round, game.mine.over, game.mine.caught) == (2, False, 0)


# -- who drives, who teaches ------------------------------------------------------------------------------------


def test_where_the_student_drives_its_action_is_executed_and_only_what_is_pressed_is_a_label():
    game = games(driver="student")  # the student pushes left
    before = game.theirs.state[0, PADDLE_X]
    play(game, 5)
    assert game.student.labels == []  # nobody has said anything
    assert game.student.fits == 0
    game.receive("push", RIGHT)
    play(game, 5)
    assert game.student.labels == [RIGHT] * 5
    assert game.theirs.state[0, PADDLE_X] < before  # to the left all the same
    np.testing.assert_array_equal(game.student.obs[-1][[2, 3]], game.student.obs[0][[2, 3]] + [0, 8 / 32])
    told = game.frame(full=False)
    assert (told["mine"], told["theirs"]["action"], told["said"]) == (None, LEFT, RIGHT)
    game.receive("push", WAIT)
    game.step()
    assert game.student.labels[-1] == WAIT  # "let it slide" can be said, too


def test_the_oracle_labels_the_state_that_the_student_is_in():
    game = games(driver="student", teacher="oracle")
    for _ in range(60):
        said = int(catcher_oracle(game.theirs.state)[0])
        game.step()
        assert game.student.labels[-1] == said
        assert game.theirs.action == LEFT


def test_agreement_is_that_of_the_student_before_it_has_learnt_the_label():
    game = games(lambda *_: FakeStudent(action=RIGHT))
    game.receive("push", RIGHT)
    play(game, 6)
    game.receive("push", None)
    play(game, 2)
    told = game.frame(full=False)
    assert (told["agreement"], told["recent"], told["labels"], told["loss"]) == (6 / 8, 8, 8, 0.5)


def test_another_driver_begins_another_round_and_another_teacher_does_not():
    game = play(games(), 10)
    game.receive("roles", {"teacher": "oracle", "driver": "teacher"})
    assert (game.round, game.step_of_round) == (1, 10)
    game.receive("roles", {"teacher": "oracle", "driver": "student"})
    assert (game.round, game.step_of_round) == (2, 0)
    assert game.num_labels == 10  # what was taught is kept


def test_a_student_that_is_forgotten_is_new_and_the_round_does_not_count():
    made = []

    def make(*_):
        made.append(FakeStudent())
        return made[-1]

    game = play(games(make), 10)
    game.receive("forget", None)
    assert len(made) == 2
    assert (game.num_labels, game.frame(full=False)["recent"], game.ended) == (0, 0, [])
    game.step()
    assert len(made[1].labels) == 1


def test_one_can_play_without_a_student():
    game = games(student="none", teacher="oracle")
    assert game.started()["student"] is False
    ended = rounds(game)
    told = game.frame(full=False)
    assert ended[0]["returns"] == [16, None]
    assert (told["theirs"], told["labels"], told["agreement"]) == (None, 0, None)


def test_a_frame_tells_what_has_changed_since_the_last_and_is_json():
    game = games(teacher="oracle")
    first = game.frame(full=True)
    assert game.frame(full=False) is None
    assert game.advance(1) == 1
    told = json.loads(json.dumps(game.frame(full=False)))
    assert (first["step"], told["step"], told["round"]) == (0, 1, 1)
    rounds(game)
    assert len(game.frame(full=False)["ended"]) == 1
    assert game.frame(full=True)["ended"] == []


# -- messages ---------------------------------------------------------------------------------------------------


def test_malformed_messages_are_refused_in_one_sentence():
    for change in ({"seed": -1}, {"student": "x"}, {"teacher": 1}, {"driver": None}, {"pace": -1}, {"pace": "x"}):
        with pytest.raises(BadRequest):
            catch_request({**CATCH, **change})
    with pytest.raises(BadRequest, match="no student who could drive"):
        catch_request({**CATCH, "student": "none", "driver": "student"})
    alone, request = catch_request({**CATCH, "student": "none"}), catch_request(CATCH)
    for kind, message in (
        ("push", {"action": 3}),
        ("push", {"action": True}),
        ("push", {"action": 0.5}),
        ("roles", {"teacher": "cat"}),
        ("roles", {"driver": ["student"]}),
        ("pace", {"pace": "fast"}),
    ):
        with pytest.raises(BadRequest):
            KIND.receives[kind](message, request)
    with pytest.raises(BadRequest, match="no student who could drive"):
        KIND.receives["roles"]({"driver": "student"}, alone)
    assert KIND.receives["push"]({"action": None}, request) is None
    assert KIND.receives["roles"]({"driver": "student"}, request) == {"teacher": "person", "driver": "student"}
    assert catch_request(parse_message('{"id": 1}')).pace == 20


def test_a_game_alone_needs_no_process_and_does_not_outlive_its_line():
    runner, sent = JobRunner(), []

    async def send(message):
        sent.append(json.loads(json.dumps(message)))
        return True

    async def run():
        job = KIND.job(catch_request({**CATCH, "student": "none", "pace": "full"}), runner, send)
        task = asyncio.create_task(job.run())
        while not (sent and sent[-1].get("round", 0) > 1):
            await asyncio.sleep(0)
        task.cancel()
        return job

    job = asyncio.run(run())
    runner.close()
    assert type(job) is PacedJob
    assert not KIND.survives
    assert [message["type"] for message in sent[:2]] == ["catching", "caught"]


# -- the process ------------------------------------------------------------------------------------------------


def run_job(job, sent, until, ask=lambda: None):
    """Run a job until a message satisfies ``until``, or it ends."""

    async def run():
        running = asyncio.create_task(job.run())
        try:
            while not running.done() and not (sent and until(sent[-1])):
                ask()
                await asyncio.sleep(0.001)
            if running.done():
                running.result()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, BadRequest, Busy):
                await running

    asyncio.run(run())


def catch_job(**changes):
    sent = []

    async def send(message):
        sent.append(message)
        return True

    return KIND.job(catch_request({**CATCH, **changes}), None, send), sent


def test_where_tensorflow_is_missing_one_sentence_names_the_extra(monkeypatch):
    monkeypatch.setattr(catching, "find_spec", lambda name: None)
    job, sent = catch_job()
    with pytest.raises(BadRequest, match=r'needs TensorFlow.*-e "\.\[cpu\]"'):
        asyncio.run(job.run())
    assert sent == []
    assert not AsideJob.under_way


def test_there_is_one_student_at_a_time(monkeypatch):
    monkeypatch.setattr(catching, "find_spec", lambda name: True)
    monkeypatch.setattr(AsideJob, "under_way", True)
    job, _ = catch_job()
    with pytest.raises(Busy, match="is in use"):
        asyncio.run(job.run())


def make_idle(request):
    """Games with a fake student, for the other process."""
    return Catching(request, FakeStudent)


def test_a_student_with_whom_nobody_plays_leaves_and_frees_its_process(monkeypatch):
    monkeypatch.setattr(catching, "find_spec", lambda name: True)
    monkeypatch.setattr(catching, "IDLE_SECONDS", 0.05)
    job, sent = catch_job(pace=0)
    job.maker = f"{__name__}:make_idle"
    with pytest.raises(Busy, match="nobody played"):
        asyncio.run(job.run())
    assert [message["type"] for message in sent] == ["waking", "catching", "caught"]
    assert not job.runner.process.is_alive()
    assert not AsideJob.under_way


def test_the_steps_are_taken_in_another_process_which_ends_with_the_page(monkeypatch):
    monkeypatch.setattr(catching, "find_spec", lambda name: True)
    job, sent = catch_job(pace="full", teacher="oracle")
    job.maker = f"{__name__}:make_idle"
    assert isinstance(job, CatchJob)
    assert job.pace == FULL_SPEED
    run_job(job, sent, lambda message: message.get("labels", 0) > 20)
    assert not job.runner.process.is_alive()
    assert not AsideJob.under_way


# -- the real student -------------------------------------------------------------------------------------------


def test_the_student_of_a_game_is_a_network_that_is_traced_before_the_first_step_and_never_again():
    pytest.importorskip("tensorflow")
    from framework.graph import graphs_of

    game = games(network_student, teacher="oracle", driver="student")
    before = {name: graph.traces for name, graph in graphs_of(game.student).items()}
    weights = [each.copy() for each in game.student.network.get_weights()]
    fresh = network_student(game.mine.env.observation_space, game.mine.env.action_space, 5)
    assert all(map(np.array_equal, weights, fresh.network.get_weights()))  # waking has taught it nothing
    play(game, 40)
    assert {name: graph.traces for name, graph in graphs_of(game.student).items()} == before
    assert before == {"probs": 1, "update": 1}
    assert 0 < game.loss < 1.2


def mean_return(student, count=20):
    """Of the student in games that nobody has taught it."""
    worlds = CatcherVector(count, "state")
    obs, _ = worlds.reset(seed=10**6)
    totals, alive = np.zeros(count), np.ones(count, bool)
    while alive.any():
        obs, reward, terminated, truncated, _ = worlds.step(student.act(obs))
        totals += reward * alive
        alive &= ~(terminated | truncated)
    return totals.mean()


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["teacher", "student"])
def test_after_two_rounds_with_the_oracle_the_student_is_nearly_as_good(driver):
    pytest.importorskip("tensorflow")
    game = games(network_student, seed=1, teacher="oracle", driver=driver)
    while game.num_labels < 1000:
        game.step()
    assert mean_return(game.student) >= 0.9 * 16
