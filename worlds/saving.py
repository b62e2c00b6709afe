"""The state of a world as arrays and plain numbers.

Gymnasium has no such thing, so it is read from attributes. A world that keeps more than plain numbers in them gives
the rest by ``inner_state()`` and takes it by ``load_inner_state(state)``. Worlds in other processes are asked
themselves (`worlds.processes`): they have functions of the names below.
"""

from collections import deque

import numpy as np

# Worlds whose whole state is plain numbers in attributes: the course's own, and Gymnasium's small ones.
PLAIN_WORLDS = ("environment.", "worlds.", "gymnasium.envs.classic_control.", "gymnasium.envs.toy_text.")
CHANGING = (list, set, bytearray, deque)  # they may change in a step, and are not among what is kept


def is_plain(env):
    """Whether `world_state` keeps everything of a world."""
    if hasattr(env.unwrapped, "is_plain"):
        return env.unwrapped.is_plain()
    world = env.unwrapped
    if hasattr(world, "inner_state"):
        return True
    known = f"{type(world).__module__}.".startswith(PLAIN_WORLDS)  # and not "environments"
    return known and not any(isinstance(value, CHANGING) for name, value in vars(world).items() if name != "rngs")


def _layers(env):
    """The world and what is wrapped round it, outermost first."""
    while True:
        yield env
        if env is env.unwrapped:
            return
        env = env.env


def world_state(env):
    """What `load_world` needs to let a world, or a vector of worlds, go on; {} if it is not plain."""
    if hasattr(env.unwrapped, "world_state"):
        return env.unwrapped.world_state()
    if not is_plain(env):
        return {}
    layers = {}
    for i, layer in enumerate(_layers(env)):
        layers[str(i)] = {name: value for name, value in vars(layer).items() if _is_data(value)}
    state = {"layers": layers}
    state["generators"] = {str(i): g.bit_generator.state for i, g in enumerate(_generators(env))}
    if hasattr(env.unwrapped, "inner_state"):
        state["inner"] = env.unwrapped.inner_state()
    return state


def load_world(env, state):
    """Let a world go on where `world_state` was taken."""
    if hasattr(env.unwrapped, "load_world"):
        env.unwrapped.load_world(state)
        return
    for i, layer in enumerate(_layers(env)):
        kept = state["layers"][str(i)]
        vars(layer).update({name: tuple(v) if isinstance(v, list) else v for name, v in kept.items()})
    for i, generator in enumerate(_generators(env)):
        generator.bit_generator.state = state["generators"][str(i)]
    if hasattr(env.unwrapped, "load_inner_state"):
        env.unwrapped.load_inner_state(state["inner"])


def _generators(env):
    """A world has one generator; a vector form of its own may have one for each game, in ``rngs``."""
    return getattr(env.unwrapped, "rngs", None) or [env.unwrapped.np_random]


def _is_data(value):
    if isinstance(value, tuple):  # such as MountainCar's state; it comes back from a file as a list
        return all(isinstance(item, int | float | np.number) for item in value)
    is_array = isinstance(value, np.ndarray) and value.dtype != object
    return value is None or is_array or isinstance(value, bool | int | float | str | np.number)
