"""Planning at gamma = 1: what is refused, and the optimum and a policy that ends where there are some."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from DP.planner import PLANNERS
from DP.undiscounted import (
    endless_for_free,
    proper_policy,
    steps_to_end,
    undiscounted_model,
    with_rest,
)
from environment import GridWorld, TabularModel
from tests.DP.test_planner import ALL, mazes

CORRIDOR = GridWorld([[0, 0, 0, 1]], move_prob=1)  # states 0 to 3; actions up, right, down, left
RIGHT = 1


def test_steps_to_end_by_hand():
    """Entering the treasure ends the episode; without "right" nobody gets there."""
    everything = np.ones((4, 4), bool)
    assert steps_to_end(CORRIDOR.model, everything).tolist() == [3, 2, 1, 1]
    all_but_right = everything.copy()
    all_but_right[:, RIGHT] = False
    assert steps_to_end(CORRIDOR.model, all_but_right).tolist() == [np.inf] * 3 + [1]


def test_proper_policy_ends_by_any_actions_and_by_allowed_ones():
    """Round a block there are two ways to the treasure, of 3 and of 5 steps; if down is forbidden, the long one."""
    ring = GridWorld([[0, 0, 0], [0, 9, 0], [0, 0, 1]], move_prob=1)
    everything = np.ones((9, 4), bool)
    not_down = everything.copy()
    not_down[3] = [True, False, False, False]  # state 3 is the middle of the left side
    for allowed, expected in ((None, [6, 7, 9]), (everything, [6, 7, 9]), (not_down, [0, 1, 2, 5, 9])):
        policy = proper_policy(ring.model, allowed)
        state, visited = 3, []
        for _ in expected:
            outcome = ring.model.prob[state, policy[state]].argmax()  # the only one: the floor is not slippery
            state = int(ring.model.next_state[state, policy[state], outcome])
            visited.append(state)
        assert visited == expected


def test_proper_policy_takes_the_action_that_is_likeliest_to_bring_the_end_nearer():
    """On a slippery floor up and down reach the right only by slipping."""
    slippery = GridWorld([[0, 0, 0, 1]], move_prob=0.8)
    assert proper_policy(slippery.model)[:3].tolist() == [RIGHT] * 3


def test_proper_policy_takes_an_allowed_action_even_where_no_end_is_within_reach():
    allowed = np.zeros((4, 4), bool)
    allowed[:, 2:] = True
    assert proper_policy(CORRIDOR.model, allowed)[:3].tolist() == [2, 2, 2]


def test_nothing_changes_in_a_model_in_which_no_walk_is_free():
    assert undiscounted_model(CORRIDOR.model) is CORRIDOR.model
    assert not endless_for_free(CORRIDOR.model)[:3].any()


def test_a_free_walk_gets_an_action_that_rests():
    """State 0 stays for free or pays 1 to go on to state 1, which costs 1 a step and ends half of the time."""
    next_state = np.array([[[0, 0], [1, 1]], [[1, 2], [1, 2]]])
    model = TabularModel(next_state, np.full((2, 2, 2), 0.5), np.array([[0.0, -1.0], [-1.0, -1.0]]))
    assert endless_for_free(model).tolist() == [True, False]
    rested = with_rest(model)
    assert rested.reward.tolist() == [[0, -1, 0], [-1, -1, -1]]
    assert rested.next_state[0, 2].tolist() == [2, 2]  # the end
    assert rested.next_state[1, 2].tolist() == rested.next_state[1, 0].tolist()
    assert model.reward.shape == (2, 2)  # the model itself is as it was


@ALL
def test_gamma_1_is_refused_where_no_end_is_within_reach(planner_of):
    with pytest.raises(ValueError, match="from state 0 there is none; use a gamma below 1"):
        planner_of(GridWorld([[0, 9, 1], [0, 9, 0]])).plan(gamma=1)


@ALL
def test_gamma_1_with_free_steps_still_ends_every_episode(planner_of):
    """All cells are worth 1, all actions tie; only some of them lead to the treasure."""
    env = GridWorld([[0, 0, 0, 0], [0, 9, 0, 0], [0, 0, 0, 1]], move_prob=1, step_reward=0)
    planner = planner_of(env)
    assert planner.plan(gamma=1)[env.start_state] == 1
    state, _ = env.reset()
    rewards = []
    while env.grid.flat[state] == 0 and len(rewards) < 20:
        state, reward, *_ = env.step(planner.policy[state])
        rewards.append(reward)
    assert sum(rewards) == 1


@ALL
def test_gamma_1_policy_does_not_run_into_danger_where_no_end_is_worth_reaching(planner_of):
    """Up, action 0, is the danger; every other action stays for free."""
    planner = planner_of(GridWorld([[-1], [0]], move_prob=1, step_reward=0))
    assert planner.plan(gamma=1).tolist() == [0, 0]
    assert planner.policy[1] != 0


def test_policy_iteration_at_gamma_1_walks_down_a_long_corridor():
    """Its first policy goes the likely way: slipping towards the end with probability 0.1 would take for ever."""
    planner = PLANNERS["policy"](GridWorld([[0] * 120 + [1]]))
    V = planner.plan(gamma=1)
    assert len(planner.log) < 300
    assert V[0] == pytest.approx(1 - 119 * 0.04 / 0.8 - 0.2 * 0.04 / 0.8, abs=1e-2)


def undiscounted_optimum(model):
    """V* at gamma = 1 as a linear programme: the least V with V >= Q, and V >= 0 where one may go on for free."""
    S, A, K = model.prob.shape
    free = np.append(np.ones(S, bool), False)
    for _ in range(S):
        free[:-1] &= ((free[model.next_state] | (model.prob == 0)).all(axis=2) & (model.reward == 0)).any(axis=1)
    rows = np.zeros((S, A, S + 1))
    for s, a, k in np.ndindex(S, A, K):
        rows[s, a, model.next_state[s, a, k]] += model.prob[s, a, k]
    rows[np.arange(S), :, np.arange(S)] -= 1
    bounds = [(0 if free[s] else None, None) for s in range(S)]
    return linprog(np.ones(S), rows[:, :, :S].reshape(S * A, S), -model.reward.ravel(), bounds=bounds).x


@settings(max_examples=60, deadline=None)
@given(grid=mazes, move_prob=st.sampled_from([0.3, 0.5, 0.8, 1.0]), step_reward=st.sampled_from([0.0, -0.04, -1.0]))
def test_gamma_1_equals_a_linear_programme_on_any_maze(grid, move_prob, step_reward):
    grid[-1][0] = 0
    env = GridWorld(grid, move_prob, step_reward)
    can_end = np.append(np.zeros(env.num_states, bool), True)
    for _ in range(env.num_states):
        can_end[:-1] |= (can_end[env.model.next_state] & (env.model.prob > 0)).any(axis=(1, 2))
    if (env.model.reward[~can_end[:-1]] != 0).any():
        for planner_of in PLANNERS.values():
            with pytest.raises(ValueError, match="there is none"):
                planner_of(env).plan(1)
    else:
        optimum = undiscounted_optimum(env.model)
        for planner_of in PLANNERS.values():
            np.testing.assert_allclose(planner_of(env).plan(1, 1e-9), optimum, atol=1e-5)


@ALL
def test_gamma_1_where_staying_for_free_beats_the_only_end(planner_of):
    """Once it is believed that V(s) = -1, going on for ever looks no better: V(s) = V(s) leaves that open."""
    danger_only = GridWorld([[0, 0, -1], [0, 9, 0]], move_prob=1, step_reward=0)
    planner = planner_of(danger_only)
    assert planner.plan(gamma=1).tolist() == [0] * 6
    state, _ = danger_only.reset()
    for _ in range(20):
        state, reward, terminated, *_ = danger_only.step(planner.policy[state])
        assert (reward, terminated) == (0, False)
