"""Returns and advantages of rollouts: arrays [T, B], time first, B worlds beside each other. Pure NumPy.

Every function looks through a time limit (``truncated``) at the value of the true successor, and never past an end
(``terminated``), after which there is nothing to come. Nothing crosses from one episode into the next.
"""

import numpy as np


def lambda_returns(reward, next_value, terminated, truncated, gamma, lambda_):
    """G[t] = r[t] + γ (1 - terminated[t]) ((1 - λ) V(s[t+1]) + λ G[t+1]); Sutton & Barto (2018), eq. 12.18.

    λ = 0 gives one-step targets, λ = 1 the discounted return, continued by a value where the episode did not end.

    Args:
        reward, next_value: [T, B]; next_value is the value of the true successor of each step.
        terminated, truncated: [T, B] bool.

    Returns:
        [T, B] float32.
    """
    returns = np.zeros_like(next_value)
    following = next_value[-1]
    for t in reversed(range(len(reward))):
        # Behind a time limit stands the start of another episode: only the value may be used.
        following = np.where(truncated[t], next_value[t], following)
        mixed = (1 - lambda_) * next_value[t] + lambda_ * following
        returns[t] = following = reward[t] + gamma * (1 - terminated[t]) * mixed
    return returns


def discounted_returns(reward, next_value, terminated, truncated, gamma):
    """[T, B]: what really followed, continued by a value where the rollout or a time limit cut the episode off."""
    return lambda_returns(reward, next_value, terminated, truncated, gamma, 1.0)


def n_step_returns(reward, next_value, terminated, truncated, gamma, n):
    """[T, B]: n rewards, then the value; fewer where an episode or the rollout ends first. Eq. 7.1 of the same book.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}")
    returns = np.zeros_like(next_value)
    for t in range(len(reward)):
        last = min(t + n, len(reward))
        returns[t] = lambda_returns(
            reward[t:last], next_value[t:last], terminated[t:last], truncated[t:last], gamma, 1.0
        )[0]
    return returns


def gae(reward, value, next_value, terminated, truncated, gamma, lambda_):
    """Generalised advantage estimation: A[t] = δ[t] + γ λ A[t+1], within an episode (Schulman et al. 2016, eq. 16).

    δ[t] = r[t] + γ (1 - terminated[t]) V(s[t+1]) - V(s[t]).

    Args:
        reward, value, next_value: [T, B]; values of the state of each step and of its true successor.
        terminated, truncated: [T, B] bool.

    Returns:
        advantages [T, B] float32. Adding ``value`` gives the λ-return, a target for the critic.
    """
    td_error = reward + gamma * (1 - terminated) * next_value - value
    goes_on = 1 - (terminated | truncated)
    advantage = np.zeros_like(value)
    following = np.zeros_like(value[0])
    for t in reversed(range(len(reward))):
        advantage[t] = following = td_error[t] + gamma * lambda_ * goes_on[t] * following
    return advantage
