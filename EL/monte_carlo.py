"""Monte Carlo control: first visit, every visit, and off-policy by importance sampling (Day 3).

No estimate enters the target: it is the return that really followed, known when the episode has ended (Sutton &
Barto 2018, chapter 5). An entry of Q is the mean of the returns that followed it:

    G = r + gamma r' + gamma² r'' + …,      Q(s, a) ← Q(s, a) + (G - Q(s, a)) / N(s, a)

    python EL/monte_carlo.py                                 a lake that is not slippery, as in the book
    python EL/monte_carlo.py --env Blackjack-v1 --episodes 20000 --epsilon 0.2

prints a report every 50 episodes and saves a plot of the rewards, over several seeds, and of Q.
"""

from dataclasses import dataclass

from EL.el_agent import ELAgent, Step
from framework.cli import run
from framework.tabular.study import LearnOptions, study


class MonteCarloAgent(ELAgent):
    """Learns the value of its own epsilon-greedy policy from whole episodes: it is on-policy.

    A return that a time limit cuts off is completed with what the agent itself expects from there.

    Args:
        first_visit: True learns from the first visit to a pair (s, a) in an episode only, False from every visit.
    """

    prediction_target = "actual return"
    learning_rate = 1.0  # with rate_decay 1: the mean of the returns
    rate_decay = 1.0

    def __init__(self, env, seed=None, first_visit=True, **settings):
        super().__init__(env, seed, **settings)
        self.first_visit = first_visit

    def steps(self, env):
        """Generator of `Step`: one episode. Everything is learnt at its last step."""
        state, _ = env.reset()
        episode, done, updates = [], False, ()
        while not done:
            action = self.policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            episode.append((state, action, reward))
            done = terminated or truncated
            if done:
                updates = tuple(self.updates(episode, 0.0 if terminated else self.expected_value(next_state)))
            yield Step(state, action, reward, next_state, terminated, truncated, None, updates)
            state = next_state

    def updates(self, episode, G):
        """Learn from an episode, a list of (state, action, reward), backwards; G is the return expected after it.

        Generator of (state, action, error), one for each entry that changed.
        """
        first = {}
        for t, (state, action, _) in enumerate(episode):
            first.setdefault((state, action), t)
        for t, (state, action, reward) in reversed(list(enumerate(episode))):
            G = reward + self.gamma * G
            if not self.first_visit or first[state, action] == t:
                error = G - self.q[state][action]
                self.n[state][action] += 1
                learning_rate = self.rate(state, action)
                self.q[state][action] += learning_rate * error
                yield state, action, error


class OffPolicyMonteCarloAgent(ELAgent):
    """Learns the value of the greedy policy from episodes of an epsilon-greedy one.

    The greedy policy would have had the same return with another probability, so the return counts by the ratio W of
    the two probabilities: weighted importance sampling (Sutton & Barto 2018, section 5.7). Q is the mean of the
    returns weighted by W, and C is the sum of the weights. Only the end of an episode teaches anything: before the
    last exploring action, W is 0.
    """

    prediction_target = "actual return"
    policy_learnt = "off-policy"
    limits = {**ELAgent.exploration, "gamma": (0, 1)}

    def __init__(self, env, seed=None, **settings):
        super().__init__(env, seed, **settings)
        self.c = [[0.0] * self.num_actions for _ in range(self.num_states)]

    def steps(self, env):
        """Generator of `Step`: one episode. Everything is learnt at its last step."""
        state, _ = env.reset()
        episode, done, updates = [], False, ()
        while not done:
            action = self.policy(state)
            prob = self.action_probs(state)[action]
            next_state, reward, terminated, truncated, _ = env.step(action)
            episode.append((state, action, reward, prob))
            done = terminated or truncated
            if done:
                updates = tuple(self.updates(episode, 0.0 if terminated else max(self.q[next_state])))
            yield Step(state, action, reward, next_state, terminated, truncated, None, updates)
            state = next_state

    def updates(self, episode, G):
        """Like `MonteCarloAgent.updates`, from a list of (state, action, reward, probability of the action)."""
        W = 1.0
        for state, action, reward, prob in reversed(episode):
            G = reward + self.gamma * G
            self.n[state][action] += 1
            self.c[state][action] += W
            error = G - self.q[state][action]
            self.q[state][action] += W / self.c[state][action] * error
            yield state, action, error
            W *= self.greedy_prob(state, action) / prob
            if W == 0:
                break

    def greedy_prob(self, state, action):
        """The probability with which the greedy policy takes ``action``: 0, or an equal share among ties."""
        row = self.q[state]
        return (row[action] == max(row)) / row.count(max(row))


@dataclass(frozen=True)
class Options(LearnOptions):
    learning_rate: float = 1.0
    """The learning rate of on-policy Monte Carlo. If it and rate_decay are 1, values are means of returns."""
    rate_decay: float = 1.0
    """An entry moves by learning_rate × N^-rate_decay of its error at its Nth visit."""
    plot: str = "runs/monte_carlo/learning.png"
    """Where the plot goes."""


def main(options):
    methods = {
        "first visit": MonteCarloAgent,
        "every visit": (MonteCarloAgent, {"first_visit": False}),
        "off-policy": OffPolicyMonteCarloAgent,
    }
    study(methods, options)


if __name__ == "__main__":
    run(main, Options, __doc__)
