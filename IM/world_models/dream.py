"""The dream of World Models: M plays the world, and nothing real is asked any more (Ha & Schmidhuber 2018, Day 6).

`DreamVector` is a world like any other. Its observations are what a controller sees of a real one, too: what V makes
of a picture, z, and what M remembers, h. To step it is to draw the next z from M's mixtures:

    h(t+1) = LSTM(z(t), a(t), h(t))        z(t+1) ~ p(z | h(t+1)), at temperature τ

A high temperature makes the dream harder than reality. A low one makes it easy, and wrong: M then dreams of the one
future that it thinks most probable, and whoever learns there learns to win in that one.

`IM.world_models.insight` shows dreams, and `IM.world_models.controller` learns in them.
"""

from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from framework.agent import build_agent
from framework.runs.config import as_json, config_from
from framework.runs.files import load_arrays, save_arrays
from IM.world_models import mdn_rnn as m
from IM.world_models import vae as v
from worlds.vector_form import final_info

FORMAT = "nanoka world model 1"
SHIPPED = Path(__file__).parents[1] / "trained" / "windy_catcher.npz"
STARTS = 1_000  # of recorded games, at most, that a dream may begin like


class WorldModel:
    """V and M, and what a dream needs besides.

    Args:
        vae: V.
        mdn_rnn: M.
        starts: (mean [S, Z], log_var [S, Z]), what V made of the first pictures of recorded games.
        low, high: [Z], between which z has ever been; a dream does not leave that.
    """

    def __init__(self, vae, mdn_rnn, starts, low, high):
        self.vae, self.mdn_rnn, self.starts, self.low, self.high = vae, mdn_rnn, starts, low, high

    @classmethod
    def of(cls, vae, mdn_rnn, latents):
        """That of a V and an M, and of the `Latents` that M has learnt from."""
        spread = 2 * np.exp(latents.log_var / 2)  # nearly all that is drawn lies within
        low, high = (latents.mean - spread).min(axis=(0, 1)), (latents.mean + spread).max(axis=(0, 1))
        starts = latents.mean[latents.first][:STARTS], latents.log_var[latents.first][:STARTS]
        return cls(vae, mdn_rnn, starts, low, high)

    def save(self, path):
        """Write everything to one ``.npz`` file."""
        about = {"format": FORMAT, "vae": as_json(self.vae.config), "mdn_rnn": as_json(self.mdn_rnn.config)}
        weights = {
            name: {f"{i:04d}": array for i, array in enumerate(agent.weights())}
            for name, agent in (("vae", self.vae), ("mdn_rnn", self.mdn_rnn))
        }
        dream = {"mean": self.starts[0], "log_var": self.starts[1], "low": self.low, "high": self.high}
        save_arrays(path, {"about": about, "weights": weights, "dream": dream})

    @classmethod
    def load(cls, path):
        """The one that `save` wrote.

        Raises:
            ValueError: the file is damaged, or holds something else.
            OSError: there is no such file.
        """
        values = load_arrays(path)
        about = values.get("about")
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise ValueError(f"{path} holds no world model of Nanoka's")
        agents = []
        for name, agent_class, config_class in (("vae", v.VAE, v.Config), ("mdn_rnn", m.MDNRNN, m.Config)):
            weights = values["weights"][name]
            config = config_from(config_class, about[name])
            agents.append(build_agent(agent_class, config, [weights[i] for i in sorted(weights)]))
        dream = values["dream"]
        return cls(*agents, (dream["mean"], dream["log_var"]), dream["low"], dream["high"])


class DreamVector(VectorEnv):
    """``num_envs`` dreamt games, stepped at once. Observations are [z, h], float32 [B, Z + H].

    A game that ends starts anew in the same step (Gymnasium's SAME_STEP); its last observation is then in
    ``info["final_obs"]``. Games of equal seeds have equal luck, at each step: where the same is done, the same
    follows. The reward is the one expected; the end comes with the probability that M gives it.

    Args:
        world_model: a `WorldModel`.
        num_envs: B.
        temperature: τ.
        max_episode_steps: a game that lasts so long is truncated.

    Raises:
        ValueError: a number is out of range; later, actions that do not exist.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30, "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, world_model, num_envs=1, temperature=1.0, max_episode_steps=300, render_mode=None):
        for name, number, least in (("num_envs", num_envs, 1), ("max_episode_steps", max_episode_steps, 1)):
            if number < least:
                raise ValueError(f"{name} must be at least {least}; got {number}")
        if not 0 < temperature < np.inf:
            raise ValueError(f"temperature must be a number above 0; got {temperature}")
        self.world_model, self.num_envs, self.temperature = world_model, num_envs, temperature
        self.max_episode_steps, self.render_mode = max_episode_steps, render_mode
        config = world_model.mdn_rnn.config
        features = (config.z_size + world_model.mdn_rnn.initial(1)[0].shape[1],)
        self.single_observation_space = spaces.Box(-np.inf, np.inf, features, np.float32)
        self.single_action_space = (
            spaces.Discrete(config.actions) if config.discrete else spaces.Box(-1, 1, (config.actions,), np.float32)
        )
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        self.rngs = None
        self.steps = np.zeros(num_envs, np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every game anew. seed: None, an int (game i gets seed + i) or a list of one per game."""
        if seed is not None or self.rngs is None:
            seed = int(self.np_random.integers(2**31)) if seed is None else seed
            seeds = [seed + i for i in range(self.num_envs)] if np.ndim(seed) == 0 else seed
            if len(seeds) != self.num_envs:
                raise ValueError(f"there are {self.num_envs} games; got {len(seeds)} seeds")
            distinct, self.luck = np.unique(seeds, return_inverse=True)  # [B], which generator is that of a game
            self.rngs = [np.random.default_rng(int(one)) for one in distinct]
        self.z, self.state = self._starts(*self._noise()), self.world_model.mdn_rnn.initial(self.num_envs)
        self.steps[:] = 0
        return self._features(), {}

    def step(self, actions):
        """Act in every game, [B] or [B, D]; gives [z, h], rewards, terminated, truncated [B], and info."""
        actions, model = np.asarray(actions), self.world_model
        whole = actions.dtype.kind in "iu" or isinstance(self.single_action_space, spaces.Box)
        if not whole or not self.action_space.contains(actions.astype(self.action_space.dtype)):
            raise ValueError(f"actions must be {self.num_envs} of {self.single_action_space}; got {actions}")
        uniform, normal = self._noise()
        size = self.z.shape[1]
        z, self.state, reward, end = model.mdn_rnn.imagine(
            self.z, actions, self.state, self.temperature, uniform[:, :size], normal[:, :size]
        )
        self.z = np.clip(z, model.low, model.high)
        self.steps += 1
        terminated, truncated = uniform[:, size] < end, self.steps >= self.max_episode_steps
        ended, info = terminated | truncated, {}
        if ended.any():
            info = final_info(np.flatnonzero(ended), self._features()[ended], self.num_envs)
            self.z = np.where(ended[:, None], self._starts(uniform, normal), self.z)
            self.state = tuple(part * ~ended[:, None] for part in self.state)
            self.steps[ended] = 0
        return self._features(), reward, terminated, truncated, info

    def _noise(self):
        """Numbers from 0 to 1 [B, Z + 2], and standard normal ones [B, 2 Z]; a step takes some, a start others.

        They are drawn at each step, whether needed or not: what one game does changes no other's luck.
        """
        size = len(self.world_model.low)
        uniform = np.stack([rng.random(size + 2, np.float32) for rng in self.rngs])
        normal = np.stack([rng.standard_normal(2 * size, np.float32) for rng in self.rngs])
        return uniform[self.luck], normal[self.luck]

    def _starts(self, uniform, normal):
        """z [B, Z] of the first picture of a recorded game, drawn from V's distribution."""
        mean, log_var = self.world_model.starts
        game = (uniform[:, -1] * len(mean)).astype(np.int64)
        return mean[game] + np.exp(log_var[game] / 2) * normal[:, mean.shape[1] :]

    def _features(self):
        return np.concatenate([self.z, self.state[0]], axis=1)

    def frames(self):
        """The pictures [B, H, W, C] uint8 that V draws of what is dreamt."""
        return self.world_model.vae.decode(self.z)

    def render(self):
        return tuple(self.frames()) if self.render_mode == "rgb_array" else None

    # What a checkpoint keeps, see `worlds.saving`

    def is_plain(self):
        return True

    def world_state(self):
        generators = {str(i): rng.bit_generator.state for i, rng in enumerate(self.rngs)}
        state = {str(i): part for i, part in enumerate(self.state)}
        return {"z": self.z, "state": state, "steps": self.steps, "luck": self.luck, "generators": generators}

    def load_world(self, kept):
        self.z, self.steps, self.luck = kept["z"], kept["steps"].copy(), kept["luck"]
        self.state = tuple(kept["state"][str(i)] for i in range(len(kept["state"])))
        self.rngs = [np.random.default_rng() for _ in kept["generators"]]
        for i, rng in enumerate(self.rngs):
            rng.bit_generator.state = kept["generators"][str(i)]
