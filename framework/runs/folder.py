"""Where runs are, and the lock that keeps two processes out of one of them."""

import sys
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

ROOT = Path(__file__).resolve().parents[2]


def script_name(config_class):
    """The name of the file that a class of a script is defined in, also where that file runs as ``__main__``."""
    return _script(config_class).stem


def script_command(config_class):
    """What a reader types to run that file: ``python FN/dqn_agent.py``."""
    path = _script(config_class)
    if path.is_relative_to(ROOT):
        path = path.relative_to(ROOT)
    return f"python {path.as_posix()}"


def _script(config_class):
    file = getattr(sys.modules.get(config_class.__module__), "__file__", None) or "<cell>"
    return Path("notebook.py" if file.startswith("<") else file).resolve()  # what is typed, or comes as "<stdin>"


def runs_of(script):
    """Where a script's runs are."""
    return Path("runs", script)


def new_folder(script, seed):
    """runs/<script>/<time>-seed<seed>, made; a number is added where two runs start in one second."""
    stem = Path(runs_of(script), f"{datetime.now():%Y%m%d-%H%M%S}-seed{seed}")
    for number in range(1, 1000):
        folder = stem if number == 1 else stem.with_name(f"{stem.name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise OSError(f"no free name like {stem}")


def locked(folder):
    """The lock of a run's folder: two processes in one would overwrite each other's files.

    The system takes it back however its process ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ValueError(f"another process is training in {folder}; stop it, or take another --run-folder") from None
    except NotImplementedError:
        pass  # a file system without locks, such as some mounted drives
    return lock
