"""Maximum-entropy inverse reinforcement learning: what did the demonstrator want? (Day 6)

Of all policies that visit each cell as often as the demonstrator, take the one that is otherwise as random as can be
(Ziebart et al. 2008; causal, as in Ziebart's thesis of 2010). It comes from a reward by soft value iteration:

    Q(s, a) = r(s, a) + gamma × E[V(s')],    V(s) = log of the sum over a of exp Q(s, a),    π = exp(Q - V)

and the reward, paid on entering a cell, is the one that maximises a concave function, the dual,

    L(r) = r · (the demonstrator's visits) - V(starts) - l2 / 2 × |r|²
    gradient = the demonstrator's visits - the learner's visits - l2 × r

where visits are discounted and counted as the demonstrations ran: from their own starts, for as many steps.

    python IM/maxent.py                        a random maze whose goal stays open
    python IM/maxent.py --terminal-goal        where the goal ends the episode, any cost per step explains it
    python IM/maxent.py --hard-max             the ablation: L gets a kink at r = 0, where L-BFGS stops
    python IM/maxent.py --demonstrations FILE  walks that were drawn in the simulator

prints the recovered reward beside the true one, and what a policy loses that plans with it, also after walls have
moved, where cloning fails; and saves two plots. It takes about three seconds.
"""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from environment import GridWorld
from framework.cli import CommonOptions, run
from framework.method import Method
from framework.runs.parallel import progress_bar
from framework.tabular.demonstrations import read_demonstrations, write_demonstrations
from IM.dagger import clone_policy
from IM.inverse import Dynamics, demonstrate, minimise, optimal_policy, plan, read_episodes, regret
from IM.mazes import move_walls, random_maze
from IM.reward_maps import draw_maps, draw_same_policy, side_by_side


@dataclass(frozen=True, eq=False)
class Estimate:
    """What is known after an iteration.

    Attributes:
        number: of the iteration; 0 is before the first.
        reward: [S] float, paid on entering.
        policy: [S, A] float, the learner's soft policy at the first of its steps.
        visits, expert_visits: [S] float, the discounted number of times that each cell is entered in an episode.
        objective: L, which rises.
        gradient_norm: the largest entry of its gradient, which falls.
    """

    number: int
    reward: np.ndarray
    policy: np.ndarray
    visits: np.ndarray
    expert_visits: np.ndarray
    objective: float
    gradient_norm: float


class MaxEntIRL(Method):
    """Finds a reward that explains demonstrations.

    Args:
        env: a world with P, or its `Dynamics`.
        gamma: the discount, from 0 to 1.
        l2: the weight of the L2 penalty, at least 0. It keeps cells that nobody entered near 0. Without it L may have
            no top; with more than 0.1, where a goal ends the episode, cells beside it may stay above 0, and whoever
            plans with that walks about there for ever.
        features: [S, K] float; the reward is features @ weights. None gives every cell a weight of its own.
        horizon: the steps that an episode could have had which ended before; at least the longest one's. With hardly
            more than those it costs the learner little not to end, and the reward need not make it end.
        hard_max: True plans with a hard maximum, an ablation.

    Raises:
        ValueError: an argument is out of range.
    """

    model_is, based_on, policy_learnt, backup = "known", "reward", "planning", "expectation"

    def __init__(self, env, gamma=0.95, l2=0.1, features=None, horizon=100, hard_max=False):
        from scipy.sparse import eye_array  # here, since it takes a fifth of a second

        self.dynamics = env if isinstance(env, Dynamics) else Dynamics(env)
        if not 0 <= gamma <= 1:
            raise ValueError(f"gamma must be a number from 0 to 1; got {gamma}")
        if not 0 <= l2 < np.inf:
            raise ValueError(f"l2 must be a number of at least 0; got {l2}")
        if not 1 <= horizon <= 10_000:
            raise ValueError(f"horizon must be from 1 to 10,000 steps; got {horizon}")
        num_states = self.dynamics.num_states
        self.features = eye_array(num_states, format="csr") if features is None else np.asarray(features, float)
        if self.features.ndim != 2 or self.features.shape[0] != num_states:
            raise ValueError(f"features must be an array [{num_states}, K]; got shape {self.features.shape}")
        self.gamma, self.l2, self.horizon, self.hard_max = gamma, l2, horizon, hard_max

    def fit(self, episodes):
        """The last `Estimate`; for the arguments and errors see ``iterations``."""
        return list(self.iterations(episodes))[-1]

    def iterations(self, episodes, weights=None, most=200):
        """Generator of `Estimate`, one before the first and one after each iteration of L-BFGS.

        Args:
            episodes: demonstrations, or lists of their steps (state, action, reward, next_state).
            weights: [K], where to begin: 0 if None.
            most: at most so many iterations.

        Raises:
            ValueError: no demonstration, an empty one, or one with a step that this world cannot take.
        """
        starts, expert_visits = read_episodes(self.dynamics, episodes, self.gamma, self.horizon)
        weights = np.zeros(self.features.shape[1]) if weights is None else np.asarray(weights, float)
        steps = minimise(lambda weights: self.negative_dual(weights, starts, expert_visits), weights)
        for number, details in enumerate(islice(steps, most + 1)):
            yield Estimate(number, *details)

    def negative_dual(self, weights, starts, expert_visits):
        """-L and its gradient [K], to be minimised over the weights [K], and the rest of an `Estimate`."""
        reward = self.features @ weights
        V, policy = self.soft_values(reward, len(starts) - 1)
        visits = self.visits(policy, starts)
        objective = reward @ expert_visits - (starts * V).sum() - self.l2 / 2 * weights @ weights
        gradient = self.features.T @ (expert_visits - visits) - self.l2 * weights
        norm = float(np.abs(gradient).max())
        return -objective, -gradient, (reward, policy[-1], visits, expert_visits, float(objective), norm)

    def soft_values(self, reward, horizon):
        """Soft value iteration: V [T + 1, S] and policy [T + 1, S, A] with 0 … T steps to go, from a reward [S]."""
        reward = self.dynamics.rewards(reward)
        V = np.zeros((horizon + 1, len(reward)))
        policy = np.zeros((horizon + 1, *reward.shape))
        for k in range(1, horizon + 1):
            Q = self.dynamics.q_values(reward, V[k - 1], self.gamma)
            best = Q.max(axis=1)
            weights = np.exp(Q - best[:, None])  # [S, A], without overflow
            if self.hard_max:
                weights = (weights == 1.0).astype(float)
            total = weights.sum(axis=1)
            V[k] = best if self.hard_max else best + np.log(total)
            policy[k] = weights / total[:, None]
        return V, policy

    def visits(self, policy, starts):
        """[S]: how often each cell is entered by a policy [T + 1, S, A], discounted: the forward pass."""
        there, taken = np.zeros(policy.shape[1]), np.zeros(policy[0].size)  # [S] and [S × A]
        for k in range(len(policy) - 1, 0, -1):
            there = there + starts[k]
            acting = (there[:, None] * policy[k]).ravel()
            taken += acting
            there = self.gamma * (self.dynamics.go_on_back @ acting)  # who has ended is gone
        return self.dynamics.enter_back @ taken


@dataclass(frozen=True)
class Options(CommonOptions):
    size: int = 8
    """Rows and columns of the random maze."""
    maze: str | None = None
    """A maze of the simulator instead of a random one: its link, in quotation marks, or "...T/.B.D/S..." alone."""
    demonstrations: str | None = None
    """A file of demonstrations, and their maze, instead of an optimal demonstrator; the simulator saves some."""
    save: str | None = None
    """Write the demonstrations to this file."""
    episodes: int = 100
    """How many times the optimal demonstrator shows the way."""
    horizon: int = 80
    """After so many steps a demonstration is cut."""
    gamma: float = 0.95
    """Discount, from 0 to below 1; of demonstrations from a file, the file says it."""
    l2: float = 0.1
    """The weight of the L2 penalty."""
    walls: int = 4
    """How many walls of the maze move."""
    terminal_goal: bool = False
    """The goal of the random maze ends the episode."""
    hard_max: bool = False
    """The ablation: plan with a hard maximum in the place of the soft one."""
    plot: str = "runs/maxent/maps.png"
    """Where the maps go; same_policy.png beside it shows what no demonstration can tell."""


def world_and_demonstrations(options, rng):
    """The maze and the demonstrations that the command line asks for.

    Raises:
        ValueError: two mazes are given, or something is out of range.
    """
    if sum((options.maze is not None, options.demonstrations is not None, options.terminal_goal)) > 1:
        raise ValueError("give one of maze, demonstrations (they have a maze) and terminal_goal (of a random maze)")
    if options.demonstrations is not None:
        shown = read_demonstrations(options.demonstrations)
        return shown.env, shown
    if options.maze is not None:
        env = GridWorld.from_link(options.maze)
    else:
        size = min(options.size, 6) if options.quick else options.size
        env = random_maze(size, rng, open_goal=not options.terminal_goal)
    dynamics = Dynamics(env)
    policy = optimal_policy(dynamics, dynamics.reward, options.gamma)
    return env, demonstrate(env, policy, options.episodes, options.horizon, options.gamma, options.seed)


def main(options):
    if options.seed < 0 or options.walls < 0:
        raise ValueError(f"seed and walls must be at least 0; got {options.seed} and {options.walls}")
    rng = np.random.default_rng(options.seed)
    env, shown = world_and_demonstrations(options, rng)
    irl = MaxEntIRL(env, shown.gamma, options.l2, horizon=options.horizon, hard_max=options.hard_max)
    true, gamma = irl.dynamics.reward, shown.gamma
    plan(irl.dynamics, true, gamma)  # says what is wrong with gamma, if anything
    if options.save is not None:
        write_demonstrations(options.save, shown)
    estimates = []
    with progress_bar(200, "iterations") as progress:
        for estimate in irl.iterations(shown.episodes):
            estimates.append(estimate)
            progress.update()
    print(f"{len(shown.episodes)} demonstrations, {estimate.number} iterations: true reward, and recovered reward")
    if env.shape[1] <= 12:
        print(side_by_side(env, true, estimate.reward))

    mazes = {"the same maze": irl.dynamics}
    try:
        mazes[f"{options.walls} walls moved"] = Dynamics(move_walls(env, options.walls, rng))
    except ValueError as error:  # a maze of the reader's, with too few walls
        print(error)
    cloned = clone_policy(shown, len(true), irl.dynamics.num_actions)
    for name, dynamics in mazes.items():
        policies = {
            "MaxEnt": optimal_policy(dynamics, estimate.reward, gamma),
            "cloning": cloned,
            "a cost of 1 per step": optimal_policy(dynamics, np.full(len(true), -1.0), gamma),
        }
        lost = [f"{who} {regret(dynamics, policy, dynamics.reward, gamma):z.3f}" for who, policy in policies.items()]
        print(f"relative regret, {name}: {', '.join(lost)}")
    draw_maps(irl.dynamics, dynamics, policies, estimates, gamma, options.plot)
    draw_same_policy(irl.dynamics, gamma, Path(options.plot).with_name("same_policy.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
