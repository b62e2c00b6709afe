"""What saving, resuming and playing need to know of an agent. How it acts and how it learns is each chapter's own."""

from dataclasses import asdict

import numpy as np

from framework.method import Method
from framework.runs.config import config_from
from framework.runs.files import load_arrays, save_arrays
from framework.runs.folder import script_name
from framework.vector import make_worlds

FORMAT = "nanoka agent 1"


class Agent(Method):
    """An agent; a chapter's adds how it acts and how it learns.

    It has ``greedy(obs [B, …]) -> action [B]`` or [B, D]: its best actions, without exploration. What is to be kept
    of it stands in attributes, and it tells their names.

    Attributes:
        acts_with: names of what acting needs, which `save_agent` writes: Keras networks, TensorFlow's variables,
            NumPy arrays, and lists of them.
        learns_with: names of what learning needs besides: the same, optimizers, generators of random numbers (NumPy's
            or TensorFlow's), and anything with ``state()`` and ``load_state(state)``.
    """

    kept_in = "function"
    acts_with = ()
    learns_with = ()

    def player(self):
        """A function obs [B, …] -> action [B] that plays one episode in each of B worlds, without exploration.

        It is asked for before each of them. An agent that remembers within an episode gives a new one, which has
        nothing to remember yet.
        """
        return self.greedy

    def weights(self):
        """The arrays that acting needs, copied."""
        return [np.array(array) for name in self.acts_with for array in _arrays(getattr(self, name))]

    def set_weights(self, weights):
        """Take arrays such as `weights` gave.

        Raises:
            ValueError: their number or shapes are not this agent's.
        """
        shapes, given = [array.shape for array in self.weights()], [np.shape(array) for array in weights]
        if given != shapes:
            raise ValueError(f"the weights are of another network: shapes {given}, not {shapes}")
        left = iter(weights)
        for name in self.acts_with:
            part = getattr(self, name)
            _set_arrays(part, [next(left) for _ in _places(part)])

    def state(self):
        """Everything that acting and learning on need, for a checkpoint."""
        return {name: _state(getattr(self, name)) for name in (*self.acts_with, *self.learns_with)}

    def load_state(self, state):
        """Go on as the agent whose `state` this was.

        Raises:
            KeyError, ValueError: it is of an agent of other parts, or of other shapes.
        """
        for name in (*self.acts_with, *self.learns_with):
            _load_state(getattr(self, name), state[name])


def save_agent(path, config, weights):
    """Write an agent's weights, and the script and configuration that build it, to an ``.npz`` file."""
    about = {"format": FORMAT, "script": script_name(type(config)), "config": asdict(config)}
    save_arrays(path, {"about": about, "weights": _numbered(weights)})


def read_agent(path, config_class):
    """(configuration, weights) of an agent that the script of ``config_class`` wrote.

    Raises:
        ValueError: the file is damaged, no agent, or another script's.
        OSError: there is no such file.
    """
    values, script = load_arrays(path), script_name(config_class)
    about = values.get("about")
    if not isinstance(about, dict) or about.get("format") != FORMAT or not isinstance(about.get("config"), dict):
        raise ValueError(f"{path} holds no agent of Nanoka's")
    if about.get("script") != script:
        raise ValueError(f"{path} holds an agent of {about.get('script')}, and this is {script}")
    weights = values.get("weights")
    if not isinstance(weights, dict) or not all(isinstance(array, np.ndarray) for array in weights.values()):
        raise ValueError(f"{path} is damaged: its weights are no arrays")
    return config_from(config_class, about["config"]), _in_order(weights)


def load_agent(path, agent_class, config_class):
    """(agent, configuration) of a file, the agent ready to act.

    Raises:
        ValueError: the file is no such agent, or does not fit its world.
        OSError: there is no such file.
    """
    config, weights = read_agent(path, config_class)
    return build_agent(agent_class, config, weights), config


def build_agent(agent_class, config, weights):
    """An agent for the world of a configuration, with these weights; without a world, ``agent_class(config)``."""
    if hasattr(config, "env"):
        envs = make_worlds(config, num_envs=1, workers=0)
        agent = agent_class(envs.observation_space, envs.action_space, config)
        envs.close()
    else:
        agent = agent_class(config)
    agent.set_weights(weights)
    return agent


def _places(part):
    """Where a part keeps its numbers: NumPy arrays and TensorFlow's variables."""
    if isinstance(part, list | tuple):
        return [place for item in part for place in _places(item)]
    if hasattr(part, "variables"):  # a network, an optimizer
        return list(part.variables)
    if isinstance(part, np.ndarray) or hasattr(part, "assign"):
        return [part]
    if hasattr(getattr(part, "state", None), "assign"):  # a generator of TensorFlow's
        return [part.state]
    raise TypeError(f"an agent keeps networks, variables and arrays; {type(part).__name__} is none of these")


def _arrays(part):
    return [place if isinstance(place, np.ndarray) else place.numpy() for place in _places(part)]


def _set_arrays(part, arrays):
    places = _places(part)
    shapes, given = [tuple(place.shape) for place in places], [np.shape(array) for array in arrays]
    if given != shapes:  # NumPy would stretch an array of one row to many
        raise ValueError(f"the shapes {given} are not {shapes}")
    for place, array in zip(places, arrays, strict=True):
        if isinstance(place, np.ndarray):
            place[...] = array
        else:
            place.assign(array)


def _state(part):
    if isinstance(part, np.random.Generator):
        return part.bit_generator.state
    return part.state() if callable(getattr(part, "load_state", None)) else _numbered(_arrays(part))


def _load_state(part, state):
    if isinstance(part, np.random.Generator):
        part.bit_generator.state = state
    elif callable(getattr(part, "load_state", None)):
        part.load_state(state)
    else:
        _set_arrays(part, _in_order(state))


def _numbered(arrays):
    return {f"{i:04d}": np.asarray(array) for i, array in enumerate(arrays)}


def _in_order(numbered):
    return [numbered[name] for name in sorted(numbered)]
