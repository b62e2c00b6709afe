"""The point maze: its dynamics by hand, its two forms, its oracle, and that nobody finds the goal by chance."""

import gymnasium as gym
import numpy as np
import pytest

from framework.evaluate import evaluate
from framework.vector import make_vector
from worlds.point_maze import (
    CELL,
    CELLS,
    DRAG,
    FASTEST,
    FREE,
    GOAL,
    LIMIT,
    PUSH,
    REACH,
    SIDE,
    SPREAD,
    START,
    PointMaze,
    PointMazeVector,
    cell_of,
    distances,
    draw_point_maze,
    point_maze_oracle,
    point_maze_step,
    see_point_maze,
    start_state,
)

ENV = "PointMaze-v0"


def at(x, y, vx=0.0, vy=0.0):
    return np.array([[x, y, vx, vy]])


def push(across, down=0.0):
    return np.array([[across, down]])


def random_states(number, rng):
    row, column = CELLS[rng.integers(len(CELLS), size=number)].T
    x, y = rng.uniform(0.01, 0.99, (2, number)) + np.stack([column, row])
    return np.column_stack([x, y, *rng.uniform(-FASTEST, FASTEST, (2, number))])


def test_a_push_and_the_drag_by_hand():
    state, reward, terminated = point_maze_step(at(2.5, 3.5, 0.1, -0.05), push(0.5, -1.0))
    assert state[0] == pytest.approx([2.6, 3.42, 0.1, -0.08])  # 0.08 + 0.02; -0.04 - 0.04
    assert (reward[0], terminated[0]) == (-1, False)


def test_a_larger_push_acts_as_the_largest_and_speed_stays_below_its_limit():
    state = at(0.5, 0.5)
    np.testing.assert_array_equal(point_maze_step(state, push(9.0))[0], point_maze_step(state, push(1.0))[0])
    for _ in range(25):
        state, *_ = point_maze_step(state, push(1.0))
    assert state[0, 2] == pytest.approx(FASTEST, rel=0.01)
    assert state[0, 2] < FASTEST == pytest.approx(PUSH / (1 - DRAG))


@pytest.mark.parametrize(
    ("place", "pushed", "axis"),
    [((4.95, 2.5), (1, 0), 0), ((0.05, 2.5), (-1, 0), 0), ((2.5, 2.02), (0, -1), 1), ((2.5, 6.95), (0, 1), 1)],
)
def test_a_wall_and_the_border_take_the_speed_towards_them_and_no_other(place, pushed, axis):
    speed = np.full(2, 0.1)
    speed[axis] = 0.1 * pushed[axis]
    state, *_ = point_maze_step(np.array([[*place, *speed]]), np.array([pushed], float))
    assert state[0, axis] == place[axis]
    assert state[0, 2 + axis] == 0
    assert state[0, 3 - axis] == pytest.approx(0.08)
    assert state[0, 1 - axis] == pytest.approx(place[1 - axis] + 0.08)


def test_nobody_is_ever_in_a_wall_or_outside():
    rng = np.random.default_rng(0)
    state = random_states(500, rng)
    for _ in range(100):
        state, *_ = point_maze_step(state, rng.choice([-1.0, 1.0], (500, 2)))
        row, column = divmod(cell_of(state), SIDE)
        assert FREE[row, column].all()
        assert ((state[:, :2] > 0) & (state[:, :2] < SIDE)).all()


def test_the_goal_ends_an_episode_within_its_reach_and_that_step_costs_nothing():
    middle_x, middle_y = GOAL[1] + 0.5, GOAL[0] + 0.5
    for away, there in ((REACH - 0.01, True), (REACH + 0.01, False)):
        _, reward, terminated = point_maze_step(at(middle_x, middle_y - away), push(0.0))
        assert (terminated[0], reward[0]) == (there, 0 if there else -1)


def test_dynamics_are_the_same_inside_a_graph():
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    state, pushes = random_states(300, rng), rng.uniform(-1.5, 1.5, (300, 2))
    step = tf.function(lambda s, a: point_maze_step(s, a, xp=tf.experimental.numpy))
    for tensor, array in zip(step(state, pushes), point_maze_step(state, pushes), strict=True):
        np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"start": None, "goal": (0, 0)}])
def test_vector_form_equals_single_mazes_step_by_step(options):
    vector, singles = gym.make_vec(ENV, num_envs=3, **options), [gym.make(ENV, **options) for _ in range(3)]
    goal = options.get("goal", GOAL)
    obs, _ = vector.reset(seed=10)
    for i, env in enumerate(singles):
        np.testing.assert_array_equal(obs[i], env.reset(seed=10 + i)[0])
    rng, ends = np.random.default_rng(0), 0
    for _ in range(LIMIT + 20):
        actions = rng.uniform(-1, 1, (3, 2))
        actions[2] = point_maze_oracle(vector.unwrapped.state, SIDE * goal[0] + goal[1])[2]
        obs, rewards, terminated, truncated, info = vector.step(actions)
        for i, env in enumerate(singles):
            seen, *rest = env.step(actions[i])
            assert rest[:3] == [rewards[i], terminated[i], truncated[i]]
            if terminated[i] or truncated[i]:
                np.testing.assert_array_equal(info["final_obs"][i], seen)
                seen, _ = env.reset()
                ends += 1
            np.testing.assert_array_equal(obs[i], seen)
    assert ends >= 4


def test_what_a_player_sees_is_the_state_from_minus_1_to_1():
    assert see_point_maze(at(0.0, 7.0, FASTEST, -FASTEST / 2)).tolist() == [[-1, 1, 1, -0.5]]
    assert PointMaze().observation_space.contains(see_point_maze(at(3.3, 0.2, 0.1, 0.0))[0])


def test_episodes_start_at_rest_around_the_middle_of_the_start_or_in_any_cell():
    rng = np.random.default_rng(0)
    starts, anywhere = (np.array([start_state(rng, start) for _ in range(500)]) for start in (START, None))
    middle = np.array([START[1], START[0]]) + 0.5
    assert np.abs(starts[:, :2] - middle).max() == pytest.approx(SPREAD, abs=0.01)
    assert not starts[:, 2:].any()
    assert set(cell_of(anywhere)) == {SIDE * row + column for row, column in CELLS}


def test_fewer_than_1_in_200_random_walkers_reach_the_goal():
    """The upper end of the 95% interval of what 4,000 of them did: 0 in 4,000 is below 0.1%."""
    rng, envs = np.random.default_rng(0), make_vector(ENV, 4_000, 0)
    returns = evaluate(lambda obs: rng.uniform(-1, 1, (len(obs), 2)), envs, 0).returns
    assert (returns > -LIMIT).mean() + 3 / len(returns) < 0.005


def test_the_oracle_always_arrives_long_before_the_limit_and_straight_on_nobody_does():
    envs = make_vector(ENV, 200, 0)
    mazes = envs.envs.unwrapped
    lengths = evaluate(lambda _: point_maze_oracle(mazes.state), envs, 0).lengths
    assert 70 < lengths.mean() < 85
    assert lengths.max() < 90
    towards = lambda _: np.clip(GOAL[::-1] + np.array(0.5) - mazes.state[:, :2], -1, 1)  # noqa: E731
    assert evaluate(towards, envs, 1).lengths.min() == LIMIT


def test_the_oracle_knows_the_way_from_any_cell_to_any_other():
    rng = np.random.default_rng(0)
    pairs = [(start, goal) for start in CELLS for goal in CELLS if (start != goal).any()]
    state = np.array([start_state(rng, start) for start, _ in pairs])
    goal = np.array([SIDE * goal[0] + goal[1] for _, goal in pairs])
    arrived = np.zeros(len(pairs), bool)
    for _ in range(LIMIT):
        state, *_ = point_maze_step(state, point_maze_oracle(state, goal))
        arrived |= cell_of(state) == goal
    assert arrived.all()


def test_distances_go_round_the_walls():
    away = distances(GOAL)
    assert away[START] == 14
    assert away[GOAL] == 0
    assert ((away < 0) == ~FREE).all()


def test_the_picture_shows_walls_the_goal_and_the_point_where_they_are():
    picture = draw_point_maze(np.concatenate([at(2.5, 3.5), at(0.5, 6.5)]))
    assert picture.shape == (2, SIDE * CELL, SIDE * CELL, 3)

    def pixel(which, x, y):
        return tuple(picture[which, int(y * CELL), int(x * CELL)].tolist())

    assert pixel(0, 2.5, 3.5) == pixel(1, 0.5, 6.5) == (224, 130, 20)
    assert pixel(1, 2.5, 3.5) == pixel(0, 0.5, 6.5) == (244, 244, 242)
    assert pixel(0, 3.5, 1.5) == (91, 96, 104)
    assert pixel(0, GOAL[1] + 0.5, GOAL[0] + 0.5 - (REACH - 0.06)) == (33, 102, 172)


def test_it_is_drawn_on_demand_alone():
    env = gym.make(ENV, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (SIDE * CELL, SIDE * CELL, 3)
    silent = PointMaze()
    silent.reset(seed=0)
    assert silent.render() is None


@pytest.mark.parametrize("world", [PointMaze, PointMazeVector])
def test_what_is_malformed_is_refused_in_one_sentence(world):
    for options in ({"start": (1, 1)}, {"goal": (7, 0)}, {"goal": (-1, 0)}):
        with pytest.raises(ValueError, match="is no free cell of the maze"):
            world(**options)
    with pytest.raises(ValueError, match="render_mode must be"):
        world(render_mode="ascii")
    env = world()
    env.reset(seed=0)
    for wrong in (1, [0.0, 0.0, 0.0], [[np.nan, 0.0]]):
        with pytest.raises(ValueError, match="an action is two pushes"):
            env.step(wrong)


def test_a_vector_of_no_mazes_and_seeds_of_another_number_are_refused():
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        PointMazeVector(0)
    with pytest.raises(ValueError, match="there are 2 mazes; got 3 seeds"):
        PointMazeVector(2).reset(seed=[1, 2, 3])


def test_the_callers_state_is_never_changed():
    state = at(2.5, 3.5, 0.1, 0.1)
    before = state.copy()
    point_maze_step(state, push(1.0))
    see_point_maze(state)
    draw_point_maze(state)
    np.testing.assert_array_equal(state, before)
