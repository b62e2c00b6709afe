"""Q-learning, and Double Q-learning (Day 3).

Q-learning learns what the best actions are worth, whatever it does while it explores: it is off-policy. The target
takes the best next action, even where the agent then explores (Watkins 1989; Sutton & Barto 2018, equation 6.8):

    Q(s, a) ← Q(s, a) + learning rate × (r + gamma × max over a' of Q(s', a') - Q(s, a))

    python EL/q_learning.py                                          a lake that is not slippery, as in the book
    python EL/q_learning.py --env FrozenLake-v1 --episodes 20000 --learning-rate 1 --rate-decay 0.8
    python EL/q_learning.py --env CliffWalking-v1 --seeds 20

prints a report every 50 episodes and saves a plot of the rewards, over several seeds, and of Q.
"""

from dataclasses import dataclass

from EL.el_agent import ELAgent, Step
from framework.cli import run
from framework.tabular.study import LearnOptions, study


class QLearningAgent(ELAgent):
    """Learns Q of the best policy from the actions of an epsilon-greedy one."""

    policy_learnt = "off-policy"

    def steps(self, env):
        """Generator of `Step`: one episode."""
        state, _ = env.reset()
        done = False
        while not done:
            action = self.policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            td_target = reward + self.gamma * (not terminated) * max(self.q[next_state])
            td_error = td_target - self.q[state][action]
            self.n[state][action] += 1
            learning_rate = self.rate(state, action)
            self.q[state][action] += learning_rate * td_error
            yield Step(state, action, reward, next_state, terminated, truncated, td_error)
            state, done = next_state, terminated or truncated


class DoubleQLearningAgent(ELAgent):
    """Two tables: one picks the best next action, the other says what it is worth (van Hasselt 2010).

    The max in Q-learning takes a lucky estimate for a good action, so its Q is too high where rewards are noisy.
    A table that did not pick the action is not fooled by the luck of the one that did. ``q`` is their mean.
    """

    policy_learnt = "off-policy"

    def __init__(self, env, seed=None, **settings):
        super().__init__(env, seed, **settings)
        self.tables = [[row.copy() for row in self.q] for _ in range(2)]

    def steps(self, env):
        """Generator of `Step`: one episode."""
        one, two = self.tables
        state, _ = env.reset()
        done = False
        while not done:
            action = self.policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            learner, other = (one, two) if self.random() < 0.5 else (two, one)
            best = self.best_action(learner[next_state])
            td_target = reward + self.gamma * (not terminated) * other[next_state][best]
            td_error = td_target - learner[state][action]
            self.n[state][action] += 1
            learning_rate = self.rate(state, action)
            learner[state][action] += learning_rate * td_error
            self.q[state][action] = (one[state][action] + two[state][action]) / 2
            yield Step(state, action, reward, next_state, terminated, truncated, td_error)
            state, done = next_state, terminated or truncated


@dataclass(frozen=True)
class Options(LearnOptions):
    plot: str = "runs/q_learning/learning.png"
    """Where the plot goes."""


def main(options):
    study({"Q-learning": QLearningAgent, "Double Q-learning": DoubleQLearningAgent}, options)


if __name__ == "__main__":
    run(main, Options, __doc__)
