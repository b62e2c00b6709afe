"""Runs something that goes on step by step, such as a lesson, at the pace that its page asks for, off the event loop.

A tick takes the steps that are due, in a worker thread and in slices of milliseconds, and sends one frame; only then
comes the next tick. So at most 36 frames a second leave, a slow reader slows its own job only, and a job whose page
has left simply stops. At its limit a job pauses: it goes on by itself no more, but does all else that it is asked.
"""

import asyncio
import math
from contextlib import suppress

from lab.errors import Busy

FRAME_SECONDS = 1 / 36  # a little less, so that 30 a second are reached
BUSY_SHARE = 0.6  # of the time between two frames that computing may take; the rest is for everybody else
MOST_STEPS = 3_000_000  # of one job, until it pauses
MOST_SECONDS = 120.0  # of computing
MOST_ASKED = 1_000  # steps and the like that wait to be done
FULL_SPEED = math.inf


class PacedJob:
    """One job of one page: what the page asked for last, and the loop that follows it.

    Whatever it is asked is answered, by "heard" where there is nothing else to say: a page that hears nothing for
    seconds takes the server to be stuck.

    Args:
        make: builds what is stepped, in a worker thread, where all of its methods run, too:

            started()            what announces it, at first and on a new line
            configure(settings)  changes settings, a dict
            receive(kind, value) does what the page asks by a message that is not of this file, such as "walk"
            advance(most)        takes up to ``most`` steps within a slice's time; returns how many
            finish(unit)         goes on to the end of the "episode" for a slice's time; returns whether it is there
            frame(full)          how things stand; with ``full`` all of it, else what changed since the last frame
            steps                how many steps it has taken

            The first three return a message, a list of messages, or None; a message is a dict, JSON text or bytes.
            ``frame`` returns a message or None. One that only answers needs no configure, advance, finish, steps.
        runner: the `JobRunner` whose threads and places it uses.
        send: coroutine that sends a message; False says that the line was lost, and that another one has come.
        pace: steps a second, 0 (paused) or `FULL_SPEED`.
    """

    most_steps, most_seconds = MOST_STEPS, MOST_SECONDS

    def __init__(self, make, runner, send, pace=0):
        self.make, self.runner, self.send, self.pace = make, runner, send, pace
        self.asked = []  # what the page asked for that is done in order, each with a frame: (kind, value)
        self.settings = {}  # changed, and not acting yet
        self.full = True  # whether the next frame shows everything
        self.unheard = False  # whether the page has asked for something, and nothing has been said since
        self.news = asyncio.Event()
        self.seconds = 0.0  # of computing

    def receive(self, kind, value):
        """Take what the page asks. It acts when the loop comes round: a slice is never disturbed.

        Raises:
            Busy: too much of what was asked before is not done yet.
        """
        if kind == "set":
            self.settings.update(value)
        elif kind == "pace":
            self.pace = value
        elif len(self.asked) < MOST_ASKED:
            self.asked.append((kind, value))
        else:
            raise Busy("many_asked", most=MOST_ASKED)
        self.unheard = True
        self.news.set()

    def resume(self):
        """Show everything again: the page has a new line."""
        self.full = True
        self.news.set()

    async def run(self):
        """Run until the task is cancelled.

        Raises:
            Busy: at once, when too many jobs are computing.   ValueError: from what is stepped.
        """
        self.runner.check_room()
        lesson = await self.work(self.make)
        await self.show(lesson)
        now = asyncio.get_running_loop().time
        began, owed = now(), 0.0
        while True:
            await self.wait(began)
            self.news.clear()
            asked = self.unheard  # before this round; what comes during it is for the next
            if self.settings:
                settings, self.settings = self.settings, {}
                await self.tell(lesson, await self.work(lesson.configure, settings))
            if self.pace and (limit := self.limit(lesson)):
                self.pace = 0
                about = {"limit": limit, "steps": lesson.steps, "seconds": self.seconds}
                await self.tell(lesson, {"type": "limit", **about})
            passed, due = now() - began, 0
            if self.pace and passed >= self.period():
                began = now()
                # Slower than the frames: one step each. Faster: as many as time has passed for, but no backlog.
                owed += 1 if self.pace * FRAME_SECONDS <= 1 else self.pace * min(passed, 3 * FRAME_SECONDS)
                due = self.most_steps if owed == FULL_SPEED else int(owed)
                owed = 0.0 if owed == FULL_SPEED else owed - due
            await self.take(lesson, due, until=began + BUSY_SHARE * FRAME_SECONDS)
            await self.answer(lesson)
            await self.show(lesson)
            if asked and self.unheard:
                await self.say({"type": "heard"})

    def limit(self, lesson):
        """The name of the limit that is reached, or None."""
        if lesson.steps >= self.most_steps:
            return "steps"
        return "seconds" if self.seconds >= self.most_seconds else None

    async def take(self, lesson, due, until):
        """Take the steps that are due, as far as time and the limit allow."""
        due = min(due, self.most_steps - lesson.steps) if due else 0
        while due > 0:
            due -= await self.work(lesson.advance, due)
            if asyncio.get_running_loop().time() >= until:
                break

    async def answer(self, lesson):
        """Do one thing that the page asked for: one at a time, so that each gets a frame."""
        if not self.asked:
            return
        kind, value = self.asked.pop(0)
        if kind != "step":
            await self.tell(lesson, await self.work(lesson.receive, kind, value))
        elif value == "step":
            await self.work(lesson.advance, 1)
        else:
            while not await self.work(lesson.finish, value):
                pass
        if self.asked:
            self.news.set()

    async def tell(self, lesson, messages):
        """Send what is to be said; on a new line after all that there is to show."""
        for message in listed(messages):
            while not await self.say(message):
                self.full = True
                await self.show(lesson)

    async def show(self, lesson):
        """Send a frame; at first and on a new line what announces the job, and a full frame."""
        while True:
            full, self.full = self.full, False
            messages = listed(await self.work(lesson.started)) if full else []
            for message in [*messages, *listed(await self.work(lesson.frame, full))]:
                if not await self.say(message):
                    self.full = True
                    break
            else:
                return

    async def say(self, message):
        self.unheard = False
        return await self.send(message)

    def period(self):
        return max(FRAME_SECONDS, 1 / self.pace)

    async def wait(self, began):
        """Wait until the next frame is due, or the page asks for something."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(began + self.period() if self.pace else None):
                await self.news.wait()

    async def work(self, function, *arguments):
        """Run in a worker thread, and count the time."""
        result, seconds = await self.runner.work(function, *arguments)
        self.seconds += seconds
        return result


def listed(messages):
    """None, a message or a list of messages as a list."""
    return messages if isinstance(messages, list) else [] if messages is None else [messages]
