"""Deep maximum-entropy inverse reinforcement learning: the reward is a network (Day 6). Read `iterations` first.

`maxent.py` gives every cell a number of its own. That carries over to moved walls, not to another maze. A reward that
is a function of what can be *seen* in a cell does, and where it is no weighted sum of that, it takes a network
(Wulfmeier et al. 2015). The dual is the same, so its gradient with respect to each cell's reward is, too, and
backpropagation takes it on to the weights w:

    dL / dw  =  sum over s of (the demonstrator's visits(s) - the learner's visits(s)) × d r(s) / dw

Here mushrooms grow in mazes. Some are red, some have spots; the good ones (+1) are red or spotted, the bad ones
(-1) both or neither. No weighted sum of "red", "spotted" and "a mushroom" says that: it is exclusive or.

    python IM/deep_maxent.py                  a network and a weighted sum learn from demonstrations in 8 mazes
    python IM/deep_maxent.py --seeds 10       about a minute

prints what each thinks of the four kinds, and what is lost by who plans with it in those mazes and in 20 others, and
saves a plot. It takes about 10 seconds and 0.6 GB of memory.
"""

from dataclasses import dataclass

import numpy as np

from environment import BLOCK, GridWorld
from framework.cli import CommonOptions, run
from framework.graph import compiled, same_shape
from framework.method import Method
from framework.networks import Layers
from framework.plots import COLOURS, finish, save_figure
from framework.runs.parallel import progress_bar
from framework.tf import keras, set_seed, tf
from IM.inverse import Dynamics, demonstrate, optimal_policy, read_episodes, regret, together
from IM.maxent import MaxEntIRL
from IM.mazes import random_maze

KINDS = np.array([[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1], [0, 0, 1]], np.float32)  # red, spotted, a mushroom
NAMES = ("none", "red", "spotted", "red and spotted", "neither")
TRUE = np.array([0.0, 1.0, 1.0, -1.0, -1.0])  # what each kind pays
GAMMA = 0.95


@dataclass(frozen=True, eq=False)
class Lesson:
    """A maze, what grows in it, and what the demonstrator did there.

    Attributes:
        dynamics: of the maze.   kinds: [S] int, the row of `KINDS` that each cell shows.
        starts, expert_visits: of the demonstrations, as `read_episodes` gives them; None for a maze without any.
    """

    dynamics: Dynamics
    kinds: np.ndarray
    starts: np.ndarray | None = None
    expert_visits: np.ndarray | None = None


def mushroom_maze(size, rng):
    """A size × size maze with a mushroom in a third of its cells; returns (GridWorld, kinds [S])."""
    bare = random_maze(size, rng, blocks=0.1)
    kinds = np.where(rng.random(size * size) < 1 / 3, rng.integers(1, 5, size * size), 0)
    kinds[bare.grid.ravel() == BLOCK] = kinds[bare.start_state] = 0
    rewards = np.where(kinds > 0, TRUE[kinds], np.nan).reshape(size, size)
    start = divmod(bare.start_state, size)
    return GridWorld(bare.grid, bare.move_prob, step_reward=0.0, start=start, rewards=rewards), kinds


def lesson(size, rng, episodes, horizon, seed):
    """A `Lesson` in a maze of its own, with demonstrations by the best policy; without any for 0 episodes."""
    env, kinds = mushroom_maze(size, rng)
    dynamics = Dynamics(env)
    if not episodes:
        return Lesson(dynamics, kinds)
    policy = optimal_policy(dynamics, dynamics.reward, GAMMA)
    shown = demonstrate(env, policy, episodes, horizon, GAMMA, seed)
    return Lesson(dynamics, kinds, *read_episodes(dynamics, shown.episodes, GAMMA))


class DeepMaxEntIRL(Method):
    """Finds a reward of the features of a cell that explains demonstrations, in several mazes at once.

    Args:
        num_features: D.
        seed: of the weights.
        hidden: units of the hidden layers; () makes the reward a weighted sum of the features.
        learning_rate: the step size of Adam.
        l2: the weight of an L2 penalty on the rewards of all cells.
    """

    model_is, based_on, policy_learnt, backup = "known", "reward", "planning", "expectation"
    kept_in = "function"

    def __init__(self, num_features, seed, hidden=(16, 16), learning_rate=0.02, l2=1e-3):
        layers = Layers(seed)
        features = keras.Input((num_features,))
        self.network = keras.Model(features, layers.linear(layers.dense(features, hidden, "tanh"), 1, scale=0.1))
        self.optimizer = keras.optimizers.Adam(learning_rate)
        self.optimizer.build(self.network.trainable_variables)
        self.l2 = l2

    def iterations(self, lessons, features, count):
        """Generator of the largest difference between the visits of any kind of cell, after each of ``count`` steps.

        Args:
            lessons: a list of `Lesson`, whose demonstrations are all as long.
            features: [kinds, D], what each kind looks like.
        """
        kinds = np.concatenate([lesson.kinds for lesson in lessons])
        seen = features[kinds]  # [N, D], the cells of all mazes
        starts = np.concatenate([lesson.starts for lesson in lessons], axis=1)  # [T + 1, N]
        expert_visits = np.concatenate([lesson.expert_visits for lesson in lessons])
        planner = MaxEntIRL(together([lesson.dynamics for lesson in lessons]), GAMMA)
        for _ in range(count):
            _, policy = planner.soft_values(self.reward(seen), len(starts) - 1)
            difference = (expert_visits - planner.visits(policy, starts)) / len(lessons)
            self.update(seen, difference)
            yield float(np.abs(np.bincount(kinds, difference)).max())

    @compiled
    def reward(self, features):
        """The reward [N] of each row of features [N, D]."""
        return self.network(features)[:, 0]

    @compiled
    def update(self, features, difference):
        """One step up the dual, whose derivative with respect to each cell's reward is ``difference`` [N]."""
        with tf.GradientTape() as tape:
            loss = self.loss(features, difference)
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def loss(self, features, difference):
        """What has minus the dual's gradient: the difference of visits is a number here, not a function of w."""
        reward = self.network(features)[:, 0]
        same_shape(reward, difference)
        return -tf.reduce_sum(difference * reward) + self.l2 / 2 * tf.reduce_sum(reward**2)


def losses(rewards, lessons):
    """The relative regret in each maze of who plans with these ``rewards`` [kinds] of what it sees."""
    found = []
    for maze in lessons:
        dynamics = maze.dynamics
        policy = optimal_policy(dynamics, rewards[maze.kinds], GAMMA)
        found.append(regret(dynamics, policy, dynamics.reward, GAMMA))
    return found


@dataclass(frozen=True)
class Options(CommonOptions):
    seeds: int = 3
    """How many independent runs: other mazes, other weights."""
    size: int = 8
    """Rows and columns of the mazes."""
    mazes: int = 8
    """In how many mazes the demonstrator is watched."""
    episodes: int = 20
    """How many demonstrations in each."""
    horizon: int = 40
    """Steps of a demonstration."""
    iterations: int = 200
    """Steps of Adam."""
    plot: str = "runs/deep_maxent/mushrooms.png"
    """Where the plot goes."""


def study(options, seed, progress):
    """One run; returns {name: (differences [iterations], rewards [kinds], regret here, regret elsewhere)}."""
    set_seed(seed)
    rng, size = np.random.default_rng(seed), min(options.size, 6) if options.quick else options.size
    lessons = [lesson(size, rng, options.episodes, options.horizon, 100 * i + seed) for i in range(options.mazes)]
    others = [lesson(size, rng, 0, 0, 0) for _ in range(20)]
    found = {}
    for name, hidden in (("network", (16, 16)), ("weighted sum", ())):
        irl, differences = DeepMaxEntIRL(KINDS.shape[1], seed, hidden), []
        for difference in irl.iterations(lessons, KINDS, options.iterations):
            differences.append(difference)
            progress.update()
        rewards = irl.reward(KINDS)
        found[name] = (differences, rewards, np.mean(losses(rewards, lessons)), np.mean(losses(rewards, others)))
    return found


def main(options):
    if not (1 <= options.seeds <= 1_000 and 1 <= options.mazes <= 1_000 and 1 <= options.iterations <= 100_000):
        raise ValueError("seeds and mazes must be from 1 to 1,000, and iterations from 1 to 100,000")
    if options.seed < 0:
        raise ValueError(f"seed must be at least 0; got {options.seed}")
    seeds = 1 if options.quick else options.seeds
    with progress_bar(2 * seeds * options.iterations, "iterations") as progress:
        runs = [study(options, options.seed + i, progress) for i in range(seeds)]
    print("the reward of each kind, first seed: " + ", ".join(NAMES))
    print(f"{'true':>13}: " + " ".join(f"{value:6.2f}" for value in TRUE))
    for name, (_, rewards, *_) in runs[0].items():
        print(f"{name:>13}: " + " ".join(f"{value:6.2f}" for value in rewards))
    for name in runs[0]:
        here, elsewhere = np.median([run[name][2:] for run in runs], axis=0)
        print(f"{name:>13}: relative regret {here:.3f} in the mazes of the demonstrations, {elsewhere:.3f} in others")
    draw(runs, options.plot)


def draw(runs, path):
    """The rewards of the kinds, how the visits came to agree, and the regret in other mazes, of all runs."""
    import matplotlib.pyplot as plt

    figure, (bars, curves, dots) = plt.subplots(
        1, 3, figsize=(14, 4.2), layout="constrained", width_ratios=(1.4, 1, 0.8)
    )
    bars.bar(np.arange(5) - 0.27, TRUE, 0.25, color="#9a9a96", label="true")
    for i, (name, colour) in enumerate(zip(runs[0], COLOURS, strict=False)):
        differences, rewards = (np.array([run[name][k] for run in runs]) for k in (0, 1))
        middle = np.median(rewards / np.abs(rewards).max(axis=1, keepdims=True), axis=0)
        bars.bar(np.arange(5) + 0.27 * i, middle, 0.25, color=colour, label=name)
        curves.plot(differences.T, color=colour, linewidth=1.3, label=[name] + [None] * (len(runs) - 1))
        for k in (2, 3):
            points = [run[name][k] for run in runs]
            dots.plot(np.full(len(runs), k - 2 + 0.2 * i - 0.1), points, "o", color=colour)
    bars.set_xticks(range(5), [name.replace(" and ", "\nand ") for name in NAMES])
    bars.set(title="what a cell shows, and pays (median)", ylabel="reward, as a share of the largest")
    title = "the visits of each kind come to agree"
    curves.set(title=title, xlabel="iteration", ylabel="largest difference, each run", ylim=(0, None))
    dots.set_xticks((0, 1), ("same mazes", "other mazes"))
    dots.set(title="planned with it, each run", ylabel="relative regret", xlim=(-0.5, 1.5))
    for ax in (bars, curves, dots):
        finish(ax)
    bars.legend(frameon=False, loc="lower left")
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
