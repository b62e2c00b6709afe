"""A run that is killed at any moment and resumed ends as one that was never interrupted."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framework.checkpoint import load_arrays

ROOT = Path(__file__).parents[2]
SHORT = ["--test", "--steps", "6000", "--eval-every", "2000", "--log-every", "500", "--eval-episodes", "5"]
SHORT += ["--final-episodes", "5", "--checkpoint-seconds", "0.1", "--target-return", "None"]
SCRIPTS = ("dqn_agent", "ppo_agent")


def start(script, folder, *flags):
    command = [sys.executable, str(ROOT / "FN" / f"{script}.py"), *flags]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run_of(script, folder):
    (home,) = Path(folder, "runs", script).iterdir()
    return home


def outcome(script, folder):
    """What a finished run left: its last state, its best agent, its log and its result."""
    home = run_of(script, folder)
    result = json.loads((home / "result.json").read_text(encoding="utf-8"))
    return load_arrays(home / "final.npz"), load_arrays(home / "agent.npz"), (home / "metrics.csv").read_bytes(), [
        result[name] for name in ("steps", "episodes", "return", "returns")
    ]  # fmt: skip


def assert_same(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


def kill_and_resume(script, folder, kills):
    """Kill the run ``kills`` times with SIGKILL, at random moments, some of them before it has begun to learn."""
    luck = random.Random(7)
    process, killed = start(script, folder, *SHORT), 0
    began = False
    while killed < kills:
        if not began:  # the first folder must be there, or there is nothing to go on with
            while not list(Path(folder, "runs", script).glob("*/config.json")):
                assert process.poll() is None, process.stdout.read()
                time.sleep(0.05)
            began = True
            wait = luck.uniform(0, 2)
        else:
            wait = luck.uniform(1, 9)
        try:
            process.wait(wait)
            break  # it was faster
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            process = start(script, folder, "--resume")
    printed, _ = process.communicate(timeout=250)
    assert process.returncode == 0, printed.decode()
    return killed


@pytest.mark.timeout(1200)
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("kills", [pytest.param(2, id="twice"), pytest.param(10, id="ten", marks=pytest.mark.slow)])
def test_a_run_killed_at_random_moments_ends_with_the_same_weights(script, kills, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    process = start(script, whole, *SHORT)
    printed, _ = process.communicate(timeout=250)
    assert process.returncode == 0, printed.decode()
    assert kill_and_resume(script, broken, kills) > 0
    for one, other in zip(outcome(script, whole), outcome(script, broken), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize(
    "script", ["dqn_agent", "a2c_agent", "ppo_agent", "policy_gradient_agent", "value_function_agent"]
)
def test_the_same_seed_writes_the_same_metrics(script, tmp_path):
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        flags = ["--test"] if script in ("dqn_agent", "a2c_agent", "ppo_agent") else []
        process = start(script, tmp_path / name, *flags, "--quick", "--seed", "3")
        printed, _ = process.communicate(timeout=200)
        assert process.returncode == 0, printed.decode()
        texts.append((run_of(script, tmp_path / name) / "metrics.csv").read_bytes())
    assert texts[0] == texts[1]
    assert texts[0].count(b"\n") > 2
