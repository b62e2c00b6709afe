"""The same job for many arguments, in parallel processes where that pays."""

import os
import signal
import time
from concurrent.futures import BrokenExecutor

from tqdm import tqdm

WORTH_PROCESSES = 3.0  # seconds of work; below that they would take longer to start than to do it


def progress_bar(total, what, initial=0, shown=True):
    """A tqdm bar with the time left, on a terminal, for whatever takes longer than two seconds."""
    return tqdm(total=total, initial=initial, desc=what, delay=2, leave=False, disable=None if shown else True)


def run_parallel(job, calls):
    """[job(*arguments) for arguments in calls], in parallel processes where that pays, with a progress bar.

    The first call runs here, and its time tells how long the rest would take. ``job`` is a function of a module,
    and gives the same result wherever it runs.
    """
    began = time.perf_counter()
    results = [job(*calls[0])]
    expected = (time.perf_counter() - began) * (len(calls) - 1)
    count = min(os.cpu_count() or 1, len(calls) - 1) if expected >= WORTH_PROCESSES else 0
    with progress_bar(len(calls), "runs", initial=1) as progress, Workers(count) as workers:
        return results + workers.map(job, calls[1:], done=progress.update)


class Workers:
    """Processes that stay, so that jobs may be given to them again and again: ``with Workers(4) as workers: …``

    They start at the first `map` and end with the context. They are started afresh, not forked, so that they behave
    alike on Linux, macOS and Windows, and they leave Ctrl-C to us.

    Args:
        count: how many processes; with 0 or 1 there is none, and everything runs here.

    Raises:
        ValueError: count is below 0.
    """

    def __init__(self, count):
        if count < 0:
            raise ValueError(f"the number of workers must be at least 0; got {count}")
        self.count, self._pool = count, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def map(self, job, calls, together=1, done=None):
        """[job(*arguments) for arguments in calls]: the same results in the same order for any number of workers.

        Args:
            job: a function of a module, which gives the same result wherever it runs; where it raises, so does map.
            calls: tuples of arguments.
            together: how many calls a worker gets at a time; more than 1 makes many short ones cheaper.
            done: called without arguments when another result is there.

        Raises:
            ChildProcessError: a worker process died, for example for want of memory.
        """
        results = []
        try:
            for result in self._results(job, list(calls), together):
                results.append(result)
                if done:
                    done()
        except BrokenExecutor:
            self.__exit__()
            raise ChildProcessError("a worker process died before it had done its job; was memory short?") from None
        return results

    def _results(self, job, calls, together):
        if self.count < 2:
            return (job(*arguments) for arguments in calls)
        if self._pool is None:
            import multiprocessing  # here, since few runs need processes
            from concurrent.futures import ProcessPoolExecutor

            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.count, context, signal.signal, (signal.SIGINT, signal.SIG_IGN))
        return self._pool.map(_run, [job] * len(calls), calls, chunksize=together)


def _run(job, arguments):
    return job(*arguments)
