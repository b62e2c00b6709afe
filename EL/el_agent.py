"""What the agents of Day 3 share: a table of Q values, an epsilon-greedy policy, settings that can change on the way.

An agent adds ``steps``, a generator of `Step` that plays one episode and learns on the way: the whole algorithm.
``learn`` plays many, and is a generator of `Episode`. Whoever iterates sets the pace: a script runs to the end, the
simulator waits between two steps and moves a slider, a test looks at every one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from gymnasium import spaces

from framework.tabular.world import uniforms


class Step(NamedTuple):
    """One step of an episode, and what was learnt from it.

    Attributes:
        td_error: the TD error of (state, action); None where the agent waits for later steps before it learns.
        updates: a tuple of (state, action, error): what an agent that waited has learnt at this step, in order.
    """

    state: int
    action: int
    reward: float
    next_state: int
    terminated: bool
    truncated: bool
    td_error: float | None
    updates: tuple = ()


@dataclass(frozen=True)
class Episode:
    """One episode: its number (the first is 1), its undiscounted return, its length in steps, how it ended."""

    number: int
    reward: float
    length: int
    truncated: bool


class ELAgent:
    """A table, a policy, and settings. An agent adds ``steps(env)``, a generator of `Step`: one episode.

    Args:
        env: the world whose states and actions are numbered from 0; only its spaces are read.
        seed: the seed of the agent's own random numbers.
        settings: see ``configure``.

    Attributes:
        q: the rows of Q, a list of lists: for reading and writing single numbers, 4 times faster than an array.
        n: N(s, a) as a list of lists, how often each action was taken in each state. Whether a pair was visited is
            read from here, since an entry of Q may be 0 by chance.
        epsilon, gamma, learning_rate, rate_decay: read at every step, so changing them acts at once.

    Raises:
        ValueError: states or actions are not numbered from 0, or a setting is wrong.
    """

    prediction_target = "estimate"  # what a value is moved towards: "actual return" or "estimate"
    based_on = "value"  # what the policy comes from: "value", or "policy", a table of its own
    policy_learnt = "on-policy"  # whose values are learnt: the acting policy's, or "off-policy", another's

    limits = {"epsilon": (0, 1), "gamma": (0, 1), "learning_rate": (0, 1), "rate_decay": (0, 1)}
    epsilon = 0.1
    gamma = 0.99
    learning_rate = 0.1
    rate_decay = 0.0

    def __init__(self, env, seed=None, **settings):
        for space in (env.observation_space, env.action_space):
            if not isinstance(space, spaces.Discrete) or space.start != 0:
                raise ValueError(
                    f"a table needs states and actions that are numbered from 0; got {space}; "
                    "make_world of framework.tabular.world numbers them so"
                )
        self.num_states, self.num_actions = int(env.observation_space.n), int(env.action_space.n)
        self.q = [[0.0] * self.num_actions for _ in range(self.num_states)]
        self.n = [[0] * self.num_actions for _ in range(self.num_states)]
        # Not the seed alone: a world with the same seed would draw the very same numbers as its agent.
        self.random = uniforms(np.random.default_rng(seed if seed is None else (seed, 1))).__next__
        self.configure(**settings)

    def configure(self, **settings):
        """Change settings; they act from the next step on.

        Args:
            epsilon: the probability of exploring, 0 to 1.   gamma: the discount, 0 to 1.
            learning_rate, rate_decay: an entry moves by learning_rate × N^-rate_decay of its error at its Nth visit.
                With rate_decay 0 that never shrinks and Q never settles; from over 0.5 to 1 it does (Robbins & Monro
                1951); with learning_rate 1 and rate_decay 1 an entry is the mean of its targets.

        Raises:
            ValueError: no such setting, or out of range.
        """
        for name, value in settings.items():
            if name not in self.limits:
                raise ValueError(f"{type(self).__name__} has no setting {name}; it has {', '.join(self.limits)}")
            low, high = self.limits[name]
            if not low <= value <= high:
                raise ValueError(f"{name} must be a number from {low} to {high}; got {value}")
            setattr(self, name, value)

    def steps(self, env):
        """Generator of `Step`: play one episode and learn on the way. An agent brings its own."""
        raise NotImplementedError(f"{type(self).__name__} needs steps(env), a generator of at least one Step")

    def learn(self, env, episodes, **settings):
        """Generator of `Episode`: play and learn. ``settings`` as for ``configure``."""
        self.configure(**settings)
        for number in range(1, episodes + 1):
            reward, length = 0.0, 0
            for step in self.steps(env) or ():
                reward += step.reward
                length += 1
            if not length:
                ELAgent.steps(self, env)  # says what is missing
            yield Episode(number, reward, length, step.truncated)

    def policy(self, state):
        """Epsilon-greedy: any action with probability epsilon, else the best so far."""
        if self.random() < self.epsilon:
            return int(self.random() * self.num_actions)
        return self.best_action(self.q[state])

    def best_action(self, row):
        """The index of the largest number in a row [A]; any of them where several tie."""
        best = max(row)
        if row.count(best) == 1:
            return row.index(best)
        ties = [action for action, value in enumerate(row) if value == best]
        return ties[int(self.random() * len(ties))]

    def action_probs(self, state):
        """[A] list: the probability with which ``policy`` takes each action."""
        row = self.q[state]
        best = max(row)
        explore, exploit = self.epsilon / self.num_actions, (1 - self.epsilon) / row.count(best)
        return [explore + exploit * (value == best) for value in row]

    def expected_value(self, state):
        """The value of a state under ``policy``: the sum over a of pi(a | s) Q(s, a)."""
        row = self.q[state]
        return (1 - self.epsilon) * max(row) + self.epsilon * sum(row) / self.num_actions

    def rate(self, state, action):
        """The learning rate of Q(s, a) at its N(s, a)th visit: learning_rate × N(s, a)^-rate_decay."""
        return self.learning_rate * self.n[state][action] ** -self.rate_decay

    @property
    def Q(self):
        """[S, A] float array, a read-only copy of ``q``; assign an array to replace all of it."""
        table = np.array(self.q)
        table.flags.writeable = False
        return table

    @Q.setter
    def Q(self, table):
        self.q[:] = np.broadcast_to(np.asarray(table, float), (self.num_states, self.num_actions)).tolist()

    @property
    def N(self):
        """[S, A] int array, a copy of ``n``."""
        return np.array(self.n)
