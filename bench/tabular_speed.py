"""Steps a second of our Q-learning, of a random agent, of a dictionary agent as in the book, and of bettermdptools.

    pip install --no-deps --target PEER bettermdptools       a folder of its own: it wants an older NumPy
    PYTHONPATH=PEER python bench/tabular_speed.py            takes a minute; without PEER, bettermdptools is left out

All learn from the same worlds with the same gamma, learning rate and epsilon, in turn, in this process; medians over
the repeats are reported, each with a seed of its own. Every agent steps the plain Gymnasium world. Ours, the random
one and the dictionary agent also step our `TableWorld`, which is what the scripts of Day 3 use: the same dynamics,
looked up. The random agent only draws an action and steps: a floor, which no learner in Python can beat on the same
world.
"""

import contextlib
import importlib.util
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from bench.machine import machine, save
from EL.q_learning import QLearningAgent
from framework.cli import run
from framework.tabular.world import TableWorld, uniforms

WORLDS = ("GridWorld-v0", "FrozenLakeEasy-v0", "FrozenLake-v1", "CliffWalking-v1", "Taxi-v4")
GAMMA, LEARNING_RATE, EPSILON, LIMIT = 0.99, 0.1, 0.1, 200
RATIOS = {
    "learning costs, times a random agent, plain world": ("random, plain world", "nanoka, plain world"),
    "faster than the dictionary agent, both on the plain world": ("nanoka, plain world", "dictionary, plain world"),
    "faster than the dictionary agent, both on TableWorld": ("nanoka, TableWorld", "dictionary, TableWorld"),
    "faster than the dictionary agent, each as its reader runs it": ("nanoka, TableWorld", "dictionary, plain world"),
    "faster than bettermdptools, both on the plain world": ("nanoka, plain world", "bettermdptools, plain world"),
    "faster than bettermdptools, each as its reader runs it": ("nanoka, TableWorld", "bettermdptools, plain world"),
}


def random_agent(env, steps, seed):
    """A random action at every step; the cheapest loop there is. Returns the number of steps."""
    draw, num_actions = uniforms(np.random.default_rng((seed, 1))).__next__, int(env.action_space.n)
    env.reset(seed=seed)
    for _ in range(steps):
        _, _, terminated, truncated, _ = env.step(int(draw() * num_actions))
        if terminated or truncated:
            env.reset()
    return steps


def nanoka(env, steps, seed):
    """Our Q-learning."""
    env.reset(seed=seed)
    agent = QLearningAgent(env, seed, gamma=GAMMA, learning_rate=LEARNING_RATE, epsilon=EPSILON)
    taken = 0
    for episode in agent.learn(env, steps):
        taken += episode.length
        if taken >= steps:
            return taken


def dictionary_agent(env, steps, seed):
    """Q-learning in the style of textbooks: a dictionary of lists, NumPy's functions on single numbers."""
    rng = np.random.RandomState(seed)
    actions = list(range(env.action_space.n))
    Q = defaultdict(lambda: [0] * len(actions))
    log, taken = [], 0
    env.reset(seed=seed)
    while taken < steps:
        state, _ = env.reset()
        done, total = False, 0
        while not done:
            if rng.random_sample() < EPSILON or sum(Q[state]) == 0:
                action = rng.randint(len(actions))
            else:
                action = np.argmax(Q[state])
            next_state, reward, terminated, truncated, _ = env.step(action)
            done = terminated or truncated
            gain = reward + GAMMA * max(Q[next_state]) * (not terminated)
            estimated = Q[state][action]
            Q[state][action] += LEARNING_RATE * (gain - estimated)
            state, total, taken = next_state, total + reward, taken + 1
        log.append(total)
    return taken


class Counted(gym.Wrapper):
    """Counts the steps of a peer that learns by the episode, and stops it when they are enough."""

    def __init__(self, env, enough):
        super().__init__(env)
        self.taken, self.enough = 0, enough

    def step(self, action):
        self.taken += 1
        return self.env.step(action)

    def reset(self, **arguments):
        if self.taken >= self.enough:
            raise StopIteration
        return self.env.reset(**arguments)


def bettermdptools(env, steps, seed):
    """The Q-learning of bettermdptools, its learning rate and epsilon held constant."""
    from bettermdptools.algorithms.rl import RL

    np.random.seed(seed)  # the peer draws from NumPy's global generator
    world = Counted(env, steps)
    constant = {"init_alpha": LEARNING_RATE, "min_alpha": LEARNING_RATE, "init_epsilon": EPSILON}
    with contextlib.suppress(StopIteration):
        RL(world).q_learning(gamma=GAMMA, min_epsilon=EPSILON, n_episodes=steps, seed=seed, **constant)
    return world.taken


def measure(agent, env, steps, seed):
    """Steps a second of this process's own time: what runs beside it does not count."""
    began = time.process_time()
    taken = agent(env, steps, seed)
    return taken / (time.process_time() - began)


@dataclass(frozen=True)
class Options:
    steps: int = 60_000
    """Steps of each measurement; the peer takes a fifth of them."""
    repeats: int = 5
    """Measurements of each; medians are reported."""
    save: bool = True
    """Write bench/results/tabular_speed.json."""


def compare(env_id, steps, repeats, has_peer):
    """Every agent in turn, ``repeats`` times, in one world: medians, ratios, all measurements (steps a second)."""
    plain = gym.make(env_id, max_episode_steps=LIMIT)
    table = TableWorld(gym.make(env_id, max_episode_steps=LIMIT))
    contestants = {
        "random, plain world": (random_agent, plain, steps),
        "nanoka, plain world": (nanoka, plain, steps),
        "dictionary, plain world": (dictionary_agent, plain, steps),
        "random, TableWorld": (random_agent, table, steps),
        "nanoka, TableWorld": (nanoka, table, steps),
        "dictionary, TableWorld": (dictionary_agent, table, steps),
    }
    if has_peer:
        contestants["bettermdptools, plain world"] = (bettermdptools, plain, steps // 5)
    rates = {name: [] for name in contestants}
    for seed in range(repeats):
        for name, (agent, env, enough) in contestants.items():
            rates[name].append(round(measure(agent, env, enough, seed)))
    median = {name: statistics.median(measured) for name, measured in rates.items()}
    ratios = {
        name: round(median[above] / median[below], 2) for name, (above, below) in RATIOS.items() if below in median
    }
    return {"median": median, "ratios": ratios, "runs": rates}


def main(options):
    has_peer = importlib.util.find_spec("bettermdptools") is not None
    result = {
        "machine": machine("numpy", "gymnasium", "bettermdptools"),
        "settings": {"gamma": GAMMA, "learning_rate": LEARNING_RATE, "epsilon": EPSILON, "steps": options.steps},
        "seeds": list(range(options.repeats)),
        "unit": "steps a second",
    }
    for env_id in WORLDS:
        result[env_id] = compare(env_id, options.steps, options.repeats, has_peer)
        print(f"\n{env_id}")
        for name, rate in result[env_id]["median"].items():
            print(f"  {name:>28}: {rate:10,.0f} steps/s")
        for name, ratio in result[env_id]["ratios"].items():
            print(f"  {ratio:6.2f} × {name}")
    if options.save:
        save("tabular_speed", result)


if __name__ == "__main__":
    run(main, Options, __doc__)
