"""How much memory a process needed."""

import os
import re
import sys
from pathlib import Path


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
