"""What the agents of Day 3 share: a table of Q values, an epsilon-greedy policy, settings that can change on the way.

An agent adds ``steps``, a generator of `Step` that plays one episode and learns on the way: the whole algorithm.
``learn`` plays many, and is a generator of `Episode`. Whoever iterates sets the pace: a script runs to the end, the
simulator waits between two steps and moves a slider, a test looks at every one.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from gymnasium import spaces

from framework.method import Method
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


def softmax(row, temperature=1.0):
    """The probabilities [A] of preferences [A]. Subtracting the largest one changes nothing, and avoids overflow."""
    top = max(row)
    weights = [math.exp((value - top) / temperature) for value in row]
    total = sum(weights)
    return [weight / total for weight in weights]


class ELAgent(Method):
    """A table, a policy, and settings. An agent adds ``steps(env)``, a generator of `Step`: one episode.

    Args:
        env: the world whose states and actions are numbered from 0; only its spaces are read.
        seed: the seed of the agent's own random numbers.
        settings: see ``configure``.

    Attributes:
        q: the rows of Q, a list of lists: for reading and writing single numbers, 4 times faster than an array.
        n: N(s, a) as a list of lists, how often each action was taken in each state. Whether a pair was visited is
            read from here, since an entry of Q may be 0 by chance.
        tables: other tables of values, if an agent has any: those of double Q-learning, whose mean is ``q``.
        epsilon, gamma, …: the settings; they are read at every step, so changing them acts at once.

    Raises:
        ValueError: states or actions are not numbered from 0, or a setting is wrong.
    """

    exploration = {"epsilon": (0, 1), "epsilon_decay": (0, 1), "temperature": (0, 100), "initial_value": (-100, 100)}
    limits = {**exploration, "gamma": (0, 1), "learning_rate": (0, 1), "rate_decay": (0, 1)}
    epsilon = 0.1
    epsilon_decay = 0.0
    temperature = 0.0
    initial_value = 0.0
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
        self.q = [[self.initial_value] * self.num_actions for _ in range(self.num_states)]
        self.tables = ()
        self.n = [[0] * self.num_actions for _ in range(self.num_states)]
        # Not the seed alone: a world with the same seed would draw the very same numbers as its agent.
        self.random = uniforms(np.random.default_rng(seed if seed is None else (seed, 1))).__next__
        self.configure(**settings)

    def configure(self, **settings):
        """Change settings; they act from the next step on.

        Args:
            epsilon, epsilon_decay: a state that has been visited N(s) times explores with probability
                epsilon × N(s)^-epsilon_decay. With a decay from over 0 to 1 exploring fades, but every action is
                tried for ever: greedy in the limit with infinite exploration, GLIE (Singh et al. 2000).
            temperature: above 0, an action is drawn from the softmax of Q / temperature, and epsilon is not used.
            initial_value: the value of pairs that were never taken. More than they can be worth makes them tempting:
                an optimistic start (Sutton & Barto 2018, section 2.6).
            gamma: the discount.
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
            if name == "initial_value" and value != self.initial_value:
                for table in (self.q, *self.tables):
                    for row, taken in zip(table, self.n, strict=True):
                        row[:] = [old if times else value for old, times in zip(row, taken, strict=True)]
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
        """Epsilon-greedy: any action with probability epsilon, else the best so far. Softmax with a temperature."""
        if self.temperature:
            return self.sample(self.action_probs(state))
        if self.random() < self.explore_prob(state):
            return int(self.random() * self.num_actions)
        return self.best_action(self.q[state])

    def explore_prob(self, state):
        """The probability of exploring in a state: epsilon × N(s)^-epsilon_decay."""
        if not self.epsilon_decay:
            return self.epsilon
        return self.epsilon * max(1, sum(self.n[state])) ** -self.epsilon_decay

    def sample(self, probs):
        """A random action, drawn with the probabilities ``probs`` [A]."""
        luck = self.random()
        for action, prob in enumerate(probs):
            luck -= prob
            if luck < 0:
                return action
        return action  # the last one: by rounding, the probabilities may add up to a little less than 1

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
        if self.temperature:
            return softmax(row, self.temperature)
        best, epsilon = max(row), self.explore_prob(state)
        explore, exploit = epsilon / self.num_actions, (1 - epsilon) / row.count(best)
        return [explore + exploit * (value == best) for value in row]

    def expected_value(self, state):
        """The value of a state under ``policy``: the sum over a of pi(a | s) Q(s, a)."""
        row = self.q[state]
        if self.temperature:
            return sum(prob * value for prob, value in zip(self.action_probs(state), row, strict=True))
        epsilon = self.explore_prob(state)
        return (1 - epsilon) * max(row) + epsilon * sum(row) / self.num_actions

    def rate(self, state, action):
        """The learning rate of Q(s, a) at its N(s, a)th visit: learning_rate × N(s, a)^-rate_decay."""
        if not self.rate_decay:
            return self.learning_rate
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
