"""A run that is killed at any moment and resumed ends as one that was never interrupted."""

import json
import os
import random
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framework.runs.files import load_arrays

ROOT = Path(__file__).parents[3]
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


@pytest.fixture
def run_here(monkeypatch, capsys):
    """(script, folder, flags) runs it to its end in this process, which has TensorFlow loaded already."""

    def run_here(script, folder, *flags):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [f"FN/{script}.py", *flags])
        runpy.run_path(str(ROOT / "FN" / f"{script}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run_here


def kill(process, folder, luck, learning):
    """Kill it with SIGKILL: while it starts, or shortly after it wrote a checkpoint. False if it was faster."""
    before = checkpoints(folder)
    if not learning:
        time.sleep(luck.uniform(0.5, 3))
    while checkpoints(folder) == before if learning else not list(folder.rglob("config.json")):
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    time.sleep(luck.uniform(0, 0.2))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return not list(folder.rglob("result.json"))


def checkpoints(folder):
    return {path.name for path in folder.rglob("checkpoints/0*.npz")}


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_run_that_was_killed_ends_with_the_same_weights(script, tmp_path, run_here):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    assert kill(start(script, broken, *SHORT), broken, random.Random(7), learning=True)
    assert re.search(r"resumed at step [1-9]", run_here(script, broken, "--resume"))
    run_here(script, whole, *SHORT)
    for one, other in zip(outcome(script, whole), outcome(script, broken), strict=True):
        assert_same(one, other)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_run_killed_ten_times_at_random_moments_ends_with_the_same_weights(script, tmp_path, run_here):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    longer = [*SHORT, "--steps", "60000"]
    luck = random.Random(7)
    process = start(script, broken, *longer)
    for number in range(10):
        assert kill(process, broken, luck, learning=number % 2 == 1)
        process = start(script, broken, "--resume")
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == 0, printed.decode()
    run_here(script, whole, *longer)
    for one, other in zip(outcome(script, whole), outcome(script, broken), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("script", ["a2c_agent", "policy_gradient_agent", "value_function_agent"])
def test_the_same_seed_writes_the_same_metrics(script, tmp_path, run_here):
    """Those above do, in two processes."""
    flags = ["--env", "CartPole-v1", "--quick", "--steps", "2500", "--eval-every", "1000", "--log-every", "500"]
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run_here(script, tmp_path / name, *flags, "--seed", "3")
        texts.append((run_of(script, tmp_path / name) / "metrics.csv").read_bytes())
    assert texts[0] == texts[1]
    assert texts[0].count(b"\n") > 2
