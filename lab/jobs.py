"""Runs generators off the event loop, a slice of milliseconds at a time.

A job is a plain generator, such as a planner's sweeps. A worker thread pulls items from it for a slice, the loop
sends them on, and only then is the next slice asked for. So a slow reader slows its own job and nobody else's, memory
stays bounded, many jobs share few threads fairly, and a job that nobody waits for any more simply stops.
"""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lab.errors import Busy, TooLong

SLICE_SECONDS = 0.005
SLICE_ITEMS = 100
FIRST_ITEMS = 2  # a plan announces itself, then makes its first sweep

# What a thread computes, without its waiting for others. Windows counts that in 16 ms, too coarse for a slice.
computing_seconds = time.perf_counter if os.name == "nt" else time.thread_time


class JobRunner:
    """A pool of threads with limits.

    Args:
        threads: how many slices run at the same time.
        jobs: how many jobs may be computing or waiting for a thread. One that is paused or that waits for its reader
            does not count.
        seconds: computing time that one job may take.
        items: items that one job may yield.
    """

    def __init__(self, threads=2, jobs=100, seconds=20.0, items=10_000):
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self.jobs, self.seconds, self.items = jobs, seconds, items
        self.places = asyncio.Semaphore(jobs)
        self.newcomers = 0  # jobs that have shown nothing yet; the others let them go first
        self.all_have_begun = asyncio.Event()
        self.all_have_begun.set()

    def check_room(self):
        """Raise `Busy` if no further job may begin now."""
        if self.places.locked():
            raise Busy("busy", jobs=self.jobs)

    async def work(self, function, *arguments):
        """Run a function in a worker thread, once there is a place; returns (its result, seconds of computing)."""
        async with self.places:
            return await asyncio.get_running_loop().run_in_executor(self.pool, timed, function, *arguments)

    async def batches(self, generator, items=None):
        """Async generator of lists of items; the first list is short, so that it comes soon.

        ``items`` is a smaller limit than the runner's own. Close it (``contextlib.aclosing``) to end the job.

        Raises:
            Busy: at once, when too many jobs are computing.
            TooLong: past the limits. Errors of ``generator`` come through as they are.
        """
        self.check_room()
        spent, count, finished = 0.0, 0, False
        limit = min(self.items, items or self.items)
        while not finished:
            if count:
                await self.all_have_begun.wait()
                (batch, finished), seconds = await self.work(take_slice, generator, SLICE_ITEMS)
            else:
                with self.newcomer():
                    (batch, finished), seconds = await self.work(take_slice, generator, FIRST_ITEMS)
            spent, count = spent + seconds, count + len(batch)
            if batch:
                yield batch
            if spent > self.seconds or count > limit:
                raise TooLong("too_long", sweeps=f"{count:,}", seconds=f"{spent:.1f}")

    @contextmanager
    def newcomer(self):
        """While a job's first slice is under way, no other job starts a later one."""
        self.newcomers += 1
        self.all_have_begun.clear()
        try:
            yield
        finally:
            self.newcomers -= 1
            if not self.newcomers:
                self.all_have_begun.set()

    def close(self):
        self.pool.shutdown(wait=False, cancel_futures=True)


def timed(function, *arguments):
    """Call a function in this thread; returns (its result, seconds of computing)."""
    began = computing_seconds()
    result = function(*arguments)
    return result, computing_seconds() - began


def take_slice(generator, most):
    """Up to ``most`` items, within a slice's time; returns (items, whether the generator has ended)."""
    items = []
    until = time.perf_counter() + SLICE_SECONDS
    for item in generator:
        items.append(item)
        if len(items) >= most or time.perf_counter() > until:
            return items, False
    return items, True
