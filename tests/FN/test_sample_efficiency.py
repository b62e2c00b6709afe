"""Frames until a person's score: the sums, the table, and a run through the command line."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from FN.human_score import Game, Person, add_games
from FN.sample_efficiency import (
    AGENTS,
    QUICK,
    TARGET,
    Learner,
    Options,
    bars,
    check,
    clock,
    draw,
    hours_of,
    jobs_of,
    main,
    median_of,
    report,
)
from framework.runs.jobs import Outcome

ROOT = Path(__file__).parents[2]
FOUND = {
    "dqn_agent": {"frames": {100: 20_000, 101: 17_500, 102: 25_000}, "most": {100: 20_000, 101: 17_500, 102: 25_000}},
    "a2c_agent": {"frames": {100: None, 101: 190_000}, "most": {100: 600_000, 101: 190_000}},
}


@pytest.fixture
def trained(monkeypatch):
    """Runs that end at once: each reaches its score after 1,000 frames times its seed, DQN never; PPO fails."""
    ran = []

    def run_job(job, stopping=None):
        ran.append(job)
        agent, seed = Path(job.script).stem, int(job.arguments[-1])
        folder = Path(job.folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text("{}", encoding="utf-8")
        if agent == "ppo_agent":
            return Outcome(2, "learning diverged", {})
        result = {"steps_to_target": None if agent == "dqn_agent" else 1_000 * seed, "steps": 150_000}
        (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
        return Outcome(0, "", {})

    monkeypatch.setattr("framework.runs.jobs.run_job", run_job)
    return ran


def options_in(folder, **others):
    return Options(folder=str(folder), plot=str(folder / "hours.png"), **others)


def test_hours_are_frames_by_the_frames_of_a_second_and_the_seconds_of_an_hour():
    assert hours_of(18_000_000, 60) == pytest.approx(83.33, abs=0.01)
    assert hours_of(18_000_000, 30) == pytest.approx(166.67, abs=0.01)
    assert hours_of(30 * 60, 30) == pytest.approx(1 / 60)


def test_a_run_that_never_got_there_counts_as_the_longest():
    assert median_of([3, None, 1]) == 3
    assert median_of([None, 2, None]) == math.inf
    assert median_of([1, None]) == math.inf


def test_the_score_where_nobody_has_played_is_nine_tenths_of_sixteen():
    assert pytest.approx(14.4) == TARGET


def test_the_table_has_every_seed_and_says_who_never_got_there():
    lines = list(report(FOUND, 14.4, None))
    assert "   20,000      3/3   20,000, 17,500, 25,000" in lines[2]
    assert lines[3].split() == ["A2C", "-", "1/2", "not", "in", "600,000,", "190,000"]
    assert not any("you" in line for line in lines)


def test_each_sum_is_written_out_and_right():
    person = Person(12.2, 2.0, 10, 5_400, None)
    sums = [line for line in report(FOUND, 12.2, person) if "/ 3600 = " in line]
    assert len(sums) == 5
    for line in sums:
        frames, rate, rest = line.replace(",", "").split(" / ")
        assert float(rest.split()[2]) == pytest.approx(float(frames.split()[-1]) / float(rate) / 3600, abs=0.005)
    assert sums[1].split()[:4] == ["you", "on", "Catcher", "5,400"]
    assert sums[1].endswith("0.05 h")
    assert [line.split()[-2] for line in sums[2:]] == ["83.33", "166.67", "2.00"]


def test_a_run_stands_in_a_folder_of_its_score_so_that_no_other_is_taken_for_it(tmp_path):
    jobs = jobs_of(["dqn_agent", "ppo_agent"], [100, 101], 12.35, tmp_path)
    others = jobs_of(["dqn_agent"], [100], 12.4, tmp_path)
    folders = [job.folder for job in [*jobs.values(), *others.values()]]
    assert len(set(folders)) == 5
    job = jobs["ppo_agent", 101]
    assert job.arguments == (
        "--target-return", "12.35", "--eval-every", "5000", "--eval-episodes", "10", "--seed", "101",
    )  # fmt: skip
    assert job.script == "FN/ppo_agent.py"
    for other in jobs.values():
        assert (ROOT / other.script).exists()


def test_the_score_is_that_of_the_person_who_has_played(tmp_path, trained, capsys):
    add_games(tmp_path / "human.json", [Game(8, 420, 14.0), Game(-2, 120, 4.0), Game(10, 480, 16.0)])
    main(options_in(tmp_path, agents=("dqn_agent", "a2c_agent"), seeds=2))
    assert [job.arguments[1] for job in trained] == ["5.33"] * 4
    printed = capsys.readouterr().out
    assert "your score: 5.33 ± " in printed
    assert "frames until 5.33 of 16" in printed
    assert "0/2   not in 150,000, not in 150,000" in printed
    assert "2/2   100,000, 101,000" in printed
    assert "you on Catcher                  1,020 / 30 / 3600" in printed
    known = json.loads((tmp_path / "score5.33" / "results.json").read_text(encoding="utf-8"))
    assert known["agents"]["a2c_agent"]["frames"] == {"100": 100_000, "101": 101_000}


def test_what_is_finished_is_not_run_again_and_more_seeds_may_be_asked_for(tmp_path, trained, capsys):
    options = options_in(tmp_path, agents=("a2c_agent",))
    main(options)
    main(replace(options, seeds=3))
    assert [job.arguments[-1] for job in trained] == ["100", "101", "102"]
    assert {job.arguments[1] for job in trained} == {"14.4"}
    assert "no person has played yet (--human): the score is 14.4" in capsys.readouterr().out


def test_a_run_that_fails_is_said_and_left_out(tmp_path, trained, capsys):
    main(options_in(tmp_path, agents=("ppo_agent", "a2c_agent")))
    printed = capsys.readouterr().out
    assert "PPO, seed 100, failed: learning diverged" in printed
    assert "PPO on Catcher" not in printed
    with pytest.raises(ValueError, match="no run came to its end"):
        main(options_in(tmp_path, agents=("ppo_agent",)))


def test_quick_has_one_agent_and_one_seed(tmp_path, trained):
    main(options_in(tmp_path, quick=True, seeds=5))
    assert [Path(job.script).stem for job in trained] == list(QUICK)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"score": 16.5}, "from -3 to 16"), ({"score": math.nan}, "from -3 to 16"), ({"seeds": 0}, "seeds must be"),
     ({"agents": ("sac_agent",)}, "got sac_agent"), ({"agents": ()}, "got none"), ({"games": 11}, "games must be")],
)  # fmt: skip
def test_what_is_impossible_is_refused_in_one_sentence(wrong, said):
    with pytest.raises(ValueError, match=said):
        check(replace(Options(), **wrong))


def test_minutes_below_an_hour_and_hours_above():
    assert [clock(hours) for hours in (0.05, 0.5, 1.76, 83.3)] == ["3 min", "30 min", "1.8 h", "83 h"]


def test_the_plot_has_a_row_for_each_agent_and_each_person(tmp_path):
    person = Person(12.2, 2.0, 10, 5_400, None)
    assert [who.split(",")[0] for who, *_ in bars(FOUND, None)] == ["Rainbow", "the tester", "A2C", "DQN"]
    who, hours, is_person = bars(FOUND, person)[-1]
    assert (who, hours, is_person) == ("you, Catcher\n5,400 frames", [0.05], True)
    draw(FOUND, 12.2, person, tmp_path / "hours.png")
    with Image.open(tmp_path / "hours.png") as picture:
        colours = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0).tolist()
    assert [0x21, 0x66, 0xAC] in colours
    assert [0xE0, 0x82, 0x14] in colours


def test_a_run_of_an_agent_through_its_own_command_line(tmp_path, monkeypatch, capsys):
    """With a score that everybody has, so that the first evaluation confirms it."""
    monkeypatch.setitem(AGENTS, "paac_agent", Learner("PAAC", 800))
    main(options_in(tmp_path, agents=("paac_agent",), score=-3.0))
    result = json.loads((tmp_path / "score-3" / "paac_agent" / "seed100" / "result.json").read_text(encoding="utf-8"))
    assert result["reached"]
    assert 800 <= result["steps_to_target"] <= 4_000
    assert f"1/1   {result['steps_to_target']:,}" in capsys.readouterr().out


def test_bad_input_ends_with_exit_code_2_and_negative_returns_are_read(tmp_path):
    def command(*flags):
        command = [sys.executable, ROOT / "FN" / "sample_efficiency.py", *flags]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)

    refused = command("--human-returns", "11")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "got 11" in refused.stderr
    noted = command("--human-returns", "8", "-1", "-3")
    assert (noted.returncode, noted.stderr) == (0, "")
    assert "your score: 1.33" in noted.stdout


def test_what_cures_save_is_read_from_what_was_measured(monkeypatch):
    from bench.sample_efficiency import Cure, cures, first_at, read

    assert first_at([10, 20, 30], [1, 5, 9], 5) == 20
    assert first_at([10, 20], [1, 5], 6) is None
    monkeypatch.setattr(
        "bench.sample_efficiency.read",
        lambda name: {"agents": {"dqn_agent": {"median": 20_000}}} if name == "sample_efficiency" else read(name),
    )
    found = {(cure.name, cure.counted): cure for cure in cures()}
    maze = read("dyna")["Dyna maze: episodes until the greedy path has at most 16 steps"]
    without = maze["0 imagined updates"]["median"], maze["50 imagined updates"]["median"]
    first = next(iter(found.values()))
    assert (first.without, first.needed) == without
    assert "1,600" in found["DAgger, DQN", "labels, and frames, until 14.4, Catcher from pixels"].line()
    assert Cure("a", "b", None, 10).line().split() == ["a", "more", "10", "-", "b"]
    assert Cure("a", "b", 25, 10).line().split() == ["a", "25", "10", "2.5", "b"]
