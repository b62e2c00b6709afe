"""Studies that choose their settings: always the same ones, better than chance, and gone on with after a kill."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framework import tune
from framework.settings import space_of
from framework.tune import Trial, best_of, report, trials

pytest.importorskip("optuna")
ROOT = Path(__file__).parents[2]
SPACE = space_of(["x=0.0..1.0", "rate=1e-5..1e-1", "size=3..9", "kind=a,b"])
HILL = """
import argparse, json, os, time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, default=0.0)
parser.add_argument("--seed", type=int)
parser.add_argument("--run-folder", type=Path)
options = parser.parse_args()
(options.run_folder / "config.json").write_text("{}")
parent, runs = os.getppid(), options.run_folder.parents[1]
if len(list(runs.rglob("result.json"))) >= int(os.environ.get("WAIT_AFTER", "1000000")):
    while os.getppid() == parent:  # until the study is killed
        time.sleep(0.01)
if options.x > 0.9:
    raise SystemExit("error: learning diverged")
score = options.seed / 100 - (options.x - 0.3) ** 2
(options.run_folder / "metrics.csv").write_text(f"step,eval_return\\n1,{score}\\n")
result = {"return": score, "std": 0, "steps": 1, "episodes": 1, "reached": False, "steps_to_target": None}
(options.run_folder / "result.json").write_text(json.dumps(result))
"""


def hill(settings):
    """Best at x = 0.3 and rate = 1e-3."""
    return [-((float(s["x"]) - 0.3) ** 2) - (np.log10(float(s["rate"])) + 3) ** 2 / 16 for s in settings]


def study(count, run=hill, batch=2, space=SPACE, **options):
    return list(trials(space, count, batch, run, **options))


def test_settings_are_as_they_are_typed_and_in_their_ranges():
    settings = [trial.setting for trial in study(20)]
    assert all(list(one) == ["x", "rate", "size", "kind"] for one in settings)
    assert all(len(one["rate"].lstrip("0.").replace(".", "").split("e")[0]) <= 4 for one in settings)
    assert {one["kind"] for one in settings} == {"a", "b"}
    assert {one["size"] for one in settings} <= set(map(str, range(3, 10)))
    assert all(0 <= float(one["x"]) <= 1 and 1e-5 <= float(one["rate"]) <= 1e-1 for one in settings)


def test_rates_are_drawn_in_proportion():
    rates = np.array(
        [float(trial.setting["rate"]) for trial in study(60, run=lambda settings: [0.0] * len(settings))]
    )
    assert 0.25 < (rates < 1e-3).mean() < 0.75  # half of the powers of ten


def test_the_same_command_gives_the_same_trials_and_a_longer_study_begins_with_a_shorter_one():
    whole = study(17, batch=4)
    assert study(17, batch=4) == whole
    assert study(14, batch=4) == whole[:14]
    assert study(17, batch=4, seed=1) != whole


def test_a_batch_is_chosen_before_any_of_it_is_run():
    asked = []
    study(7, run=lambda settings: asked.append(len(settings)) or hill(settings), batch=3)
    assert asked == [3, 3, 1]


def test_trials_depend_on_the_scores():
    other = study(14, run=lambda settings: [-score for score in hill(settings)])
    assert [trial.setting for trial in other][:10] == [trial.setting for trial in study(14)][:10]  # by chance
    assert [trial.setting for trial in other][10:] != [trial.setting for trial in study(14)][10:]


def test_it_finds_higher_hills_than_as_many_draws():
    """Scores are below 0. Of 30 draws the best has -0.008 in the median, of 30 trials -0.001."""
    found = [best_of(study(30, seed=seed)).score for seed in range(5)]
    assert np.median(found) > -0.004


def test_what_failed_is_ranked_last_and_not_forgotten():
    """The score rises up to where runs fail. Forgotten failures would draw 16 of 20 trials there, or more."""

    def rising(settings):
        return [None if float(one["x"]) > 0.5 else float(one["x"]) for one in settings]

    tried = study(40, run=rising, space=space_of(["x=0.0..1.0"]))
    assert sum(trial.score is None for trial in tried[20:]) <= 13
    assert best_of(tried).score > 0.45


def test_the_best_is_the_first_of_equal_ones_and_no_failed_one():
    a, b, c, failed = (Trial({"x": name}, score) for name, score in [("a", 1.0), ("b", 2.0), ("c", 2.0), ("d", None)])
    assert best_of([failed, a, b, c]) is b
    assert best_of([failed]) is None


def test_a_report_says_what_to_do_next_and_when_to_keep_what_there_is():
    tried = [Trial({"x": "0.3"}, 2.0), Trial({"x": "0.4"}, 1.0), Trial({"x": "1"}, None)]
    lines = list(report(tried, 1.5, lambda setting: f"again {setting}"))
    assert lines[0] == "best of 3 trials: x 0.3, with 2.00"
    assert lines[-1] == "    again {'x': '0.3'}"
    assert list(report(tried, None, str))[1:] == [lines[1], "    {'x': '0.3'}"]
    assert "keep them" in list(report(tried, 2.0, str))[-1]
    assert list(report(tried[2:], 1.0, str)) == ["all 1 trials failed"]


def test_the_picture_can_be_drawn_with_one_trial_and_with_failed_ones(tmp_path):
    one = Trial({"x": "0.3", "rate": "0.01", "size": "4", "kind": "a"}, 1.0)
    for number, tried in enumerate([[one], [one._replace(score=None), one]]):
        tune.draw_trials(tmp_path / f"{number}.png", tried, SPACE, None)
        assert (tmp_path / f"{number}.png").read_bytes().startswith(b"\x89PNG")


def test_without_optuna_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r'Optuna is not installed: python -m pip install -e "\.\[tune\]"'):
        next(trials(SPACE, 1, 1, hill))


# From the command line


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "hill.py"
    path.write_text(HILL, encoding="utf-8")
    return path


def command(script, folder, *options):
    return [sys.executable, "-m", "framework.experiment", str(script), "--folder", str(folder), *options]


def run(*arguments):
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, encoding="utf-8", timeout=300)


TUNE = ("--set", "x=0.0..1.0", "--tune", "13", "--seeds", "2")


def test_a_study_from_the_command_line_whatever_the_number_of_workers(script, tmp_path):
    done = run(script, tmp_path / "a", *TUNE)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "a" / "results.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["setting"] for row in rows[:2]] == ["as it is"] * 2
    assert [row["seed"] for row in rows] == ["0", "1"] * 14
    found = json.loads((tmp_path / "a" / "results.json").read_text(encoding="utf-8"))["tuning"]
    assert found["own"] == pytest.approx(0.005 - 0.09)
    best = max(found["trials"], key=lambda trial: -9 if trial["score"] is None else trial["score"])
    assert found["best"] == best
    assert best["score"] == pytest.approx(0.005 - (float(best["setting"]["x"]) - 0.3) ** 2)
    again = f"--set x={best['setting']['x']} --as-it-is --folder {(tmp_path / 'a').as_posix()}-best --"
    assert done.stdout.rstrip().endswith(again)
    assert (tmp_path / "a" / "trials.png").exists()
    assert run(script, tmp_path / "b", *TUNE, "--workers", "5").returncode == 0
    assert (tmp_path / "b" / "results.csv").read_bytes() == (tmp_path / "a" / "results.csv").read_bytes()
    assert run(script, tmp_path / "a-best", "--set", "x=0.3", "--as-it-is", "--seeds", "1").returncode == 0
    judged = (tmp_path / "a-best" / "results.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:2] for line in judged[1:]] == [["as it is", "100"], ["x=0.3", "100"]]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_study_that_is_killed_goes_on_to_the_table_of_one_that_was_not(script, tmp_path):
    assert run(script, tmp_path / "whole", *TUNE).returncode == 0
    for number, least in enumerate((5, 22)):  # among the first ten trials, and among those that are chosen
        env = {**os.environ, "WAIT_AFTER": str(least)}
        process = subprocess.Popen(
            command(script, tmp_path / "broken", *TUNE),
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's children ignore it
        )
        while len(list((tmp_path / "broken").rglob("result.json"))) < least:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal((signal.SIGKILL, signal.SIGINT)[number])
        process.wait(60)
        assert not (tmp_path / "broken" / "results.csv").exists()
    assert run(script, tmp_path / "broken", *TUNE).returncode == 0
    tables = [(tmp_path / name / "results.csv").read_bytes() for name in ("whole", "broken")]
    assert tables[0] == tables[1]
    assert len(list((tmp_path / "broken").glob("runs/*/seed0"))) == 14  # no setting that the whole one had not


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tune", "3"), "--tune N chooses from ranges, --set NAME=LOW..HIGH; got none"),
        (("--tune", "3", "--set", "x=1,2"), "--tune N chooses from ranges, --set NAME=LOW..HIGH; got none"),
        (("--tune", "3", "--random", "3", "--set", "x=1..2"), "both choose from the ranges; give one of them"),
        (
            ("--set", "x=1..2"),
            "--random N draws from ranges, NAME=LOW..HIGH, as --tune N does; give both, or neither",
        ),
        (("--tune", "3", "--set", "x=1..2", "--batch", "0"), "batch must be at least 1; got 0"),
        (("--tune", "-1", "--set", "x=1..2"), "tune must be at least 0; got -1"),
    ],
)
def test_what_cannot_be_tuned_is_one_sentence(options, said, script, tmp_path):
    done = run(script, tmp_path / "none", *options)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
    assert not (tmp_path / "none").exists()
