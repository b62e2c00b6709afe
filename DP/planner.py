"""Value iteration, policy iteration and the family between them (Day 2).

All solve the Bellman optimality equation of a finite model (Bellman 1957; Howard 1960; Puterman & Shin 1978):

    Q(s, a) = sum over s' of P(s' | s, a) (r + gamma V(s')),      V(s) = max over a of Q(s, a)

    python DP/planner.py                                  the book's maze, value iteration
    python DP/planner.py --planner policy --gamma 0.99
    python DP/planner.py --env FrozenLake-v1              any Gymnasium world that has P
    python DP/planner.py --env my_worlds:Windy-v0         your own, which my_worlds.py in this folder registers
    python DP/planner.py --maze "...T/.B.D/S..."          one that was drawn in the simulator: its link, too
    python DP/planner.py --size 40 --planner modified     an empty 40×40 maze

prints the values, the greedy arrows, the number of sweeps and the time, and saves a plot; the first takes a second.

Read ValueIterationPlanner and `sweep_values` of backups.py first. The other planners are variations of them.
"""

import math
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from tqdm import tqdm

from DP.backups import greedy_actions, q_values, sweep_policy, sweep_values
from DP.undiscounted import proper_policy, undiscounted_model
from environment import BOOK_MAZE, GridWorld, tabular_model
from framework.cli import CommonOptions, run
from framework.method import Method
from framework.plots import save_figure
from framework.tabular.grid_map import draw_grid, grid_map, grid_text
from framework.tabular.loops import LARGE, fast
from worlds.making import make_world

MAX_SWEEPS = 100_000


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a planner knows after a sweep over all states.

    Attributes:
        number: how many sweeps there have been; the first is 1.
        phase: "values" after a sweep over all actions, "evaluate" after one over the actions of a policy, "improve"
            when the policy has been improved.
        V: [S] float, a copy of the values.
        residual: the largest change of a value in this sweep.
        policy: [S] int, in policy iteration: the policy that was evaluated, or has just been improved. Else None.
    """

    number: int
    phase: str
    V: np.ndarray
    residual: float
    policy: np.ndarray | None = None


class Planner(Method):
    """What all planners share. A planner adds ``_sweeps(model, gamma, threshold)``, a generator of `Sweep`.

    States and actions are numbered from 0 in all tables, also those of a world that begins with another number.

    Args:
        env: a tabular world: a GridWorld, or a Gymnasium world that has ``P``.
        compile: True compiles the sweeps with numba, False does not; None does for worlds of 1,000 states or more.

    Attributes:
        V: [S] float.   Q: [S, A] float.   policy: [S] int.   All three are None before the first plan.
        log: a list of V [S] after each sweep of the last plan, if it was kept.

    Raises:
        ValueError: the world shows no model, or one that is impossible.
    """

    model_is, policy_learnt, backup = "known", "planning", "expectation"

    def __init__(self, env, compile=None):
        self.env = env
        self.model = tabular_model(env)
        self.num_states, self.num_actions = self.model.reward.shape
        if compile is None:
            compile = self.num_states >= LARGE
        self._sweep_values = fast(sweep_values) if compile else sweep_values
        self._sweep_policy = fast(sweep_policy) if compile else sweep_policy
        self.V = self.Q = self.policy = None
        self.log = []

    def plan(self, gamma=0.9, threshold=1e-4, keep_log=None):
        """Sweep until no value changes by ``threshold`` or more.

        The values are then right to within threshold × gamma / (1 - gamma).

        Args:
            gamma: the discount, from 0 to 1.
            threshold: the largest change of a value at which to stop, above 0.
            keep_log: True keeps ``log``, False does not; None does for worlds of fewer than 1,000 states, since a log
                takes 8 bytes a state and sweep.

        Returns:
            V [S]. The method also sets ``V``, ``Q``, ``policy`` and ``log``.

        Raises:
            ValueError: gamma or threshold out of range, or values without a limit (gamma = 1, no way to end).
            NotImplementedError: the planner has no ``_sweeps``, or none that yields a `Sweep`.
        """
        if keep_log is None:
            keep_log = self.num_states < LARGE
        self.log = []
        self.V = self.Q = self.policy = None
        for sweep in self.sweeps(gamma, threshold):
            if keep_log:
                self.log.append(sweep.V)
        if self.V is None:
            Planner._sweeps(self, self.model, gamma, threshold)  # says what is missing
        return self.V

    def sweeps(self, gamma=0.9, threshold=1e-4):
        """Generator of `Sweep`, one after each sweep: the algorithm itself. For arguments and errors see ``plan``."""
        check_gamma_and_threshold(gamma, threshold)
        model = undiscounted_model(self.model) if gamma == 1 else self.model
        sweep = None
        for sweep in self._sweeps(model, float(gamma), threshold) or ():
            if sweep.number > MAX_SWEEPS:
                raise ValueError(
                    f"the values still change by {sweep.residual:.2g} after {MAX_SWEEPS:,} sweeps; "
                    "use a smaller gamma or a larger threshold"
                )
            yield sweep
        if sweep is None:
            Planner._sweeps(self, model, gamma, threshold)  # says what is missing
        self.V = sweep.V
        self.Q = q_values(self.model, self.V, gamma)
        if gamma == 1:  # V alone does not tell an action that ends from one that stays for ever at no cost
            self.policy = proper_policy(self.model, allowed=greedy_actions(self.Q))
        else:
            self.policy = self.Q.argmax(axis=1)

    def _sweeps(self, model, gamma, threshold):
        """Generator of `Sweep`, until no value changes by ``threshold`` or more. A planner brings its own."""
        name = type(self).__name__
        raise NotImplementedError(f"{name} needs _sweeps(model, gamma, threshold), a generator of at least one Sweep")


class ValueIterationPlanner(Planner):
    """V(s) ← max over a of Q(s, a), until nothing changes (Bellman 1957).

    Args:
        env, compile: see `Planner`.
        in_place: True, as in the book, overwrites V while it sweeps, so that news travels through many states in one
            sweep. False computes all of the new V from the old one, so that news travels one step a sweep.
    """

    def __init__(self, env, in_place=True, compile=None):
        super().__init__(env, compile)
        self.in_place = in_place

    def _sweeps(self, model, gamma, threshold):
        tables = (model.next_state, model.prob, model.reward, gamma)
        V = np.zeros(self.num_states + 1)
        policy = np.zeros(self.num_states, np.int64)
        backwards = False  # every sweep begins with state 0
        number, residual = 0, math.inf
        while residual >= threshold:
            if self.in_place:
                residual = self._sweep_values(V, policy, *tables, backwards)
            else:
                new_V = q_values(model, V[:-1], gamma).max(axis=1)
                residual = float(np.abs(new_V - V[:-1]).max())
                V[:-1] = new_V
            number += 1
            yield Sweep(number, "values", V[:-1].copy(), residual)


class PolicyIterationPlanner(Planner):
    """Evaluate a policy, then improve it, until it is stable (Howard 1960).

    An action gives way only to one that is better by more than rounding, so that ties can't make it go on for ever
    or stop too soon. The first policy heads for an end, since at gamma = 1 one that never ends has no values.
    In-place evaluations that stop early can lead round a circle of policies (Williams & Baird 1993); after a
    hundred policies, each is therefore evaluated more closely.
    """

    based_on = "policy"

    def _sweeps(self, model, gamma, threshold):
        tables = (model.next_state, model.prob, model.reward, gamma)
        V = np.zeros(self.num_states + 1)
        policy = proper_policy(self.model)
        backwards = False
        number, policies, stable = 0, 0, False
        while not stable:
            policies += 1
            residual = math.inf
            while residual >= threshold / max(1, policies / 100):
                residual = self._sweep_policy(V, policy, *tables, backwards)
                number += 1
                yield Sweep(number, "evaluate", V[:-1].copy(), residual, policy)

            Q = q_values(model, V[:-1], gamma)
            current = np.take_along_axis(Q, policy[:, None], axis=1)[:, 0]
            better = ~greedy_actions(np.column_stack([current, Q]))[:, 0]
            policy = np.where(better, Q.argmax(axis=1), policy)
            stable = not better.any()
            number += 1
            yield Sweep(number, "improve", V[:-1].copy(), residual, policy)


class ModifiedPolicyIterationPlanner(Planner):
    """Improve by one sweep of value iteration, evaluate by a few sweeps (Puterman & Shin 1978). For large worlds.

    An evaluating sweep looks at one action only, so it costs a fraction of an improving one. Sweeps alternate
    in direction, so that news travels far both ways. They begin not from 0 but from what every state would be
    worth if each step paid for ever what a typical best step pays: where the goal is too far to matter, that is
    already the answer.
    """

    based_on = "policy"
    evaluating_sweeps = 20

    def _sweeps(self, model, gamma, threshold):
        tables = (model.next_state, model.prob, model.reward, gamma)
        typical = np.median(model.reward.max(axis=1))
        V = np.full(self.num_states + 1, typical / (1 - gamma) if gamma < 1 else 0.0)
        V[-1] = 0.0
        policy = np.zeros(self.num_states, np.int64)
        number = 0
        while True:
            backwards = number % 2 == 1
            change = self._sweep_values(V, policy, *tables, backwards)
            number += 1
            yield Sweep(number, "improve", V[:-1].copy(), change)
            if change < threshold:
                return
            for _ in range(self.evaluating_sweeps):
                backwards = number % 2 == 1
                residual = self._sweep_policy(V, policy, *tables, backwards)
                number += 1
                if residual < change / 10:
                    break
            yield Sweep(number, "evaluate", V[:-1].copy(), residual)


def check_gamma_and_threshold(gamma, threshold):
    """Raise ValueError, with one sentence, unless gamma is from 0 to 1 and threshold is positive."""
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must be a number from 0 to 1; got {gamma}")
    if not 0 < threshold < math.inf:
        raise ValueError(f"threshold must be a positive number; got {threshold}")


PLANNERS = {
    "value": ValueIterationPlanner,
    "value-sync": lambda env, compile=None: ValueIterationPlanner(env, in_place=False, compile=compile),
    "policy": PolicyIterationPlanner,
    "modified": ModifiedPolicyIterationPlanner,
}


@dataclass(frozen=True)
class Options(CommonOptions):
    planner: Literal["value", "value-sync", "policy", "modified"] = "value"
    """value: value iteration in place; value-sync: synchronous; policy: policy iteration; modified: in between."""
    env: str = "GridWorld-v0"
    """The world: GridWorld-v0, any Gymnasium id that has P: FrozenLake-v1, CliffWalking-v1, Taxi-v4 …, or your own:
    module:World-v0, from a file module.py in the current folder that registers it."""
    maze: str | None = None
    """A maze of the simulator, instead of env: its link, in quotation marks, or "...T/.B.D/S..." alone."""
    size: int | None = None
    """An empty size × size maze with a treasure in the top right corner, instead of env."""
    gamma: float = 0.9
    """Discount, from 0 to 1."""
    threshold: float = 1e-4
    """Sweep until no value changes by this much or more."""
    move_prob: float = 0.8
    """Probability that the agent of a GridWorld moves as it wants; of a maze its link says that."""
    plot: str = "runs/planner/plan.png"
    """Where the plot goes."""


def world_of(options):
    """The world that the command line asks for.

    Raises:
        ValueError: size or move_prob is out of range, the maze cannot be read, or there is no such world.
    """
    if options.maze is not None:
        return GridWorld.from_link(options.maze)
    if options.size is not None:
        if not 2 <= options.size <= 2000:
            raise ValueError(f"size must be from 2 to 2000; got {options.size}")
        grid = np.zeros((options.size, options.size), np.int8)
        grid[0, -1] = 1
        return GridWorld(grid, move_prob=options.move_prob)
    if options.env == "GridWorld-v0":
        return GridWorld(BOOK_MAZE, move_prob=options.move_prob)
    return make_world(options.env)


def main(options):
    check_gamma_and_threshold(options.gamma, options.threshold)
    env = world_of(options)
    planner = PLANNERS[options.planner](env)
    began = time.perf_counter()
    residuals = []
    with tqdm(unit=" sweeps", delay=5, leave=False, disable=None) as progress:
        for sweep in planner.sweeps(options.gamma, options.threshold):
            residuals.append((sweep.number, sweep.residual))
            progress.total = progress.total or most_sweeps(options, sweep.residual)
            progress.update(sweep.number - progress.n)
    seconds = time.perf_counter() - began

    grid, greedy = grid_map(env), greedy_actions(planner.Q, options.threshold)
    if grid and planner.num_states <= 400:
        print(grid_text(grid, planner.V, greedy))
    else:
        print(f"V from {planner.V.min():.3f} to {planner.V.max():.3f}, mean {planner.V.mean():.3f}")
    print(f"\n{options.planner}: {sweep.number} sweeps over {planner.num_states} states in {seconds:.3f} s")
    draw_plan(options, planner, grid, greedy, residuals)


def most_sweeps(options, first_residual):
    """The most sweeps that value iteration can take, since each shrinks the largest change by gamma or more."""
    if not (0 < options.gamma < 1 and first_residual > options.threshold):
        return None
    return math.ceil(1 + math.log(options.threshold / first_residual) / math.log(options.gamma))


def draw_plan(options, planner, grid, greedy, residuals):
    """The map (where the world has one) and the residual of each sweep, side by side."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2 if grid else 1, figsize=(11 if grid else 6, 4.2), squeeze=False)
    if grid:
        draw_grid(axes[0, 0], grid, planner.V, greedy, f"{options.planner}, γ = {options.gamma:g}")
    numbers, changes = zip(*residuals, strict=True)
    axes[0, -1].semilogy(numbers, np.maximum(changes, 1e-16), marker="." if len(numbers) < 60 else "")
    axes[0, -1].axhline(options.threshold, color="grey", linestyle="--", label="threshold")
    axes[0, -1].set(xlabel="sweep", ylabel="largest change of a value", title="convergence")
    axes[0, -1].legend()
    empty = options.size and f"empty {options.size}×{options.size} maze"
    figure.suptitle("a maze of the simulator" if options.maze is not None else empty or options.env)
    figure.tight_layout()
    save_figure(figure, options.plot)


if __name__ == "__main__":
    run(main, Options, __doc__)
