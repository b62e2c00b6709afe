"""Tiles and arrows."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from framework.tabular.grid_map import grid_map
from framework.tabular.plots import (
    colour_limit,
    draw_greedy_arrows,
    draw_q_map,
    draw_rewards,
    draw_study,
    q_tiles,
)
from framework.tabular.study import Run
from framework.tabular.world import make_world


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


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


def test_lengths_are_drawn_as_steps_on_a_logarithmic_axis(ax):
    lengths = np.array([1000, 100, 10, 10])
    runs = {"one": [Run(np.ones(4), lengths, np.zeros((2, 2)), np.ones((2, 2), int))]}
    draw_rewards(ax, runs)
    assert (ax.get_ylabel(), ax.get_yscale()) == ("return (mean of 1 episodes)", "linear")
    draw_rewards(ax, runs, value="lengths")
    assert (ax.get_ylabel(), ax.get_yscale()) == ("steps (mean of 1 episodes)", "log")
    assert ax.lines[1].get_ydata().tolist() == lengths.tolist()
