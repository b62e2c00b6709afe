"""How good an agent is: fresh episodes, without exploration, apart from training."""

from dataclasses import dataclass

import numpy as np

from framework.vector import make_worlds


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How N trials went, such as whole episodes.

    Raises:
        ValueError: there is no trial, or a return is NaN or infinite.
    """

    returns: np.ndarray  # [N] of each episode; or what else is success
    lengths: np.ndarray | None = None  # [N] steps of each, where trials have steps

    def __post_init__(self):
        if not (len(self.returns) and np.isfinite(self.returns).all()):
            raise ValueError(f"an evaluation must give finite numbers, one a trial; it gave {self.returns}")

    @property
    def mean(self):
        return float(self.returns.mean())

    @property
    def std(self):
        """The standard deviation between episodes, not the error of the mean."""
        return float(self.returns.std())


def evaluate(policy, envs, seed):
    """One episode in each of B worlds, which are reset first.

    Every world's first episode counts, whether short or long, so that none is favoured.

    Args:
        policy: function of observations [B, …] to actions [B].
        envs: a `framework.vector.VectorWorld` that nothing else uses.
        seed: world i starts from seed + i.
    """
    envs.reset(seed)
    for _ in envs.episodes(policy):
        pass
    returns, lengths = zip(*envs.take_finished(), strict=True)
    return Evaluation(np.array(returns), np.array(lengths))


class FreshWorlds:
    """Evaluates agents in worlds of their own, which are kept from one evaluation to the next."""

    def __init__(self, config):
        self.config, self.worlds = config, {}

    def __call__(self, agent, episodes, seed):
        """The `Evaluation` of an agent over so many episodes."""
        if episodes not in self.worlds:
            self.worlds[episodes] = make_worlds(self.config, num_envs=episodes)
        return evaluate(agent.player(), self.worlds[episodes], seed)

    def close(self):
        for envs in self.worlds.values():
            envs.close()


def evaluation_seed(seed, number):
    """A seed for evaluation ``number`` of a run, which neither training nor another evaluation starts from."""
    return int(np.random.SeedSequence([seed, number, 77]).generate_state(1)[0] >> 1)
