"""Many seeds of one learner, as a band: does it always do so, or did one seed have luck?"""

import numpy as np

from framework.plots import mean_and_band
from framework.tabular.world import TableWorld
from lab.jobs import SLICE_SECONDS, computing_seconds
from lab.learners import make_agent
from lab.learning import Truth

MOST_POINTS = 100
PATIENCE = 16  # steps between two moments at which a band may pause; a planner takes up to 0.3 ms a step
MOST_SECONDS = 15.0  # of computing; then the band has fewer seeds than were asked for


def band_messages(request):
    """Generator of the messages that answer a `BandRequest`: "band" after each seed, "done"; None now and then.

    The seeds are 1, 2, …, and live as the learners of a lesson. A point is the mean of the discounted returns of
    ``size`` episodes; ``low`` and ``high`` are the 95% band of the mean over the seeds, as the scripts draw it, and
    null as long as there is one seed.
    """
    optimum = Truth(request.env, request.settings["gamma"]).optimum
    size = -(-request.episodes // MOST_POINTS)  # rounded up
    returns, seconds = [], 0.0
    for seed in range(1, request.seeds + 1):
        of_seed, began = [], computing_seconds()
        for value in seed_returns(request, seed):
            if value is not None:
                of_seed.append(value)
            if (passed := computing_seconds() - began) > SLICE_SECONDS:
                seconds += passed
                if seconds > MOST_SECONDS:
                    break
                yield None
                began = computing_seconds()
        if len(of_seed) < request.episodes:
            break
        returns.append(np.reshape(of_seed[: len(of_seed) // size * size], (-1, size)).mean(axis=1))
        yield {"type": "band", "of": request.seeds, "size": size, "optimum": optimum, **band(returns)}
    yield {"type": "done", "seed_count": len(returns), "of": request.seeds}


def seed_returns(request, seed):
    """Generator of the discounted return of each episode of one seed; None within long episodes, to be waited in."""
    world = TableWorld(request.env)
    world.reset(seed=seed)
    agent = make_agent(request.learner, world, seed, request.settings)
    for _ in range(request.episodes):
        discounted, discount = 0.0, 1.0
        for number, step in enumerate(agent.steps(world), 1):
            discounted += discount * step.reward
            discount *= agent.gamma
            if number % PATIENCE == 0:
                yield None
        yield discounted


def band(returns):
    """The mean of the seeds' curves [points] and its band, a dict of lists."""
    mean, half = mean_and_band(returns)
    if len(returns) == 1:
        low = high = None
    else:
        low, high = (np.clip(edge, np.min(returns), np.max(returns)).tolist() for edge in (mean - half, mean + half))
    return {"seed_count": len(returns), "mean": mean.tolist(), "low": low, "high": high}
