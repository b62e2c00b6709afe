"""Files that appear whole or not at all; and nested dictionaries of arrays and plain values as one file.

Such a file is NumPy's ``.npz``: arrays under their own names, and everything else as JSON. Its zip format carries a
checksum of each array, so a torn or altered file is noticed. Nothing is ever unpickled.
"""

import errno
import json
import os
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

REST = "values.json"  # the name of what is not an array
SAMPLE = 2**18  # bytes of an array that tell whether to compress it


@contextmanager
def written_whole(path):
    """``with written_whole(path) as part:`` write the file ``part``; it becomes ``path``, whose folder is made.

    A link stays, and what it leads to is written; what is no file, such as a device, is written to as it is.
    """
    path = Path(path).resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def clear_parts(folder):
    """Remove what `written_whole` leaves in a folder, not in those inside it, where its process is killed."""
    for part in Path(folder).glob(".*.[0-9]*.part"):
        part.unlink(missing_ok=True)


def save_arrays(path, values):
    """Write ``values``, a nested dict of arrays, numbers, strings, None and lists of those, atomically to ``path``.

    Large arrays that shrink well are compressed, such as the pictures of a replay buffer; that takes no longer.

    Raises:
        OSError: it cannot be written; whatever stood at ``path`` is still there.
    """
    arrays, rest = {}, {}
    _split(values, "", arrays, rest)
    arrays[REST] = np.frombuffer(json.dumps(rest, default=lambda number: number.item()).encode(), np.uint8)
    with written_whole(path) as part, open(part, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as members:
            for name, array in arrays.items():
                name = f"{name}.npy"
                member = name if _shrinks(array) else zipfile.ZipInfo(name)  # which is stored as it is
                with members.open(member, "w", force_zip64=True) as out:
                    np.lib.format.write_array(out, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())  # on the disk before it takes the place of the last good one


def load_arrays(path):
    """What `save_arrays` wrote.

    Raises:
        ValueError: the file is damaged, or something else.
        OSError: there is no such file, it cannot be read, or memory is short.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        except Exception as error:  # a zip can be damaged in a dozen ways, each with an exception of its own
            if isinstance(error, OSError) and error.errno != errno.EINVAL:  # of the disk; EINVAL: a wrong place in it
                raise
            if isinstance(error, MemoryError) and _is_whole(file):  # else a damaged shape asked for too much
                raise OSError(errno.ENOMEM, "memory is too short to read it", str(path)) from None
            raise ValueError(f"{path} is damaged or not a file of Nanoka's ({type(error).__name__})") from None


def _shrinks(array):
    """Whether compression pays: to write less takes less time, but noise would take more and stay as large."""
    if array.nbytes <= SAMPLE:
        return False
    sample = array.ravel()[: SAMPLE // array.itemsize].tobytes()
    return len(zlib.compress(sample, 1)) < SAMPLE / 4


def _is_whole(file):
    try:
        with zipfile.ZipFile(file) as members:
            return members.testzip() is None
    except Exception:  # damaged, in one of those ways
        return False


def _read(file):
    arrays = {}
    with zipfile.ZipFile(file) as members:
        for name in members.namelist():
            with members.open(name) as member:
                arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):  # reading to the end compares the checksum, too
                    raise ValueError("there is more than an array")
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
