"""Each script of Day 4 through its own command line, from another folder."""

import contextlib
import json
import os
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPTS = ["value_function_agent", "policy_gradient_agent", "dqn_agent", "a2c_agent", "ppo_agent"]
FROM_PIXELS = ["dqn_agent", "a2c_agent", "ppo_agent"]
FAMILY = {  # script: the flags of a quick run, and its world
    "rainbow_agent": (["--test"], "CartPole-v1"),
    "policy_gradient_continuous_agent": ([], "Pendulum-v1"),
    "ddpg_agent": (["--twin", "--policy-delay", "2", "--target-noise", "0.2"], "Pendulum-v1"),
    "sac_agent": ([], "Pendulum-v1"),
    "trpo_agent": ([], "CartPole-v1"),
    "paac_agent": (["--test"], "CartPole-v1"),
    "paac_learners": ([], "CartPole-v1"),
}
FILES = {"config.json", "metrics.csv", "agent.npz", "final.npz", "result.json", "learning.png"}


def run(name, *arguments, folder):
    """(printed, errors) of the script, in a process of its own and without a display."""
    done = subprocess.run(
        [sys.executable, ROOT / "FN" / f"{name}.py", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        env={k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def run_here(monkeypatch, capsys):
    """The same in this process, which has TensorFlow loaded already."""

    def run_here(name, *arguments, folder):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [f"FN/{name}.py", *arguments])
        with contextlib.suppress(SystemExit):  # of --help; errors end with a sentence that no test asks for
            runpy.run_path(str(ROOT / "FN" / f"{name}.py"), run_name="__main__")
        captured = capsys.readouterr()
        assert "error:" not in captured.err
        return captured

    return run_here


def quick(run, name, *arguments, folder):
    """A quick run within 60 s; its folder, and what it printed."""
    began = time.perf_counter()
    printed, errors = run(name, "--quick", *arguments, folder=folder)
    assert "Traceback" not in errors
    assert "Warning" not in errors
    assert time.perf_counter() - began < 60
    (home,) = (folder / "runs" / name).iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-seed\d+", home.name)
    written = {path.name for path in home.iterdir() if path.is_file()}
    assert {file for file in written if not file.startswith("events.")} == FILES
    assert len(written) == len(FILES) + 1  # the curves for TensorBoard
    assert (home / "learning.png").stat().st_size > 10_000
    return home, printed


def check_figures(home, printed, env):
    config = json.loads((home / "config.json").read_text(encoding="utf-8"))["config"]
    result = json.loads((home / "result.json").read_text(encoding="utf-8"))
    assert (config["env"], config["quick"], result["env"]) == (env, True, env)
    assert result["steps"] >= config["steps"]
    assert f"best agent: return {result['return']:.2f}" in printed
    assert "evaluation " in printed
    assert f"plot saved to runs/{home.parent.name}/{home.name}/learning.png" in printed


def check_play(name, home, env):
    printed, _ = run(name, "--play", folder=home.parents[2])
    assert f"{name}: {env}, runs/{name}/{home.name}/agent.npz" in printed
    assert re.search(r"episode 1: return -?\d+\.\d, \d+ steps", printed)
    assert f"saved to runs/{name}/{home.name}/play.gif" in printed
    with Image.open(home / "play.gif") as gif:
        assert gif.format == "GIF"
        assert gif.n_frames >= 5


@pytest.mark.parametrize("name", [SCRIPTS[0], *[pytest.param(name, marks=pytest.mark.slow) for name in SCRIPTS[1:]]])
def test_quick_run_from_any_folder_leaves_its_files_and_an_agent_to_watch(name, tmp_path):
    env = "Catcher-v0" if name in FROM_PIXELS else "CartPole-v1"
    home, printed = quick(run, name, folder=tmp_path)
    check_figures(home, printed, env)
    check_play(name, home, env)


@pytest.mark.parametrize("name", FROM_PIXELS)
def test_quick_run_with_test_is_in_cartpole(name, tmp_path, run_here):
    home, printed = quick(run_here, name, "--test", folder=tmp_path)
    check_figures(home, printed, "CartPole-v1")


@pytest.mark.parametrize("name", FAMILY)
def test_quick_run_of_the_family(name, tmp_path, run_here):
    flags, env = FAMILY[name]
    home, printed = quick(run_here, name, *flags, folder=tmp_path)
    check_figures(home, printed, env)
    printed, _ = run_here(name, "--play", "--record", "film.gif", folder=tmp_path)
    assert "episode 1: return" in printed


def test_quick_agent_is_watched_also_with_the_quick_flag(tmp_path, run_here):
    """The agent's own configuration is quick already."""
    quick(run_here, "policy_gradient_agent", "--steps", "500", folder=tmp_path)
    printed, _ = run_here("policy_gradient_agent", "--play", "--quick", folder=tmp_path)
    assert "episode 1: return" in printed


def test_another_world_is_named_on_the_command_line(tmp_path, run_here):
    home, printed = quick(run_here, "ppo_agent", "--env", "Acrobot-v1", "--seed", "3", folder=tmp_path)
    check_figures(home, printed, "Acrobot-v1")
    assert home.name.endswith("-seed3")


@pytest.mark.parametrize("name", [*SCRIPTS, *FAMILY])
def test_help_names_its_examples(name, tmp_path, run_here):
    printed, _ = run_here(name, "--help", folder=tmp_path)
    flags = ["--play", "--resume", *["--env Acrobot-v1"] * (name in SCRIPTS), *["--test"] * (name in FROM_PIXELS)]
    for flag in ("", *(f" {flag}" for flag in flags)):
        assert f"python FN/{name}.py{flag} " in printed
    assert list(tmp_path.iterdir()) == []
