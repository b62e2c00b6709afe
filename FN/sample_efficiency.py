"""How many frames until a person's score? Day 4's agents on Catcher, beside you and beside Atari (Day 5).

Deep reinforcement learning needs much experience. In hours of play,

    hours = frames / frames a second / 3600

A frame is a picture that the game shows. On Catcher a step of an agent is one frame, none is skipped, and 30 of them
are a second. On Atari 60 are a second, and an agent acts at every fourth: there 4 frames are one step.

Each agent learns until ten fresh games reach the score and a hundred further ones confirm it; how many frames it had
learnt from by then is what is counted, not the games of these evaluations. The score is yours once you have played:

    python FN/sample_efficiency.py --human            play ten games in a window, with ← and →
    python FN/sample_efficiency.py                    each agent once, to your score
    python FN/sample_efficiency.py --seeds 5          goes on: runs that are finished stay, also after Ctrl-C
    python FN/sample_efficiency.py --score 14.4       to another score
    python FN/sample_efficiency.py --human-returns 8 14 -1   note games played in the simulator, on its page Catch

Each agent once takes about 4 minutes on two cores, and --quick, one agent only, half a minute.
`python bench/sample_efficiency.py --cures` shows what the cures of Day 6 save.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from FN.human_score import FRAMES_A_SECOND, LEAST, MOST, WORLD, note_games, person_of, read_games, sentence
from framework.cli import CommonOptions, run
from framework.experiment import run_all
from framework.plots import COLOURS, finish
from framework.progress import Progress
from framework.results import result_of
from framework.runs.files import written_whole
from framework.runs.jobs import Here, Job

TARGET = 0.9 * MOST  # the score where nobody has played
ATARI_FRAMES_A_SECOND, ATARI_SKIP = 60, 4
ATARI_FRAMES = 18_000_000  # Rainbow's, as Irpan (2018) reads them off figure 1 of Hessel et al. (2018)
TESTER_HOURS = 2  # practice of each game


class Learner(NamedTuple):
    """An agent of Day 4 that plays Catcher from pixels."""

    name: str
    every: int  # frames between two evaluations, about a tenth of what it needs


AGENTS = {  # the slowest first, so that no worker is left alone with it at the end
    "rainbow_agent": Learner("Rainbow", 2_500),
    "dqn_agent": Learner("DQN", 2_500),
    "a2c_agent": Learner("A2C", 5_000),
    "ppo_agent": Learner("PPO", 5_000),
    "paac_agent": Learner("PAAC", 5_000),
}
QUICK = ("paac_agent",)


@dataclass(frozen=True)
class Options(CommonOptions):
    """Whose score, which agents, and how often."""

    seed: int = 100
    """The first seed; the agents were tuned with 0, 1 and 2."""
    seeds: int = 1
    """How many runs of each agent."""
    agents: tuple[str, ...] = tuple(AGENTS)
    """Which agents."""
    score: float | None = None
    """The mean return to reach; by default yours, or 14.4 while you have not played."""
    human: bool = False
    """Play, and note your score; no agent learns then. More games are added to those that you played before."""
    games: int = 10
    """How many games --human has."""
    human_returns: tuple[int, ...] = ()
    """Note returns of games that you played in the simulator."""
    workers: int = 2
    """How many runs at once, each with one thread."""
    folder: str = "runs/sample_efficiency"
    """Where your games, the runs and the results are."""
    plot: str | None = None
    """Where the plot goes; by default into the folder."""


def hours_of(frames, frames_a_second):
    return frames / frames_a_second / 3600


def median_of(frames):
    """The median of frames until the score, infinite where it lies among runs that never got there (None)."""
    return float(np.median([math.inf if one is None else one for one in frames]))


def jobs_of(agents, seeds, score, folder):
    """{(agent, seed): `Job`}; each in a folder that says what it is, so that another score has others."""
    jobs = {}
    for seed in seeds:
        for agent in agents:
            flags = ["--target-return", f"{score:g}", "--eval-every", str(AGENTS[agent].every)]
            flags += ["--eval-episodes", "10", "--seed", str(seed)]
            home = Path(folder, f"score{score:g}", agent, f"seed{seed}").resolve()
            jobs[agent, seed] = Job(f"FN/{agent}.py", tuple(flags), str(home))
    return jobs


def measure(agents, seeds, score, folder, workers):
    """Train what is not trained yet, and read how it went.

    Returns:
        {agent: {"frames": {seed: frames until the score was confirmed, or None}, "most": {seed: frames in all}}}; a
        run that failed has neither.
    """
    jobs = jobs_of(agents, seeds, score, folder)
    with Here(workers) as pool, Progress(jobs) as progress:
        failed = run_all(jobs, pool, progress)
    found = {agent: {"frames": {}, "most": {}} for agent in agents}
    for (agent, seed), job in jobs.items():
        if (agent, seed) in failed:
            print(f"{AGENTS[agent].name}, seed {seed}, failed: {failed[agent, seed]}")
            continue
        result = result_of(job, ("steps", "steps_to_target"))
        found[agent]["frames"][seed] = result["steps_to_target"]
        found[agent]["most"][seed] = result["steps"]
    return {agent: of_agent for agent, of_agent in found.items() if of_agent["frames"]}


def line_of(who, frames, frames_a_second):
    return f"{who:24} {frames:>12,.0f} / {frames_a_second} / 3600 = {hours_of(frames, frames_a_second):8.2f} h"


def report(found, score, person):
    """Lines: the table, and then each sum."""
    yield f"frames until {score:g} of {MOST} was confirmed; a step is a frame, {FRAMES_A_SECOND} a second"
    yield f"{'agent':10} {'median':>9} {'reached':>8}   each seed"
    for agent, of_agent in found.items():
        frames = of_agent["frames"]
        median, reached = median_of(frames.values()), sum(one is not None for one in frames.values())
        each = [f"not in {of_agent['most'][seed]:,}" if one is None else f"{one:,}" for seed, one in frames.items()]
        shown = f"{median:,.0f}" if math.isfinite(median) else "-"
        yield f"{AGENTS[agent].name:10} {shown:>9} {f'{reached}/{len(frames)}':>8}   {', '.join(each)}"
    yield ""
    yield "hours of play = frames / frames a second / 3600"
    for agent, of_agent in found.items():
        if math.isfinite(median := median_of(of_agent["frames"].values())):
            yield line_of(f"{AGENTS[agent].name} on Catcher", median, FRAMES_A_SECOND)
    if person:
        yield line_of("you on Catcher", person.frames, FRAMES_A_SECOND)
    yield line_of("Rainbow on Atari", ATARI_FRAMES, ATARI_FRAMES_A_SECOND)
    yield line_of("at 30 frames a second", ATARI_FRAMES, 30)
    yield line_of("the tester on Atari", TESTER_HOURS * 3600 * ATARI_FRAMES_A_SECOND, ATARI_FRAMES_A_SECOND)
    steps = ATARI_FRAMES // ATARI_SKIP
    yield f"Rainbow on Atari: {steps:,} steps of {ATARI_SKIP} frames, until its median over 57 games is a tester's"
    yield f"(Hessel et al. 2018), who had practised each of them for {TESTER_HOURS} hours (Mnih et al. 2015)"


def bars(found, person):
    """[(who, hours of each seed, infinite where it never got there, whether it is a person)], from top to bottom."""
    rows = [
        (f"Rainbow, Atari\n{ATARI_FRAMES:,} frames", [hours_of(ATARI_FRAMES, ATARI_FRAMES_A_SECOND)], False),
        (f"the tester, Atari\n{TESTER_HOURS * 3600 * ATARI_FRAMES_A_SECOND:,} frames", [TESTER_HOURS], True),
    ]
    for agent, of_agent in sorted(found.items(), key=lambda item: -median_of(item[1]["frames"].values())):
        hours = [hours_of(math.inf if one is None else one, FRAMES_A_SECOND) for one in of_agent["frames"].values()]
        median, there = median_of(of_agent["frames"].values()), np.isfinite(hours).sum()
        said = f"{median:,.0f} frames" if math.isfinite(median) else f"{there} of {len(hours)} seeds get there"
        rows.append((f"{AGENTS[agent].name}, Catcher\n{said}", hours, False))
    if person:
        rows.append((f"you, Catcher\n{person.frames:,} frames", [hours_of(person.frames, FRAMES_A_SECOND)], True))
    return rows


def draw(found, score, person, path):
    """Hours of play, on a scale of powers of ten: each seed a dot, their median a bar."""
    from matplotlib.figure import Figure

    rows = bars(found, person)[::-1]
    figure = Figure(figsize=(9, 1.4 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (_, hours, is_person) in enumerate(rows):
        colour = COLOURS[1] if is_person else COLOURS[0]
        there, median = [one for one in hours if math.isfinite(one)], np.median(hours)
        axes.plot(there, [place] * len(there), "o", color=colour, markersize=5)
        if math.isfinite(median):
            axes.barh(place, median, height=0.62, color=colour, alpha=0.3)
            axes.annotate(clock(median), (max(there), place), (9, 0), textcoords="offset points", va="center")
    ticks = {1 / 60: "1 min", 1 / 6: "10 min", 1: "1 h", 10: "10 h", 100: "100 h"}
    axes.set(xscale="log", xlim=(1 / 120, 400), xlabel="play, at each game's own frames a second")
    axes.set_xticks(list(ticks), ticks.values())
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [who for who, *_ in rows])
    axes.set_title(
        f"Play until {score:g} on Catcher, and until a person's score on Atari; people are orange", loc="left"
    )
    finish(axes, legend=False)
    axes.grid(visible=False, axis="y")
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format=Path(path).suffix[1:] or "png")


def clock(hours):
    """Hours as one says them."""
    return f"{60 * hours:.0f} min" if hours < 1 else f"{hours:.2g} h"


def check(options):
    """Raise ValueError, in one sentence, where an option is impossible."""
    for name, (low, high) in {
        "seed": (0, 2**32 - 1),
        "seeds": (1, 1_000),
        "games": (1, 10),
        "workers": (1, 256),
    }.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high}; got {getattr(options, name)}")
    if options.score is not None and not LEAST <= options.score <= MOST:
        raise ValueError(f"score must be from {LEAST} to {MOST}, as returns of Catcher are; got {options.score}")
    strange = [name for name in options.agents if name not in AGENTS]
    if strange or not options.agents:
        raise ValueError(f"agents are {', '.join(AGENTS)}; got {', '.join(strange) or 'none'}")


def main(options):
    check(options)
    path = Path(options.folder, "human.json")
    if options.human or options.human_returns:
        note_games(path, options.human_returns, options.games)
        return
    person = person_of(read_games(path))
    score = options.score if options.score is not None else round(person.score, 2) if person else TARGET
    print(sentence(person) if person else f"no person has played yet (--human): the score is {score:g}")
    agents = QUICK if options.quick else options.agents
    seeds = range(options.seed, options.seed + (1 if options.quick else options.seeds))
    found = measure(agents, seeds, score, options.folder, options.workers)
    if not found:
        raise ValueError("no run came to its end")
    print("\n".join(report(found, score, person)))
    with written_whole(Path(options.folder, f"score{score:g}", "results.json")) as part:
        known = person and person._asdict()
        part.write_text(
            json.dumps({"world": WORLD, "score": score, "person": known, "agents": found}), encoding="utf-8"
        )
    plot = Path(options.plot or Path(options.folder, "sample_efficiency.png"))
    draw(found, score, person, plot)
    print(f"plot saved to {plot.as_posix()}")


if __name__ == "__main__":
    run(main, Options, __doc__)
