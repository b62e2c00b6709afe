"""Gymnasium's own vector form of CartPole, faster than single worlds, made to start anew in the same step."""

import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode


class CartPoleVector(CartPoleVectorEnv):
    """``num_envs`` worlds of CartPole stepped at once; world i of ``reset(seed=n)`` equals one reset with seed n + i.

    Gymnasium's form starts an ended episode anew in the step after, whose action and reward mean nothing. Here it
    starts in the same step (SAME_STEP), and ``info["final_obs"]`` has the observations of before. Each world draws
    its starts from a generator of its own.
    """

    metadata = CartPoleVectorEnv.metadata | {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, num_envs=1, **options):
        super().__init__(num_envs, **options)
        self.rngs = [None] * num_envs

    def reset(self, *, seed=None, options=None):
        """Start every world anew, world i with seed + i, or where None with the generator it has."""
        super().reset(seed=seed, options=options)
        for i in range(self.num_envs):
            if seed is not None or self.rngs[i] is None:
                self.rngs[i], _ = seeding.np_random(None if seed is None else seed + i)
        self._start(np.arange(self.num_envs))
        return self._obs(), {}

    def step(self, action):
        """Step every world; observations [B, 4], rewards [B], terminated [B], truncated [B], info."""
        obs, reward, terminated, truncated, info = super().step(action)
        ended = np.flatnonzero(terminated | truncated)
        if len(ended):
            info = {"final_obs": obs}
            self._start(ended)
            obs = self._obs()
        return obs, reward, terminated, truncated, info

    def _start(self, worlds):
        for i in worlds:
            self.state[:, i] = self.rngs[i].uniform(self.low, self.high, 4)
        self.steps[worlds] = 0
        self.prev_done[worlds] = False  # else the next step would start them again

    def _obs(self):
        return self.state.T.astype(np.float32)
