"""The same job for many arguments, in parallel processes where that pays."""

import os
import signal
import time

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
    workers = min(os.cpu_count() or 1, len(calls) - 1)
    with progress_bar(len(calls), "runs", initial=1) as progress:
        if workers < 2 or expected < WORTH_PROCESSES:
            for arguments in calls[1:]:
                results.append(job(*arguments))
                progress.update()
            return results
        return results + _run_in_processes(job, calls[1:], workers, progress)


def _run_in_processes(job, calls, workers, progress):
    import multiprocessing  # here, since few calls need them
    from concurrent.futures import ProcessPoolExecutor

    # Processes are started afresh, not forked, so that they behave alike on Linux, macOS and Windows, and leave
    # Ctrl-C to us.
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)
    )
    try:
        futures = [pool.submit(job, *arguments) for arguments in calls]
        for future in futures:
            future.add_done_callback(lambda _: progress.update())
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
