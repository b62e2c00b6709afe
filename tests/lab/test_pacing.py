"""A lesson's pace, by a clock that the test sets forward."""

import asyncio
import json
from contextlib import suppress

import pytest

from lab.jobs import JobRunner
from lab.pacing import FULL_SPEED, LessonJob
from lab.protocol import learn_request

LEARN = {"grid": [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]], "learners": [{"name": "q_learning", "seed": 3}]}


@pytest.mark.parametrize(("pace", "most"), [(2, 1), (1_000, 100), (10_000, 1_000)])
def test_a_lesson_that_goes_on_after_a_pause_does_not_catch_up(pace, most):
    """An hour later it takes one step, or at most as many as in three frames, a tenth of a second."""

    async def lesson():
        loop, frames, runner = asyncio.get_running_loop(), asyncio.Queue(), JobRunner()
        clock, hours = loop.time, 0

        async def send(message):
            if isinstance(message, str):  # a frame, as text
                frames.put_nowait(json.loads(message))

        loop.time = lambda: clock() + 3600 * hours
        job = LessonJob(learn_request({**LEARN, "pace": 0}), runner, send)
        running = asyncio.create_task(job.run())
        await frames.get()  # how things stand before the first step
        hours = 1
        job.set_pace(pace)
        frame = await frames.get()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        runner.close()
        return frame["learners"][0]["step"]

    assert 1 <= asyncio.run(lesson()) <= most


def test_a_lesson_at_full_speed_stops_at_its_limit_wherever_it_came_from():
    """One step by hand, then all the others at once: 50 together."""

    async def lesson():
        messages, runner = asyncio.Queue(), JobRunner()

        async def send(message):
            messages.put_nowait(json.loads(message) if isinstance(message, str) else message)

        async def next_frame():
            while (message := await messages.get())["type"] != "frame":
                pass
            return message

        job = LessonJob(learn_request({**LEARN, "pace": 0}), runner, send, most_steps=50)
        running = asyncio.create_task(job.run())
        await next_frame()
        job.step("step")
        assert (await next_frame())["learners"][0]["step"] == 1
        job.set_pace(FULL_SPEED)
        await running
        runner.close()
        return [messages.get_nowait() for _ in range(messages.qsize())]

    *_, frame, finished = asyncio.run(lesson())
    assert frame["learners"][0]["step"] == 50
    assert finished == {"type": "finished", "id": None, "steps": 50}
