"""How controllers are judged: what is counted, by hand and against the world's own reward, and on the same plants."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from AP.pi_control import controller
from AP.plant_trials import SEEN, UNSEEN, Trial, Trials, compare, steady_error, table, try_out
from framework.evaluate import evaluate
from framework.vector import make_vector
from worlds.quadruple_tank import LIMIT, readings


@dataclass
class Plays:
    """A controller that is a function."""

    act: Any

    def player(self):
        return self.act


STILL = Plays(lambda obs: np.zeros((len(obs), 2)))


def test_a_trial_by_hand():
    trial = Trial(np.array([0.5, 1.5]), np.array([0.0, 0.1]), np.array([0.0, 3.0]), np.array([0.2, 0.4]))
    assert trial.iae.tolist() == [600, 1800]  # over 1,200 s
    assert trial.cost(2.0) == pytest.approx([0.1, 0.5])


def test_cost_is_the_negative_reward_of_the_world():
    envs = make_vector(SEEN, 20, 7, violation_weight=3.0)
    returns = evaluate(controller("PI, wrong pairs").player(), envs, 7).returns
    trial = try_out(controller("PI, wrong pairs").player(), envs, 7)
    assert (trial.violation > 0).any()
    np.testing.assert_allclose(-LIMIT * trial.cost(3.0), returns, rtol=1e-5)


def test_everything_is_counted_in_each_step_of_one_episode_and_of_true_levels():
    envs, rows = make_vector(SEEN, 3, 5), []

    def acting(obs):
        return np.where(np.arange(3)[:, None] == 1, 0.5, 0.0) * np.ones((3, 2))  # plant 1 is flooded

    trial = try_out(acting, envs, 5)
    envs.reset(5)
    plant = envs.envs.unwrapped
    for _ in range(LIMIT - 1):
        asked, before = plant.set_points.copy(), plant.volts.copy()
        envs.step(acting(envs.obs))
        level, moved = plant.levels, np.abs(plant.volts - before).sum(axis=1)
        over = np.maximum(np.maximum([10, 10, 0, 0] - level, level - [15, 15, 8, 8]), 0)
        rows.append([np.abs(asked - level[:, :2]).sum(axis=1), (over > 0).any(axis=1), 10 * over.sum(axis=1), moved])
    error, violation, excess, moved = np.array(rows, float).transpose(1, 0, 2)
    assert trial.error == pytest.approx(error.mean(axis=0), rel=0.03)  # all but the last step
    assert trial.violation == pytest.approx(violation.mean(axis=0), abs=1 / LIMIT)
    assert (trial.excess >= excess.sum(axis=0)).all()
    assert trial.excess == pytest.approx(excess.sum(axis=0), rel=0.03)
    assert trial.moved == pytest.approx(moved.mean(axis=0), rel=0.03)
    assert trial.violation[1] > 0.8 > 0.5 > trial.violation[0]


def test_all_controllers_meet_the_same_plants_and_none_that_learning_saw():
    seen = {"one": [], "other": []}

    def noting(name):
        return Plays(lambda obs: seen[name].append(obs) or np.zeros((len(obs), 2)))

    found = compare({name: noting(name) for name in seen}, 4)
    assert [list(of) for of in found.values()] == 2 * [[SEEN, UNSEEN]]
    np.testing.assert_array_equal(seen["one"], seen["other"])
    again = compare({"one": STILL}, 4, seed=0)
    assert (again["one"][SEEN].error != found["one"][SEEN].error).all()


def test_success_of_an_agent_while_it_learns_is_its_negative_cost_and_both_parts_are_logged():
    logged = {}
    trials = Trials(UNSEEN, 2.0, lambda **values: logged.update(values))
    success = trials(controller("PI"), 30, 11)
    trial = try_out(controller("PI").player(), make_vector(UNSEEN, 30, 11), 11)
    np.testing.assert_array_equal(success.returns, -LIMIT * trial.cost(2.0))
    assert logged == {"eval_error": trial.error.mean(), "eval_violation": trial.violation.mean()}
    np.testing.assert_array_equal(trials(controller("PI"), 30, 11).returns, success.returns)  # worlds are kept
    trials.close()


def test_the_steady_error_is_what_wear_leaves_where_nothing_integrates():
    """Who aims at the volts of new pumps gets levels (1.2²) too high with pumps that give 1.2 times as much."""
    still = Plays(lambda obs: np.clip(3.15 - readings(obs).volts, -1, 1))
    left = steady_error(still, 1.2, 10, 0)
    assert left > 5
    assert steady_error(controller("PI"), 1.2, 10, 0) < 0.1 * left
    assert steady_error(controller("linear"), 0.8, 10, 0) < 0.1 * left


def test_the_table_has_a_line_for_each_and_seen_before_unseen():
    trial = Trial(np.array([0.5, 0.7]), np.array([0.0, 0.1]), np.array([0.0, 3.0]), np.array([0.2, 0.4]))
    worse = trial._replace(error=trial.error + 1)
    heads, units, line = table({"mine": {SEEN: trial, UNSEEN: worse}})
    assert "seen disturbances" in heads
    assert units.split() == 2 * ["error", "viol.", "cm", "s", "worst", "IAE", "V/step"]
    assert line.split() == ["mine", "0.600", "5.00%", "1.5", "10.0%", "720", "0.300",
                            "1.600", "5.00%", "1.5", "10.0%", "1920", "0.300"]  # fmt: skip
