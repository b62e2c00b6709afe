"""Q-learning and SARSA where they really differ: on the edge of a cliff, and on slippery ice (Day 3).

Both explore with the same epsilon. Q-learning learns the best policy as if it were not exploring: the path along the
cliff, 13 steps, from which its own exploration keeps pushing it. SARSA knows that it explores, keeps away from the
cliff, and earns more while it learns (Sutton & Barto 2018, example 6.6). On ice the same shows in what their greedy
policies are worth, which is computed exactly from the model, not estimated.

    python EL/compare_q_s.py
    python EL/compare_q_s.py --seeds 30 --epsilon 0.2

prints the paths and what they earn, and saves a plot of both worlds: 10 seeds in parallel processes, 95% bands.
"""

from dataclasses import dataclass

import numpy as np

from EL.el_agent import ELAgent
from EL.q_learning import QLearningAgent
from EL.sarsa import SARSAAgent
from framework.cli import CommonOptions, run
from framework.runs.parallel import run_parallel
from framework.tabular.world import expected_return, greedy_policy, make_world, start_probs

CHECKS = 50  # how often in a run the greedy policy is valued


class CompareAgent(ELAgent):
    """One agent, either algorithm: everything else is equal."""

    def __init__(self, env, seed=None, q_learning=True, **settings):
        super().__init__(env, seed, **settings)
        self.q_learning = q_learning
        self.policy_learnt = (QLearningAgent if q_learning else SARSAAgent).policy_learnt

    def steps(self, env):
        """Generator of `Step`: one episode, as the agent of that name learns it."""
        return QLearningAgent.steps(self, env) if self.q_learning else SARSAAgent.steps(self, env)


def compare_once(q_learning, env_id, episodes, seed, settings):
    """One run of one algorithm.

    Returns:
        (rewards, worth, Q): the return of each episode [episodes], the exact expected return of the greedy policy at
        regular intervals [CHECKS], and Q [S, A].
    """
    env = make_world(env_id)
    env.reset(seed=seed)
    agent, starts = CompareAgent(env, seed, q_learning, **settings), start_probs(env)
    rewards, worth = [], []
    for episode in agent.learn(env, episodes):
        rewards.append(episode.reward)
        if episode.number * CHECKS >= (len(worth) + 1) * episodes:
            worth.append(starts @ expected_return(env, greedy_policy(agent.Q)))
    return rewards, worth, agent.Q


def greedy_path(env, Q):
    """The cells (row, column) that an agent visits if it always takes the best action of Q [S, A], from start to end.

    Returns:
        A list, or None if the episode does not end within as many steps as there are states.
    """
    world = env.unwrapped
    (state, _), cells, terminated = env.reset(seed=0), [], False
    while not terminated and len(cells) < len(Q):
        cells.append(divmod(int(state), world.shape[1]))
        _, state, _, terminated = world.P[state][int(Q[state].argmax())][0]
    return [*cells, divmod(int(state), world.shape[1])] if terminated else None


def kind_of_path(path):
    """13 steps are "optimal"; a path with no cell beside the cliff is "safe"; others are "between" or "lost"."""
    if path is None:
        return "lost"
    if len(path) - 1 == 13:
        return "optimal"
    beside = any(row == 2 and 1 <= col <= 10 for row, col in path)
    return "between" if beside else "safe"


@dataclass(frozen=True)
class Options(CommonOptions):
    seeds: int = 10
    """How many independent runs of each, in parallel: seed, seed + 1 …"""
    epsilon: float = 0.1
    """The probability of exploring on the cliff; on ice it is three times as high."""
    cliff_episodes: int = 1000
    """How many episodes to learn from on the cliff."""
    ice_episodes: int = 6_000
    """How many episodes to learn from on ice."""
    rate_decay: float = 0.6
    """An entry moves by N^-rate_decay of its error at its Nth visit."""
    plot: str = "runs/compare_q_s/compare.png"
    """Where the plot goes."""


def compare(env_id, episodes, seeds, **settings):
    """{"Q-learning": results, "SARSA": results}; results are a list of what `compare_once` returned for each seed."""
    calls = [(q_learning, env_id, episodes, seed, settings) for q_learning in (True, False) for seed in seeds]
    results = run_parallel(compare_once, calls)
    return {"Q-learning": results[: len(seeds)], "SARSA": results[len(seeds) :]}


def main(options):
    if min(options.seeds, options.cliff_episodes // CHECKS, options.ice_episodes // CHECKS) < 1:
        raise ValueError(f"there must be at least 1 seed, and {CHECKS} episodes in each world")
    if options.seed < 0:
        raise ValueError(f"seed must be at least 0; got {options.seed}")
    seeds = range(options.seed, options.seed + (min(3, options.seeds) if options.quick else options.seeds))
    ice_episodes = min(options.ice_episodes, 2_000) if options.quick else options.ice_episodes
    settings = {"learning_rate": 1.0, "rate_decay": options.rate_decay}
    explore_on_ice = min(1.0, 3 * options.epsilon)
    cliff = compare("CliffWalking-v1", options.cliff_episodes, seeds, gamma=1.0, epsilon=options.epsilon, **settings)
    ice = compare("FrozenLake-v1", ice_episodes, seeds, gamma=0.99, epsilon=explore_on_ice, **settings)

    env = make_world("CliffWalking-v1")
    for name, runs in cliff.items():
        earned = np.mean([rewards[-100:] for rewards, _, _ in runs])
        kinds = [kind_of_path(greedy_path(env, Q)) for _, _, Q in runs]
        found = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("optimal", "safe", "between", "lost"))
        print(f"cliff {name:>10}: {earned:7.2f} an episode over the last 100; greedy paths: {found}")
    for name, runs in ice.items():
        earned = np.mean([rewards[-500:] for rewards, _, _ in runs])
        final = np.array([worth[-1] for _, worth, _ in runs])
        print(f"ice   {name:>10}: {earned:7.3f} an episode over the last 500; ", end="")
        print(f"its greedy policy is worth {final.mean():.3f} ± {final.std():.3f} (exactly)")
    draw_comparison(cliff, ice, env, options.plot)


def draw_comparison(cliff, ice, env, path):
    """The cliff above, with the paths of the first seed; the ice below, with the worth of the greedy policies."""
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, draw_curve, finish, moving_mean, save_figure
    from framework.tabular.grid_map import grid_map
    from framework.tabular.plots import draw_map, draw_path

    figure, axes = plt.subplots(2, 2, figsize=(12.5, 8), layout="constrained", width_ratios=(1, 1.25))
    draw_map(axes[0, 1], grid_map(env))
    for name, colour, aside in (("Q-learning", COLOURS[0], -0.07), ("SARSA", COLOURS[1], 0.07)):
        for ax, runs, window in ((axes[0, 0], cliff, 20), (axes[1, 0], ice, 200)):
            window = min(window, len(runs[name][0][0]))
            rewards = moving_mean(np.array([rewards for rewards, _, _ in runs[name]]), window)
            draw_curve(ax, np.arange(rewards.shape[1]) + window, rewards, name, colour)
            ax.set(ylabel=f"return (mean of {window} episodes, 95% band)", xlabel="episode")
        best_path = greedy_path(env, cliff[name][0][2])
        if best_path:
            draw_path(axes[0, 1], best_path, colour, name, aside)
        worth = np.array([worth for _, worth, _ in ice[name]])
        draw_curve(axes[1, 1], np.arange(1, CHECKS + 1) * len(ice[name][0][0]) / CHECKS, worth, name, colour)
    axes[0, 0].set(title="the cliff: what they earn while exploring", ylim=(-120, 0))
    axes[0, 1].set(title="the cliff: the best paths that they know of (first seed)")
    axes[1, 0].set(title="slippery ice: what they earn while exploring")
    axes[1, 1].set(title="slippery ice: worth of their greedy policies", xlabel="episode", ylabel="return (exact)")
    for ax in axes.flat:
        finish(ax)
    if axes[0, 1].get_legend_handles_labels()[0]:  # a path was found
        axes[0, 1].legend(frameon=False, loc="upper center", ncols=2, bbox_to_anchor=(0.5, -0.02))
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
