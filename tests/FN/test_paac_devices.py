"""Several devices, and several machines, learn what one learns. A process can set up its devices once only."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from FN.paac_devices import make_strategy, worker_number
from framework.tf import tf

ROOT = Path(__file__).parents[2]
LEARN = """
import sys
import numpy as np
from gymnasium import spaces
from FN.paac_devices import Config, DataParallelAgent, make_strategy
from framework.rollout import batch_of
from framework.tf import begin

file, devices, first, rows = sys.argv[1], *map(int, sys.argv[2:])
strategy = make_strategy(devices) if devices else None
config = Config(hidden=(8,), num_envs=rows, rollout_steps=1)
begin(config)
agent = DataParallelAgent(spaces.Box(-1, 1, (4,)), spaces.Discrete(2), config, strategy)
rng = np.random.default_rng(0)
for _ in range(5):  # of 64 rows; the gradients are long enough to be clipped
    obs, action, returns = 5 * rng.normal(size=(64, 4)), rng.integers(2, size=64), 10 * rng.normal(size=64)
    whole = batch_of(obs=obs.astype(np.float32), action=action, returns=returns.astype(np.float32))
    agent.update(type(whole)(*(array[first : first + rows] for array in whole)), 1e-2)
np.savez(file, *agent.weights())
"""


def start(folder, name, devices, first=0, rows=64, **environ):
    command = [sys.executable, "-c", LEARN, str(folder / name), str(devices), str(first), str(rows)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ})


def weights(folder, name):
    with np.load(folder / f"{name}.npz") as arrays:
        return [arrays[key] for key in arrays.files]


def assert_equal(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_two_devices_or_four_or_two_machines_take_the_steps_of_one(tmp_path):
    machines = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    configs = [
        json.dumps({"cluster": {"worker": machines}, "task": {"type": "worker", "index": i}}) for i in range(2)
    ]
    processes = [start(tmp_path, f"{devices}", devices) for devices in (0, 2, 4)]
    for i, config in enumerate(configs):
        processes.append(start(tmp_path, f"machine{i}", 1, first=32 * i, rows=32, TF_CONFIG=config))
    assert [process.wait(120) for process in processes] == [0] * 5
    alone = weights(tmp_path, "0")
    for name in ("2", "4", "machine0", "machine1"):
        assert_equal(weights(tmp_path, name), alone)


def test_devices_that_do_not_divide_the_rows_are_refused(tmp_path):
    command = [sys.executable, ROOT / "FN" / "paac_devices.py", "--devices", "3"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert result.returncode == 2
    assert result.stderr.strip() == "error: devices must divide num_envs × rollout_steps, which is 128; got 3"


def test_machines_are_numbered_the_chief_first_and_what_cannot_be_read_is_refused(monkeypatch):
    def number(**task):
        cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
        return worker_number()

    assert number(type="chief", index=0) == 0
    assert [number(type="worker", index=i) for i in (0, 1)] == [1, 2]
    monkeypatch.delenv("TF_CONFIG")
    assert worker_number() == 0
    for text in ("garbage", "[]", '{"cluster": {"worker": ["a:1"]}}'):
        monkeypatch.setenv("TF_CONFIG", text)
        with pytest.raises(ValueError, match=r"^TF_CONFIG is .* as JSON; got "):
            worker_number()


def test_devices_cannot_be_made_where_tensorflow_was_used():
    tf.constant(1.0)
    with pytest.raises(ValueError, match="devices are made in a new"):
        make_strategy(3)
