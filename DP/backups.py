"""The Bellman backups that all planners are made of (Day 2).

    Q(s, a) = sum over s' of P(s' | s, a) (r + gamma V(s'))             (Sutton & Barto 2018, equation 4.2)

The two sweeps are plain loops, state after state, in place: a state sees the values that this very sweep has already
given to the states before it. numba compiles the same loops for large worlds. In a sweep, ``V`` has one entry more
than there are states: the end of an episode, worth 0.
"""

import math

import numpy as np

from environment import TabularModel

TIE = 1e-9  # relative difference below which two action values count as equal


def sweep_values(V, policy, next_state, prob, reward, gamma, backwards):
    """V(s) ← max over a of Q(s, a), and policy(s) ← that action; returns the largest change."""
    num_states, num_actions, num_outcomes = next_state.shape
    residual = 0.0
    for i in range(num_states):
        s = num_states - 1 - i if backwards else i
        best = -math.inf
        for a in range(num_actions):
            q = reward[s, a]
            for k in range(num_outcomes):
                q += gamma * prob[s, a, k] * V[next_state[s, a, k]]
            if q > best:
                best = q
                policy[s] = a
        residual = max(residual, abs(best - V[s]))
        V[s] = best
    return residual


def sweep_policy(V, policy, next_state, prob, reward, gamma, backwards):
    """V(s) ← Q(s, policy(s)); returns the largest change."""
    num_states, _, num_outcomes = next_state.shape
    residual = 0.0
    for i in range(num_states):
        s = num_states - 1 - i if backwards else i
        a = policy[s]
        q = reward[s, a]
        for k in range(num_outcomes):
            q += gamma * prob[s, a, k] * V[next_state[s, a, k]]
        residual = max(residual, abs(q - V[s]))
        V[s] = q
    return residual


def q_values(model, V, gamma):
    """Q [S, A] of values V [S]: all states at once."""
    V_and_end = np.append(V, 0.0)
    Q = model.reward.copy()
    for a in range(Q.shape[1]):
        for k in range(model.prob.shape[2]):
            Q[:, a] += gamma * model.prob[:, a, k] * V_and_end[model.next_state[:, a, k]]
    return Q


def greedy_actions(Q, tolerance=TIE):
    """[S, A] bool: the best actions of each state; several where they tie within ``tolerance`` (relative)."""
    best = Q.max(axis=1, keepdims=True)
    return best - tolerance * np.maximum(1, np.abs(best)) <= Q


def steps_to_end(model, allowed):
    """[S] float: the fewest steps in which a state can reach an end by ``allowed`` actions [S, A]; inf if none."""
    from scipy.sparse import csr_matrix  # here, since it takes a third of a second
    from scipy.sparse.csgraph import shortest_path

    num_states = len(model.reward)
    state, action, outcome = np.nonzero((model.prob > 0) & allowed[:, :, None])
    backwards = (model.next_state[state, action, outcome], state)
    graph = csr_matrix((np.ones(len(state)), backwards), shape=(num_states + 1, num_states + 1))
    return shortest_path(graph, unweighted=True, indices=num_states)[:num_states]


def heading_for_an_end(model, allowed):
    """[S] int: of the ``allowed`` actions [S, A], the one likeliest to bring the end nearer. Such a policy ends every
    episode that can end, where picking any of several equally good actions may walk in circles for ever."""
    steps = np.append(steps_to_end(model, allowed), 0.0)
    nearer = steps[model.next_state] < steps[:-1, None, None]  # [S, A, K]; nowhere, where no end is within reach
    return np.where(allowed, (model.prob * nearer).sum(axis=2), -1.0).argmax(axis=1)


def endless_for_free(model):
    """[S] bool: the states from which one can go on for ever without being paid or paying anything."""
    free = np.append(np.ones(len(model.reward), bool), False)  # the end is not among them
    while True:
        stays = ((model.prob == 0) | free[model.next_state]).all(axis=2) & (model.reward == 0)  # [S, A]
        if (stays.any(axis=1) == free[:-1]).all():
            return free[:-1]
        free[:-1] = stays.any(axis=1)


def with_rest(model):
    """The model with one more action where one can go on for ever for free: resting, worth 0.

    At gamma = 1 it says in one step what an endless walk is worth, which V(s) = V(s) leaves open: a planner that once
    believed V(s) = -1 there would never learn better.
    """
    free = endless_for_free(model)
    if not free.any():
        return model
    next_state, prob, reward = (
        np.concatenate([table, table[:, :1]], axis=1) for table in (model.next_state, model.prob, model.reward)
    )
    next_state[free, -1], reward[free, -1] = len(free), 0.0
    return TabularModel(next_state, prob, reward)
