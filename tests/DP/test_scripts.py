"""Each script of Day 1-2 through its own command line, from another folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from DP.environment_demo import Agent
from environment import GridWorld

ROOT = Path(__file__).parents[2]


def run(script, *arguments, folder):
    return subprocess.run(
        [sys.executable, *([ROOT / script] if script.endswith(".py") else ["-m", script]), *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=200,
    )


@pytest.mark.parametrize("form", ["DP/{}.py", "DP.{}"])
@pytest.mark.parametrize("name", ["bellman_equation", "environment_demo", "planner"])
def test_script_runs_as_a_file_and_as_a_module_from_any_folder(form, name, tmp_path):
    result = run(form.format(name), "--quick", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout


@pytest.mark.parametrize("name", ["bellman_equation", "environment_demo", "planner", "run_server"])
def test_help_shows_examples(name, tmp_path):
    result = run(f"DP/{name}.py", "--help", folder=tmp_path)
    assert result.returncode == 0
    assert f"python DP/{name}.py" in result.stdout


@pytest.mark.parametrize(
    ("script", "arguments", "sentence"),
    [
        ("DP/planner.py", ("--gamma", "2"), "gamma must be a number from 0 to 1; got 2.0"),
        ("DP/planner.py", ("--threshold", "0"), "threshold must be a positive number"),
        ("DP/planner.py", ("--env", "Nowhere-v0"), "there is no world 'Nowhere-v0'"),
        ("DP/planner.py", ("--env", "CartPole-v1"), "CartPole-v1 shows no model to plan with"),
        (
            "DP/planner.py",
            ("--env", "nowhere:Maze-v0"),
            "the module of the world 'nowhere:Maze-v0' cannot be imported",
        ),
        ("DP/planner.py", ("--env", "Taxi-v3"), "Please use `Taxi-v4` instead"),
        ("DP/planner.py", ("--plot", f"{__file__}/plan.png"), "test_scripts.py"),  # a file is no folder
        ("DP/planner.py", ("--size", "1"), "size must be from 2 to 2000"),
        ("DP/planner.py", ("--maze", "..S/S.."), "the maze of the link has 2 starts"),
        ("DP/planner.py", ("--move-prob", "nan"), "move_prob must be a number from 0 to 1"),
        ("DP/environment_demo.py", ("--episodes", "0"), "episodes must be at least 1"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(script, arguments, sentence, tmp_path):
    result = run(script, *arguments, folder=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_unknown_flag_is_refused(tmp_path):
    assert run("DP/planner.py", "--gama", "0.9", folder=tmp_path).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--env", "FrozenLake-v1"),
        ("--env", "CliffWalking-v1", "--gamma", "1", "--planner", "policy"),
        ("--env", "Taxi-v4", "--planner", "modified"),
        ("--size", "40", "--planner", "value-sync"),
    ],
    ids=" ".join,
)
def test_planner_draws_any_world(arguments, tmp_path):
    result = run("DP/planner.py", *arguments, "--plot", "a/b.png", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "a" / "b.png").stat().st_size > 10_000


def test_same_seed_prints_the_same_episodes_and_render_shows_the_maze(tmp_path):
    once, again, other = (run("DP/environment_demo.py", "--seed", s, folder=tmp_path).stdout for s in "112")
    assert once == again != other
    assert once.count("Agent gets") == 10
    assert ". # . -" in run("DP/environment_demo.py", "--render", "--quick", folder=tmp_path).stdout


def test_random_agent_takes_every_action():
    agent = Agent(GridWorld(), seed=0)
    assert {agent.policy(0) for _ in range(100)} == {0, 1, 2, 3}


def test_planner_plans_a_world_of_the_readers_own(own_world, tmp_path):
    """Named by its module, which is in the current folder, though its states are numbered from 1."""
    result = run("DP/planner.py", "--env", own_world, "--gamma", "0.5", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "V from 0.250 to 1.000, mean 0.583" in result.stdout
    assert "module:World-v0" in run("DP/planner.py", "--help", folder=tmp_path).stdout
