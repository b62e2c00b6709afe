"""Day 7: a shift at the quadruple tank. A person turns the pumps of one plant, and controllers those of its twins.

All plants have the same wear, noise, set-points and leaks; what a person asks for or opens happens in all of them. So
what differs is who turns the pumps. `lab.pacing.PacedJob` runs a `Shift`; nothing here knows of sockets.
"""

import time
from pathlib import Path

import numpy as np

from AP.pi_control import controller
from AP.plant_safety import MIDDLE, SPAN, safe_volts
from framework.runs.files import load_arrays
from lab.jobs import SLICE_SECONDS
from lab.pacing import PacedJob
from worlds.quadruple_tank import (
    LEAST_LEVEL,
    LIMIT,
    MOST_LEVEL,
    MOST_VOLTS,
    SETTINGS,
    TALL,
    WORLDS,
    QuadrupleTankVector,
    readings,
)

AGENT = Path(__file__).parents[1] / "AP" / "trained" / "plant.npz"
MARGIN = 0.3  # cm, of the safety layer, as in AP/plant.py
PERSON = "person"
CONTROLLERS = {  # {valves: {name on the page: name in `AP.pi_control.KINDS`}}
    "P+": {"pi": "PI", "wrong": "PI, wrong pairs", "linear": "linear"},
    "P-": {"pi": "PI in P-"},
}


class SACPolicy:
    """The agent that AP/plant.py trained, behind its safety layer, in numpy: no page shall wait for TensorFlow.

    Args:
        path: an agent.npz of that page.
    """

    def __init__(self, path=AGENT):
        weights = load_arrays(path)["weights"]  # of two hidden layers, of log σ, and of μ
        *self.hidden, self.mean = [(weights[f"{i:04d}"], weights[f"{i + 1:04d}"]) for i in (0, 2, 6)]

    def asks_for(self, obs):
        """Volts [B, 2] that the policy asks for in observations [B, 10]: tanh μ, scaled."""
        x = obs
        for kernel, bias in self.hidden:
            x = np.maximum(x @ kernel + bias, 0)
        kernel, bias = self.mean
        return MIDDLE + SPAN * np.tanh(x @ kernel + bias)

    def player(self):
        """A function obs [B, 10] -> volts to add [B, 2]."""
        setting = SETTINGS["P+"]
        return lambda obs: safe_volts(obs, self.asks_for(obs), setting, MARGIN) - readings(obs).volts


def controllers(setting):
    """{name: what has a ``player()``} for the valves of a setting; SAC has learnt "P+" alone."""
    found = {name: controller(kind) for name, kind in CONTROLLERS[setting].items()}
    if setting == "P+" and AGENT.exists():
        found["sac"] = SACPolicy()
    return found


class Shift:
    """Twenty minutes at the plant, 120 steps; then another.

    Args:
        request: a `lab.protocol.tank.TankRequest`.

    Attributes:
        operators: names, "person" first; plant i is that of operator i.
        wanted: [2] V, to where the person turns the pumps, by 1 V a step at most.
        rows: of each step of this shift so far what a page draws; see `row`.
    """

    def __init__(self, request):
        options = WORLDS[request.world]
        self.controllers = controllers(options["setting"])
        self.operators = [PERSON, *self.controllers]
        self.envs = QuadrupleTankVector(len(self.operators), **options, max_episode_steps=LIMIT + 1)
        self.world, self.steps = request.world, 0
        self.begin(request.seed)

    def begin(self, seed):
        """Another shift, of all plants."""
        self.seed = seed
        self.obs, _ = self.envs.reset(seed=[seed] * len(self.operators))
        self.players = [each.player() for each in self.controllers.values()]
        self.wanted = self.envs.volts[0].copy()
        self.sums = np.zeros((3, len(self.operators)))  # of error, violation and excess
        self.rows, self.told = [self.row()], 0
        self.fresh = True  # something has changed that no frame has told of

    @property
    def step_of_shift(self):
        return int(self.envs.steps[0])

    @property
    def finished(self):
        return self.step_of_shift >= LIMIT

    def started(self):
        return {
            "type": "shift",
            "operators": self.operators,
            "world": self.world,
            "split": list(SETTINGS[self.envs.setting].split),
            "least": LEAST_LEVEL.tolist(),
            "most": MOST_LEVEL.tolist(),
            "tall": TALL,
            "volts": MOST_VOLTS,
            "limit": LIMIT,
        }

    def receive(self, kind, value):
        """Do what the person asks: "pumps" (volts [2] to turn to), "leak" (tank, flow), "ask" (set-points), "again"
        (a seed)."""
        self.fresh = True
        if kind == "pumps":
            self.wanted = np.array(value)
        elif kind == "leak":
            self.envs.open_leak(*value)
        elif kind == "ask":
            self.envs.ask_for(*value)
        else:
            self.begin(value)

    def advance(self, most):
        """Up to ``most`` steps, within a slice's time and this shift; returns how many, or ``most`` at its end."""
        until = time.perf_counter() + SLICE_SECONDS
        for done in range(most):
            if self.finished:
                return most
            if done and time.perf_counter() > until:
                return done
            self.step()
        return most

    def step(self):
        """Ten seconds of every plant."""
        mine = self.wanted - self.envs.volts[0]
        theirs = [player(self.obs[i : i + 1])[0] for i, player in enumerate(self.players, 1)]
        self.obs, *_, info = self.envs.step(np.array([mine, *theirs]))
        self.sums += [info["error"], info["violation"], info["excess"]]
        self.rows.append(self.row())
        self.steps += 1
        self.fresh = True

    def row(self):
        """[step, 2 set-points, 4 leaks, then of each plant 4 levels and 2 volts], in cm, cm³/s and V."""
        plants = np.concatenate([self.envs.levels, self.envs.volts], axis=1)
        shared = [*self.envs.set_points[0], *self.envs.leaks()[0]]
        return [self.step_of_shift, *np.round([*shared, *plants.ravel()], 3).tolist()]

    def frame(self, full):
        """The rows that no frame has told of, and how things stand; with ``full`` all rows."""
        if not (full or self.fresh):
            return None
        first, self.fresh = 0 if full else self.told, False
        self.told = len(self.rows)
        error, violation, _ = self.sums / max(1, self.step_of_shift)
        scores = zip(error.tolist(), violation.tolist(), self.sums[2].tolist(), strict=True)
        return {
            "type": "plant",
            "seed": self.seed,
            "first": first,
            "rows": self.rows[first:],
            "set_points": np.round(self.envs.set_points[0], 3).tolist(),
            "leaks": np.round(self.envs.leaks()[0], 3).tolist(),
            "opened": self.envs.opened[0].tolist(),
            "wanted": self.wanted.tolist(),
            "scores": [
                {"error": round(error, 4), "violation": round(violation, 4), "excess": round(excess, 1)}
                for error, violation, excess in scores
            ],
            "over": self.finished,
        }


class TankJob(PacedJob):
    """It pauses when a shift is over, unless another one has been asked for."""

    def limit(self, lesson):
        if lesson.finished and "again" not in [kind for kind, _ in self.asked]:
            return "finished"
        return super().limit(lesson)
