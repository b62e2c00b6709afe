"""Runs a lesson at the pace that its page asks for, off the event loop.

A tick takes the steps that are due, in a worker thread and in slices of milliseconds, and sends one frame; only then
comes the next tick. So at most 30 frames a second leave, a slow reader slows its own lesson only, and a lesson whose
page has left simply stops. The messages:

    in   {"type": "learn", "id", grid, start, prob, step_reward, "learners": [{"name", "seed"}] (one or two),
          "settings": {"epsilon": 0.1, …}, "pace": steps a second, 0 (paused) or "full"}
         {"type": "set", "id", "settings"}   {"type": "pace", "id", "pace"}  {"type": "step", "id", "unit": "step"}
    out  {"type": "learning", …} `Lesson.started`, once; {"type": "frame", …} `Lesson.frame`, after every tick;
         {"type": "finished", "id", "steps"} at the limit
"""

import asyncio
import math
from contextlib import suppress

from lab.jobs import Busy
from lab.learning import Lesson

FRAME_SECONDS = 1 / 30
BUSY_SHARE = 0.6  # of the time between two frames that computing may take; the rest is for everybody else
MOST_STEPS = 3_000_000  # of one lesson
MOST_SECONDS = 120.0  # of computing
FULL_SPEED = math.inf


class LessonJob:
    """One lesson of one page: what the page asked for last, and the loop that follows it.

    Args:
        request: a `LearnRequest`.
        runner: the `JobRunner` whose threads and places it uses.
        send: coroutine that sends a message, a dict or JSON text, to the page.
    """

    def __init__(self, request, runner, send, most_steps=MOST_STEPS):
        self.request, self.runner, self.send, self.most_steps = request, runner, send, most_steps
        self.pace = request.pace
        self.steps_asked = self.episodes_asked = 0
        self.settings = {}  # changed, and not acting yet
        self.news = asyncio.Event()
        self.spent = 0.0  # seconds of computing

    # What a page may ask while it runs. Nothing acts before the loop comes round: a slice is never disturbed.

    def set(self, settings):
        self.settings.update(settings)
        self.news.set()

    def set_pace(self, pace):
        self.pace = pace
        self.news.set()

    def step(self, unit):
        """Ask for one more "step" or "episode", also while paused."""
        if unit == "step":
            self.steps_asked += 1
        else:
            self.episodes_asked += 1
        self.news.set()

    async def run(self):
        """Run the lesson until it reaches the limit, or the task is cancelled.

        Raises:
            Busy: at once, when too many jobs are under way.   ValueError: the values have grown without bound.
        """
        if self.runner.under_way >= self.runner.jobs:
            raise Busy(f"{self.runner.jobs} jobs are under way already; try again in a moment")
        self.runner.under_way += 1
        try:
            lesson = await self.work(Lesson, self.request)
            await self.send(lesson.started())
            await self.send(await self.work(lesson.frame))
            await self.teach(lesson)
            await self.send({"type": "finished", "id": lesson.id, "steps": lesson.steps})
        finally:
            self.runner.under_way -= 1

    async def teach(self, lesson):
        now = asyncio.get_running_loop().time
        began, owed = now(), 0.0
        while lesson.steps < self.most_steps and self.spent < MOST_SECONDS:
            await self.wait(began)
            self.news.clear()
            if self.settings:
                settings, self.settings = self.settings, {}
                await self.work(lesson.configure, settings)
            passed, due = now() - began, 0
            if self.pace and passed >= self.period():
                began = now()
                # Slower than the frames: one step each. Faster: as many as time has passed for, but no backlog.
                owed += 1 if self.pace * FRAME_SECONDS <= 1 else self.pace * min(passed, 3 * FRAME_SECONDS)
                due = self.most_steps if owed == FULL_SPEED else int(owed)
                owed = 0.0 if owed == FULL_SPEED else owed - due
            await self.take(lesson, due, until=began + BUSY_SHARE * FRAME_SECONDS)
            await self.send(await self.work(lesson.frame))

    async def take(self, lesson, due, until):
        """Take the steps that are due, as far as time allows; then one step or episode that the page asked for."""
        now = asyncio.get_running_loop().time
        due = min(due, self.most_steps - lesson.steps)
        while due > 0:
            due -= await self.work(lesson.advance, due)
            if now() >= until:
                break
        if self.steps_asked:
            self.steps_asked -= 1
            await self.work(lesson.advance, 1)
        elif self.episodes_asked:
            self.episodes_asked -= 1
            while not await self.work(lesson.finish_episode):
                pass
        if self.steps_asked or self.episodes_asked:
            self.news.set()  # one at a time: each gets a frame

    def period(self):
        return max(FRAME_SECONDS, 1 / self.pace)

    async def wait(self, began):
        """Wait until the next frame is due, or the page asks for something."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(began + self.period() if self.pace else None):
                await self.news.wait()

    async def work(self, function, *arguments):
        """Run in a worker thread, and count the time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        result = await loop.run_in_executor(self.runner.pool, function, *arguments)
        self.spent += loop.time() - began
        return result
