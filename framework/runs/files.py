"""Files that appear whole or not at all; and nested dictionaries of arrays and plain values as one file.

Such a file is NumPy's ``.npz``: arrays under their own names, and everything else as JSON. Its zip format carries a
checksum of each array, so a torn or altered file is noticed. Nothing is ever unpickled.
"""

import json
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np

REST = "values.json"  # the name of what is not an array


@contextmanager
def written_whole(path):
    """``with written_whole(path) as part:`` write the file ``part``; it becomes ``path``, whose folder is made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def save_arrays(path, values):
    """Write ``values``, a nested dict of arrays, numbers, strings, None and lists of those, atomically to ``path``.

    Raises:
        OSError: it cannot be written; whatever stood at ``path`` is still there.
    """
    arrays, rest = {}, {}
    _split(values, "", arrays, rest)
    arrays[REST] = np.frombuffer(json.dumps(rest, default=lambda number: number.item()).encode(), np.uint8)
    with written_whole(path) as part, open(part, "wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())  # on the disk before it takes the place of the last good one


def load_arrays(path):
    """What `save_arrays` wrote.

    Raises:
        ValueError: the file is damaged, or something else.
        OSError: there is no such file.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        except Exception as error:  # a zip can be damaged in a dozen ways, each with an exception of its own
            raise ValueError(f"{path} is damaged or not a file of Nanoka's ({type(error).__name__})") from None


def _read(file):
    with np.load(file, allow_pickle=False) as members:
        arrays = {name: members[name] for name in members.files}
    values = dict(json.loads(arrays.pop(REST).tobytes()))
    for name, array in arrays.items():
        *folders, last = name.split("/")
        place = values
        for folder in folders:
            place = place[folder]
        place[last] = array
    return values


def _split(values, prefix, arrays, rest):
    for name, value in values.items():
        if "/" in name:
            raise ValueError(f"names must not contain a slash; got {name!r}")
        if isinstance(value, dict):
            _split(value, f"{prefix}{name}/", arrays, rest.setdefault(name, {}))
        elif isinstance(value, np.ndarray) and value.dtype != object:  # NumPy would pickle objects
            arrays[prefix + name] = value
        else:
            rest[name] = value
