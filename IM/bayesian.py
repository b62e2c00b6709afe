"""Bayesian inverse reinforcement learning: not one reward that explains a teacher, but how likely each is (Day 6).

A teacher takes better actions more often; ``beta`` says how strictly. So the episodes have a likelihood under each
reward R, by the Q* of that same R, and Bayes' rule turns it round (Ramachandran & Amir 2007). What the teacher had no
reason to show stays uncertain, and the posterior says so.

    P(R | episodes)  ∝  P(R) × product over all (s, a) of  exp(beta Q*(s, a; R)) / sum over b of exp(beta Q*(s, b; R))

R has one of a few levels in each cell, paid on entering it. Metropolis sampling walks through all such rewards: it
proposes other levels for some cells, and goes there with probability min(1, ratio of the two posteriors).

    python IM/bayesian.py                                       3×3 cells, 729 rewards: the truth can be computed
    python IM/bayesian.py --demonstrations walks.json           a file that the simulator or a program has written
    python IM/bayesian.py --maze "maze=...../.BB../S....&rewards=1.5:1&step_reward=0" --steps 5000

prints, after 1, 10 and 100 demonstrations, how far four chains are from the enumerated posterior (total variation),
beside R-hat and the effective sample size, which do not know that; the share of proposals accepted; and the regret of
who plans with the posterior mean. It saves a plot, whose arrows are the predictive policy, and takes 5 seconds.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from environment import GridWorld
from framework.cli import CommonOptions, run
from framework.method import Method
from framework.tabular.demonstrations import read_demonstrations
from framework.tabular.world import greedy_policy, uniforms
from IM.chains import draw_studies, effective_sample_size, named, r_hat, study  # noqa: F401, the page's own tools
from IM.inverse import Dynamics, demonstrate, regret
from IM.reward_maps import side_by_side

FEW_STATES = 81  # a full matrix is solved sooner; a larger one by several threads, which wait for each other
MOST_STATES = 1_024  # what can be planned often
MOST_REWARDS = 100_000  # that can be enumerated
FEW_REWARDS = 1_000  # whose posterior is enumerated to hold the chains against; more would be as many as samples
MOST_KNOWN = 5_000  # samples that a chain remembers
MOST_SAMPLED = 50_000_000  # rewards of cells, in all samples of all chains: half a gigabyte
WORLD = GridWorld(np.zeros((3, 3)), 0.8, 0.0, rewards={(0, 2): 1.0, (1, 1): -1.0, (2, 2): -1.0})
UNKNOWN = (1, 2, 4, 5, 7, 8)  # of WORLD; the cells of the left column are known to be worth 0


class Sample(NamedTuple):
    """Where a chain stands: reward [S], Q* [S, A] of it, whether its last proposal was accepted, and log P(R | …).

    ``level`` [cells]: the index of the level of each unknown cell. The log posterior lacks a constant.
    """

    reward: np.ndarray
    Q: np.ndarray
    accepted: bool
    log_posterior: float
    level: np.ndarray


class BayesianIRL(Method):
    """The posterior over rewards.

    Args:
        env: a world with ``P``, or its `Dynamics`; its own rewards are not read.
        levels: the rewards that a cell may have.
        beta: how strictly the teacher prefers better actions.
        gamma: the teacher's discount.
        prior: the probability of each level, in each cell by itself; None for equal ones.
        cells: the cells whose reward is unknown, all others are worth 0; None for all that can be entered.

    Raises:
        ValueError: one sentence that says what is out of range.
    """

    model_is, based_on, policy_learnt, backup = "known", "reward", "planning", "expectation"
    shifts, pairs = 0.1, 0.45  # the shares of proposals that change all cells alike, or two of them

    def __init__(self, env, levels=(-1.0, 0.0, 1.0), beta=4.0, gamma=0.9, prior=None, cells=None):
        self.levels = np.asarray(levels, float)
        if self.levels.ndim != 1 or not 2 <= len(self.levels) <= 100 or len(set(levels)) < len(self.levels):
            raise ValueError(f"levels must be 2 to 100 different numbers; got {levels}")
        if not (np.abs(self.levels) <= 1e6).all():
            raise ValueError(f"levels must be numbers from -1e6 to 1e6; got {levels}")
        if not 0 < beta <= 1000:
            raise ValueError(f"beta must be from over 0 to 1000; got {beta}")
        if not 0 <= gamma < 1:
            raise ValueError(f"gamma must be from 0 to below 1; got {gamma}")
        prior = np.full(len(self.levels), 1 / len(self.levels)) if prior is None else np.asarray(prior, float)
        if prior.shape != self.levels.shape or not (prior > 0).all() or not abs(prior.sum() - 1) < 1e-6:
            raise ValueError(f"prior must be {len(self.levels)} probabilities above 0, one a level, that sum to 1")
        dynamics = env if isinstance(env, Dynamics) else Dynamics(env)
        if dynamics.num_states > MOST_STATES:
            raise ValueError(
                f"the world has {dynamics.num_states:,} states; at most {MOST_STATES:,} can be planned often"
            )
        self.enter, self.go_on = dynamics.enter, dynamics.go_on  # [S × A, S]
        self.num_states, self.num_actions = dynamics.num_states, dynamics.num_actions
        if self.num_states <= FEW_STATES:
            self.enter, self.go_on = self.enter.toarray(), self.go_on.toarray()
        entered = np.flatnonzero(self.enter.sum(axis=0))
        self.cells = entered if cells is None else np.array(cells)
        if not len(entered):
            raise ValueError("nothing can be entered in this world, so no reward can be paid")
        if not 0 < len(self.cells) == len(set(self.cells.tolist()) & set(range(self.num_states))):
            raise ValueError(f"cells must be different states from 0 to {self.num_states - 1}; got {cells}")
        self.beta, self.gamma, self.log_prior = beta, gamma, np.log(prior)

    def q_values(self, reward, policy=None):
        """Q* [S, A] of a reward [S], by policy iteration; from a ``policy`` [S] that is nearly best it is quick."""
        states, pays = np.arange(self.num_states), self.enter @ reward  # [S], [S × A]
        policy = np.zeros(self.num_states, int) if policy is None else policy
        while True:
            taken = states * self.num_actions + policy
            V = self.values(self.go_on[taken], pays[taken])
            Q = (pays + self.gamma * (self.go_on @ V)).reshape(self.num_states, self.num_actions)
            rounding = 1e-9 * max(1.0, np.abs(Q).max())  # else actions that tie would take turns for ever
            better = Q.max(axis=1) > Q[states, policy] + rounding
            if not better.any():
                return Q
            policy = np.where(better, Q.argmax(axis=1), policy)

    def values(self, chain, pays):
        """V [S] of a policy with these transitions [S, S] and rewards [S]: it solves V = pays + gamma chain V."""
        if isinstance(chain, np.ndarray):
            return np.linalg.solve(np.eye(len(pays)) - self.gamma * chain, pays)
        from scipy.sparse import eye_array  # here, since it takes a fifth of a second
        from scipy.sparse.linalg import splu

        return splu((eye_array(len(pays)) - self.gamma * chain).tocsc()).solve(pays)

    def log_policy(self, Q):
        """[S, A]: the logarithm of the probability with which such a teacher takes each action."""
        preference = self.beta * (Q - Q.max(axis=1, keepdims=True))
        return preference - np.log(np.exp(preference).sum(axis=1, keepdims=True))

    def log_likelihood(self, Q, counts):
        """The logarithm of the probability of all actions in counts [S, A], if Q [S, A] is the teacher's."""
        return float((counts * self.log_policy(Q)).sum())

    def count(self, episodes):
        """[S, A]: how often each action was taken, in demonstrations or lists of their steps (state, action, …)."""
        counts = np.zeros((self.num_states, self.num_actions))
        for state, action, *_ in (step for episode in episodes for step in getattr(episode, "steps", episode)):
            if not (0 <= state < self.num_states and 0 <= action < self.num_actions):
                raise ValueError(f"a step takes action {action} in state {state}; the world has no such pair")
            counts[state, action] += 1
        return counts

    def weigh(self, level, counts, now=None):
        """`Sample` of the reward that has ``level`` [cells]; ``now`` is one whose policy is likely to be similar."""
        reward = np.zeros(self.num_states)
        reward[self.cells] = self.levels[level]
        Q = self.q_values(reward, None if now is None else now.Q.argmax(axis=1))
        log_posterior = self.log_likelihood(Q, counts) + float(self.log_prior[level].sum())
        return Sample(reward, Q, True, log_posterior, level)

    def propose(self, level, random):
        """[cells]: other levels for one cell, two, or all. The way back is as probable, so nothing needs correction.

        By one cell at a time a chain gets stuck: two neighbours that trade their rewards may explain the teacher
        nearly as well; and all rewards one level higher explain it exactly as well, where no episode ends.
        """
        luck, several = random(), len(level) > 1
        step = 1 + int(random() * (len(self.levels) - 1))  # to the lowest again after the highest
        if several and luck < self.shifts:
            return (level + step) % len(self.levels)
        level, cell = level.copy(), int(random() * len(level))
        level[cell] = (level[cell] + step) % len(self.levels)
        if several and luck < self.shifts + self.pairs:
            other = (cell + 1 + int(random() * (len(level) - 1))) % len(level)
            level[other] = (level[other] + 1 + int(random() * (len(self.levels) - 1))) % len(self.levels)
        return level

    def number_of(self, levels):
        """[…] int: the place of levels […, cells] in `enumerate_posterior`."""
        return levels @ len(self.levels) ** np.arange(len(self.cells))[::-1]

    def chain(self, episodes, seed, steps, start=None, warm_up=1_000):
        """Generator of `Sample`: Metropolis sampling from the level ``start`` [cells], or from a random one.

        ``warm_up`` steps come first and are not yielded: they still tell of the start.
        """
        rng = np.random.default_rng(seed)
        random, counts = uniforms(rng).__next__, self.count(episodes)
        start = rng.integers(len(self.levels), size=len(self.cells)) if start is None else start
        now, known = self.weigh(np.asarray(start, np.int16), counts), {}
        for step in range(-warm_up, steps):
            level = self.propose(now.level, random)
            proposed = known.get(level.tobytes())
            if proposed is None:
                if len(known) == MOST_KNOWN:
                    known.clear()
                proposed = known[level.tobytes()] = self.weigh(level, counts, now)
            accepted = random() < math.exp(min(0.0, proposed.log_posterior - now.log_posterior))
            if accepted:
                now = proposed
            if step >= 0:
                yield now._replace(accepted=accepted)


def enumerate_posterior(irl, episodes):
    """Every reward [K, S], and its posterior probability [K], in the order of ``irl.number_of``.

    Raises:
        ValueError: there are more than 100,000.
    """
    count = len(irl.levels) ** len(irl.cells)
    if count > MOST_REWARDS:
        raise ValueError(f"{count:.0e} rewards cannot be enumerated; at most {MOST_REWARDS:,} can")
    counts, rewards, log_probs, now = irl.count(episodes), [], [], None
    for level in np.ndindex(*[len(irl.levels)] * len(irl.cells)):
        now = irl.weigh(np.array(level), counts, now)
        rewards.append(now.reward)
        log_probs.append(now.log_posterior)
    probs = np.exp(np.array(log_probs) - max(log_probs))
    return np.array(rewards), probs / probs.sum()


def predictive_policy(irl, samples):
    """[S, A]: the probability that the teacher takes each action, the mean over `Sample`s of what each expects."""
    return np.mean([np.exp(irl.log_policy(sample.Q)) for sample in samples], axis=0)


# ------------------------------------------------------------------------------------------
# The experiment
# ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options(CommonOptions):
    maze: str | None = None
    """A link of the simulator, or a maze alone; all its cells are unknown. None is the world of 729 rewards."""
    demonstrations: str | None = None
    """A file of demonstrations. None shows as many as --counts says, by a teacher who knows the rewards."""
    counts: tuple[int, ...] = (1, 10, 100)
    """How many demonstrations a posterior is of, one after the other."""
    horizon: int = 8
    """How many steps a demonstration has."""
    levels: tuple[float, ...] = (-1.0, 0.0, 1.0)
    """The rewards that a cell may have."""
    beta: float = 4.0
    """How strictly the teacher prefers better actions."""
    gamma: float | None = None
    """The teacher's discount; None is 0.9, or what the file says."""
    chains: int = 4
    """How many chains, from different starts."""
    steps: int = 50_000
    """Samples of each chain."""
    plot: str = "runs/bayesian/posterior.png"
    """Where the plot goes."""


def main(options):
    if not (2 <= options.chains <= 100 and 100 <= options.steps <= 1_000_000 and options.seed >= 0):
        raise ValueError("there must be 2 to 100 chains of 100 to 1,000,000 steps, and a seed of at least 0")
    if options.maze and options.demonstrations:
        raise ValueError("--maze and --demonstrations exclude each other: a file has a maze of its own")
    if not options.counts or min(options.counts) < 1 or len(set(options.counts)) < len(options.counts):
        raise ValueError(f"counts must be different whole numbers of at least 1; got {options.counts}")
    shown = read_demonstrations(options.demonstrations) if options.demonstrations else None
    env = shown.env if shown else GridWorld.from_link(options.maze) if options.maze else WORLD
    gamma = options.gamma if options.gamma is not None else shown.gamma if shown else 0.9
    irl = BayesianIRL(env, options.levels, options.beta, gamma, cells=UNKNOWN if env is WORLD else None)
    dynamics = Dynamics(env)
    if shown:
        sets = [shown.episodes]
    else:
        teacher = np.exp(irl.log_policy(irl.q_values(dynamics.reward)))
        sets = [demonstrate(env, teacher, n, options.horizon, gamma, options.seed).episodes for n in options.counts]
    steps = min(options.steps, 5_000) if options.quick else options.steps
    few = len(irl.levels) ** len(irl.cells) <= FEW_REWARDS
    if options.chains * steps * len(irl.cells) > MOST_SAMPLED:
        raise ValueError(f"chains × steps × cells must be at most {MOST_SAMPLED:,}; there are {len(irl.cells)} cells")

    print(f"{len(irl.cells)} cells of {len(irl.levels)} levels; {options.chains} chains of {steps:,} samples")
    print("demonstrations  variance   exactly  total variation     R-hat  effective samples  accepted  regret")
    studies = {}
    for episodes in sets:
        rewards, probs = enumerate_posterior(irl, episodes) if few else (None, None)
        result = studies[len(episodes)] = study(irl, episodes, options.chains, steps, options.seed, probs)
        variance, exactly = (result.std[irl.cells] ** 2).mean(), math.nan
        if few:
            exactly = (probs @ rewards**2 - (probs @ rewards) ** 2)[irl.cells].mean()
        policy = greedy_policy(irl.q_values(result.mean))
        lost = regret(dynamics, policy, dynamics.reward, gamma)
        r, ess = (f"{result.r_hat[-1]:.4f}", f"{result.ess:,.0f}") if result.ess > 0 else ("constant", "constant")
        numbers = f"{len(episodes):14}  {variance:8.4f}  {exactly:8.4f}  {result.tv[-1]:15.4f}"
        numbers = numbers.replace("nan", "  -")  # too many rewards to enumerate
        print(f"{numbers}  {r:>8}  {ess:>17}  {result.accepted:8.3f}  {lost:z6.3f}")
    for count, result in studies.items():
        agree = np.flatnonzero(result.r_hat < 1.05)
        if few and len(agree):
            step, tv = result.steps[agree[0]], result.tv[agree[0]]
            print(f"{named(count)}: R-hat falls below 1.05 at {step:,} samples; total variation there is {tv:.2f}")
    print(f"the true reward; after {named(count)} the posterior mean, and from where to where 90% of it lies:")
    print(side_by_side(env, dynamics.reward, result.mean, result.low, result.high))
    draw_studies(irl, env, dynamics.reward, studies, options.plot)


if __name__ == "__main__":
    run(main, Options, __doc__)
