"""What a run leaves behind: rows in ``metrics.csv``, TensorBoard events, and ``config.json``."""

import csv
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path

import numpy as np

from framework.runs.files import written_whole

# The first columns of metrics.csv. Nothing in this file tells the time, so that the same seed writes the same file.
COLUMNS = ("step", "episodes", "return", "length", "eval_return", "eval_std")


class Logger:
    """Writes to a run's folder.

    Args:
        folder: an existing folder.
        resumed_at: a step; rows behind it are dropped, since a resumed run will write them again.
    """

    def __init__(self, folder, resumed_at=None):
        self.path = Path(folder, "metrics.csv")
        self.rows, self.columns = [], list(COLUMNS)
        if resumed_at is not None and self.path.exists():
            with open(self.path, encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                self.columns = list(reader.fieldnames or COLUMNS)
                whole = [row for row in reader if None not in row.values()]  # a full disk cuts the last one short
                self.rows = [row for row in whole if int(row["step"]) <= resumed_at]
        self._rewrite()
        self.tf = sys.modules.get("tensorflow")  # an agent that learns without it is not made to wait for it
        self.board = self.tf.summary.create_file_writer(str(folder)) if self.tf else None

    def row(self, values):
        """Append {column: number}; a column not seen before is added at the right."""
        values = {name: _digits(value) for name, value in values.items()}
        self.rows.append(values)
        new = [name for name in values if name not in self.columns]
        if new:
            self.columns += new
            self._rewrite()
        else:
            with open(self.path, "a", encoding="utf-8", newline="") as file:
                csv.DictWriter(file, self.columns).writerow(values)
        self.scalars(int(values["step"]), {name: value for name, value in values.items() if name != "step"})

    def scalars(self, step, values):
        """Curves for TensorBoard only, such as steps a second; nothing where TensorFlow is not loaded."""
        if not self.board:
            return
        with self.board.as_default():
            for name, value in values.items():
                self.tf.summary.scalar(name, float(value), step)

    def frames(self, step, obs):
        """What an agent sees, [H, W, F] uint8, as F pictures for TensorBoard."""
        if not self.board:
            return
        with self.board.as_default():
            pictures = np.moveaxis(obs, -1, 0)[..., None]
            self.tf.summary.image("what the agent sees", pictures, step, max_outputs=len(pictures))

    def close(self):
        if self.board:
            self.board.close()

    def _rewrite(self):
        with written_whole(self.path) as part, open(part, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(self.rows)


def _digits(value):
    """Whole numbers as they are, others with six digits: what a reader can compare."""
    return f"{value:.6g}" if isinstance(value, float | np.floating) else value


def write_config(folder, config):
    """``config.json``: the configuration, and what a maintainer needs to reproduce the run."""
    facts = {
        "config": asdict(config),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | _versions("nanoka", "numpy", "gymnasium", "keras")
        | _versions("tensorflow", "tensorflow-cpu"),
        "git_commit": _git_commit(),
        "hardware": {"system": f"{platform.system()} {platform.machine()}", "cpus": os.cpu_count()},
    }  # fmt: skip
    with written_whole(Path(folder, "config.json")) as part:
        part.write_text(json.dumps(facts, indent=2, ensure_ascii=False), encoding="utf-8")


def _versions(*names):
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git_commit():
    """The commit that ran, with "+" where files differ from it; None outside a clone."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],
            cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
