"""Pages of Day 7 through their own command lines, runs that are stopped, and a world that shows the best action."""

import contextlib
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

PAGES = Path(__file__).parents[2] / "AP"


@pytest.fixture
def run_page(tmp_path, monkeypatch, capsys):
    """(name, *flags) -> (printed, errors) of a page in this process and an empty folder."""

    def run_page(name, *flags):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [f"AP/{name}.py", *flags])
        with contextlib.suppress(SystemExit):
            runpy.run_path(str(PAGES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr()

    return run_page


@pytest.fixture
def ends_alike(tmp_path, monkeypatch):
    """(train, config, *bodies) -> agent: a run that is stopped after each of these loops ends as one that was not."""
    from framework.agent import read_agent  # here, so that tests without TensorFlow can be collected
    from framework.trainer import Trainer

    def ends_alike(train, config, *bodies):
        whole, cut = (replace(config, run_folder=str(tmp_path / name)) for name in ("whole", "cut"))
        agent = train(whole)
        between, left = Trainer._between, list(bodies)

        def stopped(self):
            between(self)
            if left and self.bodies == left[0]:
                left.pop(0)
                self._save()
                raise KeyboardInterrupt

        monkeypatch.setattr(Trainer, "_between", stopped)
        for _ in bodies:
            with pytest.raises(KeyboardInterrupt):
                train(cut)
        train(cut)
        for name in ("final.npz", "agent.npz"):
            one, other = (read_agent(Path(run.run_folder) / name, type(config))[1] for run in (whole, cut))
            for weights, same in zip(one, other, strict=True):
                np.testing.assert_array_equal(weights, same)
        one, other = (Path(run.run_folder, "metrics.csv").read_text(encoding="utf-8") for run in (whole, cut))
        assert one.splitlines()[-1] == other.splitlines()[-1]
        return agent

    return ends_alike


class Match(gym.Env):
    """Shows a 1 at one of three places; 1 for naming it, else 0. Ten steps."""

    observation_space, action_space = spaces.Box(0, 1, (3,), np.float32), spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._obs(), {}

    def step(self, action):
        paid = float(action == self.place)
        return self._obs(), paid, False, False, {}

    def _obs(self):
        self.place = int(self.np_random.integers(3))
        return np.eye(3, dtype=np.float32)[self.place]


@pytest.fixture(scope="module")
def match():
    """`Match` under the name of Match-v0."""
    gym.register("Match-v0", entry_point=Match, max_episode_steps=10)
    yield
    del gym.registry["Match-v0"]
