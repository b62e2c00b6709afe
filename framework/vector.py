"""Many worlds stepped at once, and Gymnasium's automatic reset handled in one place.

`make_vector` gives a `VectorWorld`. Its ``step`` returns a `Transition` whose ``next_obs`` is the true successor,
even where an episode ended; then the first observation of the next one stands in ``obs``, from where the agent acts
on. Pictures become gray, small and stacked; a stack never holds frames of two episodes.
"""

from dataclasses import dataclass, replace

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

import environment  # noqa: F401, registers the worlds of the course
from worlds.frames import gray_frames, is_picture
from worlds.saving import is_plain, load_world, world_state


@dataclass(frozen=True, eq=False)
class Transition:
    """One step of B worlds.

    Attributes:
        obs: [B, …] what the agent saw.
        action: [B] int or [B, A] float.
        reward: [B] float32.
        next_obs: [B, …] what followed, never the start of another episode.
        terminated: [B] bool; the episode ended in its world, nothing follows.
        truncated: [B] bool; it was cut off, ``next_obs`` has a value.
    """

    obs: np.ndarray
    action: np.ndarray
    reward: np.ndarray
    next_obs: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray


def make_vector(env_id, num_envs, seed, frame_size=84, frame_stack=2, **options):
    """``num_envs`` worlds, reset with seeds seed, seed + 1 …

    Args:
        env_id: any id of Gymnasium whose observations are a Box.
        frame_size: pictures [H, W, 3] uint8 are resized to frame_size × frame_size, in gray.
        frame_stack: how many of them, the newest last, are an observation [frame_size, frame_size, frame_stack].
        options: given to the world, such as ``max_episode_steps``.

    Raises:
        ValueError: no such world, one whose observations are not a Box, or a number below 1.
    """
    for name, number in (("num_envs", num_envs), ("frame_size", frame_size), ("frame_stack", frame_stack)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1; got {number}")
    try:
        spec = gym.spec(env_id)
        form = SAME_STEP_FORMS.get(spec.vector_entry_point, spec.vector_entry_point)
        if _resets_in_the_same_step(form):
            spec = replace(spec, vector_entry_point=form)
            envs = gym.make_vec(spec, num_envs, vectorization_mode="vector_entry_point", **options)
        else:
            same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
            envs = gym.make_vec(env_id, num_envs, vectorization_mode="sync", vector_kwargs=same_step, **options)
    except (gym.error.Error, ImportError) as error:
        raise ValueError(f"the world {env_id!r} cannot be made: {error}") from None
    if not isinstance(envs.single_observation_space, spaces.Box):
        raise ValueError(
            f"networks read observations that are a Box; {env_id} has {envs.single_observation_space}"
            " (for tables of states see Day 3)"
        )
    return VectorWorld(envs, seed, frame_size, frame_stack)


# Vector forms that reset in the next step, and ours in their place.
SAME_STEP_FORMS = {
    "gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv": "worlds.cart_pole:CartPoleVector",
}


def _resets_in_the_same_step(form):
    """Whether a world's own vector form (a class, its name, or None) resets as the adapter needs it."""
    if isinstance(form, str):
        form = gym.envs.registration.load_env_creator(form)
    return getattr(form, "metadata", {}).get("autoreset_mode") == AutoresetMode.SAME_STEP


class VectorWorld:
    """B worlds behind one clock.

    Attributes:
        obs: [B, …] the observations to act on.
        observation_space, action_space: of a single world, as the agent sees it.
        total_steps: steps of all worlds together since the start.
        finished: (return, length) of each episode that ended since the list was last emptied.
        resumes_exactly: whether `load_state` restores these worlds to the bit; otherwise episodes start anew.
    """

    def __init__(self, envs, seed, frame_size=84, frame_stack=2):
        self.envs, self.num_envs = envs, envs.num_envs
        self.action_space = envs.single_action_space
        self.pictures = is_picture(envs.single_observation_space)
        if self.pictures:
            self.frame_size, self.frame_stack = frame_size, frame_stack
            self.observation_space = spaces.Box(0, 255, (frame_size, frame_size, frame_stack), np.uint8)
        else:
            self.observation_space = envs.single_observation_space
        self.total_steps = 0
        self.reset(seed)

    def reset(self, seed):
        """Start every world anew, world i with seed + i; returns ``obs``."""
        self.finished = []
        return self._start(seed)

    def restart(self):
        """Leave every episode where it is and start others, without seeding anew; returns ``obs``."""
        return self._start(None)

    def _start(self, seed):
        first, _ = self.envs.reset(seed=seed)
        self.obs = self._first_stack(first) if self.pictures else first
        self.returns, self.lengths = np.zeros(self.num_envs), np.zeros(self.num_envs, np.int64)
        return self.obs

    def step(self, action):
        """Act in every world; returns a `Transition`."""
        obs = self.obs
        seen, reward, terminated, truncated, info = self.envs.step(action)
        ended = np.flatnonzero(terminated | truncated)
        if self.pictures:
            frames = gray_frames(seen, self.frame_size)[..., None]
            next_obs = np.concatenate([obs[..., 1:], frames], axis=-1)
            self.obs = next_obs
            if len(ended):
                next_obs = next_obs.copy()
                last = gray_frames(np.stack(info["final_obs"][ended]), self.frame_size)
                next_obs[ended, ..., -1] = last
                self.obs[ended] = frames[ended]  # a new episode: its first frame fills the stack
        else:
            next_obs = self.obs = seen
            if len(ended):
                next_obs = seen.copy()
                next_obs[ended] = np.stack(info["final_obs"][ended])
        self._count(reward, ended)
        return Transition(obs, action, reward.astype(np.float32), next_obs, terminated, truncated)

    def _count(self, reward, ended):
        self.total_steps += self.num_envs
        self.returns += reward
        self.lengths += 1
        self.finished += zip(self.returns[ended].tolist(), self.lengths[ended].tolist(), strict=True)
        self.returns[ended] = self.lengths[ended] = 0

    def _first_stack(self, pictures):
        return gray_frames(pictures, self.frame_size)[..., None].repeat(self.frame_stack, axis=-1)

    def close(self):
        self.envs.close()

    # What a checkpoint keeps. Gymnasium has no such thing, so it is read from the worlds' own attributes.

    @property
    def resumes_exactly(self):
        return all(is_plain(env) for env in self._single_worlds())

    def _single_worlds(self):
        return getattr(self.envs.unwrapped, "envs", [self.envs.unwrapped])

    def state(self):
        """Everything that `load_state` needs, as arrays and plain numbers."""
        return {
            "total_steps": self.total_steps,
            "obs": self.obs,
            "returns": self.returns,
            "lengths": self.lengths,
            "worlds": {str(i): world_state(env) for i, env in enumerate(self._single_worlds())},
        }

    def load_state(self, state):
        """Go on where `state` was taken; where the worlds cannot, their episodes start anew."""
        self.total_steps = state["total_steps"]
        if not self.resumes_exactly:
            return
        self.obs, self.returns, self.lengths = state["obs"], state["returns"], state["lengths"]
        self.finished = []
        for i, env in enumerate(self._single_worlds()):
            load_world(env, state["worlds"][str(i)])
