"""Work in a process of its own: the same messages as in a thread, and an end in the middle of a step."""

import asyncio
import os
import time
from contextlib import suppress

import pytest

from lab.aside import AsideJob
from lab.errors import Busy
from lab.pacing import FULL_SPEED


class Counter:
    """Counts steps in the other process; says which one that is."""

    def __init__(self, request):
        self.request, self.steps = request, 0

    def started(self):
        return {"type": "counting", "process": os.getpid()}

    def configure(self, settings):
        raise ValueError("no settings here")

    def receive(self, kind, value):
        if value == "sleep":
            time.sleep(3600)
        os._exit(1)

    def advance(self, most):
        self.steps += 1
        return 1

    def frame(self, full):
        return {"type": "frame", "steps": self.steps, "request": self.request}


def watch(until, pace=0, ask=lambda job: None):
    """Run a job until a message satisfies ``until``; returns (the messages, the job)."""

    async def run():
        messages = asyncio.Queue()

        async def send(message):
            messages.put_nowait(message)
            return True

        job = AsideJob(f"{__name__}:Counter", "maze", send, pace)
        running, seen = asyncio.create_task(job.run()), []
        try:
            while not (seen and until(seen[-1])):
                getting = asyncio.create_task(messages.get())
                await asyncio.wait([running, getting], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                seen.append(await getting)
                ask(job)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return seen, job

    return asyncio.run(run())


def test_steps_are_taken_in_another_process_which_ends_with_the_job():
    seen, job = watch(lambda message: message.get("steps", 0) > 3, pace=FULL_SPEED)
    assert seen[0]["process"] != os.getpid()
    assert seen[-1]["request"] == "maze"
    assert not job.runner.process.is_alive()


def test_a_step_that_does_not_end_is_killed_with_its_page():
    began = time.monotonic()

    async def run():
        started = asyncio.Event()

        async def send(message):
            started.set()
            return True

        job = AsideJob(f"{__name__}:Counter", "maze", send)
        running = asyncio.create_task(job.run())
        await started.wait()
        job.receive("walk", "sleep")
        await asyncio.sleep(0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return job.runner.process

    assert asyncio.run(run()).exitcode is not None
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda job: job.receive("set", {"epsilon": 1}), "no settings here"),
        (lambda job: job.receive("walk", "die"), "has ended"),
    ],
)
def test_errors_and_the_death_of_the_process_come_back_as_sentences(ask, error):
    with pytest.raises(ValueError, match=error):
        watch(lambda message: False, ask=ask)


def test_there_is_one_such_process_at_a_time():
    async def run():
        async def send(message):
            return True

        AsideJob.under_way = True
        try:
            await AsideJob(f"{__name__}:Counter", "maze", send).run()
        finally:
            AsideJob.under_way = False

    with pytest.raises(Busy):
        asyncio.run(run())
