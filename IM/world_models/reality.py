"""Real worlds, seen through V and M: what a controller is given in a dream, it is given here, too."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from framework.vector import make_worlds
from worlds.vector_form import final_info


class LatentVector(VectorEnv):
    """``num_envs`` worlds whose observations are [z, h]: what V sees now, and what M remembers.

        z(t) = mean + exp(log_var / 2) × noise, of picture t        h(0) = 0, h(t + 1) = M(z(t), action(t), h(t))

    A world that ends starts anew in the same step (Gymnasium's SAME_STEP), and M forgets. Worlds of equal seeds have
    equal luck, the noise of V too: where the same is done, the same follows.

    Args:
        world_model: a `IM.world_models.dream.WorldModel`.
        num_envs: B.
        options: given to the worlds, such as ``render_mode``, and ``workers``, who step them.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30, "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, world_model, num_envs=1, **options):
        self.vae, self.mdn_rnn, self.num_envs = world_model.vae, world_model.mdn_rnn, num_envs
        self.worlds = make_worlds(self.vae.config, num_envs, **options)
        self.render_mode = options.get("render_mode")
        self.memory = self.mdn_rnn.initial(num_envs)  # (h, c), [B, H] each
        self.z = np.zeros((num_envs, self.vae.config.z_size), np.float32)
        self.single_observation_space = spaces.Box(-np.inf, np.inf, self._features()[0].shape, np.float32)
        self.single_action_space = self.worlds.action_space
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed=None, options=None):
        """Start every world anew. seed: None, an int (world i gets seed + i) or a list of one per world."""
        if seed is not None or not hasattr(self, "luck"):
            first = int(self.np_random.integers(2**31)) if seed is None else seed
            seed = [first + i for i in range(self.num_envs)] if np.ndim(first) == 0 else [int(one) for one in first]
            distinct, self.luck = np.unique(seed, return_inverse=True)  # which generator is that of a world
            self.noises = [np.random.default_rng([int(one), 5]) for one in distinct]
        self.worlds.reset(seed)
        self.memory = self.mdn_rnn.initial(self.num_envs)
        self.z = self._seen(self.worlds.obs)
        return self._features(), {}

    def step(self, actions):
        """Act in every world, [B] or [B, D]; gives [z, h] [B, Z + H], rewards, terminated, truncated [B], info."""
        self.memory = self.mdn_rnn.step(self.z, actions, self.memory)
        _, _, reward, next_obs, terminated, truncated = self.worlds.step(actions)
        ended, info = np.flatnonzero(terminated | truncated), {}
        z = self._seen(np.concatenate([self.worlds.obs, next_obs[ended]]), ended)
        self.z, last_z = z[: self.num_envs], z[self.num_envs :]
        if len(ended):
            last = np.concatenate([last_z, self.memory[0][ended]], axis=1)
            info = final_info(ended, last, self.num_envs)
            going_on = ~(terminated | truncated)[:, None]
            self.memory = tuple(part * going_on for part in self.memory)
        return self._features(), reward, terminated, truncated, info

    def _seen(self, pictures, more=()):
        """z of pictures [B + E, H, W, C]: those of all worlds, and of the worlds ``more`` [E] once more."""
        noise = np.stack([rng.standard_normal(self.z.shape[1], np.float32) for rng in self.noises])
        of = np.concatenate([self.luck, self.luck[more]]) if len(more) else self.luck
        return self.vae.sample(*self.vae.encode(pictures), noise[of])

    def _features(self):
        return np.concatenate([self.z, self.memory[0]], axis=1)

    def render(self):
        return self.worlds.envs.render()

    def close_extras(self, **options):
        self.worlds.close()
