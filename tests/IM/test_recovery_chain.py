"""The road with a ditch: exact costs, the walk, and the exponents of cloning and DAgger."""

import numpy as np
import pytest

from IM.recovery_chain import CLIMB, LENGTHS, STUDENTS, Chain, Options, Student, costs, exponent, imitate, main


def road(length=3, contexts=2, recovers=True, seed=0):
    return Chain(length, contexts, np.random.default_rng(seed), recovers)


def mean_costs(name, seeds):
    return np.mean([costs(name, 20, 100, seed) for seed in seeds], axis=0)


def test_the_teacher_never_falls_and_would_climb():
    chain = road(50, 20)
    assert chain.cost(chain.teacher) == 0
    assert (chain.teacher[:, -1] == CLIMB).all()
    assert (chain.teacher[:, :-1] < CLIMB).all()


def test_costs_are_those_worked_out_by_hand():
    """Wrong at one of two signs of the first position: half of the walks are in the ditch at t = 1, and at t = 2."""
    chain = road()
    policy = chain.teacher.copy()
    policy[0, 0] = (policy[0, 0] + 1) % CLIMB
    assert chain.cost(policy) == pytest.approx(0.5)  # it climbs at t = 1
    policy[1, -1] = 0
    assert chain.cost(policy) == pytest.approx(0.5 + 0.5)
    assert road(recovers=False).cost(policy) == pytest.approx(0.5 + 0.5)


@pytest.mark.parametrize("recovers", [True, False])
def test_walks_agree_with_the_exact_cost(recovers):
    chain, rng = road(20, 5, recovers), np.random.default_rng(1)
    policy = np.where(rng.random(chain.teacher.shape) < 0.2, 0, chain.teacher)
    walks = [(chain.walk(policy, rng) == chain.contexts).sum() for _ in range(4_000)]
    assert np.mean(walks) == pytest.approx(chain.cost(policy), abs=4 * np.std(walks) / 4_000**0.5)


def test_no_demonstration_shows_how_to_climb():
    chain, rng = road(30, 5), np.random.default_rng(0)
    assert not any((chain.walk(chain.teacher, rng) == chain.contexts).any() for _ in range(200))
    assert not (imitate(chain, 200, rng, dagger=False) == CLIMB).any()


def test_a_student_does_what_it_was_told_most_often():
    student = Student(road(2, 2))
    for at, labels in (([0, 1], [1, 2]), ([0, 1], [0, 2]), ([0, 1], [1, 0])):
        student.learn(np.array(at), np.array(labels))
    # told: 1 twice, 2 twice; 0 twice, 1 twice, 2 twice over all, so elsewhere the first of them
    assert student.policy.tolist() == [[1, 0, 0], [0, 2, 0]]


def test_cost_grows_like_T_squared_for_cloning_and_like_T_for_DAgger():
    """Over 40 other seeds: 1.97 and 1.07."""
    cloning, dagger = mean_costs("cloning", range(8)), mean_costs("DAgger", range(8))
    assert exponent(cloning) >= 1.7
    assert exponent(dagger) <= 1.3
    assert cloning[-1] > 10 * dagger[-1]


def test_where_nobody_can_climb_DAgger_is_worse_than_cloning():
    assert mean_costs("DAgger, nobody can climb", range(3))[-1] > 2 * mean_costs("cloning", range(3))[-1]


def test_the_executed_action_stored_as_the_label_spoils_DAgger():
    assert mean_costs("DAgger, label = executed action", range(3))[-1] > 0.9 * LENGTHS[-1]


def test_a_noisy_teacher_makes_DAgger_worse():
    assert mean_costs("DAgger, a noisy teacher", range(4))[-1] > 1.8 * mean_costs("DAgger", range(4))[-1]


def test_exponents_are_those_of_powers_and_none_where_nothing_is_left_to_grow():
    T = np.array(LENGTHS)
    assert exponent(1e-3 * T**1.5) == pytest.approx(1.5)
    assert exponent(0.95 * T) is None
    assert exponent(0.0 * T) is None


def test_the_script_prints_exponents_and_draws(tmp_path, capsys):
    main(Options(quick=True, contexts=5, episodes=20, plot=str(tmp_path / "costs.png")))
    printed = capsys.readouterr().out
    assert all(name in printed for name in STUDENTS)
    assert (tmp_path / "costs.png").stat().st_size > 20_000


@pytest.mark.parametrize(("name", "value"), [("contexts", 0), ("episodes", 0), ("seeds", 0), ("seed", -1)])
def test_bad_input_is_refused_in_one_sentence_before_any_work(name, value, monkeypatch):
    monkeypatch.setattr("IM.recovery_chain.run_parallel", lambda *_: pytest.fail("worked"))
    with pytest.raises(ValueError, match=f"^{name} must be from .*; got {value}$"):
        main(Options(**{name: value}))
