"""Interquartile means, intervals, who is better: by hand, and by drawing anew without SciPy."""

import numpy as np
import pytest

from framework.scores import (
    improvement_interval,
    interval,
    iqm,
    probability_of_improvement,
    profile,
    profile_interval,
)


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end():
    assert iqm([0, 1, 2, 3, 4, 5, 6, 1000]) == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert iqm([7, 9]) == 8
    assert iqm([[0, 10], [1, 10], [2, 10], [99, 10]], axis=0).tolist() == [1.5, 10]


def test_the_interval_is_that_of_drawing_seeds_anew():
    """Against a bootstrap written out; two worlds, from each of which its own seeds are drawn."""
    worlds = [np.array([1.0, 4, 2, 8, 5]), np.array([10.0, 30, 20])]
    rng = np.random.default_rng(1)
    drawn = [iqm(np.concatenate([rng.choice(scores, len(scores)) for scores in worlds])) for _ in range(20_000)]
    assert interval(worlds) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), rel=0.05)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    """200 times ten seeds of a normal distribution; a bootstrap of so few is known to hold less than it says."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        low, high = interval([rng.normal(size=10)])
        held += low <= 0 <= high
    assert 0.85 <= held / 200 <= 0.97


def test_one_seed_has_no_interval_and_equal_seeds_have_one_of_no_width():
    assert np.isnan(interval([[3.0], [1.0, 2.0]])).all()
    assert interval([[500.0, 500.0, 500.0]]) == (500.0, 500.0)


def test_how_often_one_is_better_by_hand():
    assert probability_of_improvement([[3, 1]], [[2, 1]]) == (1 + 1 + 0 + 0.5) / 4
    assert probability_of_improvement([[3, 1], [5]], [[2, 1], [9]]) == (2.5 / 4 + 0) / 2
    low, high = improvement_interval([np.arange(10.0)], [np.arange(10.0) + 1])
    assert 0 < low < 0.4 < high < 0.8


def test_a_profile_is_the_share_of_runs_above_each_threshold():
    worlds = [[1.0, 2], [3.0, 4]]
    assert profile(worlds, [0, 1, 2.5, 4]).tolist() == [1, 0.75, 0.5, 0]
    low, high = profile_interval(worlds, [0.0, 1.5])
    assert (low[0], high[0]) == (1, 1)
    assert (low[1], high[1]) == (0.5, 1)  # of the first world none, one or both
