"""Experiments: settings from the command line, and runs that are killed and go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework import experiment
from framework.experiment import Options, jobs_of, settings_of

ROOT = Path(__file__).parents[2]
BRIEF = ("--steps", "1500", "--eval-every", "500", "--eval-episodes", "2", "--final-episodes", "3")
BRIEF += ("--target-return", "None")


def asked(*settings, **options):
    return settings_of(Options(script="", set=settings, **options))


def test_lists_are_combined_and_nothing_asked_is_one_setting():
    assert asked() == [{}]
    assert asked("a=1,2", "b-c=x") == [{"a": "1", "b_c": "x"}, {"a": "2", "b_c": "x"}]


@pytest.mark.parametrize(
    ("settings", "random", "said"),
    [
        (("a",), 0, "--set takes NAME=VALUE,VALUE or NAME=LOW..HIGH, each name once; got a"),
        (("a=1,",), 0, "got a=1,"),
        (("a=1", "a=2"), 0, "got a=2"),
        (("a=1..2",), 0, "--random N draws from ranges"),
        (("a=1,2",), 3, "--random N draws from ranges"),
        (("a=2..1",), 3, "a range goes from a number to a higher one; got a=2..1"),
        (("a=x..1",), 3, "a range is LOW..HIGH, two numbers; got a=x..1"),
    ],
)
def test_settings_that_cannot_be_read_are_one_sentence(settings, random, said):
    with pytest.raises(ValueError, match=said):
        asked(*settings, random=random)


def test_settings_become_flags_and_folders(tmp_path):
    settings = [{"no_double": "off"}, {"no_double": "on"}, {"hidden": "8 8"}]
    jobs = jobs_of("a.py", ("--test",), settings, [5], tmp_path)
    flags = [job.arguments for job in jobs.values()]
    assert flags[0] == ("--test", "--seed", "5")
    assert flags[1] == ("--test", "--no-double", "--seed", "5")
    assert flags[2] == ("--test", "--hidden", "8", "8", "--seed", "5")
    assert Path(jobs["hidden=8 8", 5].folder) == tmp_path / "runs" / "hidden=8 8" / "seed5"


def command(folder, *options, script="FN/policy_gradient_agent.py", flags=BRIEF):
    return [sys.executable, "-m", "framework.experiment", script, "--folder", str(folder), *options, "--", *flags]


def run(folder, *options, **named):
    return subprocess.run(command(folder, *options, **named), cwd=ROOT, capture_output=True, encoding="utf-8")


def test_two_settings_with_two_seeds_from_the_command_line(tmp_path):
    done = run(tmp_path, "--seeds", "2", "--set", "learning_rate=1e-3,5e-3")
    assert done.returncode == 0, done.stderr
    assert "4 of 4: " in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {
        "experiment.json", "results.csv", "results.json", "curves.png", "runs",
    }  # fmt: skip
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert found["of_the_first_run"]["hardware"]["threads"] == 1
    table = (tmp_path / "results.csv").read_bytes()
    more = run(tmp_path, "--seeds", "3", "--set", "learning_rate=1e-3,5e-3")
    assert more.stdout.count("seed 10") == 6, more.stdout  # six lines, four of them at once
    rows = table.splitlines()
    assert set(rows) < set((tmp_path / "results.csv").read_bytes().splitlines())
    other = run(tmp_path, "--seeds", "3", flags=("--steps", "9"))
    assert other.returncode == 2
    assert "holds an experiment with FN/policy_gradient_agent.py --steps 1500" in other.stderr


@pytest.mark.parametrize(
    ("options", "script", "said"),
    [
        (("--set", "learning_rat=1"), "FN/a2c_agent.py", "--learning-rat"),
        (("--set", "gamma=7"), "FN/a2c_agent.py", "gamma must be from 0 to 1; got 7.0"),
        ((), "FN/nothing.py", "there is no script FN/nothing.py"),
        (("--workers", "0"), "FN/a2c_agent.py", "workers must be at least 1; got 0"),
    ],
)
def test_what_the_chapter_would_refuse_stops_the_experiment_with_its_sentence(options, script, said, tmp_path):
    done = run(tmp_path / "new", *options, script=script)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_flag_that_was_refused_leaves_the_folder_free_for_the_right_one(tmp_path):
    experiment.claim(tmp_path, "a.py", ["--tets"])
    experiment.claim(tmp_path, "a.py", ["--test"])
    (tmp_path / "runs" / "as it is" / "seed1").mkdir(parents=True)
    (tmp_path / "runs" / "as it is" / "seed1" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"holds an experiment with a\.py --test; take another --folder"):
        experiment.claim(tmp_path, "a.py", ["--tets"])


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_damaged_claim_is_one_sentence(text, tmp_path):
    (tmp_path / "experiment.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"experiment\.json is damaged"):
        experiment.claim(tmp_path, "a.py", [])


@pytest.mark.parametrize("name", ["seed", "run-folder"])
def test_what_each_run_has_of_its_own_cannot_be_set(name):
    with pytest.raises(ValueError, match="the experiment gives each run its own"):
        experiment.settings_of(experiment.Options("a.py", set=(f"{name}=1,2",)))


def test_a_run_that_fails_is_a_row_and_the_others_count(tmp_path):
    done = run(tmp_path, "--seeds", "1", "--set", "learning_rate=1e-3,1e30", script="FN/a2c_agent.py",
               flags=("--test", *BRIEF))  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "results.csv").read_text(encoding="utf-8")
    assert "learning diverged" in table
    assert "(1 failed)" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_experiment_killed_at_ten_moments_ends_with_the_table_of_one_that_was_not(tmp_path):
    """Half of the time by SIGKILL, which leaves its runs behind, half of the time by Ctrl-C."""
    options = ("--seeds", "3", "--set", "learning_rate=1e-3,5e-3")
    assert run(tmp_path / "whole", *options).returncode == 0
    rng = random.Random(0)
    for number in range(10):
        process = subprocess.Popen(
            command(tmp_path / "broken", *options),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's children ignore it
        )
        time.sleep(rng.uniform(0.5, 6))
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGINT)
        process.wait(60)
    done = run(tmp_path / "broken", *options)
    assert done.returncode == 0, done.stderr
    tables = [(tmp_path / name / "results.csv").read_bytes() for name in ("whole", "broken")]
    assert tables[0] == tables[1]


CLUSTER = """
import sys, threading, time
from pathlib import Path
from ray.cluster_utils import Cluster
from framework.experiment import Options, main

folder, dies, *flags = sys.argv[1:]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
node = cluster.add_node(num_cpus=1)

def kill():
    while len(list(Path(folder).rglob("metrics.csv"))) < 2:  # both nodes have begun
        time.sleep(0.1)
    cluster.remove_node(node, allow_graceful=False)

if dies == "dies":
    threading.Thread(target=kill, daemon=True).start()
settings = ("learning_rate=1e-3,5e-3",)
options = Options("FN/policy_gradient_agent.py", seeds=2, set=settings, cluster="ray", folder=folder)
main(type(options)(**{**vars(options), "address": cluster.address}), tuple(flags))
"""


@pytest.mark.slow
def test_a_ray_cluster_of_two_nodes_gives_the_same_table_also_when_one_is_killed(tmp_path):
    pytest.importorskip("ray")
    assert run(tmp_path / "here", "--seeds", "2", "--set", "learning_rate=1e-3,5e-3").returncode == 0
    for name in ("lives", "dies"):
        program = [sys.executable, "-c", CLUSTER, str(tmp_path / name), name, *BRIEF]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=240)
        assert done.returncode == 0, done.stderr
        tables = [(tmp_path / one / "results.csv").read_bytes() for one in ("here", name)]
        assert tables[0] == tables[1]
