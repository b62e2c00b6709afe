"""Worlds in other processes do what they do in this one; and processes that end, well or badly."""

import os
import re
import signal
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest

import environment  # noqa: F401, registers the worlds of the course
from worlds.making import in_one_line
from worlds.processes import ProcessVector, merged_info
from worlds.saving import is_plain, load_world, world_state
from worlds.vector_form import same_step_worlds

# A world of somebody's own, told apart by what its process has imported.
LONELY = """
import sys

import gymnasium as gym
import numpy as np


class Lonely(gym.Env):
    observation_space = gym.spaces.Box(-9, 9, (2,), np.float64)
    action_space = gym.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.np_random.random(2), {"heavy": "tensorflow" in sys.modules}

    def step(self, action):
        self.steps += 1
        if action == 1 and self.steps > 1:
            raise ArithmeticError("one is too much")
        if action == 2 and self.steps > 1:
            raise SystemExit(3)
        return self.np_random.random(2), 1.0, False, False, {"luck": self.np_random.random()}


gym.register("Lonely-v0", Lonely)
"""


@pytest.fixture
def lonely(tmp_path, monkeypatch):
    """The id of a world whose module only ``sys.path`` finds."""
    (tmp_path / "lonely_world.py").write_text(LONELY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "lonely_world:Lonely-v0"
    sys.modules.pop("lonely_world", None)
    gym.registry.pop("Lonely-v0", None)


def assert_same(one, other):
    """Equal to the bit: arrays, dicts of them, and arrays of arrays or None."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list | tuple) or (isinstance(one, np.ndarray) and one.dtype == object):
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize(
    ("env_id", "options"),
    [("CartPole-v1", {}), ("Catcher-v0", {"max_episode_steps": 40}), ("MountainCar-v0", {"max_episode_steps": 30})],
)
def test_five_worlds_do_the_same_with_any_number_of_workers(env_id, options):
    here = same_step_worlds(env_id, 5, **options)
    vectors = [here, *(ProcessVector(env_id, 5, workers, **options) for workers in (1, 2, 3))]
    rng, ends = np.random.default_rng(0), 0
    try:
        for seed in (3, None):  # and once more with the generators that they have
            first, *others = [envs.reset(seed=seed) for envs in vectors]
            for other in others:
                assert_same(first, other)
            for _ in range(60):
                action = rng.integers(here.single_action_space.n, size=5)
                first, *others = [envs.step(action) for envs in vectors]
                for other in others:
                    assert_same(first, other)
                ends += (first[2] | first[3]).sum()
    finally:
        for envs in vectors:
            envs.close()
    assert ends >= 5
    assert here.single_observation_space == vectors[1].single_observation_space
    assert here.observation_space == vectors[1].observation_space


def test_observations_stay_as_they_were_when_the_next_step_comes():
    envs = ProcessVector("CartPole-v1", 2, 1)
    first, _ = envs.reset(seed=0)
    second, *_ = envs.step(np.array([0, 1]))
    kept = first.copy(), second.copy()
    envs.step(np.array([0, 1]))
    np.testing.assert_array_equal((first, second), kept)
    envs.close()


def test_worlds_in_processes_go_on_where_their_state_was_taken():
    one, other = (ProcessVector("MountainCar-v0", 3, 2, max_episode_steps=9) for _ in range(2))
    alone = ProcessVector("MountainCar-v0", 3, 1)
    one.reset(seed=1), other.reset(seed=2)
    one.step(np.array([0, 1, 2]))
    assert is_plain(one)
    load_world(other, world_state(one))
    for _ in range(20):
        assert_same(one.step(np.array([2, 2, 0])), other.step(np.array([2, 2, 0])))
    with pytest.raises(ValueError, match="the state is that of 2 workers; here are 1"):
        load_world(alone, world_state(one))
    for envs in (one, other, alone):
        envs.close()


def test_pictures_come_from_every_worker():
    envs = ProcessVector("CatcherState-v0", 3, 2, render_mode="rgb_array")
    envs.reset(seed=0)
    assert [picture.shape for picture in envs.render()] == [(64, 64, 3)] * 3
    envs.close()


def test_a_world_of_a_module_is_found_and_its_errors_come_back_as_they_are(lonely):
    envs = ProcessVector(lonely, 3, 2)
    _, info = envs.reset(seed=0)
    assert not info["heavy"].any()
    _, _, _, _, info = envs.step(np.array([0, 0, 0]))
    assert info["_luck"].all()
    assert len(set(info["luck"])) == 3
    with pytest.raises(ArithmeticError, match="one is too much") as raised:
        envs.step(np.array([0, 0, 1]))
    assert 'raise ArithmeticError("one is too much")' in raised.value.__notes__[0]  # the line in the world's own file
    obs, _ = envs.reset(seed=0)  # nothing is out of step
    assert_same(obs, same_step_worlds(lonely, 3).reset(seed=0)[0])
    assert re.fullmatch(r"ArithmeticError: one is too much \(lonely_world.py, line \d+\)", in_one_line(raised.value))
    envs.step(np.array([0, 0, 0]))
    with pytest.raises(SystemExit):  # the world's own, and not the end of its worker
        envs.step(np.array([0, 0, 2]))
    envs.reset(seed=0)
    envs.close()


def test_a_world_that_only_a_worker_cannot_make_is_the_sentence_of_every_other(lonely, tmp_path):
    same_step_worlds(lonely, 1).close()
    (tmp_path / "lonely_world.py").write_text("import no_such_module_at_all", encoding="utf-8")
    with pytest.raises(ValueError, match="No module named 'no_such_module_at_all'"):
        ProcessVector(lonely, 2, 2)


@pytest.mark.parametrize(
    ("env_id", "workers", "options", "sentence"),
    [
        ("Nowhere-v0", 1, {}, "Nowhere-v0"),
        ("CartPole-v1", 0, {}, "workers must be from 1 to num_envs, which is 2; got 0"),
        ("CartPole-v1", 3, {}, "workers must be from 1 to num_envs, which is 2; got 3"),
        ("Blackjack-v1", 1, {}, "workers share observations that are one array each"),
    ],
)
def test_what_cannot_be_is_refused_before_a_process_starts(env_id, workers, options, sentence, monkeypatch):
    monkeypatch.setattr("multiprocessing.context.SpawnContext.Process", None)
    with pytest.raises(ValueError, match=sentence):
        ProcessVector(env_id, 2, workers, **options)


def test_a_worker_that_is_killed_is_one_sentence_and_ends_the_others():
    envs = ProcessVector("CartPole-v1", 3, 3)
    envs.reset(seed=0)
    processes = list(envs._processes)
    pids = [process.pid for process in processes]
    processes[1].kill()
    processes[1].join()
    with pytest.raises(ChildProcessError, match=r"^worker 2 of 3 \(exit code -?\d+\) died, and the worlds with it"):
        envs.step(np.array([0, 1, 0]))
    for process in processes:
        with pytest.raises(ValueError, match="closed"):  # multiprocessing's own word: it ended and was put away
            process.is_alive()
    if os.name == "posix":
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    with pytest.raises(RuntimeError, match="closed, or lost with a worker process that died"):
        envs.step(np.array([0, 1, 0]))
    envs.close()


# A chapter's script: it imports TensorFlow (here a stand-in that says so) at the top.
SCRIPT = """
import tensorflow

import numpy as np
from worlds.processes import ProcessVector

print("imported", __name__)
envs = ProcessVector("lonely_world:Lonely-v0", 3, 2)
print("heavy", envs.reset(seed=0)[1]["heavy"].any())
print("main", __import__("sys").modules["__main__"].__name__, envs.num_envs)
if "--die" in __import__("sys").argv:
    __import__("os").abort()
envs.close()
"""


def run_script(folder, *command):
    """Runs it to the end of all its processes, which hold its output open."""
    (folder / "lonely_world.py").write_text(LONELY, encoding="utf-8")
    (folder / "tensorflow.py").write_text("print('TensorFlow is here')", encoding="utf-8")
    (folder / "chapter.py").write_text(SCRIPT, encoding="utf-8")
    paths = os.pathsep.join([str(folder), *(path for path in sys.path if path)])
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.parametrize("command", [("chapter.py",), ("-m", "chapter")])
def test_workers_import_neither_the_script_that_starts_them_nor_tensorflow(command, tmp_path):
    done = run_script(tmp_path, *command)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "TensorFlow is here",
        "imported __main__",
        "heavy False",
        "main __main__ 3",
    ]


def test_workers_end_with_a_script_that_dies(tmp_path):
    done = run_script(tmp_path, "chapter.py", "--die")
    assert done.returncode != 0
    assert "died, and" not in done.stderr


def test_a_world_of_the_script_itself_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "own.py").write_text(
        LONELY + "\nfrom worlds.processes import ProcessVector\nProcessVector('Lonely-v0', 2, 1)\n", encoding="utf-8"
    )
    done = run_script(tmp_path, "own.py")
    assert done.stderr.splitlines()[-1] == (
        "ValueError: workers do not see the script that defines Lonely-v0; a module of its own would be seen"
    )


def test_infos_of_shares_become_one_as_gymnasium_lays_it_out():
    """Compared with what SyncVectorEnv says of the same worlds in the test of five worlds; here by hand."""
    first = {"speed": np.array([1.0, 2.0]), "_speed": np.array([True, True]), "deep": {"n": np.array([3, 0])}}
    second = {"word": np.array(["a"], object), "_word": np.array([True])}
    merged = merged_info([first, second], [2, 1])
    assert merged["speed"].tolist() == [1, 2, 0]
    assert merged["_speed"].tolist() == [True, True, False]
    assert merged["deep"]["n"].tolist() == [3, 0, 0]
    assert merged["word"].tolist() == [None, None, "a"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process at once")
def test_workers_leave_signals_to_the_process_that_started_them():
    """Whoever shuts a computer down sends SIGTERM to all processes; the run can only save with its worlds."""
    envs = ProcessVector("CartPole-v1", 2, 2)
    envs.reset(seed=0)
    for process in envs._processes:
        os.kill(process.pid, signal.SIGTERM)
        os.kill(process.pid, signal.SIGINT)
    assert envs.step(np.zeros(2, int))[1].tolist() == [1.0, 1.0]
    envs.close()


def test_a_script_that_leaves_its_workers_open_ends_all_the_same(tmp_path):
    program = "from worlds.processes import ProcessVector\nenvs = ProcessVector('CartPole-v1', 2, 2)\nenvs.reset()\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
