"""Steps by name, as batches, and what follows them."""

import numpy as np
import pytest

from framework.rollout import Rollout
from framework.vector import Transition


def step(t, terminated=(False, False), truncated=(False, False)):
    obs = np.full((2, 3), float(t), np.float32)
    ends = (np.array(end) for end in (terminated, truncated))
    return Transition(obs, np.array([t, t + 10]), np.array([t, -t], np.float32), obs + 1, *ends)


@pytest.fixture
def rollout():
    rollout = Rollout()
    for t in range(4):
        rollout.add(step(t), value=np.array([t, 2 * t], np.float32), playing=np.array([True, t < 2]))
    return rollout


def test_every_field_is_an_array_by_its_name_time_first(rollout):
    assert len(rollout) == 4
    assert rollout.obs.shape == (4, 2, 3)
    assert rollout.action.tolist() == [[0, 10], [1, 11], [2, 12], [3, 13]]
    assert rollout.value[:, 1].tolist() == [0, 2, 4, 6]
    assert rollout.value is rollout.value  # stacked once
    rollout.add(step(4), value=np.zeros(2, np.float32), playing=np.ones(2, bool))
    assert rollout.value.shape == (5, 2)
    with pytest.raises(AttributeError, match="the rollout has no field q"):
        rollout.q  # noqa: B018


def test_a_batch_has_the_steps_of_all_worlds_or_some_of_them(rollout):
    returns = np.arange(8, dtype="f").reshape(4, 2)
    batch = rollout.batch("obs", "action", returns=returns)
    assert batch._fields == ("obs", "action", "returns")
    assert batch.obs.shape == (8, 3)
    assert batch.action.tolist() == [0, 10, 1, 11, 2, 12, 3, 13]
    assert batch.returns.tolist() == list(range(8))
    few = rollout.batch("action", returns=returns, where=rollout.playing)
    assert few.action.tolist() == [0, 10, 1, 11, 2, 3]
    assert few.returns.tolist() == [0, 1, 2, 3, 4, 6]
    assert type(few) is type(rollout.batch("action", returns=returns))  # one class, so that a graph takes both


@pytest.mark.parametrize("name", ["obs", "batch", "steps"])
def test_a_field_that_would_hide_something_is_refused(name):
    with pytest.raises(ValueError, match=f"something else called {name}"):
        Rollout().add(step(0), **{name: np.zeros(2)})


def test_next_values_ask_only_for_what_is_not_known():
    rollout = Rollout()
    rollout.add(step(0, truncated=(True, False)), value=np.array([5, 6], np.float32))
    rollout.add(step(1, terminated=(True, False)), value=np.array([7, 8], np.float32))
    asked = []
    values = rollout.next_values(lambda obs: asked.extend(obs[:, 0]) or 100 + obs[:, 0])
    assert asked == [1, 2, 2]  # behind the time limit, and after the last step
    assert values.tolist() == [[101, 8], [0, 102]]
