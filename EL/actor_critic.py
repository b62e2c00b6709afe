"""Actor-critic: a table for what to do, and a table for how good that is (Day 3).

The critic learns V by TD(0). Its TD error tells the actor whether an action went better than expected, and the actor
makes it more or less probable, along the gradient of log pi(a | s) (Sutton & Barto 2018, section 13.5):

    pi(a | s) = exp(H(s, a)) / sum over b of exp(H(s, b))
    td_error = r + gamma × V(s') - V(s),    V(s) ← V(s) + learning rate × td_error
    H(s, b) ← H(s, b) + actor rate × td_error × (1 if b is the action taken, else 0, minus pi(b | s))     for every b

    python EL/actor_critic.py                         a lake that is not slippery, as in the book
    python EL/actor_critic.py --env CliffWalking-v1

prints a report every 50 episodes and saves a plot of the rewards, over several seeds, and of the preferences H.
"""

from dataclasses import dataclass

from EL.el_agent import ELAgent, Step, softmax
from framework.cli import run
from framework.tabular.study import LearnOptions, study


class Actor(ELAgent):
    """A policy of its own: ``q`` holds preferences H, not values; an action is drawn from their softmax."""

    based_on = "policy"
    limits = {"actor_rate": (0, 10)}
    actor_rate = 0.5

    def action_probs(self, state):
        return softmax(self.q[state])

    def policy(self, state):
        """An action, drawn from the softmax of the preferences."""
        return self.sample(self.action_probs(state))

    def update(self, state, action, td_error, probs):
        """Step along td_error × the gradient of log pi(action | state), where ``probs`` [A] is pi."""
        for b, prob in enumerate(probs):
            self.q[state][b] += self.actor_rate * td_error * ((b == action) - prob)


class Critic:
    """Values V of the states under the actor's policy."""

    def __init__(self, num_states):
        self.v = [0.0] * num_states

    def update(self, state, td_error, learning_rate):
        self.v[state] += learning_rate * td_error


class ActorCritic(Actor):
    """Learns a policy (``q``, the preferences of the actor) and its values (``critic.v``), at every step.

    The equation in the book of Sutton & Barto also has a factor gamma^t, which nearly everyone leaves out, as we do.
    """

    limits = {"gamma": (0, 1), "learning_rate": (0, 1), "rate_decay": (0, 1), **Actor.limits}

    def __init__(self, env, seed=None, **settings):
        super().__init__(env, seed, **settings)
        self.critic = Critic(self.num_states)

    def steps(self, env):
        """Generator of `Step`: one episode."""
        v = self.critic.v
        state, _ = env.reset()
        done = False
        while not done:
            probs = self.action_probs(state)
            action = self.sample(probs)
            next_state, reward, terminated, truncated, _ = env.step(action)
            td_target = reward + self.gamma * (not terminated) * v[next_state]
            td_error = td_target - v[state]
            self.n[state][action] += 1
            learning_rate = self.rate(state, action)
            self.critic.update(state, td_error, learning_rate)
            self.update(state, action, td_error, probs)
            yield Step(state, action, reward, next_state, terminated, truncated, td_error)
            state, done = next_state, terminated or truncated


@dataclass(frozen=True)
class Options(LearnOptions):
    episodes: int = 1000
    """How many episodes to learn from."""
    actor_rate: float = 0.5
    """By how much of a TD error the actor's preferences move."""
    plot: str = "runs/actor_critic/learning.png"
    """Where the plot goes."""


def main(options):
    study({"actor-critic": (ActorCritic, {"actor_rate": options.actor_rate})}, options, table="H")


if __name__ == "__main__":
    run(main, Options, __doc__)
