"""CMA-ES behind two words, ask and tell: it climbs, and what is random follows from its seed."""

import numpy as np
import pytest

from framework.cma_es import CMAES

NAN = np.nan


def search(dimensions, *, population=8, sigma=0.3, decay=0.0, seed=0):
    return CMAES(np.zeros(dimensions, np.float32), population=population, sigma=sigma, decay=decay, seed=seed)


def test_a_hill_is_climbed_and_no_score_that_is_missing_stops_it():
    strategy, top = search(4, population=32), np.array([1.0, -1.0, 0.5, 2.0])
    for generation in range(80):
        scores = -np.square(strategy.ask() - top).sum(axis=1)
        scores[generation % 32] = NAN
        strategy.tell(scores)
    np.testing.assert_allclose(strategy.theta, top, atol=0.15)


def test_where_infinity_is_paid_nobody_goes():
    strategy = search(2, population=16)
    for _ in range(60):
        points = strategy.ask()
        strategy.tell(np.where(points[:, 0] > 1, np.inf, -np.square(points - 0.9).sum(axis=1)))
    np.testing.assert_allclose(strategy.theta, 0.9, atol=0.15)


def test_a_ridge_that_is_narrow_and_askew_is_followed():
    """A thousand times as steep one way as the other, askew: the scatter learns the ridge's shape."""
    strategy, top = search(2), np.array([3.0, 3.0])
    for _ in range(80):
        along, across = ((strategy.ask() - top) @ np.array([[1, 1], [1, -1]])).T
        strategy.tell(-(along**2) - 1000 * across**2)
    np.testing.assert_allclose(strategy.theta, top, atol=0.05)


def test_scores_that_are_all_equal_move_nothing():
    strategy = search(5, decay=0.1)
    some_fail = np.array([1.0, 1, 1, 1, NAN, -np.inf, np.inf, 1])
    told = [(np.arange(8.0), True), (np.full(8, 9.3), False), (np.full(8, NAN), False), (some_fail, True)]
    for scores, moves in told:
        strategy.ask()
        before = strategy.theta.copy()
        strategy.tell(scores)
        assert np.isfinite(strategy.theta).all()
        assert (strategy.theta != before).any() == moves


def test_decay_keeps_the_scatter_where_only_the_direction_of_the_weights_counts():
    sizes = {}
    for decay in (0.0, 0.1):
        strategy = search(4, decay=decay)
        for _ in range(200):
            points = strategy.ask()
            strategy.tell((points @ np.arange(4.0)) / np.linalg.norm(points, axis=1))
        sizes[decay] = strategy.search.sigma
    assert sizes[0.1] < sizes[0.0] / 10


def test_what_is_random_follows_from_the_seed_and_nothing_global_is_seeded_or_drawn():
    before = np.random.get_state()[1].tolist()
    strategies = [search(4, seed=seed) for seed in (7, 7, 8)]
    for _ in range(5):
        one, same, other = (strategy.ask() for strategy in strategies)
        np.testing.assert_array_equal(one, same)
        assert not np.isclose(one, other).any()
        for strategy in strategies:
            strategy.tell(-np.square(one - 1).sum(axis=1))
    np.testing.assert_array_equal(strategies[0].theta, strategies[1].theta)
    assert np.random.get_state()[1].tolist() == before


def test_what_is_too_small_or_too_large_is_said_in_one_sentence():
    with pytest.raises(ValueError, match="population of at least 4; got 2"):
        search(3, population=2)
    with pytest.raises(ValueError, match="at most 5,000 weights; got 6,000"):
        search(6_000)
