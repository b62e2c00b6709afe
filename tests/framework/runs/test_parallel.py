"""Jobs in parallel processes."""

import numpy as np

from EL.q_learning import QLearningAgent
from framework.runs.parallel import run_parallel
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
