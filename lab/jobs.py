"""Runs generators off the event loop, a slice of milliseconds at a time.

A job is a plain generator, such as a planner's sweeps. A worker thread pulls items from it for a slice, the loop
sends them on, and only then is the next slice asked for. So a slow reader slows its own job and nobody else's, memory
stays bounded, many jobs share few threads fairly, and a job that nobody waits for any more simply stops.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

SLICE_SECONDS = 0.005
SLICE_ITEMS = 100
FIRST_ITEMS = 2  # a plan announces itself, then makes its first sweep


class Busy(RuntimeError):
    """More jobs at once than this server takes; the text is one sentence."""


class TooLong(RuntimeError):
    """A job took more time or more items than it may; the text is one sentence."""


class JobRunner:
    """A pool of threads with limits.

    Args:
        threads: how many slices run at the same time.
        jobs: how many jobs may be under way.
        seconds: computing time that one job may take.
        items: items that one job may yield.
    """

    def __init__(self, threads=2, jobs=100, seconds=20.0, items=10_000):
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self.jobs, self.seconds, self.items = jobs, seconds, items
        self.under_way = 0
        self.newcomers = 0  # jobs that have shown nothing yet; the others let them go first
        self.all_have_begun = asyncio.Event()
        self.all_have_begun.set()

    async def batches(self, generator, items=None):
        """Async generator of lists of items; the first list is short, so that it comes soon.

        ``items`` is a smaller limit than the runner's own. Close it (``contextlib.aclosing``) to end the job.

        Raises:
            Busy: at once, when too many jobs are under way.
            TooLong: past the limits. Errors of ``generator`` come through as they are.
        """
        if self.under_way >= self.jobs:
            raise Busy(f"{self.jobs} jobs are under way already; try again in a moment")
        self.under_way += 1
        try:
            loop = asyncio.get_running_loop()
            spent, count, finished = 0.0, 0, False
            limit = min(self.items, items or self.items)
            while not finished:
                if count:
                    await self.all_have_begun.wait()
                    batch, seconds, finished = await loop.run_in_executor(
                        self.pool, take_slice, generator, SLICE_ITEMS
                    )
                else:
                    with self.newcomer():
                        batch, seconds, finished = await loop.run_in_executor(
                            self.pool, take_slice, generator, FIRST_ITEMS
                        )
                spent, count = spent + seconds, count + len(batch)
                if batch:
                    yield batch
                if spent > self.seconds or count > limit:
                    raise TooLong(
                        f"not finished after {count:,} sweeps and {spent:.1f} s of computing; "
                        "use a larger threshold or a smaller gamma"
                    )
        finally:
            self.under_way -= 1

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


def take_slice(generator, most):
    """In a worker thread: up to ``most`` items, within a slice's time; returns (items, seconds, finished)."""
    items = []
    began = time.perf_counter()
    for item in generator:
        items.append(item)
        if len(items) >= most or time.perf_counter() - began > SLICE_SECONDS:
            return items, time.perf_counter() - began, False
    return items, time.perf_counter() - began, True
