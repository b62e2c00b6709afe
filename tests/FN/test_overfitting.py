"""What is measured of an agent in levels that it knows and in others; and that few levels are learnt by heart."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from FN.overfitting import (
    FLAGS,
    GAP,
    TEST,
    TRAIN,
    UNSEEN,
    Options,
    jobs_of,
    main,
    measure,
    play,
    report,
    shares,
    summary,
)
from worlds.level_maze import COUNTS, LIMIT, MOVES, distances, level

ROOT = Path(__file__).parents[2]


def way_through(number):
    """The actions of a shortest way."""
    walls, place, goal, best = level(number)
    away, actions = distances(walls, goal), []
    for _ in range(best):
        actions.append(next(a for a in range(4) if away[tuple(place + MOVES[a])] == away[tuple(place)] - 1))
        place = place + MOVES[actions[-1]]
    return actions


def one_after_the_other(actions):
    """A policy for one level that does these actions, and then goes on pushing upwards."""
    left = iter(actions)
    return lambda obs: np.array([next(left, 0)])


def test_steps_to_the_goal_are_counted():
    for number in range(20):
        steps, best = play(one_after_the_other(way_through(number)), [number])
        assert steps.tolist() == best.tolist() == [len(way_through(number))]


def test_what_goes_round_in_circles_solves_nothing():
    steps, best = play(lambda obs: np.zeros(len(obs), int), UNSEEN)
    straight_up = 0
    for number in UNSEEN:
        walls, start, goal, _ = level(number)
        between = walls[goal[0] : start[0], start[1]]
        straight_up += bool(goal[1] == start[1] and goal[0] < start[0] and not between.any())
    assert (steps > 0).sum() == straight_up > 0
    assert (steps[steps > 0] == best[steps > 0]).all()


def test_an_episode_ends_at_its_limit():
    there_and_back = [a for action in way_through(3)[:1] for a in (action, (action + 2) % 4)] * (LIMIT // 2)
    steps, _ = play(one_after_the_other([*there_and_back, *way_through(3)]), [3])
    assert steps.tolist() == [0]


def test_shares_are_those_worked_out_by_hand():
    solved, of_best = shares(np.array([4, 6, 0, 5]), np.array([4, 4, 5, 5]), gamma=0.5)
    assert (solved, of_best) == pytest.approx((3 / 4, (1 + 0.25 + 0 + 1) / 4))


def test_levels_to_learn_in_and_unseen_ones_have_nothing_in_common():
    assert not set(range(max(COUNTS))) & set(UNSEEN)


def test_runs_differ_in_their_levels_and_seeds_only():
    jobs = jobs_of(Options(seeds=2, levels=(4, 16), steps=5_000, folder="here"))
    assert list(jobs) == [(f"LevelMaze/{n}-v0", seed) for seed in (100, 101) for n in (4, 16)]
    job = jobs["LevelMaze/16-v0", 101]
    assert job.script == "FN/ppo_agent.py"
    assert job.arguments == (*FLAGS, "--env", "LevelMaze/16-v0", "--steps", "5000", "--seed", "101")
    assert Path(job.folder) == Path("here/steps5000/levels16/seed101").resolve()


def test_the_gap_is_taken_for_each_seed_before_the_mean():
    def one(train, test):
        return {"solved": {TRAIN: train, TEST: test}, "of the best": {TRAIN: train / 2, TEST: test / 2}}

    found = summary({16: [one(1.0, 0.25), one(0.5, 0.25)], 4: [one(1.0, 0.0), one(1.0, 0.1)]})
    assert list(found) == [4, 16]
    assert found[16][GAP]["values"] == [0.75, 0.25]
    assert found[16][GAP]["iqm"] == pytest.approx(0.5)
    assert found[16][f"{TRAIN}, of the best"]["values"] == [0.5, 0.25]
    low, high = found[16][GAP]["interval"]
    assert (low, high) == (0.25, 0.75)
    *_, line = report(found)
    assert re.match(r"    16 +0\.750 \[0\.500, 1\.000\] +0\.250 ", line)


def test_a_quick_run_through_its_command_line_and_the_same_command_goes_on(tmp_path):
    command = [sys.executable, str(ROOT / "FN" / "overfitting.py"), "--quick"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    folder = tmp_path / "runs" / "overfitting"
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert list(found["levels"]) == ["1", "64"]
    assert (found["steps"], found["seeds"]) == (20_480, [100, 100])
    assert (folder / "overfitting.png").stat().st_size > 30_000
    results = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert len(results) == 2
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")} == results
    assert again.stdout.splitlines()[-4:] == done.stdout.splitlines()[-4:]


@pytest.mark.slow
def test_one_level_is_learnt_by_heart_and_many_are_not(tmp_path):
    """Seeds 100 to 104: gaps of 0.93 to 0.97 with one level, and of 0.24 to 0.26 with 256."""
    options = Options(seed=105, seeds=1, levels=(1, 256), folder=str(tmp_path), plot=str(tmp_path / "plot.png"))
    main(options)
    found = summary(measure(jobs_of(options)))
    assert found[1][TRAIN]["iqm"] == 1
    assert found[256][TRAIN]["iqm"] > 0.93
    assert found[1][GAP]["iqm"] > 0.85 > 0.45 > found[256][GAP]["iqm"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"levels": (5,)}, r"levels must be some of 1, 4, 16, 64, 256, 1024; got \(5,\)"),
        ({"levels": ()}, "levels must be some of"),
        ({"seeds": 0}, "seeds must be from 1 to 1000; got 0"),
        ({"steps": 100}, "steps must be from 2048 to 1000000000; got 100"),
    ],
)
def test_what_is_impossible_is_said_in_one_sentence(wrong, sentence, monkeypatch):
    monkeypatch.setattr("FN.overfitting.run_all", lambda *_: pytest.fail("worked"))
    with pytest.raises(ValueError, match=sentence):
        main(Options(**wrong))
