"""Seeded runs that must learn, and what happens without the parts that make them."""

import csv
import json
from dataclasses import replace

import pytest

pytestmark = pytest.mark.slow


def learn(config, script, folder):
    """A whole run: its result, and the rows of its log."""
    script.train(replace(config, run_folder=str(folder)))
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return json.loads((folder / "result.json").read_text(encoding="utf-8")), rows


def q_of(rows):
    return [float(row["q"]) for row in rows if row["q"]]


@pytest.mark.parametrize("seed", [200, 201])
@pytest.mark.parametrize(
    ("name", "steps", "mark"),
    [
        ("dqn_agent", 100_000, 475),
        ("ppo_agent", 100_000, 475),
        ("a2c_agent", 500_000, 475),
        ("policy_gradient_agent", 300_000, 400),
        ("value_function_agent", 150_000, 400),
    ],
)
def test_cartpole_is_learnt(name, steps, mark, seed, module, tmp_path):
    script = module(name)
    config = getattr(script, "CARTPOLE", script.Config())
    assert (config.env, config.final_episodes) == ("CartPole-v1", 100)
    result, _ = learn(replace(config, seed=seed, steps=steps), script, tmp_path)
    assert result["return"] >= mark  # the mean of 100 fresh episodes


def test_catcher_is_learnt_from_pixels(module, tmp_path):
    """0.9 of the 16 that an oracle gets; acting at random pays -2."""
    script = module("ppo_agent")
    config = replace(script.Config(), seed=200, target_return=14.4)
    assert config.env == "Catcher-v0"
    result, _ = learn(config, script, tmp_path)
    assert result["return"] >= 14.4


@pytest.mark.parametrize("seed", [200, 201])
def test_without_a_target_that_holds_still_Q_runs_away(seed, module, tmp_path):
    """No state is worth more than 1 / (1 - γ) = 100. Copied after every call of train_step, Q soon says 100,000."""
    script = module("dqn_agent")
    config = replace(
        script.CARTPOLE, seed=seed, steps=12_000, gamma=0.99, train_period=64, gradient_steps=32, learning_rate=5e-4
    )
    result, rows = learn(replace(config, target_period=64), script, tmp_path / "moving")
    assert max(q_of(rows)) > 1_000
    assert result["return"] < 50
    result, rows = learn(replace(config, target_period=512), script, tmp_path / "still")
    assert max(q_of(rows)) < 100
    assert result["return"] > 100  # 9 above
