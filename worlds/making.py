"""Worlds by their names: any id of Gymnasium, or of a module of the reader's own, looked at once when it is made.

    GridWorld-v0             what is registered
    my_worlds:Windy-v0       a module first, of the current folder or installed, that registers it

`make_world` gives one world. It resets it and steps it once before it gives it away, so that what is malformed is
said in one sentence here, and not by a traceback after an hour.
"""

import importlib
import os
import sys
import sysconfig
import traceback
import warnings
from contextlib import contextmanager
from numbers import Number
from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium import spaces

FAILURES = (Exception, SystemExit)  # whatever a world's own code may raise; sys.exit would end us without a word
ENDLESS = 27_000  # steps after which an episode is cut where its world sets no limit: 30 minutes of an Atari game
NOT_THEIRS = (  # code that the author of a world did not write: the course's, installed packages, Python's own
    Path(__file__).parent,
    Path(__file__).parents[1] / "framework",
    *(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")),
)
NEW_API = "reset(seed=…, options=…) gives (obs, info), step(action) gives (obs, reward, terminated, truncated, info)"


def world_spec(env_id):
    """Gymnasium's EnvSpec of an id; "module:World-v0" imports the module first, as gymnasium.make does.

    A module is looked for where Python looks, then in the current folder.

    Raises:
        ValueError: there is no such module, it cannot be imported, or there is no such world.
    """
    module, _, name = env_id.rpartition(":")
    try:
        if module:
            _look_in_the_current_folder_too()
            _check_name(module)
            _refuse_one_that_ours_hides(module, importlib.import_module(module))
        with one_voice():
            return gym.spec(name)
    except gym.error.Error as error:
        hint = "" if module else "; a world of your own is named module:World-v0"
        raise ValueError(f"there is no world {env_id!r}: {str(error).rstrip('.')}{hint}") from None
    except FAILURES as error:
        raise ValueError(f"the module of the world {env_id!r} cannot be imported: {in_one_line(error)}") from None


def make_world(env_id, **options):
    """One world, reset and stepped once with the seed 0; reset it with a seed of your own.

    Args:
        env_id: an id of Gymnasium, "module:World-v0" too, or an EnvSpec.
        options: given to the world, such as ``max_episode_steps``.

    Raises:
        ValueError: there is no such world, it cannot be made, or it does not do what Gymnasium asks of a world.
    """
    spec = world_spec(env_id) if isinstance(env_id, str) else env_id
    with one_voice():
        try:
            env = gym.make(spec, **options)
        except FAILURES as error:
            raise ValueError(f"the world {spec.id} cannot be made: {in_one_line(error)}") from None
        try:
            check_world(env, spec.id)
        except ValueError:
            env.close()
            raise
    return env


def check_world(env, name):
    """Reset a world and step it once; raise ValueError, in one sentence, where that is not as Gymnasium has it."""
    result = _tried(lambda: env.reset(seed=0), f"the world {name} cannot be reset")
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict)):
        raise ValueError(f"reset of the world {name} gives no (obs, info); {NEW_API}")
    _check_obs(result[0], env.observation_space, f"reset of the world {name}")

    env.action_space.seed(0)
    result = _tried(lambda: env.step(env.action_space.sample()), f"the world {name} cannot be stepped")
    if not (isinstance(result, tuple) and len(result) == 5):
        count = f"{len(result)} values" if isinstance(result, tuple) else type(result).__name__
        raise ValueError(f"step of the world {name} gives {count}; {NEW_API}")
    obs, reward, terminated, truncated, _ = result
    _check_obs(obs, env.observation_space, f"step of the world {name}")
    if not (isinstance(reward, Number | np.number) and np.isfinite(reward)):
        raise ValueError(f"step of the world {name} pays {reward!r}; a reward must be one finite number")
    for end, called in ((terminated, "terminated"), (truncated, "truncated")):
        if not isinstance(end, bool | np.bool_):
            raise ValueError(f"step of the world {name} gives {called} = {end!r}; it must be True or False")


def _tried(call, what):
    try:
        return call()
    except FAILURES as error:
        hint = f"; {NEW_API}" if isinstance(error, TypeError | ValueError) else ""  # no seed taken, four values given
        raise ValueError(f"{what}: {in_one_line(error)}{hint}") from None


def _check_obs(obs, space, where):
    """An observation has the shape and the kind that its space says; a Discrete one lies in it."""
    if isinstance(space, spaces.Box):
        array = np.asarray(obs)
        if array.dtype == object or array.shape != space.shape:
            raise ValueError(f"{where} gives an observation of shape {array.shape}; its space says {space}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{where} gives an observation that is not finite: {_few(array)}")
        if not np.can_cast(array.dtype, space.dtype, "same_kind"):
            raise ValueError(f"{where} gives an observation of {array.dtype}; its space says {space}")
    elif not space.contains(obs):
        raise ValueError(f"{where} gives the observation {obs!r}, which is outside of its space, {space}")


def _few(array):
    return np.array2string(array.ravel()[:6], precision=3, separator=", ")


def in_one_line(error):
    """What an error in somebody else's code says, and on which of its lines it was raised."""
    text = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    return text + (
        getattr(error, "place", "") or place_of(error)
    )  # one from another process was told its place there


def place_of(error):
    """ " (file, line N)" of somebody else's code where an error was raised; "" if that is nowhere."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if not (any(folder in path.parents for folder in NOT_THEIRS) or frame.filename.startswith("<")):
            return f" ({path.name}, line {frame.lineno})"
    return ""


@contextmanager
def one_voice():
    """Gymnasium's warnings repeat at length what the errors here say."""
    level, gym.logger.min_level = gym.logger.min_level, gym.logger.ERROR
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        gym.logger.min_level = level


def _check_name(module):
    if not all(part.isidentifier() for part in module.split(".")) or module.endswith(".py"):
        raise ValueError("it must be the name of a module, such as my_worlds, without a folder and without .py")


def _refuse_one_that_ours_hides(name, module):
    ours, theirs = Path(getattr(module, "__file__", None) or ""), Path(f"{name}.py")
    if theirs.exists() and ours.is_relative_to(NOT_THEIRS[0].parent) and not ours.samefile(theirs):
        raise ValueError(f"{theirs.name} here is hidden by {module.__file__}; give it another name")


def _look_in_the_current_folder_too():
    """Last, so that nothing there hides an installed module; for good, since a module may load others later."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
