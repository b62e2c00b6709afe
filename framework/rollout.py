"""A few steps of B worlds under one policy, time first: what on-policy methods learn from, once."""

import numpy as np


class Rollout:
    """Collects `framework.vector.Transition`s and whatever the agent said beside them.

    After T steps every field is an array [T, B, …], by its name: ``rollout["obs"]``, ``rollout["value"]``.
    """

    FIELDS = ("obs", "action", "reward", "next_obs", "terminated", "truncated")

    def __init__(self):
        self.steps = []

    def __len__(self):
        return len(self.steps)

    def add(self, transition, **said):
        """Append a step; ``said`` are arrays [B, …], such as the agent's value and log_prob."""
        self.steps.append({name: getattr(transition, name) for name in self.FIELDS} | said)

    def __getitem__(self, name):
        return np.stack([step[name] for step in self.steps])

    def flat(self, name):
        """[T × B, …]: the steps of all worlds as one batch."""
        array = self[name]
        return array.reshape(-1, *array.shape[2:])

    def next_values(self, value_of):
        """[T, B]: the value of the true successor of each step.

        Where the episode went on, it is the value of the next step, known already. ``value_of`` (observations [N, …]
        to values [N]) is asked only for the last step, and for those that a time limit cut off.
        """
        value, terminated, truncated = self["value"], self["terminated"], self["truncated"]
        next_value = np.zeros_like(value)
        next_value[:-1] = value[1:]
        ask = truncated.copy()
        ask[-1] = True
        next_value[ask] = value_of(np.concatenate([s["next_obs"][a] for s, a in zip(self.steps, ask, strict=True)]))
        next_value[terminated] = 0.0  # nothing follows; the next row belongs to another episode
        return next_value
