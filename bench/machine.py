"""What a benchmark ran on, without a word about who ran it; and results as JSON."""

import datetime
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from framework.runs.files import written_whole

RESULTS = Path(__file__).parent / "results"


def machine(*packages):
    """Hardware, versions of Python and of ``packages``, and the date."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: installed(package) for package in packages},
    }


def processor():
    """The processor's name, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def installed(package):
    """A package's version, or "not installed"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def save(name, result):
    """Write a result to bench/results/<name>.json, whole or not at all."""
    path = RESULTS / f"{name}.json"
    with written_whole(path) as part:
        part.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"written to bench/results/{path.name}")
