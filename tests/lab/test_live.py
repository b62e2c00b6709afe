"""A page's line and its jobs, over a real WebSocket."""

import asyncio
import json
from unittest.mock import Mock, patch

import pytest
from tornado.httpclient import HTTPClientError
from tornado.testing import gen_test

from DP.planner import PLANNERS, greedy_actions
from environment import GridWorld
from lab.live import KEPT_SECONDS, KINDS, MOST_KEPT, Live, Visit, Visits
from lab.pacing import PacedJob
from lab.protocol.base import LARGEST_MESSAGE, Kind, message_id, nothing
from tests.lab.test_fuzz import BEGIN
from tests.lab.test_pacing import Counter
from tests.lab.test_server import PLAN, LabTestCase, answer_of, answers_until, ask

ENDLESS = {**PLAN, "grid": [[0, 0], [0, 1]], "gamma": 1, "step_reward": 0.5}
PAGE = "0123456789abcdef" * 2


class CountRequest:
    def __init__(self, message):
        self.id = message_id(message)


class NamedCounter(Counter):
    """Its frames are texts that hold the id, as those of lessons are."""

    def __init__(self, request):
        super().__init__()
        self.id = request.id

    def frame(self, full):
        return json.dumps({"id": self.id, **super().frame(full)})


def count_job(request, runner, send):
    return PacedJob(lambda: NamedCounter(request), runner, send)


COUNT = Kind(CountRequest, count_job, {"step": lambda message, request: "step", "walk": nothing}, survives=True)


class LiveTestCase(LabTestCase):
    """The server knows a further kind of job, "count"."""

    def setUp(self):
        kinds = patch.dict(KINDS, {"count": COUNT})
        kinds.start()
        self.addCleanup(kinds.stop)
        super().setUp()

    async def count(self, line, job_id=5):
        """Begin to count, and wait for the first frame."""
        await ask(line, {"type": "count", "id": job_id})
        return await answers_until(line, "frame")

    async def hello(self, page=PAGE):
        """A new line, and the jobs of the page that are alive."""
        line = await self.connect()
        await ask(line, {"type": "hello", "page": page})
        welcome = await answer_of(line)
        assert welcome["type"] == "welcome"
        return line, welcome["jobs"]

    async def turns(self):
        """Messages of another line give the server its turns."""
        other = await self.connect()
        for _ in range(50):
            await ask(other, {"type": "shout"})
            await answer_of(other)
        other.close()

    def jobs(self):
        """All jobs that are alive on the server."""
        return [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "Visit.run"]


class TestJobs(LiveTestCase):
    @gen_test
    async def test_jobs_of_different_kinds_run_at_the_same_time_and_each_is_told_what_it_is_sent(self):
        line = await self.connect()
        await self.count(line)
        await ask(line, PLAN)
        assert {answer["id"] for answer in await answers_until(line, "done")} == {7}
        await ask(line, {"type": "step", "id": 5})
        frame = await answer_of(line)
        assert (frame["id"], frame["steps"]) == (5, 1)

    @gen_test
    async def test_new_job_replaces_one_of_its_kind(self):
        line = await self.connect()
        await ask(line, {**ENDLESS, "id": 1})
        await answer_of(line)
        await ask(line, {**PLAN, "id": 2})
        answers = await answers_until(line, "done")
        assert {"type": "cancelled", "id": 1} in answers
        after = answers[answers.index({"type": "cancelled", "id": 1}) + 1 :]
        assert {answer["id"] for answer in after} == {2}

    @gen_test
    async def test_new_job_replaces_one_of_its_id(self):
        line = await self.connect()
        await self.count(line, 7)
        await ask(line, PLAN)
        answers = await answers_until(line, "done")
        assert answers[0] == {"type": "cancelled", "id": 7}

    @gen_test
    async def test_a_malformed_job_replaces_nothing(self):
        line = await self.connect()
        await self.count(line, 7)
        await ask(line, {**PLAN, "plan": "magic"})
        assert (await answer_of(line))["code"] == "choice"
        await ask(line, {"type": "step", "id": 7})
        assert (await answer_of(line))["steps"] == 1

    @gen_test
    async def test_a_line_runs_a_job_of_every_kind_at_the_same_time(self):
        line = await self.connect()
        names = [name for name in BEGIN if name != "plan"]  # which ends by itself, unless it is by hand
        for name in names:
            await ask(line, {"type": name, "id": name, **BEGIN[name]})
        by_hand = {"plan": "policy", "by_hand": True}
        await ask(line, {"type": "plan", "id": "plan", **BEGIN["plan"], **by_hand})
        heard = set()
        while heard != {*names, "plan"}:
            answer = await answer_of(line)
            assert answer["type"] != "error"
            heard.add(answer["id"])

    @gen_test
    async def test_cancel_ends_the_job_that_it_names_or_all_of_them(self):
        line = await self.connect()
        await self.count(line)
        await ask(line, {**PLAN, "plan": "policy", "by_hand": True})
        await answer_of(line)
        await ask(line, {"type": "cancel", "id": 99})
        assert await answer_of(line) == {"type": "cancelled", "id": 99}  # a page takes silence for a stuck server
        await ask(line, {"type": "cancel", "id": 5})
        assert await answer_of(line) == {"type": "cancelled", "id": 5}
        await self.count(line)
        await ask(line, {"type": "cancel"})
        assert [(await answer_of(line))["id"] for _ in range(2)] == [7, 5]
        await self.turns()
        assert not self.jobs()

    @gen_test
    async def test_a_message_for_a_job_that_does_not_take_it_gets_one_sentence(self):
        line = await self.connect()
        await self.count(line)
        for message in ({"type": "step", "id": 6}, {"type": "evaluate", "id": 5}, {"type": "step"}):
            await ask(line, message)
            answer = await answer_of(line)
            assert (answer["code"], answer["args"]) == ("no_job", {"type": message["type"]})
            assert not answer["over"]

    @gen_test
    async def test_walk_is_the_lessons_where_it_names_one_and_else_a_policys(self):
        line = await self.connect()
        await self.count(line)
        await ask(line, {**PLAN, "type": "walk", "id": 5, "policy": [1] * 12})
        assert "value" in await answer_of(line)
        await answer_of(line)  # the frame behind it
        await ask(line, {**PLAN, "type": "walk", "policy": [1] * 12, "seed": 3})
        assert (await answer_of(line))["seed"] == 3
        await ask(line, {**PLAN, "type": "walk"})
        assert (await answer_of(line))["code"] == "policy"

    @gen_test
    async def test_error_of_a_job_ends_it_with_a_code_and_that_is_said(self):
        line = await self.connect()
        await ask(line, {**PLAN, "grid": [[0, 0], [0, 0]], "gamma": 1})
        *_, error = await answers_until(line, "error")
        assert (error["id"], error["code"], error["over"]) == (7, "no_end", True)
        await self.turns()
        assert not self.jobs()

    @gen_test
    async def test_a_bug_in_a_job_is_told_and_the_line_stays_open(self):
        line = await self.connect()
        with patch.object(NamedCounter, "advance", side_effect=ZeroDivisionError), self.assertLogs("tornado"):
            await self.count(line)
            await ask(line, {"type": "step", "id": 5})
            error = await answer_of(line)
        assert (error["id"], error["code"], error["over"]) == (5, "fault", True)
        await self.count(line)

    @gen_test
    async def test_a_value_that_is_no_number_is_told_as_values_without_bound(self):
        line = await self.connect()
        with patch.object(NamedCounter, "receive", lambda *_: {"type": "walk", "return": float("inf")}):
            await self.count(line)
            await ask(line, {"type": "walk", "id": 5})
            assert (await answers_until(line, "error"))[-1]["code"] == "no_bound"

    @gen_test
    async def test_no_job_is_begun_for_a_page_whose_line_was_lost_meanwhile(self):
        visit = Visit(Visits(1), None)
        await visit.begin(COUNT, {"id": 5}, self.runner)
        assert not visit.jobs

    @gen_test
    async def test_a_job_that_is_cancelled_leaves_what_it_was_sending_to_the_line(self):
        written = asyncio.Future()
        sending = asyncio.create_task(Live.send(Mock(write_message=lambda *_, **__: written), "frame"))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending])
        assert not written.cancelled()


class TestPlan(LiveTestCase):
    @gen_test
    async def test_sweeps_stream_as_the_planner_makes_them(self):
        line = await self.connect()
        for plan, planner_of in PLANNERS.items():
            await ask(line, {**PLAN, "plan": plan})
            started, *batches, done = await answers_until(line, "done")
            assert (started["type"], started["shape"], started["start"]) == ("started", [3, 4], 8)
            planner = planner_of(GridWorld())
            planner.plan()
            sweeps = [sweep for batch in batches for sweep in batch["sweeps"]]
            assert [sweep["values"] for sweep in sweeps] == [V.tolist() for V in planner.log]
            bits = greedy_actions(planner.Q, 1e-4) @ [1, 2, 4, 8]
            assert sweeps[-1]["greedy"] == [0 if s in (3, 5, 7) else bits[s] for s in range(12)]
            assert done["policy"] == planner.policy.tolist()
            assert {message["id"] for message in (started, *batches, done)} == {7}

    @gen_test
    async def test_ties_of_a_symmetric_maze_are_shown_as_ties_by_every_planner(self):
        line = await self.connect()
        for plan in PLANNERS:
            await ask(line, {**PLAN, "plan": plan, "grid": [[0, 0, 0], [0, 0, 0], [0, 0, 1]]})
            *_, last, _ = await answers_until(line, "done")
            assert last["sweeps"][-1]["greedy"][0] == 2 + 4  # right and down, along the diagonal

    @gen_test
    async def test_outcomes_are_the_worlds_own_model(self):
        line = await self.connect()
        await ask(line, PLAN)
        started = await answer_of(line)
        P = GridWorld().P
        assert started["outcomes"] == [[[list(outcome) for outcome in P[s][a]] for a in range(4)] for s in range(12)]

    @gen_test
    async def test_plan_by_hand_goes_on_when_asked(self):
        line = await self.connect()
        await ask(line, {**PLAN, "plan": "policy", "by_hand": True})
        assert len((await answer_of(line))["policy"]) == 12
        for kind in ("evaluate", "improve"):
            await ask(line, {"type": kind, "id": 7})
            (sweep,) = (await answer_of(line))["sweeps"]
            assert sweep["phase"] == kind

    @gen_test
    async def test_walk_is_an_episode_of_the_real_world(self):
        line = await self.connect()
        await ask(line, {**PLAN, "type": "walk", "policy": [1] * 12, "seed": 3})
        walk = await answer_of(line)
        env = GridWorld()
        state, _ = env.reset(seed=3)
        for s, action, next_state, reward in walk["steps"]:
            assert (s, action) == (state, 1)
            state, expected, *_ = env.step(action)
            assert (next_state, reward) == (state, expected)
        assert walk["return"] == sum(step[3] for step in walk["steps"])

    @gen_test
    async def test_server_that_is_too_busy_says_so_and_the_line_stays_open(self):
        line = await self.connect()
        places, self.runner.places = self.runner.places, asyncio.Semaphore(0)
        await ask(line, PLAN)
        answer = await answer_of(line)
        assert (answer["type"], answer["id"], answer["code"]) == ("error", 7, "busy")
        assert "try again in a moment" in answer["message"]
        self.runner.places = places
        await ask(line, PLAN)
        assert (await answers_until(line, "done"))[-1]["id"] == 7

    @gen_test
    async def test_event_loop_answers_while_a_plan_is_computed(self):
        line, other = await self.connect(), await self.connect()
        await ask(line, ENDLESS)
        await ask(other, {**PLAN, "id": 1})
        assert (await answers_until(other, "done"))[-1]["id"] == 1


class TestLine(LiveTestCase):
    @gen_test
    async def test_bad_messages_are_answered_and_the_line_stays_open(self):
        line = await self.connect()
        texts = ("{", "[]", "{}", '{"type": "shout"}', '{"type": ["plan"]}', '{"type": "plan", "id": 3}')
        ragged = json.dumps({**PLAN, "grid": [[0, 0], []]})
        for text in (*texts, ragged, " " * (LARGEST_MESSAGE + 1)):
            await line.write_message(text)
            answer = await answer_of(line)
            assert answer["type"] == "error"
            assert answer["message"]
        await line.write_message(b"\x01", binary=True)
        assert (await answer_of(line))["code"] == "not_binary"
        await ask(line, PLAN)
        assert (await answers_until(line, "done"))[-1]["id"] == 7

    @gen_test
    async def test_a_binary_message_is_read_like_a_text(self):
        line = await self.connect()
        header = json.dumps(PLAN).encode()
        await line.write_message(len(header).to_bytes(4, "little") + header, binary=True)
        assert (await answers_until(line, "done"))[-1]["id"] == 7

    @gen_test
    async def test_a_job_may_send_bytes(self):
        line = await self.connect()
        with patch.object(NamedCounter, "frame", lambda self, full: b"\x00\xff"):
            await ask(line, {"type": "count", "id": 5})
            await answer_of(line), await answer_of(line)
            assert await line.read_message() == b"\x00\xff"

    @gen_test
    async def test_other_sites_cannot_open_a_line(self):
        with pytest.raises(HTTPClientError, match="403"):
            await self.connect(Origin="http://evil.example")

    @gen_test
    async def test_client_that_leaves_ends_its_jobs(self):
        line = await self.connect()
        await ask(line, ENDLESS)
        await answer_of(line)
        await self.count(line)  # which survives, but for whom? the page has not said who it is
        line.close()
        await self.turns()
        assert not self.jobs()


class TestComingBack(LiveTestCase):
    @gen_test
    async def test_a_lesson_goes_on_on_a_new_line_and_shows_everything_first(self):
        line, jobs = await self.hello()
        assert jobs == []
        await self.count(line)
        await ask(line, {"type": "step", "id": 5})
        await answer_of(line)
        line.close()
        await self.turns()
        line, jobs = await self.hello()
        assert jobs == [5]
        *announced, frame = await answers_until(line, "frame")
        assert [message["type"] for message in announced] == ["counting", "truth"]  # they may have been lost, too
        assert (frame["full"], frame["steps"]) == (True, 1)
        await ask(line, {"type": "step", "id": 5})
        frame = await answer_of(line)
        assert (frame["full"], frame["steps"]) == (False, 2)

    @gen_test
    async def test_a_plan_does_not_outlive_its_line(self):
        line, _ = await self.hello()
        await ask(line, ENDLESS)
        await answer_of(line)
        line.close()
        await self.turns()
        assert not self.jobs()
        assert (await self.hello())[1] == []

    @gen_test(timeout=600)  # by the clock that is set forward
    async def test_a_page_that_does_not_come_back_within_a_minute_finds_nothing(self):
        loop = asyncio.get_running_loop()
        clock, later = loop.time, 0
        with patch.object(loop, "time", lambda: clock() + later):
            line, _ = await self.hello()
            await self.count(line)
            line.close()
            await self.turns()
            later = KEPT_SECONDS - 5
            await self.turns()
            assert self.jobs()
            later = KEPT_SECONDS + 5
            await self.turns()
            assert not self.jobs()
            assert (await self.hello())[1] == []

    @gen_test(timeout=600)  # by the clock that is set forward
    async def test_a_page_that_came_back_in_time_keeps_its_lesson_for_good(self):
        loop = asyncio.get_running_loop()
        clock, later = loop.time, 0
        with patch.object(loop, "time", lambda: clock() + later):
            line, _ = await self.hello()
            await self.count(line)
            line.close()
            await self.turns()
            await self.hello()
            later = KEPT_SECONDS + 5
            await self.turns()
            assert self.jobs()

    @gen_test
    async def test_a_new_line_replaces_one_that_has_died_unnoticed(self):
        old, _ = await self.hello()
        await self.count(old)
        line, jobs = await self.hello()
        assert jobs == [5]
        while await old.read_message() is not None:
            pass
        await answers_until(line, "frame")
        await ask(line, {"type": "step", "id": 5})
        assert (await answer_of(line))["steps"] == 1

    @gen_test(timeout=4)  # Tornado waits for 5 s until it cuts a line that does not say good-bye
    async def test_who_comes_back_need_not_wait_for_what_the_old_line_never_took(self):
        old, _ = await self.hello()
        with patch.object(NamedCounter, "frame", lambda self, full: "x" * 20_000_000):
            await ask(old, {"type": "count", "id": 5})
            await self.turns()
        line, _ = await self.hello()
        assert (await answers_until(line, "frame"))[-1]["full"]

    @gen_test
    async def test_another_page_finds_nothing_of_it(self):
        line, _ = await self.hello()
        await self.count(line)
        line.close()
        await self.turns()
        other, jobs = await self.hello("f" * 32)
        assert jobs == []
        await ask(other, {"type": "step", "id": 5})
        assert (await answer_of(other))["code"] == "no_job"

    @gen_test
    async def test_hello_comes_first_and_says_who_it_is(self):
        line = await self.connect()
        for page in (None, 5, "x" * 32, "0" * 31, "0" * 33, "A" * 32):
            await ask(line, {"type": "hello", "page": page})
            assert (await answer_of(line))["code"] == "bad_page"
        await self.count(line)
        await ask(line, {"type": "hello", "page": PAGE})
        assert (await answer_of(line))["code"] == "late_hello"

    @gen_test
    async def test_of_the_pages_that_are_away_only_so_many_are_kept(self):
        with patch("lab.live.MOST_KEPT", 2):
            assert MOST_KEPT > 2
            for page in "abc":
                line, _ = await self.hello(page * 32)
                await self.count(line)
                line.close()
                await self.turns()
            assert [(await self.hello(page * 32))[1] for page in "abc"] == [[], [5], [5]]
