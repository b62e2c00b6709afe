"""World Models, whole: four parts, one after the other, each of them done once."""

import json
import runpy
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from framework.runs.files import load_arrays
from framework.runs.logger import write_config
from IM.world_models import controller, mdn_rnn, vae, world_models
from IM.world_models.world_models import Config, Parts, train

SCRIPT = Path(world_models.__file__)
RUN = {"eval_episodes": 4, "final_episodes": 4, "checkpoint_seconds": 0}
TINY = Parts(
    replace(vae.Config(), record_steps=40, num_envs=16, steps=2, eval_every=1, log_every=1, quick=True, **RUN),
    replace(mdn_rnn.Config(), steps=2, eval_every=1, gradient_steps=2, window=8, batch_size=4, hidden=8, **RUN),
    replace(controller.Config(), steps=2_000, eval_every=500, log_every=500, population=4, episodes=1, **RUN),
)


@pytest.fixture(autouse=True)
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_tiny(monkeypatch)


def make_tiny(monkeypatch):
    monkeypatch.setitem(world_models.PRESETS, "WindyCatcher-v0", TINY)
    monkeypatch.setattr(controller, "RANDOM_STEPS", 20)
    monkeypatch.setattr(controller, "RANDOM_GAMES", 8)


COLD = Config(temperature=0.5, reality=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(A run's folder, its scores)."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        make_tiny(patch)
        return folder, train(replace(COLD, run_folder=folder.as_posix()))


def read(*path):
    return json.loads(Path(*path).read_text(encoding="utf-8"))


def weights(folder):
    return [load_arrays(Path(folder, part, "final.npz"))["weights"] for part in ("v", "m", "dream")]


def test_all_parts_leave_what_the_next_one_needs_and_c_is_asked_in_reality(whole):
    folder, scores = whole
    assert list(scores) == ["dream", "reality", "reality-z"]
    assert all(-3 <= score <= 10 for score in scores.values())
    assert read(folder, "result.json") == {"real_steps": 40 * 16, "in_reality": scores}
    for part in ("v", "m", "dream", "reality", "reality-z"):
        assert (folder / part / "result.json").exists()
    assert (folder / "world_model.npz").stat().st_size < 2**20
    where = {name: read(folder, name, "config.json")["config"] for name in scores}
    assert [(c["world"], c["memory"]) for c in where.values()] == [
        ("dream", True), ("reality", True), ("reality", False)
    ]  # fmt: skip
    assert where["dream"]["temperature"] == 0.5


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("vae.VAE.train_step", marks=pytest.mark.slow),
        pytest.param("mdn_rnn.MDNRNN.update", marks=pytest.mark.slow),
        "controller.Search.generation",
    ],
)
def test_a_run_that_is_killed_in_any_part_goes_on_to_the_same_bits(part, whole, monkeypatch):
    module, owner, method = part.split(".")
    owner, calls = getattr(getattr(world_models, module), owner), []
    plain = vars(owner)[method]

    def killed(self, *args):
        calls.append(part)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return plain.__get__(self)(*args)

    with monkeypatch.context() as patch:
        patch.setattr(owner, method, killed)
        with pytest.raises(RuntimeError, match="killed"):
            train(Config(run_folder="stopped", temperature=0.5))
    train(Config(run_folder="stopped", temperature=0.5))
    for ours, theirs in zip(weights("stopped"), weights(whole[0]), strict=True):
        for name in theirs:
            np.testing.assert_array_equal(ours[name], theirs[name])


def test_what_is_finished_is_not_done_again_and_reality_may_be_asked_for_later(whole, monkeypatch):
    folder, scores = whole
    shutil.copytree(folder, "run")
    write_config(Path("run"), replace(COLD, reality=False))
    for module in (vae, mdn_rnn, controller):
        monkeypatch.setattr(module, "Trainer", None)
    monkeypatch.setattr(world_models, "record", None)
    assert train(replace(COLD, reality=False, run_folder="run")) == {"dream": scores["dream"]}
    assert script("--resume", "--reality", "--run-folder", "run")["in_reality"] == scores
    assert read("run", "config.json")["config"]["reality"]


def script(*flags):
    """What a run in the folder "run" leaves of the script with some flags, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(SCRIPT), *flags])
        world_models.run(world_models.main, world_models.Options, world_models.__doc__)
    return read("run", "result.json")


def test_other_settings_and_other_worlds_are_refused_in_one_sentence():
    write_config(Path("run"), Config())
    with pytest.raises(ValueError, match="run holds a run with other settings; --resume alone goes on with it"):
        train(Config(run_folder="run", temperature=0.5))
    with pytest.raises(ValueError, match="env must be one of WindyCatcher-v0, CarRacing-v3; got CartPole-v1"):
        train(Config(env="CartPole-v1"))


def test_a_signal_at_the_end_of_a_part_stops_the_whole_before_the_next_one(monkeypatch):
    monkeypatch.setattr(vae, "draw_codes", lambda *_: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        train(Config(run_folder="run"))
    assert Path("run", "v", "result.json").exists()
    assert not Path("run", "m").exists()


def test_two_processes_do_not_work_at_one_run(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "run")
    with world_models.held(tmp_path / "run"), pytest.raises(ValueError, match="another process is training in"):
        train(replace(COLD, run_folder="run"))


def test_a_file_that_is_no_recording_is_refused_in_one_sentence(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "run")
    shutil.copy(tmp_path / "run" / "v" / "agent.npz", tmp_path / "run" / "recording.npz")
    with pytest.raises(ValueError, match="holds no recording of games; without it"):
        train(replace(COLD, run_folder="run"))


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--play"], "there is no such run in runs/world_models; python IM/world_models/world_models.py"),
        (["--resume"], "there is no such run in runs/world_models; python IM/world_models/world_models.py"),
        (["--temperature", "0"], "temperature must be above 0; got 0.0"),
        (["--record", "a.gif"], "--record writes what --play shows; add --play"),
        (
            ["--resume", "--temperature", "0.5"],
            "--resume goes on with the run's own settings; besides it there may be --reality",
        ),
        (["--resume", "--run-folder", "nowhere"], "there is no run in nowhere to go on with"),
        (
            ["--resume", "--run-folder", "other"],
            "other holds a run of vae, and this is world_models; take another folder",
        ),
        (["--play", "--run-folder", "other"], "no C is finished in other; --resume --run-folder goes on with a run"),
        (["--play", "--record", "a.txt"], "--record writes a .gif or an .mp4; got a.txt"),
    ],
)
def test_bad_input_gets_one_sentence(flags, sentence, capsys, monkeypatch):
    Path("runs", "world_models", "20260101-000000-seed0").mkdir(parents=True)
    Path("runs", "world_models", "20260101-000000-seed0", "result.json").write_text("{}", encoding="utf-8")
    write_config(Path("other"), vae.Config())
    if "--temperature" in flags:
        Path("runs", "world_models", "20260101-000000-seed0", "result.json").unlink()
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *flags])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert (end.value.code, capsys.readouterr().err) == (2, f"error: {sentence}\n")


@pytest.mark.slow
def test_the_script_does_all_of_it_in_a_minute_and_plays(tmp_path):
    for flags in (["--quick"], ["--play", "--record", "play.gif"]):
        command = [sys.executable, SCRIPT, *flags]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "play.gif").stat().st_size > 1_000


@pytest.mark.slow
def test_the_paper_s_settings_for_car_racing_run_at_a_reduced_size(monkeypatch):
    pytest.importorskip("Box2D")
    v, m, c = world_models.PRESETS["CarRacing-v3"]
    small = Parts(
        replace(v, record_steps=20, num_envs=2, steps=1, gradient_steps=1, batch_size=4, eval_every=1, **RUN),
        replace(m, steps=1, gradient_steps=1, eval_every=1, window=8, batch_size=2, **RUN),
        replace(c, steps=250, eval_every=60, log_every=60, population=4, episodes=1, **RUN),
    )
    monkeypatch.setitem(world_models.PRESETS, "CarRacing-v3", small)
    monkeypatch.setattr(gym.spec("CarRacing-v3"), "max_episode_steps", 30)
    scores = train(Config(env="CarRacing-v3", run_folder="run"))
    assert list(scores) == ["reality", "reality-z"]  # the paper has no dream of this world
    assert np.isfinite(list(scores.values())).all()
    assert all(len(Path("run", name, "metrics.csv").read_text(encoding="utf-8").splitlines()) > 1 for name in scores)
