"""How good an agent is: fresh episodes, without exploration, apart from training."""

from dataclasses import dataclass

import numpy as np

from framework.vector import make_vector


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Returns and lengths of N whole episodes, [N] each."""

    returns: np.ndarray
    lengths: np.ndarray

    @property
    def mean(self):
        return float(self.returns.mean())

    @property
    def std(self):
        """The spread between episodes, not the error of the mean."""
        return float(self.returns.std())


def evaluate(policy, envs, seed):
    """One episode in each of B worlds, which are reset first.

    Every world's first episode counts, whether short or long, so that none is favoured.

    Args:
        policy: function of observations [B, …] to actions [B].
        envs: a `framework.vector.VectorWorld` that nothing else uses.
        seed: world i starts from seed + i.
    """
    obs = envs.reset(seed)
    returns, lengths = np.zeros(envs.num_envs), np.zeros(envs.num_envs, int)
    going = np.ones(envs.num_envs, bool)
    while going.any():
        step = envs.step(policy(obs))
        returns += step.reward * going
        lengths += going
        going &= ~(step.terminated | step.truncated)
        obs = envs.obs
    return Evaluation(returns, lengths)


def evaluation_seed(seed, number):
    """A seed for evaluation ``number`` of a run, which neither training nor another evaluation starts from."""
    return int(np.random.SeedSequence([seed, number, 77]).generate_state(1)[0] >> 1)


def evaluation_worlds(config, episodes):
    """Worlds of the configuration, one for each episode."""
    return make_vector(config.env, episodes, 0, config.frame_size, config.frame_stack)
