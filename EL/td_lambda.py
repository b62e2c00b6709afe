"""TD(lambda): everything between TD(0) and Monte Carlo (Day 3).

Forward view: the target of a step is the lambda-return, a mean over what 1, 2, 3 … rewards and an estimate promise
(Sutton & Barto 2018, equation 12.2); lambda = 0 is TD(0), lambda = 1 the actual return:

    G(t) = r(t) + gamma × ((1 - lambda) × Q(t + 1) + lambda × G(t + 1))

Backward view: nobody can wait for the future, so each TD error goes back to the pairs visited before it, as far as
their traces have not faded. Over an episode both add up to the same (section 12.2), which the script shows.

    python EL/td_lambda.py
    python EL/td_lambda.py --env FrozenLake8x8-v1 --episodes 3000

prints a report every 50 episodes and the difference between the views; saves a plot of rewards for several lambdas.
"""

from dataclasses import dataclass

import numpy as np

from EL.el_agent import ELAgent, Step
from framework.cli import run
from framework.tabular.study import LearnOptions, study
from framework.tabular.world import make_world


class TDLambdaAgent(ELAgent):
    """SARSA(lambda) with accumulating traces: the backward view, while it acts.

    Attributes:
        lambda_: lambda, from 0 to 1; read at every step.
        traces: {(state, action): trace} of this episode, in the order of the first visit.
    """

    limits = {**ELAgent.limits, "lambda_": (0, 1)}
    lambda_ = 0.9

    def steps(self, env):
        """Generator of `Step`: one episode. A TD error changes every pair that has a trace."""
        self.traces = {}
        state, _ = env.reset()
        action, done = self.policy(state), False
        while not done:
            next_state, reward, terminated, truncated, _ = env.step(action)
            next_action = self.policy(next_state)
            td_target = reward + self.gamma * (not terminated) * self.q[next_state][next_action]
            td_error = td_target - self.q[state][action]
            self.n[state][action] += 1
            decay = self.gamma * self.lambda_
            self.traces = {pair: decay * trace for pair, trace in self.traces.items()} if decay else {}
            self.traces[state, action] = self.traces.get((state, action), 0.0) + 1.0
            for (s, a), trace in self.traces.items():
                self.q[s][a] += self.rate(s, a) * td_error * trace
            yield Step(state, action, reward, next_state, terminated, truncated, td_error)
            state, action, done = next_state, next_action, terminated or truncated


def episode_lambda_returns(rewards, next_values, gamma, lambda_):
    """The lambda-return of each step of one whole episode, the target of the forward view.

    Args:
        rewards: [T], of an episode of T steps.
        next_values: [T], Q(s', a') after each step; the last is 0 if the episode terminated.

    Returns:
        G [T], a list.
    """
    G, returns = next_values[-1], []
    for reward, next_value in zip(reversed(rewards), reversed(next_values), strict=True):
        G = reward + gamma * ((1 - lambda_) * next_value + lambda_ * G)
        returns.append(G)
    return returns[::-1]


def forward_view(steps, Q, gamma, lambda_):
    """[S, A]: for each pair (s, a), the sum of its errors G - Q(s, a) over a recorded episode of `Step`."""
    total = np.zeros_like(Q)
    returns = episode_lambda_returns([step.reward for step in steps], next_values(steps, Q), gamma, lambda_)
    for step, G in zip(steps, returns, strict=True):
        total[step.state, step.action] += G - Q[step.state, step.action]
    return total


def backward_view(steps, Q, gamma, lambda_):
    """[S, A]: the sums of `forward_view`, from TD errors and traces. No step needs to know what comes after it."""
    total, traces = np.zeros_like(Q), np.zeros_like(Q)
    for step, next_value in zip(steps, next_values(steps, Q), strict=True):
        traces *= gamma * lambda_
        traces[step.state, step.action] += 1
        total += (step.reward + gamma * next_value - Q[step.state, step.action]) * traces
    return total


def next_values(steps, Q):
    """Q(s', a') [T] of a recorded episode of `Step`. After the last step a' is the best action."""
    values = [Q[after.state, after.action] for after in steps[1:]]
    return [*values, 0.0 if steps[-1].terminated else Q[steps[-1].next_state].max()]


@dataclass(frozen=True)
class Options(LearnOptions):
    lambdas: tuple[float, ...] = (0.9, 0.0, 0.5, 1.0)
    """The lambdas to compare; the Q map shows the first."""
    plot: str = "runs/td_lambda/learning.png"
    """Where the plot goes."""


def main(options):
    if not options.lambdas:
        raise ValueError("lambdas must be at least one number from 0 to 1")
    study({f"λ = {lambda_:g}": (TDLambdaAgent, {"lambda_": lambda_}) for lambda_ in options.lambdas}, options)
    env = make_world(options.env, options.maze)
    env.reset(seed=options.seed)
    agent = TDLambdaAgent(env, options.seed, epsilon=0.5)
    agent.Q = np.random.default_rng(options.seed).normal(size=(agent.num_states, agent.num_actions))
    Q, steps = agent.Q, list(agent.steps(env))
    for lambda_ in sorted(options.lambdas):
        forward = forward_view(steps, Q, agent.gamma, lambda_)
        backward = backward_view(steps, Q, agent.gamma, lambda_)
        gap = np.abs(forward - backward).max()
        print(f"λ = {lambda_:g}: forward and backward view of an episode of {len(steps)} steps differ by {gap:.1e}")


if __name__ == "__main__":
    run(main, Options, __doc__)
