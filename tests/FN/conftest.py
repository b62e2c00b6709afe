"""Small agents and small worlds for Day 4."""

import importlib

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

CLASSES = {
    "dqn_agent": "DeepQNetworkAgent",
    "value_function_agent": "ValueFunctionAgent",
    "policy_gradient_agent": "PolicyGradientAgent",
    "a2c_agent": "ActorCriticAgent",
    "ppo_agent": "PPOAgent",
    "rainbow_agent": "RainbowAgent",
    "policy_gradient_continuous_agent": "PolicyGradientContinuousAgent",
    "ddpg_agent": "DDPGAgent",
    "sac_agent": "SACAgent",
    "trpo_agent": "TRPOAgent",
    "paac_agent": "PAACAgent",
    "paac_learners": "make_learner",
}
CONTINUOUS = ("policy_gradient_continuous_agent", "ddpg_agent", "sac_agent")


class Steady(gym.Env):
    """Pays the same at every step and is cut off by its time limit of 10 steps; all observations are alike.

    Args:
        reward: of every step.
        ends: the tenth step ends the episode instead, and an observation has a 1 at the number of steps so far.
        box: an action is a number, of which nothing depends either.
    """

    def __init__(self, reward=1.0, ends=False, box=False):
        self.observation_space = spaces.Box(0, 1, (11,) if ends else (1,), np.float32)
        self.action_space = spaces.Box(-1, 1, (1,), np.float32) if box else spaces.Discrete(2)
        self.reward, self.ends = reward, ends

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return self._obs(), {}

    def step(self, action):
        self.time += 1
        return self._obs(), self.reward, self.ends and self.time == 10, False, {}

    def _obs(self):
        return np.eye(11, dtype=np.float32)[self.time] if self.ends else np.ones(1, np.float32)


class Aim(gym.Env):
    """One step: the nearer the action to 1.9, of what may be from -2 to 4, the better. That is 0.3 in [-1, 1]."""

    observation_space, action_space = spaces.Box(0, 1, (1,), np.float32), spaces.Box(-2, 4, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.ones(1, np.float32), {}

    def step(self, action):
        return np.ones(1, np.float32), -float(((action[0] - 1.9) / 3) ** 2), True, False, {}


WORLDS = {
    "Steady-v0": {},
    "SteadyEnds-v0": {"ends": True},
    "SteadyPays10-v0": {"reward": 10.0},
    "SteadyBox-v0": {"box": True},
    "SteadyBoxEnds-v0": {"box": True, "ends": True},
}


@pytest.fixture(scope="session", autouse=True)
def _worlds():
    for name, options in WORLDS.items():
        limit = None if options.get("ends") else 10
        gym.register(name, entry_point=Steady, max_episode_steps=limit, kwargs=options)
    gym.register("Aim-v0", entry_point=Aim)
    yield
    for name in (*WORLDS, "Aim-v0"):
        del gym.registry[name]


@pytest.fixture(scope="session")
def module():
    """name -> the script's module."""
    return lambda name: importlib.import_module(f"FN.{name}")


@pytest.fixture(scope="session")
def make_agent(module):
    """(name, options of its Config) -> a small agent that sees 3 numbers, and has 2 actions or acts by 2 numbers."""

    def make(name, shape=(3,), dtype=np.float32, **options):
        low, high = (0, 255) if dtype == np.uint8 else (-np.inf, np.inf)
        config = module(name).Config(**{"hidden": (5,), **options})
        actions = spaces.Box(-1, 1, (2,), np.float32) if name in CONTINUOUS else spaces.Discrete(2)
        return getattr(module(name), CLASSES[name])(spaces.Box(low, high, shape, dtype), actions, config)

    return make


@pytest.fixture(scope="session")
def variables_of():
    """agent -> all that its gradient steps move."""
    return lambda agent: [v for name in agent.acts_with for v in getattr(agent, name).trainable_variables]


@pytest.fixture(scope="session")
def critic_of():
    """(agent, observations [B, 3]) -> V [B, 1] of an on-policy agent, as a tensor."""
    return lambda agent, obs: agent.network(obs)[1] if hasattr(agent, "network") else agent.baseline_network(obs)


@pytest.fixture
def transition():
    """(reward [B], terminated [B], truncated [B]) -> a Transition of B worlds with random observations [B, 3]."""
    from framework.vector import Transition

    rng = np.random.default_rng(0)

    def make(reward, terminated=(False,), truncated=(False,)):
        obs, next_obs = rng.normal(size=(2, len(reward), 3)).astype(np.float32)
        action = rng.integers(2, size=len(reward))
        ends = (np.broadcast_to(np.array(end, bool), len(reward)) for end in (terminated, truncated))
        return Transition(obs, action, np.array(reward, np.float32), next_obs, *ends)

    return make
