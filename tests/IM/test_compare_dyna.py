"""The studies of Dyna in small: each effect with a margin, each ablation hurts, and what the figures are made of.

Thresholds were chosen on seeds below 100, and the full figures are in bench/results/dyna.json; the seeds here were
not looked at before.
"""

import itertools
import math
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from EL.q_learning import QLearningAgent
from environment import GridWorld
from framework.tabular.world import make_world
from IM import compare_dyna
from IM.compare_dyna import (
    MAZE,
    NOT_FOUND,
    Options,
    TriedPairsOnly,
    greedy_length,
    lengths_once,
    main,
    middle,
    play,
    rewards_once,
    share_close,
    steps_until_close,
    updates_once,
    worth_once,
)
from IM.dyna import DynaAgent, DynaPlusAgent
from IM.prioritized_sweeping import PrioritizedSweepingAgent

SEEDS = range(500, 505)


def test_play_gives_so_many_steps_over_as_many_episodes_as_they_take():
    env = make_world("DynaMaze-v0")
    steps = list(play(DynaAgent(env, seed=0), env, 2000))
    assert len(steps) == 2000
    assert sum(step.terminated for step in steps) > 10
    for before, after in itertools.pairwise(steps):
        assert after.state == (18 if before.terminated else before.next_state)


def test_the_length_of_a_greedy_path():
    env = GridWorld.from_link("maze=S.T/...&prob=1")
    right, left, up = ([0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0])
    assert greedy_length(env, [right] * 6) == 2
    assert greedy_length(env, [[0.0, 0.0, 1.0, 0.0], right, right, right, up, up]) == 4
    assert greedy_length(env, [right, left, right, right, right, right]) == NOT_FOUND
    assert greedy_length(env, [[0.0] * 4] * 6) == NOT_FOUND  # it bumps its head


def test_close_to_the_optimum_means_three_looks_in_a_row():
    assert steps_until_close([0.0, 0.81, 0.81, 0.5, 0.81, 0.82, 0.81, 0.0]) == 5 * compare_dyna.EVERY
    assert steps_until_close([0.81, 0.81, 0.8, 0.81, 0.81]) == NOT_FOUND
    assert share_close([0.0, 0.0, 0.0, 0.8, 0.82, 0.81, 0.0]) == 0.5  # of the last four


def test_a_median_that_was_never_reached_is_said_so():
    assert middle([3.0, 1_000.0, 5.0]) == "5 (3 to 1,000)"
    assert middle([3.0, math.inf, math.inf]) == "never (3 to never)"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seeds": 0}, "seeds must be at least 1; got 0"),
        ({"seed": -1}, "seed must be at least 0; got -1"),
    ],
)
def test_bad_input_is_refused_before_any_work(options, sentence, monkeypatch):
    monkeypatch.setattr("IM.compare_dyna.over_seeds", lambda *_: pytest.fail("learnt"))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        main(Options(**options))


@pytest.mark.slow
def test_planning_saves_real_steps_in_the_dyna_maze():
    """Median of 5 seeds: 2 episodes with 50 imagined updates a step, 20 to 26 with none."""
    found = {
        n: np.median([lengths_once(DynaAgent, 40, seed, {**MAZE, "planning_steps": n})[1] for seed in SEEDS])
        for n in (0, 50)
    }
    assert found[50] <= 5
    assert found[0] >= 4 * found[50]


@pytest.mark.slow
def test_dyna_q_plus_finds_the_way_round_a_wall():
    """In 2000 steps after the block, median of 5 seeds: 92 with the bonus, about 0 without, 0 over tried pairs."""
    settings = {**MAZE, "learning_rate": 1.0, "planning_steps": 50}
    after = {
        agent_class: np.median([run[-1] - run[999] for run in runs])
        for agent_class in (DynaPlusAgent, DynaAgent, TriedPairsOnly)
        for runs in [[rewards_once(agent_class, "BlockingMaze-v0", 3000, seed, settings) for seed in SEEDS]]
    }
    assert after[DynaPlusAgent] >= 80
    assert after[DynaAgent] <= 60
    assert after[TriedPairsOnly] <= 40


@pytest.mark.slow
def test_dyna_q_plus_finds_the_shortcut_with_the_right_kappa_only():
    """In 6000 steps after the opening, times Dyna-Q's, medians of 3 seeds: 1.40; with three times the kappa 0.2."""
    settings, medians = {**MAZE, "learning_rate": 1.0, "planning_steps": 10}, {}
    for kappa, agent_class in (
        (0, DynaAgent),
        (1e-3, DynaPlusAgent),
        (3e-3, DynaPlusAgent),
        (None, TriedPairsOnly),
    ):
        bonus = {"bonus": kappa} if agent_class is DynaPlusAgent else {}
        runs = [rewards_once(agent_class, "ShortcutMaze-v0", 9000, seed, {**settings, **bonus}) for seed in SEEDS[:3]]
        medians[kappa] = np.median([run[-1] - run[2999] for run in runs])
    assert medians[1e-3] >= 1.3 * medians[0]
    assert medians[3e-3] <= 0.5 * medians[0]
    assert medians[None] < medians[1e-3] - 30


@pytest.mark.slow
def test_sweeping_saves_updates_and_with_a_small_rate_few():
    """Medians of 5 seeds in mazes of 216 and 486 states: 34 and 50 times; with the rate 0.5, 4 times at most."""
    settings = {**MAZE, "learning_rate": 1.0, "planning_steps": 5}
    for factor in (2, 3):
        dyna, sweeping, half = (
            np.median([updates_once(agent_class, factor, 100_000, seed, {**settings, **more})[0] for seed in SEEDS])
            for agent_class, more in (
                (DynaAgent, {}),
                (PrioritizedSweepingAgent, {}),
                (PrioritizedSweepingAgent, {"planning_rate": 0.5}),
            )
        )
        assert dyna >= 20 * sweeping
        assert half >= 4 * sweeping


@pytest.mark.slow
def test_on_ice_a_model_that_counts_is_right_and_one_that_does_not_is_lost():
    """Success of the greedy policy after 12,000 real steps, medians of 5 seeds: 0.82 with counts, 0.1 without."""
    ice = {**compare_dyna.ICE, "planning_steps": 20}
    until, worth = {}, {}
    for label, agent_class, settings in (
        ("counts", DynaAgent, ice),
        ("last", DynaAgent, {**ice, "memory": 1}),
        ("default", QLearningAgent, {}),
    ):
        runs = [worth_once(agent_class, 12_000, seed, settings) for seed in SEEDS]
        until[label] = np.median([steps_until_close(run) for run in runs])
        worth[label] = np.median([run[-1] for run in runs])
    assert worth["counts"] >= 0.80
    assert worth["last"] <= 0.3
    assert until["counts"] <= 10_000
    assert until["default"] == NOT_FOUND


@pytest.mark.parametrize("name", ["dyna", "prioritized_sweeping"])
def test_script_prints_figures_and_saves_a_plot_from_any_folder(name, tmp_path):
    result = script(name, "--quick", "--episodes", "20", "--seeds", "2", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "steps of episode 1, 2, 3, 5, 10 (medians):" in result.stdout
    assert f"plot saved to runs/{name}/learning.png" in result.stdout.replace("\\", "/")
    assert (tmp_path / "runs" / name / "learning.png").stat().st_size > 20_000


def test_a_study_alone_prints_its_figures_and_saves_its_plot(tmp_path):
    result = script("compare_dyna", "--quick", "--study", "maze", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "maze, 50 imagined updates: near-optimal after" in result.stdout
    assert [plot.name for plot in (tmp_path / "runs" / "compare_dyna").iterdir()] == ["maze.png"]


@pytest.mark.slow
def test_a_quick_run_of_all_studies_saves_a_plot_of_each_within_a_minute(tmp_path):
    began = time.perf_counter()
    result = script("compare_dyna", "--quick", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert {plot.stem for plot in (tmp_path / "runs" / "compare_dyna").iterdir()} == set(compare_dyna.STUDIES)
    assert time.perf_counter() - began < 60


def script(name, *arguments, folder):
    return subprocess.run(
        [sys.executable, Path(compare_dyna.__file__).with_name(f"{name}.py"), *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
