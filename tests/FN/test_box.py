"""A2C and PPO serve a Box of actions by the same class as Discrete ones."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from framework.agent import load_agent


class Aim(gym.Env):
    """One step: the nearer the action to 1.9, of what may be from -2 to 4, the better. That is 0.3 in [-1, 1]."""

    observation_space, action_space = spaces.Box(0, 1, (1,), np.float32), spaces.Box(-2, 4, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.ones(1, np.float32), {}

    def step(self, action):
        return np.ones(1, np.float32), -float(((action[0] - 1.9) / 3) ** 2), True, False, {}


@pytest.fixture(autouse=True)
def _aim():
    gym.register("Aim-v0", entry_point=Aim)
    yield
    del gym.registry["Aim-v0"]


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
