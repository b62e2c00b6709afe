"""Why planning without a discount, at gamma = 1, needs care, and what the planners do about it (Day 2).

Read planner.py first. As long as gamma is below 1, every sum of rewards is finite, Bellman's equation has one
solution, and nothing here changes it. At gamma = 1 this is true only if episodes end (a stochastic shortest path
problem: Bertsekas & Tsitsiklis 1991). Three things can go wrong:

No value. Where every step costs 0.04 and no end can be reached, a state is worth minus infinity. The planners refuse
such a model.

Many solutions. Where an agent can go on for ever at no cost, the equation says V(s) = V(s), which any number solves.
The planners add an action that rests there and is worth 0. (README.md says in which models that is not enough.)

A policy that never ends. Several actions may tie in Q, of which one leads to the goal and another round in circles.
The planners then take one that brings the end nearer. A policy that ends with probability 1 is called proper.
"""

import numpy as np

from environment import TabularModel


def undiscounted_model(model):
    """The model to plan with at gamma = 1: ``model`` itself, or `with_rest` if one can go on for ever for free.

    Raises:
        ValueError: a state from which no end is within reach, and in which an action has a reward other than 0.
    """
    steps = steps_to_end(model, np.ones_like(model.reward, bool))
    endless = np.flatnonzero(np.isinf(steps) & (model.reward != 0).any(axis=1))
    if len(endless):
        raise ValueError(
            f"with gamma = 1 an end must be within reach of every state, and from state {endless[0]} "
            "there is none; use a gamma below 1"
        )
    return with_rest(model)


def proper_policy(model, allowed=None):
    """A policy that brings the end nearer wherever an end is within reach, so that it does not walk in circles.

    Args:
        model: a TabularModel.
        allowed: [S, A] bool, the actions that it may take, at least one in each state; None allows all of them.

    Returns:
        [S] int, for each state the allowed action that is likeliest to lead to a state with fewer steps to the end;
        where no end is within reach, the first allowed action.
    """
    if allowed is None:
        allowed = np.ones_like(model.reward, bool)
    steps = np.append(steps_to_end(model, allowed), 0.0)
    nearer = steps[model.next_state] < steps[:-1, None, None]  # [S, A, K]; nowhere, where no end is within reach
    return np.where(allowed, (model.prob * nearer).sum(axis=2), -1.0).argmax(axis=1)


def steps_to_end(model, allowed):
    """[S] float: the fewest steps in which a state can reach an end by ``allowed`` actions [S, A]; inf if none."""
    from scipy.sparse import csr_matrix  # here, since it takes a third of a second
    from scipy.sparse.csgraph import shortest_path

    num_states = len(model.reward)
    state, action, outcome = np.nonzero((model.prob > 0) & allowed[:, :, None])
    backwards = (model.next_state[state, action, outcome], state)
    graph = csr_matrix((np.ones(len(state)), backwards), shape=(num_states + 1, num_states + 1))
    return shortest_path(graph, unweighted=True, indices=num_states)[:num_states]


def endless_for_free(model):
    """[S] bool: the states from which one can go on for ever without being paid or paying anything."""
    free = np.append(np.ones(len(model.reward), bool), False)  # the end is not among them
    while True:
        stays = ((model.prob == 0) | free[model.next_state]).all(axis=2) & (model.reward == 0)  # [S, A]
        if (stays.any(axis=1) == free[:-1]).all():
            return free[:-1]
        free[:-1] = stays.any(axis=1)


def with_rest(model):
    """The model with one more action in the states of `endless_for_free`: to rest, which ends the episode and pays 0.

    The action says in one step what an endless walk is worth. Without it, a planner that once believed V(s) = -1 in
    such a state would never learn better. In all other states the new action is a copy of action 0.
    """
    free = endless_for_free(model)
    if not free.any():
        return model
    next_state, prob, reward = (
        np.concatenate([table, table[:, :1]], axis=1) for table in (model.next_state, model.prob, model.reward)
    )
    next_state[free, -1], reward[free, -1] = len(free), 0.0
    return TabularModel(next_state, prob, reward)
