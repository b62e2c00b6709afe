"""Bands, tiles and arrows; and experiments in parallel processes."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from EL.q_learning import QLearningAgent
from framework.experiments import LearnOptions, Run, learn_once, learn_runs, run_parallel
from framework.grid_map import grid_map
from framework.table_world import make_world
from framework.tabular_plots import (
    colour_limit,
    draw_greedy_arrows,
    draw_q_map,
    draw_study,
    mean_and_band,
    moving_mean,
    q_tiles,
)


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_band_is_students_t_interval_of_the_mean():
    samples = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    mean, half = mean_and_band(samples)
    assert mean.tolist() == [2, 5]
    assert half == pytest.approx([4.3027 / math.sqrt(3), 0], abs=1e-3)  # t of 2 degrees of freedom is 4.3027
    mean, half = mean_and_band(samples[:1])
    assert mean.tolist() == [1, 5]
    assert np.isnan(half).all()


def test_band_holds_the_true_mean_in_95_of_100_experiments():
    samples = np.random.default_rng(100).normal(3.0, 2.0, size=(8, 4000))
    mean, half = mean_and_band(samples)
    assert (np.abs(mean - 3) < half).mean() == pytest.approx(0.95, abs=0.015)


def test_moving_mean_by_hand():
    assert moving_mean(np.array([[1.0, 2.0, 3.0, 10.0]]), 2).tolist() == [[1.5, 2.5, 6.5]]
    assert moving_mean(np.array([4.0, 5.0]), 1).tolist() == [4, 5]


@pytest.mark.parametrize("name", ["GridWorld-v0", "FrozenLake-v1", "CliffWalking-v1"])
def test_each_action_has_the_tile_that_it_points_to(name):
    """Whatever number a world gives to an action: the tile lies towards the cell that the action leads to."""
    env = make_world(name)
    grid = grid_map(env)
    rows, cols = grid.shape
    Q = np.arange(rows * cols * 4, dtype=float).reshape(-1, 4)
    tiles = q_tiles(grid, Q)
    assert tiles.shape == (3 * rows, 3 * cols)
    for state in np.flatnonzero(grid.cells.ravel() == 0):
        row, col = divmod(int(state), cols)
        for action in range(4):
            likely = max(env.unwrapped.P[state][action], key=lambda outcome: outcome[0])
            if name == "FrozenLake-v1":
                likely = env.unwrapped.P[state][action][1]  # the middle one of three equally likely
            down, right = np.subtract(divmod(int(likely[1]), cols), (row, col))
            if abs(down) + abs(right) == 1:
                assert tiles[3 * row + 1 + down, 3 * col + 1 + right] == Q[state, action]
        assert tiles[3 * row + 1, 3 * col + 1] == Q[state].mean()
        assert np.isnan(tiles[3 * row, 3 * col])
    assert np.isnan(tiles.reshape(rows, 3, cols, 3).swapaxes(1, 2)[grid.cells != 0]).all()


def test_arrows_only_where_something_was_learnt(ax):
    """One arrow for one best action, one each where some tie, a dot where all do, nothing where nobody was."""
    env = make_world("GridWorld-v0")
    Q, N = np.zeros((12, 4)), np.zeros((12, 4), int)
    Q[8], N[8] = [3, 1, 1, 1], 1
    Q[4], N[4] = [2, 0, 2, 0], 1
    N[9] = 1  # visited, and all alike
    draw_greedy_arrows(ax, grid_map(env), Q, N)
    assert sum(len(quiver.U) for quiver in ax.collections) == 3
    (dots,) = ax.lines
    assert dots.get_xydata().tolist() == [[1, 2]]


def test_colours_are_scaled_to_the_best_actions(ax):
    assert colour_limit(np.array([[-100.0, -5.0], [-3.0, -80.0]])) == 5
    assert colour_limit(np.zeros((2, 2))) > 0
    draw_q_map(ax, grid_map(make_world("CliffWalking-v1")), np.full((48, 4), -1.0))


@pytest.mark.parametrize("name", ["GridWorld-v0", "CliffWalking-v1", "Taxi-v4", "Blackjack-v1"])
def test_every_world_can_be_drawn(name, tmp_path):
    env = make_world(name)
    size = (env.observation_space.n, env.action_space.n)
    rng = np.random.default_rng(0)
    runs = [Run(rng.normal(size=40), np.ones(40, int), rng.normal(size=size), np.ones(size, int)) for _ in range(3)]
    draw_study(env, name, {"one": runs, "two": runs[::-1]}, tmp_path / "a" / "b.png")
    assert (tmp_path / "a" / "b.png").stat().st_size > 20_000


def test_parallel_processes_give_what_one_process_gives(monkeypatch):
    calls = [(QLearningAgent, "GridWorld-v0", 30, seed, {"epsilon": 0.2}) for seed in range(4)]
    here = run_parallel(learn_once, calls)
    monkeypatch.setattr("framework.experiments.WORTH_PROCESSES", 0.0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    there = run_parallel(learn_once, calls)
    for one, other in zip(here, there, strict=True):
        assert np.array_equal(one.rewards, other.rewards)
        assert np.array_equal(one.Q, other.Q)
        assert np.array_equal(one.N, other.N)
    assert not np.array_equal(here[0].Q, here[1].Q)


def test_runs_are_sorted_by_method_and_seed(capsys):
    options = LearnOptions(env="GridWorld-v0", episodes=60, seeds=2, seed=5, epsilon=0.3, report=20)
    runs = learn_runs({"quick": QLearningAgent, "slow": (QLearningAgent, {"learning_rate": 0.01})}, options)
    printed = capsys.readouterr().out
    assert [line.split(":")[0] for line in printed.splitlines()[1:]] == ["episode 20", "episode 40", "episode 60"]
    settings = {"epsilon": 0.3, "learning_rate": 0.01, "gamma": 0.99}
    again = learn_once(QLearningAgent, "GridWorld-v0", 60, 6, settings)
    assert np.array_equal(runs["slow"][1].Q, again.Q)
    assert [len(of_seeds) for of_seeds in runs.values()] == [2, 2]
    reward = np.mean(runs["quick"][0].rewards[:20])
    assert f"episode 20: mean reward {reward:.3f}" in printed
