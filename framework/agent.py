"""What saving, resuming and playing need to know of an agent. How it acts and how it learns is each chapter's own."""

from dataclasses import asdict

import numpy as np

from framework.runs.files import load_arrays, save_arrays

FORMAT = "nanoka agent 1"


class Agent:
    """An agent with networks.

    A chapter's agent sets ``networks`` (what acting needs), ``learning`` (what learning needs besides, such as
    optimizers and generators; each has ``variables`` or is one), and has ``greedy(obs [B, …]) -> action [B]``: its
    best actions, without exploration.
    """

    networks = ()
    learning = ()

    def weights(self):
        """The arrays that acting needs, copied."""
        return [variable.numpy().copy() for network in self.networks for variable in network.variables]

    def set_weights(self, weights):
        """Take arrays such as `weights` gave.

        Raises:
            ValueError: their number or shapes are not this agent's.
        """
        variables = [variable for network in self.networks for variable in network.variables]
        shapes = [tuple(variable.shape) for variable in variables]
        if [np.shape(array) for array in weights] != shapes:
            raise ValueError(
                f"the weights are of another network: shapes {[np.shape(a) for a in weights]}, not {shapes}"
            )
        for variable, array in zip(variables, weights, strict=True):
            variable.assign(array)

    def state(self):
        """Everything that acting and learning on need, for a checkpoint."""
        kept = {"networks": _numbered(self.weights())}
        for i, part in enumerate(self.learning):
            if isinstance(part, np.random.Generator):
                kept[f"learning{i}"] = part.bit_generator.state
            else:
                kept[f"learning{i}"] = _numbered(variable.numpy() for variable in _variables(part))
        return kept

    def load_state(self, state):
        """Go on as the agent whose `state` this was."""
        self.set_weights(_in_order(state["networks"]))
        for i, part in enumerate(self.learning):
            if isinstance(part, np.random.Generator):
                part.bit_generator.state = state[f"learning{i}"]
            else:
                for variable, array in zip(_variables(part), _in_order(state[f"learning{i}"]), strict=True):
                    variable.assign(array)


def save_agent(path, script, config, weights):
    """Write an agent's weights, and the script and configuration that build it, to an ``.npz`` file."""
    about = {"format": FORMAT, "script": script, "config": asdict(config)}
    save_arrays(path, {"about": about, "weights": _numbered(weights)})


def load_agent_file(path, script):
    """(configuration as a dict, weights) of an agent that ``script`` wrote.

    Raises:
        ValueError: the file is damaged, no agent, or another script's.
        OSError: there is no such file.
    """
    values = load_arrays(path)
    about = values.get("about")
    if not isinstance(about, dict) or about.get("format") != FORMAT or not isinstance(about.get("config"), dict):
        raise ValueError(f"{path} holds no agent of Nanoka's")
    if about.get("script") != script:
        raise ValueError(f"{path} holds an agent of {about.get('script')}, and this is {script}")
    return about["config"], _in_order(values.get("weights", {}))


def _variables(part):
    return part.variables if hasattr(part, "variables") else [part]


def _numbered(arrays):
    return {f"{i:04d}": np.asarray(array) for i, array in enumerate(arrays)}


def _in_order(numbered):
    return [numbered[name] for name in sorted(numbered)]
