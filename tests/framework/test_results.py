"""What comes out of many runs, by hand."""

import csv
import json

import pytest

from framework import results
from framework.results import evaluations, report, row_of, score_of, summary, write_results
from framework.runs.jobs import Job


def a_run(folder, *values, reached=False, **config):
    """A `Job` that has ended, with evaluations every 10 steps."""
    folder.mkdir(parents=True)
    rows = "".join(f"{10 * number},{value}\n{10 * number + 5},\n" for number, value in enumerate(values, 1))
    (folder / "metrics.csv").write_text(f"step,eval_return\n{rows}", encoding="utf-8")
    result = {"return": max(values), "std": 0.0, "steps": 10 * len(values), "episodes": 3, "reached": reached}
    (folder / "result.json").write_text(json.dumps(result | {"steps_to_target": None}), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"versions": {"numpy": "2"}, "config": config}), encoding="utf-8")
    return Job("a.py", (), str(folder))


def test_a_run_gives_a_row_with_the_mean_of_its_evaluations_and_a_failed_one_its_sentence(tmp_path):
    job = a_run(tmp_path / "a", 1.0, 4.0, 4.0)
    assert evaluations(job) == [(10, 1.0), (20, 4.0), (30, 4.0)]
    row = row_of(job, None)
    assert (row["status"], row["return"], row["mean_evaluation"], row["steps"]) == ("finished", 4.0, 3.0, 30)
    assert row_of(job, "learning diverged") == {"status": "learning diverged"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"return": "high"}'])
def test_a_damaged_result_says_what_to_do(text, tmp_path):
    job = a_run(tmp_path / "a", 1.0)
    (tmp_path / "a" / "result.json").write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"a/result\.json is damaged; delete .*/a, and the same command runs it again"
    ):
        row_of(job, None)


def test_a_run_that_reached_its_target_counts_with_its_last_evaluation_from_then_on(tmp_path):
    """So who is there sooner has the higher mean."""
    whole = {"steps": 45, "eval_every": 10}  # five evaluations, the last at the end
    soon = row_of(a_run(tmp_path / "soon", 20.0, 480.0, reached=True, **whole), None)
    late = row_of(a_run(tmp_path / "late", 20.0, 300.0, 400.0, 480.0, reached=True, **whole), None)
    never = row_of(a_run(tmp_path / "never", 20.0, 300.0, 400.0, 400.0, 400.0, **whole), None)
    means = [row["mean_evaluation"] for row in (soon, late, never)]
    assert means == [(20 + 4 * 480) / 5, (20 + 300 + 400 + 2 * 480) / 5, 1520 / 5]


def test_a_score_is_the_interquartile_mean_over_seeds_and_none_where_one_failed():
    rows = [{"status": "finished", "mean_evaluation": value} for value in (0.0, 1.0, 2.0, 90.0)]
    assert score_of(rows) == 1.5
    assert score_of([*rows, {"status": "it diverged"}]) is None


def test_a_summary_by_hand():
    rows = {("a", seed): {"status": "finished", "return": seed, "mean_evaluation": 1.0} for seed in range(4)}
    rows |= {("b", 0): {"status": "finished", "return": 9.0, "mean_evaluation": 2.0}, ("b", 1): {"status": "nan"}}
    found = summary(rows)
    assert found["a"]["return"]["iqm"] == 1.5
    assert found["a"]["mean_evaluation"]["interval"] == (1.0, 1.0)
    assert (found["b"]["seeds"], found["b"]["failed"]) == ([0], [1])
    assert found["b"]["return"]["better_than_the_first"] == 1.0


def test_the_files_hold_every_run_and_what_the_first_ran_on(tmp_path):
    jobs = {("a", 1): a_run(tmp_path / "1", 1.0, 2.0), ("a", 2): a_run(tmp_path / "2", 3.0)}
    rows = {key: row_of(job, None) for key, job in jobs.items()} | {("b", 1): {"status": "it diverged"}}
    found = write_results(tmp_path, "a.py", ("--test",), rows, jobs)
    with open(tmp_path / "results.csv", encoding="utf-8", newline="") as file:
        table = [(row["setting"], row["seed"], row["status"], row["return"]) for row in csv.DictReader(file)]
    assert table == [("a", "1", "finished", "2.0"), ("a", "2", "finished", "3.0"), ("b", "1", "it diverged", "")]
    whole = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert whole["of_the_first_run"] == {"versions": {"numpy": "2"}}
    assert whole["settings"]["a"]["return"]["iqm"] == found["a"]["return"]["iqm"] == 2.5
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    lines = list(report(found))
    assert "(1 failed)" in lines[2]
    assert "2.50 [2.00, 3.00]" in lines[1]


def test_where_all_failed_there_is_a_table_and_no_picture(tmp_path):
    write_results(tmp_path, "a.py", (), {("a", 1): {"status": "it diverged"}}, {})
    assert "it diverged" in (tmp_path / "results.csv").read_text(encoding="utf-8")
    assert not (tmp_path / "curves.png").exists()


def test_of_many_settings_the_first_and_the_best_have_colours():
    means = [3.0, 9.0, 1.0, 8.0, 2.0, 7.0, 0.0, 6.0, 5.0]
    rows = {(f"{mean}", 0): {"mean_evaluation": mean} for mean in means}
    labels = [label for label, _ in rows]
    assert results._coloured(labels, rows, rows) == ["3.0", "9.0", "8.0", "7.0", "6.0"]
    assert results._coloured(labels[:8], rows, rows) == labels[:8]


def test_a_last_evaluation_stands_for_the_steps_after_a_run_has_ended():
    assert [results._last([(10, 1.0), (20, 5.0)], step) for step in (5, 10, 15, 99)] == [1.0, 1.0, 1.0, 5.0]
