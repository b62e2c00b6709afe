"""Processes that are started afresh: what they see of the script that runs here, and what comes back from them.

Such a process imports that script, where it has a file, to find what is defined there. The standard library alone.
"""

import pickle
import re
import sys
import traceback
import types
from contextlib import contextmanager
from pathlib import Path

GUARD = re.compile(r"^if\b.*\b__name__\b", re.MULTILINE)


def main_file():
    """Path of the script that runs here; None in a notebook, at a prompt, and for ``-c``."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    return None if file is None or file.startswith("<") else Path(file)  # a script from standard input is "<stdin>"


def main_is_guarded():
    """Whether other processes may import that script: its work stands under ``if __name__ == "__main__":``."""
    file = main_file()
    try:
        return file is not None and GUARD.search(file.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:  # deleted or moved meanwhile
        return False


@contextmanager
def without_main():
    """Processes that start in this context do not import the script that runs here.

    Python would do so, and with a chapter's script import TensorFlow: 3 to 13 seconds for each process. There is no
    setting for it, so the script is hidden for this moment.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def sendable_error(error):
    """The error itself, or its words where it does not survive the way to another process.

    A traceback never does, so it becomes a note, which Python prints below the error.
    """
    lines = "".join(traceback.format_tb(error.__traceback__))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"In the other process (most recent call last):\n{lines}")
    return error
