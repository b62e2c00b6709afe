"""CartPole, many at once: its dynamics, and a vector form that starts anew in the same step."""

import math

import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import AutoresetMode

from worlds.vector_form import final_info, seeded

GRAVITY, PUSH, SECONDS = 9.8, 10.0, 0.02  # m/s², newtons either way, and the length of a step
POLE_MASS, CART_MASS, HALF_POLE = 0.1, 1.0, 0.5  # kg, kg, m
MASS, POLE_MOMENT = POLE_MASS + CART_MASS, POLE_MASS * HALF_POLE
FARTHEST, STEEPEST = 2.4, 12 * 2 * math.pi / 360  # m, rad; beyond them an episode ends


def cart_pole_step(state, action, xp=np):
    """The dynamics of Gymnasium's CartPole-v1, over a batch of B worlds (Barto, Sutton & Anderson 1983).

    Its equations of motion are in Florian (2007), "Correct equations for the dynamics of the cart-pole system". Here
    they are stepped by Euler's method, in Gymnasium's order, so that NumPy gives the same bits.

    Args:
        state: [B, 4] float, columns cart x and speed, pole angle (0 is upright) and angular speed.
        action: [B] int, 0 push left, 1 push right.
        xp: numpy, or tensorflow.experimental.numpy for tensors, inside a graph too.

    Returns:
        next state [B, 4], reward [B] (always 1), terminated [B] bool.
    """
    x, speed, angle, spin = (state[..., column] for column in range(4))
    force = PUSH * (2.0 * xp.asarray(action, state.dtype) - 1.0)
    cos, sin = xp.cos(angle), xp.sin(angle)
    thrust = (force + POLE_MOMENT * xp.square(spin) * sin) / MASS
    spin_up = (GRAVITY * sin - cos * thrust) / (HALF_POLE * (4.0 / 3.0 - POLE_MASS * xp.square(cos) / MASS))
    speed_up = thrust - POLE_MOMENT * spin_up * cos / MASS
    x, speed = x + SECONDS * speed, speed + SECONDS * speed_up
    angle, spin = angle + SECONDS * spin, spin + SECONDS * spin_up
    terminated = (xp.abs(x) > FARTHEST) | (xp.abs(angle) > STEEPEST)
    return xp.stack([x, speed, angle, spin], axis=-1), xp.ones_like(x), terminated


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
        """Start every world anew. seed: None (with the generators they have), an int (world i gets seed + i), or a
        list of one per world."""
        self.rngs = seeded(self.rngs, seed)
        super().reset(seed=seed if np.ndim(seed) == 0 else seed[0], options=options)
        self._start(np.arange(self.num_envs))
        return self._obs(), {}

    def step(self, action):
        """Step every world; observations [B, 4], rewards [B], terminated [B], truncated [B], info."""
        if not self.action_space.contains(action):
            raise ValueError(f"actions must be {self.num_envs} numbers 0 or 1, one for each world; got {action}")
        next_state, reward, terminated = cart_pole_step(self.state.T, action)
        self.state = next_state.T  # Gymnasium's form has the worlds side by side, [4, B]
        if self._sutton_barto_reward:
            reward = -terminated.astype(float)
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        ended, info = np.flatnonzero(terminated | truncated), {}
        if len(ended):
            info = final_info(ended, self._obs()[ended], self.num_envs)
            self._start(ended)
        return self._obs(), reward, terminated, truncated, info

    def _start(self, worlds):
        for i in worlds:
            self.state[:, i] = self.rngs[i].uniform(self.low, self.high, 4)
        self.steps[worlds] = 0

    def _obs(self):
        return self.state.T.astype(np.float32)
