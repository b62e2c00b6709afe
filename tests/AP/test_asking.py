"""What is asked and what is got: choices, rank correlation, and a player told its rewards."""

import numpy as np
import pytest

from AP.asking import ask, ask_each, calibration, choose, inside, report
from AP.catcher_data import play_catcher


class Waits:
    """An agent whose player waits, and remembers what it was told."""

    def __init__(self):
        self.paid = []

    def player(self, asked, rng):
        self.asked = asked

        def act(obs):
            return np.ones(len(obs), int)

        act.pay = lambda reward: self.paid.append(reward.copy())
        return _Player(act)


class _Player:
    def __init__(self, act):
        self.act, self.pay = act, act.pay

    def __call__(self, obs):
        return self.act(obs)


def test_actions_are_drawn_as_often_as_they_are_probable():
    probs = np.repeat([[0.2, 0.5, 0.3]], 20_000, axis=0)
    drawn = choose(probs, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn) / 20_000, [0.2, 0.5, 0.3], atol=0.015)
    assert (choose(probs) == 1).all()


def test_sums_that_rounding_leaves_below_1_choose_no_action_that_is_not_there():
    class Highest:
        def random(self, shape):
            return np.full(shape, 1 - 1e-12)

    assert choose(np.float32([[0.3, 0.3, 0.3999999]]), Highest()).tolist() == [2]


def test_a_player_is_told_every_reward_and_only_whole_first_games_count():
    agent = Waits()
    got = ask(agent, [5.0, 7.0, 9.0], seed=0)
    assert agent.asked.tolist() == [5, 7, 9]
    paid = np.array(agent.paid)
    assert len(paid) <= 500
    for game in range(3):
        missed = np.cumsum(paid[:, game] == -1)
        first = np.searchsorted(missed, 3) + 1 if missed[-1] >= 3 else len(paid)
        assert got[game] == paid[:first, game].sum()


def test_every_value_is_asked_in_as_many_games():
    agent = Waits()
    assert ask_each(agent, np.array([1, 2]), 3, 0, sampled=False).shape == (2, 3)
    assert agent.asked.tolist() == [1, 1, 1, 2, 2, 2]


def test_calibration_by_hand():
    data = play_catcher("mirrored", 200, 0)
    low, high = np.percentile(data.returns, [2, 98])
    values = np.arange(-9, 17)
    assert inside(values, data).tolist() == ((values >= low) & (values <= high)).tolist()
    got = np.repeat(values[:, None] + 0.0, 2, axis=1)
    assert calibration(values, got, data) == {"spearman": pytest.approx(1), "worst": 0}
    got[11] += 3.5
    found = calibration(values, got, data)
    assert found["worst"] == 3.5
    assert 0.9 < found["spearman"] < 1
    got[0] = got[-1] = 99  # outside the data's range nothing counts
    assert calibration(values, got, data) == found
    assert calibration(values, 0 * got, data)["spearman"] == 0


def test_the_report_names_everybody():
    data, values = play_catcher("mirrored", 40, 0), np.array([1, 3])
    lines = "\n".join(report(values, {"A, sampled": np.ones((2, 4))}, {"B": np.full(4, 2.0)}, data))
    assert "A, sampled  1.0  1.0" in lines
    assert "B  2.0, whatever is asked" in lines
