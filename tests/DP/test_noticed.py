"""Subtle bugs of mazes and planners that other tests let pass; each test is named after the claim that one breaks."""

from itertools import pairwise

import numpy as np
import pytest

from DP.planner import PLANNERS, Options, main, world_of
from environment import INK, GridWorld

ALL = pytest.mark.parametrize("planner_of", PLANNERS.values(), ids=PLANNERS)


def test_policy_improvement_takes_an_action_that_is_better_by_rounding_only_for_a_tie():
    """Where two actions tie but for rounding, an improvement without a tolerance goes on for 10,474 sweeps."""
    planner = PLANNERS["policy"](GridWorld([[0, 9, 1], [0, 0, -1]], move_prob=0.5, step_reward=0))
    planner.plan()
    assert len(planner.log) < 300


@ALL
def test_sweeps_go_on_while_a_value_still_changes_by_exactly_the_threshold(planner_of, model_world):
    """State 0 pays 1 for ever, at gamma 1/2: its value changes by 1, 1/2, 1/4 …, exactly. The others pay nothing."""
    env = model_world({s: {0: [(1.0, s, float(s == 0), False)]} for s in range(3)})
    for power in range(1, 20):
        *_, last = planner_of(env).sweeps(0.5, 0.5**power)
        assert last.residual < 0.5**power


@pytest.mark.parametrize("size", [None, 3])
def test_the_agent_of_a_grid_world_moves_as_it_wants_with_the_probability_of_the_flag(size):
    assert world_of(Options(size=size, move_prob=0.6)).move_prob == 0.6


def test_a_maze_of_the_simulator_is_planned_as_its_link_says():
    env = world_of(Options(maze="http://localhost/#maze=S.T/.BD&prob=0.7&rewards=1.2:0.5", move_prob=0.6))
    assert (env.shape, env.start_state, env.move_prob, env.entry_reward[1]) == ((2, 3), 0, 0.7, 0.5)


def test_both_arrows_of_a_tie_are_printed(tmp_path, capsys):
    """From the diagonal of an empty maze, up and right promise the same, but for what the last sweep left to do."""
    main(Options(size=4, plot=str(tmp_path / "plan.png")))
    arrows = [line.split() for line in capsys.readouterr().out.splitlines()[5:9]]
    assert [arrows[row][3 - row] for row in range(4)] == ["+", "↑→", "↑→", "↑→"]


@ALL
def test_what_a_sweep_has_shown_stays_as_it_was(planner_of):
    sweeps = [(sweep.V, sweep.V.copy()) for sweep in planner_of(GridWorld()).sweeps()]
    for V, then in sweeps:
        np.testing.assert_array_equal(V, then)
    assert (sweeps[0][0] != sweeps[-1][0]).any()


def test_an_evaluation_goes_on_from_the_values_of_the_policy_before(model_world):
    """State 1 pays 1 for ever; state 0 pays 0, or 0.1 by the action that the improvement finds."""
    stay = {s: {a: [(1.0, s, 1.0 if s else 0.1 * a, False)] for a in range(2)} for s in range(2)}
    sweeps = list(PLANNERS["policy"](model_world(stay)).sweeps(0.9))
    (first,) = [after for before, after in pairwise(sweeps) if before.phase == "improve"]
    np.testing.assert_allclose(first.V, [0.1, 10], atol=1e-3)


def test_every_episode_begins_at_the_start():
    env = GridWorld(move_prob=1)
    for _ in range(2):
        assert env.reset() == (8, {})
        assert env.step(0)[0] == 4


def test_the_agent_is_drawn_where_it_is():
    env = GridWorld(render_mode="rgb_array")
    for env.state in (0, 2, 4, 6, 8, 11):
        middles = env.render()[24::48, 24::48]  # [3, 4, 3], a pixel of each cell
        assert np.argwhere((middles == INK).all(axis=2)).tolist() == [list(divmod(env.state, 4))]
