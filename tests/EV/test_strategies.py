"""What evolution strategies do to weights, worked by hand."""

from dataclasses import replace

import numpy as np

from EV.adam import Adam
from EV.evolution import Config, OpenES, centred_ranks, gradient_estimate

SMALL = Config(population=8, noise_size=1_000)
NAN = np.nan


def test_ranks_by_hand():
    np.testing.assert_allclose(centred_ranks(np.array([10.0, -3.0, 1e9])), [0, -0.5, 0.5])
    np.testing.assert_allclose(centred_ranks(np.array([1.0, 2.0, 3.0, 4.0, 5.0])), [-0.5, -0.25, 0, 0.25, 0.5])


def test_equal_scores_share_the_mean_of_their_ranks_wherever_they_stand():
    """Ranks 0, 1.5, 1.5, 3 of 4."""
    np.testing.assert_allclose(centred_ranks(np.array([7.0, 5.0, 9.0, 7.0])), [0, -0.5, 0.5, 0])
    np.testing.assert_allclose(centred_ranks(np.full(6, 3.0)), 0)


def test_ranks_are_those_of_scipy():
    from scipy.stats import rankdata

    scores = np.random.default_rng(0).integers(10, size=101).astype(float)
    np.testing.assert_allclose(centred_ranks(scores), (rankdata(scores) - 1) / 100 - 0.5, atol=1e-6)


def test_a_score_that_is_no_number_ranks_last_and_is_all_that_it_costs():
    np.testing.assert_allclose(centred_ranks(np.array([2.0, NAN, 1.0])), [0.5, -0.5, 0])
    np.testing.assert_allclose(centred_ranks(np.array([NAN, np.inf, 1, 2])), centred_ranks(np.array([0, 0, 1, 2])))


def test_the_gradient_by_hand():
    """Two pairs in two weights: ½ (1, 0) and -½ (0, 2), summed over n = 4 individuals of σ = ½."""
    ranks, noise = np.array([0.5, -0.25, 0.0, 0.25]), np.array([[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(gradient_estimate(ranks, noise, 0.5), [0.5 / 2, -1.0 / 2])


def test_the_gradient_points_where_a_linear_score_grows():
    rng, slope = np.random.default_rng(0), np.array([3.0, -1.0, 0.0])
    noise = rng.standard_normal((5_000, 3))
    g = gradient_estimate(centred_ranks(np.concatenate([noise, -noise]) @ slope), noise, 1.0)
    np.testing.assert_allclose(g / np.linalg.norm(g), slope / np.linalg.norm(slope), atol=0.05)


def test_adam_by_hand():
    """The first step is the sign of the gradient; the second of an opposite one is m̂ / √v̂ = -(0.01 / 0.19) / 1."""
    adam = Adam(0.1)
    np.testing.assert_allclose(adam.step(np.array([4.0, -0.5])), [0.1, -0.1], rtol=1e-6)
    np.testing.assert_allclose(adam.step(np.array([-4.0, 0.5])), [-0.1 / 19, 0.1 / 19], rtol=1e-5)


def test_a_generation_is_pairs_on_opposite_sides_of_theta_and_no_two_generations_are_alike():
    strategy = OpenES(np.arange(5, dtype=np.float32), SMALL)
    first = strategy.ask()
    np.testing.assert_allclose(first[:4] + first[4:], np.tile(2 * strategy.theta, (4, 1)), rtol=1e-5)
    np.testing.assert_array_equal(first, strategy.ask())  # nothing is drawn but from seeds
    strategy.tell(np.zeros(8))
    assert not np.isclose(first, strategy.ask()).any()


def test_scores_that_are_all_equal_leave_the_weights_as_they_were_also_where_there_is_momentum():
    strategy = OpenES(np.ones(5, np.float32), replace(SMALL, decay=0.1))
    for scores, moves in ((np.arange(8.0), True), (np.full(8, 9.3), False), (np.full(8, NAN), False)):
        strategy.ask()
        before = strategy.theta.copy()
        strategy.tell(scores)
        assert np.isfinite(strategy.theta).all()
        assert (strategy.theta != before).any() == moves


def test_decay_is_apart_from_adam():
    plain, decayed = (OpenES(np.ones(3, np.float32), replace(SMALL, decay=decay)) for decay in (0.0, 0.5))
    for strategy in (plain, decayed):
        strategy.ask()
        strategy.tell(np.arange(8.0))
    np.testing.assert_allclose(decayed.theta, plain.theta * (1 - SMALL.learning_rate * 0.5), rtol=1e-6)


def test_a_hill_is_climbed_and_no_score_that_is_missing_stops_it():
    config = replace(SMALL, population=32, sigma=0.3, learning_rate=0.1)
    strategy, top = OpenES(np.zeros(4, np.float32), config), np.array([1.0, -1.0, 0.5, 2.0])
    for generation in range(80):
        scores = -np.square(strategy.ask() - top).sum(axis=1)
        scores[generation % 32] = NAN
        strategy.tell(scores)
    np.testing.assert_allclose(strategy.theta, top, atol=0.15)


def angles(estimate, count=200):
    """The mean cosine between estimates of the gradient of a linear score in 20 weights, and the truth."""
    slope = np.random.default_rng(0).standard_normal(20)
    cosines = []
    for seed in range(count):
        g = estimate(slope, np.random.default_rng(1 + seed))
        cosines.append(g @ slope / np.linalg.norm(g) / np.linalg.norm(slope))
    return np.mean(cosines)


def antithetic(slope, rng, use=centred_ranks, spoil=lambda scores: scores):
    """Sixteen pairs; the score also depends on what both of a pair share, as on the game that they play."""
    noise, chance = rng.standard_normal((16, 20)), 10 * rng.standard_normal(16)
    scores = spoil(np.concatenate([noise @ slope + chance, -noise @ slope + chance]))
    return gradient_estimate(use(scores), noise, 1.0)


def single(slope, rng):
    """As many evaluations, none of which has another on the opposite side."""
    noise, chance = rng.standard_normal((32, 20)), 10 * rng.standard_normal(32)
    return centred_ranks(noise @ slope + chance) @ noise / 32


def standardised(scores):
    return (scores - scores.mean()) / scores.std()


def lucky(scores):
    """One game that was won by chance, at a hundred times of what others get."""
    return np.where(np.arange(len(scores)) == 3, 1000.0, scores)


def test_pairs_on_opposite_sides_point_nearer_to_the_truth_than_as_many_without():
    assert angles(antithetic) > angles(single) + 0.1


def test_one_lucky_game_turns_raw_returns_away_and_ranks_hardly():
    raw = angles(lambda *about: antithetic(*about, use=standardised))
    spoiled = angles(lambda *about: antithetic(*about, use=standardised, spoil=lucky))
    ranked = angles(lambda *about: antithetic(*about, spoil=lucky))
    assert raw > 0.5
    assert spoiled < raw / 2
    assert ranked > 0.8 * angles(antithetic)


def test_ranks_by_place_would_move_the_weights_although_all_scores_are_equal():
    """As argsort has them; the mean of equal ranks does not."""
    noise, scores = np.random.default_rng(0).standard_normal((4, 5)), np.full(8, 9.3)
    by_place = scores.argsort(kind="stable").argsort() / 7 - 0.5
    assert np.linalg.norm(gradient_estimate(by_place, noise, 1.0)) > 0.1
    assert not gradient_estimate(centred_ranks(scores), noise, 1.0).any()


def test_a_step_goes_up_by_ranks_over_the_whole_generation():
    """The pairs' scores are (8, 0), (6, 5), (2, 1), (7, 4)."""
    strategy = OpenES(np.zeros(5, np.float32), SMALL)
    strategy.ask()
    strategy.tell(np.array([8.0, 6, 2, 7, 0, 5, 1, 4]))
    g = gradient_estimate(np.array([7, 5, 2, 6, 0, 4, 1, 3]) / 7 - 0.5, strategy.noise, SMALL.sigma)
    np.testing.assert_allclose(strategy.adam.m, 0.1 * g, rtol=1e-5)
    np.testing.assert_array_equal(np.sign(strategy.theta), np.sign(g))
