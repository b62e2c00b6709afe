"""Explore or exploit: five coins, and several ways to choose among them (Day 3).

Nobody knows how often each coin shows heads. Epsilon-greedy tosses the best coin so far, and with probability epsilon
any coin (Sutton & Barto 2018, section 2.2). UCB1 adds to a coin's mean how wrong that may be (Auer et al. 2002).
Thompson sampling tosses a coin as often as it is likely to be the best (Thompson 1933).

Regret is what was lost by not tossing the best coin from the start. Nobody's grows slower in the long run than the
bound of Lai & Robbins (1985), with kl the relative entropy of two coins and p* the best:

    regret(t)  ≥  ln t × sum over the other coins of (p* - p) / kl(p, p*)        as t grows

    python EL/epsilon_greedy.py
    python EL/epsilon_greedy.py --head-probs 0.45 0.5 0.55 --tosses 5000

prints mean reward and regret, and saves a plot of both: 500 runs, each curve with its 95% band.
"""

import math
from dataclasses import dataclass

import numpy as np

from environment import CoinToss
from framework.cli import CommonOptions, run
from framework.runs.parallel import progress_bar


class EpsilonGreedyAgent:
    """Epsilon-greedy over K coins; plays R independent runs at once.

    Attributes:
        V: [R, K] float, the mean reward of each coin so far.   N: [R, K] int, how often it was tossed.

    Raises:
        ValueError: epsilon is not from 0 to 1.
    """

    def __init__(self, env, epsilon=0.1, runs=1, seed=None):
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon must be a number from 0 to 1; got {epsilon}")
        self.env, self.epsilon, self.runs = env, epsilon, runs
        self.rng = np.random.default_rng(seed)
        self.V = np.zeros((runs, len(env)))
        self.N = np.zeros((runs, len(env)), int)

    def policy(self):
        """[R] int: the coin that each run tosses next."""
        explore = self.rng.random(self.runs) < self.epsilon
        return np.where(explore, self.rng.integers(len(self.env), size=self.runs), self.best(self.V))

    def best(self, scores):
        """[R] int: the coin of the highest score [R, K]; any of them where several tie."""
        highest = scores == scores.max(axis=1, keepdims=True)
        return np.where(highest, self.rng.random(scores.shape), -1).argmax(axis=1)

    def play(self, tosses):
        """Generator of (coins [R] int, rewards [R] float), one pair a toss; learns on the way."""
        every = np.arange(self.runs)
        for _ in range(tosses):
            coins = self.policy()
            rewards = (self.rng.random(self.runs) < self.env.head_probs[coins]).astype(float)
            self.N[every, coins] += 1
            self.V[every, coins] += (rewards - self.V[every, coins]) / self.N[every, coins]
            yield coins, rewards


class UCB1Agent(EpsilonGreedyAgent):
    """Tosses the coin whose mean may be the highest: V + sqrt(2 ln t / N); each coin once to begin with."""

    def policy(self):
        t = self.N[0].sum() + 1
        with np.errstate(divide="ignore"):
            return self.best(self.V + np.sqrt(2 * math.log(t) / self.N) if t > 1 else self.V)


class ThompsonAgent(EpsilonGreedyAgent):
    """Draws each coin's head probability from its posterior, Beta(1 + heads, 1 + tails); tosses the highest."""

    def policy(self):
        heads = self.V * self.N
        return self.best(self.rng.beta(1 + heads, 1 + self.N - heads))


def kl(p, q):
    """The relative entropy of a coin p to a coin q, head probabilities in [0, 1]: how fast tosses tell p from q."""
    return sum(x * math.log(x / y) if y > 0 else math.inf for x, y in ((p, q), (1 - p, 1 - q)) if x > 0)


def lai_robbins(head_probs):
    """The factor of ln t in the lower bound on regret."""
    best = max(head_probs)
    return sum((best - p) / kl(p, best) for p in head_probs if p < best)


def reward_and_regret(agent, tosses):
    """Let an agent play; returns its mean reward up to each toss and its regret up to each toss, each [R, tosses]."""
    rewards, regret = np.empty((2, agent.runs, tosses))
    lost = agent.env.head_probs.max() - agent.env.head_probs
    for t, (coins, reward) in enumerate(agent.play(tosses)):
        rewards[:, t], regret[:, t] = reward, lost[coins]
    return rewards.cumsum(axis=1) / np.arange(1, tosses + 1), regret.cumsum(axis=1)


@dataclass(frozen=True)
class Options(CommonOptions):
    head_probs: tuple[float, ...] = (0.1, 0.5, 0.1, 0.9, 0.1)
    """How often each coin shows heads."""
    epsilons: tuple[float, ...] = (0.0, 0.1, 0.2, 0.5, 0.8)
    """The epsilons to compare."""
    tosses: int = 1000
    """Tosses in a run."""
    runs: int = 500
    """Independent runs to average over."""
    plot: str = "runs/epsilon_greedy/regret.png"
    """Where the plot goes."""


def main(options):
    tosses, runs = options.tosses, options.runs
    if options.quick:
        tosses, runs = min(tosses, 300), min(runs, 200)
    if tosses < 2 or runs < 2:
        raise ValueError(f"there must be at least 2 tosses and 2 runs; got {tosses} and {runs}")
    if options.seed < 0:
        raise ValueError(f"seed must be at least 0; got {options.seed}")
    env = CoinToss(options.head_probs, max_episode_steps=tosses)
    kinds = {f"ε = {epsilon:g}": (EpsilonGreedyAgent, epsilon) for epsilon in options.epsilons}
    kinds |= {"UCB1": (UCB1Agent, 0.0), "Thompson": (ThompsonAgent, 0.0)}
    agents = {label: kind(env, epsilon, runs, options.seed) for label, (kind, epsilon) in kinds.items()}
    curves = {}
    with progress_bar(len(agents), "agents") as progress:
        for label, agent in agents.items():
            curves[label] = reward_and_regret(agent, tosses)
            progress.update()
    for label, (reward, regret) in curves.items():
        half = 1.96 * regret[:, -1].std(ddof=1) / math.sqrt(runs)
        print(f"{label:>9}: mean reward {reward[:, -1].mean():.3f}, regret {regret[:, -1].mean():6.1f} ± {half:.1f}")
    bound = lai_robbins(options.head_probs)
    last = bound * math.log(tosses)
    print(
        f"Lai and Robbins: in the long run it grows at least like {bound:.2f} × ln t; that is {last:.1f} at the end"
    )
    draw_regret(curves, bound, options.head_probs, options.plot)


def draw_regret(curves, bound, head_probs, path):
    """Mean reward at the left, regret over the logarithm of time at the right."""
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, draw_curve, finish, save_figure

    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 5.2), layout="constrained")
    runs, tosses = next(iter(curves.values()))[0].shape
    t = np.arange(1, tosses + 1)
    for (label, (reward, regret)), colour in zip(curves.items(), COLOURS, strict=False):
        draw_curve(left, t, reward, label, colour)
        draw_curve(right, t, regret, label, colour)
    right.plot(t, bound * np.log(t), color="#1b1e23", linestyle="--", label="slope of the Lai–Robbins bound")
    left.set(xlabel="tosses t", ylabel="mean reward up to t", title="reward", xlim=(0, tosses))
    right.set(xlabel="tosses t (logarithmic)", ylabel="regret up to t", title="regret: the flatter, the better")
    right.set(xscale="log", xlim=(1, tosses), ylim=(0, max(6 * bound * math.log(tosses), 1)))
    finish(left, legend=False)
    finish(right, legend=False)
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=8, frameon=False)
    coins = ", ".join(f"{p:g}" for p in head_probs)
    figure.suptitle(f"coins that show heads with probability {coins}; {runs} runs, 95% band")
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
