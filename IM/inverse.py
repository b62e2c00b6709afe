"""What the pages of inverse reinforcement learning share (Day 6): a world as matrices, planning, regret.

Inverse reinforcement learning asks which reward a demonstrator was after. A reward is here a vector [S], paid on
entering a cell, as in GridWorld. What matters about a recovered reward is what somebody earns who believes it:

    relative regret  =  (J* - J) / (J* - J of random actions),   J: the mean of the true values over all cells

0 is as good as the best policy, 1 as bad as random actions. All values are exact, none is estimated by playing.
"""

from copy import copy

import numpy as np

from environment import read_P
from framework.tabular.demonstrations import Demonstration, Demonstrations
from framework.tabular.world import greedy_policy


class Dynamics:
    """The transitions of a tabular world as sparse matrices; a row is state × A + action.

    Args:
        env: a world that has ``P``.

    Attributes:
        env: the world itself.
        enter: [S × A, S], the probability of entering each state. Rows of states where nobody acts, which are
            blocks and ends, are 0.
        go_on: [S × A, S], the same without what ends the episode: nothing flows on from an end.
        acting: [S] bool, where somebody may act.
        reward: [S], what the world itself pays on entering each state; None where it pays by something else.

    Raises:
        ValueError: the world has no P, or it is malformed.
    """

    def __init__(self, env):
        from scipy.sparse import csr_array  # here, since it takes a fifth of a second

        if not hasattr(env.unwrapped, "P"):
            raise ValueError("inverse reinforcement learning plans in a model; use a world that has P")
        self.env = env.unwrapped
        outcomes = read_P(env.unwrapped.P, env.observation_space, env.action_space)
        self.num_states, self.num_actions = len(outcomes), len(outcomes[0])
        self.acting = np.array([not _at_rest(row, s) for s, row in enumerate(outcomes)])
        rows, states, probs, ends, paid = [], [], [], [], {}
        for s in np.flatnonzero(self.acting).tolist():
            for a, outcomes_sa in enumerate(outcomes[s]):
                for prob, next_state, reward, terminated in outcomes_sa:
                    rows.append(s * self.num_actions + a)
                    states.append(next_state)
                    probs.append(prob)
                    ends.append(terminated)
                    paid.setdefault(next_state, set()).add(reward)
        shape = (self.num_states * self.num_actions, self.num_states)
        self.enter = csr_array((probs, (rows, states)), shape=shape)
        self.go_on = csr_array((np.where(ends, 0.0, probs), (rows, states)), shape=shape)
        self.go_on.eliminate_zeros()
        self.enter_back, self.go_on_back = self.enter.T.tocsr(), self.go_on.T.tocsr()  # transposed, for flows
        self.reward = None
        if all(len(rewards) == 1 for rewards in paid.values()):
            self.reward = np.array([max(paid.get(s, (0.0,))) for s in range(self.num_states)])

    def rewards(self, theta):
        """[S, A]: what each action pays on average, of a reward [S] paid on entering; one [S, A] stays as it is."""
        theta = np.asarray(theta, float)
        return theta if theta.ndim == 2 else (self.enter @ theta).reshape(self.num_states, self.num_actions)

    def q_values(self, reward, V, gamma):
        """Q [S, A] = reward [S, A] + gamma × the expected V [S] of where one goes on."""
        return reward + gamma * (self.go_on @ V).reshape(reward.shape)

    def ends(self, state, action, next_state):
        """[N] bool, for steps [N] each: whether the episode ends with it.

        Raises:
            ValueError: a step that this world cannot take.
        """
        inside = (state < self.num_states) & (next_state < self.num_states) & (action < self.num_actions)
        inside &= (state >= 0) & (next_state >= 0) & (action >= 0)
        row, column = (state * self.num_actions + action) * inside, next_state * inside
        wrong = np.flatnonzero(~inside | (self.enter[row, column] == 0))
        if len(wrong):
            i = wrong[0]
            raise ValueError(f"action {action[i]} cannot lead from state {state[i]} to {next_state[i]} in this world")
        return self.go_on[row, column] == 0


def together(parts):
    """Several `Dynamics` as one, states after states: worlds beside one another, planned in one go."""
    from scipy.sparse import block_diag

    whole = copy(parts[0])
    whole.env, whole.num_states = None, sum(part.num_states for part in parts)
    for name in ("enter", "go_on", "enter_back", "go_on_back"):
        setattr(whole, name, block_diag([getattr(part, name) for part in parts], format="csr"))
    whole.acting, whole.reward = (np.concatenate([getattr(part, n) for part in parts]) for n in ("acting", "reward"))
    return whole


def _at_rest(outcomes, state):
    """Whether nothing can happen in a state: every action ends there at once, and pays nothing."""
    return all(
        (next_state, reward, terminated) == (state, 0.0, True)
        for row in outcomes
        for _, next_state, reward, terminated in row
    )


# ------------------------------------------------------------------------------------------
# Planning and regret
# ------------------------------------------------------------------------------------------


def evaluate(dynamics, policy, theta, gamma):
    """V [S] of a policy [S, A] under a reward, exactly: the solution of V = r + gamma P V.

    The reward ``theta`` is a vector [S], paid on entering, or a table [S, A].

    Raises:
        ValueError: gamma is not from 0 to below 1.
    """
    from scipy.sparse import csr_array, eye_array
    from scipy.sparse.linalg import spsolve

    if not 0 <= gamma < 1:
        raise ValueError(f"gamma must be from 0 to below 1, since the goal may stay open; got {gamma}")
    num_states, num_actions = policy.shape
    places = (np.repeat(np.arange(num_states), num_actions), np.arange(policy.size))
    average = csr_array((policy.ravel(), places), shape=(num_states, policy.size))  # over the actions of each state
    chain = average @ dynamics.go_on
    return spsolve((eye_array(num_states) - gamma * chain).tocsc(), (policy * dynamics.rewards(theta)).sum(axis=1))


def plan(dynamics, theta, gamma):
    """The optimal (V [S], Q [S, A]) under a reward, exactly, by policy iteration; `greedy_policy` of Q acts by it.

    ``theta`` as in `evaluate`; actions that tie but for rounding have the same Q.
    """
    reward = dynamics.rewards(theta)
    states, actions = np.arange(len(reward)), reward.argmax(axis=1)
    while True:
        V = evaluate(dynamics, np.eye(dynamics.num_actions)[actions], reward, gamma)
        Q = dynamics.q_values(reward, V, gamma)
        best = Q.max(axis=1)
        rounding = 1e-9 * max(1.0, np.abs(Q).max())
        better = best > Q[states, actions] + rounding
        if not better.any():
            return V, np.where(best[:, None] - rounding < Q, best[:, None], Q)
        actions = np.where(better, Q.argmax(axis=1), actions)


def regret(dynamics, policy, theta, gamma):
    """What a policy [S, A] loses under the true reward ``theta``: 0 like the best policy, 1 like random actions.

    Starts are all cells where somebody may act, equally often.
    """
    best, random, mine = (
        V[dynamics.acting].mean()
        for V in (
            plan(dynamics, theta, gamma)[0],
            evaluate(dynamics, np.full(policy.shape, 1 / dynamics.num_actions), theta, gamma),
            evaluate(dynamics, policy, theta, gamma),
        )
    )
    gap = best - random
    return float((best - mine) / gap) if gap > 1e-9 * max(1.0, abs(best)) else 0.0  # where nothing matters, 0


def optimal_policy(dynamics, theta, gamma):
    """[S, A]: the policy that is best under a reward; where actions tie, each equally often."""
    return greedy_policy(plan(dynamics, theta, gamma)[1])


def shaped(dynamics, theta, potential, gamma):
    """[S, A]: the reward plus gamma × potential(s') - potential(s), which changes no optimal policy (Ng et al. 1999).

    An end has the potential 0, whatever ``potential`` [S] says: a difference left over there would pay for ending.
    """
    return dynamics.q_values(dynamics.rewards(theta), potential, gamma) - np.asarray(potential)[:, None]


# ------------------------------------------------------------------------------------------
# Demonstrations
# ------------------------------------------------------------------------------------------


def demonstrate(env, policy, episodes, horizon, gamma, seed=0):
    """Play a policy [S, A]; returns `Demonstrations`, each of at most ``horizon`` steps.

    Args:
        env: the world; its states and actions are numbered from 0.
        seed: of the actions; episode i has the world's luck of seed + i.

    Raises:
        ValueError: episodes or horizon is not from 1 to 10,000, or an episode starts in an end.
    """
    if not (1 <= episodes <= 10_000 and 1 <= horizon <= 10_000):
        raise ValueError(f"episodes and horizon must be from 1 to 10,000; got {episodes} and {horizon}")
    rng = np.random.default_rng((seed, 1))  # not the seed alone, which is the world's
    limits, acting = np.cumsum(policy, axis=1), Dynamics(env).acting
    shown = []
    for number in range(episodes):
        steps, terminated = [], False
        state, _ = env.reset(seed=seed + number)
        if not acting[state]:
            raise ValueError(f"an episode starts in state {state}, an end or a block, where nothing can be shown")
        while not terminated and len(steps) < horizon:
            action = min(int(np.searchsorted(limits[state], rng.random(), side="right")), policy.shape[1] - 1)
            next_state, reward, terminated, truncated, _ = env.step(action)
            steps.append((int(state), action, float(reward), int(next_state)))
            state = next_state
            if truncated:
                break
        shown.append(Demonstration(seed + number, tuple(steps), bool(terminated)))
    return Demonstrations(env, gamma, tuple(shown))


def read_episodes(dynamics, episodes, gamma, horizon=1):
    """What the demonstrations did, means over the episodes.

    An episode that was cut had no more steps than it has; one that ended could have gone on to the horizon.

    Args:
        episodes: demonstrations, or lists of their steps (state, action, reward, next_state).
        horizon: T, the steps that an episode could have had which ended before; at least the longest one's.

    Returns:
        starts [T + 1, S], the share of episodes that start in s with k steps to go; and the discounted number of
        times [S] that each cell is entered.

    Raises:
        ValueError: no demonstration, an empty one, or one with a step that this world cannot take.
    """
    episodes = [[(s, a, entered) for s, a, _, entered in getattr(episode, "steps", episode)] for episode in episodes]
    if not episodes or not all(episodes):
        raise ValueError("there must be at least one demonstration, and at least one step in each")
    lengths = np.array([len(steps) for steps in episodes])
    steps = np.array([step for steps in episodes for step in steps])
    ended = dynamics.ends(*steps.T)[np.cumsum(lengths) - 1]
    horizon = max(int(lengths.max()), horizon if ended.any() else 1)
    starts = np.zeros((horizon + 1, dynamics.num_states))
    first = [steps[0][0] for steps in episodes]
    np.add.at(starts, (np.where(ended, horizon, lengths), first), 1 / len(episodes))
    times = np.concatenate([np.arange(length) for length in lengths])
    visits = np.bincount(steps[:, 2], gamma**times, dynamics.num_states) / len(episodes)
    return starts, visits


# ------------------------------------------------------------------------------------------
# L-BFGS
# ------------------------------------------------------------------------------------------


def minimise(function, x, tolerance=1e-4, most=1e3, at_once=5):
    """SciPy's L-BFGS-B (Byrd et al. 1995) as a generator, so that whoever iterates may look at every step, or stop.

    Gradient descent would need hundreds of steps where this needs tens, since it learns from its last steps how the
    gradient changes. SciPy cannot be paused, so it takes ``at_once`` steps, then begins anew with twice as many.

    Args:
        function: x [D] -> (value, gradient [D], details), to be minimised; convex for a sure success.
        x: [D], where to begin.
        tolerance: it ends when no entry of the gradient is larger, or when rounding hides all progress.
        most: no entry of x becomes larger, lest a function without a minimum lead it to infinity.

    Yields:
        The details that ``function`` gave for the beginning, and then for each step's x.
    """
    from scipy.optimize import minimize  # here, since it takes a third of a second

    details = None

    def value_and_gradient(x):
        nonlocal details
        value, gradient, details = function(x)
        return value, gradient

    def note(_):
        taken.append(details)

    value_and_gradient(x)
    yield details
    limits = {"bounds": [(-most, most)] * len(x), "options": {"maxiter": at_once, "gtol": tolerance, "ftol": 0.0}}
    taken, status = [], 1  # taken: the details of each step, those of the last x that it tried
    while status == 1:  # at_once steps were not enough
        result = minimize(value_and_gradient, x, jac=True, method="L-BFGS-B", callback=note, **limits)
        yield from taken
        taken.clear()
        x, status = result.x, result.status
        limits["options"]["maxiter"] *= 2
