"""MinAtar's games as worlds: what is seen, what is done, and that a checkpoint keeps all of them."""

import importlib.util
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest

import environment  # noqa: F401, registers the worlds
from framework.runs.files import load_arrays, save_arrays
from framework.vector import make_vector
from worlds import minatar
from worlds.minatar import GAMES

needs_minatar = pytest.mark.skipif(importlib.util.find_spec("minatar") is None, reason="needs the extra minatar")
BREAKOUT = "MinAtar/Breakout-v1"


@needs_minatar
def test_breakout_shows_its_planes_and_takes_only_the_actions_that_do_something():
    env = gym.make(BREAKOUT, render_mode="rgb_array")
    obs, _ = env.reset(seed=3)
    assert (obs.shape, obs.dtype, env.action_space.n) == ((10, 10, 4), bool, 3)
    assert obs.sum(axis=(0, 1)).tolist() == [1, 1, 1, 30]  # paddle, ball, trail, bricks
    assert env.render().shape == (160, 160, 3)
    again, _ = env.reset(seed=3)
    np.testing.assert_array_equal(obs, again)


@needs_minatar
@pytest.mark.parametrize("env_id", GAMES)
def test_a_game_goes_on_exactly_where_a_checkpoint_was_taken(env_id, tmp_path):
    """The last action is in it, which MinAtar keeps through a reset, and so are all things that move."""
    envs, others = make_vector(env_id, 3, seed=1), make_vector(env_id, 3, seed=99)
    assert envs.resumes_exactly
    for action in np.random.default_rng(0).integers(envs.action_space.n, size=(70, 3)):
        envs.step(action)
    save_arrays(tmp_path / "file.npz", envs.state())
    others.load_state(load_arrays(tmp_path / "file.npz"))
    for action in np.random.default_rng(3).integers(envs.action_space.n, size=(250, 3)):
        one, other = envs.step(action), others.step(action)
        np.testing.assert_array_equal(one.next_obs, other.next_obs)
        np.testing.assert_array_equal(one.reward, other.reward)
        np.testing.assert_array_equal(envs.obs, others.obs)


@needs_minatar
def test_the_last_action_outlives_a_reset_and_is_in_the_checkpoint():
    """MinAtar does not forget it; it may be done again in the first step."""
    env, other = gym.make(BREAKOUT).unwrapped, gym.make(BREAKOUT).unwrapped
    env.reset(seed=0)
    env.step(2)
    env.reset()
    other.reset(seed=1)
    assert other.game.last_action != env.game.last_action
    other.load_inner_state(env.inner_state())
    assert other.game.last_action == env.game.last_action == env.actions[2]


@needs_minatar
def test_a_seeded_game_does_not_depend_on_the_one_before():
    env = gym.make(BREAKOUT).unwrapped
    for seed in range(40):  # in one of ten the last action would be done again
        env.reset(seed=seed)
        fresh = [env.step(0)[0] for _ in range(4)]
        env.step(2)
        env.reset(seed=seed)
        np.testing.assert_array_equal([env.step(0)[0] for _ in range(4)], fresh)


@needs_minatar
def test_making_a_game_says_nothing_and_loads_no_seaborn():
    code = f"import gymnasium, environment, sys; gymnasium.make('{BREAKOUT}'); print('seaborn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")


def test_without_minatar_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "minatar", None)
    with pytest.raises(ValueError, match=r'MinAtar is not installed: python -m pip install -e "\.\[minatar\]"'):
        make_vector(BREAKOUT, 1, seed=0)
    assert minatar.GAMES[BREAKOUT] == "breakout"
