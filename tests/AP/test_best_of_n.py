"""Best of n and the optimum: by hand, against drawing, and against a case in which all is known."""

import numpy as np
import pytest

from AP.best_of_n import best_of, by_item, frontiers, kl_of_best_of, optimum


def test_the_best_of_two_of_three_by_hand():
    score, values = np.array([5.0, 1.0, 3.0]), np.array([10.0, 20.0, 30.0])
    # ranks 1, 3, 5 are the best of two with probabilities 1/9, 3/9, 5/9
    assert best_of(2, score, values) == pytest.approx((20 + 3 * 30 + 5 * 10) / 9)
    assert best_of(1, score, values) == pytest.approx(20)
    assert best_of(10_000, score, values) == pytest.approx(10)


def test_the_best_of_n_is_what_drawing_gives():
    rng = np.random.default_rng(0)
    score, values = rng.normal(size=(2, 50))
    drawn = rng.integers(50, size=(40_000, 7))
    best = drawn[np.arange(40_000), score[drawn].argmax(axis=1)]
    assert best_of(7, score, values) == pytest.approx(values[best].mean(), abs=0.02)


def test_the_kl_of_the_best_of_n_is_that_of_its_distribution():
    m, n = 4_000, 8
    kept = np.diff((np.arange(m + 1) / m) ** n)
    kept = kept[kept > 0]
    assert kl_of_best_of(n) == pytest.approx((kept * np.log(kept * m)).sum(), abs=1e-3)
    assert kl_of_best_of(1) == 0


def test_the_optimum_of_normal_scores_is_known():
    """π_ref N(0, 1) and r the number itself: π* is N(1 / β, 1), at a KL of 1 / (2 β²)."""
    score = np.random.default_rng(1).normal(size=400_000)
    weight, kl = optimum(score, 1.0)
    assert weight.sum() == pytest.approx(1)
    assert weight @ score == pytest.approx(1.0, abs=0.02)
    assert kl == pytest.approx(0.5, abs=0.02)
    assert 1 / (weight @ weight) / len(score) == pytest.approx(np.exp(-1), abs=0.03)  # the effective share
    weight, kl = optimum(score, 1e6)
    assert kl == pytest.approx(0, abs=1e-6)


def test_items_are_compared_with_themselves_only():
    words = np.array([[3, 1], [3, 1], [4, 1], [4, 1]])
    score, true = np.array([0.0, 1.0, 10.0, 11.0]), np.array([0.0, 2.0, 0.0, 4.0])
    assert by_item(words, lambda rows: true[rows].max()) == 3
    rows = frontiers(words, score, true)["best of n"]
    assert rows[-1][3] == pytest.approx(3, abs=1e-6)  # the better one of each item, never two of one
    assert rows[0][3] == pytest.approx(1.5)


def test_the_script_prints_both_frontiers_and_refuses_what_it_would_round(run_page):
    printed = run_page("best_of_n", "--quick").out
    assert [line[:9].strip() for line in printed.splitlines() if "KL" in line] == ["best of n", "optimum"]
    assert "reviews must be whole thousands" in run_page("best_of_n", "--reviews", "1500").err
