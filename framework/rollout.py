"""A few steps of B worlds under one policy, time first: what on-policy methods learn from, once."""

from collections import namedtuple
from functools import cache

import numpy as np


class Rollout:
    """Collects `framework.vector.Transition`s, and what the agent computed beside them.

    After T steps every field is an array [T, B, …], by its name: ``rollout.obs``, ``rollout.value``.
    """

    def __init__(self):
        self.steps, self._stacked = [], {}

    def __len__(self):
        return len(self.steps)

    def add(self, transition, **arrays):
        """Append a step; ``arrays`` [B, …] are further fields, such as the agent's value and log_prob.

        Raises:
            ValueError: a field has the name of one of the transition's, or of a method here.
        """
        taken = [
            name for name in arrays if name in transition._fields or hasattr(type(self), name) or name == "steps"
        ]
        if taken:
            raise ValueError(f"the rollout has something else called {', '.join(taken)}; take another name")
        self.steps.append({**transition._asdict(), **arrays})
        self._stacked = {}

    def __getattr__(self, name):
        if name.startswith("_") or not self.steps or name not in self.steps[0]:
            raise AttributeError(f"the rollout has no field {name}")
        if name not in self._stacked:
            self._stacked[name] = np.stack([step[name] for step in self.steps])
        return self._stacked[name]

    def batch(self, *names, where=None, **arrays):
        """The steps of all worlds as one batch: a NamedTuple of arrays [N, …], N = T × B, for ``loss``.

        Args:
            names: fields to take.
            where: [T, B] bool, the steps to take; all of them by default.
            arrays: further fields [T, B, …], such as returns.
        """
        fields = {name: getattr(self, name) for name in names} | arrays
        flat = {name: array.reshape(-1, *array.shape[2:]) for name, array in fields.items()}
        if where is not None:
            flat = {name: array[where.ravel()] for name, array in flat.items()}
        return batch_of(**flat)

    def next_values(self, value_of):
        """[T, B]: the value of the true successor of each step.

        Where the episode went on, it is the value of the next step, known already. ``value_of`` (observations [N, …]
        to values [N]) is asked only for the last step, and for those that a time limit cut off.
        """
        next_value = np.zeros_like(self.value)
        next_value[:-1] = self.value[1:]
        ask = self.truncated.copy()
        ask[-1] = True
        next_obs = [step["next_obs"][asked] for step, asked in zip(self.steps, ask, strict=True)]
        next_value[ask] = value_of(np.concatenate(next_obs))
        next_value[self.terminated] = 0.0  # nothing follows; the next row belongs to another episode
        return next_value


def batch_of(**fields):
    """A NamedTuple of these fields; the same names give the same class."""
    return _batch_class(tuple(fields))(**fields)


@cache
def _batch_class(names):
    return namedtuple("Batch", names)
