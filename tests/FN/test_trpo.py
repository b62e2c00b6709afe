"""TRPO: its algebra against NumPy's, and that no update leaves the trust region."""

import csv
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest

from FN import trpo_agent
from FN.trpo_agent import DAMPING, conjugate_gradients, flat
from framework.tf import tf

Rows = namedtuple("Rows", "obs action advantage returns")


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    obs, action = rng.normal(size=(64, 3)).astype("f"), rng.integers(2, size=64)
    return Rows(*map(tf.constant, (obs, action, rng.normal(size=64).astype("f"), rng.normal(size=64).astype("f"))))


@pytest.fixture
def agent(make_agent):
    """Its policy is not uniform any more."""
    agent, rng = make_agent("trpo_agent"), np.random.default_rng(1)
    for variable in agent.actor.trainable_variables:
        variable.assign(0.7 * rng.normal(size=variable.shape))
    return agent


def test_conjugate_gradients_solve_what_numpy_solves():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(12, 12))
    matrix, b = (half @ half.T + np.eye(12)).astype("f"), rng.normal(size=12).astype("f")
    x = conjugate_gradients(lambda v: tf.linalg.matvec(matrix, v), tf.constant(b), 24).numpy()
    assert x == pytest.approx(np.linalg.solve(matrix, b), abs=1e-3)


def test_a_fisher_product_is_that_with_the_mean_of_the_squared_slopes_of_log_pi(agent, rows):
    """F = E[∇log π ∇log πᵀ], here with the mean over both actions taken exactly."""
    variables = agent.actor.trainable_variables
    size, fisher = sum(int(tf.size(variable)) for variable in variables), 0.0
    policy = agent.policy(rows.obs)
    probs = tf.nn.softmax(policy.logits).numpy()
    for i in range(8):
        for action in range(2):
            with tf.GradientTape() as tape:
                log_prob = agent.policy(rows.obs[i : i + 1]).log_prob(tf.constant([action]))
            slope = flat(tape.gradient(log_prob, variables)).numpy()
            fisher = fisher + probs[i, action] * np.outer(slope, slope) / 8
    few = Rows(*(array[:8] for array in rows))
    old = type(policy)(tf.stop_gradient(agent.policy(few.obs).logits))
    vector = np.random.default_rng(2).normal(size=size).astype("f")
    got = agent.fisher_product(few, old, tf.constant(vector)).numpy()
    assert got == pytest.approx(fisher @ vector + DAMPING * vector, rel=1e-2, abs=1e-3)


def test_a_step_gains_something_and_stays_within_the_trust_region(agent, rows):
    before = [variable.numpy() for variable in agent.actor.trainable_variables]
    old = type(agent.policy(rows.obs))(tf.stop_gradient(agent.policy(rows.obs).logits))
    kl, gain = agent.policy_step(rows)
    assert 0 < float(kl) <= agent.config.kl_limit
    assert float(kl) > agent.config.kl_limit / 4  # and not far within it
    assert float(gain) > 0
    assert float(tf.reduce_mean(old.kl(agent.policy(rows.obs)))) == pytest.approx(float(kl), rel=1e-4)
    assert any(not np.array_equal(*pair) for pair in zip(before, agent.actor.get_weights(), strict=True))


def test_where_slope_and_bowl_mislead_the_step_is_halved(make_agent, rows, monkeypatch):
    """They are those of the old weights; half a nat away they say little, and the whole step goes further."""
    monkeypatch.setattr(trpo_agent, "DAMPING", 1e-3)  # which would shorten it
    for seed in range(6):
        agent, rng = make_agent("trpo_agent", kl_limit=0.5), np.random.default_rng(seed)
        for variable in agent.actor.trainable_variables:
            variable.assign(0.7 * rng.normal(size=variable.shape))
        kl, gain = agent.policy_step(rows)
        assert float(kl) <= 0.5
        assert float(gain) > 0


def test_a_step_that_gains_nothing_is_given_up(agent, rows):
    """All actions were as good as the mean: there is no slope."""
    before = agent.actor.get_weights()
    kl, gain = agent.policy_step(rows._replace(advantage=tf.ones(64)))
    assert (float(kl), float(gain)) == (0, 0)
    for one, other in zip(before, agent.actor.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_cartpole_is_learnt_and_no_update_leaves_the_trust_region(tmp_path):
    config = replace(trpo_agent.Config(), seed=200, log_every=1, run_folder=str(tmp_path))
    agent = trpo_agent.train(config)
    with open(tmp_path / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert max(float(row["kl"]) for row in rows if row["kl"]) <= agent.config.kl_limit + 1e-6
    assert max(float(row["eval_return"]) for row in rows if row["eval_return"]) >= 475
