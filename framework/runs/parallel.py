"""The same job for many arguments, in parallel processes where that pays; and how many threads compute."""

import os
import pickle
import re
import signal
import sys
import time
from concurrent.futures import BrokenExecutor
from contextlib import nullcontext
from functools import cache

from tqdm import tqdm

from worlds.spawning import main_file, main_is_guarded, sendable_error, without_main

THREADS = 2
MOST_THREADS = 256
WORTH_PROCESSES = 3.0  # seconds of work; below that they would take longer to start than to do it
KNOWN_TO_ALL = ("gymnasium", "environment", "worlds")  # packages whose worlds every process finds by their names


def computing_threads():
    """How many threads compute one operation of TensorFlow: 2, or the environment variable NANOKA_THREADS.

    Threads share the terms of a sum, and another number of them rounds it in another order. So this number, and not
    that of the computer's processors, is part of what makes a run repeatable.

    Raises:
        ValueError: the variable is no whole number from 1 to 256.
    """
    text = os.environ.get("NANOKA_THREADS") or str(THREADS)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_THREADS):
        raise ValueError(f"NANOKA_THREADS must be a whole number from 1 to {MOST_THREADS}; got {text!r}")
    return int(text)


def progress_bar(total, what, initial=0, shown=True):
    """A tqdm bar with the time left, on a terminal, for whatever takes longer than two seconds."""
    return tqdm(total=total, initial=initial, desc=what, delay=2, leave=False, disable=None if shown else True)


def run_parallel(job, calls):
    """[job(*arguments) for arguments in calls], in parallel processes where that pays, with a progress bar.

    The first call runs here, and its time tells how long the rest would take. ``job`` gives the same result wherever
    it runs.
    """
    if not calls:
        return []
    began = time.perf_counter()
    results = [job(*calls[0])]
    expected = (time.perf_counter() - began) * (len(calls) - 1)
    count = min(os.cpu_count() or 1, len(calls) - 1) if expected >= WORTH_PROCESSES else 0
    with progress_bar(len(calls), "runs", initial=1) as progress, Workers(count) as workers:
        return results + workers.map(job, calls[1:], done=progress.update)


class Workers:
    """Processes that stay, so that jobs may be given to them again and again: ``with Workers(4) as workers: …``

    They start at the first `map` and end with the context. They are started afresh, not forked, so that they behave
    alike on Linux, macOS and Windows, and they leave Ctrl-C to us. What they cannot find or take, such as a class of
    a notebook's cell, runs here, and a sentence says why.

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
            job: gives the same result wherever it runs; where it raises, so does map.
            calls: tuples of arguments.
            together: how many calls a worker gets at a time; more than 1 makes many short ones cheaper.
            done: called without arguments when another result is there.

        Raises:
            ChildProcessError: a worker process died, for example for want of memory.
            TypeError: a worker process cannot send a result back.
        """
        results = []
        try:
            for result in self._results(job, list(calls), together):
                results.append(result)
                if done:
                    done()
        except BrokenExecutor:
            self.__exit__()
            raise ChildProcessError("a worker process died at its job; memory may have been short") from None
        return results

    def _results(self, job, calls, together):
        sent = _sent(job, calls) if self.count > 1 else None
        if sent is None:
            return (job(*arguments) for arguments in calls)
        if self._pool is None:
            import multiprocessing  # here, since few runs need processes
            from concurrent.futures import ProcessPoolExecutor

            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.count, context, _begin)
        with nullcontext() if main_is_guarded() else without_main():  # they start while it takes the calls
            results = self._pool.map(_run, sent, chunksize=together)
        return map(pickle.loads, results)


def _sent(job, calls):
    """The job with each of its arguments, as bytes; None, and a sentence, where no other process could take them."""
    try:
        sent = [pickle.dumps((job, arguments)) for arguments in calls]
    except Exception as error:  # objects may raise anything when they are pickled
        return _say(f"other processes take only plain data, and functions and classes of a module ({error})")
    if main_is_guarded():
        return sent
    if any(b"__main__" in one for one in sent):
        if main_file() is None:
            return _say("other processes do not see what a notebook or a prompt defines; put it into a module")
        return _say(f'put what starts the work in {main_file().name} under `if __name__ == "__main__":` to use more')
    for name in _own_worlds():
        if any(name in one and b":" + name not in one for one in sent):
            name = name.decode()
            return _say(f"other processes do not know {name}; call it module:{name}, after the module of the world")
    return sent


def _own_worlds():
    """Ids, as bytes, of the worlds that a process does not find by these alone."""
    gymnasium = sys.modules.get("gymnasium")
    for name, spec in (gymnasium.registry if gymnasium else {}).items():
        entry = spec.entry_point
        module = entry if isinstance(entry, str) else getattr(entry, "__module__", "")
        if re.match(r"\w*", module)[0] not in KNOWN_TO_ALL:
            yield name.encode()


@cache  # once is enough
def _say(why):
    tqdm.write(f"one process does all the runs: {why}", file=sys.stderr)


def _begin():
    """A worker leaves Ctrl-C to the process that started it, and ends with it, even where that is killed."""
    import multiprocessing
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: (multiprocessing.parent_process().join(), os._exit(1)), daemon=True).start()


def _run(sent):
    """What a worker does: one call, given and answered as bytes, so that what cannot be read ends no process."""
    job, arguments = pickle.loads(sent)
    try:
        result = job(*arguments)
    except Exception as error:
        raise sendable_error(error)  # noqa: B904, it is the same error where it can be
    try:
        return pickle.dumps(result)
    except Exception as error:
        raise TypeError(f"a worker process cannot send its {type(result).__name__} back: {error}") from None
