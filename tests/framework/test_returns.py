"""Returns and advantages, against numbers worked by hand and a plain loop."""

import numpy as np
import pytest

from framework.returns import discounted_returns, gae, lambda_returns, n_step_returns
from framework.rollout import Rollout
from framework.vector import Transition

NO = np.zeros((3, 1), bool)


def column(*numbers):
    return np.array(numbers, np.float32)[:, None]


def at(row):
    end = NO.copy()
    end[row] = True
    return end


def test_a_rollout_without_an_end_goes_on_with_the_last_value():
    returns = discounted_returns(column(1, 2, 3), column(9, 9, 10), NO, NO, 0.5)
    assert returns[:, 0].tolist() == [1 + 0.5 * (2 + 0.5 * 8), 2 + 0.5 * 8, 3 + 0.5 * 10]


def test_nothing_follows_an_end():
    returns = discounted_returns(column(1, 2, 3), column(9, 9, 10), at(1), NO, 0.5)
    assert returns[:, 0].tolist() == [2, 2, 8]


def test_a_time_limit_is_looked_through_at_the_value_of_the_true_successor():
    returns = discounted_returns(column(1, 2, 3), column(9, 4, 10), NO, at(1), 0.5)
    assert returns[:, 0].tolist() == [1 + 0.5 * 4, 2 + 0.5 * 4, 8]


def test_two_step_returns_take_two_rewards_and_a_value():
    returns = n_step_returns(column(1, 2, 3), column(4, 8, 16), NO, NO, 0.5, n=2)
    assert returns[:, 0].tolist() == [1 + 0.5 * 2 + 0.25 * 8, 2 + 0.5 * 3 + 0.25 * 16, 3 + 0.5 * 16]
    with pytest.raises(ValueError, match="at least 1"):
        n_step_returns(column(1), column(1), NO[:1], NO[:1], 0.5, n=0)


def test_gae_by_hand():
    advantage = gae(column(1, 1, 1), column(2, 4, 6), column(4, 6, 8), NO, NO, 0.5, 0.5)
    td_error = np.array([1 + 2 - 2, 1 + 3 - 4, 1 + 4 - 6])
    assert advantage[:, 0].tolist() == [td_error @ [1, 1 / 4, 1 / 16], td_error[1:] @ [1, 1 / 4], td_error[2]]


def random_rollout(rng, steps=40, worlds=5):
    reward, value, next_value = rng.normal(size=(3, steps, worlds)).astype(np.float32)
    terminated, truncated = rng.random((2, steps, worlds)) < 0.1
    return reward, value, next_value, terminated, truncated & ~terminated


def test_the_advantage_and_the_value_sum_to_the_lambda_return():
    rng = np.random.default_rng(0)
    for lambda_ in (0.0, 0.7, 1.0):
        reward, value, next_value, terminated, truncated = random_rollout(rng)
        advantage = gae(reward, value, next_value, terminated, truncated, 0.9, lambda_)
        # V(s[t+1]) is the next row's value wherever the episode goes on.
        goes_on = ~(terminated | truncated)[:-1]
        next_value[:-1][goes_on] = value[1:][goes_on]
        advantage = gae(reward, value, next_value, terminated, truncated, 0.9, lambda_)
        returns = lambda_returns(reward, next_value, terminated, truncated, 0.9, lambda_)
        np.testing.assert_allclose(advantage + value, returns, atol=1e-5)


def test_returns_agree_with_a_plain_loop_over_each_episode():
    reward, _, next_value, terminated, truncated = random_rollout(np.random.default_rng(1))
    returns = discounted_returns(reward, next_value, terminated, truncated, 0.9)
    for world in range(reward.shape[1]):
        for t in range(len(reward)):
            total, factor = 0.0, 1.0
            for k in range(t, len(reward)):
                total, factor = total + factor * reward[k, world], factor * 0.9
                if terminated[k, world]:
                    break
                if truncated[k, world] or k == len(reward) - 1:
                    total += factor * next_value[k, world]
                    break
            assert returns[t, world] == pytest.approx(total, abs=1e-4)


def test_values_of_successors_are_those_that_asking_for_each_would_give():
    rng = np.random.default_rng(2)
    rollout, obs = Rollout(), rng.normal(size=(4, 3)).astype(np.float32)

    def value_of(rows):
        return rows.sum(axis=1)

    for _ in range(30):
        following = rng.normal(size=(4, 3)).astype(np.float32)
        terminated, truncated = rng.random((2, 4)) < 0.2
        step = Transition(obs, np.zeros(4, int), np.zeros(4, np.float32), following, terminated, truncated)
        rollout.add(step, value=value_of(obs))
        obs = np.where((terminated | truncated)[:, None], rng.normal(size=(4, 3)), following).astype(np.float32)
    asked = value_of(rollout.batch("next_obs").next_obs).reshape(30, 4)
    asked[rollout.terminated] = 0  # nothing follows
    np.testing.assert_allclose(rollout.next_values(value_of), asked, rtol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_returns_are_the_same_inside_a_graph(compiled, dtype):
    tf = pytest.importorskip("tensorflow")

    def all_of_them(xp, reward, value, next_value, terminated, truncated):
        ends = terminated, truncated
        return (
            lambda_returns(reward, next_value, *ends, 0.9, 0.8, xp=xp),
            discounted_returns(reward, next_value, *ends, 0.9, xp=xp),
            n_step_returns(reward, next_value, *ends, 0.9, 3, xp=xp),
            gae(reward, value, next_value, *ends, 0.9, 0.8, xp=xp),
        )

    def of_tensors(*rollout):
        return all_of_them(tf.experimental.numpy, *rollout)

    reward, value, next_value, *ends = random_rollout(np.random.default_rng(3), steps=9)
    rollout = (reward.astype(dtype), value.astype(dtype), next_value.astype(dtype), *ends)
    in_graph = tf.function(of_tensors, jit_compile=compiled)(*map(tf.constant, rollout))
    for tensor, array in zip(in_graph, all_of_them(np, *rollout), strict=True):
        assert tensor.dtype == array.dtype == dtype
        np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-6)
