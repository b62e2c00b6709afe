"""Atari's games (Bellemare et al. 2013) as ALE steps many of them at once. Needs the extra ``atari``.

What an agent sees is what Mnih et al. (2015) showed theirs: an action holds for four frames, of the last two each
pixel is the brighter one, and the picture is gray, 84 pixels a side. Four of them, the newest last, are an
observation [84, 84, 4]. Games start with up to 30 frames of waiting. Rewards are the game's own points, and losing a
life does not end an episode. The games themselves come with the extra.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.window import Seen, check_render_mode

GAMES = {  # Gymnasium's id: ALE's own name
    f"Atari/{name.title().replace('_', '')}-v0": name
    for name in ("beam_rider", "boxing", "breakout", "freeway", "pong", "qbert", "seaquest", "space_invaders")
}
SIZE, STACK = 84, 4
MOST_STEPS = 27_000  # of an episode, 30 minutes


def _games(name, count, max_episode_steps):
    """ALE's own vector form. Its results have the four pictures first."""
    try:
        from ale_py.vector_env import AtariVectorEnv
    except ModuleNotFoundError:
        raise ImportError('Atari is not installed: python -m pip install -e ".[atari]"') from None
    return AtariVectorEnv(
        name, count, num_threads=min(2, count), autoreset_mode=AutoresetMode.SAME_STEP, reward_clipping=False,
        img_height=SIZE, img_width=SIZE, stack_num=STACK, max_num_frames_per_episode=4 * max_episode_steps,
    )  # fmt: skip


class AtariVector(VectorEnv):
    """``num_envs`` games, stepped by ALE's own threads; game i of ``reset(seed=n)`` starts from seed n + i.

    Args:
        game: ALE's name of it, such as "pong".
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 15, "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, game, num_envs=1, max_episode_steps=MOST_STEPS, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.games = _games(game, num_envs, max_episode_steps)
        self.num_envs, self.render_mode = num_envs, render_mode
        self.single_observation_space = spaces.Box(0, 255, (SIZE, SIZE, STACK), np.uint8)
        self.single_action_space = self.games.single_action_space
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed=None, options=None):
        """Start every game anew. seed: None, an int (game i gets seed + i) or a list of one per game."""
        seeds = seed if seed is None or np.ndim(seed) == 0 else np.asarray(seed)
        obs, _ = self.games.reset(seed=seeds)
        self._obs = _channels_last(obs)
        return self._obs, {}

    def step(self, actions):
        """Step every game; observations [B, 84, 84, 4], rewards [B], terminated [B], truncated [B], info."""
        obs, reward, terminated, truncated, info = self.games.step(np.asarray(actions, np.int64))
        self._obs, ended = _channels_last(obs), terminated | truncated
        told = {"final_obs": _channels_last(info["final_obs"])} if ended.any() else {}
        return self._obs, reward, terminated, truncated, told

    def render(self):
        """What each game's agent sees last, in gray, [84, 84, 3] uint8."""
        return tuple(obs[..., -1:].repeat(3, axis=-1) for obs in self._obs) if self.render_mode else None

    def close_extras(self, **_):
        self.games.close()

    def is_plain(self):
        """No: what ALE's vector form keeps cannot be had of it. `worlds.saving` asks."""
        return False


class Atari(Seen, gym.Env):
    """One game of `AtariVector`.

    ## Action Space
    ``Discrete``: only those actions that do something in this game; in Pong 2 and 4 move up, 3 and 5 down.
    ## Observation Space
    ``Box`` [84, 84, 4] uint8.
    ## Rewards
    The game's points.
    ## Episode End
    Terminated when the game is over, truncated after 27,000 steps.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 15}

    def __init__(self, game, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.one, self.render_mode = AtariVector(game, 1, render_mode="rgb_array"), render_mode
        self.observation_space, self.action_space = self.one.single_observation_space, self.one.single_action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        obs, _ = self.one.reset(seed=seed)
        return self._shown(obs), {}

    def step(self, action):
        obs, reward, terminated, truncated, info = self.one.step([action])
        last = info["final_obs"] if terminated[0] or truncated[0] else obs
        return self._shown(last), float(reward[0]), bool(terminated[0]), bool(truncated[0]), {}

    def _shown(self, obs):
        if self.render_mode == "human":
            self.render()
        return obs[0]

    def _picture(self):
        return self.one.render()[0]

    def is_plain(self):
        return False

    def close(self):
        self.one.close()
        super().close()


def _channels_last(pictures):
    """[B, 4, 84, 84] as [B, 84, 84, 4]."""
    return np.ascontiguousarray(np.moveaxis(pictures, 1, -1))
