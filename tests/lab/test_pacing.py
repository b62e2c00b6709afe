"""A job's pace, its limits and its lines, with a counter for a lesson and a clock that the test sets forward."""

import asyncio
from contextlib import asynccontextmanager, suppress
from unittest.mock import patch

import pytest

from lab.errors import Busy
from lab.jobs import JobRunner
from lab.pacing import FULL_SPEED, MOST_ASKED, PacedJob


class Counter:
    """Counts steps. An episode has ten."""

    def __init__(self):
        self.steps, self.shown = 0, 0
        self.settings = {}

    def started(self):
        return [{"type": "counting"}, {"type": "truth"}]

    def configure(self, settings):
        self.settings.update(settings)

    def advance(self, most):
        done = min(most, 7)
        self.steps += done
        return done

    def finish(self, unit):
        self.steps += 1
        return self.steps % 10 == 0

    def receive(self, kind, value):
        return {"type": kind, "value": value}

    def frame(self, full):
        new, self.shown = self.steps - self.shown, self.steps
        return {"type": "frame", "full": full, "steps": self.steps, "new": new, **self.settings}


class Page:
    """What a job sends, and a line that may be lost."""

    def __init__(self, job):
        self.job, self.messages, self.lost = job, asyncio.Queue(), False

    async def send(self, message):
        if self.lost:
            self.lost = False
            return False
        await self.messages.put(message)
        return True

    async def next(self, kind="frame"):
        while (message := await self.messages.get())["type"] != kind:
            pass
        return message

    async def after(self, kind, value=None):
        """The frame after the page has asked for something."""
        self.job.receive(kind, value)
        return await self.next()


@asynccontextmanager
async def counting(pace=0, runner=None):
    """A page whose job has begun and shown its first frame."""
    runner = runner or JobRunner()
    job = PacedJob(Counter, runner, None, pace)
    page = Page(job)
    job.send = page.send
    task = asyncio.create_task(job.run())
    await page.next()
    yield page
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    runner.close()


def test_a_job_announces_itself_then_shows_everything_then_what_is_new():
    async def run():
        async with counting() as page:
            one = await page.after("step", "step")
            two = await page.after("step", "step")
            return one, two

    one, two = asyncio.run(run())
    assert one == {"type": "frame", "full": False, "steps": 1, "new": 1}
    assert two == {"type": "frame", "full": False, "steps": 2, "new": 1}


@pytest.mark.parametrize(("pace", "most"), [(2, 1), (1_000, 100), (10_000, 1_000)])
def test_a_lesson_that_goes_on_after_a_pause_does_not_catch_up(pace, most):
    """An hour later it takes one step, or at most as many as in three frames, a tenth of a second."""

    async def run():
        loop = asyncio.get_running_loop()
        clock, hours = loop.time, 0
        loop.time = lambda: clock() + 3600 * hours
        async with counting() as page:
            hours = 1
            return (await page.after("pace", pace))["steps"]

    assert 1 <= asyncio.run(run()) <= most


def test_episodes_steps_settings_and_other_messages_are_done_in_their_order_each_with_a_frame():
    async def run():
        async with counting() as page:
            for kind, value in (("step", "step"), ("step", "episode"), ("walk", 3), ("step", "step")):
                page.job.receive(kind, value)
            assert [(await page.next())["steps"] for _ in range(2)] == [1, 10]
            assert (await page.next("walk"))["value"] == 3
            await page.next()
            assert (await page.next())["steps"] == 11
            assert (await page.after("set", {"epsilon": 0.5}))["epsilon"] == 0.5

    asyncio.run(run())


def test_whatever_is_asked_is_answered_even_where_nothing_is_new():
    async def run():
        async with counting() as page:
            with patch.object(Counter, "frame", lambda self, full: None):
                page.job.receive("pace", 0)
                assert await asyncio.wait_for(page.messages.get(), 5) == {"type": "heard"}
            assert page.messages.empty()

    asyncio.run(run())


def test_a_job_at_full_speed_pauses_at_its_limit_and_does_all_else_that_it_is_asked():
    async def run():
        async with counting() as page:
            page.job.most_steps = 50
            assert (await page.after("step", "step"))["steps"] == 1
            page.job.receive("pace", FULL_SPEED)
            limit = await page.next("limit")
            assert (limit["limit"], limit["steps"]) == ("steps", 50)
            await page.next()
            assert (await page.after("step", "step"))["steps"] == 51
            assert (await page.after("step", "episode"))["steps"] == 60
            assert (await page.after("set", {"epsilon": 0}))["epsilon"] == 0
            page.job.receive("walk", None)
            await page.next("walk")
            page.job.receive("pace", 5)
            assert (await page.next("limit"))["steps"] == 60

    asyncio.run(run())


def test_the_limit_that_was_hit_is_named():
    async def run():
        async with counting() as page:
            page.job.most_seconds = 0
            page.job.receive("pace", 5)
            return await page.next("limit")

    limit = asyncio.run(run())
    assert (limit["limit"], limit["steps"]) == ("seconds", 0)


def test_waiting_for_others_counts_for_nothing():
    """With a clock that stands still in the workers no time is spent, whatever the clock on the wall says."""

    async def run():
        with patch("lab.jobs.computing_seconds", lambda: 5.0):
            async with counting(FULL_SPEED) as page:
                for _ in range(5):
                    await page.next()
                return page.job.seconds

    assert asyncio.run(run()) == 0


def test_a_hundred_paused_jobs_lock_nobody_out():
    async def run():
        runner = JobRunner(jobs=1)
        async with counting(runner=runner) as one, counting(runner=runner) as two:
            assert (await one.after("step", "step"))["steps"] == 1
            assert (await two.after("step", "step"))["steps"] == 1

    asyncio.run(run())


def test_a_new_job_is_refused_where_too_many_are_computing():
    async def run():
        with pytest.raises(Busy, match="0 jobs are being computed already; try again"):
            await PacedJob(Counter, JobRunner(jobs=0), None).run()

    asyncio.run(run())


def test_who_asks_faster_than_can_be_done_is_told_so():
    job = PacedJob(Counter, None, None)
    for _ in range(MOST_ASKED):
        job.receive("step", "step")
    with pytest.raises(Busy, match="1000 requests"):
        job.receive("step", "step")


async def shows_everything(page):
    for kind in ("counting", "truth"):
        assert (await page.messages.get())["type"] == kind
    assert (await page.messages.get())["full"]


def test_on_a_new_line_everything_is_shown_and_no_message_is_lost():
    async def run():
        async with counting() as page:
            page.lost = True
            page.job.receive("step", "step")  # its frame is lost, and the next one shows all
            await shows_everything(page)
            page.lost = True
            page.job.receive("walk", 3)
            await shows_everything(page)
            assert (await page.messages.get()) == {"type": "walk", "value": 3}
            await page.next()
            page.job.resume()
            await shows_everything(page)
            assert not (await page.after("step", "step"))["full"]

    asyncio.run(run())
