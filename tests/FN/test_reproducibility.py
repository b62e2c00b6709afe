"""What seeds say and hide: the counts worked by hand, runs that differ by one thing, and the page's command line."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm, ttest_ind

from FN.reproducibility import A, Options, count, main, pair_of, pairs_of, plan
from FN.reproducibility_report import powers_of, report
from FN.reproducibility_runs import Run, computing_with, measure, read
from FN.reproducibility_statistics import (
    bootstrap,
    choices,
    coverage,
    deviations,
    drawn,
    halves,
    improvement,
    needed,
    parted,
    power,
    welch,
)
from framework.scores import improvement_interval, interval

ROOT = Path(__file__).parents[2]


def normal(count=200, mean=0.0, std=1.0):
    """A pool without chance, as a bell has it."""
    return mean + std * norm.ppf((np.arange(count) + 0.5) / count)


def test_choices_of_one_seed_by_hand():
    """A: 1, 4. B: 2, 3, 7. Of six differences, 1, 2, 6, -2, -1, 3, two are below 0. The truth is 4 - 2.5 = 1.5."""
    found = choices([1, 4], [2, 3, 7], k=1)
    assert sorted(found.differences) == [-2, -1, 1, 2, 3, 6]
    assert found.truth == 1.5
    assert (found.a_better, found.b_better, found.against) == (2 / 6, 4 / 6, 2 / 6)
    assert found.far_against == 1 / 6
    assert found.worst == ((1,), (0,))


def test_choices_are_against_a_truth_that_is_known_from_elsewhere():
    found = choices([1, 4], [2, 3, 7], truth=-2.5, k=1)
    assert (found.a_better, found.against, found.far_against) == (2 / 6, 4 / 6, 2 / 6)
    assert found.worst == ((0,), (2,))


def test_three_of_ten_for_each_of_two_settings_are_14400_choices():
    assert len(choices(range(10), range(10)).differences) == 14_400
    with pytest.raises(ValueError, match="3 seeds cannot be chosen of 2"):
        choices([1, 2, 3], [1, 2])


def test_ties_are_neither():
    found = choices([1, 1, 1], [1, 1, 1])
    assert (found.a_better, found.b_better, found.against, found.far_against) == (0, 0, 0, 0)


def test_four_scores_fall_into_halves_in_three_ways():
    """0, 1, 10, 12: t of {0, 1} and {10, 12} is 10.5 / sqrt(0.25 + 1) = 9.39; of the two other ways, below 0.2."""
    found = halves([0, 10, 1, 12])
    assert found.worst == ((0, 2), (1, 3))
    assert found.p == pytest.approx(ttest_ind([0, 1], [10, 12], equal_var=False).pvalue)
    assert (found.ways, found.significant) == (3, pytest.approx(1 / 3))


def test_ten_scores_fall_into_halves_in_126_ways():
    assert halves([1] * 10) == (126, 0.0, ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9)), 1.0)


def test_welch_is_that_of_scipy_row_by_row():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (20, 4)), rng.normal(0.5, 3, (20, 7))
    np.testing.assert_allclose(welch(a, b), ttest_ind(a, b, axis=-1, equal_var=False).pvalue, rtol=1e-9)


def test_scores_that_are_all_one_number_do_not_differ_and_two_numbers_do():
    assert welch([[2, 2, 2], [2, 2, 2]], [[2, 2, 2], [3, 3, 3]]).tolist() == [1, 0]


def test_seeds_are_drawn_with_replacement():
    rows = drawn([1, 2, 3], 3, 2_000, np.random.default_rng(0))
    assert rows.shape == (2_000, 3)
    distinct = np.array([len(set(row)) for row in rows])
    assert np.mean(distinct == 3) == pytest.approx(6 / 27, abs=0.03)
    assert np.mean(distinct == 1) == pytest.approx(3 / 27, abs=0.03)


def test_students_interval_of_a_bell_holds_the_mean_as_often_as_it_says_and_the_bootstrap_of_three_does_not():
    found = coverage(normal(), 3, 400, np.random.default_rng(0))
    assert found.student == pytest.approx(0.95, abs=0.03)
    assert 0.65 < found.bootstrap < 0.85
    more = coverage(normal(), 20, 200, np.random.default_rng(0))
    assert more.bootstrap > 0.9
    assert more.width < found.width


def test_the_bootstrap_of_two_seeds_holds_the_truth_as_often_as_it_lies_between_them():
    """Of a bell: half of the time. (Each end of 0 and 1 has a quarter of what is drawn, more than 2.5%.)"""
    assert coverage(normal(), 2, 400, np.random.default_rng(1)).bootstrap == pytest.approx(0.5, abs=0.07)


def test_the_bootstrap_is_that_of_the_toolbox(monkeypatch):
    monkeypatch.setattr("FN.reproducibility_statistics.RESAMPLES", 20_000)
    samples = np.random.default_rng(0).normal(0, 1, (3, 12))
    for sample, *ends in zip(samples, *bootstrap(samples, np.random.default_rng(1)), strict=True):
        assert ends == pytest.approx(interval([sample]), abs=0.05)


def test_the_interval_of_improvement_is_that_of_the_toolbox():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (3, 12)), rng.normal(0.6, 1, (3, 12))
    low, high = improvement(a, b, rng)
    for row in range(3):
        one, other = improvement_interval([b[row]], [a[row]])
        assert low[row] == pytest.approx(one, abs=0.03)
        assert high[row] == pytest.approx(other, abs=0.03)


def test_power_of_a_known_effect_is_that_of_the_tables():
    """One standard deviation, 17 of each: 80% (Cohen 1988, t test, two-sided, 5%); the opposite, never."""
    found = power(normal(), normal(mean=1.0), 17, 1_000, np.random.default_rng(0))
    assert found.welch[0] == pytest.approx(0.8, abs=0.04)
    assert found.welch[1] < 0.005
    assert power(normal(), normal(mean=1.0), 3, 1_000, np.random.default_rng(0)).welch[0] < 0.25


def test_worse_is_found_on_the_other_side():
    found = power(normal(), normal(mean=-2.0), 10, 200, np.random.default_rng(0))
    assert found.welch == (0.0, pytest.approx(1.0, abs=0.02))
    assert found.improvement == (0.0, pytest.approx(1.0, abs=0.02))


def test_between_equal_settings_welch_finds_what_it_asks_for_and_the_bootstrap_of_three_more():
    found = power(normal(), normal(), 3, 2_000, np.random.default_rng(0))
    assert sum(found.welch) < 0.06
    assert sum(found.improvement) > 0.1
    many = power(normal(), normal(), 20, 2_000, np.random.default_rng(0))
    assert sum(many.welch) == pytest.approx(0.05, abs=0.02)


def test_so_many_seeds_are_needed_that_no_larger_number_fails():
    assert needed((3, 5, 10, 20), (0.1, 0.85, 0.7, 0.9)) == 20
    assert needed((3, 5, 10, 20), (0.1, 0.8, 0.9, 1.0)) == 5
    assert needed((3, 5), (0.1, 0.7)) is None


def test_deviations_by_hand():
    """Columns 0, 2 and 4, 6: the variance is 2. Rows 0, 4 and 2, 6: it is 8. Across: (6² + 2²) / 4 = 10."""
    found = deviations([[0, 4], [2, 6]])
    assert found == (pytest.approx(sqrt(2)), pytest.approx(sqrt(8)), pytest.approx(sqrt(10)))


def test_runs_part_where_weights_and_where_returns_first_differ():
    one = {"digests": ["a", "b", "c"], "returns": [1.0, 2.0, 3.0]}
    other = {"digests": ["a", "x", "y"], "returns": [1.0, 2.0, 5.0]}
    assert parted(one, other) == (2, 3)
    assert parted(one, one) == (None, None)
    found = pair_of(one, other)
    assert (found["apart"], found["scores"]) == ([0.0, 0.0, 2.0], [2.0, pytest.approx(8 / 3)])


def test_the_plan_has_every_run_that_is_compared_and_pairs_differ_by_one_thing():
    pools, table, pairs = plan(Options())
    assert {len(runs) for runs in pools.values()} == {50}
    assert [[(one.network, one.worlds) for one in row] for row in table][2][4] == (102, 104)
    assert table[3][3] in pools[A]
    for of_kind in pairs.values():
        for one, other in of_kind:
            differs = [name for name in Run._fields if getattr(one, name) != getattr(other, name)]
            assert len(differs) == 1, (one, other)
    paths = {one.path("x") for of_kind in pairs_of(range(3)).values() for pair in of_kind for one in pair}
    assert len(paths) == 3 * (4 + 4)


def test_the_report_says_which_way_a_difference_goes_and_how_many_seeds_find_it():
    rng = np.random.default_rng(0)
    scores = {
        rate: normal(20, mean, 30).tolist()
        for rate, mean in zip((5e-4, 1e-3, 2e-3, 4e-3, 8e-3), (-200, 110, 100, 90, 400), strict=True)
    }
    for pool in scores.values():
        rng.shuffle(pool)
    found = count(scores, replace(Options(), draws=60))
    assert found["choices"]["truth"] == pytest.approx(10)
    known = {"seeds": list(range(20)), "std": 1, "iqm": 1, "interval": (0, 2)}
    found |= {
        "runs": 7, "steps": [10, 20], "learning_rates": [2e-3, 1e-3],
        "pools": {f"{rate:g}": known | {"mean": np.mean(pool)} for rate, pool in scores.items()},
        "table": {"deviations": {"network": 1, "worlds": 2, "both": 3}},
        "pairs": {"a kind": {100: {"weights_part": 1, "returns_part": None, "apart": [0, 2.5]}}},
    }  # fmt: skip
    rows = {(rate, test): (shares, enough) for rate, test, shares, enough in powers_of(found)}
    assert rows["0.0005", "welch"][1] == rows["0.008", "welch"][1] == "80% from 3 seeds"
    assert rows["0.004", "welch"][1] == "80% never"
    assert rows["0.002", "welch"][1] == ""
    assert max(rows["0.002", "welch"][0]) < 0.2
    lines = "\n".join(report(found))
    assert "a kind, 100  evaluation 1         never              2.5" in lines
    assert json.loads(json.dumps(found["choices"])) | {"worst": None} == found["choices"] | {"worst": None}


def test_processes_are_told_how_many_threads_and_ours_stays(monkeypatch):
    monkeypatch.setenv("NANOKA_THREADS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with computing_with(3):
        assert (os.environ["NANOKA_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("3", "3")
    assert os.environ["NANOKA_THREADS"] == "7"
    assert "OMP_NUM_THREADS" not in os.environ


def test_what_is_finished_is_not_run_again_and_what_is_damaged_is(tmp_path, monkeypatch):
    ran = []

    class Processes:
        def __init__(self, count):
            self.threads = os.environ["NANOKA_THREADS"]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def map(self, job, calls, together, done):
            for run, folder in calls:
                ran.append((run, self.threads))
                found = {"version": 1, "run": run._asdict(), "returns": [1.0] * run.evaluations}
                run.path(folder).parent.mkdir(exist_ok=True, parents=True)
                run.path(folder).write_text(json.dumps(found), encoding="utf-8")
                done()

    monkeypatch.setattr("FN.reproducibility_runs.Workers", Processes)
    runs = [Run(2e-3, 1, 1), Run(2e-3, 1, 1), Run(2e-3, 2, 1, threads=2)]
    assert list(measure(runs, tmp_path)) == [runs[0], runs[2]]
    assert ran == [(runs[0], "1"), (runs[2], "2")]
    measure(runs, tmp_path)
    assert len(ran) == 2
    runs[2].path(tmp_path).write_text('{"version": 1', encoding="utf-8")
    assert read(runs[2], tmp_path) is None
    measure(runs, tmp_path)
    assert ran[2:] == [(runs[2], "2")]


def test_a_quick_run_prints_counts_and_saves_results_and_a_plot_and_goes_on(tmp_path):
    command = [sys.executable, str(ROOT / "FN" / "reproducibility.py"), "--quick"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=400)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "runs" / "reproducibility"
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert found["pools"]["0.002"]["seeds"] == list(range(100, 110))
    assert found["runs"] == len(list((folder / "runs").glob("*.json"))) == 20 + 2 + 8 - 1
    assert "tensorflow" in " ".join(found["made_with"][0])
    for kind, of_kind in found["pairs"].items():
        assert (of_kind["100"]["weights_part"] is None) == ("twice" in kind or kind == "16 worlds, 1 thread and 2")
    assert (folder / "reproducibility.png").stat().st_size > 50_000
    times = {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.json")}
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=400)
    assert again.stdout == done.stdout
    assert {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.json")} == times


@pytest.mark.slow
def test_a_run_is_that_of_the_chapter_to_the_bit(tmp_path):
    """Returns are noted with six digits; they would all be others, were one weight another at the start."""
    settings = {"steps": 40_960, "eval-every": 4_096, "updates": 32, "target-return": None, "seed": 100}
    flags = [f"--{name}={value}" for name, value in settings.items()] + [f"--run-folder={tmp_path / 'run'}"]
    command = [sys.executable, str(ROOT / "FN" / "paac_agent.py"), "--test", *flags]
    with computing_with(1):
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    with open(tmp_path / "run" / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["eval_return"]]
    run = Run(2e-3, 100, 100)
    found = measure([run], tmp_path)[run]
    assert found["steps"] == [int(row["step"]) for row in rows]
    assert found["returns"] == [pytest.approx(float(row["eval_return"]), rel=1e-5) for row in rows]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seeds": 9}, "seeds must be from 10 to 1000; got 9"),
        ({"workers": 1}, "workers must be from 2 to 256; got 1"),
        ({"seed": -1}, "seed must be from 0 to 2147482647; got -1"),
        ({"draws": 0}, "draws must be from 10 to 100000; got 0"),
        ({"table": 11}, "table must be from 2 to 10; got 11"),
    ],
)
def test_what_is_impossible_is_said_in_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        main(Options(**wrong))
