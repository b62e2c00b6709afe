"""Where runs are: names of scripts, new folders, and the lock of a folder."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest
from filelock import FileLock

from framework.runs import folder
from framework.runs.folder import locked, new_folder, runs_of, script_command, script_name


class Config:
    """Of the script test_folder."""


def test_a_class_tells_its_script_and_how_to_start_it_from_any_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert script_name(Config) == "test_folder"
    assert script_command(Config) == "python tests/framework/runs/test_folder.py"
    assert runs_of("test_folder") == Path("runs/test_folder")


def test_a_script_of_the_reader_that_runs_as_main_has_its_own_name(tmp_path):
    lines = ["import os", "from framework.runs.folder import script_command, script_name", "class Config: pass"]
    lines += ["os.chdir('..')", "print(__name__, script_name(Config), script_command(Config))"]
    (tmp_path / "my_agent.py").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run([sys.executable, "my_agent.py"], cwd=tmp_path, capture_output=True, encoding="utf-8")
    path = (tmp_path / "my_agent.py").resolve().as_posix()
    assert (done.stdout, done.stderr) == (f"__main__ my_agent python {path}\n", "")


def test_what_was_typed_into_a_notebook_has_a_name_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "cells", ModuleType("cells"))  # has no __file__
    assert script_name(type("Config", (), {"__module__": "cells"})) == "notebook"


@pytest.mark.parametrize("way", [["-"], ["-c"]])
def test_a_program_without_a_file_is_a_notebook_too(way, tmp_path):
    program = "from framework.runs.folder import script_name\nclass Config: pass\nprint(script_name(Config))"
    command = [sys.executable, *way, *([program] if way == ["-c"] else [])]
    done = subprocess.run(command, input=program, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("notebook\n", "")


def test_a_class_whose_module_is_gone_has_a_name_too():
    assert script_name(type("Config", (), {"__module__": "no such module"})) == "notebook"


class Clock:
    """It is always the same second."""

    @staticmethod
    def now():
        return datetime(2026, 1, 2, 3, 4, 5)


def test_runs_that_start_in_one_second_have_folders_of_their_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "datetime", Clock)
    assert new_folder("dqn_agent", 7) == Path("runs/dqn_agent/20260102-030405-seed7")
    assert new_folder("dqn_agent", 7) == Path("runs/dqn_agent/20260102-030405-seed7-2")
    assert new_folder("dqn_agent", 8).name == "20260102-030405-seed8"
    with ThreadPoolExecutor(8) as threads:  # at the very same moment
        folders = list(threads.map(lambda _: new_folder("dqn_agent", 7), range(16)))
    assert sorted(int(path.name.rpartition("-")[2]) for path in folders) == list(range(3, 19))
    assert all(path.is_dir() for path in folders)


HOLD = """
import sys
from pathlib import Path
from framework.runs.folder import locked
lock = locked(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_and_the_lock_of_one_that_was_killed_is_free(tmp_path):
    home = tmp_path / "new" / "run"
    other = subprocess.Popen([sys.executable, "-c", HOLD, home], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(ValueError, match=r"another process is training in .*run; stop it, or take"):
            locked(home)
    finally:
        other.kill()
        other.communicate()
    locked(home).release()
    locked(home).release()


def test_where_the_disk_knows_no_locks_a_run_goes_without(monkeypatch, tmp_path):
    def unknown(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(FileLock, "acquire", unknown)
    locked(tmp_path / "run").release()
    assert (tmp_path / "run").is_dir()
