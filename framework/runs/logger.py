"""What a run leaves behind: rows in ``metrics.csv``, TensorBoard events, and ``config.json``."""

import csv
import json
import math
import os
import platform
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path

import numpy as np
from tqdm import tqdm

from framework.runs.files import written_whole
from framework.runs.folder import script_name
from framework.runs.parallel import computing_threads
from framework.runs.process import peak_megabytes

# The first columns of metrics.csv. Nothing in this file tells the time, so that the same seed writes the same file.
COLUMNS = ("step", "episodes", "return", "length", "eval_return", "eval_std", "eval_min", "eval_max")
SPEED = "steps per second"


class Notes:
    """Numbers by name, noted since the last row of the log."""

    def __init__(self):
        self.numbers = {}

    def add(self, values):
        """Note {name: number}.

        Raises:
            ValueError: a name has a slash, which no checkpoint can keep, or a number is NaN or infinite.
        """
        for name, value in values.items():
            if "/" in name:
                raise ValueError(f"a name in the log must not contain a slash; got {name}")
            number = float(value)
            if not math.isfinite(number):
                raise ValueError(f"{name} is {number}: learning diverged; a lower learning rate may help")
            self.numbers.setdefault(name, []).append(number)

    def means(self):
        """{name: mean}, after which nothing is noted any more."""
        means = {name: np.mean(numbers) for name, numbers in self.numbers.items()}
        self.numbers = {}
        return means

    def state(self):
        return self.numbers

    def load_state(self, state):
        self.numbers = state


class Logger:
    """Writes to a run's folder and to the console.

    Args:
        folder: an existing folder.
        steps: how many there will be, for the progress bar.
        resumed_at: the step that a run goes on from; what is behind it is dropped, since it will be written again.

    Raises:
        ValueError: the rows of a run that goes on are damaged.
        OSError: the disk is full or cannot be written, also in every method.
    """

    def __init__(self, folder, steps, resumed_at=None):
        self.path = Path(folder, "metrics.csv")
        self.rows, self.columns = [], list(COLUMNS)
        self.tf, self.board = sys.modules.get("tensorflow"), None  # who learns without it is not made to wait for it
        if resumed_at is not None:
            self._read(resumed_at)
            print(f"resumed at step {resumed_at}" if resumed_at else "no checkpoint yet: it starts anew", flush=True)
        self._rewrite()
        if self.tf:
            with self._events():
                if resumed_at is not None:
                    self._drop_events(resumed_at)
                self.board = self.tf.summary.create_file_writer(str(folder))
        self.began, self.first = time.monotonic(), resumed_at or 0
        look = {"unit": " steps", "leave": False, "disable": None, "dynamic_ncols": True}
        self.bar = tqdm(total=steps, initial=self.first, **look)

    def check(self):
        """Raise OSError where the files are gone: written now, they would be halves of what is lost."""
        if not self.path.exists():
            raise OSError(f"{self.path.as_posix()} was deleted or moved while its run went on")

    def progress(self, step):
        """Move the progress bar."""
        self.bar.update(step - self.bar.n)

    def row(self, values):
        """Append {column: number}; a column not seen before is added at the right. Evaluations go to the console."""
        self.check()
        step, digits = int(values["step"]), {name: _digits(value) for name, value in values.items()}
        self.rows.append(digits)
        new = [name for name in digits if name not in self.columns]
        if new:
            self.columns += new
            self._rewrite()
        else:
            with open(self.path, "a", encoding="utf-8", newline="") as file:
                csv.DictWriter(file, self.columns).writerow(digits)
        seconds = max(time.monotonic() - self.began, 1e-9)  # the clocks of some systems tick 64 times a second
        speed = (step - self.first) / seconds  # for TensorBoard only
        self._scalars(step, {name: value for name, value in digits.items() if name != "step"} | {SPEED: speed})
        if "return" in values:
            self.bar.set_postfix({"return": f"{values['return']:.1f}"}, refresh=False)
        if "eval_return" in values:
            trained = f"return {values['return']:8.2f}   " if "return" in values else " " * 18
            evaluation = f"evaluation {values['eval_return']:8.2f} ± {values['eval_std']:.2f}"
            tqdm.write(f"step {step:8d}   {trained}{evaluation}", file=sys.stdout)
            sys.stdout.flush()

    def frames(self, step, obs):
        """What an agent sees, [H, W, F] uint8, as F pictures for TensorBoard; or None, where it sees none."""
        if self.board and obs is not None:
            with self._events(), self.board.as_default():
                pictures = np.moveaxis(obs, -1, 0)[..., None]
                self.tf.summary.image("what the agent sees", pictures, step, max_outputs=len(pictures))

    def flush(self):
        """Write out what TensorBoard's file lacks yet, so that a checkpoint has all that came before it."""
        if self.board:
            with self._events():
                self.board.flush()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.close()
        except OSError:
            if kind is None:  # else what went wrong first is said
                raise

    def close(self):
        """Take the bar away and finish the files; a second time does nothing."""
        self.bar.close()
        board, self.board = self.board, None
        if board:
            with self._events():
                board.close()

    @contextmanager
    def _events(self):
        """TensorFlow's own errors become OSError."""
        try:
            yield
        except self.tf.errors.OpError as error:
            raise OSError(f"TensorBoard's file cannot be written ({error.message.splitlines()[0]})") from None

    def _scalars(self, step, values):
        if self.board:
            with self._events(), self.board.as_default():
                for name, value in values.items():
                    self.tf.summary.scalar(name, float(value), step)

    def _drop_events(self, resumed_at):
        """Rewrite TensorBoard's files without the events behind a step."""
        for path in filter(Path.is_file, self.path.parent.glob("events.*")):
            records = []
            with suppress(self.tf.errors.DataLossError):  # where the last one was cut short
                records.extend(self.tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
            with written_whole(path) as part, self.tf.io.TFRecordWriter(str(part)) as kept:
                for record in records:
                    if self.tf.compat.v1.Event.FromString(record).step <= resumed_at:
                        kept.write(record)

    def _read(self, resumed_at):
        if not self.path.exists():
            return
        try:
            with open(self.path, encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                self.columns = list(reader.fieldnames or COLUMNS)
                rows = list(reader)
            if any(None in row for row in rows):
                raise ValueError("a row that is too long")
            whole = [row for row in rows if None not in row.values()]  # a full disk cuts the last one short
            self.rows = [row for row in whole if int(row["step"]) <= resumed_at]
            if "step" not in self.columns:
                raise ValueError("a log without steps")
        except (KeyError, ValueError, csv.Error):
            raise ValueError(f"{self.path.as_posix()} is damaged; delete it, and the run goes on") from None

    def _rewrite(self):
        with written_whole(self.path) as part, open(part, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(self.rows)


def _digits(value):
    """Whole numbers as they are, others with six digits: what a reader can compare."""
    return f"{value:.6g}" if isinstance(value, float | np.floating) else value


def write_result(folder, config, steps, episodes, final, target):
    """``result.json``: how a run ended.

    Args:
        final: the `framework.evaluate.Evaluation` of its best agent.
        target: {name: value}, whether and when the target was reached.
    """
    result = {"env": getattr(config, "env", None), "seed": config.seed, "steps": steps, "episodes": episodes}
    result |= {"return": final.mean, "std": final.std, "returns": final.returns.tolist(), **target}
    result["peak_megabytes"] = peak_megabytes()
    with written_whole(Path(folder, "result.json")) as part:
        part.write_text(json.dumps(result, indent=2), encoding="utf-8")


def write_config(folder, config):
    """``config.json``: the configuration, and what a maintainer needs to reproduce the run."""
    facts = {
        "script": script_name(type(config)),
        "config": asdict(config),
        "command": " ".join([Path(sys.argv[0]).name, *_without_folder(sys.argv[1:])]),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | _versions("nanoka", "numpy", "gymnasium", "keras")
        | _versions("tensorflow", "tensorflow-cpu"),
        "git_commit": _git_commit(),
        "hardware": {"system": f"{platform.system()} {platform.machine()}", "cpus": os.cpu_count()}
        | {"threads": computing_threads()},
    }  # fmt: skip
    with written_whole(Path(folder, "config.json")) as part:
        part.write_text(json.dumps(facts, indent=2, ensure_ascii=False), encoding="utf-8")


def _without_folder(arguments):
    """The arguments without --run-folder, which says where a run is on somebody's computer, not what it is."""
    kept, skip = [], False
    for argument in arguments:
        flag = argument.partition("=")[0].replace("_", "-")
        if not skip and flag != "--run-folder":
            kept.append(argument)
        skip = not skip and argument.replace("_", "-") == "--run-folder"
    return kept


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
