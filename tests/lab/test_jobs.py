"""Jobs off the event loop: order, limits, and an end when nobody waits any more."""

import asyncio
import itertools
import os
import threading
from contextlib import aclosing

import pytest

from lab.errors import Busy, TooLong
from lab.jobs import JobRunner, timed


@pytest.fixture
def runner():
    runner = JobRunner(jobs=2, seconds=5, items=1000)
    yield runner
    runner.close()


def collect(runner, generator, **options):
    async def run():
        return [batch async for batch in runner.batches(generator, **options)]

    return asyncio.run(run())


def test_every_item_arrives_once_in_order_and_the_first_ones_come_soon(runner):
    batches = collect(runner, iter(range(700)))
    assert batches[0] == [0, 1]
    assert list(itertools.chain(*batches)) == list(range(700))


def test_job_runs_off_the_event_loop(runner):
    threads = list(itertools.chain(*collect(runner, (threading.current_thread() for _ in range(3)))))
    assert threading.main_thread() not in threads


def test_job_without_end_is_stopped_with_a_sentence(runner):
    with pytest.raises(TooLong, match="larger threshold or a smaller gamma"):
        collect(runner, itertools.count())
    assert not runner.places.locked()


def test_smaller_limit_of_one_job_holds(runner):
    with pytest.raises(TooLong):
        collect(runner, iter(range(500)), items=300)


def test_error_of_a_job_comes_through(runner):
    def fail():
        yield 1
        raise ValueError("no way out")

    for _ in range(3):  # one more than there are places
        with pytest.raises(ValueError, match="no way out"):
            collect(runner, fail())


def test_too_many_jobs_are_refused_and_one_that_has_ended_makes_room():
    runner = JobRunner(threads=3, jobs=2)
    may_go_on = threading.Event()

    def slow():
        may_go_on.wait()
        yield 1

    async def run():
        jobs = [asyncio.create_task(anext(runner.batches(slow()))) for _ in range(2)]
        for _ in range(10):  # turns in which they begin
            await asyncio.sleep(0)
        try:
            with pytest.raises(Busy, match="2 jobs are being computed already; try again"):
                await anext(runner.batches(iter([1])))
        finally:
            may_go_on.set()
        await asyncio.gather(*jobs)
        assert [batch async for batch in runner.batches(iter([1]))] == [[1]]

    asyncio.run(run())
    runner.close()


def test_a_job_whose_reader_is_slow_takes_nobodys_place(runner):
    async def run():
        async with (
            aclosing(runner.batches(itertools.count())) as first,
            aclosing(runner.batches(itertools.count())) as second,
        ):
            await anext(first), await anext(second)
            assert [batch async for batch in runner.batches(iter([1]))] == [[1]]

    asyncio.run(run())


@pytest.mark.skipif(os.name == "nt", reason="Windows counts the computing of a thread too coarsely")
def test_seconds_of_computing_are_not_those_of_waiting():
    """A function that sleeps computes nothing, however long it takes."""
    waited = threading.Event()
    _, seconds = timed(waited.wait, 0.05)
    assert seconds < 0.04


def test_job_stops_computing_when_its_reader_leaves(runner):
    pulled = []

    async def run():
        async with aclosing(runner.batches(pulled.append(i) for i in itertools.count())) as batches:
            await anext(batches)

    asyncio.run(run())
    assert len(pulled) == 2


def test_a_job_of_exactly_as_many_items_as_it_may_yield_comes_to_its_end(runner):
    assert len(list(itertools.chain(*collect(runner, iter(range(300)), items=300)))) == 300
    with pytest.raises(TooLong):
        collect(runner, iter(range(301)), items=300)
