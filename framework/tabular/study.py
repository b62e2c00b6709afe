"""Learning experiments from the command line: several methods, several seeds in parallel processes, one plot."""

from dataclasses import dataclass, fields

import numpy as np

from framework.cli import CommonOptions
from framework.runs.parallel import progress_bar, run_parallel
from framework.tabular.world import expected_return, greedy_policy, make_world, start_probs

RANGES = dict.fromkeys(("epsilon", "epsilon_decay", "gamma", "learning_rate", "rate_decay"), (0, 1))
RANGES |= {"temperature": (0, 100), "initial_value": (-100, 100)}


@dataclass(frozen=True)
class LearnOptions(CommonOptions):
    env: str = "FrozenLakeEasy-v0"
    """The world: GridWorld-v0, FrozenLakeEasy-v0, any of Gymnasium's toy_text: FrozenLake-v1, Taxi-v4 …, or your own:
    module:World-v0, from a file module.py in the current folder that registers it."""
    maze: str | None = None
    """A maze of the simulator, instead of env: its link, in quotation marks, or "...T/.B.D/S..." alone."""
    episodes: int = 500
    """How many episodes to learn from."""
    seeds: int = 10
    """How many independent runs, in parallel: seed, seed + 1 … The plot shows their mean and its 95% band."""
    epsilon: float = 0.1
    """The probability of exploring."""
    epsilon_decay: float = 0.0
    """A state that has been visited N times explores with probability epsilon × N^-epsilon_decay."""
    temperature: float = 0.0
    """Above 0, actions are drawn from the softmax of Q / temperature, and epsilon is not used."""
    initial_value: float = 0.0
    """What Q starts with; more than a state can be worth makes an agent try everything."""
    gamma: float = 0.99
    """The discount."""
    learning_rate: float = 0.1
    """The learning rate at the first visit to a state and action."""
    rate_decay: float = 0.0
    """An entry moves by learning_rate × N^-rate_decay of its error at its Nth visit."""
    report: int = 50
    """Report every so many episodes."""


@dataclass(frozen=True, eq=False)
class Run:
    """What one seed gave: the return and the length of each episode [E], and the tables Q [S, A] and N [S, A]."""

    rewards: np.ndarray
    lengths: np.ndarray
    Q: np.ndarray
    N: np.ndarray


def learn_once(agent_class, env_id, episodes, seed, settings, report=None, maze=None):
    """Let a new agent learn in a new world; returns a `Run`. With ``report``, prints every so many episodes."""
    env = make_world(env_id, maze)
    env.reset(seed=seed)
    agent = agent_class(env, seed, **settings)
    rewards, lengths = np.zeros(episodes), np.zeros(episodes, int)
    with progress_bar(episodes, "episodes", shown=report is not None) as progress:
        for episode in agent.learn(env, episodes):
            rewards[episode.number - 1], lengths[episode.number - 1] = episode.reward, episode.length
            progress.update()
            if report and episode.number % report == 0:
                last = rewards[episode.number - report : episode.number]
                progress.clear()
                print(f"episode {episode.number}: mean reward {last.mean():.3f} (± {last.std():.3f})")
    return Run(rewards, lengths, agent.Q, agent.N)


def learn_runs(methods, options):
    """Let every method learn with every seed, in parallel processes; the first run prints reports.

    Args:
        methods: {label: agent class, or (agent class, settings)}.
        options: `LearnOptions`.

    Returns:
        {label: [`Run` of each seed]}.

    Raises:
        ValueError: an option is out of range, or an agent's setting, or the world has no table.
    """
    for name, low in {"episodes": 1, "seeds": 1, "seed": 0, "report": 1}.items():
        if getattr(options, name) < low:
            raise ValueError(f"{name} must be at least {low}; got {getattr(options, name)}")
    for name, (low, high) in RANGES.items():  # also those that no method here has
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be a number from {low} to {high}; got {getattr(options, name)}")
    if options.quick:
        episodes, seeds = min(options.episodes, 200), min(options.seeds, 3)
    else:
        episodes, seeds = options.episodes, options.seeds
    given = {field.name: getattr(options, field.name) for field in fields(options)}
    calls, env = [], make_world(options.env, options.maze)
    for method in methods.values():
        agent_class, settings = method if isinstance(method, tuple) else (method, {})
        settings = {**{name: given[name] for name in agent_class.limits if name in given}, **settings}
        agent_class(env, **settings)  # refuses here what it would refuse after others had learnt for minutes
        for seed in range(options.seed, options.seed + seeds):
            report = options.report if not calls else None
            calls.append((agent_class, options.env, episodes, seed, settings, report, options.maze))
    if seeds * len(methods) > 1:
        first, names = next(iter(methods)), ", ".join(methods)
        print(f"{names}: {seeds} seeds each. The reports are of {first}, seed {options.seed}.")
    runs = run_parallel(learn_once, calls)
    return {label: runs[i * seeds : (i + 1) * seeds] for i, label in enumerate(methods)}


def summary(env, runs):
    """A line for each method: the mean return of its last episodes, and the exact worth of its greedy policy."""
    has_model = hasattr(env.unwrapped, "P")
    lines = []
    for label, of_seeds in runs.items():
        last = np.array([run.rewards[-100:] for run in of_seeds])  # [seeds, 100]
        means = last.mean(axis=1)
        line = f"{label:>20}: {means.mean():8.3f} ± {means.std():.3f} an episode over the last {last.shape[1]}"
        if has_model:
            worth = np.array([start_probs(env) @ expected_return(env, greedy_policy(run.Q)) for run in of_seeds])
            line += f"; greedy policy {worth.mean():8.3f} ± {worth.std():.3f} (exactly)"
        lines.append(line)
    return lines


def study(methods, options, table="Q"):
    """Let every method learn with every seed, print reports and a summary, and save a plot.

    Args:
        methods: {label: agent class, or (agent class, settings)}.
        options: `LearnOptions`.
        table: what the first method calls its table: "Q", or "H" for preferences. The plot shows it.

    Raises:
        ValueError: an option is out of range, or the world has no table.
    """
    from framework.tabular.plots import draw_study  # here, so that a wrong option is refused at once

    runs = learn_runs(methods, options)
    env = make_world(options.env, options.maze)
    print(*summary(env, runs), sep="\n")
    draw_study(env, options.env if options.maze is None else "a maze of the simulator", runs, options.plot, table)
