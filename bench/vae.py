"""V of World Models over seeds: where things can be read off its codes, how long it takes, and what each part does.

    python bench/vae.py                      five seeds; the ablations on three; about 30 minutes on one core
    python bench/vae.py --only whole         one part; the others stay as they are

Seeds that nothing was tuned on. Off by: pixels of 64, and lives, on games that V did not learn from; z is drawn, as M
and C see it. Adds to results/vae.json after each run.
"""

import json
import time
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bench.machine import RESULTS, machine, save
from framework.cli import run

ABLATIONS = {  # each a third of the training
    "as it is": {},
    "mean error for summed": {"sigma": 0.3 * 32, "free_bits": 0.0},
    "no free bits": {"free_bits": 0.0},
    "no contrast": {"contrast": 0.0},
    "dense encoder": {"encoder": "dense", "filters": ((16, 4, 2), (32, 4, 2))},
    "dense decoder": {"decoder": "dense", "decoder_filters": (32, 16, 8)},
    "both dense": {
        "encoder": "dense", "filters": ((16, 4, 2), (32, 4, 2)), "decoder": "dense", "decoder_filters": (32, 16, 8)
    },
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    only: Literal["all", "whole", "ablations", "long"] = "all"
    """One part; "long" trains ten times as long."""
    seeds: tuple[int, ...] = (102, 104, 200, 201, 202)
    """Of the whole; the first three also of the ablations, the first of the long training."""


def train_once(config):
    """One V without a run's folder: how far off it is read, its last losses, seconds, pictures encoded a second."""
    from gymnasium import spaces

    from framework.tf import begin
    from IM.world_models.read_out import read_out
    from IM.world_models.record import record
    from IM.world_models.vae import VAE

    begin(config)
    recording, unseen = record(config), record(config, seed=config.seed + 10_000, num_envs=64, steps=300)
    frames = recording.frames.reshape(-1, *recording.frames.shape[2:])
    vae = VAE(spaces.Box(0, 255, frames.shape[1:], np.uint8), None, config)
    vae.mean_picture.assign(frames[::44].mean(axis=0) / 255)
    vae.encode(frames[:512])  # traced before the clock runs
    began = time.perf_counter(), time.process_time()
    logged = [vae.train_step(frames, 1 - step / config.steps) for step in range(config.steps)]
    seconds, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    began = time.process_time()
    for i in range(0, 20 * 512, 512):
        vae.encode(frames[i : i + 512])
    encoded = 20 * 512 / (time.process_time() - began)
    finite = all(np.isfinite(list(one.values())).all() for one in logged)
    return {
        "seed": config.seed,
        "off": {name: round(number, 3) for name, number in read_out(vae, unseen, noise_seed=0).items()},
        "off by means": {name: round(number, 3) for name, number in read_out(vae, unseen).items()},
        **{name: round(float(np.mean([one[name] for one in logged[-20:]])), 3) for name in logged[0]},
        "all finite": bool(finite),
        "seconds": round(seconds, 1),
        "processor seconds": round(processor, 1),
        "encoded a processor second": round(encoded),
    }


def main(options):
    from IM.world_models.vae import Config

    whole = Config()
    third = replace(whole, steps=whole.steps // 3)
    jobs = [("whole", "as it is", replace(whole, seed=seed)) for seed in options.seeds]
    for name, change in ABLATIONS.items():
        jobs += [("ablations", name, replace(third, seed=seed, **change)) for seed in options.seeds[:3]]
    jobs.append(("long", "ten times as long", replace(whole, seed=options.seeds[0], steps=10 * whole.steps)))
    path = RESULTS / "vae.json"
    for part, name, config in jobs:
        if options.only not in ("all", part):
            continue
        one = train_once(config)
        result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        runs = result.setdefault(part, {}).setdefault(name, {"runs": []})["runs"]
        runs[:] = [*(run for run in runs if run["seed"] != config.seed), one]
        result[part][name]["median off"] = {
            thing: float(np.median([run["off"][thing] for run in runs])) for thing in one["off"]
        }
        print(f"{part}, {name}, seed {config.seed}: {one['off']}, {one['processor seconds']:.0f} s", flush=True)
        save("vae", result | {"machine": machine("tensorflow-cpu", "numpy")})


if __name__ == "__main__":
    run(main, Options, __doc__)
