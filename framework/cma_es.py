"""CMA-ES (Hansen 2016): search by a scatter of points whose size and shape adapt, too; of the package cma.

strategy = CMAES(theta, population=16, sigma=0.5, decay=0.01, seed=0)
while …:
    points = strategy.ask()           # [n, P]
    strategy.tell(scores(points))     # [n], higher is better
strategy.theta                        # [P], the middle of the scatter: the result
"""

import warnings
from contextlib import contextmanager

import numpy as np

MOST_WEIGHTS = 5_000  # the matrix of the scatter has their square of numbers, and is taken apart again and again


class CMAES:
    """CMA-ES over theta [P] by two words: ``ask`` for n points, ``tell`` their scores.

    Args:
        theta: [P] where to begin.
        population: n, how many points a generation has, at least 4.
        sigma: how far they are scattered at first.
        decay: what the mean square of a point's weights costs it. Where actions depend on the direction of the
            weights alone, as an argmax does, nothing else keeps them, and sigma, from growing for ever.
        seed: all that is random follows from it; the global generator of NumPy is left alone.

    Raises:
        ValueError: too small a population, or too many weights.
    """

    def __init__(self, theta, *, population, sigma, decay, seed):
        import cma  # here, since it takes half a second and only some runs need it

        if population < 4:
            raise ValueError(f"CMA-ES needs a population of at least 4; got {population}")
        if len(theta) > MOST_WEIGHTS:
            raise ValueError(f"CMA-ES is for at most {MOST_WEIGHTS:,} weights; got {len(theta):,}")
        rng = np.random.default_rng([seed, 1])
        options = {"popsize": population, "seed": np.nan, "verbose": -9, "verb_log": 0}  # NaN: seed nothing
        options["randn"] = lambda *shape: rng.standard_normal(shape)
        self.theta, self.decay = np.array(theta, np.float32), decay
        self.search = cma.CMAEvolutionStrategy(theta, sigma, options)

    def ask(self):
        """Points to be tried [n, P] float32; `tell` must follow."""
        with _quiet():
            self.asked = self.search.ask()
        return np.array(self.asked, np.float32)

    def tell(self, scores):
        """Move and reshape the scatter by scores [n]; equal ones tell nothing, and what is not finite is worst."""
        known = np.isfinite(scores)
        if known.any() and (np.ptp(scores[known]) or not known.all()):
            scores = scores - self.decay * np.square(self.asked).mean(axis=1)
            scores = np.where(known, scores, scores[known].min() - 1)
            with _quiet():
                self.search.tell(self.asked, -scores)  # cma minimises, and looks at ranks alone
            self.theta = self.search.mean.astype(np.float32)


@contextmanager
def _quiet():
    """cma expects to be told of every generation, also where there is nothing to tell, and warns of each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
