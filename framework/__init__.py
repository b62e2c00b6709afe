"""What all days share; at its top, the words of reinforcement learning. A line uses itself and the ones above.

method                           what kind of method a class is
cli schedules returns sum_tree   command lines; values that change with the steps; returns and advantages; a sum tree
scores settings                  what the scores of a few seeds say, and how surely; settings as they are typed
runs/                            what a run leaves on disk, and processes: config, checkpoints, logger, parallel …
plots media/                     curves with bands; GIFs and videos
vector rollout replay            many worlds behind one clock; a few steps of them; a buffer of many steps
tabular/                         worlds with tables, studies over seeds, maps, loops; up to here without TensorFlow
tf graph                         the one door to TensorFlow; a method as a compiled graph
networks distributions           layers for a chapter's network; policies as distributions
optimizers                       Adam, RMSProp
agent evaluate                   what is kept of an agent; how good it is
device                           worlds inside a compiled graph
trainer play                     the clock of a training run; watching an agent
results progress tune            of many runs: what came out, where they are, which settings are next
training experiment compare      the command line of a chapter that trains; of many runs of it; one beside ten others
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

TOOLKITS = {"qt": ("PyQt6", "PySide6", "PyQt5", "PySide2"), "gtk": ("gi",), "tk": ("_tkinter",), "wx": ("wx",)}


def can_plot(backend):
    """Whether matplotlib's backend of this name can be used in this process.

    It is told without matplotlib, whose import takes a third of a second, and which dies of a name that it does not
    know. Where it decides by itself, it finds a window if there is a display, else it only writes files.
    """
    if "ipykernel" in sys.modules:  # a notebook shows its plots by one of its own
        return True
    if backend.startswith("module://"):  # what a notebook's kernel sets is inherited by all that it starts
        return "inline" not in backend and _is_there(backend.removeprefix("module://"))
    backend, matplotlib = backend.lower(), find_spec("matplotlib")
    if matplotlib and not Path(matplotlib.origin).with_name("backends").joinpath(f"backend_{backend}.py").exists():
        return False
    for toolkit, modules in TOOLKITS.items():
        if backend.startswith(toolkit):
            return _has_display() and any(map(_is_there, modules))
    return backend != "nbagg" and (backend != "macosx" or sys.platform == "darwin")


def _is_there(module):
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _has_display():
    return sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


IGNORED_BACKEND = ""  # for the doctor
if not can_plot(os.environ.get("MPLBACKEND", "agg")):
    IGNORED_BACKEND = os.environ.pop("MPLBACKEND")
