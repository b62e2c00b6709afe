"""What the book's planning code gets wrong is right here; each test is named after one such thing."""

import numpy as np
import pytest

from DP.planner import PLANNERS, PolicyIterationPlanner, ValueIterationPlanner
from environment import GridWorld

CYCLING = [[0, 0, -1, 9], [-1, 9, 0, 0], [0, 1, 0, 0]]


def test_policy_iteration_does_not_stop_on_ties_with_a_random_policys_values():
    """Seen from the middle all four ways tie; the answer is the optimum all the same."""
    env = GridWorld([[1, 0, 1], [0, 0, 0], [1, 0, 1]], move_prob=1, start=(1, 1))
    for gamma in (0.5, 0.9, 1):
        V = PolicyIterationPlanner(env).plan(gamma, 1e-9)
        np.testing.assert_allclose(V, ValueIterationPlanner(env).plan(gamma, 1e-9), atol=1e-8)
        assert V[4] == pytest.approx(-0.04 + gamma)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1])
@pytest.mark.parametrize("threshold", [0.1, 1e-4, 1e-9])
def test_policy_iteration_does_not_cycle_for_ever(gamma, threshold):
    env = GridWorld(CYCLING, move_prob=0.8)
    V = PolicyIterationPlanner(env).plan(gamma, threshold)
    exact = ValueIterationPlanner(env).plan(gamma, 1e-12)
    # at gamma = 1 episodes here last a few dozen steps at most
    np.testing.assert_allclose(V, exact, atol=threshold * min(gamma / (1 - gamma) if gamma < 1 else 100, 100) + 1e-8)


def test_iteration_count_is_not_off_by_one():
    for planner_of in PLANNERS.values():
        planner = planner_of(GridWorld())
        last = list(planner.sweeps(0.9, 1e-4))[-1]
        assert last.residual < 1e-4
    planner = PLANNERS["value"](GridWorld())
    planner.plan()
    sweeps = list(planner.sweeps())
    assert len(planner.log) == len(sweeps) == sweeps[-1].number
    assert all(sweep.residual >= 1e-4 for sweep in sweeps[:-1])


def test_goal_does_not_pay_twice_since_the_end_is_judged_by_the_state_entered():
    env = GridWorld([[0, 1]], move_prob=1)
    assert env.P[0][1] == [(1.0, 1, 1.0, True)]
    env.reset()
    assert env.step(1)[:3] == (1, 1.0, True)
    assert env.step(1)[:3] == (1, 0.0, True)
    for planner_of in PLANNERS.values():
        assert planner_of(env).plan(0.9, 1e-9).tolist() == [1, 0]


def test_states_of_grids_that_are_not_square_are_numbered_by_columns():
    """divmod(s, number of rows) would put state 4 of a 2×5 grid into row 2, which is not there."""
    for shape in ((2, 5), (5, 2)):
        grid = np.zeros(shape, int)
        grid[0, -1] = 1
        env = GridWorld(grid, move_prob=1, step_reward=0)
        V = ValueIterationPlanner(env).plan(0.5, 1e-12).reshape(shape)
        rows, cols = np.indices(shape)
        steps = rows + shape[1] - 1 - cols
        np.testing.assert_allclose(V, np.where(steps == 0, 0, 0.5 ** (steps - 1.0)))


def test_q_is_not_multiplied_by_the_policys_own_probability():
    for planner_of in PLANNERS.values():
        planner = planner_of(GridWorld([[0, 0, 1]], move_prob=1, step_reward=0))
        planner.plan(0.5, 1e-12)
        np.testing.assert_allclose(planner.Q[0], [0.25, 0.5, 0.25, 0.25])
        np.testing.assert_allclose(planner.Q[1], [0.5, 1, 0.5, 0.25])
