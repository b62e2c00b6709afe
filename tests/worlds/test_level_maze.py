"""Mazes by number: made alike for ever, solvable, and stepped alike in both forms."""

from copy import deepcopy

import gymnasium as gym
import numpy as np
import pytest

from framework.vector import VectorWorld, make_vector
from worlds.level_maze import (
    COUNTS,
    FAR,
    FIRST_TEST,
    LEAST,
    LIMIT,
    MOST,
    SIDE,
    VIEW,
    LevelMaze,
    LevelMazeVector,
    distances,
    draw_level_maze,
    level,
    level_maze_step,
    see_level_maze,
)

ENV = "LevelMaze/16-v0"
TRAIN, TEST = range(1_024), range(FIRST_TEST, FIRST_TEST + 300)


def key(number):
    walls, start, goal, _ = level(number)
    return walls.tobytes(), *start, *goal


def downhill(walls, goal, place):
    """The action that leads nearer to the goal, for one maze."""
    away = distances(walls, goal)
    for action in range(4):
        moved, _ = level_maze_step(walls[None], goal[None], place[None], np.array([action]))
        if away[tuple(moved[0])] < away[tuple(place)]:
            return action
    return None


def test_distances_are_those_counted_by_hand():
    walls = np.ones((SIDE, SIDE), bool)
    walls[1, 1:5] = walls[2, 4] = walls[3, 2:5] = walls[6, 6] = False  # a hook, and a cell apart
    away = distances(walls, np.array([1, 1]))
    assert away[1, :6].tolist() == [-1, 0, 1, 2, 3, -1]
    assert (away[2, 4], away[3, 4], away[3, 3], away[3, 2]) == (4, 5, 6, 7)
    assert (away >= 0).sum() == 8


@pytest.mark.parametrize("numbers", [range(200), range(FIRST_TEST, FIRST_TEST + 200)])
def test_every_level_is_solved_in_its_best_number_of_steps_and_no_fewer(numbers):
    for number in numbers:
        walls, place, goal, best = level(number)
        assert LEAST <= best <= MOST
        assert walls[[0, -1]].all()
        assert walls[:, [0, -1]].all()
        for step in range(best):
            assert not (place == goal).all(), f"level {number} took {step} steps of {best}"
            action = downhill(walls, goal, place)
            (place,), (there,) = level_maze_step(walls[None], goal[None], place[None], np.array([action]))
        assert there


def test_a_level_is_the_same_whenever_it_is_made_and_cannot_be_altered():
    before = key(7)
    level.cache_clear()
    assert key(7) == before
    with pytest.raises(ValueError, match="read-only"):
        level(7).walls[0, 0] = False
    with pytest.raises(ValueError, match="numbered from 0 on; got -1"):
        level(-1)


def test_no_level_is_there_twice_and_none_to_learn_in_is_one_to_be_tried_in():
    train, test = {key(number) for number in TRAIN}, {key(number) for number in TEST}
    assert (len(train), len(test)) == (len(TRAIN), len(TEST))
    assert not train & test
    assert max(COUNTS) < FIRST_TEST


def test_walls_hold_and_free_cells_let_pass():
    walls = np.ones((4, SIDE, SIDE), bool)
    walls[:, 3, 3:5] = False  # two cells beside each other
    place, goal = np.full((4, 2), 3), np.tile([3, 4], (4, 1))
    moved, there = level_maze_step(walls, goal, place, np.arange(4))
    assert moved.tolist() == [[3, 3], [3, 4], [3, 3], [3, 3]]
    assert there.tolist() == [False, True, False, False]
    assert place.tolist() == [[3, 3]] * 4


def test_a_player_in_the_middle_sees_the_whole_maze_around():
    for number in range(30):
        walls, _, goal, _ = level(number)
        for place in np.argwhere(~walls):
            planes = see_level_maze(walls[None], goal[None], place[None])[0]
            assert planes.shape == (VIEW, VIEW, 2)
            assert planes[FAR, FAR, 0] == 0
            free = np.argwhere(planes[..., 0] == 0) + place - FAR
            np.testing.assert_array_equal(free, np.argwhere(~walls))
            np.testing.assert_array_equal(np.argwhere(planes[..., 1]) + place - FAR, goal[None])


def test_stepped_at_once_it_equals_single_worlds_to_the_bit():
    envs = make_vector(ENV, 6, seed=3)
    assert isinstance(envs.envs, LevelMazeVector)
    same_step = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
    singles = VectorWorld(gym.make_vec(ENV, 6, vectorization_mode="sync", vector_kwargs=same_step), seed=3)
    np.testing.assert_array_equal(envs.obs, singles.obs)
    for action in np.random.default_rng(0).integers(4, size=(200, 6)):
        one, other = envs.step(action), singles.step(action)
        for name in ("obs", "next_obs", "reward", "terminated", "truncated"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(envs.obs, singles.obs)
        assert envs.observation_space.contains(one.next_obs[0])
    finished = envs.take_finished()
    assert finished == singles.take_finished()
    assert {episode_return for episode_return, _ in finished} == {0.0, 1.0}  # both ends were met
    assert max(length for _, length in finished) == LIMIT


def test_episodes_have_the_levels_they_were_given_and_all_of_them():
    env = LevelMaze(levels=5, first=20)
    env.reset(seed=0)
    seen = []
    for _ in range(100):
        env.reset()
        seen.append(env.number)
    assert set(seen) == set(range(20, 25))


def test_worlds_that_were_saved_go_on_alike():
    one, other = make_vector(ENV, 4, seed=1), make_vector(ENV, 4, seed=2)
    assert one.resumes_exactly
    actions = np.random.default_rng(0).integers(4, size=(120, 4))
    for action in actions[:60]:
        one.step(action)
    other.load_state(deepcopy(one.state()))
    for action in actions[60:]:
        np.testing.assert_array_equal(one.step(action).next_obs, other.step(action).next_obs)


def test_the_picture_shows_walls_goal_and_player():
    walls, start, goal, _ = level(0)
    (picture,) = draw_level_maze(walls[None], goal[None], start[None])
    cells = picture[12::24, 12::24]
    assert cells[tuple(goal)].tolist() == [33, 102, 172]
    assert cells[tuple(start)].tolist() == [224, 130, 20]
    assert (cells[walls] == (91, 96, 104)).all()
    env = gym.make(ENV, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == picture.shape == (192, 192, 3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: LevelMaze(levels=0), "levels must be at least 1 and first at least 0; got 0 and 0"),
        (lambda: LevelMazeVector(0), "num_envs must be at least 1; got 0"),
        (lambda: LevelMazeVector(2).reset(seed=[1]), "there are 2 mazes; got 1 seeds"),
    ],
)
def test_what_is_impossible_is_said_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_actions_that_do_not_exist_are_refused():
    envs, env = LevelMazeVector(2), LevelMaze()
    envs.reset(seed=0)
    env.reset(seed=0)
    for wrong in (np.array([1, 4]), np.array([1]), np.array([0.5, 1.5])):
        with pytest.raises(ValueError, match="actions must be 2 numbers 0 to 3, one for each maze"):
            envs.step(wrong)
    with pytest.raises(ValueError, match="action 4 does not exist; actions are 0 up, 1 right, 2 down, 3 left"):
        env.step(4)
