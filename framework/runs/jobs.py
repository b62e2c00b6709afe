"""Runs of chapters as jobs, here or on a cluster. Each is a command of its own, which goes on where it stopped.

Whoever gives jobs may be killed: what ran goes on to its end by itself, and the same jobs given again wait for it.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from framework.runs.folder import ROOT

FILES = ("config.json", "metrics.csv", "result.json", "error.txt", "agent.npz", "learning.png")
LOOK = 0.1  # seconds between two looks at what runs
# What a run says whose folder another process took that had not locked it yet, or has just finished in it.
TAKEN = ("another process is training in", "is finished; --play")


@dataclass(frozen=True)
class Job:
    """A run of a script in a folder of its own, from the start or from where it stopped."""

    script: str
    """Path below the project's folder, or a whole one."""
    arguments: tuple[str, ...]
    folder: str
    """Whole path of the run's folder."""
    threads: int = 1
    """Of one operation: with one, runs side by side do not wait for each other."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with the exit code 0, or with what it said last."""

    code: int
    said: str
    files: dict
    """{name: bytes} of what it left in its folder."""


def run_job(job, stopping=None):
    """Run a job to its end; an `Outcome`, or None if ``stopping``, a `threading.Event`, was set before."""
    stopping, folder = stopping or Event(), Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    code, said = 1, TAKEN[0]
    while code and any(sentence in said for sentence in TAKEN):
        while _is_training(folder):  # for somebody who was killed meanwhile
            if stopping.wait(LOOK):
                return None
        code, said = 0, ""
        if (folder / "result.json").exists():
            break
        command = [sys.executable, str(Path(ROOT, job.script)), *job.arguments, "--run-folder", str(folder)]
        threads = os.environ.get("NANOKA_THREADS") or str(job.threads)
        environ = {**os.environ, "NANOKA_THREADS": threads, "OMP_NUM_THREADS": threads, "MPLBACKEND": "agg"}
        # Apart from us, so that Ctrl-C is ours alone: from us it hears SIGTERM, at which it saves where it is.
        apart = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}
        printed = folder / "printed.txt"
        with suppress(OSError):  # whom somebody left behind who was killed goes on writing into the old one
            printed.unlink()
        with open(printed, "w", encoding="utf-8") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environ, **apart
            )
            while process.poll() is None:
                if stopping.wait(LOOK):
                    process.terminate()
                    process.wait()
                    return None
        code, said = process.returncode, _last_line(printed)
    return Outcome(code, said, {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()})


def _is_training(folder):
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except NotImplementedError:  # a file system without locks
        return False
    lock.release()
    return False


def _last_line(path):
    """What a job said last: its error, if it had one, without the frame that is drawn around those of flags."""
    lines = [line.strip(" │╭╮╰╯─") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    errors = [line for line in lines if line.startswith(("error: ", "Unrecognized options: ", "Error parsing "))]
    return (errors or [line for line in lines if line] or ["it said nothing"])[-1].removeprefix("error: ")


class Here:
    """Processes of this machine: ``with Here(2) as here: future = here.submit(job)``.

    Args:
        workers: how many jobs run at once.
    """

    def __init__(self, workers):
        if workers < 1:
            raise ValueError(f"workers must be at least 1; got {workers}")
        self.pool, self.stopping = ThreadPoolExecutor(workers), Event()

    def submit(self, job):
        """A `concurrent.futures.Future` of the job's `Outcome`."""
        return self.pool.submit(run_job, job, self.stopping)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """What still runs is told to save where it is, and to end."""
        self.stopping.set()
        self.pool.shutdown(cancel_futures=True)


class OnRay:
    """A Ray cluster, whose every core takes a job; the extra ``cluster``. A job whose node dies goes to another node.

    Args:
        address: of the cluster, such as "auto" or "10.0.0.1:6379"; "" starts one on this machine.

    Raises:
        ValueError: Ray is not installed, or there is no cluster.
    """

    def __init__(self, address):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # before the import: nothing is sent anywhere
        try:
            import ray
        except ImportError:
            raise ValueError('Ray is not installed: python -m pip install -e ".[cpu,cluster]"') from None
        self.ray = ray
        try:
            ray.init(address or None, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ValueError(f"there is no Ray cluster at {address}: {str(error).splitlines()[0]}") from None
        self.remote = ray.remote(num_cpus=1, max_retries=-1)(run_job)

    def submit(self, job):
        """A `concurrent.futures.Future` of the job's `Outcome`."""
        return self.remote.remote(job).future()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ray.shutdown()
