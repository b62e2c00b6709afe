"""Ten episodes of an agent that moves at random through a maze (Day 1).

    python DP/environment_demo.py
    python DP/environment_demo.py --render         watch it, step by step (in the terminal)
    python DP/environment_demo.py --move-prob 1    a floor that is not slippery

prints the sum of rewards of each episode: rarely +1, mostly below 0. Planning (DP/planner.py) does better.
"""

from dataclasses import dataclass

import numpy as np

from environment import BOOK_MAZE
from environment import GridWorld as Environment
from framework.cli import CommonOptions, run


@dataclass(frozen=True)
class Options(CommonOptions):
    episodes: int = 10
    """How many episodes."""
    move_prob: float = 0.8
    """Probability that the agent moves as it wants."""
    render: bool = False
    """Show the maze after every step."""


class Agent:
    """Picks an action at random, whatever the state."""

    def __init__(self, env, seed):
        self.num_actions = env.action_space.n
        self.rng = np.random.default_rng(seed)

    def policy(self, state):
        return int(self.rng.integers(self.num_actions))


def main(options):
    if options.episodes < 1:
        raise ValueError(f"episodes must be at least 1; got {options.episodes}")
    if options.seed < 0:
        raise ValueError(f"seed must be at least 0; got {options.seed}")
    env = Environment(BOOK_MAZE, move_prob=options.move_prob, render_mode="ansi")
    agent = Agent(env, options.seed)
    state, _ = env.reset(seed=options.seed)
    for episode in range(3 if options.quick else options.episodes):
        state, _ = env.reset()
        total_reward, terminated = 0.0, False
        while not terminated:
            state, reward, terminated, _, _ = env.step(agent.policy(state))
            total_reward += reward
            if options.render:
                print(env.render(), f"reward {reward:+.2f}\n", sep="\n")
        print(f"Episode {episode}: Agent gets {total_reward:.2f} reward.")


if __name__ == "__main__":
    run(main, Options, __doc__)
