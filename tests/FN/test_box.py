"""A2C and PPO serve a Box of actions by the same class as Discrete ones."""

import numpy as np
import pytest

from framework.agent import load_agent


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a2c_agent", {"rollout_steps": 4, "learning_rate": 1e-2}),
        ("ppo_agent", {"rollout_steps": 32, "batch_size": 64, "learning_rate": 5e-3}),
    ],
)
def test_the_action_that_pays_most_is_learnt_saved_and_loaded(name, settings, module, tmp_path):
    script = module(name)
    config = script.Config(
        env="Aim-v0", steps=6_000, num_envs=8, hidden=(16,), target_return=None, eval_every=3_000, final_episodes=5,
        run_folder=str(tmp_path), **settings,
    )  # fmt: skip
    agent = script.train(config)
    action = agent.greedy(np.ones((3, 1), "f"))
    assert action.shape == (3, 1)
    assert action == pytest.approx(np.full((3, 1), 0.3), abs=0.12)
    loaded, _ = load_agent(tmp_path / "agent.npz", type(agent), script.Config)
    np.testing.assert_array_equal(loaded.greedy(np.ones((3, 1), "f")), action)
