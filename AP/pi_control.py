"""The controllers that any learner has to beat: PI loops, and a linear multivariable one, tuned as hard (Day 7).

A PI loop turns one pump by the error e = r - y of one level:

    u = K (b r - y) + I,    dI/dt = K e / T_i,   and where the pump cannot follow u (0 to 10 V, 1 V in a step), I is
    moved by ``track`` of what it could not: else the integral winds up (Åström & Hägglund 1995, section 3.5)

Which pump for which level is the pairing. With the valves at "P-" it is the natural one, pump 1 for tank 1; at "P+",
where the relative gain λ11 = -0.64 is negative, it must be crossed (Johansson 2000). A weight b < 1 softens the kick
of a new set-point. The linear controller turns both pumps by all levels, errors and integrals:

    u = 3 V + W f,    f = the scaled readings but the volts, [8];  W is [2, 8]: 16 numbers

All are tuned by CMA-ES (`framework.cma_es`) on what a learner is paid by. PI needs no more steps of the plant than
the learner gets, 60,000, but has twenty times as many, and the linear controller a hundred times: nobody shall say
that they were tuned too little.

    python AP/pi_control.py                           tune all of `KINDS` anew, and print `TUNED`; a minute
    python AP/pi_control.py --kind PI --steps 60000   one of them, with as many steps as the learner gets
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from AP.plant_trials import MINIMUM, SEEN, try_out
from framework.cli import CommonOptions, run
from framework.cma_es import CMAES
from framework.method import Method
from framework.vector import make_vector
from worlds.quadruple_tank import LIMIT, MOST_VOLTS, PERIOD, readings


class PI(Method):
    """Two PI loops, or as many pairs of them as there are plants.

    Args:
        theta: [7] or [B, 7]: K of the loops of pump 1 and 2, V/cm; log(T_i / 200 s) of each; b of each; track.
        pairs: of pump 1 and 2, the tank whose level it looks after, 0 or 1.
    """

    based_on, kept_in = "policy", "function"

    def __init__(self, theta, pairs):
        theta = np.asarray(theta, float)
        self.k, self.weight, self.pairs = theta[..., 0:2], theta[..., 4:6], list(pairs)
        self.integral_time = 200.0 * np.exp(theta[..., 2:4])
        self.track = np.clip(theta[..., 6:7], 0.0, 1.0)

    def player(self):
        """A function obs [B, 10] -> volts to add [B, 2] for one episode, which remembers its integrals."""
        return PILoops(self).act


class PILoops:
    """One episode of PI: the integrals I [B, 2], and what the pumps were last asked for."""

    def __init__(self, gains):
        self.gains, self.integral, self.asked = gains, None, None

    def act(self, obs):
        """How many volts to add to each pump [B, 2]."""
        gains, now = self.gains, readings(obs)
        error, level = now.error[:, gains.pairs], now.level[:, gains.pairs]
        if self.integral is None:  # at rest until now: the level was what was asked for
            self.integral = now.volts - gains.k * (gains.weight - 1) * level
        else:
            self.integral = self.integral + gains.track * (now.volts - self.asked)
        self.integral = self.integral + gains.k * error * PERIOD / gains.integral_time
        self.asked = gains.k * (gains.weight * (level + error) - level) + self.integral
        return np.clip(self.asked, 0, MOST_VOLTS) - now.volts


class Linear(Method):
    """The linear multivariable controller; theta is [16] or [B, 16]."""

    based_on, kept_in = "policy", "function"

    def __init__(self, theta):
        self.matrix = np.asarray(theta, float).reshape(-1, 2, 8)

    def player(self):
        """A function obs [B, 10] -> volts to add [B, 2]; the integral is in the observation."""
        return self.act

    def act(self, obs):
        features = np.asarray(obs, float)[:, [0, 1, 2, 3, 4, 5, 8, 9], None]
        wanted = 3.0 + (self.matrix @ features)[..., 0]
        return np.clip(wanted, 0, MOST_VOLTS) - readings(obs).volts


class Kind(NamedTuple):
    """A controller to be tuned."""

    make: Callable  # of theta
    start: tuple  # theta
    world: str
    sigma: float  # how far CMA-ES scatters theta at first
    steps: int  # of the plant, for the constants in `TUNED`


CROSSED, NATURAL = (1, 0), (0, 1)
PI_START = (0.3, 0.3, 0.0, 0.0, 1.0, 1.0, 0.5)
KINDS = {
    "PI in P-": Kind(partial(PI, pairs=NATURAL), PI_START, MINIMUM, 0.3, 1_200_000),
    "PI": Kind(partial(PI, pairs=CROSSED), PI_START, SEEN, 0.3, 1_200_000),
    "PI, wrong pairs": Kind(partial(PI, pairs=NATURAL), PI_START, SEEN, 0.3, 1_200_000),
    "linear": Kind(Linear, (0.0,) * 16, SEEN, 0.1, 6_000_000),
}
POPULATION = 12  # of CMA-ES; all points of a generation meet the same plants
GENERATIONS, GAMES = 20, (4, 40)  # at least so many, if that leaves a point 4 plants; it has 40 at most
TUNED = {  # by python AP/pi_control.py
    "PI in P-": (0.504, 1.002, -2.509, -2.373, 0.639, 0.514, 0.742),
    "PI": (0.474, 0.492, 0.645, -0.105, 0.924, 1.205, 0.348),
    "PI, wrong pairs": (0.056, 0.048, 0.334, -0.141, 1.146, 1.283, 0.738),
    "linear": (
        -0.874, -0.525, 0.563, -0.520, -0.149, 0.304, 0.806, 0.934,
        -0.074, -0.006, -0.889, 0.797, 0.322, -0.221, 0.742, -0.034,
    ),
}  # fmt: skip


def controller(name):
    """The tuned controller of a name in `KINDS`."""
    return KINDS[name].make(TUNED[name])


def tune(kind, steps, seed, violation_weight):
    """The theta that CMA-ES finds within so many steps of the plant.

    Args:
        kind: a `Kind`.
        steps: of all plants together.
        seed: of the search and of the plants.
        violation_weight: what a step in violation costs.

    Raises:
        ValueError: steps are too few for one generation.
    """
    games = int(np.clip(steps // (GENERATIONS * POPULATION * LIMIT), *GAMES))
    generations = steps // (POPULATION * games * LIMIT)
    if generations < 1:
        raise ValueError(f"a generation takes {POPULATION * games * LIMIT:,} steps; got {steps:,}")
    envs = make_vector(kind.world, POPULATION * games, seed)
    search = CMAES(kind.start, population=POPULATION, sigma=kind.sigma, decay=0.0, seed=seed)
    for generation in range(generations):
        points = search.ask()  # [n, P]
        first = int(np.random.SeedSequence([seed, generation, 78]).generate_state(1)[0] >> 1)
        plants = [first + game for game in range(games)] * POPULATION
        trial = try_out(kind.make(points.repeat(games, axis=0)).player(), envs, plants)
        search.tell(-trial.cost(violation_weight).reshape(POPULATION, games).mean(axis=1))
    envs.close()
    return search.theta


@dataclass(frozen=True)
class Options(CommonOptions):
    kind: str = ""
    """One of PI in P-; PI; PI, wrong pairs; linear. By default all."""
    steps: int = 0
    """Steps of the plant for the tuning; by default as many as for the constants in the file."""
    violation_weight: float = 1.0
    """What a step in violation costs, beside |e1| + |e2| over 5."""


def main(options):
    if options.kind and options.kind not in KINDS:
        raise ValueError(f"kind must be one of {'; '.join(KINDS)}; got {options.kind}")
    if not (0 <= options.steps <= 10**9 and 0 <= options.violation_weight <= 1e6 and 0 <= options.seed < 2**32):
        raise ValueError("steps must be from 0 to 1e9, violation_weight from 0 to 1e6, seed from 0 to 4294967295")
    for name in [options.kind] if options.kind else KINDS:
        kind = KINDS[name]
        steps = 60_000 if options.quick else options.steps or kind.steps
        theta = tune(kind, steps, options.seed, options.violation_weight)
        print(f'    "{name}": ({", ".join(f"{number:.3f}" for number in theta)}),', flush=True)


if __name__ == "__main__":
    run(main, Options, __doc__)
