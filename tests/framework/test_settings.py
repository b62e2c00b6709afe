"""Settings as they are typed: what is read, what is drawn, and which flags it becomes."""

import numpy as np
import pytest

from framework.settings import Range, arguments_of, draws, label_of, ranges_of, space_of


def test_commas_make_a_list_and_two_dots_a_range():
    space = space_of(["b-c=x, y", "rate=1e-4..1e-2", "size=3..9"])
    assert space == {"b_c": ["x", "y"], "rate": Range(1e-4, 1e-2, False), "size": Range(3, 9, True)}
    assert list(ranges_of(space)) == ["rate", "size"]


def test_a_range_is_wide_where_its_ends_are_above_0_and_more_than_ten_times_apart():
    assert [Range(low, high, False).is_wide for low, high in [(0.1, 2), (0.1, 1), (0, 2), (-1, 2)]] == [True] + 3 * [
        False
    ]
    assert not Range(1, 100, True).is_wide


def test_ranges_are_drawn_from_the_same_each_time_and_in_proportion_where_they_are_wide():
    space = space_of(["rate=1e-5..1e-1", "size=3..9", "share=0.2..0.4"])
    drawn = draws(space, 400)
    assert drawn == draws(space, 400)
    rates, sizes, shares = (np.array([float(one[name]) for one in drawn]) for name in ("rate", "size", "share"))
    assert abs((rates < 1e-3).mean() - 0.5) < 0.1  # half of the powers of ten
    assert set(sizes) == set(range(3, 10))
    assert 0.2 <= shares.min() < 0.21
    assert 0.39 < shares.max() <= 0.4


def test_every_draw_meets_every_combination_of_the_lists():
    drawn = draws(space_of(["a=1,2", "b=0.0..1.0", "c=x,y"]), 3)
    assert len(drawn) == 3 * 4
    assert len({one["b"] for one in drawn}) == 3
    assert [(one["a"], one["c"]) for one in drawn[:4]] == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]


def test_a_setting_becomes_a_label_and_flags():
    assert (label_of({}), arguments_of({})) == ("as it is", [])
    setting = {"no_double": "on", "dueling": "off", "hidden": "8 8"}
    assert label_of(setting) == "no_double=on dueling=off hidden=8 8"
    assert arguments_of(setting) == ["--no-double", "--hidden", "8", "8"]


@pytest.mark.parametrize("typed", ["a", "=1", "a=1,", "a=2..1", "a=1..1", "a=1..inf", "a=1..2..3", "a=x..1"])
def test_what_cannot_be_read_is_refused_with_what_was_typed(typed):
    with pytest.raises(ValueError, match=f"; got {typed}"):
        space_of([typed])
