"""This process: how much memory it needed, and what asks it to stop."""

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
    """Lets what runs now come to its end: ``with Interrupt() as interrupt: … if interrupt.asked: …``

    Ctrl-C asks, and so do SIGTERM, by which computers that are shut down and queues of jobs end a process, and SIGHUP
    of a terminal that closes. A second one does not wait. Outside the main thread Python delivers none, and nothing
    is ever asked. Where one runs within another, such as a part of a whole, the outer one is asked, too.
    """

    def __enter__(self):
        self.asked, self._handlers = False, {}
        if threading.current_thread() is threading.main_thread():
            asking = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
            self._handlers = {one: signal.signal(one, self._ask) for one in asking}
        return self

    def __exit__(self, *_):
        for one, handler in self._handlers.items():
            signal.signal(one, handler or signal.SIG_DFL)  # None: not Python's own
            outer = getattr(handler, "__self__", None)
            if isinstance(outer, Interrupt):
                outer.asked = outer.asked or self.asked

    def _ask(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        tqdm.write("stopping; this takes a moment (Ctrl-C once more: at once) …", file=sys.stderr)
