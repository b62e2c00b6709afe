"""What the pages of inverse reinforcement learning share: matrices, planning, regret, mazes, L-BFGS."""

import numpy as np
import pytest

from DP.planner import ValueIterationPlanner
from environment import BLOCK, GridWorld
from framework.tabular.demonstrations import read_demonstrations, write_demonstrations
from framework.tabular.world import make_world, policy_values
from IM.inverse import (
    Dynamics,
    demonstrate,
    evaluate,
    minimise,
    optimal_policy,
    plan,
    read_episodes,
    regret,
    shaped,
    together,
)
from IM.mazes import distances, move_walls, random_maze


@pytest.fixture
def book():
    return GridWorld()  # 3 × 4, treasure and danger end the episode


def test_rows_of_the_matrices_are_probabilities_and_nothing_flows_on_from_an_end(book):
    dynamics = Dynamics(book)
    into, on = dynamics.enter.sum(axis=1).reshape(12, 4), dynamics.go_on.sum(axis=1).reshape(12, 4)
    assert np.allclose(into[dynamics.acting], 1)
    assert (into[~dynamics.acting] == 0).all()
    assert set(np.flatnonzero(~dynamics.acting)) == {3, 5, 7}  # the treasure, the block, the danger
    assert np.isclose(on[2, 1], 0.2)  # beside the treasure, towards it: only the slips go on
    assert dynamics.reward[[2, 3, 5, 7]].tolist() == [-0.04, 1, 0, -1]


def test_a_world_that_pays_by_the_action_has_no_reward_of_its_cells():
    dynamics = Dynamics(make_world("Taxi-v4"))
    assert dynamics.reward is None
    assert Dynamics(make_world("FrozenLake-v1")).reward.tolist() == [0.0] * 15 + [1.0]


def test_planning_is_exact(book):
    dynamics = Dynamics(book)
    V, Q = plan(dynamics, dynamics.reward, 0.9)
    planner = ValueIterationPlanner(book)
    planner.plan(0.9, 1e-12)
    assert np.allclose(Q, planner.Q, atol=1e-9)
    policy = np.random.default_rng(0).dirichlet(np.ones(4), 12)
    assert np.allclose(evaluate(dynamics, policy, dynamics.reward, 0.9), policy_values(book, policy, 0.9))
    assert np.allclose(V, Q.max(axis=1))


def test_regret_is_0_for_the_best_policy_and_1_for_random_actions(book):
    dynamics = Dynamics(book)
    best = optimal_policy(dynamics, dynamics.reward, 0.9)
    assert regret(dynamics, best, dynamics.reward, 0.9) == pytest.approx(0, abs=1e-9)
    assert regret(dynamics, np.full((12, 4), 0.25), dynamics.reward, 0.9) == pytest.approx(1)
    assert regret(dynamics, np.full((12, 4), 0.25), np.zeros(12), 0.9) == 0  # nothing to lose
    with pytest.raises(ValueError, match="gamma must be from 0 to below 1"):
        regret(dynamics, best, dynamics.reward, 1.0)


@pytest.mark.parametrize("open_goal", [True, False])
def test_shaping_by_a_potential_changes_no_best_action_and_a_constant_does_where_episodes_end(open_goal):
    env = random_maze(6, np.random.default_rng(3), open_goal=open_goal)
    dynamics = Dynamics(env)
    acting, reward = dynamics.acting, dynamics.rewards(dynamics.reward)
    best = optimal_policy(dynamics, reward, 0.95)[acting]
    potential = np.random.default_rng(0).normal(size=36)
    potential[~acting] = -5.0  # of ends it must not matter
    assert (optimal_policy(dynamics, shaped(dynamics, reward, potential, 0.95), 0.95)[acting] == best).all()
    assert (optimal_policy(dynamics, reward + 1, 0.95)[acting] == best).all() == open_goal


def test_episodes_become_starts_with_steps_to_go_and_discounted_visits(book):
    dynamics = Dynamics(book)
    cut = [(8, 0, -0.04, 4), (4, 0, -0.04, 0)]
    ended = [(2, 1, 1.0, 3)]
    starts, visits = read_episodes(dynamics, [cut, ended], gamma=0.5, horizon=4)
    assert starts.shape == (5, 12)
    assert (starts[2, 8], starts[4, 2], starts.sum()) == (0.5, 0.5, 1)  # the cut one had 2 steps, the other one 4
    assert np.flatnonzero(visits).tolist() == [0, 3, 4]
    assert visits[[4, 0, 3]].tolist() == [0.5, 0.25, 0.5]
    starts, _ = read_episodes(dynamics, [cut, ended], gamma=0.5)
    assert starts.shape == (3, 12)  # without a horizon: as many steps as the longest has
    starts, _ = read_episodes(dynamics, [cut, cut[:1]], gamma=0.5, horizon=4)
    assert starts.shape == (3, 12)  # of those that were cut none could have had more


@pytest.mark.parametrize(
    ("episodes", "sentence"),
    [
        ([], "at least one demonstration"),
        ([[]], "at least one step in each"),
        ([[(8, 0, 0.0, 10)]], "action 0 cannot lead from state 8 to 10"),
        ([[(8, 4, 0.0, 4)]], "action 4 cannot lead"),
        ([[(3, 0, 0.0, 3)]], "cannot lead from state 3"),
    ],
)
def test_impossible_demonstrations_get_one_sentence(book, episodes, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_episodes(Dynamics(book), episodes, 0.9)


def test_demonstrations_are_cut_at_the_horizon_and_a_file_holds_them(tmp_path):
    env = random_maze(5, np.random.default_rng(1))
    dynamics = Dynamics(env)
    policy = optimal_policy(dynamics, dynamics.reward, 0.95)
    shown, again = (demonstrate(env, policy, 3, 20, 0.95, seed=7) for _ in range(2))
    assert [len(episode.steps) for episode in shown.episodes] == [20] * 3
    assert not any(episode.terminated for episode in shown.episodes)
    assert shown.episodes == again.episodes != demonstrate(env, policy, 3, 20, 0.95, seed=8).episodes
    assert [episode.seed for episode in shown.episodes] == [7, 8, 9]
    assert all(policy[s, a] > 0 for episode in shown.episodes for s, a, _, _ in episode.steps)
    write_demonstrations(tmp_path / "shown.json", shown)
    assert read_demonstrations(tmp_path / "shown.json").episodes == shown.episodes
    for episodes, horizon in ((0, 20), (3, 0), (10_001, 20), (3, 10_001)):
        with pytest.raises(ValueError, match="episodes and horizon must be from 1 to 10,000"):
            demonstrate(env, policy, episodes, horizon, 0.95)


def test_nobody_can_show_anything_from_an_end():
    env = GridWorld(start=(0, 3))
    with pytest.raises(ValueError, match="starts in state 3, an end or a block"):
        demonstrate(env, np.full((12, 4), 0.25), 1, 5, 0.95)


def test_random_mazes_and_moved_walls_cut_nobody_off():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        env = random_maze(8, rng, open_goal=seed % 2 == 0)
        moved = move_walls(env, 4, rng)
        start = divmod(env.start_state, 8)
        for maze in (env, moved):
            assert (distances(maze.grid, start)[maze.grid != BLOCK] >= 0).all()
        changed = (env.grid == BLOCK) != (moved.grid == BLOCK)
        assert (changed.sum(), moved.link.split("&")[1:]) == (8, env.link.split("&")[1:])
        goal = np.nanargmax(env.rewards) if env.rewards is not None else env.grid.argmax()
        assert seed % 2 == 0 or (env.grid == moved.grid)[env.grid == 1].all()
        assert seed % 2 or distances(env.grid, start).ravel()[goal] >= 8
    with pytest.raises(ValueError, match="cannot be moved"):
        move_walls(GridWorld([[0, 0, 1]]), 1, rng)
    with pytest.raises(ValueError, match="size must be from 3 to 100"):
        random_maze(2, rng)


def test_l_bfgs_yields_every_step_down_to_the_minimum_however_often_it_begins_anew():
    rng = np.random.default_rng(0)
    A, b = rng.normal(size=(40, 12)), rng.normal(size=40)

    def function(x):  # logistic regression with a penalty: convex
        z = A @ x - b
        gradient = A.T @ (1 / (1 + np.exp(-z))) + 0.1 * x
        return np.logaddexp(0, z).sum() + 0.05 * x @ x, gradient, x

    for at_once in (3, 10, 1_000):
        steps = list(minimise(function, np.zeros(12), tolerance=1e-7, at_once=at_once))
        values = [function(x)[0] for x in steps]
        assert values == sorted(values, reverse=True)
        assert (steps[0] == 0).all()
        assert np.abs(function(steps[-1])[1]).max() <= 1e-7
        assert len(steps) < 60  # gradient descent would take hundreds


def test_a_function_without_a_minimum_leads_nobody_to_infinity():
    *_, x = minimise(lambda x: (-x.sum(), -np.ones(3), x), np.zeros(3), most=50.0)
    assert x.tolist() == [50.0] * 3


def test_worlds_beside_one_another_are_planned_as_each_alone():
    rng = np.random.default_rng(0)
    parts = [Dynamics(random_maze(size, rng)) for size in (4, 6)]
    whole = together(parts)
    V, Q = plan(whole, whole.reward, 0.9)
    for part, mine in zip(parts, np.split(V, [16]), strict=True):
        assert np.allclose(plan(part, part.reward, 0.9)[0], mine)
    assert (Q.shape, whole.acting.shape, parts[0].num_states) == ((52, 4), (52,), 16)
