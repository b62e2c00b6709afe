"""What a run that cannot go on says, and to whom."""

import os
import shlex

import pytest

from framework.runs.checkpoints import Checkpoints
from framework.runs.ending import explained, note, noted, run_folder_flag


def end(folder, error):
    with explained(folder, Checkpoints(folder), "--resume goes on", lambda: 7):
        raise error


def test_what_would_come_again_is_noted_and_what_would_not_is_not(tmp_path):
    with pytest.raises(ValueError, match=r"stopped at step 7: loss is nan; .*error.txt shows the line; when it is"):
        end(tmp_path, ValueError("loss is\n nan"))
    assert noted(tmp_path).startswith("stopped at step 7: loss is nan; ")
    (tmp_path / "error.txt").unlink()
    for error in (
        OSError(28, "full"),
        ChildProcessError("a process died"),
        KeyboardInterrupt(),
        RuntimeError("fault"),
    ):
        with pytest.raises((OSError, KeyboardInterrupt, RuntimeError)):
            end(tmp_path, error)
    assert noted(tmp_path) is None


def test_the_way_on_is_by_what_is_left(tmp_path):
    with pytest.raises(OSError, match=r"^a process died; begin it again$"):
        end(tmp_path, ChildProcessError("a process died"))
    (tmp_path / "config.json").touch()
    with pytest.raises(OSError, match=r"^full: here; --resume goes on from the start$"):
        end(tmp_path, OSError(28, "full", "here"))
    Checkpoints(tmp_path).save(120, {})
    with pytest.raises(OSError, match=r"^full; --resume goes on from step 120$"):
        end(tmp_path, OSError(28, "full"))


def test_a_note_on_a_full_disk_hides_no_error(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    note(tmp_path, "a sentence", ValueError())
    note(tmp_path / "deleted", "a sentence", ValueError())
    assert noted(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="quotes as a POSIX shell reads them")
def test_a_folder_can_be_typed_as_it_is_printed():
    for folder in ("plain/run", "with space", "it's", "$HOME"):
        assert shlex.split(run_folder_flag(folder)) == ["--run-folder", folder]
