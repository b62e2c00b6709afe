"""Each script of Day 4 through its own command line, from another folder."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPTS = ["dqn_agent", "value_function_agent", "policy_gradient_agent", "a2c_agent", "ppo_agent"]
FROM_PIXELS = ["dqn_agent", "a2c_agent", "ppo_agent"]
FILES = {"config.json", "metrics.csv", "agent.npz", "result.json", "learning.png"}


def run(name, *arguments, folder):
    return subprocess.run(
        [sys.executable, ROOT / "FN" / f"{name}.py", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        env={k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
    )


def quick(name, *arguments, folder):
    """A quick run within 60 s; its folder, and what it printed."""
    began = time.perf_counter()
    done = run(name, "--quick", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    assert time.perf_counter() - began < 60
    (home,) = (folder / "runs" / name).iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-seed\d+", home.name)
    written = {path.name for path in home.iterdir() if path.is_file()}
    assert {file for file in written if not file.startswith("events.")} == FILES
    assert len(written) == len(FILES) + 1  # the curves for TensorBoard
    assert (home / "learning.png").stat().st_size > 10_000
    return home, done.stdout


def check_figures(home, printed, env):
    config = json.loads((home / "config.json").read_text(encoding="utf-8"))["config"]
    result = json.loads((home / "result.json").read_text(encoding="utf-8"))
    assert (config["env"], config["quick"], result["env"]) == (env, True, env)
    assert result["steps"] >= config["steps"]
    assert f"best agent: return {result['return']:.2f}" in printed
    assert "evaluation " in printed
    assert f"plot saved to runs/{home.parent.name}/{home.name}/learning.png" in printed


def check_play(name, home, env):
    done = run(name, "--play", folder=home.parents[2])
    assert done.returncode == 0, done.stderr
    assert f"{name}: {env}, runs/{name}/{home.name}/agent.npz" in done.stdout
    assert re.search(r"episode 1: return -?\d+\.\d, \d+ steps", done.stdout)
    assert f"saved to runs/{name}/{home.name}/play.gif" in done.stdout
    with Image.open(home / "play.gif") as gif:
        assert gif.format == "GIF"
        assert gif.n_frames >= 5


@pytest.mark.parametrize("name", [n for n in SCRIPTS if n not in FROM_PIXELS])
def test_quick_run_from_any_folder_leaves_its_files_and_an_agent_to_watch(name, tmp_path):
    home, printed = quick(name, folder=tmp_path)
    check_figures(home, printed, "CartPole-v1")
    check_play(name, home, "CartPole-v1")


@pytest.mark.slow
@pytest.mark.parametrize("name", FROM_PIXELS)
def test_quick_run_from_pixels_leaves_its_files_and_an_agent_to_watch(name, tmp_path):
    home, printed = quick(name, folder=tmp_path)
    check_figures(home, printed, "Catcher-v0")
    check_play(name, home, "Catcher-v0")


@pytest.mark.parametrize("name", FROM_PIXELS)
def test_quick_run_with_test_learns_cartpole(name, tmp_path):
    home, printed = quick(name, "--test", folder=tmp_path)
    check_figures(home, printed, "CartPole-v1")


def test_another_world_is_named_on_the_command_line(tmp_path):
    home, printed = quick("ppo_agent", "--env", "Acrobot-v1", "--seed", "3", folder=tmp_path)
    check_figures(home, printed, "Acrobot-v1")
    assert home.name.endswith("-seed3")


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_names_its_examples(name, tmp_path):
    done = run(name, "--help", folder=tmp_path)
    assert done.returncode == 0
    flags = ["--play", "--resume", "--env Acrobot-v1", *["--test"] * (name in FROM_PIXELS)]
    for flag in ("", *(f" {flag}" for flag in flags)):
        assert f"python FN/{name}.py{flag} " in done.stdout
    assert list(tmp_path.iterdir()) == []
