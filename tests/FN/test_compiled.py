"""Every compiled function is traced once, whatever the number of rows; tracing again costs more than learning."""

import numpy as np
import pytest

RUN = {
    "steps": 1_200,
    "num_envs": 3,
    "eval_every": 500,
    "eval_episodes": 4,
    "final_episodes": 7,
}
AGENTS = {
    "dqn_agent": {"learning_starts": 100, "epsilon_steps": 100},
    "value_function_agent": {"sample_size": 128},
    "policy_gradient_agent": {},
    "a2c_agent": {},
    "ppo_agent": {"rollout_steps": 64, "batch_size": 48},
    "rainbow_agent": {"learning_starts": 100},
    "policy_gradient_continuous_agent": {},
    "ddpg_agent": {"twin": True, "policy_delay": 2, "target_noise": 0.2},
    "sac_agent": {},
    "trpo_agent": {},
}
BOX = ("policy_gradient_continuous_agent", "ddpg_agent", "sac_agent")


@pytest.mark.parametrize("name", AGENTS)
def test_every_compiled_function_is_traced_once_in_a_run_with_evaluations(name, module, tmp_path):
    from framework.graph import graphs_of

    env, shows, takes = ("Pendulum-v1", 3, (1,)) if name in BOX else ("CartPole-v1", 4, ())
    options = {"env": env, "hidden": (8,), "target_return": None, "run_folder": str(tmp_path), **RUN, **AGENTS[name]}
    agent = module(name).train(module(name).Config(**options))
    for rows in (1, 64, 5):
        obs = np.zeros((rows, shows), "f")
        agent.act(obs, *[0.5] * (name in ("dqn_agent", "value_function_agent", "rainbow_agent")))
        assert agent.greedy(obs).shape == (rows, *takes)
        if hasattr(agent, "value"):
            assert agent.value(obs).shape == (rows,)
    traces = {name: graph.traces for name, graph in graphs_of(agent).items()}
    assert len(traces) >= 2
    assert set(traces.values()) == {1}, traces
