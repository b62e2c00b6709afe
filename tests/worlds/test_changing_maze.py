"""Mazes that change at a step: the mazes of the book, when they change, and what goes on through the change."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment
from environment import DOWN, LEFT, RIGHT, UP, GridWorld
from worlds.changing_maze import BLOCKING_MAZE, DYNA_MAZE, SHORTCUT_MAZE, ChangingMaze, changing, link, scaled

NAMES = ["DynaMaze-v0", "BlockingMaze-v0", "ShortcutMaze-v0"]


def shortest(rows):
    """How many steps the shortest way from start to treasure takes: a search in rings, on the letters alone."""
    cells = {(i, j): letter for i, row in enumerate(rows) for j, letter in enumerate(row) if letter != "B"}
    ring, seen, steps = [cell for cell in cells if cells[cell] == "S"], set(), 0
    while not any(cells[cell] == "T" for cell in ring):
        seen |= set(ring)
        around = {(i + di, j + dj) for i, j in ring for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0))}
        ring, steps = [cell for cell in around if cell in cells and cell not in seen], steps + 1
    return steps


def two_mazes(changes):
    """A corridor S . T, which becomes one with a wall in it."""
    return ChangingMaze([GridWorld.from_link(link([row])) for row in ("S.T", "SBT")], changes)


def test_the_shortest_ways_are_those_of_the_book():
    assert shortest(DYNA_MAZE) == 14
    assert [shortest(rows) for rows in BLOCKING_MAZE] == [10, 16]
    assert [shortest(rows) for rows in SHORTCUT_MAZE] == [16, 10]
    assert {(len(rows), len(row)) for rows in (DYNA_MAZE, *BLOCKING_MAZE, *SHORTCUT_MAZE) for row in rows} == {(6, 9)}


@pytest.mark.parametrize("factor", [1, 2, 5, 8])
def test_an_enlarged_maze_has_one_start_one_treasure_and_a_way_as_much_longer(factor):
    rows = scaled(DYNA_MAZE, factor)
    text = "".join(rows)
    assert (len(rows), len(rows[0])) == (6 * factor, 9 * factor)
    assert (text.count("S"), text.count("T"), text.count("B")) == (1, 1, 7 * factor**2)
    assert shortest(rows) == 14 * factor


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@pytest.mark.parametrize("name", NAMES)
def test_gymnasium_makes_them_as_worlds_that_obey_its_rules(name):
    env = gym.make(name)
    check_env(env, skip_render_check=True)
    assert env.spec.id == name
    assert env.unwrapped.start_state == (18 if name == "DynaMaze-v0" else 48)


def test_the_world_changes_after_the_step_of_that_number_in_the_middle_of_an_episode():
    env = two_mazes([2])
    env.reset(seed=0)
    assert env.step(RIGHT)[0] == 1
    assert env.step(LEFT)[0] == 0  # the second step is still of the old maze
    assert [env.step(RIGHT)[0] for _ in range(3)] == [0, 0, 0]
    assert env.unwrapped.P[0][RIGHT] == [(1.0, 0, 0.0, False)]


def test_neither_episodes_nor_seeds_begin_the_count_anew():
    env = two_mazes([3])
    for seed in (0, 0, 7):
        env.reset(seed=seed)
        assert env.step(RIGHT)[0] == 1
    env.reset(seed=0)
    assert env.step(RIGHT)[0] == 0
    assert env.steps_taken == 4


def test_random_numbers_go_on_through_the_change():
    """Where the new world is the old one, nobody can tell that it has changed."""
    grids = [GridWorld(move_prob=0.4) for _ in range(3)]
    plain, env = GridWorld(move_prob=0.4), ChangingMaze(grids, [5, 11])
    plain.reset(seed=3)
    env.reset(seed=3)
    for action in [UP, RIGHT, LEFT, DOWN] * 5:
        mine, theirs = env.step(action), plain.step(action)
        assert mine == theirs
        if mine[2]:
            assert env.reset() == plain.reset()


def test_what_is_rendered_is_the_world_of_now():
    env = gym.make("ShortcutMaze-v0", render_mode="ansi")
    env.reset(seed=0)
    before = env.render()
    changing(env).go_to(3000)
    assert [old for old, new in zip(before.split("\n"), env.render().split("\n"), strict=True) if old != new] == [
        ". # # # # # # # #"
    ]
    assert gym.make("BlockingMaze-v0", render_mode="rgb_array").reset(seed=0)[0] == 48


def test_a_change_shows_in_the_pictures():
    env = gym.make("BlockingMaze-v0", render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    changing(env).go_to(1000)
    assert before.shape == env.render().shape == (6 * 48, 9 * 48, 3)
    assert (before != env.render()).any(axis=2).sum() > 48 * 48


@pytest.mark.parametrize("changes", [[], [5, 9], [0], [-1]])
def test_changes_that_do_not_fit_the_worlds_are_refused(changes):
    with pytest.raises(ValueError, match=r"^changes must be 1 growing numbers of steps, one for each"):
        two_mazes(changes)


def test_worlds_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match=r"^a world can only turn into one that has as many states and actions"):
        ChangingMaze([GridWorld([[0, 1]]), GridWorld([[0, 0, 1]])], [5])
    with pytest.raises(ValueError, match=r"^the maze of the link has the letter 'X'"):
        environment.changing_maze_of(["SX"])


def test_no_world_but_a_changing_one_is_taken_for_one():
    assert changing(gym.make("GridWorld-v0")) is None
    assert isinstance(changing(gym.make("BlockingMaze-v0")), ChangingMaze)
    assert np.array_equal(gym.make("DynaMaze-v0").unwrapped.grid == 9, [[c == "B" for c in row] for row in DYNA_MAZE])
