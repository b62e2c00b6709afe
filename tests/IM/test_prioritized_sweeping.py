"""Prioritised sweeping: the order of its updates by hand, and what an empty queue means."""

import numpy as np
import pytest

from environment import RIGHT, GridWorld
from framework.tabular.world import TableWorld, make_world
from IM.prioritized_sweeping import PrioritizedSweepingAgent


def corridor(num_cells):
    return TableWorld(GridWorld([[0] * num_cells + [1]], move_prob=1, step_reward=0, start=(0, 0)))


def walk_right(agent, env):
    """One episode to the right, as if the agent had chosen it; returns its steps."""
    agent.policy = lambda state: RIGHT
    return list(agent.steps(env))


def test_a_reward_goes_back_along_the_whole_way_in_one_step():
    env = corridor(5)
    agent = PrioritizedSweepingAgent(env, gamma=0.5, planning_steps=10)
    *before, last = walk_right(agent, env)
    assert [step.updates for step in before] == [()] * 4  # nothing to learn yet
    assert last.updates == tuple((state, RIGHT, 0.5 ** (4 - state)) for state in (4, 3, 2, 1, 0))
    assert not agent.priority
    assert [step.updates for step in walk_right(agent, env)] == [()] * 5  # nor any more


def test_a_real_step_has_its_error_but_changes_nothing_itself():
    env = corridor(2)
    agent = PrioritizedSweepingAgent(env, learning_rate=1.0, planning_steps=1, threshold=2.0)
    assert [step.td_error for step in walk_right(agent, env)] == [0.0, 1.0]
    assert not agent.Q.any()
    assert agent.N[:, RIGHT].tolist() == [1, 1, 0]


def test_the_worst_comes_first_and_a_pair_that_has_risen_comes_once():
    agent = PrioritizedSweepingAgent(make_world("GridWorld-v0"), planning_steps=10)
    for pair, reward in (((0, 0), 1.0), ((0, 1), -3.0), ((0, 2), 2.0)):
        agent.remember(*pair, (3, reward, True))
        agent.queue(*pair)
    agent.configure(memory=1)
    agent.remember(0, 0, (3, 5.0, True))  # from 1 to 5: its old place in the heap is stale
    agent.queue(0, 0)
    assert len(agent.heap) == 4
    assert list(agent.plan()) == [(0, 0, 5.0), (0, 1, -3.0), (0, 2, 2.0)]
    assert not agent.heap
    assert not agent.priority


def test_an_error_below_the_threshold_is_not_worth_an_update():
    agent = PrioritizedSweepingAgent(make_world("GridWorld-v0"), threshold=0.5)
    agent.remember(0, 0, (3, 0.5, True))
    agent.queue(0, 0)
    agent.remember(0, 1, (3, 0.6, True))
    agent.queue(0, 1)
    assert list(agent.plan()) == [(0, 1, 0.6)]


@pytest.mark.parametrize("planning_rate", [1.0, 0.5])
@pytest.mark.parametrize("world", ["FrozenLake-v1", "GridWorld-v0", "random"])
def test_when_the_queue_is_empty_no_entry_is_wrong_by_more_than_the_threshold(world, planning_rate, random_world):
    """In stochastic worlds, with a model that forgets: predecessors, stale entries, pairs put back."""
    env = random_world(100) if world == "random" else make_world(world)
    env.reset(seed=100)
    settings = {"gamma": 0.9, "epsilon": 0.5, "memory": 20, "threshold": 1e-3, "planning_rate": planning_rate}
    agent = PrioritizedSweepingAgent(env, 100, **settings)
    for _ in agent.learn(env, 30):
        pass
    while list(agent.plan()):
        pass
    assert len(agent.model.pairs) > 15
    errors = [agent.imagined_target(*pair) - agent.q[pair[0]][pair[1]] for pair in agent.model.pairs]
    assert np.abs(errors).max() <= 1e-3


def test_it_works_off_no_more_than_it_may():
    env = make_world("DynaMaze-v0")
    agent = PrioritizedSweepingAgent(env, seed=0, planning_steps=3)
    counts = [len(step.updates) for _ in range(3) for step in agent.steps(env)]
    assert (min(counts), max(counts)) == (0, 3)
    with pytest.raises(ValueError, match=r"^planning_steps must be a number from 1 to 1000; got 0"):
        agent.configure(planning_steps=0)
