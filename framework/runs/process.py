"""This process: how much memory it needed, and Ctrl-C."""

import os
import re
import signal
import sys
import threading
from pathlib import Path

from tqdm import tqdm


def peak_megabytes():
    """The most memory that this process has held so far, in MB; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, getrusage would count what the parent held when it started us
        return round(int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text()).group(1)) * 1024 / 1e6, 1)
    if os.name != "posix":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, else KiB
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


class Interrupt:
    """Lets what runs now come to its end after Ctrl-C: ``with Interrupt() as interrupt: … if interrupt.asked: …``

    A second Ctrl-C does not wait. Outside the main thread Python delivers none, and nothing is ever asked.
    """

    def __enter__(self):
        self.asked, self._handler = False, None
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_):
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)

    def _ask(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        tqdm.write("stopping; this takes a moment …", file=sys.stderr)
