"""What every critic and every Q of Day 4 says of worlds that a time limit cuts off, and of worlds that end."""

import numpy as np
import pytest

from framework.replay import ReplayBuffer
from framework.tf import tf

GAMMA = 0.9
FAST = {"num_envs": 4, "eval_every": 10**6, "eval_episodes": 1, "final_episodes": 1, "gamma": GAMMA, "hidden": (32,)}
SETTINGS = {
    "dqn_agent": {
        "steps": 4_000, "learning_starts": 100, "train_period": 20, "gradient_steps": 16, "batch_size": 32,
        "target_period": 60, "learning_rate": 2e-3, "epsilon_end": 0.1, "epsilon_steps": 1_000, "buffer_size": 2_000,
    },
    "value_function_agent": {
        "steps": 4_000, "fit_period": 60, "sample_size": 512, "batch_size": 32, "learning_rate": 2e-3,
        "buffer_size": 2_000,
    },
    "policy_gradient_agent": {"steps": 8_000, "learning_rate": 1e-2},
    "a2c_agent": {"steps": 8_000, "learning_rate": 1e-2, "rollout_steps": 8, "max_grad_norm": 10.0},
    "ppo_agent": {
        "steps": 6_000, "learning_rate": 5e-3, "rollout_steps": 32, "batch_size": 64, "max_grad_norm": 10.0,
    },
    "rainbow_agent": {
        "steps": 4_000, "learning_starts": 100, "train_period": 20, "gradient_steps": 16, "batch_size": 32,
        "target_period": 60, "learning_rate": 2e-3, "buffer_size": 2_000, "n_step": 2, "value_range": (0.0, 12.0),
    },
    "policy_gradient_continuous_agent": {
        "steps": 8_000, "rollout_steps": 16, "value_learning_rate": 1e-2, "reward_scale": 1.0,
    },
    "trpo_agent": {"steps": 8_000, "rollout_steps": 16, "value_learning_rate": 1e-2},
    "ddpg_agent": {"steps": 4_000, "batch_size": 32, "tau": 0.05},
    "sac_agent": {"steps": 4_000, "batch_size": 32, "tau": 0.05, "temperature": 1e-6},
}  # fmt: skip
BOOKS = (
    "dqn_agent",
    "value_function_agent",
    "policy_gradient_agent",
    "a2c_agent",
    "ppo_agent",
)  # more seeds of these
RUNS = [(name, 0) for name in SETTINGS]
RUNS += [pytest.param(name, seed, marks=pytest.mark.slow) for name in BOOKS for seed in (1, 2)]
BOX = ("policy_gradient_continuous_agent", "ddpg_agent", "sac_agent")


def learnt(name, module, env, folder, seed):
    """The values V(s) of a short training, as a function of observations."""
    env = env.replace("Steady", "SteadyBox") if name in BOX else env
    config = module(name).Config(
        env=env, seed=seed, target_return=None, run_folder=str(folder), **FAST | SETTINGS[name]
    )
    agent = module(name).train(config)
    if hasattr(agent, "critics"):
        return lambda obs: agent.critics[0]([obs, agent.greedy(obs)]).numpy()[:, 0]
    if name == "rainbow_agent":
        return lambda obs: agent.q(agent.outputs(agent.network, tf.constant(obs))).numpy().max(axis=-1)
    if name in ("dqn_agent", "value_function_agent"):
        return lambda obs: np.asarray(agent.network(obs)).max(axis=-1)
    return agent.baseline if name == "policy_gradient_agent" else agent.value


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_a_world_cut_off_by_a_time_limit_is_worth_as_much_as_one_that_goes_on(name, seed, module, tmp_path):
    """1 + γ + γ² + … = 10, where a limit of 10 steps taken for an end would give about 5."""
    value = learnt(name, module, "Steady-v0", tmp_path, seed)
    got = value(np.ones((1, 1), "f"))
    assert got == pytest.approx([1 / (1 - GAMMA)], abs=0.1)


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_a_world_that_ends_is_worth_what_is_left(name, seed, module, tmp_path):
    """With k steps to go 1 + γ + … + γ^(k-1): 6.5 at the start, 1 at the last step."""
    value = learnt(name, module, "SteadyEnds-v0", tmp_path, seed)
    time = np.arange(10)
    left = (1 - GAMMA ** (10 - time)) / (1 - GAMMA)
    got = value(np.eye(11, dtype="f")[:10])
    assert got == pytest.approx(left, abs=0.1)


def test_a_time_limit_taken_for_an_end_would_be_noticed(module, tmp_path, monkeypatch):
    """One step in ten then has nothing to come: V = 1 + 0.9 γ V = 5.3."""

    class Wrong(ReplayBuffer):
        def add(self, transition):
            super().add(transition._replace(terminated=transition.terminated | transition.truncated))

    monkeypatch.setattr(module("value_function_agent"), "ReplayBuffer", Wrong)
    value = learnt("value_function_agent", module, "Steady-v0", tmp_path, seed=0)
    assert value(np.ones((1, 1), "f")) == pytest.approx([1 / (1 - 0.9 * GAMMA)], abs=0.5)
