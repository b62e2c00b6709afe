"""What a run leaves behind: rows, events for TensorBoard where TensorFlow is there, and config.json."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from framework.runs.config import WorldConfig
from framework.runs.files import load_arrays, save_arrays
from framework.runs.logger import Logger, Notes, write_config
from framework.runs.parallel import computing_threads

HEAD = "step,episodes,return,length,eval_return,eval_std,eval_min,eval_max"
OLD = "step,episodes,return,length,eval_return,eval_std"


@pytest.fixture
def logger_in(monkeypatch, tmp_path):
    """(resumed_at, text) -> a logger, in a folder whose metrics.csv has held ``text``; without TensorFlow."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)

    def logger_in(resumed_at=None, text=None):
        if text is not None:
            (tmp_path / "metrics.csv").write_text(text, encoding="utf-8")
        return Logger(tmp_path, steps=100, resumed_at=resumed_at)

    return logger_in


def lines_of(logger):
    return logger.path.read_text(encoding="utf-8").splitlines()


def test_a_row_is_in_the_file_at_once_and_what_it_lacks_is_empty(logger_in, capsys):
    logger = logger_in()
    assert lines_of(logger) == [HEAD]
    logger.row({"step": 10, "episodes": 2, "return": 1.5, "length": 5.0})
    assert lines_of(logger) == [HEAD, "10,2,1.5,5,,,,"]
    logger.row({"step": 20, "episodes": 3, "eval_return": np.float32(0.25), "eval_std": 0.0})
    assert lines_of(logger) == [HEAD, "10,2,1.5,5,,,,", "20,3,,,0.25,0,,"]
    assert capsys.readouterr().out == "step       20" + " " * 21 + "evaluation     0.25 ± 0.00\n"


def test_a_new_column_is_added_at_the_right_and_empty_where_it_was_not_known(logger_in):
    logger = logger_in()
    logger.row({"step": 10, "episodes": 2})
    logger.row({"step": 20, "loss": 0.5, "entropy": 0.25})
    logger.row({"entropy": 0.125, "step": 30})
    assert lines_of(logger) == [f"{HEAD},loss,entropy", "10,2,,,,,,,,", "20,,,,,,,,0.5,0.25", "30,,,,,,,,,0.125"]


def test_numbers_have_six_digits_and_whole_ones_all_of_theirs(logger_in):
    logger = logger_in()
    logger.row({"step": 1_234_567, "a": 1 / 3, "b": 123456.7, "c": 1.234567e-7, "d": np.float32(1 / 3), "e": np.nan})
    assert lines_of(logger)[1] == "1234567,,,,,,,,0.333333,123457,1.23457e-07,0.333333,nan"


def test_rows_behind_the_step_that_a_run_goes_on_from_are_dropped_and_columns_stay(logger_in, capsys):
    logger = logger_in(20, f"{HEAD},loss\n10,1,,,,,,,0.5\n20,2,,,,,,,0.4\n30,3,,,,,,,0.3\n40,4,,,,,,,0.2\n")
    assert capsys.readouterr().out == "resumed at step 20\n"
    assert lines_of(logger) == [f"{HEAD},loss", "10,1,,,,,,,0.5", "20,2,,,,,,,0.4"]
    logger.row({"step": 30, "loss": 0.25})
    assert lines_of(logger)[-1] == "30,,,,,,,,0.25"


@pytest.mark.parametrize("torn", ["2", "20", "20,2,1.", "\n"])
def test_a_last_row_that_was_cut_short_is_dropped(logger_in, torn):
    assert lines_of(logger_in(25, f"{HEAD}\n10,1,,,,,,\n{torn}")) == [HEAD, "10,1,,,,,,"]


@pytest.mark.parametrize("text", [None, "", HEAD])
def test_a_run_that_was_killed_before_its_first_row_begins_its_file(logger_in, text):
    assert lines_of(logger_in(0, text)) == [HEAD]


def test_a_run_without_a_checkpoint_says_that_it_starts_anew(logger_in, capsys):
    logger_in(0)
    assert capsys.readouterr().out == "no checkpoint yet: it starts anew\n"


def test_a_run_of_an_older_version_goes_on_with_the_columns_of_this_one_at_the_right(logger_in):
    logger = logger_in(10, f"{OLD},loss\n10,1,,,1,0.5,0.25\n")
    logger.row({"step": 20, "eval_return": 2.0, "eval_std": 1.0, "eval_min": 1.0, "eval_max": 3.0})
    assert lines_of(logger) == [f"{OLD},loss,eval_min,eval_max", "10,1,,,1,0.5,0.25,,", "20,,,,2,1,,1,3"]


@pytest.mark.parametrize("text", [f"{HEAD}\none,1,,,,,,\n", "a,b\n1,2\n", "\x00\x00"])
def test_damaged_rows_are_said_to_be_so(logger_in, text):
    with pytest.raises(ValueError, match=r"metrics\.csv is damaged; delete it, and the run goes on"):
        logger_in(10, text)


def test_files_that_are_gone_are_noticed(logger_in):
    logger = logger_in()
    logger.check()
    logger.path.unlink()
    with pytest.raises(OSError, match=r"metrics\.csv was deleted or moved"):
        logger.check()


@pytest.mark.parametrize(("name", "value"), [("loss", np.nan), ("loss", np.float32(np.inf)), ("a/b", 1.0)])
def test_no_number_is_noted_that_is_not_finite_and_no_name_that_cannot_be_kept(name, value):
    with pytest.raises(ValueError, match=r"loss is (nan|inf): learning diverged|a name in the log must not"):
        Notes().add({name: value})


def test_notes_are_means_of_what_came_since_they_were_asked_for(tmp_path):
    notes, other = Notes(), Notes()
    notes.add({"loss": np.float32(1.0), "q": 4})
    notes.add({"loss": 2.0})
    save_arrays(tmp_path / "notes.npz", notes.state())
    other.load_state(load_arrays(tmp_path / "notes.npz"))
    for one in (notes, other):
        assert one.means() == {"loss": 1.5, "q": 4}
        assert one.means() == {}


def test_a_first_row_before_the_clock_has_moved_is_a_row(logger_in, monkeypatch):
    logger = logger_in()
    monkeypatch.setattr("time.monotonic", lambda: logger.began)
    logger.row({"step": 10, "episodes": 2})
    assert lines_of(logger)[1] == "10,2,,,,,,"


def test_without_tensorflow_there_are_rows_and_no_events(tmp_path):
    program = """
import os, sys, numpy as np
from framework.runs.logger import Logger
logger = Logger(".", 10)
logger.row({"step": 5, "loss": 0.5})
logger.frames(5, np.zeros((4, 4, 2), np.uint8))
logger.close()
logger.close()
print(os.listdir("."), "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.stdout == "['metrics.csv'] False\n", done.stderr


def test_tensorboard_has_the_same_numbers_the_speed_and_what_the_agent_sees(tmp_path):
    tf = pytest.importorskip("tensorflow")
    logger = Logger(tmp_path, steps=100)
    logger.row({"step": 40, "episodes": 3, "loss": 1 / 3})
    logger.frames(40, np.zeros((4, 4, 2), np.uint8))
    logger.close()
    (file,) = tmp_path.glob("events*")
    events = list(tf.compat.v1.train.summary_iterator(str(file)))
    values = {value.tag: tf.make_ndarray(value.tensor) for event in events for value in event.summary.value}
    assert values.keys() == {"episodes", "loss", "steps per second", "what the agent sees"}
    assert {event.step for event in events if event.summary.value} == {40}
    assert (values["episodes"], values["loss"]) == (3, np.float32(0.333333))
    width, height, *pictures = values["what the agent sees"]
    assert (width, height, len(pictures)) == (b"4", b"4", 2)


def steps_in(folder):
    tf = sys.modules["tensorflow"]
    return [
        event.step
        for file in sorted(folder.glob("events*"))
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
        if value.tag == "loss"
    ]


@pytest.mark.parametrize("torn", [0, 7])
def test_a_run_that_goes_on_has_each_step_once_in_tensorboard(torn, tmp_path):
    pytest.importorskip("tensorflow")
    killed = Logger(tmp_path, steps=100)
    for step in (10, 20, 30, 40):
        killed.row({"step": step, "loss": 0.5})
    killed.flush()
    (file,) = tmp_path.glob("events*")
    if torn:
        file.write_bytes(file.read_bytes()[:-torn])
    again = Logger(tmp_path, steps=100, resumed_at=20)
    for step in (30, 40):
        again.row({"step": step, "loss": 0.25})
    again.close()
    assert steps_in(tmp_path) == [10, 20, 30, 40]


def test_what_tensorflow_cannot_write_is_said_in_a_sentence(tmp_path):
    tf = pytest.importorskip("tensorflow")
    logger = Logger(tmp_path, steps=100)

    def full():
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device\nand more")

    logger.board.flush = full
    with pytest.raises(OSError, match=r"TensorBoard's file cannot be written \(No space left on device\)"):
        logger.flush()
    logger.board.close = full
    with pytest.raises(KeyError), logger:  # what went wrong first is said
        raise KeyError
    logger.close()


def test_config_json_tells_what_ran_and_no_path_of_this_computer(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "FN" / "dqn_agent.py"), "--seed", "3"])
    sys.argv += ["--run-folder", str(tmp_path / "a"), "--steps", "50", f"--run-folder={tmp_path}"]
    write_config(tmp_path, WorldConfig(seed=3))
    text = (tmp_path / "config.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    assert (facts["command"], facts["config"]["seed"]) == ("dqn_agent.py --seed 3 --steps 50", 3)
    assert facts["hardware"]["threads"] == computing_threads()
    assert datetime.fromisoformat(facts["date"]).tzinfo is not None
    assert {"python", "numpy", "gymnasium"} <= facts["versions"].keys()
    for place in (tmp_path, Path.home(), Path(sys.prefix), Path(__file__).parents[3]):
        assert place == Path(place.anchor) or json.dumps(str(place))[1:-1] not in text
