"""Maps of worlds that lie on a grid, as text and as a picture."""

import gymnasium as gym
import matplotlib.pyplot as plt
import numpy as np
import pytest

from environment import BLOCK, DANGER, ORDINARY, TREASURE, GridWorld
from framework.tabular.grid_map import GridMap, draw_grid, grid_map, grid_text
from framework.tabular.world import make_world

SMALL = GridMap(np.array([[ORDINARY, ORDINARY, TREASURE], [BLOCK, ORDINARY, DANGER]], np.int8), "↑→↓←")
V = [0.5, -0.25, 7, 7, 10, 7]  # what an end or a block is worth is not shown
GREEDY = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1] * 4, [1] * 4, [0, 0, 0, 1], [1] * 4], bool)


def test_the_map_of_a_grid_world_is_its_grid():
    grid = grid_map(GridWorld())
    assert (grid.shape, grid.arrows) == ((3, 4), "↑→↓←")
    assert grid.cells.tolist() == [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]]
    assert grid_map(gym.make("GridWorld-v0")).cells.tolist() == grid.cells.tolist()  # within its wrappers


@pytest.mark.parametrize("name", ["FrozenLake-v1", "FrozenLakeEasy-v0"])
def test_the_holes_of_the_frozen_lake_are_dangers(name):
    grid = grid_map(make_world(name))
    assert grid.cells.tolist() == [[0, 0, 0, 0], [0, -1, 0, -1], [0, 0, 0, -1], [-1, 0, 0, 1]]  # SFFF FHFH FFFH HFFG
    assert grid.arrows == "←↓→↑"


def test_the_cliff_lies_between_the_start_and_the_treasure():
    grid = grid_map(make_world("CliffWalking-v1"))
    assert (grid.shape, grid.arrows) == ((4, 12), "↑→↓←")
    assert not grid.cells[:3].any()
    assert grid.cells[3].tolist() == [0, *[-1] * 10, 1]


@pytest.mark.parametrize("name", ["Taxi-v4", "Blackjack-v1"])
def test_what_does_not_lie_on_a_grid_has_no_map(name):
    assert grid_map(make_world(name)) is None


def test_text_by_hand():
    assert grid_text(SMALL, V, GREEDY).splitlines() == [
        "   0.500   -0.250        +",
        "       #   10.000        -",
        "",
        "   ↑   ↑→    +",
        "   #    ←    -",
    ]


def drawn(grid, V, greedy):
    """(texts, directions of the arrows (right, down)) of the picture."""
    figure, ax = plt.subplots()
    draw_grid(ax, grid, V, greedy, "a title")
    (arrows,) = ax.collections or [None]
    directions = np.sign(np.round(np.stack([arrows.U, arrows.V], axis=1), 6)).tolist() if arrows else []
    texts = [text.get_text() for text in ax.texts]
    plt.close(figure)
    return texts, directions


def test_the_picture_has_a_number_in_each_ordinary_cell_and_an_arrow_for_each_best_action():
    texts, directions = drawn(SMALL, V, GREEDY)
    assert texts == ["+", "−", "0.5", "-0.2", "10.0"]  # one digit, since one of them has two places before it
    assert directions == [[0, -1], [0, -1], [1, 0], [-1, 0]]


def test_a_map_too_large_for_numbers_has_colours_alone():
    grid = GridMap(np.zeros((60, 60), np.int8), "↑→↓←")
    assert drawn(grid, np.zeros(3600), np.ones((3600, 4), bool)) == ([], [])


def test_no_number_of_the_picture_is_a_negative_zero():
    texts, _ = drawn(GridMap(np.zeros((1, 2), np.int8), "↑→↓←"), np.array([-0.001, 1.0]), np.zeros((2, 4), bool))
    assert texts == ["0.00", "1.00"]
