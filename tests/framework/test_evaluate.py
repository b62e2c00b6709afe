"""Evaluations: whole first episodes, of agents that may remember."""

import numpy as np
import pytest

from framework.agent import Agent
from framework.evaluate import Evaluation, FreshWorlds, evaluate, evaluation_seed
from framework.runs.config import WorldConfig
from framework.vector import make_vector


def push_right(obs):
    return np.ones(len(obs), int)


def test_the_first_episode_of_every_world_counts_and_the_same_seed_gives_the_same():
    envs = make_vector("CartPole-v1", 6, seed=0)
    evaluation = evaluate(push_right, envs, seed=3)
    assert evaluation.returns.shape == (6,)
    assert (evaluation.returns == evaluation.lengths).all()
    assert 7 < evaluation.mean < 12
    again = evaluate(push_right, envs, seed=3)
    assert again.returns.tolist() == evaluation.returns.tolist()
    singles = [evaluate(push_right, make_vector("CartPole-v1", 1, seed=0), seed=3 + i).mean for i in range(6)]
    assert singles == evaluation.returns.tolist()


class Forgetful(Agent):
    """Its player pushes left for four steps, then right; one that had played before would only push right."""

    def player(self):
        steps = []

        def play(obs):
            steps.append(1)
            return np.full(len(obs), int(len(steps) > 4))

        return play


def test_an_agent_that_remembers_plays_each_evaluation_with_nothing_to_remember():
    worlds, agent = FreshWorlds(WorldConfig(env="CartPole-v1")), Forgetful()
    first = worlds(agent, 3, seed=1)
    assert first.mean > 12
    assert worlds(agent, 3, seed=1).returns.tolist() == first.returns.tolist()
    assert len(worlds.worlds) == 1
    worlds.close()


@pytest.mark.parametrize("returns", [[], [np.nan, np.nan], [1.0, np.inf]])
def test_an_evaluation_that_says_nothing_is_refused_in_a_sentence(returns):
    with pytest.raises(ValueError, match="must give finite numbers, one a trial; it gave"):
        Evaluation(np.array(returns))


def test_no_evaluation_starts_where_another_does():
    seeds = {evaluation_seed(seed, number) for seed in range(20) for number in range(20)}
    assert len(seeds) == 400
