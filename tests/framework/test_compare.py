"""A run beside ten others: scores by hand, columns that stand out, and the command line with its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.bands import PAGES
from framework.compare import BANDS, compare, curve, outstanding, place, stretches

ROOT = Path(__file__).parents[2]
COLUMNS = "step,episodes,return,length,eval_return,eval_std,eval_min,eval_max,loss\n"


def written(folder, evaluations, losses, eval_every=10, **settings):
    """The folder of a run with these evaluations, one for each stretch."""
    folder.mkdir()
    lines = [
        f"{eval_every * (i + 1)},1,,,{value},0,0,0,{loss}\n"
        for i, (value, loss) in enumerate(zip(evaluations, losses, strict=True))
    ]
    (folder / "metrics.csv").write_text(COLUMNS + "".join(lines), encoding="utf-8")
    config = {"env": "World-v0", "eval_every": eval_every, "learning_rate": 0.1, "seed": 0} | settings
    known = {"script": "page", "config": config, "versions": {"numpy": "2.4.6"}}
    (folder / "config.json").write_text(json.dumps(known), encoding="utf-8")
    return known, folder / "metrics.csv"


@pytest.fixture
def band(tmp_path):
    """Ten runs whose evaluations are 1, 2 and 3 times a number from 10 to 19, and their losses about 1."""
    runs = []
    for number in range(10, 20):
        known, metrics = written(tmp_path / f"{number}", [number, 2 * number, 3 * number], [1, 1 + number / 100, 1])
        runs.append(stretches(metrics, 10))
    return {"script": "page", "config": known["config"], "about": {"versions": known["versions"]}, "runs": runs}


def test_a_stretch_is_as_long_as_evaluations_are_apart_and_has_the_mean_of_its_rows(tmp_path):
    _, metrics = written(tmp_path / "run", [4.0, 6.0, 8.0], [1, 2, 4], eval_every=5)
    assert stretches(metrics, 10) == {"eval_return": {0: 5.0, 1: 8.0}, "loss": {0: 1.5, 1: 4.0}}
    assert curve({1: 5.0, 3: 7.0}, 6).tolist() == [5, 5, 5, 7, 7, 7]


def test_the_place_of_an_eleventh_run_by_hand():
    """Student's t with 9 degrees of freedom: 2.262."""
    scores = np.arange(10.0)
    half = 2.262 * np.std(scores, ddof=1) * np.sqrt(1.1)
    where, interval = place(4.5, scores)
    assert where == "inside"
    assert interval == pytest.approx((4.5 - half, 4.5 + half), rel=1e-3)
    assert place(4.5 - half - 0.1, scores)[0] == "below"
    assert place(4.5 + half + 0.1, scores)[0] == "above"


@pytest.mark.parametrize(
    ("evaluations", "where"), [([15, 30, 45], "inside"), ([1, 2, 3], "below"), ([40, 80, 120], "above")]
)
def test_a_run_is_inside_above_or_below(evaluations, where, band, tmp_path):
    known, metrics = written(tmp_path / "mine", evaluations, [1, 1.1, 1])
    found = compare(known, metrics, band)
    assert (found["where"], found["outstanding"], found["differences"]) == (where, [], [])


def test_a_run_that_goes_on_is_compared_as_far_as_it_is(band, tmp_path):
    known, metrics = written(tmp_path / "mine", [15], [1])
    assert len(compare(known, metrics, band)["curve"]) == 1
    (tmp_path / "mine" / "result.json").write_text(json.dumps({"reached": True}), encoding="utf-8")
    assert compare(known, metrics, band)["curve"].tolist() == [15, 15, 15]  # it reached its target there


def test_a_column_that_leaves_the_range_of_all_and_a_setting_that_differs_are_named(band, tmp_path):
    known, metrics = written(tmp_path / "mine", [15, 30, 45], [1, 7, 9], learning_rate=1.0)
    found = compare(known, metrics, band)
    assert found["outstanding"] == [("loss", "above", 2, 9.0, (1.0, 1.0))]
    assert found["differences"] == ["learning_rate is 1.0, and was 0.1"]
    assert outstanding(band["runs"][0], band["runs"]) == []


def run(*arguments, cwd):
    command = [sys.executable, "-m", "framework.compare", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8")


def test_the_command_line_says_it_draws_it_and_ends_with_its_code(band, tmp_path):
    (tmp_path / "band.json").write_text(json.dumps(band), encoding="utf-8")
    for name, evaluations, code in (("good", [15, 30, 45], 0), ("bad", [1, 2, 3], 4)):
        written(tmp_path / name, evaluations, [1, 1.1, 1])
        done = run(name, "--band", "band.json", cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert done.stdout.startswith(
            f"page, World-v0: {'inside' if code == 0 else 'below'}. Mean of all evaluations"
        )
        assert (tmp_path / name / "comparison.png").exists()
    assert "settings and versions are the same" in done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere", "there is no run in nowhere"), ("other", "there are no runs of page in World-v0 to compare with")],
)
def test_what_cannot_be_compared_is_one_sentence(name, said, tmp_path):
    written(tmp_path / "other", [1.0], [1])
    done = run(name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {said}")
    assert done.stderr.count("\n") == 1


def test_every_page_has_its_ten_runs():
    for page, _ in PAGES.values():
        for path in BANDS.glob(f"{page}-*.json"):
            known = json.loads(path.read_text(encoding="utf-8"))
            assert (known["script"], len(known["runs"])) == (page, 10)
            assert all("eval_return" in one for one in known["runs"])
    assert len(list(BANDS.glob("*.json"))) == len(PAGES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "flags", "told"),
    [
        ("dqn_agent", ["--learning-rate", "2.3e-2"], "learning_rate is 0.023"),
        ("ppo_agent", ["--clip", "1e6"], "kl is above all of them"),
    ],
)
def test_a_fault_is_outside_or_named(page, flags, told, tmp_path):
    command = [sys.executable, ROOT / "FN" / f"{page}.py", "--test", "--seed", "200", "--run-folder", "run", *flags]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    done = run("run", cwd=tmp_path)
    assert told in done.stdout


def test_a_run_that_ended_early_is_compared_over_its_own_steps_unless_it_reached_its_target(tmp_path, band):
    """After 20 of 30 steps the ten have a mean of 1.5 times 10 to 19, and with their ends of 2 times."""
    for reached, value, count in ((False, 22, 2), (True, 26, 3)):
        known, metrics = written(tmp_path / str(reached), [value, value], [1, 1])
        (metrics.parent / "result.json").write_text(json.dumps({"reached": reached}), encoding="utf-8")
        found = compare(known, metrics, band)
        assert (len(found["curve"]), found["where"]) == (count, "inside")


@pytest.mark.parametrize("rows", ["10,1,,,nan,0,0,0,1\n", "ten,1,,,5,0,0,0,1\n", "10,1,,,high,0,0,0,1\n"])
def test_metrics_that_are_no_numbers_are_said_to_be_damaged(rows, tmp_path, band):
    known, metrics = written(tmp_path / "run", [15, 30], [1, 1])
    metrics.write_text(COLUMNS + rows, encoding="utf-8")
    with pytest.raises(ValueError, match=r"run/metrics\.csv is damaged"):
        compare(known, metrics, band)
