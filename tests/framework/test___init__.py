"""The toolbox's own import: a backend of matplotlib's that cannot be used here is not left to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import framework
from framework import can_plot

ROOT = Path(__file__).parents[2]
INLINE = "module://matplotlib_inline.backend_inline"


@pytest.fixture
def has(monkeypatch):
    """Sets which modules are there besides matplotlib, and whether there is a display."""

    def has(*modules, display=True):
        monkeypatch.setattr(framework, "_is_there", lambda module: module in modules)
        monkeypatch.setattr(framework, "_has_display", lambda: display)

    return has


@pytest.mark.parametrize(
    ("backend", "usable"),
    [
        ("agg", True),
        ("Agg", True),
        ("SVG", True),
        ("WebAgg", True),
        ("TkAgg", True),
        ("Qt5Agg", True),
        ("GTK4Agg", False),  # its module is not there
        ("wxagg", False),
        ("nbAgg", False),
        ("Nope", False),
        ("", False),
        (INLINE, False),
        ("module://my_plots", True),
        ("module://other_plots", False),
    ],
)
def test_a_backend_is_used_where_what_it_needs_is_there(backend, usable, has):
    has("_tkinter", "PySide6", "my_plots", "matplotlib_inline.backend_inline")
    assert can_plot(backend) == usable


def test_windows_need_a_display_and_files_do_not(has):
    has("_tkinter", display=False)
    assert not can_plot("TkAgg")
    assert can_plot("Agg")


def test_a_notebook_keeps_its_own(has, monkeypatch):
    has()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert can_plot(INLINE)


@pytest.mark.parametrize("backend", [INLINE, "Nope", "TkAgg"])
@pytest.mark.parametrize("script", ["DP/planner.py", "EL/q_learning.py --quick --seeds 1"])
def test_a_script_draws_its_plot_whatever_backend_it_inherits(script, backend, tmp_path):
    name, *flags = script.split()
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, ROOT / name, *flags]
    done = subprocess.run(
        command, cwd=tmp_path, env=env | {"MPLBACKEND": backend}, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.rglob("*.png"))) == 1


@pytest.mark.parametrize("backend", [INLINE, "Nope"])
def test_keras_which_imports_matplotlib_starts_whatever_backend_it_inherits(backend):
    pytest.importorskip("tensorflow")
    env = os.environ | {"MPLBACKEND": backend}
    command = [sys.executable, "-c", "import framework.tf, matplotlib"]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
