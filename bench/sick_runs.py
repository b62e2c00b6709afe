"""What a healthy run looks like, and five with a fault: real runs, for docs/sick_runs.png and docs/tensorboard.png.

    python bench/sick_runs.py                three minutes: runs them, and draws
    python bench/sick_runs.py --draw         draws what was run before
    python bench/sick_runs.py --screenshot   TensorBoard, too, in Chromium

The faults are those of bands.py. Behind each run stand the ten healthy ones of its page, from FN/bands. Writes
results/sick_runs.json.
"""

import csv
import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import numpy as np
from matplotlib.figure import Figure

from bench.bands import FAULTS, run_folders
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.compare import band_of
from framework.plots import COLOURS, finish
from framework.runs.files import written_whole
from framework.runs.folder import ROOT

SEED = 200
HEALTHY = "dqn_agent, CartPole"
RUNS = {  # what is drawn below the returns, and how it is called
    HEALTHY: ("healthy", "q"),
    "dqn_agent, CartPole: ends are not cut off": ("an end is not cut off", "q"),
    "dqn_agent, CartPole: step size × 10": ("step size × 10", "loss"),
    "dqn_agent, CartPole: the target network never follows": ("target network never follows", "q"),
    "dqn_agent, CartPole: rows follow each other": ("replay too small", "q"),
    "ppo_agent, CartPole: no clip": ("PPO without its clip", "kl"),
}


@dataclass(frozen=True)
class Options:
    draw: bool = False
    """Draw what was run before."""
    screenshot: bool = False
    """Show the runs in TensorBoard, and write docs/tensorboard.png."""


def run_them(folder):
    """{name: {column: [[step, value], …]}} of the healthy run and the others."""
    found = {}
    for name in RUNS:
        page, flags, bug = FAULTS.get(name, ("dqn_agent", ("--test",), ""))
        (one,) = run_folders(page, flags, [SEED], Path(folder, RUNS[name][0]), bug)
        with open(one / "metrics.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        columns = ("eval_return", RUNS[name][1])
        found[name] = {key: [[int(row["step"]), float(row[key])] for row in rows if row[key]] for key in columns}
        print(name, {key: points[-1] for key, points in found[name].items()}, flush=True)
    return found


def draw(found, path):
    """Returns above, the column that tells below, one run beside the other."""
    figure = Figure(figsize=(15, 5), layout="constrained")
    for (above, below), (name, (title, column)) in zip(figure.subplots(2, len(RUNS)).T, RUNS.items(), strict=True):
        page = FAULTS[name][0] if name in FAULTS else "dqn_agent"
        band = json.loads(band_of(page, "CartPole-v1").read_text(encoding="utf-8"))
        for axes, key in ((above, "eval_return"), (below, column)):
            for healthy in band["runs"]:  # each value is the mean of a stretch of steps
                steps = [band["config"]["eval_every"] * (int(at) + 1) / 1_000 for at in healthy[key]]
                axes.plot(steps, healthy[key].values(), color="0.7", linewidth=0.8)
            steps, values = np.array(found[name][key]).T
            axes.plot(steps / 1_000, values, color=COLOURS[2 if name == HEALTHY else 4], linewidth=2)
            axes.set(ylabel=key, xlabel="steps, thousands" if axes is below else "")
            finish(axes)
        above.set(title=title, ylim=(0, 510))
    with written_whole(path) as part:
        figure.savefig(part, dpi=110, format="png")


def photograph(folder, path, tags=("eval_return", "q", "loss")):
    """TensorBoard's page of the runs in a folder, as Chromium shows it, with the cards of some columns pinned."""
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port)]
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1560,760"):
        options.add_argument(flag)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server, webdriver.Chrome(options) as browser:
        try:
            while server.poll() is None and not _answers(port):
                time.sleep(1)
            pinned = quote(json.dumps([{"plugin": "scalars", "tag": tag} for tag in tags]))
            browser.get(f"http://127.0.0.1:{port}/?pinnedCards={pinned}#timeseries")
            charts = "metrics-pinned-view line-chart"
            WebDriverWait(browser, 120).until(
                lambda page: len(page.find_elements("css selector", charts)) == len(tags)
            )
            browser.find_element("xpath", "//button[contains(., 'Settings')]").click()  # folds its column away
            time.sleep(5)  # until it has drawn them
            browser.save_screenshot(str(path))
        finally:
            server.terminate()


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(options):
    if options.draw:
        found = json.loads((RESULTS / "sick_runs.json").read_text(encoding="utf-8"))["runs"]
    else:
        with TemporaryDirectory() as folder:
            found = run_them(folder)
            about = machine("tensorflow-cpu", "keras", "gymnasium")
            save("sick_runs", {"machine": about, "seed": SEED, "runs": found})
            if options.screenshot:
                photograph(folder, ROOT / "docs" / "tensorboard.png")
    draw(found, ROOT / "docs" / "sick_runs.png")


if __name__ == "__main__":
    run(main, Options, __doc__)
