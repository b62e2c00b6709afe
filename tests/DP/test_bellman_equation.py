"""The recursive Bellman equation: the book's numbers, and values worked by hand from the end of the game."""

import pytest

from DP.bellman_equation import R, V, transit_func


def test_values_are_the_books_to_the_last_digit():
    values = [V(s) for s in ("state", "state_up_up", "state_down_down")]
    assert values == [0.7880942034605892, 0.9068026334400001, -0.96059601]


def test_reward_is_paid_at_the_end_only():
    assert (R("happy_end"), R("bad_end"), R("state"), R("state_up_up_up_up_up")) == (1, -1, 0, 0)


def test_moves_succeed_with_probability_0_9_until_five_have_been_made():
    assert transit_func("state", "up") == {"state_up": 0.9, "state_down": pytest.approx(0.1)}
    assert transit_func("state", "down") == {"state_down": 0.9, "state_up": pytest.approx(0.1)}
    assert transit_func("state_up_up_up_up_down", "up") == {"happy_end": 1.0}
    assert transit_func("state_up_up_up_down_down", "up") == {"bad_end": 1.0}


def test_values_worked_by_hand_from_the_end():
    assert V("happy_end") == 1
    assert V("state_up_up_up_up_up", gamma=0.5) == 0.5
    # three up of four: one more up wins (0.9 × 0.5), anything else loses (0.1 × -0.5), one step away
    assert V("state_up_up_up_down", gamma=0.5) == pytest.approx(0.5 * (0.9 * 0.5 - 0.1 * 0.5))
