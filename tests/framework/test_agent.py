"""What an agent keeps, and agents as files."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from framework.agent import Agent, load_agent, read_agent, save_agent
from framework.runs.config import RunConfig, WorldConfig
from framework.runs.files import load_arrays, save_arrays
from framework.tf import keras, tf


@dataclass(frozen=True)
class Config(WorldConfig):
    env: str = "CartPole-v1"
    filters: tuple[tuple[int, int], ...] = ((1, 2), (3, 4))


class Counter:
    """Something with a state of its own."""

    def __init__(self):
        self.count = 0

    def state(self):
        return {"count": self.count}

    def load_state(self, state):
        self.count = state["count"]


class Everything(Agent):
    """Has one of each kind of part."""

    acts_with = ("network", "array", "population")
    learns_with = ("optimizer", "generator", "rng", "counter")

    def __init__(self, *_):
        self.network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        self.array = np.zeros(4)
        self.population = [np.zeros(2), tf.Variable(0.0)]
        self.optimizer = keras.optimizers.Adam(0.1)
        self.optimizer.build(self.network.trainable_variables)
        self.generator = tf.random.Generator.from_seed(0)
        self.rng, self.counter = np.random.default_rng(0), Counter()

    def greedy(self, obs):
        return np.zeros(len(obs), int)

    def change(self):
        self.array += 1
        self.population[1].assign_add(1.0)
        self.counter.count += 1
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(self.network(self.generator.normal((5, 2))) ** 2) + self.rng.random()
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


def test_an_agent_goes_on_from_a_file_as_it_would_have_gone_on(tmp_path):
    agent, other = Everything(), Everything()
    for _ in range(3):
        agent.change()
    save_arrays(tmp_path / "state.npz", agent.state())
    other.load_state(load_arrays(tmp_path / "state.npz"))
    assert [agent.change() for _ in range(3)] == [other.change() for _ in range(3)]
    assert other.counter.count == 6
    assert other.array.tolist() == [6, 6, 6, 6]


def test_weights_are_copies_of_what_acting_needs():
    agent, other = Everything(), Everything()
    weights = agent.weights()
    assert [array.shape for array in weights] == [(2, 3), (3,), (4,), (2,), ()]
    agent.change()
    assert weights[2].tolist() == [0, 0, 0, 0]
    other.set_weights(agent.weights())
    assert other.network.get_weights()[0].tolist() == agent.network.get_weights()[0].tolist()
    assert other.array.tolist() == [1, 1, 1, 1]
    assert float(other.population[1]) == 1
    with pytest.raises(ValueError, match="of another network"):
        agent.set_weights([np.zeros(3)])
    assert agent.player() == agent.greedy


def test_a_state_of_other_shapes_is_refused_also_where_numpy_would_stretch_it():
    agent = Everything()
    state = agent.state()
    state["array"]["0000"] = np.ones(1)
    with pytest.raises(ValueError, match=r"the shapes \[\(1,\)\] are not \[\(4,\)\]"):
        agent.load_state(state)


@pytest.mark.parametrize("weights", [3, [1.0], {"0000": [1.0]}, None])
def test_weights_that_are_no_arrays_are_refused_in_a_sentence(weights, tmp_path):
    path = tmp_path / "agent.npz"
    save_agent(path, Config(), [np.ones(2)])
    save_arrays(path, load_arrays(path) | {"weights": weights})
    with pytest.raises(ValueError, match=r"agent\.npz is damaged: its weights are no arrays"):
        read_agent(path, Config)


def test_an_agent_file_says_what_it_is(tmp_path):
    path = tmp_path / "agent.npz"
    agent = Everything()
    agent.change()
    save_agent(path, Config(seed=5), agent.weights())
    config, weights = read_agent(path, Config)
    assert config == Config(seed=5)  # tuples are tuples again
    assert [array.shape for array in weights] == [(2, 3), (3,), (4,), (2,), ()]
    loaded, config = load_agent(path, Everything, Config)
    assert (loaded.array.tolist(), config.seed) == ([1, 1, 1, 1], 5)
    with pytest.raises(ValueError, match="an agent of test_agent, and this is config"):
        read_agent(path, WorldConfig)
    save_arrays(path, {"something": "else"})
    with pytest.raises(ValueError, match="holds no agent"):
        read_agent(path, Config)
    with pytest.raises(FileNotFoundError):
        read_agent(tmp_path / "missing.npz", Config)


def test_the_agent_that_ships_can_be_read_though_its_settings_had_older_names(tmp_path):
    from FN.ppo_agent import Config, PPOAgent
    from welcome import TRAINED

    assert "minibatch" in load_arrays(TRAINED)["about"]["config"]
    agent, config = load_agent(TRAINED, PPOAgent, Config)
    assert (config.env, config.batch_size, config.max_grad_norm) == ("Catcher-v0", 512, 0.5)
    save_agent(tmp_path / "agent.npz", replace(config, seed=9), agent.weights())
    assert read_agent(tmp_path / "agent.npz", Config)[0].seed == 9


def test_what_no_file_can_keep_is_refused_in_a_sentence():
    class Wrong(Agent):
        acts_with = ("counter",)
        counter = Counter()

    with pytest.raises(TypeError, match="keeps networks, variables and arrays; Counter is none of these"):
        Wrong().weights()


@dataclass(frozen=True)
class Dream(RunConfig):
    width: int = 3


class Dreamer(Agent):
    """Needs no world to be built."""

    acts_with = ("array",)

    def __init__(self, config):
        self.array = np.zeros(config.width)


def test_an_agent_without_a_world_is_built_from_its_configuration(tmp_path):
    save_agent(tmp_path / "agent.npz", Dream(width=2), [np.ones(2)])
    agent, config = load_agent(tmp_path / "agent.npz", Dreamer, Dream)
    assert (agent.array.tolist(), config.width) == ([1, 1], 2)
