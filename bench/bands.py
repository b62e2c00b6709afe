"""Ten runs of each page on CartPole or Catcher, for `framework.compare` to put a reader's own run beside.

    python bench/bands.py                    about half an hour
    python bench/bands.py --only Catcher     some of them; the others keep theirs
    python bench/bands.py --check            instead: where ten other runs of each lie, and runs with a fault

Each is what ``python FN/PAGE.py`` does, or with --test, with the seeds 100 to 109. Writes FN/bands/PAGE-WORLD.json;
with --check, of the seeds 200 to 209, results/bands.json. A fault is a setting, or a line of the code: one of those
in tests/bugs, planted in a copy of the tree.
"""

import json
import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import machine, save
from framework.cli import run
from framework.compare import BANDS, band_of, compare, read_run, stretches
from framework.runs.files import written_whole
from framework.runs.folder import ROOT
from framework.runs.jobs import Here, Job
from tools.bugs import copy_of_tree, read_bugs

PAGES = {  # and its flags
    "value_function_agent, CartPole": ("value_function_agent", ()),
    "dqn_agent, CartPole": ("dqn_agent", ("--test",)),
    "policy_gradient_agent, CartPole": ("policy_gradient_agent", ()),
    "a2c_agent, CartPole": ("a2c_agent", ("--test",)),
    "ppo_agent, CartPole": ("ppo_agent", ("--test",)),
    "dqn_agent, Catcher": ("dqn_agent", ()),
    "a2c_agent, Catcher": ("a2c_agent", ()),
    "ppo_agent, Catcher": ("ppo_agent", ()),
    "rainbow_agent, CartPole": ("rainbow_agent", ("--test",)),
    "trpo_agent, CartPole": ("trpo_agent", ()),
    "paac_agent, CartPole": ("paac_agent", ("--test",)),
    "paac_learners, CartPole": ("paac_learners", ()),
}
SEEDS, OTHERS, BUGS = range(100, 110), range(200, 210), {bug.name: bug for bug in read_bugs()}
# Page, flags, and the name of a bug in tests/bugs. DQN's healthy runs on Catcher end before 40,000 steps.
FAULTS = {
    "dqn_agent, CartPole: step size × 10": ("dqn_agent", ("--test", "--learning-rate", "2.3e-2"), ""),
    "dqn_agent, CartPole: the target network never follows": (
        "dqn_agent",
        ("--test", "--target-period", "10000000"),
        "",
    ),
    "dqn_agent, CartPole: ends are not cut off": ("dqn_agent", ("--test",), "FN: DQN-bootstraps-past-an-end"),
    "dqn_agent, CartPole: rows follow each other": ("dqn_agent", ("--test", "--buffer-size", "256"), ""),
    "ppo_agent, CartPole: no clip": ("ppo_agent", ("--test", "--clip", "1e6"), ""),
    "a2c_agent, CartPole: no critic": ("a2c_agent", ("--test", "--value-weight", "0"), ""),
    "ppo_agent, CartPole: one epoch": ("ppo_agent", ("--test", "--epochs", "1"), ""),
    "dqn_agent, Catcher: ends are not cut off": ("dqn_agent", ("--steps", "40000"), "FN: DQN-bootstraps-past-an-end"),
    "dqn_agent, Catcher: stacks keep the last episode": (
        "dqn_agent", ("--steps", "40000"), "worlds: a-stack-keeps-the-last-episode",
    ),
    "dqn_agent, Catcher: stacks mix the worlds": ("dqn_agent", ("--steps", "40000"), "worlds: stacks-mix-the-worlds"),
    "ppo_agent, Catcher: stacks keep the last episode": ("ppo_agent", (), "worlds: a-stack-keeps-the-last-episode"),
    "ppo_agent, Catcher: stacks mix the worlds": ("ppo_agent", (), "worlds: stacks-mix-the-worlds"),
    "ppo_agent, Catcher: no clip": ("ppo_agent", ("--clip", "1e6"), ""),
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only those with this in their name, such as dqn_agent or Catcher; of several, the names with commas."""
    check: bool = False
    """Put other runs beside the ten, instead of making them."""


def run_folders(page, flags, seeds, folder, bug=""):
    """The folders of finished runs of a page, of this tree or of a copy that has a bug."""
    with copy_of_tree(BUGS[bug]) if bug else nullcontext(ROOT) as tree, importing_from(tree):
        script, arguments = str(Path(tree, "FN", f"{page}.py")), [(*flags, "--seed", str(seed)) for seed in seeds]
        homes = [str(Path(folder, page, f"seed{seed}")) for seed in seeds]
        jobs = [Job(script, given, home) for given, home in zip(arguments, homes, strict=True)]
        with Here(2) as here:
            for future in [here.submit(job) for job in jobs]:
                if future.result().code:
                    raise ValueError(f"{page}: {future.result().said}")
    return [Path(job.folder) for job in jobs]


@contextmanager
def importing_from(tree):
    """Runs that start meanwhile import from this tree."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(tree)
    try:
        yield
    finally:
        os.environ["PYTHONPATH"] = before or ""


def make(page, flags, folder):
    """Run a page with all seeds, and write its band."""
    folders = run_folders(page, flags, SEEDS, folder)
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


def placed(page, flags, seeds, bug=""):
    """Where runs of a page lie, and which columns stand out of them: [(seed, where, columns)]."""
    with TemporaryDirectory() as folder:
        found = []
        for seed, one in zip(seeds, run_folders(page, flags, seeds, folder, bug), strict=True):
            known, metrics = read_run(one)
            band = json.loads(band_of(page, known["config"]["env"]).read_text(encoding="utf-8"))
            beside = compare(known, metrics, band)
            found.append((seed, beside["where"], [f"{name} {way}" for name, way, *_ in beside["outstanding"]]))
        print(page, flags, bug, found, flush=True)
        return found


def check(only):
    """Ten other runs of each page, and three of each fault."""
    pages = {name: page for name, page in PAGES.items() if only in name}
    clean = {name: placed(page, flags, OTHERS) for name, (page, flags) in pages.items()}
    wrong = {name: fault for name, fault in FAULTS.items() if only in name}
    faults = {name: placed(page, flags, OTHERS[:3], bug) for name, (page, flags, bug) in wrong.items()}
    inside = {page: sum(where == "inside" for _, where, _ in found) for page, found in clean.items()}
    about = machine("tensorflow-cpu", "keras", "gymnasium")
    found = {"machine": about, "inside, of ten": inside, "clean": clean, "faults": faults}
    save(f"bands{only and '_' + only.lower()}", found)


def main(options):
    if options.check:
        check(options.only)
        return
    for name, (page, flags) in PAGES.items():
        if any(one in name for one in options.only.split(",")):
            with TemporaryDirectory() as folder:
                make(page, flags, folder)


if __name__ == "__main__":
    run(main, Options, __doc__)
