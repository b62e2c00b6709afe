"""World Models, whole: four parts, one after the other, each of them done once."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from framework.runs.files import load_arrays
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
    monkeypatch.setitem(world_models.PRESETS, "WindyCatcher-v0", TINY)
    monkeypatch.setattr(controller, "RANDOM_STEPS", 20)
    monkeypatch.setattr(controller, "RANDOM_GAMES", 8)


def weights(folder):
    return [load_arrays(Path(folder, part, "final.npz"))["weights"] for part in ("v", "m", "dream")]


def test_all_parts_leave_what_the_next_one_needs_and_c_is_asked_in_reality():
    scores = train(Config(run_folder="run", reality=True))
    assert list(scores) == ["dream", "reality", "reality-z"]
    assert all(-3 <= score <= 10 for score in scores.values())
    result = json.loads(Path("run", "result.json").read_text(encoding="utf-8"))
    assert result == {"real_steps": 40 * 16, "in_reality": scores}
    for part in ("v", "m", "dream", "reality", "reality-z"):
        assert Path("run", part, "result.json").exists()
    assert Path("run", "world_model.npz").stat().st_size < 2**20


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("vae.VAE.train_step", marks=pytest.mark.slow),
        pytest.param("mdn_rnn.MDNRNN.update", marks=pytest.mark.slow),
        "controller.Search.generation",
    ],
)
def test_a_run_that_is_killed_in_any_part_goes_on_to_the_same_bits(part, monkeypatch):
    train(Config(run_folder="whole"))
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
            train(Config(run_folder="stopped"))
    train(Config(run_folder="stopped"))
    for ours, theirs in zip(weights("stopped"), weights("whole"), strict=True):
        for name in theirs:
            np.testing.assert_array_equal(ours[name], theirs[name])


def test_what_is_finished_is_not_done_again(monkeypatch):
    first = train(Config(run_folder="run"))
    for module in (vae, mdn_rnn, controller):
        monkeypatch.setattr(module, "Trainer", None)
    monkeypatch.setattr(world_models, "record", None)
    assert train(Config(run_folder="run")) == first


def test_other_settings_and_other_worlds_are_refused_in_one_sentence():
    train(Config(run_folder="run"))
    with pytest.raises(ValueError, match="run holds a run with other settings; --resume alone goes on with it"):
        train(Config(run_folder="run", temperature=0.5))
    with pytest.raises(ValueError, match="env must be one of WindyCatcher-v0, CarRacing-v3; got CartPole-v1"):
        train(Config(env="CartPole-v1"))


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--play"], "there is no such run in runs/world_models; python IM/world_models/world_models.py"),
        (["--resume"], "there is no such run in runs/world_models; python IM/world_models/world_models.py"),
        (["--temperature", "0"], "temperature must be above 0; got 0.0"),
        (["--record", "a.gif"], "--record writes what --play shows; add --play"),
    ],
)
def test_bad_input_gets_one_sentence(flags, sentence, tmp_path):
    done = subprocess.run([sys.executable, SCRIPT, *flags], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (2, f"error: {sentence}\n")


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
        replace(c, steps=60, eval_every=60, log_every=60, population=4, episodes=1, **RUN),
    )
    monkeypatch.setitem(world_models.PRESETS, "CarRacing-v3", small)
    scores = train(Config(env="CarRacing-v3", run_folder="run"))
    assert np.isfinite(list(scores.values())).all()
