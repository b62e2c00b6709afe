"""Who teaches a network in Day 6: a rule that knows the world, or an agent of Day 4.

A teacher is a function of a `framework.vector.VectorWorld` to what it would do there now, [B].
"""

import importlib.util

import numpy as np

from worlds.catcher import catcher_oracle


def oracle(envs):
    """What Catcher's oracle would do, [B]; it knows positions and speeds, whatever the student sees."""
    return catcher_oracle(envs.envs.unwrapped.state)


def heuristic(envs):
    """What Gymnasium's own heuristic for LunarLander would do, [B]."""
    from gymnasium.envs.box2d.lunar_lander import heuristic  # here, since it needs Box2D

    return np.array([heuristic(env, obs) for env, obs in zip(envs.envs.unwrapped.envs, envs.obs, strict=True)])


TEACHERS = {"Catcher-v0": oracle, "CatcherState-v0": oracle, "LunarLander-v3": heuristic}


def make_teacher(env_id, path=""):
    """(teacher, options of `make_vector` so that it sees what it is used to).

    Args:
        path: of an agent that FN/ppo_agent.py has trained in that world; "" takes the one that knows the world.

    Raises:
        ValueError: the file is no such agent, or the world has no teacher of its own.
        OSError: there is no such file.
    """
    if path:
        from FN.ppo_agent import Config, PPOAgent  # here, since it takes seconds
        from framework.agent import load_agent

        agent, config = load_agent(path, PPOAgent, Config)
        if config.env != env_id:
            raise ValueError(f"{path} holds an agent that plays {config.env}; the world is {env_id}")
        frames = {"frame_size": config.frame_size, "frame_stack": config.frame_stack}
        return (lambda envs: agent.greedy(envs.obs)), frames
    if env_id not in TEACHERS:
        names = ", ".join(TEACHERS)
        raise ValueError(f"there is no teacher for {env_id}; there is one for {names}, or give --teacher")
    if TEACHERS[env_id] is heuristic and importlib.util.find_spec("Box2D") is None:
        raise ValueError('LunarLander needs Box2D: python -m pip install -e ".[cpu,box2d]"')
    return TEACHERS[env_id], {}
