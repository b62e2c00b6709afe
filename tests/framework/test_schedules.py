"""A straight line, and what is left and right of it."""

import pytest

from framework.schedules import Linear


@pytest.mark.parametrize(
    ("step", "value"),
    [(0, 1.0), (1, 0.991), (25, 0.775), (50, 0.55), (99, 0.109), (100, 0.1), (101, 0.1), (1e9, 0.1)],
)
def test_down_from_1_to_a_tenth_in_100_steps(step, value):
    assert Linear(1.0, 0.1, 100)(step) == pytest.approx(value, abs=1e-12)


def test_a_learning_rate_ends_at_zero_and_not_beside_it():
    learning_rate = Linear(2.5e-4, 0.0, 3)
    assert [learning_rate(step) for step in (0, 3, 4)] == [2.5e-4, 0.0, 0.0]


def test_it_may_go_up_or_stay():
    beta = Linear(0.4, 1.0, 6)
    assert [beta(step) for step in (0, 2, 6)] == pytest.approx([0.4, 0.6, 1.0])
    assert {Linear(0.05, 0.05, 10)(step) for step in range(20)} == {0.05}


def test_in_no_steps_it_is_at_its_end_at_once():
    assert Linear(1.0, 0.1, 0)(0) == pytest.approx(0.1, abs=1e-12)


def test_it_is_a_value_such_as_a_configuration_holds():
    assert Linear(1.0, 0.1, 100) == Linear(1.0, 0.1, 100) != Linear(1.0, 0.1, 99)
