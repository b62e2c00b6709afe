"""What a population sees that a gradient does not: three landscapes to climb (Day 6).

A gradient knows the slope under its feet, and nothing else. A population knows the heights of places all around, and
climbs what is left of a landscape F when it is averaged over the scatter (Salimans et al. 2017, section 2):

    ∇ E[F(θ + σε)] = E[F(θ + σε) ε] / σ,  ε ~ N(0, I)

- On a plateau there is no slope. A population moves as soon as one individual stands on the hill.
- Behind a valley stands the higher hill. The slope leads up the near one; averaged over the scatter, it is gone.
- A long narrow ridge is smooth. There a slope says as much as a whole generation, at the price of one evaluation.

    python EV/landscape.py
    python EV/landscape.py --sigma 0.2               too small a scatter to look across the valley

climbs each from 20 places, by exact gradients and by `EV.evolution.OpenES`, both with the same Adam. It prints who
reached the top and after how many evaluations (of a slope, or of an individual's height), saves a plot, and an
animation to watch, in about 15 seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from EV.adam import Adam
from EV.evolution import Config, OpenES
from EV.plots import animate_climbs, draw_climbs
from framework.cli import CommonOptions, run
from framework.runs.parallel import progress_bar

NEAR = 0.3  # so near to the top, it is reached
EVALUATIONS = 6_400  # that a climber has


def plateau(points):
    """Heights [n] and slopes [n, 2] at points [n, 2]: flat ground, and a hill that rises evenly from its foot."""
    away = points - (1.0, 0.8)
    distance = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    on_hill = distance < 1.5
    return np.maximum(0, 1 - distance / 1.5), np.where(on_hill[:, None], -away / (1.5 * distance[:, None]), 0.0)


def valley(points):
    """A low and narrow hill, and behind a valley a high and wide one."""
    height, slope = 0.0, 0.0
    for peak, place, width in ((0.6, (-1.2, -0.9), 0.35), (1.0, (1.0, 0.8), 1.1)):
        away = points - place
        bell = peak * np.exp(-np.square(away).sum(axis=1) / (2 * width**2))
        height, slope = height + bell, slope - bell[:, None] * away / width**2
    return height, slope


def ridge(points):
    """A ridge as wide as it is steep, and askew: across it height falls 200 times as fast as along it."""
    along, across = (points - (1.0, 0.8)) @ (0.6, 0.8), (points - (1.0, 0.8)) @ (-0.8, 0.6)
    height = 1 - 0.05 * along**2 - 10 * across**2
    return height, -0.1 * along[:, None] * (0.6, 0.8) - 20 * across[:, None] * (-0.8, 0.6)


class Landscape(NamedTuple):
    look: Callable  # (points [n, 2]) -> heights [n], slopes [n, 2]
    starts: tuple  # two corners of the square in which climbers start
    top: tuple = (1.0, 0.8)


LANDSCAPES = {
    "a plateau": Landscape(plateau, ((-1.0, -1.0), (-0.2, -0.2))),
    "a deceptive valley": Landscape(valley, ((-1.6, -1.3), (-0.8, -0.5))),
    "a narrow ridge": Landscape(ridge, ((-2.0, -1.6), (-1.2, -0.8))),
}


class Step(NamedTuple):
    """Where a climber stands, before it moves."""

    theta: np.ndarray  # [2]
    evaluations: int  # so far
    points: np.ndarray  # [n, 2] where it looked


def by_gradient(landscape, start, config):
    """Generator of `Step`: up the exact slope at θ."""
    theta, adam, evaluations = np.array(start), Adam(config.learning_rate), 0
    while True:
        evaluations += 1
        yield Step(theta.copy(), evaluations, theta[None].copy())
        theta += adam.step(landscape.look(theta[None])[1][0])


def by_population(landscape, start, config):
    """Generator of `Step`: by the heights of a generation around θ, and no slope at all."""
    strategy, evaluations = OpenES(np.array(start), config), 0
    while True:
        points = strategy.ask()
        evaluations += len(points)
        yield Step(strategy.theta.copy(), evaluations, points)
        strategy.tell(landscape.look(points)[0])


class Climb(NamedTuple):
    steps: list
    there: bool  # whether the last of them is at the top


CLIMBERS = {"gradient": by_gradient, "population": by_population}


def climb(climber, landscape, config):
    """The `Climb` of one climber from a place that follows from config.seed, to the top or while it may evaluate."""
    start = np.random.default_rng([config.seed, 7]).uniform(*landscape.starts)
    steps = []
    for step in CLIMBERS[climber](landscape, start, config):
        steps.append(step)
        there = np.linalg.norm(step.theta - landscape.top) < NEAR
        if there or step.evaluations >= EVALUATIONS:
            return Climb(steps, there)


@dataclass(frozen=True)
class Options(CommonOptions):
    sigma: float = 0.5
    """How far a population is scattered."""
    population: int = 32
    """Individuals of a generation, an even number."""
    learning_rate: float = 0.05
    """The step size of Adam, for both."""
    seeds: int = 20
    """How many climbers of each kind start: seed, seed + 1 …"""
    plot: str = "runs/landscape/landscape.png"
    """Where the plot goes."""
    animation: str = "runs/landscape/landscape.gif"
    """Where the animation goes."""


RANGES = {
    "sigma": (1e-3, 10), "population": (2, 1_000), "learning_rate": (1e-4, 1), "seeds": (1, 1_000),
    "seed": (0, 2**32 - 1),
}  # fmt: skip


def main(options):
    for name, (low, high) in RANGES.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high}; got {getattr(options, name)}")
    if options.population % 2:
        raise ValueError(f"population must be an even number; got {options.population}")
    if Path(options.animation).suffix.lower() != ".gif":
        raise ValueError(f"an animation is a file that ends in .gif; got {options.animation!r}")
    settings = {name: getattr(options, name) for name in ("population", "sigma", "learning_rate")}
    config = Config(noise_size=100_000, **settings)
    count = min(5, options.seeds) if options.quick else options.seeds
    seeds = range(options.seed, options.seed + count)
    climbs = {(name, climber): [] for name in LANDSCAPES for climber in CLIMBERS}
    with progress_bar(len(climbs) * count, "climbs") as progress:
        for (name, climber), runs in climbs.items():
            for seed in seeds:
                runs.append(climb(climber, LANDSCAPES[name], replace(config, seed=seed)))
                progress.update()
    print(f"{'':>20}  {'climber':>10}  {'reach the top':>13}  {'evaluations, median of these':>28}")
    for (name, climber), runs in climbs.items():
        there = [run.steps[-1].evaluations for run in runs if run.there]
        median = f"{np.median(there):,.0f}" if there else "-"
        print(f"{name:>20}  {climber:>10}  {len(there):>10}/{count:<2}  {median:>28}")
    draw_climbs(LANDSCAPES, climbs, options.sigma, options.plot)
    animate_climbs(LANDSCAPES, climbs, 40 if options.quick else 120, options.animation)


if __name__ == "__main__":
    run(main, Options, __doc__)
