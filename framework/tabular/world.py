"""Tabular worlds for learners: any toy_text world by its name, stepped from its own model, and valued exactly.

Their states and actions are numbered from 0, whatever numbers the world itself gives them.
"""

import math
import operator
from itertools import accumulate

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from environment import GridWorld, read_P, tabular_model
from worlds import making
from worlds.changing_maze import changing
from worlds.making import FAILURES
from worlds.model import LARGEST, has_P

MOST_ENTRIES = 20_000_000  # of a table: some hundred megabytes
LIMIT = 1_000  # steps after which an episode is cut where the world itself sets no limit


def uniforms(rng):
    """Endless generator of random numbers in [0, 1): a thousand drawn at once, 6 times faster than one by one."""
    while True:
        yield from rng.random(1_000).tolist()


class TableWorld(gym.Wrapper):
    """A world that has ``P``, stepped by looking up its outcomes: the same dynamics, 2 to 20 times faster.

    It draws from the generator of the world that it wraps, and truncates where that world would. Where that world
    changes at a given step (see `worlds.changing_maze`), it changes at the same step. It is for learning, not for
    watching: the wrapped world does not move, so there is nothing to render.

    Args:
        env: a world that shows ``P[s][a] = [(prob, next_state, reward, terminated), …]``, from gymnasium.make. If not
            all episodes start in the same state, it shows ``initial_state_distrib`` [S] too, as those of toy_text do.

    Raises:
        ValueError: P is malformed (see `environment.read_P`), or ``initial_state_distrib``.
    """

    def __init__(self, env):
        super().__init__(env)
        self.limit = (env.spec and env.spec.max_episode_steps) or LIMIT
        self.change(env)
        self.observation_space = spaces.Discrete(len(self.outcomes))
        self.action_space = spaces.Discrete(len(self.outcomes[0]))
        self._draw_from(env.unwrapped.np_random)
        self.changing = changing(env)

    def change(self, env):
        """From the next step on, do as another world does that has as many states and actions; an episode goes on."""
        outcomes = read_P(env.unwrapped.P, env.observation_space, env.action_space)
        self.outcomes = [[self._cumulative(outcomes_sa) for outcomes_sa in row] for row in outcomes]
        probs = start_probs(env)
        states = np.flatnonzero(probs)
        self.starts = list(zip(np.cumsum(probs[states]).tolist(), states.tolist(), strict=True))

    @staticmethod
    def _cumulative(outcomes):
        """The outcomes of one action, each with the sum of its probability and those of the outcomes before it."""
        limits = accumulate(prob for prob, *_ in outcomes)
        return [(limit, *outcome) for limit, (_, *outcome) in zip(limits, outcomes, strict=True)]

    def _draw_from(self, rng):
        self.random = uniforms(rng).__next__

    def reset(self, *, seed=None, options=None):
        """Draw a start; returns (state, {}). A seed is passed on to the wrapped world, and starts the draws anew."""
        if seed is not None:
            self.env.reset(seed=seed, options=options)
            self._draw_from(self.env.unwrapped.np_random)
        luck = self.random()
        for limit, start in self.starts:  # noqa: B007
            if luck < limit:
                break
        self.state, self.time = start, 0
        return start, {}

    def step(self, action):
        """Draw one of the outcomes of ``action``; returns (next_state, reward, terminated, truncated, {})."""
        luck = self.random()
        for limit, next_state, reward, terminated in self.outcomes[self.state][action]:  # noqa: B007
            if luck < limit:
                break
        self.state = next_state
        self.time += 1
        if self.changing and self.changing.tick():
            self.change(self.env)
        return next_state, reward, terminated, self.time >= self.limit, {}


class NumberedWorld(gym.Wrapper):
    """A world without ``P``, with states and actions numbered from 0.

    Args:
        env: its observations are Discrete, or several of those (Blackjack: sum, dealer's card, usable ace), which
            become one number; its actions are Discrete.

    Raises:
        ValueError: reset or step raises an error, gives an observation outside of its space, or a reward that is not
            a finite number.
    """

    def __init__(self, env):
        super().__init__(env)
        space = env.observation_space
        self.several = isinstance(space, spaces.Tuple)
        self.ranges = [(int(part.start), int(part.n)) for part in (space if self.several else [space])]
        self.observation_space = spaces.Discrete(math.prod(n for _, n in self.ranges))
        self.action_space = spaces.Discrete(int(env.action_space.n))
        self.first_action = int(env.action_space.start)

    def reset(self, *, seed=None, options=None):
        try:
            obs, info = self.env.reset(seed=seed, options=options)
        except FAILURES as error:
            raise self._wrong("raised", error) from error
        return self._state(obs), info

    def step(self, action):
        try:
            obs, reward, terminated, truncated, info = self.env.step(action + self.first_action)
        except FAILURES as error:
            raise self._wrong("raised", error) from error
        try:
            reward, ends = float(reward), (bool(terminated), bool(truncated))
            if not -LARGEST < reward < LARGEST:
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise self._wrong("gave reward, terminated, truncated =", (reward, terminated, truncated)) from None
        return self._state(obs), reward, *ends, info

    def _state(self, obs):
        """The number of an observation, row by row if it has several parts."""
        state = 0
        try:
            for part, (first, n) in zip(obs if self.several else (obs,), self.ranges, strict=True):
                part = operator.index(part) - first
                if not 0 <= part < n:
                    raise ValueError
                state = state * n + part
        except (TypeError, ValueError):
            space = self.env.observation_space
            raise self._wrong(f"gave an observation outside of its space, {space}:", obs) from None
        return state

    def _wrong(self, what, value):
        name = self.env.spec.id if self.env.spec else type(self.env.unwrapped).__name__
        return ValueError(f"the world {name} {what} {' '.join(repr(value).split())}")


def make_world(env_id, maze=None):
    """The tabular world of that name, fast to step; ours, any of Gymnasium's toy_text, or module:World-v0.

    ``maze``, a link of the simulator, gives the world of that maze instead, as the simulator itself makes it.

    Raises:
        ValueError: no world has that name, it is malformed, or its states or actions are not numbered.
    """
    if maze is not None:
        return TableWorld(GridWorld.from_link(maze))
    spec = making.world_spec(env_id)
    env = making.make_world(spec, max_episode_steps=spec.max_episode_steps or LIMIT)
    if changing(env):
        changing(env).go_to(0)  # making it took a step
    several = isinstance(env.observation_space, spaces.Tuple)
    numbers = (*env.observation_space,) if several else (env.observation_space,)
    if not all(isinstance(space, spaces.Discrete) for space in (*numbers, env.action_space)):
        raise ValueError(f"{spec.id} has no table of states and actions; try GridWorld-v0 or FrozenLake-v1")
    entries = math.prod(int(space.n) for space in (*numbers, env.action_space))
    if entries > MOST_ENTRIES:
        raise ValueError(f"{spec.id} has {entries:,} states and actions, too many for a table; see Day 4")
    return TableWorld(env) if has_P(env) and not several else NumberedWorld(env)


# ------------------------------------------------------------------------------------------
# Exact values of a policy, to hold what is learnt against
# ------------------------------------------------------------------------------------------


def transitions(env, policy):
    """The Markov chain that a policy [S, A] makes of a world: P [S, S + 1] (the last: ended) and reward [S]."""
    model = tabular_model(env)
    num_states = len(model.reward)
    chain = np.zeros((num_states, num_states + 1))
    for a in range(model.prob.shape[1]):
        for k in range(model.prob.shape[2]):
            np.add.at(chain, (np.arange(num_states), model.next_state[:, a, k]), policy[:, a] * model.prob[:, a, k])
    return chain, (policy * model.reward).sum(axis=1)


def policy_values(env, policy, gamma):
    """V [S] of a policy [S, A], exactly: the solution of V = r + gamma P V. Give gamma < 1, or a policy that ends.

    Most entries of P are 0, so a sparse solver takes a quarter of the time, and does not slow down other threads.
    """
    from scipy.sparse import csc_array, eye_array  # here, since it takes a fifth of a second
    from scipy.sparse.linalg import spsolve

    model = tabular_model(env)
    num_states = len(model.reward)
    prob = policy[:, :, None] * model.prob  # [S, A, K]
    state, action, k = np.nonzero((prob > 0) & (model.next_state < num_states))
    places = (state, model.next_state[state, action, k])
    chain = csc_array((prob[state, action, k], places), shape=(num_states, num_states))
    return spsolve(eye_array(num_states, format="csc") - gamma * chain, (policy * model.reward).sum(axis=1))


def expected_return(env, policy, steps=None):
    """[S] float: the exact undiscounted return that a policy [S, A] expects, from each state, in ``steps`` steps.

    None takes the world's own limit of steps.
    """
    chain, reward = transitions(env, policy)
    V = np.zeros(len(reward))
    for _ in range(steps or (env.spec and env.spec.max_episode_steps) or LIMIT):
        V = reward + chain[:, :-1] @ V
    return V


def start_probs(env):
    """[S] float: the probability with which an episode starts in each state.

    Raises:
        ValueError: ``initial_state_distrib`` is none, or is missing although 20 episodes start in several states.
    """
    num_states = int(env.observation_space.n)
    if hasattr(env.unwrapped, "initial_state_distrib"):
        try:
            probs = np.asarray(env.unwrapped.initial_state_distrib, float)
        except (TypeError, ValueError):
            probs = np.zeros(0)
        if probs.shape != (num_states,) or not (probs >= 0).all() or not abs(probs.sum() - 1) < 1e-6:
            raise ValueError(f"initial_state_distrib must be {num_states} probabilities, one a state, that sum to 1")
        return probs
    starts = {int(env.reset()[0]) for _ in range(20)}
    if len(starts) > 1:
        raise ValueError(
            "the world starts in several states; it must show how often in each: initial_state_distrib [S]"
        )
    return np.eye(num_states)[starts.pop() - int(env.observation_space.start)]


def greedy_policy(Q):
    """[S, A] float, from Q [S, A]: the policy that takes the best action; where several tie, each equally often."""
    best = Q.max(axis=1, keepdims=True) == Q
    return best / best.sum(axis=1, keepdims=True)
