"""A CartPole whose episodes all last equally long, and whose true reward has a taste: the cart should stand at x = 1.

In CartPole itself an episode ends when the pole falls, so that any positive constant, paid at every step, is as good
as the true reward, and a learner shows nothing by balancing. Here a pole that has fallen lies, and time goes on.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

from worlds.cart_pole import FARTHEST, STEEPEST, CartPoleVector, cart_pole_step
from worlds.vector_form import final_info

FAVOURITE = 1.0  # m, where the cart should stand
START = 1.5  # m, how far from the middle the cart may be at first
LYING = np.pi / 2  # rad, the angle of a pole that lies on the track, on either side
HIGHEST = np.array([FARTHEST, np.inf, LYING, np.inf], np.float32)
OBSERVATIONS = spaces.Box(-HIGHEST, HIGHEST)


def lasting_cart_pole_step(state, action, xp=np):
    """CartPole's dynamics on a track with two buffers, where a pole that has fallen lies and stays down.

    The cart comes to rest at a buffer, of which the pole feels nothing. A lying pole needs no memory: gravity presses
    it down whatever the cart does.

    Args:
        state: [B, 4] float, columns cart x and speed, pole angle (0 is upright) and angular speed.
        action: [B] int, 0 push left, 1 push right.
        xp: as in `cart_pole_step`.

    Returns:
        next state [B, 4], reward [B]: max(0, 1 - |x - 1|) where the pole is within 12° of upright, else 0.
    """
    moved, _, _ = cart_pole_step(state, action, xp)
    x, speed, angle, spin = (moved[..., column] for column in range(4))
    stopped, lies = (xp.abs(x) >= FARTHEST) & (x * speed > 0), xp.abs(angle) >= LYING
    x, speed = xp.clip(x, -FARTHEST, FARTHEST), xp.where(stopped, xp.zeros_like(speed), speed)
    angle, spin = xp.clip(angle, -LYING, LYING), xp.where(lies, xp.zeros_like(spin), spin)
    taste = xp.maximum(1 - xp.abs(x - FAVOURITE), xp.zeros_like(x))
    reward = xp.where(xp.abs(angle) <= STEEPEST, taste, xp.zeros_like(x))
    return xp.stack([x, speed, angle, spin], axis=-1), reward


def cart_pole_expert(obs):
    """Actions [B] of one who stands at x = 1: to the right where the weighted errors of obs [B, 4] are above 0.

    The weights are those of a linear-quadratic regulator of the dynamics near there.
    """
    return (4.0 * (obs[:, 0] - FAVOURITE) + obs[:, 1:] @ np.array([5.3, 43.0, 11.0]) > 0).astype(np.int64)


def _start(rng):
    """A state [4] to start from: somewhere on the track, all but at rest, and the pole all but upright."""
    state = rng.uniform(-0.05, 0.05, 4)
    state[0] = rng.uniform(-START, START)
    return state


class LastingCartPole(CartPoleEnv):
    """One of them.

    ## Action Space
    ``Discrete(2)``: 0 push left, 1 push right, by 10 newtons.
    ## Observation Space
    ``Box(4)``: x and speed of the cart, angle and angular speed of the pole, in m, rad and s.
    ## Rewards
    max(0, 1 - |x - 1|) while the pole is within 12° of upright, else 0: at most 1 a step, at x = 1.
    ## Episode End
    Never terminated; truncated after 500 steps. A fallen pole lies, and the cart stops at x = ±2.4.
    """

    def __init__(self, render_mode=None):
        super().__init__(render_mode=render_mode)
        self.observation_space = OBSERVATIONS

    def reset(self, *, seed=None, options=None):
        gym.Env.reset(self, seed=seed)  # CartPole's own would draw numbers first
        self.state = _start(self.np_random)
        return self.state.astype(np.float32), {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"action {action} does not exist; actions are 0 push left and 1 push right")
        self.state, reward = lasting_cart_pole_step(self.state, np.asarray(action))
        if self.render_mode == "human":
            self.render()
        return self.state.astype(np.float32), float(reward), False, False, {}


class LastingCartPoleVector(CartPoleVector):
    """``num_envs`` of them stepped at once; world i of ``reset(seed=n)`` equals one reset with seed n + i."""

    def __init__(self, num_envs=1, **options):
        super().__init__(num_envs, **options)
        self.single_observation_space = OBSERVATIONS
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)

    def step(self, action):
        """Step every world; observations [B, 4], rewards [B], terminated [B] (never), truncated [B], info."""
        if not self.action_space.contains(action):
            raise ValueError(f"actions must be {self.num_envs} numbers 0 or 1, one for each world; got {action}")
        next_state, reward = lasting_cart_pole_step(self.state.T, action)
        self.state = next_state.T
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        ended, info = np.flatnonzero(truncated), {}
        if len(ended):
            info = final_info(ended, self._obs()[ended], self.num_envs)
            self._start(ended)
        return self._obs(), reward, np.zeros(self.num_envs, bool), truncated, info

    def _start(self, worlds):
        for i in worlds:
            self.state[:, i] = _start(self.rngs[i])
        self.steps[worlds] = 0
