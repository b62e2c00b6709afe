"""Several methods, several seeds."""

import numpy as np
import pytest

from EL.actor_critic import ActorCritic
from EL.q_learning import QLearningAgent
from environment import GridWorld
from framework.tabular.study import LearnOptions, learn_once, learn_runs
from framework.tabular.world import TableWorld


def test_runs_are_sorted_by_method_and_seed(capsys):
    options = LearnOptions(env="GridWorld-v0", episodes=60, seeds=2, seed=5, epsilon=0.3, report=20)
    runs = learn_runs({"quick": QLearningAgent, "slow": (QLearningAgent, {"learning_rate": 0.01})}, options)
    printed = capsys.readouterr().out
    assert [line.split(":")[0] for line in printed.splitlines()[1:]] == ["episode 20", "episode 40", "episode 60"]
    settings = {"epsilon": 0.3, "learning_rate": 0.01, "gamma": 0.99}
    again = learn_once(QLearningAgent, "GridWorld-v0", 60, 6, settings)
    assert np.array_equal(runs["slow"][1].Q, again.Q)
    assert [len(of_seeds) for of_seeds in runs.values()] == [2, 2]
    reward = np.mean(runs["quick"][0].rewards[:20])
    assert f"episode 20: mean reward {reward:.3f}" in printed


def test_a_maze_of_a_link_is_learnt_as_the_simulator_learns_it():
    link = "maze=...T/.B.D/S...&prob=0.9&rewards=1.2:0.5"
    options = LearnOptions(maze=link, episodes=30, seeds=2, seed=4)
    runs = learn_runs({"Q-learning": QLearningAgent}, options)["Q-learning"]
    for seed, run in zip((4, 5), runs, strict=True):
        world = TableWorld(GridWorld.from_link(link))
        world.reset(seed=seed)
        agent = QLearningAgent(world, seed)
        assert [episode.reward for episode in agent.learn(world, 30)] == run.rewards.tolist()
        assert np.array_equal(agent.Q, run.Q)


@pytest.mark.parametrize(
    ("option", "value", "accepted"), [("epsilon_decay", 2, "0 to 1"), ("temperature", -1, "0 to 100")]
)
def test_an_option_out_of_range_is_refused_even_where_no_method_has_it(option, value, accepted):
    with pytest.raises(ValueError, match=f"^{option} must be a number from {accepted}; got {value}"):
        learn_runs({"actor-critic": ActorCritic}, LearnOptions(env="GridWorld-v0", **{option: value}))
