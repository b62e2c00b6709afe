"""What the simulator tells of a plan and of a walk."""

from unittest.mock import patch

import numpy as np
import pytest

from DP.planner import PLANNERS
from lab.errors import BadRequest, TooLong
from lab.planning import PlanByHand, plan_grids, plan_messages, walk_message
from lab.protocol.plan import plan_request, walk_request
from lab.walking import WALK_STEPS

BOOK_MAZE = [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]]
UP, RIGHT = 0, 1


def walk(policy, **changes):
    message = {"grid": BOOK_MAZE, "start": None, "prob": 1, "gamma": 0.5, "seed": 0, "policy": policy, **changes}
    return walk_message(walk_request(message))


def test_a_discounted_return_counts_the_first_reward_in_full():
    """Up, up, right, right, right: -0.04 × (1 + 1/2 + 1/4 + 1/8) + 1/16 = -0.0125."""
    told = walk([RIGHT] * 4 + [UP] * 8)
    assert [step[1] for step in told["steps"]] == [UP, UP, RIGHT, RIGHT, RIGHT]
    assert told["discounted_return"] == pytest.approx(-0.0125)
    assert told["return"] == pytest.approx(1 - 4 * 0.04)
    assert (told["terminated"], told["truncated"]) == (True, False)


def test_a_walk_that_never_arrives_is_cut_off():
    told = walk([UP] * 12)
    assert len(told["steps"]) == WALK_STEPS == 200
    assert (told["terminated"], told["truncated"]) == (False, True)


def test_walks_without_a_seed_differ_and_can_be_repeated_by_the_seed_that_is_told():
    one, other = (walk([RIGHT] * 12, seed=None, prob=0.5) for _ in range(2))
    assert one["seed"] != other["seed"]
    assert walk([RIGHT] * 12, seed=one["seed"], prob=0.5) == one


def requested(**changes):
    return plan_request({"plan": "value", "grid": BOOK_MAZE, **changes})


def sweeps_of(request):
    return [message for message in plan_messages(request) if message and message["type"] == "sweep"]


def test_of_the_sweeps_past_a_thousand_each_hundredth_part_is_shown_and_the_last():
    numbers = [sweep["number"] for sweep in sweeps_of(requested(gamma=0.999, threshold=1e-4, step_reward=0.3))]
    assert numbers[:1000] == list(range(1, 1001))
    steps = np.diff(numbers[999:-1])
    assert (steps == np.array(numbers[999:-2]) // 100).all()
    *_, done = plan_messages(requested(gamma=0.999, threshold=1e-4, step_reward=0.3))
    assert done["sweeps"] == numbers[-1] > 4_000
    assert len(numbers) < 1_500


def test_seconds_of_a_plan_are_those_of_its_sweeps_alone():
    """With a clock that stands still in the sweeps, and goes on while they are shown and read."""
    now = 0

    with patch("lab.planning.computing_seconds", lambda: now):
        for message in plan_messages(requested()):  # noqa: B007
            now += 1
    assert message["seconds"] == 0


def test_actions_within_the_threshold_are_shown_as_ties_and_the_best_one_apart():
    """After planning with threshold 0.1, row 2, column 0: Q = 0.3366, 0.2591, 0.2546, 0.2657."""
    sweep = sweeps_of(requested(threshold=0.1))[-1]
    assert (sweep["greedy"][8], sweep["best"][8]) == (0b1111, 0b0001)
    assert sweep["best"][3] == sweep["best"][5] == 0  # an end and a block


def test_a_plan_without_a_discount_or_an_end_gets_one_sentence():
    hopeless = requested(grid=[[0, 0], [0, 0]], gamma=1)
    for plan in (plan_messages, plan_grids, PlanByHand):
        with pytest.raises(BadRequest, match="an end must be within reach"):
            list(plan(hopeless))


def by_hand(**changes):
    plan = PlanByHand(requested(plan="policy", by_hand=True, **changes))
    return plan, plan.started()["policy"]


def test_a_plan_by_hand_is_policy_iteration_where_one_asks_as_the_planner_does():
    planner = PLANNERS["policy"](requested().env)
    plan, _ = by_hand()
    for sweep in planner.sweeps(0.9, 1e-4):
        told, *done = plan.receive(sweep.phase, None)
        (shown,) = told["sweeps"]
        assert (shown["number"], shown["phase"], shown["values"]) == (sweep.number, sweep.phase, sweep.V.tolist())
    assert done[0]["sweeps"] == sweep.number
    assert done[0]["policy"] == shown["policy"] == planner.policy.tolist()


def test_an_improvement_at_once_changes_the_policy_by_the_values_as_they_are():
    plan, first = by_hand()
    (told,) = plan.receive("improve", None)  # and no "done"
    (shown,) = told["sweeps"]
    assert shown["values"] == [0.0] * 12
    assert shown["policy"] != first
    assert shown["residual"] > 0


def test_a_plan_by_hand_knows_four_actions_where_going_on_is_free():
    plan, first = by_hand(grid=[[0, 9, 1], [0, 9, 0]], start=[0, 0], gamma=1, step_reward=0)
    told, *_ = plan.receive("improve", None)
    assert {*first, *told["sweeps"][0]["policy"]} <= {0, 1, 2, 3}


def test_where_going_on_is_free_the_policy_shown_goes_on_and_not_into_danger():
    world = {"grid": [[-1, 0], [0, 0]], "start": [1, 0], "gamma": 1, "step_reward": 0, "prob": 1}
    plan, _ = by_hand(**world)
    for kind in ("evaluate", "improve", "evaluate", "improve"):
        told, *done = plan.receive(kind, None)
    assert done
    for sweep in (told["sweeps"][0], sweeps_of(requested(plan="policy", **world))[-1]):
        assert walk(sweep["policy"], **world)["return"] == sweep["values"][2] == 0


def test_a_cells_own_reward_is_planned_with_and_walked_over():
    own = {"grid": [[0, 0, 1], [0, 0, 0]], "start": [0, 0], "prob": 1, "rewards": [[0, 1, 0.5]]}
    assert sweeps_of(requested(**own, gamma=0.5))[-1]["values"][:2] == [1.0, 1.0]  # 0.5 + 0.5 × 1, and 1
    assert walk([RIGHT] * 6, **own)["return"] == 1.5


@pytest.mark.parametrize("plan", PLANNERS)
def test_a_plan_whose_planner_gives_up_ends_with_an_error_that_the_page_can_say(plan):
    request = plan_request({"plan": plan, "grid": [[0, 0], [0, 1]], "gamma": 1, "step_reward": 0.5})
    with patch("DP.planner.MAX_SWEEPS", 1), pytest.raises(TooLong):
        list(plan_messages(request))
