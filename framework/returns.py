"""Returns and advantages of rollouts: arrays [T, B], time first, B worlds beside each other. Pure functions.

Every function looks through a time limit (``truncated``) at the value of the true successor, and never past an end
(``terminated``), after which there is nothing to come. Nothing crosses from one episode into the next.

``xp`` is numpy, or tensorflow.experimental.numpy for tensors; inside a graph too, where T is known when it is made.
Sums are float64; results have the type of the values, which is float32 for what networks say.
"""

import numpy as np


def lambda_returns(reward, next_value, terminated, truncated, gamma, lambda_, xp=np):
    """G[t] = r[t] + γ (1 - terminated[t]) ((1 - λ) V(s[t+1]) + λ G[t+1]); Sutton & Barto (2018), eq. 12.18.

    λ = 0 gives one-step targets, λ = 1 the discounted return, continued by a value where the episode did not end.

    Args:
        reward, next_value: [T, B]; next_value is the value of the true successor of each step.
        terminated, truncated: [T, B] bool.

    Returns:
        [T, B], of the type of next_value.
    """
    dtype = next_value.dtype
    reward, next_value, terminated = (xp.asarray(x, xp.float64) for x in (reward, next_value, terminated))
    following, returns = next_value[-1], []
    for t in reversed(range(reward.shape[0])):
        # Behind a time limit stands the start of another episode: only the value may be used.
        following = xp.where(truncated[t], next_value[t], following)
        mixed = (1 - lambda_) * next_value[t] + lambda_ * following
        following = reward[t] + gamma * (1 - terminated[t]) * mixed
        returns.append(following)
    return xp.asarray(xp.stack(returns[::-1]), dtype)


def discounted_returns(reward, next_value, terminated, truncated, gamma, xp=np):
    """[T, B]: what really followed, continued by a value where the rollout or a time limit cut the episode off."""
    return lambda_returns(reward, next_value, terminated, truncated, gamma, 1.0, xp)


def n_step_returns(reward, next_value, terminated, truncated, gamma, n, xp=np):
    """[T, B]: n rewards, then the value; fewer where an episode or the rollout ends first. Eq. 7.1 of the same book.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}")
    returns = []
    for t in range(reward.shape[0]):
        steps = slice(t, t + n)
        of_n_steps = discounted_returns(
            reward[steps], next_value[steps], terminated[steps], truncated[steps], gamma, xp
        )
        returns.append(of_n_steps[0])
    return xp.stack(returns)


def gae(reward, value, next_value, terminated, truncated, gamma, lambda_, xp=np):
    """Generalised advantage estimation: A[t] = δ[t] + γ λ A[t+1], within an episode (Schulman et al. 2016, eq. 16).

    δ[t] = r[t] + γ (1 - terminated[t]) V(s[t+1]) - V(s[t]).

    Args:
        reward, value, next_value: [T, B]; values of the state of each step and of its true successor.
        terminated, truncated: [T, B] bool.

    Returns:
        advantages [T, B], of the type of value. Adding ``value`` gives the λ-return, a target for the critic.
    """
    dtype = value.dtype
    goes_on = xp.asarray(~(terminated | truncated), xp.float64)
    reward, value, next_value, terminated = (
        xp.asarray(x, xp.float64) for x in (reward, value, next_value, terminated)
    )
    td_error = reward + gamma * (1 - terminated) * next_value - value
    following, advantages = xp.zeros_like(value[0]), []
    for t in reversed(range(reward.shape[0])):
        following = td_error[t] + gamma * lambda_ * goes_on[t] * following
        advantages.append(following)
    return xp.asarray(xp.stack(advantages[::-1]), dtype)
