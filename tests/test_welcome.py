"""welcome.py: the checks, nothing personal in them, and something to see with or without a window."""

import ast
import getpass
import json
import os
import re
import socket
import string
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image

import framework.media.gif
import welcome
import worlds.window
from tools import doctor, scenes

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAMES = [re.match(r"[\w.-]+", requirement)[0] for requirement in PROJECT["dependencies"]]


def run(*arguments, cwd, python=(), **variables):
    """Run welcome.py as a reader does, in a process of its own, where there is no display."""
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, *python, ROOT / "welcome.py", *arguments],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=400,
        env={**os.environ, **nowhere, **variables},
    )


def run_after(preparation, *arguments, cwd):
    """The same, after some lines of Python that change the interpreter."""
    program = f"""
import sys
{preparation}
sys.argv = ["welcome.py", *{list(arguments)!r}]
with open({str(ROOT / "welcome.py")!r}, encoding="utf-8") as file:
    names = {{"__name__": "__main__", "__doc__": "", "__file__": file.name}}
    exec(compile(file.read(), "welcome.py", "exec"), names)
"""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, encoding="utf-8", timeout=400
    )


HIDDEN = """
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "{module}":
            raise ImportError("no {module} here, in " + __import__("os").getcwd())
sys.meta_path.insert(0, Hidden())
"""


def checks_of(result):
    return {check["key"]: check for check in json.loads(result.stdout)["checks"]}


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """One whole run without a display: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("welcome")
    return folder, run("--quick", cwd=folder)


# The checks


def test_doctor_is_a_markdown_table_of_every_check(tmp_path):
    result = run("--doctor", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    head, empty, *table = result.stdout.splitlines()
    assert (head, empty) == ("### Set-up", "")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert {len(row) for row in rows} == {4}
    titles = [row[1] for row in rows[2:]]
    assert titles[:4] == ["Python", "computer", "virtual environment", "Nanoka itself"]
    assert titles[4:-6] == NAMES
    assert titles[-6:] == ["TensorFlow", "GPU", "display", "write access", "terminal encoding", "port 8888"]
    assert {row[0] for row in rows[2:]} <= {"ok", "note"}
    assert all(row[3] for row in rows[2:] if row[0] == "note"), "a note without a word on what to do"
    assert list(tmp_path.iterdir()) == [], "the checks left something behind"


def test_json_says_the_same_to_machines(tmp_path):
    result = run("--json", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["ok"] is True
    checks = checks_of(result)
    assert [key for key in checks if key in NAMES] == NAMES
    assert checks["numpy"] == {"key": "numpy", "status": "ok", "title": "numpy", "found": np.__version__, "mend": ""}
    assert checks["display"]["status"] == "note"


@pytest.mark.parametrize("flag", ["--doctor", "--json"])
def test_nothing_personal_in_the_checks(flag, tmp_path):
    """Not even where things are wrong: a package that fails with a path in its message, and runs/ that is a file."""
    folder = tmp_path / "zaphods-folder"
    folder.mkdir()
    (folder / "runs").write_text("")
    names = {"HOME": str(folder), "USERPROFILE": str(folder), "USER": "beeblebrox", "LOGNAME": "beeblebrox"}
    good = run(flag, cwd=folder, **names).stdout
    bad = run_after(HIDDEN.format(module="scipy"), flag, cwd=folder).stdout
    assert "MISSING" in bad or '"missing"' in bad
    for text in (good, bad):
        assert "zaphod" not in text
        assert "beeblebrox" not in text
        for word in {getpass.getuser(), socket.gethostname(), Path.home().name} - {""}:
            assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), word
        for path in (ROOT, sys.prefix, sys.base_prefix):
            assert str(path) not in text


def test_a_hidden_package_is_missing_and_says_how_to_mend_it(tmp_path):
    result = run_after(HIDDEN.format(module="scipy"), "--json", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    assert json.loads(result.stdout)["ok"] is False
    scipy = checks_of(result)["scipy"]
    assert scipy["status"] == "missing"
    assert "importing it fails (ImportError)" in scipy["found"]
    assert 'python -m pip install --force-reinstall "scipy>=' in scipy["mend"]


def test_with_numpy_hidden_the_checks_still_run_and_nothing_else(tmp_path):
    result = run_after(HIDDEN.format(module="numpy"), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    assert "✗ numpy" in result.stdout
    assert "Mend what is marked ✗" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_is_installed_every_package_is_named_with_its_command(tmp_path):
    """python -S sees no installed packages."""
    result = run("--json", cwd=tmp_path, python=["-S"], PYTHONPATH="")
    assert (result.returncode, result.stderr) == (1, "")
    checks = checks_of(result)
    for requirement, name in zip(PROJECT["dependencies"], NAMES, strict=True):
        assert checks[name]["status"] == "missing"
        assert f'python -m pip install "{requirement}"' in checks[name]["mend"]


# Languages and the command line


@pytest.mark.parametrize(("flags", "locale"), [(["--lang", "ja"], "C.UTF-8"), ([], "ja_JP.UTF-8")])
def test_japanese(flags, locale, tmp_path):
    result = run("--doctor", *flags, cwd=tmp_path, LANG=locale)
    assert result.stdout.startswith("### 環境\n")
    assert "仮想環境" in result.stdout
    assert "どの日も CPU だけで動く" in result.stdout or "TensorFlow が使用" in result.stdout


def test_every_text_stands_in_both_languages_with_the_same_values():
    def fields(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for english, japanese in welcome.TEXTS.values():
        assert fields(english) == fields(japanese)
        assert re.search("[ぁ-んァ-ヶ一-龠]", japanese), japanese


@pytest.mark.parametrize("flags", [["--frobnicate"], ["--seed", "-1"], ["--seed", "x"], ["--lang", "fr"], ["extra"]])
def test_bad_flags_exit_2(flags, tmp_path):
    result = run(*flags, cwd=tmp_path)
    assert result.returncode == 2
    assert "error:" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_has_examples(tmp_path):
    result = run("--help", cwd=tmp_path)
    assert result.returncode == 0
    for flag in ("--doctor", "--json", "--no-window", "--lang", "--seed", "--quick"):
        assert flag in result.stdout
    assert "python welcome.py --doctor" in result.stdout


def test_an_old_python_can_read_the_file_and_gets_one_sentence(tmp_path):
    ast.parse((ROOT / "welcome.py").read_text(encoding="utf-8"), feature_version=(3, 7))
    result = run_after("sys.version_info = (3, 8, 10, 'final', 0)", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("Nanoka needs Python 3.11, 3.12 or 3.13, and this is 3.8; ")
    assert PROJECT["requires-python"] == ">=3.11,<3.14"


# Something to see


def test_without_a_display_a_gif_and_a_picture_are_written(whole_run):
    folder, result = whole_run
    assert (result.returncode, result.stderr) == (0, "")
    assert "runs/welcome/welcome.gif and runs/welcome/welcome.png" in result.stdout
    assert sorted(path.name for path in (folder / "runs" / "welcome").iterdir()) == ["welcome.gif", "welcome.png"]


def test_the_gif_is_small_and_moves(whole_run):
    path = whole_run[0] / "runs" / "welcome" / "welcome.gif"
    assert path.stat().st_size < 2_000_000
    with Image.open(path) as gif:
        assert gif.n_frames > 100
        seen = set()
        for number in range(0, gif.n_frames, 10):
            gif.seek(number)
            seen.add(gif.convert("RGB").tobytes())
    assert len(seen) > 8


def test_the_picture_shows_both_scenes(whole_run):
    picture = np.array(Image.open(whole_run[0] / "runs" / "welcome" / "welcome.png"))
    assert picture.shape == (576, 1440, 3)
    maze, catcher = picture[:, :720], picture[:, 720:]
    for half in (maze, catcher):
        assert len(np.unique(half.reshape(-1, 3), axis=0)) > 20


def test_it_ends_with_what_to_do_next(whole_run):
    for command in welcome.NEXT.values():
        assert command in whole_run[1].stdout
        assert (ROOT / command.split()[1]).exists()


def test_where_runs_cannot_be_written_a_sentence_says_so(tmp_path):
    (tmp_path / "runs").write_text("")
    result = run("--quick", "--no-window", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    assert "✗ write access" in result.stdout
    assert "Run this in a folder that you may write to" in result.stdout
    assert "Mend what is marked ✗" in result.stdout


def test_a_disk_that_fails_while_writing_is_reported(monkeypatch, capsys):
    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(framework.media.gif, "save_gif", disk_full)
    assert welcome.write(lambda key, **values: welcome.speak("en", key, **values), [], []) is False
    assert capsys.readouterr().out == "The files could not be written: No space left on device.\n"


def test_a_closed_window_ends_the_show_and_nothing_else(monkeypatch, capsys):
    def draw():
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        return np.zeros((8, 8, 3), np.uint8)

    assert welcome.play(lambda key, **values: welcome.speak("en", key, **values), [(40, draw)] * 50) is True
    assert capsys.readouterr().out == "The window was closed.\n"


def test_a_window_that_does_not_open_is_not_the_end(monkeypatch, capsys):
    def no_window(shots, title):
        raise pygame.error("no video device")

    monkeypatch.setattr(worlds.window, "play_in_window", no_window)
    assert welcome.play(lambda key, **values: welcome.speak("en", key, **values), []) is False
    assert "No window could be opened (no video device)" in capsys.readouterr().out


def test_the_same_seed_shows_the_same(tmp_path, whole_run):
    def told(result):
        return [line for line in result.stdout.splitlines() if line.startswith(("Maze", "Catcher"))]

    assert told(run("--quick", "--no-window", "--seed", "0", cwd=tmp_path)) == told(whole_run[1])
    first, again = (folder / "runs" / "welcome" / "welcome.gif" for folder in (whole_run[0], tmp_path))
    assert first.read_bytes() == again.read_bytes()


# Its own part, without a show


@pytest.mark.parametrize(
    ("missing", "is_shown", "code"),
    [([], True, 0), (["nanoka"], True, 1), (["write_access"], True, 1), (["numpy"], False, 1), ([], False, 1)],
)
def test_the_exit_code_is_0_only_where_nothing_is_missing_and_something_was_shown(
    missing, is_shown, code, monkeypatch
):
    checks = [doctor.Check(key, key, doctor.MISSING, "no", "mend it") for key in missing]
    monkeypatch.setattr(doctor, "check_all", lambda encoding, start_tensorflow: checks)
    monkeypatch.setattr(welcome, "show", lambda *_: is_shown)
    assert welcome.main(["--lang", "en"]) == code
    assert welcome.main(["--lang", "en", "--doctor"]) == (1 if missing else 0)


def test_each_picture_of_the_gif_is_shown_for_its_own_time(monkeypatch, tmp_path):
    shots = [(ms, lambda ms=ms: np.full((8, 8, 3), ms // 10, np.uint8)) for ms in (40, 80, 1400, 40)]
    monkeypatch.setattr(welcome, "GIF", tmp_path / "welcome.gif")
    monkeypatch.setattr(welcome, "PNG", tmp_path / "welcome.png")
    assert welcome.write(lambda key, **values: None, shots, posters=(shots[0], shots[2]))
    with Image.open(welcome.GIF) as gif:
        assert [gif.seek(number) or gif.info["duration"] for number in range(gif.n_frames)] == [40, 80, 1400, 40]
    picture = np.array(Image.open(welcome.PNG))
    assert (picture[0, 0, 0], picture[0, 8, 0]) == (4, 140)


def test_the_seed_is_that_of_the_maze_of_the_fruit_and_of_the_player_by_chance(monkeypatch):
    """Where another seed shows another game, it is not because only the fruit fall elsewhere."""

    def actions(seed):
        played = []

        def scene(players, seed, quick):
            played.append((seed, [int(players["chance"](None)) for _ in range(20)]))
            return [], {"chance": 0, "oracle": 0}

        def walk(env, planner, gamma, seed, quick):
            played.append(seed)
            return [], {"sweeps": 0, "steps": 0, "slips": 0, "reward": 1.0}

        monkeypatch.setattr(scenes, "catcher_scene", scene)
        monkeypatch.setattr(scenes, "maze_scene", walk)
        monkeypatch.setattr(welcome, "best_player", lambda say: {"oracle": None})
        options = welcome.read_arguments(["--seed", str(seed)])
        welcome.show(lambda key, **values: None, options, in_window=False, can_write=False)
        return played

    assert actions(3) == actions(3)
    (maze, (fruit, chance)), (_, (_, other)) = actions(3), actions(4)
    assert maze == fruit == 3
    assert chance != other
    assert set(chance) == {0, 1, 2}
