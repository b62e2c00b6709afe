"""Worlds by their names, and the look at them before anything is learnt in them."""

import os
import re
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

import environment  # noqa: F401, registers the worlds of the course
from worlds.making import make_world, world_spec


class Odd(gym.Env):
    """A world of one number that does what it is told to wrong."""

    def __init__(self, reset=None, step=None, space=None, render_mode=None):
        self.observation_space = space or spaces.Box(-1, 1, (1,), np.float32)
        self.action_space = spaces.Discrete(2)
        self.wrong_reset, self.wrong_step = reset, step

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return (np.zeros(1, np.float32), {}) if self.wrong_reset is None else self.wrong_reset()

    def step(self, action):
        return (np.zeros(1, np.float32), 0.0, False, False, {}) if self.wrong_step is None else self.wrong_step()


class OldApi(Odd):
    """As Gym had it until 2022: no seed, no info, four values."""

    def reset(self):
        return np.zeros(1, np.float32)


@pytest.fixture
def odd():
    """(arguments of Odd) -> the id of such a world, registered for this test."""

    def register(entry_point=Odd, **kwargs):
        gym.register("Odd-v0", entry_point=entry_point, kwargs=kwargs, max_episode_steps=5, disable_env_checker=True)
        return "Odd-v0"

    yield register
    gym.registry.pop("Odd-v0", None)


OBS = np.zeros(1, np.float32)
WRONG = {
    "step gives four values": ({"step": lambda: (OBS, 0.0, False, {})}, "expected 5, got 4.*; reset.*gives"),
    "a reward is an array": ({"step": lambda: (OBS, np.zeros(1), False, False, {})}, "a reward must be one finite"),
    "a reward is NaN": ({"step": lambda: (OBS, np.nan, False, False, {})}, "pays nan; a reward must be one finite"),
    "an end is a number": ({"step": lambda: (OBS, 0.0, 0, False, {})}, "terminated = 0; it must be True or False"),
    "reset gives no info": ({"reset": lambda: OBS}, r"gives no \(obs, info\); reset"),
    "an observation is too long": ({"reset": lambda: (np.zeros(2), {})}, r"of shape \(2,\); its space says Box"),
    "an observation is infinite": ({"reset": lambda: (OBS + np.inf, {})}, r"not finite: \[inf\]"),
    "numbers are of another kind": ({"space": spaces.Box(0, 9, (1,), np.uint8)}, "of float32; its space says Box"),
    "a state is outside": (
        {"space": spaces.Discrete(3), "reset": lambda: (3, {})},
        r"3, which is outside of its space, Discrete\(3\)",
    ),
    "it raises": ({"step": lambda: 1 / 0}, r"ZeroDivisionError: division by zero \(test_making.py, line \d+\)"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_malformed_world_is_refused_in_one_sentence_when_it_is_made(what, odd):
    options, sentence = WRONG[what]
    with pytest.raises(ValueError, match=sentence) as caught:
        make_world(odd(**options))
    assert "Odd-v0" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_world_of_the_old_API_is_told_what_the_new_one_is(odd):
    with pytest.raises(ValueError, match=r"cannot be reset: TypeError: .*; reset\(seed=…, options=…\) gives"):
        make_world(odd(OldApi))


@pytest.mark.parametrize(
    ("env_id", "sentence"),
    [
        ("Nowhere-v0", "no world 'Nowhere-v0': .*; a world of your own is named module:World-v0"),
        ("no_such_module:World-v0", "module of the world .* cannot be imported: ModuleNotFoundError"),
        ("environment:Nowhere-v0", "no world 'environment:Nowhere-v0'"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_sentence(env_id, sentence):
    with pytest.raises(ValueError, match=sentence):
        world_spec(env_id)


@pytest.mark.parametrize("env_id", ["GridWorld-v0", "environment:Catcher-v0", "CartPole-v1", "Blackjack-v1"])
def test_sound_worlds_are_given_as_they_are_without_a_word(env_id, capsys, recwarn):
    env = make_world(env_id, max_episode_steps=3)
    assert env.spec.id == env_id.rpartition(":")[2]
    env.reset(seed=1)
    assert not any(env.step(0)[3] for _ in range(2))
    assert env.step(0)[3] or env.unwrapped.spec.id != "CartPole-v1"
    assert (capsys.readouterr(), list(recwarn)) == (("", ""), [])


def test_numbers_finer_than_their_space_says_are_taken(odd):
    """Python's own numbers make float64, and most spaces are float32."""
    make_world(odd(reset=lambda: (np.array([0.5]), {}), step=lambda: (np.array([0.5]), 0.0, False, False, {})))


def test_gymnasium_warns_as_before_once_a_world_was_made(odd, monkeypatch):
    monkeypatch.setattr(gym.logger, "min_level", gym.logger.WARN)
    make_world(odd())
    with pytest.raises(ValueError, match="there is no world"):
        world_spec("NoSuchWorld-v0")
    assert gym.logger.min_level == gym.logger.WARN


MODULE = """
import gymnasium as gym
import numpy as np
from gymnasium import spaces
import its_neighbour

class World(gym.Env):
    observation_space, action_space = spaces.Box(0, 1, (1,), np.float32), spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}
    def step(self, action):
        return np.ones(1, np.float32), its_neighbour.reward, True, False, {}

gym.register("Mine-v0", entry_point="my_world:World", max_episode_steps=10)
"""


def test_a_module_of_the_current_folder_brings_its_world(tmp_path):
    """A script's own folder is on Python's path, the current one is not."""
    (tmp_path / "my_world.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "its_neighbour.py").write_text("reward = 3.5\n", encoding="utf-8")
    script = tmp_path / "elsewhere" / "script.py"
    script.parent.mkdir()
    script.write_text(
        "from worlds.making import make_world\n"
        "env = make_world('my_world:Mine-v0')\n"
        "env.reset()\n"
        "print(env.step(0)[1])\n",
        encoding="utf-8",
    )
    command = [sys.executable, str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=os.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3.5\n", "")


def test_an_error_names_the_line_of_the_worlds_own_code(odd):
    def broken():
        raise KeyError("here")

    with pytest.raises(ValueError, match="KeyError: 'here'") as caught:
        make_world(odd(step=broken))
    line = int(re.search(r"test_making.py, line (\d+)", str(caught.value)).group(1))
    assert line == broken.__code__.co_firstlineno + 1


def leave():
    raise SystemExit(0)


def test_a_world_that_ends_the_program_is_refused_instead(odd, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="cannot be stepped: SystemExit"):
        make_world(odd(step=leave))
    (tmp_path / "exits_at_once.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"cannot be imported: SystemExit: 0 \(exits_at_once.py, line 2\)"):
        world_spec("exits_at_once:Odd-v0")
    assert sys.path[-1] == os.getcwd()  # so that nothing in the current folder hides an installed module


@pytest.mark.parametrize("name", ["my_world.py", "./my_world", "a folder/my_world", "1st"])
def test_what_is_no_name_of_a_module_is_said_to_be_none(name):
    with pytest.raises(ValueError, match=r"must be the name of a module.*without a folder and without \.py"):
        world_spec(f"{name}:World-v0")


def test_a_missing_module_is_told_without_the_lines_of_python_itself():
    with pytest.raises(ValueError, match=r"No module named 'no_such_module'$"):
        world_spec("no_such_module:World-v0")


def test_a_module_that_one_of_ours_hides_is_told_so(tmp_path, monkeypatch):
    (tmp_path / "worlds.py").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"worlds\.py here is hidden by .*; give it another name"):
        world_spec("worlds:World-v0")
