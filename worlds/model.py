"""The model of a tabular world: read from ``P`` in any form in which people write it, and kept as arrays.

Whatever numbers a world gives to its states and actions, here and in all tables of the course they begin at 0.
"""

import reprlib
from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from worlds.making import FAILURES, in_one_line

LARGEST = 1e100  # the sums of greater rewards would overflow
FORM = "P must be P[s][a] = [(prob, next_state, reward, terminated), …]"
SEVERAL = (list, tuple, np.ndarray)
ROWS = (dict, *SEVERAL)


@dataclass(frozen=True, eq=False)
class TabularModel:
    """A finite Markov decision process as arrays: S states, A actions, at most K outcomes of each.

    An outcome that ends the episode leads to one extra state, number S, whose value is 0 by definition. With
    that, Q(s, a) = reward[s, a] + gamma * sum over k of prob[s, a, k] * V[next_state[s, a, k]].

    Attributes:
        next_state: [S, A, K] int, where outcome k leads: 0 … S - 1, or S when the episode ends.
        prob: [S, A, K] float, its probability; sums to 1 over k.
        reward: [S, A] float, the expected reward of action a in state s.

    Raises:
        ValueError: probabilities that are negative or do not sum to 1, next states or rewards out of range.
    """

    next_state: np.ndarray
    prob: np.ndarray
    reward: np.ndarray

    def __post_init__(self):
        num_states = self.reward.shape[0]
        one_row_for_all = self.prob.strides[:2] == (0, 0)
        total = (self.prob[:1, :1] if one_row_for_all else self.prob).sum(axis=2)  # [S, A]
        wrong = np.argwhere(~(np.abs(total - 1) < 1e-6))
        if len(wrong):
            state, action = wrong[0]
            raise ValueError(
                f"the probabilities of action {action} in state {state} sum to {total[state, action]:.6g}; "
                "they must sum to 1"
            )
        if self.prob.min() < 0:
            raise ValueError("a transition has a negative probability; every probability must be from 0 to 1")
        if self.next_state.min() < 0 or self.next_state.max() > num_states:
            raise ValueError(f"a transition leaves the model; next states must be from 0 to {num_states - 1}")
        if not -LARGEST < self.reward.min() <= self.reward.max() < LARGEST:
            raise ValueError("a transition pays a reward that is not a number, or too large to add up")

    @classmethod
    def from_P(cls, P, states=None, actions=None):
        """Read a model in Gymnasium's form; for the arguments and errors see `read_P`."""
        outcomes = read_P(P, states, actions)
        num_states, num_actions = len(outcomes), len(outcomes[0])
        most = max(len(outcomes_sa) for row in outcomes for outcomes_sa in row)
        next_state = np.full((num_states, num_actions, most), num_states, np.int32)
        prob = np.zeros((num_states, num_actions, most))
        reward = np.zeros((num_states, num_actions))
        for s, row in enumerate(outcomes):
            for a, outcomes_sa in enumerate(row):
                for k, (p, s_next, r, terminated) in enumerate(outcomes_sa):
                    next_state[s, a, k] = num_states if terminated else s_next
                    prob[s, a, k] = p
                    reward[s, a] += p * r
        return cls(next_state, prob, reward)


def tabular_model(env):
    """The model of any tabular Gymnasium world, ours or one of toy_text, as a `TabularModel`."""
    world = env.unwrapped
    if isinstance(getattr(world, "model", None), TabularModel):
        return world.model
    if has_P(env):
        states, actions = getattr(world, "observation_space", None), getattr(world, "action_space", None)
        return TabularModel.from_P(world.P, states, actions)
    name = world.spec.id if getattr(world, "spec", None) else type(world).__name__
    raise ValueError(f"{name} shows no model to plan with; use a world that has P, such as FrozenLake-v1")


def has_P(env):
    """Whether a world shows its model as ``P``.

    Raises:
        ValueError: it fails where it makes it.
    """
    try:
        return hasattr(env.unwrapped, "P")
    except FAILURES as error:
        raise ValueError(f"the world's P cannot be read: {in_one_line(error)}") from None


def read_P(P, states=None, actions=None):
    """Read ``P[s][a] = [(prob, next_state, reward, terminated), …]`` into one form, numbered from 0.

    Args:
        P: dictionaries or lists, at both levels. The first entry of a list is the first state or action. Where an
            episode ends, next_state may be None.
        states, actions: the world's Discrete spaces, whose ``start`` is the first number; None if P is numbered
            from 0.

    Returns:
        outcomes, a list of lists of lists: outcomes[s][a] is [(prob, next_state, reward, terminated), …], in plain
        Python numbers. A next_state of None has become s itself, whose value does not count there.

    Raises:
        ValueError: one sentence, in the world's own numbers, about the first thing that is wrong.
    """
    numbers = _numbers(P, states)
    rows = _in_order(P, numbers, "P", "state")
    actions = _numbers(rows[0], actions)
    outcomes = []
    for s, row in zip(numbers, rows, strict=True):
        row = _in_order(row, actions, f"state {s}", "action")
        outcomes.append([_read_outcomes(row[i], numbers, s, a) for i, a in enumerate(actions)])
    return outcomes


def _numbers(table, space):
    """The numbers of a Discrete space, a range; without one those of the entries of a table, from 0."""
    if isinstance(space, spaces.Discrete):
        return range(int(space.start), int(space.start + space.n))
    return range(len(table) if isinstance(table, ROWS) else 0)


def _in_order(table, numbers, where, what):
    """The entries of a dictionary or list, in the order of their ``numbers``, a range."""
    if not isinstance(table, ROWS) or not len(table):
        raise ValueError(f"{where} is {_short(table)}; {FORM}")
    given = table if isinstance(table, dict) else range(numbers[0], numbers[0] + len(table))
    for number in numbers:
        if number not in given:
            raise ValueError(f"{where} has no {what} {number}; its {what}s must be {numbers[0]} to {numbers[-1]}")
    if len(given) > len(numbers):
        strange = next(number for number in given if number not in numbers)
        raise ValueError(f"{where} has the {what} {strange!r}; its {what}s must be {numbers[0]} to {numbers[-1]}")
    return [table[number] for number in numbers] if isinstance(table, dict) else table


def _read_outcomes(outcomes, numbers, state, action):
    """The outcomes of one action, checked; ``numbers`` are those that the world gives to its states."""
    where = f"action {action} in state {state}"
    first, last, read, total = numbers[0], numbers[-1], [], 0.0
    for outcome in outcomes if isinstance(outcomes, SEVERAL) else [outcomes]:
        try:
            prob, next_state, reward, terminated = outcome
            prob, reward = float(prob), float(reward)
            leads_to = state if next_state is None else int(next_state)
            if terminated not in (0, 1) or (next_state is not None and next_state != leads_to):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{where} has the outcome {_short(outcome)}; {FORM}") from None
        if prob < 0:
            raise ValueError(f"{where} has the negative probability {prob:g}; every probability must be from 0 to 1")
        if next_state is None and not terminated:
            raise ValueError(f"{where} leads to None and does not end the episode; only an end may lead to None")
        if not first <= leads_to <= last:
            raise ValueError(f"{where} leads to {leads_to}; next states must be from {first} to {last}")
        if not -LARGEST < reward < LARGEST:
            raise ValueError(f"{where} pays {reward}, a reward that is not a number, or too large to add up")
        read.append((prob, leads_to - first, reward, bool(terminated)))
        total += prob
    if not abs(total - 1) < 1e-6:
        raise ValueError(f"the probabilities of {where} sum to {total:.6g}; they must sum to 1")
    return read


def _short(thing):
    return " ".join(reprlib.repr(thing).split())
