"""Where the time of an off-policy agent goes: acting, the world, the replay buffer, gradient steps. Needs minatar.

    python bench/deep_steps.py
    python bench/deep_steps.py --peer-python PEER/bin/python       steps a second of stable-baselines3's DQN, too

bench/deep_speed.py says how to make the peer's environment; it needs MinAtar as well. Each agent goes through its own
loop, without the trainer's clock, evaluations and files; each part of a pass is timed by itself, and what is given is
the median of rounds that the agents take in turn. Beside a gradient step stands how long its multiplications would
take at the pace of one large matrix product, which no library goes beyond by much. On MinAtar's Breakout, DQN is
Rainbow with all its switches off; the peer's has the same network, minibatches and gradient steps. Writes
results/deep_steps.json.
"""

import importlib
import json
import math
import statistics
import subprocess
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.deep_limits import medians, product_rate
from bench.machine import machine, save
from framework.cli import run

PEER = Path(__file__).parent / "peers" / "sb3_run.py"
PLAIN = {
    "double": False,
    "dueling": False,
    "prioritized": False,
    "n_step": 1,
    "distributional": False,
    "noisy": False,
}
AGENTS = {  # script, world of the preset, class, settings
    "DDPG, Pendulum": ("ddpg_agent", "Pendulum-v1", "DDPGAgent", {}),
    "TD3, Pendulum": (
        "ddpg_agent",
        "Pendulum-v1",
        "DDPGAgent",
        {"twin": True, "policy_delay": 2, "target_noise": 0.2},
    ),
    "SAC, Pendulum": ("sac_agent", "Pendulum-v1", "SACAgent", {}),
    "DQN, Breakout": ("rainbow_agent", "MinAtar/Breakout-v1", "RainbowAgent", PLAIN),
    "Rainbow, Breakout": ("rainbow_agent", "MinAtar/Breakout-v1", "RainbowAgent", {}),
}
PASSES, WARM_UP, ROUNDS = 512, 256, 5


@dataclass(frozen=True)
class Options:
    peer_python: str = ""
    """The Python of an environment that has stable-baselines3 and MinAtar; without it, ours alone."""
    peer_steps: int = 24_000
    """Steps of the peer; the rate is that of the second half."""


class Loop:
    """The loop of a chapter's ``train``, whose parts are timed."""

    def __init__(self, script, env, agent_class, settings):
        from framework.replay import ReplayBuffer
        from framework.tf import begin
        from framework.vector import make_worlds

        chapter = importlib.import_module(f"FN.{script}")
        presets = [value for value in vars(chapter).values() if isinstance(value, chapter.Config)]
        preset = next(preset for preset in [chapter.Config(), *presets] if preset.env == env)
        self.config, self.chapter = replace(preset, **settings), chapter
        begin(self.config)
        self.envs = make_worlds(self.config)
        self.agent = getattr(chapter, agent_class)(self.envs.observation_space, self.envs.action_space, self.config)
        if hasattr(chapter, "make_replay"):
            self.replay = chapter.make_replay(self.config)
        else:
            sizes = self.config.buffer_size, self.config.num_envs, self.config.gamma, self.config.seed
            self.replay = ReplayBuffer(*sizes)
        self.every = self.config.train_period // self.config.num_envs  # passes between two calls of train_step
        self.passes(WARM_UP)

    @contextmanager
    def part(self, name):
        began = time.perf_counter()
        yield
        self.spent[name] += time.perf_counter() - began

    def passes(self, count):
        """{part: its seconds in so many passes}."""
        config, agent, self.spent = self.config, self.agent, defaultdict(float)
        explores = (0.1,) if hasattr(config, "epsilon_end") else ()
        prioritized = getattr(config, "prioritized", False)
        drawn = {"beta": config.beta} if prioritized else {}
        for number in range(count):
            with self.part("acting"):
                action = agent.act(self.envs.obs, *explores)
            with self.part("worlds"):
                transition = self.envs.step(action)
            with self.part("replay buffer"):
                self.replay.add(transition)
            if number % self.every or number < self.every:
                continue
            with self.part("replay buffer"):
                batches = self.replay.sample(config.batch_size, batches=config.gradient_steps, **drawn)
            with self.part("gradient steps"):
                learnt = agent.train_step(batches)
            if prioritized:
                with self.part("replay buffer"):
                    self.replay.update(batches.index, learnt[1])
        return self.spent

    def round(self):
        """Milliseconds of each part, for each step of a world; of one gradient step; steps a second."""
        config, spent = self.config, self.passes(PASSES)
        steps = PASSES * config.num_envs
        gradient_steps = (PASSES / self.every - 1) * config.gradient_steps
        result = {f"{name}, ms a step": 1e3 * seconds / steps for name, seconds in spent.items()}
        result["a gradient step, ms"] = 1e3 * spent["gradient steps"] / gradient_steps
        result["steps a second"] = steps / sum(spent.values())
        return result

    def operations(self):
        """Floating-point operations of the matrix products of a gradient step. A backward pass has twice those of a
        forward one: for the weights, and for what came in."""
        agent, config = self.agent, self.config
        if hasattr(agent, "network"):
            passes = 4 + config.double  # forward and twice backward; the target network; and once more to choose
            products = passes * self.products(agent.network) - self.first(agent.network)  # nothing before it learns
        else:
            actor, critic, critics = self.products(agent.actor), self.products(agent.critics[0]), len(agent.critics)
            climbed = critics if hasattr(agent, "temperature_loss") else 1  # critics in the loss of the policy
            of_policy = 3 * actor - self.first(agent.actor) + 2 * climbed * critic
            of_critics = critics * (4 * critic - self.first(agent.critics[0]))
            products = actor + of_critics + of_policy / getattr(config, "policy_delay", 1)
        return 2 * config.batch_size * products

    def first(self, network):
        """Multiplications of a forward pass of one row through its first layer."""
        return self.of_layers(network)[0]

    def products(self, network):
        """Multiplications of a forward pass of one row."""
        return sum(self.of_layers(network))

    def of_layers(self, network):
        """Those of each layer; a convolution without padding meets each window once. A noisy layer's second table of
        weights is added to its first, and not multiplied by the input."""
        counts, side = [], self.envs.observation_space.shape[0]
        for layer in network.layers:
            tables = [tuple(variable.shape) for variable in layer.trainable_variables if len(variable.shape) > 1]
            for shape in tables[:1]:
                side -= shape[0] - 1 if len(shape) == 4 else 0
                counts.append(math.prod(shape) * (side**2 if len(shape) == 4 else 1))
        return counts


def peer(options):
    """Steps a second of stable-baselines3's DQN on Breakout, and its threads."""
    command = [options.peer_python, str(PEER), "--json", "--algo", "dqn", "--env", "MinAtar/Breakout-v1"]
    command += ["--target", "1e9", "--max-steps", str(options.peer_steps), "--eval-every", str(10**9)]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    return json.loads(done.stdout.splitlines()[-1])["steps_per_second"]


def main(options):
    loops = {name: Loop(*of) for name, of in AGENTS.items()}
    rounds, paces = {name: [] for name in AGENTS}, []
    for _ in range(ROUNDS):  # in turn, for other work on the machine comes and goes
        for name, loop in loops.items():
            rounds[name].append(loop.round())
        paces.append(product_rate())
    result = {name: medians(of_name, 4) for name, of_name in rounds.items()}
    for name, loop in loops.items():
        result[name]["at the pace of a matrix product, ms"] = round(
            1e3 * loop.operations() / statistics.median(paces), 3
        )
    if options.peer_python:
        rates = [peer(options) for _ in range(3)]
        result["stable-baselines3's DQN, Breakout"] = {
            "steps a second": statistics.median(rates),
            "steps a second, each": rates,
        }
    print(json.dumps(result, indent=2))
    about = machine("tensorflow-cpu", "keras", "numpy", "MinAtar")
    save("deep_steps", {"machine": about, "passes": PASSES, "rounds": ROUNDS, **result})


if __name__ == "__main__":
    run(main, Options, __doc__)
