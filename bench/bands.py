"""Ten runs of each page on CartPole, for `framework.compare` to put a reader's own run beside.

    python bench/bands.py                    five minutes
    python bench/bands.py --only dqn_agent   one page; the others keep theirs
    python bench/bands.py --check            instead: where ten other runs of each lie, and runs with a fault

Each is what ``python FN/PAGE.py --test`` does with the seeds 100 to 109. Writes FN/bands/PAGE-CartPole-v1.json; with
--check, of the seeds 200 to 209, results/bands.json.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import machine, save
from framework.cli import run
from framework.compare import BANDS, band_of, compare, read_run, stretches
from framework.runs.files import written_whole
from framework.runs.jobs import Here, Job

PAGES = {  # and what takes it to CartPole
    "value_function_agent": (),
    "dqn_agent": ("--test",),
    "policy_gradient_agent": (),
    "a2c_agent": ("--test",),
    "ppo_agent": ("--test",),
}
SEEDS, OTHERS = range(100, 110), range(200, 210)
FAULTS = {  # a step size ten times too large, a target network that never follows, no clip, and two more
    "dqn_agent, step size × 10": ("dqn_agent", ("--test", "--learning-rate", "2.3e-2")),
    "dqn_agent, the target network never follows": ("dqn_agent", ("--test", "--target-period", "10000000")),
    "ppo_agent, no clip": ("ppo_agent", ("--test", "--clip", "1e6")),
    "a2c_agent, no critic": ("a2c_agent", ("--test", "--value-weight", "0")),
    "ppo_agent, one epoch": ("ppo_agent", ("--test", "--epochs", "1")),
}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only this page."""
    check: bool = False
    """Put other runs beside the ten, instead of making them."""


def folders_of(page, flags, seeds, folder):
    """The folders of finished runs of a page."""
    arguments = {seed: (*flags, "--seed", str(seed)) for seed in seeds}
    jobs = [Job(f"FN/{page}.py", given, str(Path(folder, page, f"seed{seed}"))) for seed, given in arguments.items()]
    with Here(2) as here:
        for future in [here.submit(job) for job in jobs]:
            if future.result().code:
                raise ValueError(f"{page}: {future.result().said}")
    return [Path(job.folder) for job in jobs]


def make(page, flags, folder):
    """Run a page with all seeds, and write its band."""
    folders = folders_of(page, flags, SEEDS, folder)
    known = json.loads((folders[0] / "config.json").read_text(encoding="utf-8"))
    width = known["config"]["eval_every"]
    runs = [stretches(one / "metrics.csv", width) for one in folders]
    rounded = [
        {name: {at: float(f"{value:.4g}") for at, value in of.items()} for name, of in one.items()} for one in runs
    ]
    about = {name: known[name] for name in ("date", "versions", "hardware")}
    known["config"]["run_folder"] = ""
    band = {"script": page, "config": known["config"], "about": about, "seeds": list(SEEDS), "runs": rounded}
    BANDS.mkdir(exist_ok=True)
    with written_whole(band_of(page, known["config"]["env"])) as part:
        part.write_text(json.dumps(band) + "\n", encoding="utf-8")
    print(page, [max(one["eval_return"].values()) for one in rounded], flush=True)


def placed(page, flags, seeds):
    """Where runs of a page lie, and which columns stand out of them: [(seed, where, columns)]."""
    with TemporaryDirectory() as folder:
        found = []
        for seed, one in zip(seeds, folders_of(page, flags, seeds, folder), strict=True):
            known, metrics = read_run(one)
            band = json.loads(band_of(page, known["config"]["env"]).read_text(encoding="utf-8"))
            beside = compare(known, metrics, band)
            found.append((seed, beside["where"], [f"{name} {way}" for name, way, *_ in beside["outstanding"]]))
        print(page, flags, found, flush=True)
        return found


def check():
    """Ten other runs of each page, and three of each fault."""
    clean = {page: placed(page, flags, OTHERS) for page, flags in PAGES.items()}
    faults = {name: placed(page, flags, OTHERS[:3]) for name, (page, flags) in FAULTS.items()}
    inside = {page: sum(where == "inside" for _, where, _ in found) for page, found in clean.items()}
    about = machine("tensorflow-cpu", "keras", "gymnasium")
    save("bands", {"machine": about, "inside, of ten": inside, "clean": clean, "faults": faults})


def main(options):
    if options.check:
        check()
        return
    for page, flags in PAGES.items():
        if options.only in ("", page):
            with TemporaryDirectory() as folder:
                make(page, flags, folder)


if __name__ == "__main__":
    run(main, Options, __doc__)
