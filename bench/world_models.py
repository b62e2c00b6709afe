"""World Models: the whole pipeline and its ablations over seeds, and PPO from the same pixels; every seed.

    python bench/world_models.py                    five seeds; some 20 minutes each on one free core
    python bench/world_models.py --seeds 102        one of them; the others keep their last results
    python bench/world_models.py --only reality     only the runs with this in their names
    python bench/world_models.py --ppo              Day 4's PPO from pixels instead, two and four pictures at once

A run that is stopped goes on where it was: what is done stands in runs/bench_world_models/, and the seconds of what
was cut are those of its last part. Scores are means of 100 fresh games, of 10 fruits; the oracle catches all of them.
Three ablations of M are of the first seed only. Writes results/world_models.json.
"""

import csv
import json
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.runs.files import written_whole

DONE = Path("runs", "bench_world_models")
GAMES, GAMES_SEED = 100, 1_000_000
RUNS = {  # of a controller: what is not as by default
    "[z, h], dream": {},
    "[z, h], reality": {"world": "reality"},
    "z alone, reality": {"world": "reality", "memory": False},
    "[z, h], dream, temperature 0.1": {"temperature": 0.1},
    "[z, h], dream, temperature 1.3": {"temperature": 1.3},
    "[z, h] of an untrained M, reality": {"world": "reality", "model": "untrained"},
    "[z, h] of an M of shuffled z, reality": {"world": "reality", "model": "shuffled"},
    "[z, h], dream of good play": {"model": "good"},
    "[z, h], dream of first windows": {"model": "first"},
}
FEW = [name for name in RUNS if "shuffled" in name or "dream of" in name]  # of the first seed only
PPO = {"2 pictures": {"frame_stack": 2}, "4 pictures": {"frame_stack": 4}}
PPO_STEPS = (180_000, 500_000)


@dataclass(frozen=True)
class Options:
    seeds: tuple[int, ...] = (102, 104, 200, 201, 202)
    """Seeds that nothing was tuned on."""
    only: str = ""
    """Only the runs whose name has this in it."""
    ppo: bool = False
    """PPO from the same pixels, with the first of the seeds."""


def once(folder, name, function):
    """The result of a function, from the disk where it was worked out before."""
    path = folder / f"{name.replace(' ', '_')}.json"
    if not path.exists():
        began = time.perf_counter()
        result = function()
        result["seconds"] = round(time.perf_counter() - began, 1)
        with written_whole(path) as part:
            part.write_text(json.dumps(result), encoding="utf-8")
        print(f"{folder.name}, {name}: {result}", flush=True)
    return json.loads(path.read_text(encoding="utf-8"))


def first_windows(latents, window):
    """`Latents` of the first steps of all games: no end is among them, but of games that were lost at once."""
    t, stream = np.nonzero(latents.first[:-window])
    return type(latents)(*(part[t + np.arange(window + 1)[:, None], stream] for part in latents))


def world_model(folder, seed, model):
    """Record, V and M, into a file; model says which M.

    "" is M as by default; "shuffled" learns from z of other times, "untrained" from nothing, "good" from games that
    the oracle played in half of the worlds, and "first" from the first windows of games only.
    """
    from IM.world_models import mdn_rnn, vae
    from IM.world_models.dream import WorldModel
    from IM.world_models.insight import foresight
    from IM.world_models.read_out import read_out
    from IM.world_models.record import record
    from IM.world_models.world_models import part
    from worlds.windy_catcher import windy_catcher_oracle

    seconds, began = {}, time.perf_counter()

    def stop(name):
        nonlocal began
        seconds[name], began = round(time.perf_counter() - began, 1), time.perf_counter()

    config = vae.Config(seed=seed)
    recording = record(config)
    stop("record")
    eyes = part(folder / "vae", config, vae.VAE, vae.train, recording)
    stop("V")
    if model == "good":
        recording = record(config, player=windy_catcher_oracle)
    latents = mdn_rnn.encode(eyes, recording)
    if model == "first":
        latents = first_windows(latents, mdn_rnn.Config().window)
    if model == "shuffled":
        order = np.random.default_rng(seed).permutation(len(latents.mean))
        latents = latents._replace(mean=latents.mean[order], log_var=latents.log_var[order])
    stop("encode")
    config = mdn_rnn.suited(mdn_rnn.Config(seed=seed), latents)
    if model == "untrained":
        memory = mdn_rnn.MDNRNN(config)
    else:
        memory = part(folder / f"mdn_rnn{model}", config, mdn_rnn.MDNRNN, mdn_rnn.learn, latents)
    stop("M")
    WorldModel.of(eyes, memory, latents).save(folder / f"world_model{model}.npz")
    unseen = record(vae.Config(seed=seed), seed=seed + 5_000, num_envs=128, steps=160)
    read = {name: round(off, 2) for name, off in read_out(eyes, unseen, noise_seed=0).items()}
    share, off = foresight(memory, mdn_rnn.encode(eyes, unseen), unseen.state)
    comes_back = {"foreseen": round(share, 2), "draw_off": round(off, 1)}
    return {"real_steps": int(recording.first.size), "read_out": read, "comes_back": comes_back, "stages": seconds}


def score(world_model, policy, world, temperature=1.0):
    """Mean return of fresh games in the dream or in reality."""
    from framework.evaluate import evaluate
    from IM.world_models.controller import Config
    from IM.world_models.games import make_games

    worlds = make_games(Config(world=world, temperature=temperature), world_model, GAMES)
    return round(evaluate(policy, worlds, GAMES_SEED).mean, 2)


def controller(folder, seed, settings):
    """Let a controller learn; its scores where it learnt and in reality, and how many steps it took there."""
    from IM.world_models.controller import Config, Controller, train
    from IM.world_models.dream import WorldModel
    from IM.world_models.world_models import part

    settings = dict(settings)
    path = folder / f"world_model{settings.pop('model', '')}.npz"
    config, known = Config(seed=seed, world_model=path.as_posix(), **settings), WorldModel.load(path)
    name = re.sub(r"[^a-z0-9.]+", "-", f"{path.stem} {settings}".lower()).strip("-")
    agent = part(folder / name, config, Controller, train, known)
    with open(folder / name / "metrics.csv", encoding="utf-8", newline="") as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    own = score(known, agent.greedy, config.world, config.temperature)
    return {"own": own, "reality": score(known, agent.greedy, "reality"), "steps": steps[-1]}


def references(known):
    """What the oracle and random play get in the same games."""
    from framework.evaluate import evaluate
    from framework.vector import VectorWorld
    from IM.world_models.reality import LatentVector
    from worlds.windy_catcher import windy_catcher_oracle

    envs = VectorWorld(LatentVector(known, GAMES), 0)
    games, rng = envs.envs.worlds.envs.unwrapped, np.random.default_rng(0)
    oracle = evaluate(lambda obs: windy_catcher_oracle(games.state), envs, GAMES_SEED)
    random = evaluate(lambda obs: rng.integers(3, size=len(obs)), envs, GAMES_SEED)
    return {"oracle": oracle.mean, "random": random.mean}


def all_of(seed, only, few):
    """Every stage of a seed; few: also what only the first of them does."""
    folder = DONE / f"seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    result = {"seed": seed, "model": once(folder, "world_model", lambda: world_model(folder, seed, ""))}
    for name, settings in RUNS.items():
        if only in name and (few or name not in FEW):
            model = settings.get("model", "")
            if model:
                once(folder, f"world_model_{model}", lambda model=model: world_model(folder, seed, model))
            result[name] = once(folder, name, lambda settings=settings: controller(folder, seed, settings))
    return result


def ppo(seed):
    """Day 4's PPO from the same pixels: its return after so many real steps."""
    from FN.ppo_agent import Config, train

    folder, results = DONE / f"ppo{seed}", {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, settings in PPO.items():

        def learn(name=name, settings=settings):
            config = replace(
                Config(), env="WindyCatcher-v0", frame_size=32, steps=PPO_STEPS[-1], eval_every=PPO_STEPS[0],
                target_return=None, eval_episodes=GAMES, seed=seed, **settings,
            )  # fmt: skip
            path = folder / name.replace(" ", "_")
            train(replace(config, run_folder=str(path)))
            rows = [line.split(",") for line in (path / "metrics.csv").read_text(encoding="utf-8").splitlines()]
            step, value = rows[0].index("step"), rows[0].index("eval_return")
            return {row[step]: round(float(row[value]), 2) for row in rows[1:] if row[value]}

        results[name] = once(folder, name, learn)
    return results


def ratios(one):
    """What the page promises, of one seed: what memory is worth, what the dream is worth, and the two gaps.

    A controller that got less than one fruit counts as if it had got one: a ratio to nothing would say nothing.
    """
    score, own = ({name: one[name][key] for name in RUNS if name in one} for key in ("reality", "own"))
    result = {}
    if {"[z, h], reality", "z alone, reality"} <= set(score):
        result["memory"] = score["[z, h], reality"] / max(1, score["z alone, reality"])
    if {"[z, h], reality", "[z, h], dream"} <= set(score):
        result["dream"] = score["[z, h], dream"] / max(1, score["[z, h], reality"])
    for name, run_name in (("gap", "[z, h], dream"), ("gap at 0.1", "[z, h], dream, temperature 0.1")):
        if run_name in score:
            result[name] = own[run_name] - score[run_name]
    return {name: round(value, 2) for name, value in result.items()}


def summary(of_seeds):
    """The medians over seeds of all runs, and each seed's `ratios`."""
    result = {}
    for name in RUNS:
        runs = [one[name] for one in of_seeds if name in one]
        if runs:
            keys = ("own", "reality", "steps", "seconds")
            result[name] = {key: float(np.median([one[key] for one in runs])) for key in keys}
    return {"median": result, "ratios": {str(one["seed"]): ratios(one) for one in of_seeds}}


def main(options):
    path = RESULTS / "world_models.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"seeds": {}}
    known["machine"] = machine("tensorflow-cpu", "keras", "gymnasium", "cma")
    if options.ppo:
        known["ppo"] = ppo(options.seeds[0])
        save("world_models", known)
        return
    for seed in options.seeds:
        one = all_of(seed, options.only, few=seed == Options.seeds[0])
        known["seeds"][str(seed)] = known["seeds"].get(str(seed), {}) | one
        known |= summary(list(known["seeds"].values()))
        save("world_models", known)
    from IM.world_models.dream import WorldModel

    known["references"] = references(WorldModel.load(DONE / f"seed{options.seeds[0]}" / "world_model.npz"))
    save("world_models", known)


if __name__ == "__main__":
    run(main, Options, __doc__)
