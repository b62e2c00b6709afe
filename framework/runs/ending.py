"""How a run ends that cannot go on: it says where it stopped, what is left of it, and how to go on."""

import os
import shlex
import subprocess
import sys
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path

from framework.runs.files import written_whole

NOTE = "error.txt"  # in the folder of a run that would fail again


@contextmanager
def explained(folder, checkpoints, how, step):
    """``with explained(…):`` what is raised says more, and a ValueError, which would come again, is noted in a file.

    Args:
        folder: of the run.
        checkpoints: its `framework.runs.checkpoints.Checkpoints`.
        how: what to type to go on.
        step: function () -> the step that the run is at.
    """
    try:
        yield
    except ValueError as error:
        best = Path(folder, "agent.npz")
        sentence = f"stopped at step {step()}: {' '.join(str(error).split())}"  # some have many lines
        sentence += f"; the best agent so far is {best.as_posix()}" if best.exists() else ""
        sentence += f"; {Path(folder, NOTE).as_posix()} shows the line; when it is mended, --resume"
        sentence += f" {run_folder_flag(folder)} goes on"
        sentence += f" from step {checkpoints.newest_step()}" if checkpoints.kept() else " from the start"
        note(folder, sentence, error)
        raise ValueError(sentence) from error
    except BrokenPipeError:  # nobody reads the output any more, which `framework.cli` ends quietly
        raise
    except OSError as error:  # a full disk, or a process that died: no fault of the run's
        reason = f"{error.strerror}: {error.filename}" if error.filename else error.strerror or error
        raise OSError(f"{reason}; {_way_on(folder, checkpoints, how)}") from error
    except Exception:  # a fault of the program's: its traceback follows
        print(f"stopped at step {step()}; {_way_on(folder, checkpoints, how)}", file=sys.stderr)
        raise


def _way_on(folder, checkpoints, how):
    if checkpoints.kept():
        return f"{how} from step {checkpoints.newest_step()}"
    return f"{how} from the start" if Path(folder, "config.json").exists() else "begin it again"


def run_folder_flag(folder):
    """``--run-folder`` with its folder, as it is typed."""
    folder = Path(folder).as_posix()
    return "--run-folder " + (subprocess.list2cmdline([folder]) if os.name == "nt" else shlex.quote(folder))


def note(folder, sentence, error):
    """Leave a sentence and a traceback in a run's folder: a bare --resume passes it over from now on."""
    if not Path(folder).is_dir():  # deleted meanwhile
        return
    with suppress(OSError), written_whole(Path(folder, NOTE)) as part:
        part.write_text("\n\n".join([sentence, *traceback.format_exception(error)]), encoding="utf-8")


def noted(folder):
    """The sentence that `note` left in a folder, or None."""
    path = Path(folder, NOTE)
    return path.read_text(encoding="utf-8").partition("\n")[0] if path.exists() else None
