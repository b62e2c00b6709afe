"""How fast PAAC steps worlds and learns, inside the graph and on the host, and what others do beside it.

    python bench/paac.py                                          everything: an hour and a half
    python bench/paac.py --only device                            one part; the others keep their last results
    python bench/paac.py --only jax --peer-python PEER/bin/python

bench/deep_speed.py says how to make the peer's environment; it needs jax and optax as well. Parts:

    device    CartPole in the graph: steps a second against the number of worlds, of the worlds alone, with acting,
              and with learning, plain and by XLA; beside them what the multiplications would take at the pace of one
              large matrix product
    seconds   of whole processes, until 100 episodes of the registered world confirm 475 on CartPole
    catcher   the same for 14.4 on Catcher, with the worlds on the host and in the graph
    workers   32 worlds stepped by 0, 1, 2 and 4 processes, without a network; needs the extras box2d and mujoco
    pixels    Catcher, 1 world and 32, acting alone and with learning, on the host and in the graph
    scaling   CartPole, as many seconds of learning for 1, 8, 32 and 128 worlds
    jax       JAX's loop on CartPole beside ours, on one core and on two
    sb3       stable-baselines3's PPO until 475 on CartPole beside ours, and steps a second of its A2C

Rates are medians of rounds, in turn. Writes results/paac.json, and draws docs/paac.png from it.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from bench.deep_limits import product_rate
from bench.deep_speed import CONTESTS, PEER, PEER_NAME, check_peer, measure, theirs
from bench.machine import RESULTS, machine, save
from framework.cli import run

ROOT = Path(__file__).parents[1]
JAX = ROOT / "bench" / "peers" / "jax_paac.py"
WORLDS = (1, 4, 16, 64, 256, 1024, 4096)
PARTS_OF_A_STEP = ("worlds", "acting", "learning")
SLOW = ("CartPole-v1", "Catcher-v0", "LunarLander-v3", "BipedalWalker-v3", "Hopper-v5")
WORKERS = (0, 1, 2, 4)
SEEDS = (100, 101, 102, 103, 104)
SCALED = {1: 5e-4, 8: 1.4e-3, 32: 2.8e-3, 128: 5.7e-3}
"""Worlds, and the step size of Adam, in proportion to the root of their number."""


@dataclass(frozen=True)
class Options:
    only: Literal["device", "seconds", "catcher", "workers", "pixels", "scaling", "jax", "sb3", "all"] = "all"
    rounds: int = 5
    """How often each rate is measured."""
    peer_python: str = ""
    """The Python of the environment that has JAX and stable-baselines3; without it, the others are not run."""


def rate(call, steps, seconds=1.0):
    """Steps a second of a call that takes so many, called for about so many seconds."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        call()
        count += steps
    return count / (time.perf_counter() - began)


def medians_in_turn(loops, rounds):
    """{name: steps a second} of loops that each have ``steps`` and can be called."""
    rates = {name: [] for name in loops}
    for _ in range(rounds):
        for name, loop in loops.items():
            rates[name].append(rate(loop, loop.steps))
    return {name: round(statistics.median(of_loop)) for name, of_loop in rates.items()}


class Device:
    """A loop in the graph: of the worlds alone, which act at random, with acting, or with learning, too.

    Args:
        steps: of all worlds in one call, about.

    Attributes:
        steps: of all worlds in one call.
        first_call: how many seconds it took, compilation included.
    """

    def __init__(self, config, part="learning", steps=2**15):
        from FN.paac_agent import PAACAgent
        from framework.device import make_device_worlds
        from framework.tf import begin

        begin(config)
        self.config, self.envs = config, make_device_worlds(config)
        self.agent = PAACAgent(self.envs.observation_space, self.envs.action_space, config)
        self.updates = self.agent.loop(self.envs) if part == "learning" else self.without_learning(part == "acting")
        size = config.num_envs * config.rollout_steps
        self.count = max(1, round(steps / size))
        self.steps, self.number = self.count * size, 0
        began = time.perf_counter()
        self(learning_rate=0.0)
        self.first_call = round(time.perf_counter() - began, 2)

    def without_learning(self, acts):
        from framework.graph import Graph
        from framework.tf import tf

        def at_random(obs, draws):
            return tf.cast(draws * float(self.envs.action_space.n), tf.int64), draws

        act, envs, steps = self.agent.choose.inside if acts else at_random, self.envs, self.config.rollout_steps

        def updates(now, learning_rates, number):
            finished = envs.nothing_finished()
            for _ in learning_rates:
                _, _, now, new = envs.collect(now, act, envs.draws(number, steps, tf.shape(now.state)[0]))
                finished = tf.nest.map_structure(tf.add, finished, new)
                number += 1
            return now, finished, {}

        return Graph(updates, xla=self.config.xla)

    def __call__(self, learning_rate=1e-4):
        rates = np.full(self.count, learning_rate, np.float32)
        now, finished, _ = self.updates(self.envs.now, rates, np.int32(self.number))
        self.envs.advance(now, finished, self.steps)
        self.number += self.count


class Host:
    """The same with the worlds on the host."""

    def __init__(self, config, part="learning"):
        from FN.paac_agent import PAACAgent, collect
        from framework.tf import begin
        from framework.vector import make_worlds

        begin(config)
        self.config, self.collect, self.envs = config, collect, make_worlds(config)
        self.agent = PAACAgent(self.envs.observation_space, self.envs.action_space, config)
        self.learns, self.steps = part == "learning", config.num_envs * config.rollout_steps
        self()

    def __call__(self):
        rollout = self.collect(self.agent.act, self.envs, self.config.rollout_steps)
        if self.learns:
            self.agent.train_step(rollout, 1e-4)


def operations(agent, side):
    """Floating-point operations of matrix products for a step: (acting, learning). A backward pass has twice those
    of a forward one, for the weights and for what came in, which the first layers do not need."""
    total, first, seen = 0, 0, agent.network.inputs[0].shape
    for layer in agent.network.layers:
        for shape in (tuple(variable.shape) for variable in layer.trainable_variables if len(variable.shape) > 1):
            products = int(np.prod(shape))
            if len(shape) == 4:  # a convolution, which meets every window once
                side = (side - shape[0]) // layer.strides[0] + 1
                products *= side**2
            total, first = total + products, first + products * (layer.input.shape == seen)
    return 2 * total, 2 * (3 * total - first)


def device(options):
    """CartPole in the graph, each part of a step with XLA and without."""
    from FN.paac_agent import CARTPOLE

    result = {}
    for xla in (False, True):
        for part in PARTS_OF_A_STEP:
            loops = {n: Device(replace(CARTPOLE, num_envs=n, xla=xla), part) for n in WORLDS}
            rates = medians_in_turn(loops, options.rounds)
            result[f"{part}, {'xla' if xla else 'plain'}"] = {
                str(n): {"steps_per_second": rates[n], "first_call": loop.first_call} for n, loop in loops.items()
            }
            print(part, xla, rates, flush=True)
    acting, learning = operations(loops[1].agent, 1)
    result["operations_a_step"] = {"acting": acting, "learning": learning}
    result["product_rate"] = round(statistics.median(product_rate() for _ in range(options.rounds)))
    return result


def until(flags):
    """Of a whole process: seconds until the registered world confirms its target, and steps."""
    result = measure([sys.executable, str(ROOT / "FN" / "paac_agent.py"), *flags])
    seconds = result["seconds"] if result["reached"] else None
    return {"seconds": seconds, "steps": result["steps_to_target"], "return": result["return"]}


def median_seconds(runs):
    """Of all runs; one that did not reach its target took forever."""
    median = statistics.median(run["seconds"] or np.inf for run in runs)
    return median if np.isfinite(median) else None


def seconds(options):
    """CartPole, in the graph."""
    runs = [{"seed": seed, **until(("--test", "--seed", str(seed)))} for seed in SEEDS]
    print(runs, flush=True)
    return {"median_seconds": median_seconds(runs), "seeds": runs}


def catcher(options):
    """Catcher, the two forms in turn."""
    runs = {"host": [], "device": []}
    for seed in SEEDS:
        for form, of_form in runs.items():
            flags = ("--form", form, "--target-return", "14.4", "--seed", str(seed))
            of_form.append({"seed": seed, **until(flags)})
            print(form, of_form[-1], flush=True)
    return {form: {"median_seconds": median_seconds(of_form), "seeds": of_form} for form, of_form in runs.items()}


def workers(options):
    """Steps a second of 32 worlds, by so many processes, which take their turns."""
    from framework.vector import make_vector

    result = {}
    for env_id in SLOW:
        loops = {str(count): Stepped(make_vector(env_id, 32, 0, workers=count)) for count in WORKERS}
        result[env_id] = medians_in_turn(loops, options.rounds)
        for loop in loops.values():
            loop.envs.close()
        print(env_id, result[env_id], flush=True)
    return result


class Stepped:
    """Worlds that act at random."""

    def __init__(self, envs):
        self.envs, self.steps, self.rng = envs, envs.num_envs, np.random.default_rng(0)
        self()

    def __call__(self):
        space, rows = self.envs.action_space, self.steps
        discrete = hasattr(space, "n")
        self.envs.step(
            self.rng.integers(space.n, size=rows) if discrete else self.rng.uniform(-1, 1, (rows, *space.shape))
        )


def pixels(options):
    """Catcher, one world and 32."""
    from FN.paac_agent import Config

    loops = {
        f"{form.__name__.lower()}, {part}, {n}": form(replace(Config(form=form.__name__.lower()), num_envs=n), part)
        for form in (Host, Device)
        for part in ("acting", "learning")
        for n in (1, 32)
    }
    rates = medians_in_turn(loops, options.rounds)
    print(json.dumps(rates, indent=2), flush=True)
    acting, learning = operations(loops["device, learning, 32"].agent, Config().frame_size)
    return {"steps_per_second": rates, "operations_a_step": {"acting": acting, "learning": learning}}


def scaling(options, budget=10.0, looks=20):
    """CartPole in the graph: as many seconds of learning for each number of worlds, evaluations not among them."""
    from FN.paac_agent import CARTPOLE
    from framework.device import DeviceEvaluation

    curves = {}
    for n, learning_rate in SCALED.items():
        config, curves[str(n)] = replace(CARTPOLE, num_envs=n), []
        probe = Device(config)
        steps = rate(probe, probe.steps) * budget / looks / 5  # in a call
        for seed in SEEDS:
            loop = Device(replace(config, seed=seed), steps=steps)
            evaluate = DeviceEvaluation(loop.config, loop.envs)
            curve, spent = [], 0.0
            for look in range(1, looks + 1):
                while spent < budget * look / looks:
                    began = time.perf_counter()
                    loop(learning_rate * max(0.0, 1 - spent / budget))
                    spent += time.perf_counter() - began
                mean = float(evaluate(loop.agent, 20, seed + look).returns.mean())
                curve.append((loop.envs.total_steps, round(spent, 2), mean))
            curves[str(n)].append({"seed": seed, "curve": curve})
            print(n, seed, curve[-1], flush=True)
    return {"learning_rates": {str(n): rate for n, rate in SCALED.items()}, "curves": curves}


def alone(num_envs, cores):
    """Our loop on CartPole by XLA in a process of its own, on so many cores; prints JSON."""
    os.environ["NANOKA_THREADS"] = str(cores)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from FN.paac_agent import CARTPOLE

    loop = Device(replace(CARTPOLE, num_envs=num_envs, xla=True))
    rates = medians_in_turn({"ours": loop}, 5)
    print(json.dumps({"steps_per_second": rates["ours"], "first_call": loop.first_call}))


def printed(command):
    """What a process prints as JSON in its last line."""
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    return json.loads(done.stdout.splitlines()[-1])


def jax(options):
    """Ours and JAX's, in turn."""
    result = {}
    for cores in (1, 2):
        for n in (16, 256, 1024):
            command = [options.peer_python, str(JAX), "--worlds", str(n), "--cores", str(cores)]
            found = result[f"{n} worlds, {cores} core{'s' * (cores > 1)}"] = {
                "nanoka": printed([sys.executable, "-c", f"from bench.paac import alone; alone({n}, {cores})"]),
                "JAX": printed(command),
                "JAX, steps unrolled": printed([*command, "--unroll"]),
            }
            print(n, cores, found, flush=True)
    return result


def sb3(options):
    """PPO's seconds in turn with ours; A2C's rate with as many worlds as suit it best, and from pixels."""
    peer = "stable-baselines3's PPO"
    seconds = {"PAAC": [], peer: []}
    contest = CONTESTS["cartpole"]
    for seed in SEEDS:
        seconds["PAAC"].append(until(("--test", "--seed", str(seed)))["seconds"])
        run = measure(theirs(contest, "ppo", seed, contest.peers[PEER_NAME], options.peer_python))
        seconds[peer].append(run["seconds"])
        print(seconds, flush=True)
    alike = {"n_steps": 8, "policy_kwargs": {"net_arch": [64, 64]}}
    result = {
        "cartpole_seconds": seconds,
        "a2c_cartpole": {
            str(n): sb3_a2c(options, "CartPole-v1", 100_000, alike | {"n_envs": n}) for n in (8, 32, 128, 512)
        },
        "a2c_catcher": sb3_a2c(options, "Catcher-v0", 30_000, catcher_alike()),
    }
    print(result["a2c_cartpole"], result["a2c_catcher"])
    return result


def catcher_alike():
    """Our settings for Catcher in stable-baselines3's words."""
    from FN.paac_agent import Config

    ours = Config()
    (dense,) = ours.hidden
    return {
        "n_envs": ours.num_envs, "n_steps": ours.rollout_steps, "frame_size": ours.frame_size,
        "filters": ours.filters, "dense": dense, "gamma": ours.gamma, "use_rms_prop": False,
    }  # fmt: skip


def sb3_a2c(options, env_id, steps, settings):
    """Steps a second of stable-baselines3's A2C, over the second half of so many."""
    command = [options.peer_python, str(PEER), "--json", "--algo", "a2c", "--env", env_id, "--target", "1e9"]
    command += ["--max-steps", str(steps), "--eval-every", str(10**9), "--settings", json.dumps(settings)]
    return printed(command)["steps_per_second"]


PARTS = {
    "device": device, "seconds": seconds, "catcher": catcher, "workers": workers, "pixels": pixels,
    "scaling": scaling, "jax": jax, "sb3": sb3,
}  # fmt: skip


BESIDE = ("jax", "sb3")  # need the peer's environment


def draw(known):
    """Four panels, once all that they show is known."""
    if not {"device", "workers", "scaling", "sb3"} <= set(known):
        return
    from matplotlib.figure import Figure

    from framework.plots import COLOURS, draw_curve, finish, save_figure

    figure = Figure(figsize=(10.5, 7.6), layout="constrained")
    rates, processes, by_time, by_steps = figure.subplots(2, 2).flat
    for (name, label), colour in zip(LINES.items(), COLOURS, strict=False):
        of_n = known["device"][name]
        rates.plot(WORLDS, [of_n[str(n)]["steps_per_second"] for n in WORLDS], "o-", ms=3, color=colour, label=label)
    a2c = known["sb3"]["a2c_cartpole"]
    rates.plot(
        [int(n) for n in a2c], list(a2c.values()), "s--", ms=3, color=COLOURS[5], label="stable-baselines3's A2C"
    )
    rates.set(xscale="log", yscale="log", xlabel="worlds", ylabel="steps a second", title="CartPole in the graph")
    rates.set_ylim(bottom=300)  # room for the legend
    for i, env_id in enumerate(SLOW):
        of_world = known["workers"][env_id]
        heights = [of_world[str(n)] / of_world["0"] for n in WORKERS[1:]]
        places = i + 0.26 * np.arange(-1, 2)
        for place, height, n, colour in zip(places, heights, WORKERS[1:], COLOURS, strict=False):
            processes.bar(place, height, 0.24, color=colour, label=f"{n} worker{'s' * (n > 1)}" if i == 0 else None)
    processes.axhline(1, color="0.3", linewidth=1)
    names = [env_id.partition("-")[0].replace("Lander", "\nLander").replace("Walker", "\nWalker") for env_id in SLOW]
    processes.set_xticks(range(len(SLOW)), names)
    processes.set(ylabel="times the pace of no worker", title="32 worlds stepped by processes")
    for n, colour in zip(SCALED, COLOURS, strict=False):
        curves = np.array([one["curve"] for one in known["scaling"]["curves"][str(n)]])  # [seeds, looks, 3]
        label = f"{n} world{'s' * (n > 1)}"
        draw_curve(by_time, curves[..., 1].mean(axis=0), curves[..., 2], label, colour)
        draw_curve(by_steps, curves[..., 0].mean(axis=0), curves[..., 2], label, colour)
    by_time.set(xlabel="seconds of learning", ylabel="mean return of 20 episodes", title="As many seconds for all")
    by_steps.set(xlabel="steps of all worlds", ylabel="mean return of 20 episodes", title="The same runs by steps")
    by_steps.set_xscale("log")
    for ax in (rates, processes, by_time, by_steps):
        finish(ax)
    save_figure(figure, (ROOT / "docs" / "paac.png").as_posix())


LINES = {
    "learning, plain": "with learning", "learning, xla": "with learning, XLA", "acting, xla": "acting alone, XLA",
    "worlds, xla": "worlds alone, XLA",
}  # fmt: skip


def main(options):
    if options.only in BESIDE or options.peer_python:
        check_peer(options.peer_python)
    path = RESULTS / "paac.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, part in PARTS.items():
        if options.only not in (name, "all") or (name in BESIDE and not options.peer_python):
            continue
        known[name] = {"machine": machine("tensorflow-cpu", "keras", "gymnasium"), **part(options)}
        save("paac", known)
    draw(known)


if __name__ == "__main__":
    run(main, Options, __doc__)
