"""What a model is good for, in five studies (Day 6; Sutton & Barto 2018, chapter 8).

    maze        fewer real steps: 0, 5 and 50 imagined updates after each, in the Dyna maze
    blocking    the way is blocked: Dyna-Q finds another one by luck or not at all, Dyna-Q+ soon
    shortcut    a shorter way opens: only the bonus finds it, and only with a kappa that is not much too large
    sweeping    fewer imagined updates, in mazes of growing size, where an update sets Q to what the model expects
    ice         slippery FrozenLake: a model must count; an optimistic Q-learning is there sooner, but does not stay

    python IM/compare_dyna.py                       all of them, about a minute on two quiet cores
    python IM/compare_dyna.py --study shortcut
    python IM/compare_dyna.py --quick               3 seeds and shorter runs, 10 seconds

prints medians over the seeds, with the lowest and the highest, and saves a plot of each, with 95% bands.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from EL.q_learning import QLearningAgent
from environment import GridWorld
from framework.cli import CommonOptions, run
from framework.plots import COLOURS, draw_curve, finish, moving_mean, save_figure
from framework.runs.parallel import run_parallel
from framework.tabular.world import TableWorld, expected_return, greedy_policy, make_world
from IM.dyna import DynaAgent, DynaPlusAgent
from IM.prioritized_sweeping import PrioritizedSweepingAgent
from worlds.changing_maze import BLOCKED_AFTER, DYNA_MAZE, OPENED_AFTER, link, scaled

# In mazes without slips the model of the book will do: what happened last.
MAZE = {"gamma": 0.95, "memory": 1}
ICE = {"gamma": 0.99, "epsilon": 0.3}
OPTIMUM, CLOSE, EVERY = 0.8235, 0.02, 250  # on ice: success without a time limit; how near; steps between two looks
KAPPAS = (0.0, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3)
NOT_FOUND = math.inf


class TriedPairsOnly(DynaPlusAgent):
    """The ablation: Dyna-Q+ that does not plan over what it never tried."""

    def suppose(self, state):
        pass


def play(agent, env, real_steps):
    """Generator of ``real_steps`` `Step`, over as many episodes as they take."""
    count = 0
    while True:
        for step in agent.steps(env):
            yield step
            count += 1
            if count == real_steps:
                return


def greedy_length(env, q):
    """How many steps the greedy path takes to its end, in a maze without slips; ties go to the first action."""
    P, state, seen = env.unwrapped.P, env.unwrapped.start_state, set()
    while state not in seen:
        seen.add(state)
        _, state, _, terminated = P[state][q[state].index(max(q[state]))][0]
        if terminated:
            return len(seen)
    return NOT_FOUND  # it runs in circles


# ------------------------------------------------------------------------------------------
# One run of one agent; all return plain numbers, so that other processes can do them
# ------------------------------------------------------------------------------------------


def lengths_once(agent_class, episodes, seed, settings):
    """The Dyna maze: (steps of each episode [episodes], the first after which the greedy path is near-optimal)."""
    env = make_world("DynaMaze-v0")
    env.reset(seed=seed)
    agent, lengths, found = agent_class(env, seed, **settings), [], NOT_FOUND
    for episode in agent.learn(env, episodes):
        lengths.append(episode.length)
        if found == NOT_FOUND and greedy_length(env, agent.q) <= 1.2 * 14:
            found = episode.number
    return lengths, found


def rewards_once(agent_class, env_id, real_steps, seed, settings):
    """A maze that changes: the rewards so far after each step, [real_steps]."""
    env = make_world(env_id)
    env.reset(seed=seed)
    return np.cumsum([step.reward for step in play(agent_class(env, seed, **settings), env, real_steps)])


def updates_once(agent_class, factor, most, seed, settings):
    """The Dyna maze, enlarged: (updates, real steps) until the greedy path is near-optimal."""
    env = TableWorld(GridWorld.from_link(link(scaled(DYNA_MAZE, factor))))
    env.limit = most
    env.reset(seed=seed)
    agent, updates, near = agent_class(env, seed, **settings), 0, 1.2 * 14 * factor
    for count, step in enumerate(play(agent, env, most), start=1):
        updates += len(step.updates) + (not isinstance(agent, PrioritizedSweepingAgent))  # the real one
        if step.updates and greedy_length(env, agent.q) <= near:
            return updates, count
    return NOT_FOUND, NOT_FOUND


def worth_once(agent_class, real_steps, seed, settings):
    """Slippery FrozenLake: what the greedy policy is worth after every EVERY steps: exact, without a time limit."""
    env = make_world("FrozenLake-v1")
    env.reset(seed=seed)
    agent, worth = agent_class(env, seed, **settings), []
    for count, _ in enumerate(play(agent, env, real_steps), start=1):
        if count % EVERY == 0:
            worth.append(expected_return(env, greedy_policy(np.round(agent.Q, 9)), steps=1000)[0])
    return worth


def steps_until_close(worth):
    """After how many steps three looks in a row were near the optimum."""
    close = np.array(worth) >= OPTIMUM - CLOSE
    three = np.flatnonzero(close[:-2] & close[1:-1] & close[2:])
    return (three[0] + 1) * EVERY if len(three) else NOT_FOUND


def share_close(worth):
    """The share of the looks in the second half that were near the optimum: whether it stays there."""
    return float(np.mean(np.array(worth[len(worth) // 2 :]) >= OPTIMUM - CLOSE))


# ------------------------------------------------------------------------------------------
# The studies: who takes part, what is printed and drawn
# ------------------------------------------------------------------------------------------


def over_seeds(job, methods, seeds, *arguments):
    """{label: [job of each seed]}, in parallel processes, for methods {label: (agent class, settings)}."""
    calls = [(agent, *arguments, seed, settings) for agent, settings in methods.values() for seed in seeds]
    results = run_parallel(job, calls)
    return {label: results[i * len(seeds) : (i + 1) * len(seeds)] for i, label in enumerate(methods)}


def middle(values):
    """The median, the lowest and the highest, as text."""
    if min(values) == NOT_FOUND:
        return "never"
    numbers = (np.median(values), min(values), max(values))
    median, low, high = ("never" if number == NOT_FOUND else f"{number:,.0f}" for number in numbers)
    return f"{median} ({low} to {high})"


def study_maze(seeds, quick=False):
    """Steps of an episode in the Dyna maze, with 0, 5 and 50 imagined updates a step."""
    methods = {f"{n} imagined updates": (DynaAgent, {**MAZE, "planning_steps": n}) for n in (0, 5, 50)}
    results = over_seeds(lengths_once, methods, seeds, 30 if quick else 50)
    for label, runs in results.items():
        print(f"maze, {label}: near-optimal after {middle([found for _, found in runs])} episodes")
    return results


def draw_maze_study(figure, results):
    ax = figure.subplots()
    for (label, runs), colour in zip(results.items(), COLOURS, strict=False):
        lengths = np.array([lengths for lengths, _ in runs])
        draw_curve(ax, np.arange(1, lengths.shape[1] + 1), lengths, label, colour)
    ax.axhline(14, color="0.4", linestyle=":", label="the shortest path")
    ax.set(title="the Dyna maze", xlabel="episode", ylabel="steps of the episode (mean, 95% band)", yscale="log")


def study_blocking(seeds, quick=False):
    """Rewards in a maze whose way is blocked after 1000 steps."""
    settings = {**MAZE, "learning_rate": 1.0, "planning_steps": 50}
    methods = {
        "Dyna-Q+": (DynaPlusAgent, settings),
        "Dyna-Q": (DynaAgent, settings),
        "Dyna-Q+, tried pairs only": (TriedPairsOnly, settings),
        "Q-learning": (QLearningAgent, {"gamma": 0.95}),
    }
    results = over_seeds(rewards_once, methods, seeds, "BlockingMaze-v0", 2000 if quick else 3000)
    print_rewards("blocking", results, BLOCKED_AFTER)
    return results


def study_shortcut(seeds, quick=False):
    """Rewards in a maze in which a shorter way opens after 3000 steps, for several kappas."""
    settings = {**MAZE, "learning_rate": 1.0, "planning_steps": 10}
    plus = {f"kappa {k:g}": (DynaPlusAgent, {**settings, "bonus": k}) for k in (KAPPAS[3::2] if quick else KAPPAS)}
    methods = {"Dyna-Q": (DynaAgent, settings), "tried pairs only": (TriedPairsOnly, settings), **plus}
    results = over_seeds(rewards_once, methods, seeds, "ShortcutMaze-v0", 4500 if quick else 9000)
    print_rewards("shortcut", results, OPENED_AFTER)
    return results


def print_rewards(name, results, change):
    for label, runs in results.items():
        after, whole = [run[-1] - run[change - 1] for run in runs], [run[-1] for run in runs]
        print(f"{name}, {label}: reward after the change {middle(after)}, in the whole run {middle(whole)}")


def draw_rewards_so_far(ax, results, labels, change, title):
    for label, colour in zip(labels, COLOURS, strict=False):
        samples = np.array(results[label])[:, 9::10]
        draw_curve(ax, np.arange(1, samples.shape[1] + 1) * 10, samples, label, colour)
    ax.axvline(change, color="0.4", linestyle=":")
    ax.set(title=title, xlabel="real steps", ylabel="reward so far (mean, 95% band)")


def draw_blocking_study(figure, results):
    title = "the way is blocked (dotted line)"
    draw_rewards_so_far(figure.subplots(), results, results, BLOCKED_AFTER, title)


def draw_shortcut_study(figure, results):
    left, right = figure.subplots(1, 2)
    title = "a shorter way opens (dotted line)"
    draw_rewards_so_far(left, results, ["kappa 0.001", "Dyna-Q", "tried pairs only"], OPENED_AFTER, title)
    kappas = [label for label in results if label.startswith("kappa")]
    for name, colour, opening in (("after the opening", COLOURS[0], OPENED_AFTER), ("whole run", COLOURS[1], 1)):
        gains = {label: [run[-1] - run[opening - 1] for run in runs] for label, runs in results.items()}
        ratios = np.array([gains[label] for label in kappas]) / np.median(gains["Dyna-Q"])  # [kappas, seeds]
        right.plot(kappas, np.median(ratios, axis=1), "o-", color=colour, label=f"{name}: median, all seeds as dots")
        right.plot(kappas, ratios, ".", color=colour, alpha=0.4)
    right.axhline(1, color="0.4", linestyle=":")
    right.set(title="a peak, not a trend", ylabel="reward, times Dyna-Q's median", ylim=0)
    right.set_xticks(range(len(kappas)), [label.split()[1] for label in kappas])
    right.set_xlabel("kappa of Dyna-Q+")


def study_sweeping(seeds, quick=False, factors=(1, 2, 3, 4, 5)):
    """Updates until the greedy path is near-optimal, in Dyna mazes of growing size."""
    settings = {**MAZE, "learning_rate": 1.0, "planning_steps": 5}
    methods = {
        "Dyna-Q": (DynaAgent, settings),
        "sweeping": (PrioritizedSweepingAgent, settings),
        "sweeping, rate 0.5": (PrioritizedSweepingAgent, {**settings, "planning_rate": 0.5}),
    }
    results = {}
    for factor in factors[:2] if quick else factors:
        results[54 * factor**2] = of_size = over_seeds(updates_once, methods, seeds, factor, 500_000)
        for label, runs in of_size.items():
            updates, steps = zip(*runs, strict=True)
            print(f"sweeping, {54 * factor**2} states, {label}: {middle(updates)} updates in {middle(steps)} steps")
    return results


def draw_sweeping_study(figure, results):
    left, right = figure.subplots(1, 2)
    medians = {}
    for label, colour in zip(next(iter(results.values())), COLOURS, strict=False):
        updates = np.array([[updates for updates, _ in of_size[label]] for of_size in results.values()])
        medians[label] = np.median(updates, axis=1)
        left.plot(list(results), medians[label], "o-", color=colour, label=label)
        left.plot(list(results), updates, ".", color=colour, alpha=0.4)
        if label != "Dyna-Q":
            right.plot(list(results), medians["Dyna-Q"] / medians[label], "o-", color=colour, label=label)
    left.set(title="until the path is near-optimal", ylabel="updates (median, all seeds as dots)", yscale="log")
    right.set(title="what sweeping saves", ylabel="updates of Dyna-Q, times its own", ylim=0)
    for ax in (left, right):
        ax.set(xlabel="states", xscale="log")
        ax.set_xticks(list(results), list(results))
        ax.minorticks_off()


def study_ice(seeds, quick=False, real_steps=30_000):
    """The exact worth of the greedy policy on slippery FrozenLake, over real steps."""
    optimistic = {"gamma": 0.99, "initial_value": 1.0, "learning_rate": 1.0, "rate_decay": 0.7}
    methods = {
        "Dyna, counts": (DynaAgent, {**ICE, "planning_steps": 20}),
        "Dyna, what happened last": (DynaAgent, {**ICE, "planning_steps": 20, "memory": 1}),
        "Q-learning, its defaults": (QLearningAgent, {}),
        "Q-learning, epsilon 0.3": (QLearningAgent, ICE),
        "Q-learning, optimistic, decaying rate": (QLearningAgent, optimistic),
    }
    results = over_seeds(worth_once, methods, seeds, 8_000 if quick else real_steps)
    for label, runs in results.items():
        until = middle([steps_until_close(worth) for worth in runs])
        stays = np.mean([share_close(worth) for worth in runs])
        print(f"ice, {label}: steps until near the optimum: {until}; near it in {stays:.0%} of the second half")
    return results


def draw_ice_study(figure, results):
    ax = figure.subplots()
    for (label, runs), colour in zip(results.items(), COLOURS, strict=False):
        worth = moving_mean(np.array(runs), 4)
        draw_curve(ax, np.arange(4, worth.shape[1] + 4) * EVERY, worth, label, colour)
    ax.axhline(OPTIMUM, color="0.4", linestyle=":", label="the optimum")
    title = "slippery ice: what the greedy policy is worth"
    ax.set(title=title, xlabel="real steps", ylabel="success (exact; mean of 4 looks, 95% band)", ylim=(0, None))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


STUDIES = {
    "maze": (study_maze, draw_maze_study),
    "blocking": (study_blocking, draw_blocking_study),
    "shortcut": (study_shortcut, draw_shortcut_study),
    "sweeping": (study_sweeping, draw_sweeping_study),
    "ice": (study_ice, draw_ice_study),
}


@dataclass(frozen=True)
class Options(CommonOptions):
    study: Literal["all", "maze", "blocking", "shortcut", "sweeping", "ice"] = "all"
    """What to compare."""
    seeds: int = 10
    """How many independent runs of each, in parallel: seed, seed + 1 …"""
    plots: str = "runs/compare_dyna"
    """The folder of the plots."""


def main(options):
    if options.seeds < 1:
        raise ValueError(f"seeds must be at least 1; got {options.seeds}")
    if options.seed < 0:
        raise ValueError(f"seed must be at least 0; got {options.seed}")
    seeds = range(options.seed, options.seed + (min(3, options.seeds) if options.quick else options.seeds))
    if options.study == "all":
        print(f"{len(STUDIES)} studies of {len(seeds)} seeds: about {'10 seconds' if options.quick else 'a minute'}")
    for name in STUDIES if options.study == "all" else (options.study,):
        study, draw = STUDIES[name]
        save_plot(draw, study(seeds, options.quick), Path(options.plots, f"{name}.png"))


def save_plot(draw, results, path):
    import matplotlib.pyplot as plt  # here, since it takes a second

    figure = plt.figure(figsize=(8, 4.8) if draw in (draw_maze_study, draw_blocking_study) else (12, 4.8))
    figure.set_layout_engine("constrained")
    draw(figure, results)
    for ax in figure.axes:
        finish(ax, legend=ax.get_legend() is None)
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
