"""Checkpoints of a run: each written whole, the last two kept."""

import shutil
import sys
from pathlib import Path

from framework.runs.files import load_arrays, save_arrays


class Checkpoints:
    """The checkpoints in a run's folder, each a file named after its step.

    Args:
        folder: of the run.
        go_on: what to type to go on, for messages.
    """

    def __init__(self, folder, go_on):
        self.folder, self.go_on = Path(folder, "checkpoints"), go_on

    def kept(self):
        """Paths, the newest last."""
        return sorted(self.folder.glob("[0-9]*.npz"))

    def save(self, step, state):
        """Write a state, a nested dict as `save_arrays` takes it; then files older than the last but one go.

        Raises:
            OSError: it cannot be written; those that were there still are.
        """
        try:
            save_arrays(self.folder / f"{step:012d}.npz", state)
        except OSError as error:
            last = f"; {self.go_on} from step {int(self.kept()[-1].stem)}" if self.kept() else ""
            raise OSError(f"no checkpoint could be written ({error.strerror}){last}") from None
        for old in self.kept()[:-2]:
            old.unlink()

    def load_newest(self):
        """The newest state that is whole, or None; damaged ones are said and cleared away."""
        for part in self.folder.glob(".*.part"):  # of a run that was killed while it wrote one
            part.unlink()
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
