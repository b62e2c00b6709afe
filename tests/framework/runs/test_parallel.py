"""Jobs in parallel processes."""

import math
import multiprocessing
import operator
import os
import subprocess
import sys

import numpy as np
import pytest

from EL.q_learning import QLearningAgent
from framework.runs.parallel import Workers, computing_threads, run_parallel
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
        with pytest.raises(ChildProcessError, match="a worker process died at its job"):
            workers.map(os._exit, [(1,), (1,)])
        assert workers.map(abs, [(-1,), (2,)]) == [1, 2]  # others start


def test_workers_end_when_the_process_that_they_work_for_is_killed():
    """They have its output, too: it ends when the last of them does."""
    source = (
        "import os, signal\nfrom framework.runs.parallel import Workers\nif __name__ == '__main__':\n"
        "    with Workers(2) as workers:\n        print(workers.map(abs, [(-1,), (2,)]), flush=True)\n"
        "        os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))"
    )
    done = subprocess.run([sys.executable, "-c", source], stdout=subprocess.PIPE, encoding="utf-8", timeout=60)
    assert done.stdout == "[1, 2]\n"
    assert done.returncode != 0


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(ValueError, match="the number of workers must be at least 0; got -1"):
        Workers(-1)


def test_no_calls_have_no_results():
    assert run_parallel(abs, []) == []
    with Workers(2) as workers:
        assert workers.map(abs, []) == []


class TwoPart(Exception):
    """Pickled, but not unpickled: its arguments are not those that made it."""

    def __init__(self, what, why):
        super().__init__(f"{what} {why}")


def refuse():
    raise TwoPart("too", "long")


def open_file():
    return open(os.devnull)


def test_what_cannot_come_back_from_a_worker_is_a_sentence_and_ends_no_process():
    with Workers(2) as workers:
        with pytest.raises(RuntimeError, match="TwoPart: too long"):
            workers.map(refuse, [(), ()])
        with pytest.raises(TypeError, match="a worker process cannot send its TextIOWrapper back: cannot pickle"):
            workers.map(open_file, [(), ()])
        assert workers.map(abs, [(-1,), (2,)]) == [1, 2]


@pytest.mark.parametrize(("text", "threads"), [(None, 2), ("", 2), ("1", 1), ("16", 16)])
def test_two_threads_compute_unless_the_environment_says_otherwise(text, threads, monkeypatch):
    monkeypatch.delenv("NANOKA_THREADS", raising=False)
    if text is not None:
        monkeypatch.setenv("NANOKA_THREADS", text)
    assert computing_threads() == threads


@pytest.mark.parametrize("text", ["0", "-1", "two", "2.0", "２"])
def test_a_number_of_threads_that_is_none_is_refused(text, monkeypatch):
    monkeypatch.setenv("NANOKA_THREADS", text)
    with pytest.raises(ValueError, match=f"NANOKA_THREADS must be a whole number from 1 to 256; got '{text}'"):
        computing_threads()


# Scripts of a reader's. Each prints its results, and whether all ran in one process.

OWN = """
import os
from framework.runs.parallel import Workers

def job(x):
    return x * x, os.getpid()
"""
WORK = """
with Workers(2) as workers:
    for _ in range(2):
        results = workers.map(job, [(x,) for x in range(4)])
print([square for square, _ in results], {pid for _, pid in results} == {os.getpid()})
"""
OF_A_MODULE = "import mathjobs\njob = mathjobs.job\n"
GUARDED = "if __name__ == '__main__':" + WORK.replace("\n", "\n    ")
RIGHT = "[0, 1, 4, 9]"


@pytest.fixture
def script(tmp_path):
    """(source, how it is run) -> what it printed, what it said."""
    of_a_module = OWN + "\ndef in_world(x, env_id):\n    return job(x)\n"
    (tmp_path / "mathjobs.py").write_text(of_a_module, encoding="utf-8")

    def script(source, way="file"):
        (tmp_path / "own.py").write_text(source, encoding="utf-8")
        arguments = {"file": ["own.py"], "-c": ["-c", source], "stdin": ["-"]}[way]
        command = [sys.executable, *arguments]
        done = subprocess.run(command, input=source, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=100)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), done.stderr.strip()

    return script


def test_a_guarded_script_shares_its_own_job_among_processes(script):
    assert script(OWN + GUARDED) == (f"{RIGHT} False", "")


def test_a_script_without_a_guard_does_its_own_job_alone_and_says_so_once(script):
    printed, said = script(OWN + WORK)
    assert printed == f"{RIGHT} True"
    assert said == (
        "one process does all the runs: "
        'put what starts the work in own.py under `if __name__ == "__main__":` to use more'
    )


@pytest.mark.parametrize("way", ["file", "-c", "stdin"])
def test_a_module_s_job_is_shared_wherever_it_is_called(way, script):
    """Also without a guard: the script is not imported by the others."""
    assert script(OWN + OF_A_MODULE + WORK, way) == (f"{RIGHT} False", "")


@pytest.mark.parametrize("way", ["-c", "stdin"])
def test_what_a_prompt_defines_is_done_here_and_the_reason_said(way, script):
    printed, said = script(OWN + WORK, way)
    assert printed == f"{RIGHT} True"
    assert said == (
        "one process does all the runs: other processes do not see what a notebook or a prompt defines; "
        "put it into a module"
    )


def test_what_cannot_be_sent_is_done_here_and_the_reason_said(script):
    printed, said = script(OWN + GUARDED.replace("map(job", "map(lambda x: job(x)"))
    assert printed == f"{RIGHT} True"
    assert said.startswith("one process does all the runs: other processes take only plain data, and functions and")


def test_a_world_that_only_a_prompt_registers_is_not_looked_for_elsewhere(script):
    source = "import gymnasium\nfrom mathjobs import in_world\ngymnasium.register('Own-v0', 'mathjobs:Own')\n" + OWN
    source += WORK.replace("(job, [(x,)", "(in_world, [(x, 'Own-v0')")
    printed, said = script(source, "-c")
    assert printed == f"{RIGHT} True"
    assert said.endswith("other processes do not know Own-v0; call it module:Own-v0, after the module of the world")
    assert script(source.replace("x, 'Own", "x, 'mathjobs:Own"), "-c") == (f"{RIGHT} False", "")


def test_an_error_of_the_script_s_own_class_comes_back_as_such(script):
    source = OWN + "class Own(Exception):\n    pass\n\ndef fail(x):\n    raise Own(x)\n"
    source += "if __name__ == '__main__':\n    with Workers(2) as workers:\n        try:\n"
    source += "            workers.map(fail, [(1,), (2,)])\n        except Own as error:\n            print(error)\n"
    assert script(source) == ("1", "")
