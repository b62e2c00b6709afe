"""No test needs a display; and small worlds with tables."""

import os

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


class TestFile(pytest.Module):
    """A file of tests is skipped where TensorFlow is missing: `framework.tf` exits there, which would end pytest."""

    __test__ = False

    def collect(self):
        try:
            return super().collect()
        except SystemExit:
            pytest.skip('needs TensorFlow: python -m pip install -e ".[cpu]"')


def pytest_pycollect_makemodule(module_path, parent):
    return TestFile.from_parent(parent, path=module_path)


class ModelWorld(gym.Env):
    """A world made of its model, ``P[s][a] = [(prob, next_state, reward, terminated), …]``; starts in state 0.

    Truncated after ``limit`` steps, if that is not None.
    """

    def __init__(self, P, limit=None):
        self.P, self.limit = P, limit
        self.observation_space, self.action_space = spaces.Discrete(len(P)), spaces.Discrete(len(P[0]))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.time = 0, 0
        return 0, {}

    def step(self, action):
        outcomes = self.P[self.state][action]
        outcome = outcomes[self.np_random.choice(len(outcomes), p=[prob for prob, *_ in outcomes])]
        _, self.state, reward, terminated = outcome
        self.time += 1
        return self.state, reward, terminated, self.time == self.limit, {}


def random_P(seed, num_states=6, num_actions=3, num_outcomes=3):
    """A random model in which every step ends the episode with a probability of about one in six."""
    rng = np.random.default_rng(seed)
    return {
        s: {
            a: [
                (p, int(rng.integers(num_states)), float(rng.normal()), k == 0)
                for k, p in enumerate(rng.dirichlet([1] + [2] * (num_outcomes - 1)))
            ]
            for a in range(num_actions)
        }
        for s in range(num_states)
    }


@pytest.fixture
def model_world():
    return ModelWorld


@pytest.fixture
def random_world():
    """seed -> a random world."""
    return lambda seed: ModelWorld(random_P(seed))


@pytest.fixture
def endless():
    """One state, one action: reward 1 at every step, cut off by a time limit after ``limit`` steps."""
    return lambda limit=1: ModelWorld({0: {0: [(1.0, 0, 1.0, False)]}}, limit)
