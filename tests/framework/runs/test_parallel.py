"""Jobs in parallel processes."""

import math
import multiprocessing
import operator
import os

import numpy as np
import pytest

from EL.q_learning import QLearningAgent
from framework.runs.parallel import Workers, run_parallel
from framework.tabular.study import learn_once


def test_parallel_processes_give_what_one_process_gives(monkeypatch):
    calls = [(QLearningAgent, "GridWorld-v0", 30, seed, {"epsilon": 0.2}) for seed in range(4)]
    here = run_parallel(learn_once, calls)
    monkeypatch.setattr("framework.runs.parallel.WORTH_PROCESSES", 0.0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    there = run_parallel(learn_once, calls)
    for one, other in zip(here, there, strict=True):
        assert np.array_equal(one.rewards, other.rewards)
        assert np.array_equal(one.Q, other.Q)
        assert np.array_equal(one.N, other.N)
    assert not np.array_equal(here[0].Q, here[1].Q)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_any_number_of_workers_gives_the_same_results_in_the_same_order(count):
    done = []
    with Workers(count) as workers:
        assert workers.map(math.comb, [(n, 2) for n in range(20)], done=lambda: done.append(1)) == [
            math.comb(n, 2) for n in range(20)
        ]
        assert workers.map(math.comb, []) == []
        assert workers.map(math.comb, ((n, 3) for n in range(20)), together=6) == [math.comb(n, 3) for n in range(20)]
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            workers.map(operator.truediv, [(1, 1), (1, 0), (1, 2)])
        assert workers.map(operator.truediv, [(1, 2)]) == [0.5]  # an error ends nothing
    assert len(done) == 20


def test_processes_stay_until_the_context_is_left():
    with Workers(2) as workers:
        pids = {pid for _ in range(5) for pid in workers.map(os.getpid, [()] * 6)}
        assert 1 <= len(pids) <= 2
        assert os.getpid() not in pids
        assert {child.pid for child in multiprocessing.active_children()} >= pids
    assert pids.isdisjoint(child.pid for child in multiprocessing.active_children())
    with Workers(1) as workers:
        assert workers.map(os.getpid, [()]) == [os.getpid()]


def test_a_worker_that_dies_is_one_sentence():
    with Workers(2) as workers:
        with pytest.raises(ChildProcessError, match="a worker process died before it had done its job"):
            workers.map(os._exit, [(1,), (1,)])
        assert workers.map(abs, [(-1,), (2,)]) == [1, 2]  # others start


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(ValueError, match="the number of workers must be at least 0; got -1"):
        Workers(-1)
