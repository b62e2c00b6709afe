"""A reward that is farmed, and its mend: pay for coming nearer, and the agent dances before the goal (Day 5).

Only the treasure of a maze pays, 1. To help, somebody adds a bonus b for each step that leads nearer to it. A step
away costs nothing, so that a step back and a step forth earn b again and again. Right before the treasure

    γ b / (1 - γ²)  is what dancing there is worth,  and  1 + b  what entering it pays.

A bicycle that was paid so learnt to ride in circles (Randløv & Alstrøm 1998). The mend takes back for a step away
what a step nearer paid. It is the difference of a potential Φ (Ng, Harada & Russell 1999, theorem 1):

    F(s, s') = γ Φ(s') - Φ(s),   Φ = 0 at the end,   so that from s on the sum of γᵗ F is -Φ(s), whatever one does

No policy can change that sum: Q becomes Q - Φ(s), and the best actions of each state stay the best ones.

    python FN/reward_hack.py
    python FN/reward_hack.py --bonus 0.1                 at γ = 0.95 too little for a dance
    python FN/reward_hack.py --gamma 0.99 --bonus 0.05   farmed again: the dance lasts longer
    python FN/reward_hack.py --before 0 --phi minus      paid so from the start: hardly learns, for Q starts too low
    python FN/reward_hack.py --before 0 --phi value      the best potential: V itself

plans with each reward exactly; lets Day 3's Q-learning find the treasure, then changes what it is paid; prints what
becomes of it, and saves a plot and an animation to watch, in about 20 seconds.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from DP.backups import greedy_actions
from DP.planner import ValueIterationPlanner
from EL.q_learning import QLearningAgent
from environment import ORDINARY, GridWorld
from FN.reward_hack_plots import animate, draw
from framework.cli import CommonOptions, run
from framework.runs.parallel import run_parallel
from framework.tabular.world import TableWorld, expected_return, greedy_policy
from worlds.model import TabularModel

MAZE = "maze=.....B..T/.BBB.B.B./.B.....B./.B.BBB.B./S..B.....&prob=1&step_reward=0"
LIMIT = 100  # steps of an episode
REWARDS = GOAL, BONUS, POTENTIAL = "goal only", "bonus", "potential"


class PaidMaze(GridWorld):
    """A maze in which steps pay something besides.

    Args:
        extra: [S, S] float, what a step from s to s' pays besides; 0 where an episode has ended.
        options: of `environment.GridWorld`.
    """

    def __init__(self, extra=0.0, **options):
        super().__init__(**options)
        self.extra = np.zeros((self.num_states, self.num_states)) + extra
        self.extra[(self.grid != ORDINARY).ravel()] = 0

    def _outcomes(self, state, action):
        outcomes = super()._outcomes(state, action)
        return [(prob, to, reward + float(self.extra[state, to]), ends) for prob, to, reward, ends in outcomes]

    @cached_property
    def model(self):
        return TabularModel.from_P(self.P)

    def step(self, action):
        state = self.state
        next_state, reward, *rest = super().step(action)
        return next_state, reward + float(self.extra[state, next_state]), *rest


def distances(world):
    """[S] float: the steps from each cell to the treasure; 0 where no way leads to it."""
    away = np.where(world.ended, 0.0, np.inf)
    for _ in range(world.num_states):
        away = np.minimum(away, 1 + away[world.moves].min(axis=1))
    return np.where(np.isfinite(away), away, 0.0)


def bonus(away, b):
    """[S, S]: b for a step that leads nearer, from the distances [S]."""
    return b * (away[None, :] < away[:, None])


def potential(phi, gamma):
    """[S, S]: F(s, s') = γ Φ(s') - Φ(s), from Φ [S] (equation 2 of Ng et al.)."""
    return gamma * phi[None, :] - phi[:, None]


PHI = {  # Φ [S] from the distances [S], the bonus and the discount
    "minus": lambda away, b, gamma: -b * away,  # less b for each step from the treasure
    "nearer": lambda away, b, gamma: b * (away.max() - away),  # b for each step nearer than the farthest cell
    "value": lambda away, b, gamma: gamma ** (away - 1),  # V of the best policy
}


def farmed_from(gamma):
    """The bonus above which dancing is worth more than entering, γ b / (1 - γ²) = 1 + b; inf where there is none."""
    dance = gamma / (1 - gamma**2)
    return 1 / (dance - 1) if dance > 1 else np.inf


def world_of(name, b, gamma, phi="minus"):
    """The maze that pays by one of `REWARDS`; the potential is one of `PHI`."""
    plain = PaidMaze.from_link(MAZE)
    away = distances(plain)
    of_cells = np.where(plain.ended, 0.0, PHI[phi](away, b, gamma))
    extra = {GOAL: 0.0, BONUS: bonus(away, b), POTENTIAL: potential(of_cells, gamma)}[name]
    return PaidMaze.from_link(MAZE, extra=extra)


def plan(world, gamma):
    """Q [S, A] of the best policy, by value iteration."""
    planner = ValueIterationPlanner(world)
    planner.plan(gamma, threshold=1e-10)
    return planner.Q


def outcome(world, Q):
    """What becomes exactly of the greedy policy of Q [S, A] from the start, within `LIMIT` steps.

    Returns:
        the probability that it reaches the treasure, and its return as the world pays it, not discounted. Where
        actions tie, each of them is as probable.
    """
    policy = greedy_policy(Q)
    return [float(expected_return(maze, policy, LIMIT)[world.start_state]) for maze in (world_of(GOAL, 0, 1), world)]


def learn_once(name, b, gamma, phi, before, episodes, every, seed):
    """One run of Q-learning, paid for the treasure only before the episode ``before``, and from then on by ``name``.

    Returns:
        `outcome` at the start and after every few episodes [T, 2], by the reward of that time; and Q [S, A].
    """
    world, then = world_of(GOAL, b, gamma), world_of(name, b, gamma, phi)
    env = TableWorld(world)
    env.limit = LIMIT
    env.reset(seed=seed)
    agent = QLearningAgent(env, seed, gamma=gamma, learning_rate=0.5)
    learning, outcomes = agent.learn(env, episodes), []
    for learnt in range(episodes + 1):
        if learnt:
            next(learning)
        if learnt == before:
            world = then
            env.change(world)
        if learnt % every == 0:
            outcomes.append(outcome(world, agent.Q))
    return np.array(outcomes), agent.Q


def walk(world, Q):
    """One who acts greedily by Q [S, A], to the end or for `LIMIT` steps: its cells [(row, column), …] and arrows."""
    state, path, arrows = world.start_state, [], ""
    while len(path) < LIMIT and not world.ended[state]:
        action = int(Q[state].argmax())
        path.append(divmod(state, world.shape[1]))
        arrows += "↑→↓←"[action]
        state = int(world.moves[state, action + 1])
    return [*path, divmod(state, world.shape[1])], arrows


@dataclass(frozen=True)
class Options(CommonOptions):
    """The bonus, the discount, and how long Q-learning learns."""

    seed: int = 100
    """The first seed; settings were found with 0, 1 and 2."""
    bonus: float = 0.2
    """b, for each step nearer."""
    gamma: float = 0.95
    """The discount."""
    phi: Literal["minus", "nearer", "value"] = "minus"
    """Φ: minus b for each step from the treasure; b for each step nearer than the farthest cell; or V itself."""
    episodes: int = 500
    """How many episodes Q-learning learns from."""
    before: int = 200
    """In how many of them, at first, only the treasure pays."""
    every: int = 5
    """Episodes between two looks at what it would do."""
    seeds: int = 20
    """How many runs of Q-learning with each reward: seed, seed + 1 …"""
    plot: str = "runs/reward_hack/reward_hack.png"
    """Where the plot goes."""
    animation: str = "runs/reward_hack/reward_hack.gif"
    """Where the animation goes."""


RANGES = {
    "bonus": (0, 100), "gamma": (0.5, 0.999), "episodes": (1, 100_000), "before": (0, 100_000), "every": (1, 100_000),
    "seeds": (1, 1_000), "seed": (0, 2**32),
}  # fmt: skip


def main(options):
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high:,}; got {getattr(options, name)}")
    if Path(options.animation).suffix.lower() != ".gif":
        raise ValueError(f"an animation is a file that ends in .gif; got {options.animation!r}")
    how = (options.bonus, options.gamma, options.phi)
    seeds = range(options.seed, options.seed + (min(3, options.seeds) if options.quick else options.seeds))
    worlds = {name: world_of(name, *how) for name in REWARDS}
    settings = (*how, options.before, options.episodes, options.every)
    runs = run_parallel(learn_once, [(name, *settings, seed) for name in REWARDS for seed in seeds])
    learnt = {name: runs[i * len(seeds) : (i + 1) * len(seeds)] for i, name in enumerate(REWARDS)}
    print("\n".join(report(worlds, learnt, options)))
    curves = {name: np.array([outcomes for outcomes, _ in of_seeds]) for name, of_seeds in learnt.items()}
    paths = {name: walk(worlds[name], of_seeds[0][1])[0] for name, of_seeds in learnt.items()}
    draw(worlds, paths, curves, options)
    animate(worlds, paths, options.animation)


def arrives_from(outcomes, every):
    """From which episode on a greedy policy arrives for good, from its `outcome`s [T, 2]; inf where it does not."""
    fails = np.flatnonzero(outcomes[:, 0] < 1 - 1e-9)
    first = fails[-1] + 1 if len(fails) else 0
    return first * every if first < len(outcomes) else np.inf


def report(worlds, learnt, options):
    """Lines: what is best with each reward, what was learnt from it, and how the first seed walks.

    Args:
        worlds: {name: `PaidMaze`}.
        learnt: {name: [what `learn_once` gives, of each seed]}.
    """
    best = {name: plan(world, options.gamma) for name, world in worlds.items()}
    ordinary = worlds[GOAL].grid.ravel() == ORDINARY
    yield f"dancing pays where the bonus is above {farmed_from(options.gamma):.4f}; it is {options.bonus:g}"
    yield f"{'':>10}  {'the best policy':^29}  {'Q-learning at the end':^22}  {'arrives for good from':^22}"
    yield "    reward  arrives  is paid       alike in  seeds arrive   is paid  episode, median, range"
    for name, world in worlds.items():
        arrives, paid = np.round(outcome(world, best[name]), 2) + 0.0  # without the sign of -0.00
        alike = (greedy_actions(best[name]) == greedy_actions(best[GOAL])).all(axis=1)[ordinary]
        first = [arrives_from(outcomes, options.every) for outcomes, _ in learnt[name]]
        last = round(np.mean([outcomes[-1, 1] for outcomes, _ in learnt[name]]), 2) + 0.0
        cells, seeds = f"{alike.sum()}/{alike.size} cells", f"{np.isfinite(first).sum()}/{len(first)}"
        since = f"{np.median(first):g}, {min(first):g} to {max(first):g}".replace("inf", "never")
        yield f"{name:>10}  {arrives:7.2f}  {paid:7.2f}  {cells:>13}  {seeds:>12}  {last:8.2f}  {since:>22}"
    for name, of_seeds in learnt.items():
        _, arrows = walk(worlds[name], of_seeds[0][1])
        yield f"{name:>10}: {arrows[:40]}{' …' if len(arrows) > 40 else ''}  {len(arrows)} steps"


if __name__ == "__main__":
    run(main, Options, __doc__)
