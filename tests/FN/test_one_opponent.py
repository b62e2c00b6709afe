"""Kuhn's poker: values by hand, exact best responses, and who holds against whom."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from FN.one_opponent import (
    BET,
    CHECKED,
    EQUILIBRIUM,
    FIRST,
    FOUR,
    OPPONENTS,
    PURE,
    RAISED,
    SELVES,
    Options,
    best_response,
    fictitious_play,
    first_wins,
    learn,
    main,
    mixture,
    play,
    points,
    train,
    winnings,
)

ROOT = Path(__file__).parents[2]
HONEST, CALLER, BLUFFER = (OPPONENTS[name] for name in ("honest", "caller", "bluffer"))


def random_strategies(seed, *shape):
    return np.random.default_rng(seed).random((*shape, 4, 3))


def test_winnings_are_those_worked_out_by_hand():
    # Whoever begins, the bluffer bets and the caller calls: both have each card as often, so nobody wins.
    assert first_wins(BLUFFER, CALLER) == first_wins(CALLER, BLUFFER) == 0
    # The bluffer begins: in 2 of 6 deals the honest has the king, calls and wins 2; in the others it folds.
    assert first_wins(BLUFFER, HONEST) == pytest.approx((4 - 2 * 2) / 6)
    # The honest begins: with the king it bets, and the bluffer folds; else it checks, the bluffer bets, and it folds.
    assert first_wins(HONEST, BLUFFER) == pytest.approx((2 - 4) / 6)
    assert winnings(BLUFFER, HONEST) == pytest.approx(1 / 6)
    # The caller begins and checks: with the king the honest bets and wins 2; else the cards decide about 1, which the
    # caller's king wins twice, and jack and queen once each.
    assert first_wins(CALLER, HONEST) == pytest.approx((2 - 2 * 2) / 6)


def test_the_value_of_the_game_is_known_and_nobody_exploits_an_equilibrium():
    """Kuhn: the first seat loses 1/18 a hand."""
    assert first_wins(EQUILIBRIUM, EQUILIBRIUM) == pytest.approx(-1 / 18)
    assert best_response(EQUILIBRIUM)[1] == pytest.approx(0, abs=1e-12)


def test_what_one_wins_the_other_loses_and_nobody_wins_of_oneself():
    one, other = random_strategies(0, 2, 20)
    np.testing.assert_allclose(winnings(one, other), -winnings(other, one))
    np.testing.assert_allclose(winnings(one, one), 0, atol=1e-12)


def test_a_best_response_beats_any_other_answer_chance_or_not():
    strategy = random_strategies(1)
    answer, wins = best_response(strategy)
    assert winnings(answer, strategy) == pytest.approx(wins)
    assert (winnings(random_strategies(2, 2_000), strategy) <= wins).all()
    assert len(np.unique(PURE.reshape(-1, 12), axis=0)) == 4_096


def test_the_answer_to_the_honest_is_to_bluff_with_the_jack_and_to_believe_its_bets():
    """First it gets -1/2, 0 and 1 with jack, queen and king; second it folds to the king, and wins 1 otherwise."""
    answer, wins = best_response(HONEST)
    assert wins == pytest.approx(((-1 / 2 + 0 + 1) / 3 + (4 - 2) / 6) / 2)
    assert answer[FIRST, :2].tolist() == [1, 0]
    assert answer[CHECKED, 0] == 1
    assert answer[BET, :2].tolist() == [0, 0]


def test_exploitability_of_the_four_is_that_counted_once():
    found = {name: best_response(strategy)[1] for name, strategy in OPPONENTS.items()}
    assert found == pytest.approx({"honest": 1 / 4, "caller": 1 / 3, "bluffer": 5 / 12, "random": 11 / 24})


def test_a_mixture_wins_what_its_parts_win_on_average():
    """Also where one part never gets into a situation: a plain mean of strategies would be another player."""
    parts, others = random_strategies(3, 5), random_strategies(4, 30)
    parts[0, FIRST] = 1  # it never checks, and so is never raised
    expected = np.mean([winnings(part, others) for part in parts], axis=0)
    np.testing.assert_allclose(winnings(mixture(parts), others), expected)
    assert np.abs(winnings(parts.mean(axis=0), others) - expected).max() > 1e-3


def test_hands_that_are_played_pay_what_is_expected():
    one, other = random_strategies(5, 2, 1)
    rewards = np.concatenate(
        [play(one, other, rng)[0].ravel() for rng in [np.random.default_rng(0)] for _ in range(3_000)]
    )
    error = rewards.std() / len(rewards) ** 0.5
    assert abs(rewards.mean() - winnings(one[0], other[0])) < 3 * error
    assert error < 0.005
    assert set(np.unique(rewards)) == {-2, -1, 1, 2}


def test_decisions_are_told_in_the_situations_where_they_were_made():
    """Against the bluffer a caller is raised whenever it begins, and bet at whenever it does not."""
    _, (opening, raised) = play(CALLER[None], BLUFFER[None], np.random.default_rng(0))
    begins = opening[0] == FIRST
    assert begins.sum() == 32
    assert (opening[0][~begins] == BET).all()
    assert (raised[0], raised[3].tolist()) == (RAISED, begins.tolist())
    assert not opening[2][begins].any()  # it checks
    assert opening[2][~begins].all()  # and calls
    assert raised[2][begins].all()


def test_who_was_not_raised_has_decided_nothing_about_it():
    _, (_, (*_, made)) = play(CALLER[None], CALLER[None], np.random.default_rng(0))
    assert not made.any()


def test_against_itself_the_first_update_meets_a_self_that_plays_at_random():
    strategies = next(learn(None, 3, Options(agents=4), np.random.default_rng(0)))
    assert (strategies == 0.5).all()
    assert strategies.shape == (4, 4, 3)


def test_exact_fictitious_play_comes_as_near_to_an_equilibrium_as_one_waits():
    found = [best_response(strategy)[1] for strategy in fictitious_play(300)]
    assert found[0] == pytest.approx(11 / 24)
    assert found[-1] < 0.015 < 0.1 < found[3]


def test_who_trains_against_one_beats_it_and_is_beaten_by_others_and_past_selves_hold():
    """Over other seeds, after 1,000 updates: exploitability 0.42 of the caller's answer, 0.063 of past selves."""
    options = Options(agents=4, updates=1_000)
    of_caller, last = train("caller", options)
    assert winnings(last, CALLER).min() > 0.3
    assert winnings(last, BLUFFER).max() < -0.35
    assert of_caller[:, -1].min() > 0.4
    of_selves, last = train(SELVES, options)
    assert of_selves[:, -1].max() < 0.12
    assert min(winnings(last, opponent).mean() for opponent in OPPONENTS.values()) > -0.05
    assert train(FOUR, options)[0][:, -1].min() > 1.3 * of_selves[:, -1].max()


def test_points_are_whole_and_go_from_the_first_to_the_last():
    found = points(1_000)
    assert (found[0], found[-1]) == (1, 1_000)
    assert (np.diff(found) > 0).all()


def test_a_quick_run_prints_the_table_and_draws(tmp_path):
    command = [sys.executable, str(ROOT / "FN" / "one_opponent.py"), "--quick"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("against honest", "against all four", "against past selves", "equilibrium"):
        assert f"{name} " in done.stdout
    assert (tmp_path / "runs" / "one_opponent" / "one_opponent.png").stat().st_size > 30_000


@pytest.mark.parametrize(
    ("name", "value"), [("updates", 9), ("agents", 1), ("learning_rate", 0.0), ("temperature", 0.0), ("seed", -1)]
)
def test_bad_input_is_refused_in_one_sentence_before_any_work(name, value, monkeypatch):
    monkeypatch.setattr("FN.one_opponent.run_parallel", lambda *_: pytest.fail("worked"))
    with pytest.raises(ValueError, match=f"^{name} must be from .*; got {value}$"):
        main(Options(**{name: value}))
