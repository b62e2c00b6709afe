"""The data of the maze: what is in it, what is not, and that a file of it is read without trust."""

from types import SimpleNamespace

import numpy as np
import pytest

from AP.maze_data import (
    FAR,
    HOME,
    TOUCHING,
    Attempts,
    _way_point,
    collect,
    data_of,
    episodes_ended,
    episodes_of,
    fill,
    maze_of,
    read,
    write,
)
from AP.rlpd import Config
from framework.replay import ReplayBuffer
from framework.vector import Transition
from worlds.point_maze import (
    GOAL,
    LIMIT,
    SIDE,
    START,
    at_goal,
    cell_of,
    distances,
    point_maze_oracle,
    point_maze_step,
    see_point_maze,
)


@pytest.fixture(scope="module")
def data():
    return collect(0)


def states_of(obs):
    return (obs.astype(float) + np.array([1, 1, 0, 0])) * (3.5, 3.5, 0.2, 0.2)


def test_a_time_limit_is_never_stored_as_an_end(data):
    lengths = np.array([rows.stop - rows.start for rows in episodes_of(data)])
    ends = np.array([data.terminated[rows][-1] for rows in episodes_of(data)])
    assert len(lengths) == 100
    assert (lengths[~ends] == LIMIT).all()
    assert not (data.terminated & data.truncated).any()
    assert data.truncated.sum() == (~ends).sum() > 80


@pytest.mark.parametrize("seed", range(5))
def test_at_most_15_percent_of_the_episodes_touch_the_goal_and_none_goes_the_whole_way(seed):
    data = collect(seed)
    assert 0 < data.terminated.sum() <= 100 * TOUCHING
    cells = cell_of(states_of(data.obs))
    for rows in episodes_of(data):
        assert not (data.terminated[rows][-1] and (cells[rows] == 7 * START[0] + START[1]).any())


def test_too_many_that_touch_are_not_kept(monkeypatch):
    monkeypatch.setattr("AP.maze_data.TOUCHING", 0.05)
    assert collect(0).terminated.sum() == 5


def test_the_follower_goes_to_any_cell_that_is_near_but_to_our_goal():
    beside, rng = (GOAL[0] + 1, GOAL[1]), np.random.default_rng(0)
    away = distances(beside).ravel()
    aims = {_way_point(rng, SIDE * beside[0] + beside[1]) for _ in range(500)}
    assert away[HOME] == 1
    assert aims == set(np.flatnonzero((away >= 1) & (away <= FAR)).tolist()) - {HOME}


def test_rewards_and_ends_are_those_of_our_goal(data):
    state = states_of(data.next_obs)
    there = at_goal(state[:, 0], state[:, 1], GOAL)
    np.testing.assert_array_equal(data.terminated, there)
    np.testing.assert_array_equal(data.reward, np.where(there, 0, -1))


def test_every_step_is_one_of_the_maze_and_follows_on_the_one_before(data):
    moved, *_ = point_maze_step(states_of(data.obs), data.action.astype(float))
    np.testing.assert_allclose(see_point_maze(moved), data.next_obs, atol=2e-6)
    goes_on = ~(data.terminated | data.truncated)[:-1]
    np.testing.assert_array_equal(data.next_obs[:-1][goes_on], data.obs[1:][goes_on])


def test_the_same_seed_collects_the_same_and_pushes_are_of_nine_kinds_on_demand(data):
    for one, same in zip(data, collect(0), strict=True):
        np.testing.assert_array_equal(one, same)
    assert len(collect(1, 3).reward) != len(collect(2, 3).reward) or (collect(1, 3).obs != collect(2, 3).obs).any()
    assert set(np.unique(collect(0, 5, nine=True).action)) == {-1, 0, 1}
    assert len(np.unique(data.action)) > 1_000


def test_a_file_gives_back_what_was_written(data, tmp_path):
    write(tmp_path / "data.npz", data)
    for one, same in zip(data, read(tmp_path / "data.npz"), strict=True):
        assert one.dtype == same.dtype
        np.testing.assert_array_equal(one, same)
    config = SimpleNamespace(data=str(tmp_path / "data.npz"), seed=5)
    np.testing.assert_array_equal(data_of(config).obs, data.obs)


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("obs", lambda a: a[:, :3], r"obs must be finite float32 numbers \[N, 4\]"),
        ("action", lambda a: a.astype(np.float64), "action must be finite float32"),
        ("action", lambda a: 2 * a, "a push must be from -1 to 1; one is 2"),
        ("reward", lambda a: a * np.nan, "reward must be finite"),
        ("next_obs", lambda a: a[:-1], "next_obs must be finite float32"),
        ("terminated", lambda a: a.astype(np.int64), r"terminated must be true or false, \[N\]"),
        ("truncated", lambda a: a & False, "the last one ends"),
        ("truncated", lambda a: a | True, "an episode ends terminated or truncated, not both"),
        ("obs", lambda a: a.astype(object), "holds no data of a maze"),
    ],
)
def test_data_that_are_not_as_they_should_be_are_refused_in_one_sentence(name, change, sentence, data, tmp_path):
    parts = data._asdict()
    np.savez(tmp_path / "data.npz", **parts | {name: change(parts[name])})
    with pytest.raises(ValueError, match=sentence):
        read(tmp_path / "data.npz")


def test_a_damaged_file_a_file_of_something_else_and_no_file(data, tmp_path):
    write(tmp_path / "data.npz", data)
    whole = (tmp_path / "data.npz").read_bytes()
    for content in (whole[: len(whole) // 2], b"something else", b""):
        (tmp_path / "data.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"data\.npz"):
            read(tmp_path / "data.npz")
    with pytest.raises(OSError, match="none"):
        read(tmp_path / "none.npz")


def test_the_buffer_holds_every_row_and_its_true_successor_also_where_an_episode_was_cut_off(data):
    buffer = fill(ReplayBuffer(len(data.reward), 1, 0.99, 0), data)
    assert len(buffer) == len(data.reward)
    batch = buffer._batch(np.arange(len(data.reward)), None)
    for name in ("obs", "action", "reward", "next_obs", "terminated"):
        np.testing.assert_array_equal(getattr(batch, name), getattr(data, name))
    assert batch.discount[data.truncated] == pytest.approx(0.99)


def test_an_evaluation_is_whether_the_goal_was_reached():
    config = Config()
    attempts = Attempts(config)

    def idle(obs):
        return np.zeros((len(obs), 2), np.float32)

    evaluation = attempts(SimpleNamespace(player=lambda: idle), 3, 0)
    assert evaluation.returns.tolist() == [0, 0, 0]
    assert evaluation.lengths.tolist() == [LIMIT] * 3

    def knows(obs):
        return point_maze_oracle(states_of(obs))

    evaluation = attempts(SimpleNamespace(player=lambda: knows), 3, 0)
    assert evaluation.returns.tolist() == [1, 1, 1]
    attempts.close()


def test_one_maze_is_stepped_and_no_other_world():
    maze = maze_of(Config(seed=3))
    assert maze.num_envs == 1
    assert episodes_ended(maze) == {}
    for step in range(LIMIT):
        assert not maze.take_finished(), step
        maze.step(np.zeros((1, 2)))
    assert episodes_ended(maze) == {"reached": 0.0}
    for config in (Config(env="Pendulum-v1"), Config(num_envs=2)):
        with pytest.raises(ValueError, match="this page steps one PointMaze-v0"):
            maze_of(config)


def test_the_command_writes_data_and_a_picture(run_page, tmp_path):
    said = run_page("maze_data", "--quick", "--seed", "3")
    assert "error" not in said.err
    data = read(tmp_path / "runs" / "maze_data" / "data.npz")
    assert isinstance(data, Transition)
    assert f"10 episodes, {len(data.reward):,} steps; {data.terminated.sum()} touch the goal" in said.out
    assert (tmp_path / "runs" / "maze_data" / "data.png").stat().st_size > 10_000
