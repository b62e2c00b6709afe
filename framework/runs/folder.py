"""Where runs are, and the configuration that each of them keeps."""

import json
import sys
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout


def script_name(config_class):
    """The name of the file that a class of a script is defined in, also where that file runs as ``__main__``."""
    return Path(sys.modules[config_class.__module__].__file__).stem


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


def read_config(folder):
    """The configuration of the run in a folder, as JSON has it, or None if there is no run."""
    path = Path(folder, "config.json")
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))["config"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged") from None


def config_from(config_class, known):
    """A configuration from JSON, where tuples are lists.

    Raises:
        ValueError: it has settings that the class does not know.
    """
    strange = set(known) - {field.name for field in fields(config_class)}
    if strange:
        raise ValueError(f"the run has settings that this version does not know: {', '.join(sorted(strange))}")
    return config_class(**{name: tuple(v) if isinstance(v, list) else v for name, v in known.items()})


def as_json(config):
    """The configuration as `read_config` would give it back; the folder is no part of it."""
    return json.loads(json.dumps(asdict(replace(config, run_folder=""))))


def locked(folder):
    """The lock of a run's folder: two processes in one would overwrite each other's files.

    The system takes it back however its process ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ValueError(f"another process is training in {folder}; stop it first, or take a new folder") from None
    except NotImplementedError:
        pass  # a file system without locks, such as some mounted drives
    return lock
