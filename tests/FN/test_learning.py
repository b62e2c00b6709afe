"""Seeded runs that must learn, and what happens without the parts that make them."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from framework.vector import make_vector

pytestmark = pytest.mark.slow


def learn(config, script, folder):
    """A whole run: its result, and the rows of its log."""
    script.train(replace(config, run_folder=str(folder)))
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return json.loads((folder / "result.json").read_text(encoding="utf-8")), rows


def column(rows, name):
    return [float(row[name]) for row in rows if row[name]]


@pytest.fixture
def evaluations(module, tmp_path):
    """(name, seeds, settings) -> mean return of all evaluations of runs on CartPole that go on to their last step."""

    def evaluations(name, seeds, **settings):
        script, means = module(name), []
        config = replace(getattr(script, "CARTPOLE", script.Config()), target_return=None, final_episodes=1)
        for seed in seeds:
            folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
            _, rows = learn(replace(config, seed=seed, **settings), script, folder)
            means.append(np.mean(column(rows, "eval_return")))
        return np.mean(means)

    return evaluations


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
    assert result["reached"] or result["return"] >= mark  # what is reported is of further episodes


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
        script.CARTPOLE, seed=seed, steps=12_000, num_envs=8, gamma=0.99, train_period=64, gradient_steps=32,
        learning_rate=5e-4,
    )  # fmt: skip
    result, rows = learn(replace(config, target_period=64), script, tmp_path / "moving")
    assert max(column(rows, "q")) > 1_000
    assert result["return"] < 50
    result, rows = learn(replace(config, target_period=512), script, tmp_path / "still")
    assert max(column(rows, "q")) < 100
    assert result["return"] > 100  # 9 above


def test_the_baseline_takes_most_of_the_noise_from_the_gradient(module, tmp_path):
    """The variance of the gradients of 32 episodes, after a short training; 0.25 to 0.47 of it over seeds 1 to 6."""
    script = module("policy_gradient_agent")
    config = script.Config(seed=200, steps=12_000, target_return=None, final_episodes=1, run_folder=str(tmp_path))
    agent = script.train(config)
    episodes = script.Rollout()
    for transition, playing in make_vector("CartPole-v1", 32, seed=0).episodes(agent.act):
        episodes.add(transition, playing=playing, episode=np.arange(32))
    returns, playing = agent.targets(episodes), episodes.playing
    obs, action, episode, returns = episodes.batch("obs", "action", "episode", returns=returns, where=playing)

    def noise(advantage):
        gradients = []
        for rows in (episode == number for number in range(32)):
            with script.tf.GradientTape() as tape:
                log_prob = agent.policy_and_baseline(obs[rows])[0].log_prob(action[rows])
                objective = script.tf.reduce_sum(log_prob * advantage[rows])
            parts = tape.gradient(objective, agent.policy_network.trainable_variables)
            gradients.append(np.concatenate([part.numpy().ravel() for part in parts]))
        return np.var(gradients, axis=0).sum()

    assert noise(returns - agent.baseline(obs)) < 0.7 * noise(returns)


def test_without_n_step_returns_A2C_learns_more_slowly(evaluations):
    """Over the tuning seeds 1 to 6: 338 with 8 steps, 168 with one."""
    seeds = range(200, 204)
    with_them, without = (evaluations("a2c_agent", seeds, steps=40_000, rollout_steps=n) for n in (8, 1))
    assert with_them > without


def test_with_one_epoch_PPO_hardly_learns(evaluations):
    """Over seeds 100 to 104 and 40,000 steps: 412 with 20 epochs, 62 with one."""
    assert evaluations("ppo_agent", [200, 201], steps=30_000) > 200
    assert evaluations("ppo_agent", [200, 201], steps=30_000, epochs=1) < 150


@pytest.mark.parametrize("seed", [200, 201])
def test_without_clipping_PPO_leaves_the_policy_that_acted_far_behind(seed, module, tmp_path):
    """Over seeds 100 to 104 an update's KL was at most 0.02 with clipping, at least 0.25 without."""
    script = module("ppo_agent")
    config = replace(script.CARTPOLE, seed=seed, steps=30_000, target_return=None, final_episodes=1)
    _, clipped = learn(config, script, tmp_path / "clipped")
    _, free = learn(replace(config, clip=1e6), script, tmp_path / "free")
    assert max(column(clipped, "kl")) < 0.05
    assert max(column(free, "kl")) > 0.1
