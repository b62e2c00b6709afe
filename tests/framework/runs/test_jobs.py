"""Runs as jobs: they end, they fail, they are stopped, and somebody else's are waited for."""

import os
import threading
import time

import pytest
from filelock import FileLock

from framework.runs.jobs import Here, Job, run_job

# A chapter in small: counts to a number, saves where it is when it is told to end, and goes on from there.
CHAPTER = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[sys.argv.index("--run-folder") + 1])
if "--late" in sys.argv and (folder / "result.json").write_text("{}"):  # somebody else has just finished here
    sys.exit(f"error: the run in {folder} is finished; --play shows its agent")
if "--wrong" in sys.argv:
    sys.exit("error: wrong must be right")
saved = folder / "saved.txt"
count = int(saved.read_text()) if saved.exists() else 0
def save(*_):
    saved.write_text(str(count))
    sys.exit(143)
signal.signal(signal.SIGTERM, save)
(folder / "config.json").write_text("{}")
while count < int(sys.argv[1]):
    time.sleep(0.01)
    count += 1
(folder / "result.json").write_text(f'{{"count": {count}, "began_with": "{saved.exists()}"}}')
(folder / "metrics.csv").write_text(os.environ["NANOKA_THREADS"])
"""


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Function: arguments -> `Job`."""
    monkeypatch.delenv("NANOKA_THREADS", raising=False)
    (tmp_path / "chapter.py").write_text(CHAPTER, encoding="utf-8")
    return lambda *arguments: Job(str(tmp_path / "chapter.py"), arguments, str(tmp_path / "run"))


def test_a_job_leaves_its_files_and_is_not_run_again(job, tmp_path):
    outcome = run_job(job("3"))
    assert (outcome.code, outcome.files["metrics.csv"]) == (0, b"1")  # one thread
    assert run_job(job("--wrong")).files == outcome.files


def test_a_job_that_fails_says_why(job):
    outcome = run_job(job("3", "--wrong"))
    assert (outcome.code, outcome.said) == (1, "wrong must be right")


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process at once")
def test_a_job_that_is_stopped_saves_and_goes_on(job, tmp_path):
    with Here(1) as here:
        future = here.submit(job("300"))
        while not (tmp_path / "run" / "config.json").exists():
            time.sleep(0.01)
    assert future.result() is None
    assert b"True" in run_job(job("300")).files["result.json"]


def test_a_run_that_somebody_else_began_is_waited_for(job, tmp_path):
    (tmp_path / "run").mkdir()
    lock = FileLock(tmp_path / "run" / ".lock", thread_local=False)  # released by another thread
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    began = time.perf_counter()
    assert run_job(job("1")).code == 0
    assert time.perf_counter() - began > 0.25


def test_a_run_that_somebody_else_finishes_meanwhile_has_not_failed(job):
    outcome = run_job(job("1", "--late"))
    assert (outcome.code, outcome.files["result.json"]) == (0, b"{}")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a file that somebody writes")
def test_who_was_left_behind_does_not_write_over_what_a_run_says(job, tmp_path):
    (tmp_path / "run").mkdir()
    with open(tmp_path / "run" / "printed.txt", "w", encoding="utf-8") as left_behind:
        outcome = run_job(job("3", "--wrong"))
        left_behind.write("step 1")
    assert outcome.said == "wrong must be right"
    assert "step" not in (tmp_path / "run" / "printed.txt").read_text(encoding="utf-8")


def test_jobs_run_side_by_side(job, tmp_path):
    """Each waits until the other has begun."""
    meet = "import pathlib, sys, time\nhere = pathlib.Path(sys.argv[-1])\n(here / 'config.json').write_text('{}')\n"
    meet += "while len(list(here.parent.glob('*/config.json'))) < 2:\n    time.sleep(0.01)\n"
    (tmp_path / "meet.py").write_text(meet + "(here / 'result.json').write_text('{}')\n", encoding="utf-8")
    with Here(2) as here:
        both = [here.submit(Job(str(tmp_path / "meet.py"), (), str(tmp_path / "runs" / name))) for name in "ab"]
        assert [future.result(60).code for future in both] == [0, 0]


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="workers must be at least 1; got 0"):
        Here(0)
