"""Short runs of Day 4's PAAC agent on CartPole for `FN.reproducibility`, with each source of chance by itself.

A run of ``python FN/paac_agent.py --test`` has one seed, from which two things follow that have nothing to do with
each other: the weights that the network starts with; and all numbers that are drawn while it learns, for the worlds'
starts and for the actions. Here they are two seeds. With both the same a run is the chapter's own, to the bit:

    python FN/paac_agent.py --test --steps 40960 --eval-every 4096 --updates 32 --target-return None --seed 100

To trace a graph takes longer than to learn by it. So a process traces it once, and puts another start into it for
each run; and the graph reads the seed of the worlds from a variable, where the chapter's has it as a constant.
"""

import hashlib
import json
import os
import platform
from collections import defaultdict
from contextlib import contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from framework.runs.files import written_whole
from framework.runs.parallel import Workers, progress_bar

UPDATES, EVALUATIONS = 32, 10  # gradient steps between two evaluations, and how many of these
VERSION = 1  # of what a file of a run holds


class Run(NamedTuple):
    """What makes a run what it is."""

    learning_rate: float
    network: int  # the seed of the weights at the start
    worlds: int  # the seed of the worlds and of the actions drawn, and of the episodes of evaluations
    num_envs: int = 16
    threads: int = 1  # that compute an operation
    nudged: float = 0.0  # one weight of the start is larger by this part of it
    number: int = 1  # 2 for the same thing once more
    evaluations: int = EVALUATIONS

    def path(self, folder):
        """Of the file that has what came of it; its name says what the run is."""
        extra = (
            f"{f'-nudged{self.nudged:g}' if self.nudged else ''}-number{self.number}-evaluations{self.evaluations}"
        )
        name = f"rate{self.learning_rate:g}-network{self.network}-worlds{self.worlds}-envs{self.num_envs}"
        return Path(folder, "runs", f"{name}-threads{self.threads}{extra}.json")


@cache
def learner(num_envs):
    """What learns in this process, traced once: a function of a `Run` that gives what `measure` does.

    TensorFlow is loaded here, by processes that were told how many threads it may have.
    """
    from dataclasses import replace

    from FN.paac_agent import CARTPOLE, PAACAgent
    from framework.device import DeviceEvaluation, DeviceWorlds, make_device_worlds
    from framework.evaluate import evaluation_seed
    from framework.schedules import Linear
    from framework.tf import begin, tf

    class Worlds(DeviceWorlds):
        """Their seed is a variable of the graph; what they draw is what `DeviceWorlds` draws."""

        def __init__(self, world):
            super().__init__(world, num_envs, 0)
            self.seed = tf.Variable(0)

        def draws(self, number, steps, rows):
            shape = [steps, rows, 1 + self.world.draws]
            return tf.random.stateless_uniform(shape, tf.stack([self.seed, number]), alg="philox")

    config = replace(CARTPOLE, num_envs=num_envs, updates=UPDATES)
    begin(config)
    worlds = Worlds(make_device_worlds(config).world)
    spaces = worlds.observation_space, worlds.action_space
    agent = PAACAgent(*spaces, config)
    learn, evaluate, size = agent.loop(worlds), DeviceEvaluation(config, worlds), config.rollout_steps * num_envs

    def run(what):
        """What comes of one `Run`: {"steps", "returns", "digests"}, a number or a text for each evaluation."""
        agent.load_state(PAACAgent(*spaces, replace(config, seed=what.network)).state())
        if what.nudged:
            first, *others = agent.weights()
            first.flat[0] *= 1 + what.nudged
            agent.set_weights([first, *others])
        worlds.seed.assign(what.worlds)
        worlds.now = make_device_worlds(replace(config, seed=what.worlds)).now
        learning_rate = Linear(what.learning_rate, 0.0, what.evaluations * UPDATES * size)
        returns, digests = [], []
        for number in range(what.evaluations):
            updates = np.arange(number * UPDATES, (number + 1) * UPDATES)
            rates = np.array([learning_rate(update * size) for update in updates.tolist()], np.float32)
            worlds.now, _, _ = learn(worlds.now, rates, np.int32(updates[0]))
            seed = evaluation_seed(what.worlds, number + 1)
            returns.append(evaluate(agent, config.eval_episodes, seed).mean)
            digests.append(hashlib.sha256(b"".join(array.tobytes() for array in agent.weights())).hexdigest()[:16])
        steps = [(number + 1) * UPDATES * size for number in range(what.evaluations)]
        return {"steps": steps, "returns": returns, "digests": digests}

    return run


def made_with():
    """What a run's bits may depend on besides its settings: hardware, and versions."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    installed = {}
    for name in ("nanoka", "numpy", "scipy", "keras", "tensorflow", "tensorflow-cpu"):
        with suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    system = {"system": f"{platform.system()} {platform.machine()}", "cpus": os.cpu_count()}
    processor = (names or [platform.processor() or platform.machine()])[0]
    return {"processor": processor, **system, "python": platform.python_version(), **installed}


def learn_and_keep(run, folder):
    """One run, in a process of its own; it leaves its file."""
    found = {"version": VERSION, "run": run._asdict(), **learner(run.num_envs)(run), "made_with": made_with()}
    with written_whole(run.path(folder)) as part:
        part.write_text(json.dumps(found), encoding="utf-8")


@contextmanager
def computing_with(threads):
    """Processes that start meanwhile compute with so many threads."""
    names = ("NANOKA_THREADS", "OMP_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def read(run, folder):
    """What a run left in its file; None where there is none that can be read."""
    try:
        found = json.loads(run.path(folder).read_text(encoding="utf-8"))
        whole = found["version"] == VERSION and found["run"] == run._asdict()
        return found if whole and len(found["returns"]) == run.evaluations else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def measure(runs, folder, workers=2):
    """Learn what has no file yet.

    Args:
        runs: all of them; those of one number of threads are learnt together.
        folder: where their files are.
        workers: how many processes, at least 2: this one learns nothing, since its threads are counted already.

    Returns:
        {`Run`: {"steps": [E], "returns": [E] mean return of each evaluation, "digests": [E] of the weights then}}.
    """
    missing = defaultdict(list)
    for run in dict.fromkeys(runs):
        if read(run, folder) is None:
            missing[run.threads].append(run)
    with progress_bar(sum(map(len, missing.values())), "runs") as progress:
        for threads, of_threads in missing.items():
            with computing_with(threads), Workers(workers) as processes:
                processes.map(learn_and_keep, [(run, str(folder)) for run in of_threads], 1, progress.update)
    return {run: read(run, folder) for run in dict.fromkeys(runs)}
