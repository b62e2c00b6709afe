"""What evolution strategies reach, and how fast: every seed, from the start of the process to its target.

    python bench/evolution.py                       everything; about 20 minutes on two quiet cores
    python bench/evolution.py --only learning
    python bench/evolution.py --only keras

Parts: learning (each run is a process of its own, as a reader starts it, beside which nothing runs), ablations, luck
(how much better the best of a generation looks than it is), keras (the same games by a Keras model per rollout),
graph (the networks of a generation in a TensorFlow graph), workers, bytes. Writes results/evolution.json.
"""

import csv
import json
import pickle
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from bench.machine import RESULTS, machine, save
from EV.evolution import CATCHER, PIXELS, Config, EvolutionalTrainer
from EV.sharing import calls, play_share
from framework.cli import run
from framework.evaluate import FreshWorlds
from framework.runs.parallel import Workers

ROOT = Path(__file__).parents[1]
RUNS = {  # name: flags
    "CartPole-v1 es": [],
    "CartPole-v1 cma": ["--strategy", "cma"],
    "CatcherState-v0 es": ["--env", "CatcherState-v0"],
    "CatcherState-v0 cma": ["--env", "CatcherState-v0", "--strategy", "cma"],
    "Catcher-v0 es": ["--env", "Catcher-v0", "--workers", "2"],
    "Catcher-v0 cma": ["--env", "Catcher-v0", "--workers", "2", "--strategy", "cma"],
}
ABLATIONS = {  # on CartPole: what is changed
    "as it is": {},
    "sigma 0.1": {"sigma": 0.1},
    "sigma 0.02": {"sigma": 0.02},
    "population 8": {"population": 8},
    "one game each": {"episodes": 1},
}


def learn(flags, seed):
    """One run of EV/evolution.py: its result, seconds, and its evaluations [(step, return), …]."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "EV" / "evolution.py"), *flags, "--seed", str(seed)]
        began, epoch = time.perf_counter(), time.time()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        (home,) = Path(folder, "runs", "evolution").iterdir()
        result = json.loads((home / "result.json").read_text(encoding="utf-8"))
        with open(home / "metrics.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    return {
        "seed": seed,
        "reached": result["reached"],
        "steps": result["steps"],
        "games": result["episodes"],
        "return": result["return"],
        "seconds": round(seconds, 1),
        "seconds_to_target": round(result["reached_time"] - epoch, 1) if result["reached"] else None,
        "peak_megabytes": result["peak_megabytes"],
        "curve": [(int(row["step"]), float(row["eval_return"])) for row in rows if row["eval_return"]],
    }


def learning(options):
    """{run: every seed}."""
    found = {}
    for name, flags in RUNS.items():
        if options.run not in name:
            continue
        seeds = []
        for seed in options.seeds:
            seeds.append(learn(flags, seed))
            print(name, {key: value for key, value in seeds[-1].items() if key != "curve"}, flush=True)
        there = [one["seconds_to_target"] for one in seeds if one["reached"]]
        about = {"reached": f"{len(there)} of {len(seeds)}", "most_seconds_to_target": max(there, default=None)}
        found[name] = {**about, "seeds": seeds}
    return found


def ablations(options):
    """{what is changed: after how many generations each seed reached 475 in 100 fresh games; None: not in 100}."""
    found = {}
    for name, changed in ABLATIONS.items():
        found[name] = [generations_to_475(replace(Config(seed=seed), **changed)) for seed in options.seeds]
        print(f"{name}: {found[name]}", flush=True)
    return found


def generations_to_475(config, most=100):
    trainer, evaluate = EvolutionalTrainer(config), FreshWorlds(config)
    for generation in islice(trainer.generations(), most):
        if evaluate(trainer.agent, 100, 10**6).mean >= 475:
            return generation.number + 1
    return None


def luck(options):
    """How the best of each of the first ten generations scored, how it does in 100 fresh games, and how θ does."""
    found = []
    for seed in options.seeds:
        trainer, fresh = EvolutionalTrainer(replace(CATCHER, seed=seed)), FreshWorlds(CATCHER)
        for number in range(10):
            population = trainer.population
            generation = next(trainer.generations())
            best = int(np.argmax(generation.scores))
            theta = trainer.agent.theta.copy()
            trainer.agent.theta[:] = population[best]
            again = fresh(trainer.agent, 100, 10**6).mean
            trainer.agent.theta[:] = theta
            found.append({
                "seed": seed, "generation": number, "best": float(generation.scores[best]), "the same, fresh": again,
                "weights, fresh": fresh(trainer.agent, 100, 10**6).mean,
            })  # fmt: skip
    gap = float(np.mean([one["best"] - one["the same, fresh"] for one in found]))
    print(f"the best of a generation scores {gap:.2f} fruits more than in fresh games", flush=True)
    return {"mean_gap": gap, "generations": found}


def seconds_of(job, times):
    """The median seconds of ``job()`` over so many times, after one that does not count."""
    seconds = []
    for _ in range(times + 1):
        began = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds[1:]))


def keras_per_rollout(options):
    """The same 32 games of CartPole's first generation, as one batch, and by one Keras model per rollout.

    The models are built anew for each rollout, as programs do that hand a rollout to a process. Returns are equal.
    """
    import gymnasium
    import keras

    config = Config(population=16, episodes=2, seed=options.seeds[0])
    trainer = EvolutionalTrainer(config)
    first_seed = int(np.random.SeedSequence([config.seed, 3, 0]).generate_state(1)[0] >> 1)
    rows = np.arange(config.population)
    batch = trainer.play(rows)

    def rollout(theta, seed, ask):
        layers = [keras.layers.Dense(16, "tanh"), keras.layers.Dense(2)]
        model = keras.Sequential([keras.layers.Input((4,)), *layers])
        model.set_weights([theta[:64].reshape(4, 16), theta[64:80], theta[80:112].reshape(16, 2), theta[112:]])
        env = gymnasium.make("CartPole-v1")
        obs, _ = env.reset(seed=seed)
        total, ended = 0.0, False
        while not ended:
            obs, reward, terminated, truncated, _ = env.step(int(np.argmax(ask(model, obs[None]))))
            total, ended = total + reward, terminated or truncated
        return total

    asks = {
        "model.predict": lambda model, obs: model.predict(obs, verbose=0),
        "model(obs)": lambda model, obs: np.asarray(model(obs)),
    }
    found = {"games": int(batch.size // 2), "game_steps": int(batch[..., 1].sum())}
    found["one batch"] = seconds_of(lambda: trainer.play(rows), 10)
    for name, ask in asks.items():
        rollout(trainer.population[0], 0, ask)  # TensorFlow starts
        began = time.perf_counter()
        returns = [[rollout(theta, first_seed + game, ask) for game in range(2)] for theta in trainer.population]
        found[name] = time.perf_counter() - began
        np.testing.assert_array_equal(returns, batch[..., 0])
        print(f"{name}: {found[name] / found['one batch']:.0f} times as long as one batch", flush=True)
    return found


def graph(options):
    """A generation from pixels: how much of it the networks take, by NumPy and as a TensorFlow graph."""
    import tensorflow as tf

    trainer = EvolutionalTrainer(PIXELS)
    theta, sizes = trainer.population, trainer.agent.network.sizes
    obs = np.random.default_rng(0).integers(256, size=(len(theta), PIXELS.episodes, 16, 16, 2), dtype=np.uint8)

    @tf.function
    def outputs(theta, obs):
        """`EV.population.Network.outputs`, of pictures, in TensorFlow."""
        n, at = len(trainer.population), 32 * PIXELS.filters
        columns = tf.reshape(tf.transpose(tf.cast(obs, tf.float32) / 255, (0, 1, 3, 2, 4)), (n, -1, 32))
        fit = 10 * tf.reshape(columns @ tf.reshape(theta[:, :at], (n, 32, -1)), (n, PIXELS.episodes, 16, -1))
        x = tf.einsum("w,newk->nek", tf.linspace(-3.0, 3.0, 16), tf.nn.softmax(fit, axis=2))
        for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
            weight = tf.reshape(theta[:, at : at + n_in * n_out], (-1, n_in, n_out))
            bias = theta[:, None, at + n_in * n_out : at + (n_in + 1) * n_out]
            x, at = (tf.tanh(x) if layer else x) @ weight + bias, at + (n_in + 1) * n_out
        return x

    by_numpy = partial(trainer.agent.network.outputs, theta, obs)
    tensors = tf.constant(theta), tf.constant(obs)
    np.testing.assert_allclose(by_numpy(), outputs(*tensors), rtol=1e-3, atol=1e-4)
    envs = trainer.worlds_for(len(theta))
    found = {
        "networks, NumPy": seconds_of(by_numpy, 50),
        "networks, TensorFlow graph": seconds_of(lambda: outputs(*tensors).numpy(), 50),
        "a step of the worlds": seconds_of(lambda: envs.step(np.ones(envs.num_envs, int)), 50),
    }
    whole = found["networks, NumPy"] + found["a step of the worlds"]
    found["a graph makes a step faster by"] = whole / (whole - found["networks, NumPy"] + found[
        "networks, TensorFlow graph"])  # fmt: skip
    print({name: round(value, 5) for name, value in found.items()}, flush=True)
    return found


HEAVIER = {  # generations, the lightest first
    "CartPole-v1, 64 × 2": Config(),
    "CatcherState-v0, 128 × 4": CATCHER,
    "CatcherState-v0, 512 × 8": replace(CATCHER, population=512, episodes=8),
    "Catcher-v0 (pixels), 16 × 2": replace(PIXELS, population=16, episodes=2),
    "Catcher-v0 (pixels), 128 × 4": PIXELS,
}


def workers(options):
    """Seconds of a generation by one process and by two workers."""
    found = {}
    for name, config in HEAVIER.items():
        seconds = {}
        for count in (0, 2):
            with Workers(count) as pool:
                generations = EvolutionalTrainer(config, pool).generations()
                seconds[count] = seconds_of(partial(next, generations), 5)
        found[name] = {"one": seconds[0], "two": seconds[2], "faster": seconds[0] / seconds[2]}
        print(f"{name}: {seconds[0]:.3f} s, with two workers {seconds[0] / seconds[2]:.2f} times as fast", flush=True)
    pays = [one["one"] for one in found.values() if one["faster"] > 1]
    print(f"two workers pay from {min(pays):.2f} s a generation on" if pays else "two workers never pay", flush=True)
    return found


def bytes_sent(options):
    """Bytes that two workers are told and answer in a generation, as they are sent, for networks of several sizes."""
    found = {}
    for units in (4, 16, 64, 256, 1024):
        trainer = EvolutionalTrainer(Config(hidden=(units,)), Workers(0))
        *_, last = islice(trainer.generations(), 6)
        trainer.workers.count = 2
        weights = len(trainer.agent.theta)
        told = [pickle.dumps((play_share, share)) for share in calls(trainer, 2)]  # each is sent by itself
        answered = [pickle.dumps(games) for games in np.array_split(last.games, 2)]
        found[weights] = sum(map(len, told + answered))
        print(f"{weights} weights: {found[weights]} bytes a generation", flush=True)
    return found


PARTS = {
    "learning": learning, "ablations": ablations, "luck": luck, "keras": keras_per_rollout, "graph": graph,
    "workers": workers, "bytes": bytes_sent,
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the parts whose name has this in it; the others keep their last results."""
    run: str = ""
    """Of the part learning, only the runs whose name has this in it."""
    seeds: tuple[int, ...] = (300, 301, 302, 303, 304)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "evolution.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, part in PARTS.items():
        if options.only in name:
            result = part(options)
            if name == "learning":
                result = {**known.get(name, {}).get("result", {}), **result}
            packages = ("numpy", "gymnasium", "cma", "tensorflow-cpu", "keras")
            known[name] = {"machine": machine(*packages), "result": result}
            save("evolution", known)


if __name__ == "__main__":
    run(main, Options, __doc__)
