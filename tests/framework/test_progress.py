"""The table of runs on the screen, and the lines where there is no screen."""

from framework.progress import Progress
from framework.runs.jobs import Job


def jobs_in(folder):
    jobs = {("a", seed): Job("a.py", (), str(folder / str(seed))) for seed in (1, 2, 3)}
    for seed in (1, 2):
        (folder / str(seed)).mkdir()
        (folder / str(seed) / "metrics.csv").write_text("step,eval_return\n2000,7.25\n", encoding="utf-8")
    return jobs


def test_without_a_terminal_each_run_that_ends_is_a_line(tmp_path, capsys):
    jobs = jobs_in(tmp_path)
    with Progress(jobs) as progress:
        progress(jobs, [])
        progress({}, [("a", 2), ("a", 3)])
    said = capsys.readouterr().out
    assert said.splitlines() == ["1 of 3: a, seed 2, return 7.2 at step 2,000", "2 of 3: a, seed 3, "]


def test_the_table_has_a_row_for_a_setting_with_how_many_are_done_and_where_the_others_are(tmp_path):
    jobs = jobs_in(tmp_path)
    left = {key: jobs[key] for key in [("a", 2), ("a", 3)]}
    cells = [list(column.cells) for column in Progress(jobs).table(left).columns]
    assert cells == [["a"], ["1"], ["3"], ["seed 2: return 7.2 at step 2,000"]]
