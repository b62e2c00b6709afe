"""Checkpoints of a run: each written whole, the last two kept."""

import shutil
import sys
from pathlib import Path

from framework.runs.files import clear_parts, load_arrays, save_arrays


class Checkpoints:
    """The checkpoints in a run's folder, each a file named after its step."""

    def __init__(self, folder):
        self.folder = Path(folder, "checkpoints")

    def kept(self):
        """Paths, the newest last."""
        return sorted(self.folder.glob("[0-9]*.npz"))

    def newest_step(self):
        return int(self.kept()[-1].stem)

    def save(self, step, state):
        """Write a state, a nested dict as `save_arrays` takes it; then files older than the last but one go.

        Raises:
            OSError: it cannot be written; those that were there still are.
        """
        try:
            save_arrays(self.folder / f"{step:012d}.npz", state)
        except OSError as error:
            raise OSError(f"no checkpoint could be written ({error.strerror})") from None
        for old in self.kept()[:-2]:
            old.unlink()

    def load_newest(self):
        """The newest state that is whole, or None; damaged ones are said and cleared away.

        Raises:
            OSError: one cannot be read, or memory is short; it stays.
        """
        for folder in (self.folder.parent, self.folder):  # of a run that was killed while it wrote something
            clear_parts(folder)
        for path in reversed(self.kept()):
            try:
                return load_arrays(path)
            except ValueError as error:
                print(f"{error}; trying the one before", file=sys.stderr)
                path.unlink()
        return None

    def clear(self):
        """Remove all of them: the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
