"""SARSA, Expected SARSA and n-step SARSA (Day 3).

SARSA learns what its own policy is worth, exploration and all: it is value-based and on-policy. The target takes the
next action that the agent really takes (Rummery & Niranjan 1994; Sutton & Barto 2018, equation 6.7):

    Q(s, a) ← Q(s, a) + learning rate × (r + gamma × Q(s', a') - Q(s, a))

    python EL/sarsa.py                                  a lake that is not slippery, as in the book
    python EL/sarsa.py --env CliffWalking-v1            it keeps away from the cliff
    python EL/sarsa.py --env Taxi-v4 --episodes 2000

prints a report every 50 episodes and saves a plot of the rewards, over several seeds, and of Q.
"""

from collections import deque
from dataclasses import dataclass

from EL.el_agent import ELAgent, Step
from framework.cli import run
from framework.tabular.study import LearnOptions, study


class SARSAAgent(ELAgent):
    """Learns Q of the policy that acts, from state, action, reward, next state, next action."""

    def steps(self, env):
        """Generator of `Step`: one episode."""
        state, _ = env.reset()
        action, done = self.policy(state), False
        while not done:
            next_state, reward, terminated, truncated, _ = env.step(action)
            next_action = self.policy(next_state)
            td_target = reward + self.gamma * (not terminated) * self.q[next_state][next_action]
            td_error = td_target - self.q[state][action]
            self.n[state][action] += 1
            learning_rate = self.rate(state, action)
            self.q[state][action] += learning_rate * td_error
            yield Step(state, action, reward, next_state, terminated, truncated, td_error)
            state, action, done = next_state, next_action, terminated or truncated


class ExpectedSARSAAgent(ELAgent):
    """SARSA with the mean over next actions instead of one of them: the same target, less luck in it
    (van Seijen et al. 2009; Sutton & Barto 2018, equation 6.9)."""

    def steps(self, env):
        """Generator of `Step`: one episode."""
        state, _ = env.reset()
        done = False
        while not done:
            action = self.policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            td_target = reward + self.gamma * (not terminated) * self.expected_value(next_state)
            td_error = td_target - self.q[state][action]
            self.n[state][action] += 1
            learning_rate = self.rate(state, action)
            self.q[state][action] += learning_rate * td_error
            yield Step(state, action, reward, next_state, terminated, truncated, td_error)
            state, done = next_state, terminated or truncated


class NStepSARSAAgent(ELAgent):
    """Waits n steps, then learns from their n rewards and one estimate (Sutton & Barto 2018, section 7.2).

    n = 1 is SARSA; an n longer than the episode is every-visit Monte Carlo.
    """

    limits = {**ELAgent.limits, "num_steps": (1, 1000)}
    num_steps = 4

    def steps(self, env):
        """Generator of `Step`: one episode. The entry that changes is the one of n steps ago."""
        waiting = deque()  # (state, action, reward) of the steps not learnt from yet
        state, _ = env.reset()
        action, done = self.policy(state), False
        while not done:
            next_state, reward, terminated, truncated, _ = env.step(action)
            next_action = self.policy(next_state)
            waiting.append((state, action, reward))
            done, updates = terminated or truncated, []
            while waiting and (done or len(waiting) >= self.num_steps):
                td_target = 0.0 if terminated else self.q[next_state][next_action]
                for _, _, r in reversed(waiting):
                    td_target = r + self.gamma * td_target
                s, a, _ = waiting.popleft()
                td_error = td_target - self.q[s][a]
                self.n[s][a] += 1
                learning_rate = self.rate(s, a)
                self.q[s][a] += learning_rate * td_error
                updates.append((s, a, td_error))
            yield Step(state, action, reward, next_state, terminated, truncated, None, tuple(updates))
            state, action = next_state, next_action


@dataclass(frozen=True)
class Options(LearnOptions):
    num_steps: int = 4
    """The n of n-step SARSA."""
    plot: str = "runs/sarsa/learning.png"
    """Where the plot goes."""


def main(options):
    methods = {
        "SARSA": SARSAAgent,
        "Expected SARSA": ExpectedSARSAAgent,
        f"{options.num_steps}-step SARSA": NStepSARSAAgent,
    }
    study(methods, options)


if __name__ == "__main__":
    run(main, Options, __doc__)
