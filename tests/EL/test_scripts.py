"""Each script of Day 3 through its own command line, from another folder."""

import importlib
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEARNERS = ["monte_carlo", "q_learning", "sarsa", "td_lambda", "actor_critic"]
SCRIPTS = [*LEARNERS, "epsilon_greedy", "compare_q_s"]


def run(script, *arguments, folder):
    return subprocess.run(
        [sys.executable, *([ROOT / script] if script.endswith(".py") else ["-m", script]), *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=400,
    )


def here(name, **options):
    """The same as the command line does, in this process."""
    script = importlib.import_module(f"EL.{name}")
    script.main(script.Options(**options))


@pytest.mark.parametrize("name", SCRIPTS)
def test_quick_run_from_any_folder_prints_figures_and_saves_a_plot(name, tmp_path):
    result = run(f"EL/{name}.py", "--quick", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    (plot,) = (tmp_path / "runs" / name).glob("*.png")
    assert f"plot saved to runs/{name}/{plot.name}" in result.stdout.replace("\\", "/")
    assert plot.stat().st_size > 20_000


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_shows_examples_and_comes_at_once_as_a_module_too(name, tmp_path):
    began = time.perf_counter()
    result = run(f"EL.{name}", "--help", folder=tmp_path)
    seconds = time.perf_counter() - began
    assert result.returncode == 0
    assert f"python EL/{name}.py" in result.stdout
    assert name not in LEARNERS or "module:World-v0" in result.stdout  # how a reader names a world of their own
    assert seconds < 3  # a third of a second on a quiet machine


@pytest.mark.parametrize("name", ["q_learning", "actor_critic"])
def test_reports_every_50_episodes_and_the_same_seed_prints_the_same(name, tmp_path, capsys):
    printed = []
    for seed in (1, 1, 2):
        here(name, episodes=160, seeds=2, seed=seed, plot=tmp_path / "b.png")
        printed.append(capsys.readouterr().out.replace(f"seed {seed}", ""))
    once, again, other = printed
    assert once == again != other
    reports = [line for line in once.splitlines() if line.startswith("episode ")]
    assert [line.split(":")[0] for line in reports] == ["episode 50", "episode 100", "episode 150"]
    assert "over the last 100; greedy policy" in once


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("env", ["CliffWalking-v1", "Taxi-v4", "Blackjack-v1"])
def test_learns_in_any_toy_text_world(name, env, tmp_path, capsys):
    here(name, env=env, episodes=10, seeds=1, plot=tmp_path / "b.png")
    assert "an episode over the last 10" in capsys.readouterr().out
    assert (tmp_path / "b.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("q_learning", {"epsilon": 2.0}, "epsilon must be a number from 0 to 1; got 2.0"),
        ("q_learning", {"gamma": float("nan")}, "gamma must be a number from 0 to 1; got nan"),
        ("q_learning", {"episodes": 0}, "episodes must be at least 1; got 0"),
        ("q_learning", {"seeds": 0}, "seeds must be at least 1; got 0"),
        ("q_learning", {"seed": -1}, "seed must be at least 0; got -1"),
        ("sarsa", {"env": "Nowhere-v0"}, "there is no world 'Nowhere-v0'"),
        ("sarsa", {"maze": "..S/S.."}, "the maze of the link has 2 starts"),
        ("q_learning", {"temperature": -1.0}, "temperature must be a number from 0 to 100; got -1"),
        ("q_learning", {"epsilon_decay": 2.0}, "epsilon_decay must be a number from 0 to 1; got 2"),
        ("sarsa", {"env": "CartPole-v1"}, "CartPole-v1 has no table of states and actions"),
        ("sarsa", {"num_steps": 0}, "num_steps must be a number from 1 to 1000; got 0"),
        ("td_lambda", {"lambdas": (1.5,)}, "lambda_ must be a number from 0 to 1; got 1.5"),
        ("actor_critic", {"actor_rate": -1.0}, "actor_rate must be a number from 0 to 10; got -1"),
        ("epsilon_greedy", {"epsilons": (3.0,)}, "epsilon must be a number from 0 to 1; got 3"),
        ("epsilon_greedy", {"head_probs": (0.5, 1.5)}, "head_probs must be probabilities from 0 to 1"),
        ("epsilon_greedy", {"runs": 1}, "there must be at least 2 tosses and 2 runs"),
        ("compare_q_s", {"seeds": 0}, "there must be at least 1 seed"),
        ("compare_q_s", {"seed": -1}, "seed must be at least 0; got -1"),
        ("epsilon_greedy", {"seed": -1}, "seed must be at least 0; got -1"),
        ("epsilon_greedy", {"epsilons": (0.1, float("nan"))}, "epsilon must be a number from 0 to 1; got nan"),
        ("td_lambda", {"lambdas": (0.9, float("nan"))}, "lambda_ must be a number from 0 to 1; got nan"),
        ("td_lambda", {"lambdas": ()}, "lambdas must be at least one number from 0 to 1"),
        ("actor_critic", {"epsilon": float("nan")}, "epsilon must be a number from 0 to 1; got nan"),
        ("monte_carlo", {"rate_decay": float("inf")}, "rate_decay must be a number from 0 to 1; got inf"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_before_any_work(name, options, sentence, monkeypatch):
    monkeypatch.setattr("framework.tabular.study.learn_once", lambda *_: pytest.fail("learnt"))
    monkeypatch.setattr("EL.epsilon_greedy.reward_and_regret", lambda *_: pytest.fail("tossed"))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        here(name, **options)


def test_bad_input_ends_with_exit_code_2_and_no_traceback(tmp_path):
    result = run("EL/sarsa.py", "--env", "Nowhere-v0", folder=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("error: there is no world 'Nowhere-v0'")
    assert result.stderr.count("\n") == 1


def test_learns_in_a_world_of_the_readers_own(own_world, tmp_path):
    """Named by its module, which is in the current folder, though its states are numbered from 1."""
    result = run("EL/q_learning.py", "--env", own_world, "--quick", "--seeds", "1", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "greedy policy    1.000 ± 0.000 (exactly)" in result.stdout


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_learns_in_a_world_of_the_readers_own(name, own_world, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.setattr("framework.tabular.plots.draw_study", lambda *_: None)
    here(name, env=own_world, episodes=3, seeds=1)
    assert "an episode over the last 3" in capsys.readouterr().out


def test_comparison_of_as_few_episodes_as_it_accepts(tmp_path):
    here("compare_q_s", seeds=1, cliff_episodes=50, ice_episodes=50, plot=tmp_path / "b.png")
    assert (tmp_path / "b.png").stat().st_size > 20_000


def test_unknown_flag_is_refused(tmp_path):
    assert run("EL/q_learning.py", "--epsilom", "0.1", folder=tmp_path).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_script_ends_within_20_seconds_at_its_defaults(name, tmp_path):
    began = time.perf_counter()
    result = run(f"EL/{name}.py", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert time.perf_counter() - began < 20


@pytest.mark.slow
def test_learning_costs_at_most_twice_a_random_agent(tmp_path):
    """On every world, and three times less than the dictionary agent of the books takes where that runs.

    The median of ratios of runs that follow each other: on a shared machine a neighbour then slows both or neither.
    """
    from bench.tabular_speed import WORLDS, compare

    for env_id in WORLDS:
        runs = compare(env_id, steps=10_000, repeats=15, has_peer=False)["runs"]
        assert median_ratio(runs["random, plain world"], runs["nanoka, plain world"]) <= 2
        assert median_ratio(runs["nanoka, TableWorld"], runs["dictionary, plain world"]) >= 2.5


def median_ratio(rates, others):
    return statistics.median(rate / other for rate, other in zip(rates, others, strict=True))
