"""How a controller of the quadruple tank is judged: error and violations apart, on true levels (Day 7)."""

from typing import NamedTuple

import numpy as np

from framework.evaluate import Evaluation
from framework.vector import make_vector
from worlds.quadruple_tank import LIMIT, PERIOD, SETTINGS

SEEN, UNSEEN = "QuadrupleTank-v0", "QuadrupleTank/Unseen-v0"
MINIMUM, MINIMUM_UNSEEN = "QuadrupleTank/MinimumPhase-v0", "QuadrupleTank/MinimumPhaseUnseen-v0"
TEST_SEED = 10**6  # plants from here on are for the tables; nothing was tuned or learnt on them


class Trial(NamedTuple):
    """How E episodes went."""

    error: np.ndarray  # [E] cm, the mean of |e1| + |e2|
    violation: np.ndarray  # [E] share of the steps in which a constraint was broken
    excess: np.ndarray  # [E] cm s, how far and for how long
    moved: np.ndarray  # [E] V, by how much both pumps were turned in a step, in the mean

    @property
    def iae(self):
        """[E] cm s: the integral of |e1| + |e2| over an episode."""
        return self.error * LIMIT * PERIOD

    def cost(self, violation_weight):
        """[E]: what a step costs in the mean, the negative reward of the world."""
        return self.error / 5 + violation_weight * self.violation


def try_out(player, envs, seed):
    """One episode of a player, a function obs [E, 10] -> volts to add [E, 2], in each of E plants.

    Plant i starts from seed + i, or from seed[i] of a list.
    """
    envs.reset(seed)
    notes = [[envs.info[name] for name in ("error", "violation", "excess", "moved")] for _ in envs.episodes(player)]
    error, violation, excess, moved = np.array(notes, float).transpose(1, 0, 2)  # each [T, E]
    return Trial(error.mean(axis=0), violation.mean(axis=0), excess.sum(axis=0), moved.mean(axis=0))


class Trials:
    """Evaluates agents for a `framework.trainer.Trainer`: success is the negative cost of an episode.

    Args:
        env_id: the world.
        violation_weight: what a step in violation costs.
        log: function that is told ``eval_error`` in cm and ``eval_violation``, the share of steps.
    """

    def __init__(self, env_id, violation_weight, log):
        self.env_id, self.violation_weight, self.log, self.worlds = env_id, violation_weight, log, {}

    def __call__(self, agent, episodes, seed):
        if episodes not in self.worlds:
            self.worlds[episodes] = make_vector(self.env_id, episodes, seed)
        trial = try_out(agent.player(), self.worlds[episodes], seed)
        self.log(eval_error=trial.error.mean(), eval_violation=trial.violation.mean())
        return Evaluation(-LIMIT * trial.cost(self.violation_weight))

    def close(self):
        for envs in self.worlds.values():
            envs.close()


def compare(controllers, episodes, worlds=(SEEN, UNSEEN), seed=TEST_SEED):
    """{name: {world: `Trial`}} of controllers {name: what has a ``player()``}; all meet the same plants."""
    found = {name: {} for name in controllers}
    for world in worlds:
        envs = make_vector(world, episodes, seed)
        for name, controller in controllers.items():
            found[name][world] = try_out(controller.player(), envs, seed)
        envs.close()
    return found


def steady_error(controller, wear, plants, seed):
    """|e1| + |e2| in cm that is left in the last third of an episode in which nothing leaks or changes.

    Args:
        controller: what has a ``player()``.
        wear: both pumps give so many times what they should.
        plants: how many, each with set-points of its own; the mean over them is returned.
        seed: of the first.
    """
    envs = make_vector(SEEN, plants, seed)
    plant, player, errors = envs.envs.unwrapped, controller.player(), []
    plant.k[:] = wear * np.array(SETTINGS["P+"].k)
    plant.leak_flow[:], plant.change[:] = 0, -1
    for _ in range(LIMIT):
        envs.step(player(envs.obs))
        errors.append(envs.info["error"].mean())
    envs.close()
    return float(np.mean(errors[-LIMIT // 3 :]))


HEADS = ("error", "viol.", "cm s", "worst", "IAE", "V/step")


def table(found):
    """What `compare` found, as lines: of seen disturbances, then of unseen ones."""
    width = max(map(len, found))
    heads = " ".join(f"{head:>6}" for head in HEADS)
    yield f"{'':{width}}  {'seen disturbances':^41}   {'unseen disturbances':^41}"
    yield f"{'':{width}}  {heads}   {heads}"
    for name, trials in found.items():
        yield f"{name:{width}}  " + "   ".join(map(_cells, trials.values()))


def _cells(trial):
    shares = 100 * trial.violation.mean(), trial.excess.mean(), 100 * trial.violation.max()
    return "{:6.3f} {:5.2f}% {:6.1f} {:5.1f}% {:6.0f} {:6.3f}".format(
        trial.error.mean(), *shares, trial.iae.mean(), trial.moved.mean()
    )


LEGEND = (
    "error: mean |e1| + |e2| in cm; viol.: share of steps in which a constraint is broken; cm s: by how much, in an"
    " episode;\nworst: that share in the worst episode; IAE: error × 1,200 s; V/step: how much both pumps are turned"
)
