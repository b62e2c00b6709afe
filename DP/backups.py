"""The Bellman backups that all planners are made of (Day 2).

    Q(s, a) = sum over s' of P(s' | s, a) (r + gamma V(s'))             (Sutton & Barto 2018, equation 4.2)

The two sweeps are plain loops, state after state, in place: a state sees the values that this very sweep has already
given to the states before it. They are functions of arrays and stand in a file of their own, apart from the planners,
so that numba can compile the same loops: then a sweep over a million states takes a fraction of a second.

Both sweeps take the same arguments:

    V [S + 1]                                 the values, changed in place; the last entry is the end, worth 0
    policy [S]                                an action for each state; `sweep_values` changes it in place
    next_state, prob [S, A, K], reward [S, A] the model, as `environment.TabularModel` has it
    gamma                                     the discount
    backwards                                 True goes from the last state to the first
"""

import math

import numpy as np

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
    """[S, A] bool, from Q [S, A]: the best actions of each state, all that tie within ``tolerance`` (relative)."""
    best = Q.max(axis=1, keepdims=True)
    return best - tolerance * np.maximum(1, np.abs(best)) <= Q
