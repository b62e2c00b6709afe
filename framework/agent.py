"""What saving, resuming and playing need to know of an agent. How it acts and how it learns is each chapter's own."""

from dataclasses import asdict

import numpy as np

from framework.runs.config import config_from
from framework.runs.files import load_arrays, save_arrays
from framework.runs.folder import script_name
from framework.vector import make_worlds

FORMAT = "nanoka agent 1"


class Agent:
    """An agent; a chapter's adds how it acts and how it learns.

    It has ``greedy(obs [B, …]) -> action [B]`` or [B, D]: its best actions, without exploration. What is to be kept
    of it stands in attributes, and it tells their names. Each of them is a Keras network or optimizer, a generator of
    random numbers (NumPy's or TensorFlow's), a NumPy array, or anything with ``state()`` and ``load_state(state)``.

    Attributes:
        acts_with: names of what acting needs; it is what `save_agent` writes.
        learns_with: names of what learning needs besides.
    """

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
            _set_arrays(part, [next(left) for _ in _arrays(part)])

    def state(self):
        """Everything that acting and learning on need, for a checkpoint."""
        return {name: _state(getattr(self, name)) for name in (*self.acts_with, *self.learns_with)}

    def load_state(self, state):
        """Go on as the agent whose `state` this was."""
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
    return config_from(config_class, about["config"]), _in_order(values.get("weights", {}))


def load_agent(path, agent_class, config_class):
    """(agent, configuration) of a file, the agent ready to act.

    Raises:
        ValueError: the file is no such agent, or does not fit its world.
        OSError: there is no such file.
    """
    config, weights = read_agent(path, config_class)
    return build_agent(agent_class, config, weights), config


def build_agent(agent_class, config, weights):
    """An agent for the world of a configuration, with these weights."""
    envs = make_worlds(config, num_envs=1)
    agent = agent_class(envs.observation_space, envs.action_space, config)
    envs.close()
    agent.set_weights(weights)
    return agent


def _variables(part):
    """TensorFlow's variables of a part; a generator of TensorFlow's has one, in ``state``."""
    return part.variables if hasattr(part, "variables") else [part.state]


def _arrays(part):
    return [part] if isinstance(part, np.ndarray) else [variable.numpy() for variable in _variables(part)]


def _set_arrays(part, arrays):
    if isinstance(part, np.ndarray):
        part[...] = arrays[0]
        return
    for variable, array in zip(_variables(part), arrays, strict=True):
        variable.assign(array)


def _state(part):
    if isinstance(part, np.random.Generator):
        return part.bit_generator.state
    return part.state() if callable(getattr(part, "state", None)) else _numbered(_arrays(part))


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
