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
    """A world made of its model, ``P[s][a] = [(prob, next_state, reward, terminated), …]``; starts in the first.

    Truncated after ``limit`` steps, if that is not None. States and actions are numbered from ``first``.
    """

    def __init__(self, P, limit=None, first=(0, 0)):
        self.P, self.limit, (state, action) = P, limit, first
        row = next(iter(P.values())) if isinstance(P, dict) else P[0]
        self.observation_space = spaces.Discrete(len(P), start=state)
        self.action_space = spaces.Discrete(len(row), start=action)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.time = int(self.observation_space.start), 0
        return self.state, {}

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


def in_every_form(P):
    """{form: a world}: the same model, P numbered from 0, in each form that a reader may give it."""

    def numbered(state, action, number=int):
        return {
            state + s: {
                action + a: [(p, number(state + s_next), r, end) for p, s_next, r, end in outcomes]
                for a, outcomes in row.items()
            }
            for s, row in P.items()
        }

    def lists(P):
        return [list(row.values()) for row in P.values()]

    without_last = {
        s: {a: [(p, None if end else s_next, r, end) for p, s_next, r, end in row[a]] for a in row}
        for s, row in P.items()
    }
    return {
        "dictionaries": ModelWorld(P),
        "dictionaries in another order": ModelWorld({s: dict(reversed(P[s].items())) for s in reversed(P)}),
        "lists": ModelWorld(lists(P)),
        "lists of dictionaries": ModelWorld(list(P.values())),
        "dictionaries of tuples": ModelWorld({s: tuple(row.values()) for s, row in P.items()}),
        "an array": ModelWorld(np.array(lists(P), float)),
        "numbers of NumPy": ModelWorld(numbered(0, 0, np.int64)),
        "None after the end": ModelWorld(without_last),
        "numbered from 1": ModelWorld(numbered(1, 1), first=(1, 1)),
        "lists numbered from 1": ModelWorld(lists(numbered(1, 1)), first=(1, 1)),
        "numbered from below 0": ModelWorld(numbered(-2, -3), first=(-2, -3)),
    }


OWN_WORLD = """
import gymnasium as gym
from gymnasium import spaces


class Rooms(gym.Env):
    '''Three rooms in a row, numbered from 1: action 1 goes on, action 0 back; leaving the last one pays 1.'''

    P = {
        room: [[(1.0, max(room - 1, 1), 0.0, False)], [(1.0, min(room + 1, 3), float(room == 3), room == 3)]]
        for room in (1, 2, 3)
    }

    def __init__(self):
        self.observation_space, self.action_space = spaces.Discrete(3, start=1), spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.room = 1
        return self.room, {}

    def step(self, action):
        ((_, self.room, reward, terminated),) = self.P[self.room][action]
        return self.room, reward, terminated, False, {}


gym.register("Rooms-v0", entry_point=Rooms, max_episode_steps=50)
"""


@pytest.fixture
def own_world(tmp_path):
    """The name of a reader's own world, in a module in ``tmp_path``."""
    (tmp_path / "rooms_of_a_reader.py").write_text(OWN_WORLD, encoding="utf-8")
    return "rooms_of_a_reader:Rooms-v0"


@pytest.fixture
def forms():
    """seed -> {form: a random world}, the same in each form."""
    return lambda seed: in_every_form(random_P(seed))


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
