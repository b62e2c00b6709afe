"""Many worlds stepped at once, and Gymnasium's automatic reset handled in one place.

`make_worlds` gives a `VectorWorld`. Its ``step`` returns a `Transition` whose ``next_obs`` is the true successor,
even where an episode ended; then the first observation of the next one stands in ``obs``, from where the agent acts
on. Pictures become gray, small and stacked; a stack never holds frames of two episodes. Actions of a Box are in
[-1, 1] for the agent, and stretched to what the world takes.
"""

import sys
from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

import environment  # noqa: F401, registers the worlds of the course
from worlds.frames import FrameStack, has_channels_first, is_picture
from worlds.making import ENDLESS, FAILURES, in_one_line
from worlds.processes import ProcessVector
from worlds.saving import is_plain, load_world, world_state
from worlds.vector_form import same_step_worlds


class Transition(NamedTuple):
    """One step of B worlds."""

    obs: np.ndarray  # [B, …] what the agent saw
    action: np.ndarray  # [B] int, or [B, D] float; outside [-1, 1] it acts as the border does
    reward: np.ndarray  # [B] float32
    next_obs: np.ndarray  # [B, …] what followed, never the start of another episode
    terminated: np.ndarray  # [B] bool; the world ended the episode: nothing follows
    truncated: np.ndarray  # [B] bool; the episode was cut off, as by a time limit: next_obs has a value


def make_worlds(config, num_envs=None, seed=None, **options):
    """The worlds of a configuration, a `framework.runs.config.WorldConfig`.

    Args:
        num_envs, seed: in place of the configuration's own.
        options: further arguments of `make_vector`; what the configuration says of them does not count then.
    """
    frames = {"frame_size": config.frame_size, "frame_stack": config.frame_stack, "workers": config.workers}
    num_envs, seed = (config.num_envs if num_envs is None else num_envs), (config.seed if seed is None else seed)
    return make_vector(config.env, num_envs, seed, **(frames | options))


def make_vector(env_id, num_envs, seed, frame_size=84, frame_stack=2, workers=0, **options):
    """``num_envs`` worlds, reset with seeds seed, seed + 1 …

    Args:
        env_id: any id of Gymnasium whose observations are a Box, "module:World-v0" too.
        frame_size: pictures (`worlds.frames.is_picture`) are resized to frame_size × frame_size, in gray.
        frame_stack: how many of them, the newest last, are an observation [frame_size, frame_size, frame_stack].
        workers: so many processes step the worlds, 0: this one does. What they do is the same for any number.
        options: given to the world, such as ``max_episode_steps``.

    Raises:
        ValueError: no such world, one whose observations or actions do not suit a network, or a number out of range.
    """
    for name, number, least in (
        ("num_envs", num_envs, 1),
        ("frame_size", frame_size, 1),
        ("frame_stack", frame_stack, 1),
        ("workers", workers, 0),
    ):
        if number < least:
            raise ValueError(f"{name} must be at least {least}; got {number}")
    if workers:
        envs = ProcessVector(env_id, num_envs, min(workers, num_envs), **options)
    else:
        envs = same_step_worlds(env_id, num_envs, **options)
    try:
        return VectorWorld(envs, seed, frame_size, frame_stack)
    except ValueError as error:
        raise ValueError(f"{env_id}: {error}") from None


LARGEST = 1e30  # of rewards and observations; their squares would overflow in a loss

_said_of = set()  # worlds of which it was said that an episode was cut off: once is enough


def _check_observations(space):
    if not isinstance(space, spaces.Box):
        raise ValueError(
            f"networks read observations that are a Box; the world has {space} (for tables of states see Day 3)"
        )
    if has_channels_first(space):
        raise ValueError(
            f"the world shows pictures with their channels first, {space.shape}; networks here read [H, W, C]: "
            "turn them round with gymnasium.wrappers.TransformObservation"
        )
    if not np.prod(space.shape):
        raise ValueError(f"the world shows nothing: its observations have the shape {space.shape}")


class VectorWorld:
    """B worlds behind one clock.

    Attributes:
        obs: [B, …] the observations to act on.
        observation_space, action_space: of a single world, as the agent sees it; a Box of actions is [-1, 1]
            and flat, [D].
        info: what the worlds told besides at the last step, as Gymnasium has it.
        total_steps: steps of all worlds together since the start.
        resumes_exactly: whether `load_state` restores these worlds to the bit; otherwise episodes start anew.

    Raises:
        ValueError: observations or actions that do not suit a network; later, a world that fails, or that gives an
            observation or a reward that is not finite.
    """

    def __init__(self, envs, seed, frame_size=84, frame_stack=2):
        if envs.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise ValueError("a world must start anew in the step in which it ends (AutoresetMode.SAME_STEP)")
        self.envs, self.num_envs = envs, envs.num_envs
        self._name = envs.spec.id if envs.spec else type(envs).__name__
        self.observation_space, self._stack = envs.single_observation_space, None
        _check_observations(self.observation_space)
        self._real = np.issubdtype(self.observation_space.dtype, np.floating)  # NaN can be among them
        if is_picture(self.observation_space):
            self._stack = FrameStack(frame_size, frame_stack)
            self.observation_space = self._stack.space
        self.action_space = self._range = envs.single_action_space
        if isinstance(self._range, spaces.Box):
            if not np.prod(self._range.shape):
                raise ValueError(
                    f"an action of the world is nothing: its Box of actions has the shape {self._range.shape}"
                )
            if not (self._range.is_bounded() and np.issubdtype(self._range.dtype, np.floating)):
                raise ValueError(f"a Box of actions must be of real numbers with bounds; the world has {self._range}")
            self.action_space = spaces.Box(-1, 1, (int(np.prod(self._range.shape)),), np.float32)
        elif not isinstance(self._range, spaces.Discrete):
            raise ValueError(f"agents here take Discrete actions or a Box of them; the world has {self._range}")
        elif self._range.start != 0:
            self.action_space = spaces.Discrete(self._range.n)
        self.total_steps = 0
        self.reset(seed)

    def reset(self, seed):
        """Start every world anew, world i with seed + i, or with seed[i] of a list; returns ``obs``."""
        self._finished = []
        return self._start(seed)

    def _start(self, seed):
        """Leave every episode where it is and start others; with None, without seeding anew."""
        try:
            first, self.info = self.envs.reset(seed=seed)
        except OSError:  # a worker process died
            raise
        except FAILURES as error:
            raise ValueError(f"{self._name} cannot be reset: {in_one_line(error)}") from error
        self._refuse_what_is_not_finite(np.zeros(1), first)
        self.obs = self._stack.start(first) if self._stack else first
        self._returns, self._lengths = np.zeros(self.num_envs), np.zeros(self.num_envs, np.int64)
        return self.obs

    def step(self, action):
        """Act in every world; returns a `Transition`.

        Args:
            action: [B] int, or for a Box [B, D] float; what lies outside [-1, 1] acts as if it lay on the border.
        """
        obs, taken = self.obs, self._stretched(action)
        try:
            seen, reward, terminated, truncated, self.info = self.envs.step(taken)
        except OSError:  # a worker process died
            raise
        except FAILURES as error:
            raise ValueError(f"{self._name} failed after {self.total_steps} steps: {in_one_line(error)}") from error
        ended = np.flatnonzero(terminated | truncated)
        last = self._last(ended) if len(ended) else None
        self._refuse_what_is_not_finite(reward, seen, last)
        if self._stack:
            next_obs, self.obs = self._stack.step(obs, seen, ended, last)
        else:
            next_obs = self.obs = seen
            if len(ended):
                next_obs = seen.copy()
                next_obs[ended] = last
        self._count(reward, ended)
        return Transition(obs, action, reward.astype(np.float32), next_obs, terminated, truncated)

    def _last(self, ended):
        """What was seen last of the episodes that ended, [E, …]."""
        shape, seen = self.envs.single_observation_space.shape, self.info["final_obs"][ended]
        for one in seen:
            if np.shape(one) != shape:
                raise ValueError(
                    f"{self._name} gave an observation of shape {np.shape(one)} at the end of an episode; "
                    f"its space says {shape}"
                )
        return np.stack(seen)

    def _refuse_what_is_not_finite(self, reward, *observations):
        """One NaN would spread through all weights, and nothing would ever be learnt again."""
        if not (np.abs(reward) < LARGEST).all():
            bad = reward[~(np.abs(reward) < LARGEST)][0]
            when = f"after {self.total_steps} steps"
            raise ValueError(f"{self._name} paid a reward of {bad} {when}; it must be finite, and below {LARGEST:g}")
        if self._real and not all((np.abs(obs) < LARGEST).all() for obs in observations if obs is not None):
            raise ValueError(f"{self._name} gave an observation with NaN or infinity after {self.total_steps} steps")

    def _stretched(self, action):
        """From [-1, 1] to the world's range; from 0, 1 … to its Discrete actions."""
        if self.action_space is self._range:
            return action
        if isinstance(self._range, spaces.Discrete):
            return action + self._range.start
        low, high = self._range.low, self._range.high
        return low + (np.clip(action, -1, 1).reshape(-1, *low.shape) + 1) / 2 * (high - low)

    def _count(self, reward, ended):
        self.total_steps += self.num_envs
        self._returns += reward
        self._lengths += 1
        if len(ended):
            self._say_if_cut(self._lengths[ended].max())
        self._finished += zip(self._returns[ended].tolist(), self._lengths[ended].tolist(), strict=True)
        self._returns[ended] = self._lengths[ended] = 0

    def _say_if_cut(self, length):
        spec = self.envs.spec
        if spec and spec.max_episode_steps == ENDLESS == length and spec.id not in _said_of:
            _said_of.add(spec.id)
            said = f"{spec.id} sets no limit to its episodes, so one was cut off after {ENDLESS:,} steps"
            print(f"{said} (max_episode_steps, where it is registered, sets one)", file=sys.stderr)

    def episodes(self, policy):
        """Play one whole episode in every world: a generator of (`Transition`, playing [B] bool).

        ``playing`` is true until a world's episode has ended. Worlds that are done early go on with another, which
        counts for nothing: were the quick ones taken twice, short episodes would count for more. All worlds start
        anew at the end; at the beginning, too, where one is in the midst of an episode.

        Args:
            policy: function of observations [B, …] to actions [B] or [B, D].
        """
        if self._lengths.any():
            self._start(None)
        before, playing = self.take_finished(), np.ones(self.num_envs, bool)
        first = [None] * self.num_envs  # the first episode of each world
        try:
            while playing.any():
                transition = self.step(policy(self.obs))
                ended = transition.terminated | transition.truncated
                for i, episode in zip(np.flatnonzero(ended), self.take_finished(), strict=True):
                    first[i] = first[i] or episode
                yield transition, playing
                playing = playing & ~ended
            self._start(None)
        finally:  # also where somebody stops in the midst of it
            self._finished = before + [episode for episode in first if episode]

    def take_finished(self):
        """(return, length) of each episode that has ended since the last call, undiscounted and unclipped."""
        finished, self._finished = self._finished, []
        return finished

    def frames(self):
        """What the agent sees of the first world, [H, W, F] uint8, or None where that is no picture."""
        return self.obs[0] if self._stack else None

    def close(self):
        self.envs.close()

    # What a checkpoint keeps

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
            "returns": self._returns,
            "lengths": self._lengths,
            "worlds": {str(i): world_state(env) for i, env in enumerate(self._single_worlds())},
        }

    def load_state(self, state):
        """Go on where `state` was taken; where the worlds cannot, their episodes start anew."""
        self.total_steps = state["total_steps"]
        if not self.resumes_exactly:
            return
        self.obs, self._returns, self._lengths = state["obs"], state["returns"], state["lengths"]
        self._finished = []
        for i, env in enumerate(self._single_worlds()):
            load_world(env, state["worlds"][str(i)])
