"""The trainer: a clock, a log, honest evaluations, checkpoints, and clear ends."""

import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from framework.agent import Agent, read_agent
from framework.evaluate import Evaluation
from framework.runs.config import RunConfig, WorldConfig
from framework.runs.files import load_arrays, save_arrays
from framework.trainer import Trainer
from framework.vector import make_vector

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Config(WorldConfig):
    env: str = "CartPole-v1"
    steps: int = 400
    num_envs: int = 4
    eval_every: int = 100
    eval_episodes: int = 3
    final_episodes: int = 5
    log_every: int = 40
    checkpoint_seconds: float = 1e9


class Plain(Agent):
    """An agent of one number, without TensorFlow: it pushes right where the pole leans by more than that."""

    acts_with = ("lean",)

    def __init__(self, lean=0.0):
        self.lean = np.array(lean)

    def greedy(self, obs):
        return (obs[:, 2] + obs[:, 3] > self.lean).astype(int)


@pytest.fixture
def make(tmp_path):
    def make(agent=None, **options):
        config = Config(**{"run_folder": (tmp_path / "run").as_posix(), **options})
        envs = make_vector(config.env, config.num_envs, config.seed)
        return Trainer(config, envs=envs, agent=agent or Plain()), envs

    return make


def rows_of(trainer):
    with open(trainer.folder / "metrics.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def walk(trainer, envs, steps=1, after=lambda step: None):
    """Iterate, with ``steps`` steps of all worlds in each body."""
    with trainer:
        for step in trainer:
            for _ in range(steps):
                envs.step(trainer.agent.greedy(envs.obs))
            after(step)


def test_every_is_true_once_a_period_even_where_a_body_takes_many_steps(make):
    trainer, envs = make()
    seen = []
    walk(trainer, envs, steps=5, after=lambda step: seen.append((step, trainer.every(60), trainer.every(10))))
    assert seen[:6] == [
        (0, False, True), (20, False, True), (40, True, True), (60, False, True), (80, False, True), (100, True, True)
    ]  # fmt: skip


def test_a_row_has_the_mean_of_what_was_logged_since_the_last(make):
    trainer, envs = make()
    walk(trainer, envs, after=lambda step: trainer.log(loss=step))
    rows = rows_of(trainer)
    assert [int(row["step"]) for row in rows[:4]] == [40, 80, 100, 120]
    assert [float(row["loss"]) for row in rows[:3]] == [18, 58, 88]  # of 0, 4 … 36; 40 … 76; 80 … 96
    assert [bool(row["eval_return"]) for row in rows[:4]] == [False, False, True, False]
    assert float(rows[2]["eval_min"]) <= float(rows[2]["eval_return"]) <= float(rows[2]["eval_max"])


def test_evaluating_leaves_the_worlds_of_training_alone(make):
    trainer, envs = make(log_every=10)
    other = make_vector("CartPole-v1", 4, 0)
    walk(trainer, envs, after=lambda _: other.step(trainer.agent.greedy(other.obs)))
    np.testing.assert_array_equal(envs.obs, other.obs)


def test_the_best_agent_is_the_one_that_evaluated_best_not_the_last(make):
    leans = {100: 0.0, 200: 1.0, 300: 5.0, 400: 5.0}  # the first balances, the last falls over
    agent = Plain()

    def learn(step):
        agent.lean = np.array(leans[min(400, (step // 100 + 1) * 100)])

    trainer, envs = make(agent)
    walk(trainer, envs, after=learn)
    assert trainer.best_agent.lean == 0.0
    assert read_agent(trainer.folder / "agent.npz", Config)[1] == [0.0]
    assert read_agent(trainer.folder / "final.npz", Config)[1] == [5.0]


def test_the_target_ends_the_run_only_when_fresh_episodes_confirm_it(make, monkeypatch, capsys):
    trainer, envs = make(target_return=100.0)
    real, asked = trainer._evaluation, []

    def lucky(episodes):
        asked.append(episodes)
        evaluation = real(episodes)
        if asked == [3, 5]:  # the confirmation of the first evaluation disappoints
            evaluation.returns[:] = 0
        return evaluation

    monkeypatch.setattr(trainer, "_evaluation", lucky)
    walk(trainer, envs)
    result = json.loads((trainer.folder / "result.json").read_text())
    assert asked == [3, 5, 3, 5, 5]  # the last is what is reported
    said = f"{result['return']:.2f} ± {result['std']:.2f} over 5 fresh episodes, apart from those that confirmed"
    assert said in capsys.readouterr().out
    assert (result["reached"], result["steps_to_target"]) == (True, 200)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_saves_and_the_run_goes_on_to_the_same_log(sent, make, tmp_path, capsys):
    whole, envs = make()
    walk(whole, envs)
    folder = (tmp_path / "it's stopped").as_posix()
    trainer, envs = make(run_folder=folder)
    with pytest.raises(KeyboardInterrupt):
        walk(trainer, envs, after=lambda step: step == 200 and signal.raise_signal(sent))
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("saved at step 204; "))
    if os.name != "nt":
        assert shlex.split(line)[4:7] == ["--resume", "--run-folder", folder]  # as it can be typed
    again, envs = make(run_folder=folder)
    walk(again, envs)
    assert "resumed at step 204" in capsys.readouterr().out
    assert (again.folder / "metrics.csv").read_bytes() == (whole.folder / "metrics.csv").read_bytes()


def test_a_second_process_in_the_same_run_is_refused_in_a_sentence(make):
    trainer, envs = make()
    with trainer:
        with pytest.raises(ValueError, match="another process is training in"):
            make()[0].__enter__()
        walk_on = next(iter(trainer))
    assert walk_on == 0
    with pytest.raises(ValueError, match="another configuration"):  # which gives the lock back, too
        make(seed=5)[0].__enter__()
    again, envs = make()
    walk(again, envs)


def interrupted(make, at=200):
    """A run that was stopped after at least two checkpoints."""
    trainer, envs = make(checkpoint_seconds=0.0)
    with pytest.raises(RuntimeError):
        walk(trainer, envs, after=lambda step: stop() if step == at else None)
    return trainer


def stop():
    raise RuntimeError


def test_a_torn_checkpoint_gives_way_to_the_one_before(make, capsys):
    trainer = interrupted(make)
    kept = trainer.checkpoints.kept()
    assert len(kept) == 2
    kept[-1].write_bytes(kept[-1].read_bytes()[:-100])
    again, envs = make(checkpoint_seconds=0.0)
    walk(again, envs)
    said = capsys.readouterr()
    assert "damaged" in said.err
    assert f"resumed at step {int(kept[0].stem)}" in said.out


def test_a_checkpoint_of_another_version_is_refused_in_a_sentence(make):
    trainer = interrupted(make)
    path = trainer.checkpoints.kept()[-1]
    state = load_arrays(path)
    del state["agent"]["lean"]
    save_arrays(path, state)
    again, _ = make()
    with pytest.raises(ValueError, match="is of another version of this script; begin another run"):
        again.__enter__()


def test_a_full_disk_ends_the_run_in_a_sentence_and_keeps_the_last_checkpoint(make, monkeypatch):
    kept = interrupted(make).checkpoints.kept()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    again, envs = make(checkpoint_seconds=0.0)
    monkeypatch.setattr(os, "fsync", full)
    said = (
        r"no checkpoint could be written \(No space left on device\); --resume --run-folder .* goes on from step 200"
    )
    with pytest.raises(OSError, match=said):
        walk(again, envs)
    assert again.checkpoints.kept() == kept


def test_a_finished_run_and_one_with_other_settings_are_refused(make):
    trainer, envs = make()
    with pytest.raises(RuntimeError):
        walk(trainer, envs, after=lambda _: stop())
    other, envs = make(seed=5, steps=300)
    with pytest.raises(ValueError, match=r"another configuration \(seed, steps\)"):
        walk(other, envs)
    again, envs = make()
    walk(again, envs)
    with pytest.raises(ValueError, match="is finished"):
        walk(*make())


def test_config_json_tells_what_ran_and_not_where(make, tmp_path):
    trainer, envs = make()
    walk(trainer, envs)
    text = (trainer.folder / "config.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    assert facts["config"]["steps"] == 400
    assert {"python", "numpy", "gymnasium"} <= facts["versions"].keys()
    assert facts["hardware"]["cpus"] >= 1
    assert str(tmp_path) not in text
    assert (trainer.folder / "learning.png").exists()


@pytest.mark.parametrize("options", [{"steps": 0}, {"eval_every": 0}, {"seed": -1}])
def test_impossible_settings_are_refused_in_a_sentence(make, options):
    name = next(iter(options))
    with pytest.raises(ValueError, match=f"{name} must be (at least|from)"):
        make(**{"seed": 0, **options}) if name != "seed" else Trainer(
            replace(Config(), seed=-1), envs=make_vector("CartPole-v1", 1, 0), agent=Plain()
        )


# What a kill, a full disk or Ctrl-C may leave behind


def finish(make, **options):
    """Go on with the run; what it ended with: its log and its returns."""
    trainer, envs = make(**options)
    walk(trainer, envs)
    result = json.loads((trainer.folder / "result.json").read_text(encoding="utf-8"))
    return (trainer.folder / "metrics.csv").read_text(encoding="utf-8"), result["returns"], result["steps_to_target"]


def test_damaged_checkpoints_do_not_outlive_good_ones(make):
    trainer = interrupted(make)
    for path in trainer.checkpoints.kept():
        path.write_bytes(b"torn")
    again, envs = make(checkpoint_seconds=0.0)
    with pytest.raises(RuntimeError):  # steps 4 and 8 are saved, and would sort before the torn ones
        walk(again, envs, after=lambda step: stop() if step == 8 else None)
    assert [int(path.stem) for path in again.checkpoints.kept()] == [4, 8]


def test_a_checkpoint_that_was_half_written_is_cleared_away(make):
    trainer = interrupted(make)
    half = trainer.checkpoints.folder / ".000000000204.npz.12345.part"
    half.write_bytes(b"half")
    again, _ = make(checkpoint_seconds=0.0)
    with again:
        assert not half.exists()


def test_a_row_that_was_cut_short_is_written_again(make, tmp_path):
    whole = finish(make, run_folder=(tmp_path / "whole").as_posix(), checkpoint_seconds=0.0)
    path = interrupted(make).folder / "metrics.csv"
    path.write_text(path.read_text(encoding="utf-8") + "20", encoding="utf-8")  # of 204,…
    assert finish(make, checkpoint_seconds=0.0) == whole


def test_a_run_that_fails_at_its_very_end_is_not_finished(make, tmp_path, monkeypatch):
    whole = finish(make, run_folder=(tmp_path / "whole").as_posix(), checkpoint_seconds=0.0)
    trainer, envs = make(checkpoint_seconds=0.0)
    with monkeypatch.context() as patch:
        patch.setattr("framework.plots.draw_run", lambda *_, **__: stop())
        with pytest.raises(RuntimeError):
            walk(trainer, envs)
    assert finish(make, checkpoint_seconds=0.0) == whole


def test_ctrl_c_in_the_last_body_ends_the_run_as_it_would_have_ended(make, tmp_path):
    last = {"run_folder": (tmp_path / "last").as_posix()}
    trainer, envs = make(**last)
    walk(trainer, envs, after=lambda step: step == 396 and os.kill(os.getpid(), signal.SIGINT))
    assert (trainer.folder / "result.json").exists()
    trainer, envs = make(target_return=1.0)  # and where the target is reached
    walk(trainer, envs, after=lambda step: step == 96 and os.kill(os.getpid(), signal.SIGINT))
    assert json.loads((trainer.folder / "result.json").read_text(encoding="utf-8"))["steps_to_target"] == 100


def scripted(returns):
    """Stands in for the trainer's evaluations: one mean return after the other."""
    means = iter(returns)
    return lambda episodes: Evaluation(np.full(episodes, next(means)), np.ones(episodes, int))


def test_a_target_missed_by_a_lucky_evaluation_can_still_be_reached_by_a_lesser_one(make, monkeypatch):
    trainer, envs = make(target_return=100.0)
    # 150 is not confirmed by 90; 120 is, by 110. What is reported had to pass nothing: 95.
    monkeypatch.setattr(trainer, "_evaluation", scripted([150.0, 90.0, 120.0, 110.0, 95.0]))
    agent = trainer.agent

    def learn(step):
        agent.lean = np.array(float(step))

    walk(trainer, envs, after=learn)
    result = json.loads((trainer.folder / "result.json").read_text(encoding="utf-8"))
    assert (result["steps_to_target"], result["return"]) == (200, 95.0)
    assert agent.lean == 196  # the agent that was confirmed, not the lucky one
    assert read_agent(trainer.folder / "agent.npz", Config)[1] == [196.0]


# What cannot go on


def sentence(kind, walk, *arguments, **options):
    with pytest.raises(kind) as caught:
        walk(*arguments, **options)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_loss_that_is_not_finite_ends_the_run_and_what_was_good_stays(make):
    trainer, envs = make(checkpoint_seconds=0.0)
    said = sentence(
        ValueError, walk, trainer, envs, after=lambda step: trainer.log(loss=np.inf if step == 200 else 1)
    )
    folder = trainer.folder.as_posix()
    assert said.startswith("stopped at step 204: loss is inf: learning diverged; a lower learning rate may help; ")
    assert f"the best agent so far is {folder}/agent.npz; " in said
    assert said.endswith("goes on from step 200")
    text = (trainer.folder / "error.txt").read_text(encoding="utf-8")
    assert text.startswith(said)
    assert "Traceback" in text
    finish(make)  # here somebody has mended the cause
    assert not (trainer.folder / "error.txt").exists()


@pytest.mark.parametrize(("checkpoint_seconds", "step"), [(0.0, 152), (1e9, 200)])
def test_weights_that_are_not_finite_are_never_written(make, checkpoint_seconds, step):
    trainer, envs = make(checkpoint_seconds=checkpoint_seconds)

    def diverge(step):
        trainer.agent.lean = np.array(np.nan if step >= 148 else 0.0)

    assert f"stopped at step {step}: weights are NaN" in sentence(ValueError, walk, trainer, envs, after=diverge)
    for path in (trainer.folder / "agent.npz", *trainer.checkpoints.kept()):
        kept = load_arrays(path)
        assert (kept["weights"] if "weights" in kept else kept["agent"]["lean"])["0000"] == 0


def test_a_diverged_run_does_not_end_as_if_it_had_learnt(make):
    trainer, envs = make(target_return=None)

    def diverge(step):
        trainer.agent.lean = np.array(np.nan if step == 396 else 0.0)

    assert "weights are NaN" in sentence(ValueError, walk, trainer, envs, after=diverge)
    assert not (trainer.folder / "result.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open")
def test_a_folder_deleted_in_mid_run_is_noticed_at_the_next_row_and_stays_deleted(make):
    pytest.importorskip("tensorflow")  # whose file of events is gone, too
    for options in ({"log_every": 10**6}, {"eval_every": 10**6}, {"checkpoint_seconds": 0.0}):
        trainer, envs = make(**options)
        said = sentence(
            OSError, walk, trainer, envs, after=lambda step, t=trainer: step == 40 and shutil.rmtree(t.folder)
        )
        assert "metrics.csv was deleted or moved while its run went on; begin it again" in said
        assert not trainer.folder.exists()


def test_a_folder_deleted_during_an_evaluation_is_not_made_anew(make):
    def deleting(agent, episodes, seed):
        shutil.rmtree(trainer.folder)
        return Evaluation(np.ones(episodes))

    trainer, envs = make()
    trainer.evaluate = deleting
    assert "metrics.csv was deleted or moved" in sentence(OSError, walk, trainer, envs)
    assert not trainer.folder.exists()


@pytest.mark.parametrize("name", ["metrics.csv", "agent.npz", "final.npz", "learning.png", "result.json"])
def test_a_disk_that_fills_up_by_any_file_ends_in_a_sentence_and_the_run_goes_on(make, tmp_path, monkeypatch, name):
    whole = finish(make, run_folder=(tmp_path / "whole").as_posix())
    interrupted(make)
    replace_file = os.replace

    def full(part, path):
        if Path(path).name == name:
            raise OSError(28, "No space left on device", str(path))
        replace_file(part, path)

    trainer, envs = make()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        said = sentence(OSError, walk, trainer, envs)
    assert said.startswith(f"No space left on device: {trainer.folder / name}; --resume --run-folder ")
    assert said.endswith("goes on from step 200")
    assert not (trainer.folder / "error.txt").exists()
    assert finish(make) == whole


def test_a_disk_that_is_full_at_once_leaves_no_run_to_go_on_with(make, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    trainer, envs = make()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert sentence(OSError, walk, trainer, envs) == "No space left on device; begin it again"
    finish(make)


def test_an_error_of_the_program_keeps_its_traceback_and_says_how_to_go_on(make, capsys):
    interrupted(make)
    printed = capsys.readouterr().err
    assert "stopped at step 204; --resume --run-folder" in printed
    assert "goes on from step 200" in printed


def test_memory_that_is_short_while_a_checkpoint_is_read_costs_none(make, monkeypatch):
    kept = interrupted(make).checkpoints.kept()

    def short(*_, **__):
        raise MemoryError

    trainer, envs = make()
    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "read_array", short)
        with pytest.raises(OSError, match="memory is too short"):
            walk(trainer, envs)
    assert trainer.checkpoints.kept() == kept
    finish(make)


def test_a_run_that_was_killed_before_its_first_checkpoint_says_that_it_starts_anew(make, capsys):
    trainer, envs = make()
    with pytest.raises(RuntimeError):
        walk(trainer, envs, after=lambda step: step == 100 and stop())
    finish(make)
    assert "no checkpoint yet: it starts anew" in capsys.readouterr().out


def test_a_setting_that_this_version_has_added_takes_its_default(make, tmp_path):
    whole = finish(make, run_folder=(tmp_path / "whole").as_posix())
    path = interrupted(make).folder / "config.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    del facts["config"]["frame_stack"]
    path.write_text(json.dumps(facts), encoding="utf-8")
    assert finish(make) == whole


def test_an_agent_whose_shapes_were_changed_does_not_take_up_the_old_ones_run(make):
    trainer = interrupted(make)
    again, envs = make(Plain(np.zeros(3)))
    said = sentence(ValueError, walk, again, envs)
    assert "is of another version of this script; begin another run (the shapes [()] are not [(3,)])" in said
    assert (trainer.folder / "error.txt").exists()
    assert len(again.checkpoints.kept()) == 2


def test_a_run_cannot_be_in_a_file(make, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"run_folder must be a folder; .*file is none"):
        make(run_folder=(tmp_path / "file").as_posix())


# Runs of another kind: without worlds, with a success of their own, without TensorFlow


@dataclass(frozen=True)
class Search(RunConfig):
    """Of what steps without worlds: a body is a step."""

    steps: int = 40
    eval_every: int = 10
    log_every: int = 5
    final_episodes: int = 2
    checkpoint_seconds: float = 0.0


class Guess(Agent):
    """Looks for a number."""

    acts_with, learns_with = ("number",), ("rng",)

    def __init__(self):
        self.number, self.rng = np.zeros(1), np.random.default_rng(0)

    def search(self):
        self.number += self.rng.normal()


def nearness(agent, episodes, seed):
    """Success that is no return of an episode."""
    return Evaluation(np.full(episodes, -abs(float(agent.number[0]) - 3)))


def search(folder, stop_at=None, **options):
    agent = Guess()
    trainer = Trainer(Search(run_folder=str(folder), **options), agent=agent, evaluate=nearness)
    with trainer:
        for step in trainer:
            if step == stop_at:
                raise RuntimeError
            agent.search()
            trainer.log(number=agent.number[0])
    return trainer


def test_without_worlds_a_body_is_a_step_and_success_is_what_the_chapter_says(tmp_path):
    trainer = search(tmp_path / "run")
    rows = rows_of(trainer)
    assert [int(row["step"]) for row in rows] == list(range(5, 41, 5))
    evaluations = [float(row["eval_return"]) for row in rows if row["eval_return"]]
    assert len(evaluations) == 4
    assert nearness(trainer.best_agent, 1, 0).mean == pytest.approx(max(evaluations), rel=1e-5)
    result = json.loads((trainer.folder / "result.json").read_text(encoding="utf-8"))
    assert (result["env"], result["steps"], result["episodes"]) == (None, 40, 0)


def test_without_worlds_a_run_goes_on_to_the_same_log(tmp_path, capsys):
    whole = search(tmp_path / "whole")
    with pytest.raises(RuntimeError):
        search(tmp_path / "stopped", stop_at=23)
    again = search(tmp_path / "stopped")
    assert "resumed at step 23" in capsys.readouterr().out
    assert (again.folder / "metrics.csv").read_bytes() == (whole.folder / "metrics.csv").read_bytes()
    assert again.best_agent.number == whole.best_agent.number


def test_a_run_of_an_agent_without_tensorflow_does_not_load_it(tmp_path):
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.framework.test_trainer import search
print(search({str(tmp_path / "run")!r}).total_steps, "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=120)
    assert done.stdout.splitlines()[-1:] == ["40 False"], done.stderr


def test_names_of_the_trainers_own_columns_are_refused(make):
    trainer, _ = make()
    with pytest.raises(ValueError, match="the columns step, length are the trainer's own"):
        trainer.log(loss=1.0, step=3, length=4)


def test_without_worlds_success_must_be_given():
    with pytest.raises(ValueError, match="say what success is, by evaluate"):
        Trainer(Search(), agent=Guess())


def test_a_log_that_cannot_be_opened_leaves_the_folder_unlocked(make, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("framework.trainer.Logger", full)
        with pytest.raises(OSError, match="No space left"):
            make()[0].__enter__()
    again, envs = make()
    walk(again, envs)
