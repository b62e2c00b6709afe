"""The safety layer between a policy and the pumps of the quadruple tank (after Dalal et al. 2018), Day 7."""

import numpy as np

from worlds.quadruple_tank import LEAST_LEVEL, MOST_LEVEL, MOST_VOLTS, SLEW, quadruple_tank_step, readings

MIDDLE, SPAN = 3.0, 3.0  # V: an action -1 … 1 asks for 0 … 6 V, which is more than any rest takes


def safe_volts(obs, wanted, setting, margin):
    """The safety layer: the volts nearest to ``wanted`` that keep all levels by ``margin`` within their constraints.

    The levels 10 s ahead are nearly linear in the volts v of pumps as good as new: h(v) = h(v now) + g (v - v now).
    Each pump is bounded by the upper tank that it feeds, and by the lower one that it feeds directly. Where bounds
    contradict each other the upper tank's counts.

    Args:
        obs: [B, 10].
        wanted: [B, 2] V.
        setting: a `worlds.quadruple_tank.Setting`.
        margin: cm.

    Returns:
        volts [B, 2] that can be executed: within 1 V of those now and 0 to 10 V.
    """
    now, k, split = readings(obs), np.array(setting.k), np.array(setting.split)
    ahead, more = (quadruple_tank_step(now.level, k * (now.volts + extra), 0.0, split) for extra in (0.0, 1.0))
    slope = np.maximum(more - ahead, 1e-6)  # cm per volt, [B, 4]; none where a tank flows over
    most = (MOST_LEVEL - margin - ahead) / slope + now.volts[:, [0, 1, 1, 0]]  # of pump 1, 2, 2, 1: the volts that
    least = (LEAST_LEVEL + margin - ahead)[:, :2] / slope[:, :2] + now.volts  # bring a level just there
    volts = np.maximum(np.minimum(wanted, most[:, :2]), least)
    return within_reach(now.volts, np.minimum(volts, most[:, [3, 2]]))


def within_reach(volts, wanted):
    """The volts nearest to ``wanted`` [B, 2] that pumps at ``volts`` [B, 2] can be turned to in a step."""
    return np.clip(np.clip(wanted, volts - SLEW, volts + SLEW), 0, MOST_VOLTS)
