"""framework/replay.py: what comes out of the buffers, against numbers worked by hand and plain lists of episodes."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from framework.replay import PrioritizedReplayBuffer, ReplayBuffer
from framework.runs.files import load_arrays, save_arrays

EVERYTHING = 3000  # draws that leave out none of a few dozen transitions
FIELDS = ("obs", "action", "reward", "next_obs", "terminated", "discount", "weight", "index")
BOTH = pytest.mark.parametrize("prioritized", [False, True], ids=["uniform", "prioritized"])


def step(obs, next_obs, reward=None, terminated=None, truncated=None, action=None):
    """A transition of B worlds, whose observations are single numbers."""
    obs, next_obs = np.array(obs, np.float32)[:, None], np.array(next_obs, np.float32)[:, None]
    B = len(obs)
    return SimpleNamespace(
        obs=obs,
        action=np.zeros(B, np.int64) if action is None else np.array(action),
        reward=np.zeros(B, np.float32) if reward is None else np.array(reward, np.float32),
        next_obs=next_obs,
        terminated=np.zeros(B, bool) if terminated is None else np.array(terminated),
        truncated=np.zeros(B, bool) if truncated is None else np.array(truncated),
    )


def one_world(rewards, n_step, gamma=0.5, terminated=None, truncated=None, capacity=100):
    """A buffer after one world went 0, 1, 2 …; behind an end at t, t + 1 is another episode, and t led to 100 + t."""
    buffer = ReplayBuffer(capacity, 1, gamma, seed=0, n_step=n_step)
    for t, reward in enumerate(rewards):
        next_obs = 100 + t if t in (terminated, truncated) else t + 1
        buffer.add(step([t], [next_obs], [reward], [t == terminated], [t == truncated]))
    return buffer


def draw(buffer, batch_size, beta=0.4):
    by_priority = {"beta": beta} if isinstance(buffer, PrioritizedReplayBuffer) else {}
    return buffer.sample(batch_size, **by_priority)


def targets(buffer):
    """{obs: (reward, next_obs, terminated, discount)} of all that can be drawn."""
    batch = draw(buffer, EVERYTHING)
    columns = (batch.obs[:, 0], batch.reward, batch.next_obs[:, 0], batch.terminated, batch.discount)
    rows = set(zip(*(column.tolist() for column in columns), strict=True))
    found = {obs: target for obs, *target in rows}
    assert len(found) == len(rows)  # one target each
    return found


def make(prioritized, capacity=12, num_envs=2, seed=0, n_step=1, **options):
    if prioritized:
        return PrioritizedReplayBuffer(capacity, num_envs, 0.9, seed, n_step, **{"alpha": 0.6} | options)
    return ReplayBuffer(capacity, num_envs, 0.9, seed, n_step)


# One step


def test_a_batch_has_the_shapes_and_types_of_what_was_added():
    buffer = ReplayBuffer(64, 4, 0.99, seed=0)
    transition = step(np.zeros(4), np.zeros(4), action=np.zeros((4, 2), np.float32))
    transition.obs = np.full((4, 8, 8, 2), 7, np.uint8)
    transition.next_obs = np.full((4, 8, 8, 2), 9, np.uint8)
    buffer.add(transition)
    batch = buffer.sample(5)
    shapes = {name: (getattr(batch, name).shape, getattr(batch, name).dtype.name) for name in FIELDS}
    assert shapes == {
        "obs": ((5, 8, 8, 2), "uint8"),
        "action": ((5, 2), "float32"),
        "reward": ((5,), "float32"),
        "next_obs": ((5, 8, 8, 2), "uint8"),
        "terminated": ((5,), "bool"),
        "discount": ((5,), "float32"),
        "weight": ((5,), "float32"),
        "index": ((5,), "int64"),
    }
    assert (batch.obs == 7).all()
    assert (batch.next_obs == 9).all()
    assert (batch.weight == 1).all()


def test_a_full_ring_forgets_the_oldest_row_and_nothing_else():
    buffer = ReplayBuffer(7, 2, 0.5, seed=0)  # three whole rows of two
    for t in range(8):
        buffer.add(step([t, 10 + t], [t + 1, 11 + t], [t, 10 + t]))
        assert len(buffer) == 2 * min(t + 1, 3)
    assert targets(buffer) == {obs: [obs, obs + 1, False, 0.5] for obs in (5, 6, 7, 15, 16, 17)}


def test_the_newest_row_can_be_drawn_with_its_successor_at_once():
    assert targets(one_world([3], n_step=1)) == {0: [3, 1, False, 0.5]}


def test_an_end_and_a_time_limit_keep_their_true_successors():
    ended = one_world([1, 2, 3], n_step=1, terminated=1)
    cut_off = one_world([1, 2, 3], n_step=1, truncated=1)
    assert targets(ended) == {0: [1, 1, False, 0.5], 1: [2, 101, True, 0.5], 2: [3, 3, False, 0.5]}
    assert targets(cut_off) == {0: [1, 1, False, 0.5], 1: [2, 101, False, 0.5], 2: [3, 3, False, 0.5]}


def test_a_world_reset_between_two_steps_counts_as_cut_off():
    buffer = ReplayBuffer(20, 2, 0.5, seed=0, n_step=2)
    buffer.add(step([0, 10], [1, 11], [1, 1]))
    buffer.add(step([50, 11], [51, 12], [2, 2]))  # world 0 was reset from outside
    buffer.add(step([51, 12], [52, 13], [4, 4]))
    assert targets(buffer) == {
        0: [1, 1, False, 0.5],
        50: [2 + 0.5 * 4, 52, False, 0.25],
        10: [1 + 0.5 * 2, 12, False, 0.25],
        11: [2 + 0.5 * 4, 13, False, 0.25],
    }


def test_what_is_added_is_copied():
    buffer = ReplayBuffer(8, 1, 0.5, seed=0)
    transition = step([1], [2], [3], terminated=[True])
    buffer.add(transition)
    buffer.add(step([5], [6]))
    transition.obs[:] = transition.next_obs[:] = transition.reward[:] = 99
    assert targets(buffer)[1] == [3, 2, True, 0.5]


# n steps


def test_three_step_targets_of_an_episode_that_goes_on():
    # 1 + 0.5·2 + 0.25·4 = 3; 2 + 0.5·4 + 0.25·8 = 6; what 4 and 8 lead to is not known yet.
    buffer = one_world([1, 2, 4, 8], n_step=3)
    assert targets(buffer) == {0: [3, 3, False, 0.125], 1: [6, 4, False, 0.125]}


@pytest.mark.parametrize("end", ["terminated", "truncated"])
def test_three_step_targets_stop_at_the_end_of_an_episode(end):
    # Episode 0, 1, 2 with rewards 1, 2, 4; then another, with rewards of 1000.
    buffer = one_world([1, 2, 4, 1000, 1000], n_step=3, **{end: 2})
    died = end == "terminated"
    assert targets(buffer) == {
        0: [1 + 0.5 * 2 + 0.25 * 4, 102, died, 0.125],
        1: [2 + 0.5 * 4, 102, died, 0.25],
        2: [4, 102, died, 0.5],
    }


def test_an_episode_that_has_just_ended_can_be_drawn_to_its_last_step():
    buffer = one_world([1, 2], n_step=3, terminated=1)
    assert targets(buffer) == {0: [2, 101, True, 0.25], 1: [2, 101, True, 0.5]}


def test_n_steps_go_round_the_end_of_the_ring():
    buffer = one_world([1, 2, 4, 8, 16, 32], n_step=2, capacity=4)
    assert targets(buffer) == {t: [2**t + 0.5 * 2 ** (t + 1), t + 2, False, 0.25] for t in (2, 3, 4)}


class Episodes:
    """What the buffer should hold, as plain lists: for each world, its steps, the last ``rows`` of which count."""

    def __init__(self, num_envs, rows, gamma, n_step):
        self.steps = [[] for _ in range(num_envs)]
        self.rows, self.gamma, self.n_step = rows, gamma, n_step

    def add(self, transition):
        for b, steps in enumerate(self.steps):
            ended = bool(transition.terminated[b] or transition.truncated[b])
            row = (transition.obs, transition.reward, transition.next_obs)
            steps.append((*(float(column[b].item()) for column in row), bool(transition.terminated[b]), ended))

    def targets(self):
        found = {}
        for steps in self.steps:
            for first in range(max(len(steps) - self.rows, 0), len(steps)):
                total = 0.0
                for k, (_, reward, next_obs, terminated, ended) in enumerate(steps[first : first + self.n_step]):
                    total += self.gamma**k * reward
                    if ended or k == self.n_step - 1:
                        discount = self.gamma ** (k + 1)
                        found[steps[first][0]] = [total, next_obs, terminated, discount]
                        break
        return found


def wander(rng, num_envs, steps, p_end=0.25):
    """Transitions of worlds whose every observation is another number."""
    obs = np.arange(num_envs, dtype=np.float32) * 10_000
    for _ in range(steps):
        terminated, truncated = rng.random((2, num_envs)) < p_end / 2
        next_obs = obs + 1
        yield step(obs, next_obs, rng.integers(-9, 9, num_envs), terminated, truncated)
        obs = np.where(terminated | truncated, next_obs + 1, next_obs)  # the first of another episode


@BOTH
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    num_envs=st.integers(1, 3),
    n_step=st.integers(1, 4),
    spare_rows=st.integers(0, 5),
    steps=st.integers(1, 25),
)
def test_nothing_crosses_a_reset_and_all_that_is_known_can_be_drawn(
    prioritized, seed, num_envs, n_step, spare_rows, steps
):
    rows = n_step + 1 + spare_rows
    buffer = make(prioritized, rows * num_envs, num_envs, seed, n_step)
    episodes = Episodes(num_envs, rows, 0.9, n_step)
    rng = np.random.default_rng(seed)
    for transition in wander(rng, num_envs, steps):
        buffer.add(transition)
        episodes.add(transition)
        if prioritized and episodes.targets():  # priorities of all sizes, between the steps
            batch = draw(buffer, 8)
            buffer.update(batch.index, rng.normal(size=8) + np.sign(rng.normal(size=8)))
    expected = episodes.targets()
    if not expected:
        with pytest.raises(ValueError, match="nothing to sample yet"):
            draw(buffer, 1)
        return
    found = targets(buffer)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(
        [found[obs] for obs in expected], [expected[obs] for obs in expected], rtol=1e-5, atol=1e-5
    )


def test_every_transition_with_a_known_target_is_drawn_equally_often():
    rng = np.random.default_rng(3)
    buffer = ReplayBuffer(30, 3, 0.9, seed=1, n_step=3)
    episodes = Episodes(3, 10, 0.9, 3)
    for transition in wander(rng, 3, 24, p_end=0.4):
        buffer.add(transition)
        episodes.add(transition)
    known = episodes.targets()
    assert 3 * 8 < len(known) < 3 * 10  # of the newest two rows, some
    counts = Counter(buffer.sample(40_000).obs[:, 0].tolist())
    assert counts.keys() == known.keys()
    assert chisquare(list(counts.values())).pvalue > 0.01


# Memory


@BOTH
def test_memory_stays_flat_when_the_ring_goes_round(prioritized):
    buffer = make(prioritized, capacity=60, num_envs=3, n_step=2)
    rng = np.random.default_rng(0)
    for t, transition in enumerate(wander(rng, 3, 20 * 50, p_end=0.5)):
        buffer.add(transition)
        assert len(buffer) == 3 * min(t + 1, 20)
        assert buffer.successors.keys() == set(np.flatnonzero(buffer.ended).tolist())
        assert len(buffer.successors) <= len(buffer)
    assert buffer.obs.shape == (60 + 3, 1)  # each observation once, and one spare row
    assert all(obs.base is None for obs in buffer.successors.values())  # none keeps a whole row alive


# Priorities


def known_priorities():
    """Four transitions with |TD error| + eps of 1, 4, 9, 0.25 and α = 0.5: p^α of 1, 2, 3, 0.5."""
    buffer = PrioritizedReplayBuffer(4, 2, 0.9, seed=0, alpha=0.5, eps=0.25)
    buffer.add(step([0, 1], [2, 3]))
    buffer.add(step([2, 3], [4, 5]))
    buffer.update(np.arange(4), np.array([0.75, -3.75, 8.75, 0.0]))
    return buffer


def test_each_transition_has_the_priority_of_its_own_error_not_of_the_mean():
    buffer = known_priorities()
    np.testing.assert_allclose(buffer.tree[np.arange(4)], [1, 2, 3, 0.5])


def test_transitions_are_drawn_in_proportion_to_their_priorities():
    buffer = known_priorities()
    counts = Counter(np.concatenate([buffer.sample(1, beta=1).index for _ in range(6500)]).tolist())
    assert chisquare([counts[i] for i in range(4)], [1000, 2000, 3000, 500]).pvalue > 0.01


def test_a_batch_draws_once_from_each_equal_part_of_the_sum():
    buffer = known_priorities()  # running sums 1, 3, 6, 6.5: thirteen parts of 0.5
    for _ in range(20):
        assert np.bincount(buffer.sample(13, beta=1).index).tolist() == [2, 4, 6, 1]


def test_importance_weights_by_hand():
    # P = [1, 2, 3, 0.5] / 6.5, N = 4, β = 0.5: (N P)^-β = 1.2748, 0.9014, 0.7360, 1.8028, over the largest.
    batch = known_priorities().sample(13, beta=0.5)
    weight = dict(zip(batch.index.tolist(), batch.weight.tolist(), strict=True))
    assert weight == pytest.approx({0: 0.70711, 1: 0.5, 2: 0.40825, 3: 1.0}, abs=1e-4)
    largest_drawn = known_priorities().sample(1, beta=0.5)
    assert largest_drawn.weight.tolist() == [1.0]  # the largest of the batch, not of the buffer
    assert (known_priorities().sample(13, beta=0.0).weight == 1).all()


def test_a_new_transition_gets_the_highest_priority_seen():
    buffer = known_priorities()
    assert buffer.highest == 3
    buffer.update(np.array([2]), np.array([0.75]))  # the highest is 2 now, but 3 was seen
    buffer.add(step([4, 5], [6, 7]))
    np.testing.assert_allclose(buffer.tree[np.array([4, 5, 2, 3])], [3, 3, 1, 0.5])
    assert (buffer.tree[np.array([0, 1])] == 0).all()  # overwritten


def test_what_cannot_be_drawn_has_no_priority_and_gets_none():
    buffer = PrioritizedReplayBuffer(8, 1, 0.9, seed=0, n_step=3, alpha=1.0)
    buffer.add(step([0], [1]))
    buffer.add(step([1], [2]))
    assert buffer.tree.total == 0
    buffer.add(step([2], [3]))
    assert buffer.tree[np.arange(4)].tolist() == [1, 0, 0, 0]
    buffer.update(np.array([0, 1, 2]), np.array([2.0, 50.0, 50.0]))
    assert buffer.tree[np.arange(4)] == pytest.approx([2, 0, 0, 0], abs=1e-5)
    buffer.add(step([3], [4], terminated=[True]))  # with the end, all targets are known
    assert buffer.tree[np.arange(4)] == pytest.approx([2, 2, 2, 2], abs=1e-5)
    buffer.update(np.array([2, 3]), np.array([1.0, 0.5]))
    buffer.add(step([9], [10]))  # those learnt from keep what they were given
    assert buffer.tree[np.arange(5)] == pytest.approx([2, 2, 1, 0.5, 0], abs=1e-5)


# Checkpoints


@BOTH
@pytest.mark.parametrize("steps", [0, 1, 2, 4, 7, 40])
def test_a_loaded_buffer_goes_on_exactly_as_the_saved_one(prioritized, steps, tmp_path):
    rng = np.random.default_rng(steps)
    transitions = list(wander(rng, 2, steps + 30))
    saved = make(prioritized, n_step=2, seed=5)
    for transition in transitions[:steps]:
        saved.add(transition)
        if prioritized and saved.tree.total:
            batch = draw(saved, 4)
            saved.update(batch.index, rng.normal(size=4))
    if steps > 1:
        draw(saved, 3)
    loaded = make(prioritized, n_step=2, seed=99)
    for transition in transitions[20:25]:
        loaded.add(transition)  # whatever it held before is gone
    save_arrays(tmp_path / "replay.npz", saved.state())
    loaded.load_state(load_arrays(tmp_path / "replay.npz"))
    assert all(obs.base is None for obs in loaded.successors.values())  # none keeps the file's array alive
    assert len(loaded) == len(saved) == 2 * min(steps, 6)
    for transition in transitions[steps:]:
        for buffer in (saved, loaded):
            buffer.add(transition)
        if len(saved) < 4:
            continue
        one, other = draw(saved, 5), draw(loaded, 5)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        if prioritized:
            error = rng.normal(size=5)
            saved.update(one.index, error)
            loaded.update(other.index, error)
    assert saved.successors == loaded.successors


def test_a_state_holds_only_what_is_filled():
    buffer = ReplayBuffer(1000, 2, 0.9, seed=0)
    for transition in wander(np.random.default_rng(0), 2, 3):
        buffer.add(transition)
    assert buffer.state()["arrays"]["obs"].shape == (6 + 2, 1)


# What is refused


@pytest.mark.parametrize(("capacity", "num_envs", "n_step"), [(7, 2, 3), (0, 1, 1), (10, 0, 1), (10, 1, 0)])
def test_a_buffer_too_small_is_refused(capacity, num_envs, n_step):
    with pytest.raises(ValueError, match=f"capacity of a replay must be at least .* got capacity {capacity}"):
        ReplayBuffer(capacity, num_envs, 0.9, seed=0, n_step=n_step)
    ReplayBuffer(8, 2, 0.9, seed=0, n_step=3)


@BOTH
def test_what_makes_no_sense_is_refused_in_one_sentence(prioritized):
    buffer = make(prioritized, n_step=2)
    with pytest.raises(ValueError, match="nothing to sample yet"):
        draw(buffer, 1)
    buffer.add(step([0, 10], [1, 11]))
    with pytest.raises(ValueError, match="nothing to sample yet"):
        draw(buffer, 1)
    buffer.add(step([1, 11], [2, 12]))
    with pytest.raises(ValueError, match="batch_size and batches must be at least 1; got 0"):
        draw(buffer, 0)
    with pytest.raises(ValueError, match="must be of 2 worlds; got 3"):
        buffer.add(step([1, 2, 3], [2, 3, 4]))
    with pytest.raises(ValueError, match=r"= \[5, 2, 2\]; got \[6, 2, 2\]"):
        make(prioritized, capacity=10, n_step=2).load_state(buffer.state())


@pytest.mark.parametrize("error", [np.float64(1.0), np.ones(3), np.ones((4, 1)), np.array([1, np.nan, 1, 1])])
def test_errors_that_are_not_one_finite_number_for_each_transition_are_refused(error):
    buffer = known_priorities()
    with pytest.raises(ValueError, match=r"^error must be 4 finite numbers"):
        buffer.update(np.arange(4), error)
    np.testing.assert_allclose(buffer.tree[np.arange(4)], [1, 2, 3, 0.5])


# Several minibatches at once


def filled(kind, **options):
    buffer = kind(200, 4, 0.9, seed=3, **options)
    for t in range(60):
        buffer.add(step(np.full(4, t), np.full(4, t + 1), np.full(4, t), [False] * 4, [False] * 4))
    return buffer


def test_several_minibatches_are_one_large_draw_cut_up():
    whole = filled(ReplayBuffer).sample(12)
    batches = filled(ReplayBuffer).sample(3, batches=4)
    for one, several in zip(whole, batches, strict=True):
        np.testing.assert_array_equal(several.reshape(one.shape), one)
        assert several.shape[:2] == (4, 3)
    assert batches.at(2).index.tolist() == whole.index[6:9].tolist()
    with pytest.raises(ValueError, match="must be at least 1; got 3 and 0"):
        filled(ReplayBuffer).sample(3, batches=0)


def test_several_minibatches_by_priority_are_each_drawn_from_equal_parts_and_learnt_from_together():
    buffer = filled(PrioritizedReplayBuffer, alpha=1.0)
    rng = np.random.default_rng(0)
    first = buffer.sample(50, batches=4, beta=0.5)
    buffer.update(first.index, rng.normal(size=(4, 50)) * 10)
    batches = buffer.sample(8, batches=5, beta=0.5)
    assert batches.weight.shape == (5, 8)
    assert batches.weight.max(axis=1).tolist() == [1] * 5  # each by its own largest
    parts = np.cumsum(buffer.tree[np.arange(buffer.size)]) / buffer.tree.total
    for index in batches.index:
        assert np.ceil(parts[index] * 8).min() >= 1
        assert sorted(index, key=lambda i: parts[i]) == index.tolist()
