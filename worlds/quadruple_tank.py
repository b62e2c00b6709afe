"""Four tanks and two pumps: the quadruple-tank process (Johansson 2000, IEEE TCST 8(3)), the plant of Day 7.

Each pump feeds a lower tank and, through the same valve, the upper tank above the other lower one:

          tank 3      tank 4              A dh1/dt = -q1 + q3 + γ1 k1 v1          A dh3/dt = -q3 + (1 - γ2) k2 v2
            ↓           ↓                 A dh2/dt = -q2 + q4 + γ2 k2 v2          A dh4/dt = -q4 + (1 - γ1) k1 v1
          tank 1      tank 2
                                          q = a √(2 g h) is what a tank loses through its outlet
    pump 1: γ1 to tank 1, the rest to 4
    pump 2: γ2 to tank 2, the rest to 3

Where γ1 + γ2 > 1 most of the water takes the short way, and each pump rules its own lower tank ("P-", minimum phase).
Where γ1 + γ2 < 1 it comes late, from above, and the other pump rules more: a zero lies in the right half-plane, so
that a level that is to rise soon must first be let fall ("P+"). Sizes and settings are those of the paper.
"""

from typing import NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.tank_mimic import draw_tanks
from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

AREA = np.array([28.0, 32.0, 28.0, 32.0])  # cm², A of each tank
OUTLET = np.array([0.071, 0.057, 0.071, 0.057])  # cm², a
TWO_G = 2 * 981.0  # cm/s²
TALL, MOST_VOLTS, SLEW = 20.0, 10.0, 1.0  # cm, V, V in a step
PERIOD, SUBSTEPS = 10.0, 4  # seconds between two decisions, and Runge-Kutta steps in them
LEAST_LEVEL = np.array([10.0, 10.0, 0.0, 0.0])  # cm, the constraints
MOST_LEVEL = np.array([15.0, 15.0, 8.0, 8.0])
ASKED = 11.0, 14.5  # cm, the range of set-points
MOST_UPPER = 7.0  # cm; only pairs of set-points are asked for that keep the upper tanks below this at rest
CHANGES, LEAKS, LEAK_STEPS = (40, 80), (10, 90), 30  # steps, first and last, when those begin; and how long one leaks
NOISE = 0.05  # cm, the standard deviation of a measured level
MOST_INTEGRAL = 200.0  # cm s
LIMIT = 120  # steps of an episode
OFFSET = np.array([12.5, 12.5, 4.5, 4.5, 0, 0, 3, 3, 0, 0])  # an observation is (reading - OFFSET) / SCALE
SCALE = np.array([1.0, 1.0, 1.0, 1.0, 0.3, 0.3, 0.5, 0.5, 30, 30])


class Setting(NamedTuple):
    """Where the two valves stand, and the pumps at rest."""

    k: tuple[float, float]  # cm³/(V s), what a pump gives
    split: tuple[float, float]  # γ, the share of its water that goes to the lower tank
    volts: tuple[float, float]  # of the operating point
    levels: tuple[float, float, float, float]  # cm, there, as the paper rounds them


SETTINGS = {
    "P-": Setting((3.33, 3.35), (0.70, 0.60), (3.00, 3.00), (12.4, 12.7, 1.8, 1.4)),
    "P+": Setting((3.14, 3.29), (0.43, 0.34), (3.15, 3.15), (12.6, 13.0, 4.8, 4.9)),
}
SEEN, UNSEEN = {"wear": 0.1, "leak": 1.0}, {"wear": 0.2, "leak": 2.0}
WORLDS = {
    "QuadrupleTank-v0": {"setting": "P+", **SEEN},
    "QuadrupleTank/Unseen-v0": {"setting": "P+", **UNSEEN},
    "QuadrupleTank/MinimumPhase-v0": {"setting": "P-", **SEEN},
    "QuadrupleTank/MinimumPhaseUnseen-v0": {"setting": "P-", **UNSEEN},
}


class Readings(NamedTuple):
    """What an observation says, in the plant's own units."""

    level: np.ndarray  # [B, 4] cm, measured
    error: np.ndarray  # [B, 2] cm, set-point - measured level
    volts: np.ndarray  # [B, 2] V, of the pumps now
    integral: np.ndarray  # [B, 2] cm s, of the errors, within ±MOST_INTEGRAL


def readings(obs):
    """The `Readings` of observations [B, 10]."""
    return Readings(*np.split(np.asarray(obs, float) * SCALE + OFFSET, [4, 6, 8], axis=-1))


def tank_rates(levels, flow, leak, split, xp=np):
    """dh/dt [B, 4], cm/s.

    Args:
        levels: [B, 4] cm.
        flow: [B, 2] cm³/s, what each pump gives.
        leak: [B, 4] cm³/s, what each tank loses besides.
        split: [2], the share of a pump's flow that goes to the lower tank.
        xp: numpy, or tensorflow.experimental.numpy for tensors.
    """
    out = OUTLET * xp.sqrt(TWO_G * xp.maximum(levels, 0.0))
    direct, across = flow * split, flow * (1 - split)
    into = [direct[..., 0] + out[..., 2], direct[..., 1] + out[..., 3], across[..., 1], across[..., 0]]
    return (xp.stack(into, axis=-1) - out - leak) / AREA


def quadruple_tank_step(levels, flow, leak, split, xp=np):
    """The levels [B, 4] after `PERIOD` seconds, by Runge-Kutta of order four; arguments as in `tank_rates`.

    A tank cannot hold less than nothing, and what is above its edge flows over.
    """
    h = PERIOD / SUBSTEPS
    for _ in range(SUBSTEPS):
        one = tank_rates(levels, flow, leak, split, xp)
        two = tank_rates(levels + h / 2 * one, flow, leak, split, xp)
        three = tank_rates(levels + h / 2 * two, flow, leak, split, xp)
        four = tank_rates(levels + h * three, flow, leak, split, xp)
        levels = xp.clip(levels + h / 6 * (one + 2 * two + 2 * three + four), 0.0, TALL)
    return levels


def rest_at(setting, lower):
    """The state of rest in which the lower tanks stand at given levels; leaks apart.

    Args:
        setting: a `Setting`.
        lower: [..., 2] cm.

    Returns:
        volts [..., 2] of pumps as good as new, and all levels [..., 4]. Worn pumps need other volts for the same
        levels. Where a pump would have to suck, its volts are below 0.
    """
    one, two = setting.split
    out = OUTLET[:2] * np.sqrt(TWO_G * np.asarray(lower, float))
    flow = out @ np.linalg.inv([[one, 1 - two], [1 - one, two]]).T
    across = (flow * (1 - np.array(setting.split)))[..., ::-1]  # into tanks 3 and 4
    return flow / setting.k, np.concatenate([lower, (across / OUTLET[2:]) ** 2 / TWO_G], axis=-1)


def is_feasible(setting, lower):
    """[...] bool: whether set-points [..., 2] can be held with the upper tanks at most at `MOST_UPPER`."""
    volts, levels = rest_at(setting, lower)
    return ((volts >= 0) & (volts <= MOST_VOLTS) & (levels[..., 2:] <= MOST_UPPER)).all(axis=-1)


def excess(levels):
    """[B, 4] cm: by how much each level breaks its constraint; 0 where it does not."""
    return np.maximum(np.maximum(LEAST_LEVEL - levels, levels - MOST_LEVEL), 0.0)


OBSERVATIONS = spaces.Box(-np.inf, np.inf, (10,), np.float32)
ACTIONS = spaces.Box(-SLEW, SLEW, (2,), np.float32)


class Tanks:
    """What one plant and many have in common. Every attribute has a row for each of B plants.

    Attributes:
        levels: [B, 4] cm, the true ones.
        volts: [B, 2] V.
        set_points, next_set_points: [B, 2] cm, those of now and those from step ``change`` [B] on.
        k: [B, 2] cm³/(V s), of the pumps as worn as they are.
        leak_tank, leak_flow, leak_start: [B], of the episode's own leak; tanks are numbered from 0 here.
        opened: [B, 4] cm³/s, leaks opened by `open_leak`.
        seen: [B, 4] cm, the levels as measured last.
        integral: [B, 2] cm s.
        steps: [B] int, of the episode so far.
    """

    def _build(self, count, setting, wear, leak, violation_weight):
        if setting not in SETTINGS:
            raise ValueError(f"setting must be one of {', '.join(SETTINGS)}; got {setting!r}")
        for name, value, most in (
            ("wear", wear, 0.5),
            ("leak", leak, 5.0),
            ("violation_weight", violation_weight, 1e6),
        ):
            if not 0 <= value <= most:
                raise ValueError(f"{name} must be from 0 to {most:g}; got {value}")
        self.setting, self.wear, self.leak, self.violation_weight = setting, wear, leak, violation_weight
        self.levels, self.opened, self.seen = np.zeros((3, count, 4))
        self.volts, self.set_points, self.next_set_points, self.k, self.integral = np.zeros((5, count, 2))
        self.change, self.leak_tank, self.leak_start, self.steps = np.zeros((4, count), np.int64)
        self.leak_flow = np.zeros(count)

    def _begin(self, i, rng):
        """An episode of plant i: all that is drawn by lot but the noise of measurements."""
        setting = SETTINGS[self.setting]
        self.volts[i] = setting.volts
        self.levels[i] = _rest_of(setting)
        self.k[i] = setting.k * rng.uniform(1 - self.wear, 1 + self.wear, 2)
        self.set_points[i], self.next_set_points[i] = (_draw_set_points(setting, rng) for _ in range(2))
        self.change[i] = rng.integers(CHANGES[0], CHANGES[1] + 1)
        self.leak_tank[i], self.leak_flow[i] = rng.integers(2, 4), rng.uniform(0, self.leak)
        self.leak_start[i] = rng.integers(LEAKS[0], LEAKS[1] + 1)
        self.opened[i], self.integral[i], self.steps[i] = 0, 0, 0
        self._measure(i, rng)

    def _measure(self, i, rng):
        self.seen[i] = self.levels[i] + rng.normal(0, NOISE, 4)

    def leaks(self):
        """[B, 4] cm³/s: what each tank loses now besides what its outlet takes."""
        leak = self.opened.copy()
        leaking = (self.leak_start <= self.steps) & (self.steps < self.leak_start + LEAK_STEPS)
        leak[np.arange(len(leak)), self.leak_tank] += self.leak_flow * leaking
        return leak

    def _advance(self, action, rngs):
        """Ten seconds of every plant; rewards [B], and what an operator would note, {name: [B]}."""
        before = self.volts
        self.volts = np.clip(before + np.clip(action, -SLEW, SLEW), 0.0, MOST_VOLTS)
        flow, split = self.k * self.volts, np.array(SETTINGS[self.setting].split)
        self.levels = quadruple_tank_step(self.levels, flow, self.leaks(), split)
        error = np.abs(self.set_points - self.levels[:, :2]).sum(axis=1)
        beyond = excess(self.levels)
        violation = beyond.max(axis=1) > 0
        for i, rng in enumerate(rngs):
            self._measure(i, rng)
        integral = self.integral + PERIOD * (self.set_points - self.seen[:, :2])
        self.integral = np.clip(integral, -MOST_INTEGRAL, MOST_INTEGRAL)
        self.steps = self.steps + 1
        self.set_points = np.where((self.steps == self.change)[:, None], self.next_set_points, self.set_points)
        info = {
            "error": error,
            "violation": violation,
            "excess": PERIOD * beyond.sum(axis=1),
            "moved": np.abs(self.volts - before).sum(axis=1),
        }
        return -error / 5 - self.violation_weight * violation, info

    def _see(self):
        error = self.set_points - self.seen[:, :2]
        return ((np.concatenate([self.seen, error, self.volts, self.integral], 1) - OFFSET) / SCALE).astype(
            np.float32
        )

    def open_leak(self, tank, flow):
        """Let tank 1, 2, 3 or 4 of every plant lose ``flow`` cm³/s besides; 0 closes it, and so does a reset.

        Raises:
            ValueError: there is no such tank, or the flow is not from 0 to 5.
        """
        if tank not in (1, 2, 3, 4) or not 0 <= flow <= 5:
            raise ValueError(f"a leak is in tank 1 to 4 and loses 0 to 5 cm³/s; got tank {tank}, {flow} cm³/s")
        self.opened[:, tank - 1] = flow

    def ask_for(self, first, second):
        """Give every plant new set-points, cm; the change that the episode has in store is dropped.

        Raises:
            ValueError: they are outside what is asked for, or cannot be held with the upper tanks below `MOST_UPPER`.
        """
        pair = np.array([first, second], float)
        if not ((pair >= ASKED[0]) & (pair <= ASKED[1])).all() or not is_feasible(SETTINGS[self.setting], pair):
            raise ValueError(
                f"set-points must be from {ASKED[0]:g} to {ASKED[1]:g} cm, and such that the upper tanks can rest at "
                f"{MOST_UPPER:g} cm at most; got {first} and {second}"
            )
        self.set_points = np.tile(pair, (len(self.levels), 1))
        self.change[:] = -1

    def _picture(self, i=0):
        now = self.set_points[i], self.volts[i], self.leaks()[i], SETTINGS[self.setting].split
        return draw_tanks(self.levels[i], *now, LEAST_LEVEL, MOST_LEVEL, TALL, MOST_VOLTS)


def _rest_of(setting):
    """The levels [4] in which the operating point's volts keep pumps that are as good as new."""
    one, two = np.array(setting.k) * setting.volts
    split = setting.split
    into = [split[0] * one + (1 - split[1]) * two, split[1] * two + (1 - split[0]) * one]
    into += [(1 - split[1]) * two, (1 - split[0]) * one]
    return (np.array(into) / OUTLET) ** 2 / TWO_G


def _draw_set_points(setting, rng):
    """A feasible pair [2]."""
    while True:
        pair = rng.uniform(*ASKED, 2)
        if is_feasible(setting, pair):
            return pair


class QuadrupleTank(Tanks, Seen, gym.Env):
    """Keep the levels of the two lower tanks at their set-points, and all four within their constraints.

    ## Action Space
    ``Box(-1, 1, (2,))``: by how many volts each pump is turned up, in a step of 10 s. Pumps have 0 to 10 V.
    ## Observation Space
    [10] float32, scaled; `readings` gives them back in cm, V and cm s: the four levels, measured with noise of 0.05
    cm; set-point - level of both lower tanks; the volts of both pumps; the integral of both errors, within ±200 cm s.
    ## Rewards
    -(|e1| + |e2|) / 5 - violation_weight where any constraint is broken: 10 ≤ h1, h2 ≤ 15 cm, h3, h4 ≤ 8 cm.
    ## Episode End
    Never terminated. ``gymnasium.make`` truncates after 120 steps, 20 minutes.
    ## Info
    ``error`` |e1| + |e2| in cm, ``violation`` whether a constraint is broken, ``excess`` by how much, in cm s, and
    ``moved``, by how many volts the pumps were turned: all true, without noise, and apart from the reward.

    An episode starts at the operating point with other set-points, which change once more between steps 40 and 80;
    only pairs are asked for that can be held with the upper tanks at 7 cm or less. Each pump gives some percent more
    or less than it should, and one of the upper tanks leaks for 30 steps.

    Args:
        setting: of the valves, "P-" or "P+".
        wear: by what share a pump may give more or less.
        leak: cm³/s, the strongest leak.
        violation_weight: what a step in violation costs.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 10}
    observation_space, action_space = OBSERVATIONS, ACTIONS

    def __init__(self, setting="P+", wear=0.1, leak=1.0, violation_weight=1.0, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self._build(1, setting, wear, leak, violation_weight)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._begin(0, self.np_random)
        if self.render_mode == "human":
            self.render()
        return self._see()[0], {}

    def step(self, action):
        """Turn the pumps and wait ten seconds; see the class for what comes back."""
        if np.shape(action) != (2,) or not np.isfinite(action).all():
            raise ValueError(f"an action must be 2 finite numbers, the volts to add to each pump; got {action}")
        reward, info = self._advance(np.asarray(action, float)[None], [self.np_random])
        if self.render_mode == "human":
            self.render()
        return self._see()[0], float(reward[0]), False, False, {name: value[0].item() for name, value in info.items()}


class QuadrupleTankVector(Tanks, VectorEnv):
    """``num_envs`` plants stepped at once; plant i of ``reset(seed=n)`` equals one that was reset with n + i.

    A plant whose episode is over begins another in the same step (Gymnasium's SAME_STEP). ``info`` is of the step
    that was made.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10, "autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space = OBSERVATIONS, ACTIONS

    def __init__(
        self, num_envs=1, setting="P+", wear=0.1, leak=1.0, violation_weight=1.0, max_episode_steps=LIMIT,
        render_mode=None,
    ):  # fmt: skip
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.max_episode_steps, self.render_mode = num_envs, max_episode_steps, render_mode
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)
        self.action_space = gym.vector.utils.batch_space(ACTIONS, num_envs)
        self.rngs = [None] * num_envs
        self._build(num_envs, setting, wear, leak, violation_weight)

    def reset(self, *, seed=None, options=None):
        """Start every plant anew. seed: None, an int (plant i gets seed + i) or a list of one per plant."""
        self.rngs = seeded(self.rngs, seed, "plants")
        for i, rng in enumerate(self.rngs):
            self._begin(i, rng)
        return self._see(), {}

    def step(self, actions):
        """Step every plant with actions [B, 2]; observations, rewards [B], terminated [B], truncated [B], info."""
        actions = np.asarray(actions, float)
        if actions.shape != (self.num_envs, 2) or not np.isfinite(actions).all():
            raise ValueError(f"actions must be [{self.num_envs}, 2] finite numbers of volts; got {actions}")
        reward, info = self._advance(actions, self.rngs)
        truncated = self.steps >= self.max_episode_steps
        ended = np.flatnonzero(truncated)
        if len(ended):
            info |= final_info(ended, self._see()[ended], self.num_envs)
            for i in ended:
                self._begin(i, self.rngs[i])
        return self._see(), reward, np.zeros(self.num_envs, bool), truncated, info

    def render(self):
        return tuple(self._picture(i) for i in range(self.num_envs)) if self.render_mode == "rgb_array" else None
