"""The command line of the deep chapters: defaults that fit the world, and one clear sentence for what is wrong."""

import importlib
import json
import runpy
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import imageio_ffmpeg
import pytest

from framework.agent import Agent, save_agent
from framework.runs.config import RunConfig, WorldConfig
from framework.trainer import Trainer
from framework.training import run_training, shortened

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Config(WorldConfig):
    learning_rate: float = 0.1
    """Of the test."""


TEST = Config(env="CartPole-v1", learning_rate=0.2, target_return=475.0)


class Player(Agent):
    """Of scripts that are only begun."""

    def greedy(self, obs):
        raise NotImplementedError


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Flags -> the configuration that ``train`` is called with."""
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        called = []
        monkeypatch.setattr(sys, "argv", ["script.py", *flags])
        run_training(called.append, Player, [Config(), TEST], "what it does")
        return called[0]

    return call


def test_the_defaults_are_those_of_the_world(call):
    assert call() == Config()
    assert call("--test") == TEST
    assert call("--env", "Catcher-v0").learning_rate == 0.1  # it shows pictures
    assert call("--env=Acrobot-v1").learning_rate == 0.2  # it does not
    assert call("--env", "Acrobot-v1").target_return is None
    assert call("--env", "CartPole-v1") == TEST  # a preset of its own
    assert call("--test", "--env", "Catcher-v0") == replace(TEST, env="Catcher-v0", target_return=None)


def test_what_is_given_wins_over_every_default(call):
    config = call("--test", "--quick", "--learning-rate", "0.3", "--steps", "50", "--seed", "4")
    assert (config.learning_rate, config.steps, config.seed, config.quick) == (0.3, 50, 4, True)
    assert call("--quick").steps == Config().steps // 40


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--resume"], "no run in runs/test_training to go on with"),
        (["--play"], "no agent in runs/test_training yet"),
        (["--play", "--agent", "missing.npz"], "missing.npz"),
        (["--play", "--test"], "no agent in runs/test_training for CartPole-v1 yet"),
        (["--agent", "missing.npz"], "--agent is the file that --play shows; add --play"),
        (["--agent=missing.npz"], "--agent is the file that --play shows; add --play"),
        (["--record", "film.gif"], "--record writes what --play shows; add --play"),
        (["--resume", "--run-folder", "nowhere"], "no run in nowhere to go on with"),
        (["--resume", "--play"], "take one of them"),
        (["--resume", "--run_folder=no_where"], "no run in no_where to go on with"),
        (["--minibatch", "8"], "--minibatch is called --batch-size now"),
        (["--max_gradient=1"], "--max-gradient is called --max-grad-norm now"),
        (["--eval_every", "0"], "eval_every must be at least 1; got 0"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(call, capsys, flags, said):
    with pytest.raises(SystemExit) as ended:
        call(*flags)
    printed = capsys.readouterr().err.strip()
    assert ended.value.code == 2
    assert printed.startswith("error: ")
    assert said in printed
    assert "\n" not in printed


def test_unknown_flags_are_refused(call):
    with pytest.raises(SystemExit) as ended:
        call("--learning-rat", "0.1")
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--env", "FrozenLake-v1"], "observations that are a Box"),
        (["--env", "Pendulum-v1"], "Discrete actions"),
        (["--env", "Nope-v0"], "there is no world 'Nope-v0'"),
        (["--num-envs", "0"], "num_envs must be at least 1"),
        (["--learning-rate", "nan"], "learning_rate must be a finite number; got nan"),
        (["--test", "--gamma", "1.5"], "gamma must be from 0 to 1; got 1.5"),
        (["--frame-stack", "0"], "frame_stack must be at least 1"),
        (["--test", "--seed", "-1"], "eed must be"),
    ],
)
def test_worlds_and_settings_that_do_not_fit_are_refused_in_a_sentence(tmp_path, monkeypatch, capsys, flags, said):
    from FN.dqn_agent import CARTPOLE, Config, DeepQNetworkAgent, train

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dqn_agent.py", *flags])
    with pytest.raises(SystemExit) as ended:
        run_training(train, DeepQNetworkAgent, [Config(), CARTPOLE], "what it does")
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_no_agent_of_this_script_is_not_played(call, capsys):
    def errors_of_playing(file):
        with pytest.raises(SystemExit):
            call("--play", "--agent", file)
        return capsys.readouterr().err

    Path("text.npz").write_text("hello", encoding="utf-8")
    assert errors_of_playing("text.npz").startswith("error: text.npz is damaged or not a file of Nanoka's")
    from FN import dqn_agent

    save_agent("dqn.npz", dqn_agent.Config(), [])
    assert errors_of_playing("dqn.npz") == "error: dqn.npz holds an agent of dqn_agent, and this is test_training\n"

    @dataclass(frozen=True)
    class Later(Config):
        momentum: float = 0.9

    save_agent("later.npz", Later(), [])
    assert "settings that this version does not know: momentum" in errors_of_playing("later.npz")


# A recording

SHIPPED = str(ROOT / "FN" / "trained" / "ppo_agent.npz")


def test_record_writes_a_video_of_the_episode_that_is_printed(ppo):
    code, printed, errors = ppo("--play", "--agent", SHIPPED, "--record", "film.mp4")
    assert code == 0, errors
    assert "saved to film.mp4" in printed
    reader = imageio_ffmpeg.read_frames("film.mp4")
    assert next(reader)["size"] == (256, 256)
    assert f"{sum(1 for _ in reader)} steps" in printed


def test_playing_with_a_seed_that_no_world_takes_is_refused_in_a_sentence(ppo):
    code, _, errors = ppo("--play", "--agent", SHIPPED, "--seed", "-5000", "--record", "film.gif")
    assert (code, errors) == (2, "error: seed must be from 0 to 4294967295; got -5000\n")


def test_a_recording_of_another_kind_is_refused_before_anything_is_played(ppo):
    code, printed, errors = ppo("--play", "--agent", SHIPPED, "--record", "film.avi")
    assert (code, printed, errors) == (2, "", "error: --record writes a .gif or an .mp4; got film.avi\n")


# A run that is found again


@pytest.fixture
def ppo(tmp_path, monkeypatch, capsys):
    """(flags) -> (exit code, printed, errors) of FN/ppo_agent.py in this process and an empty folder."""
    monkeypatch.chdir(tmp_path)

    def ppo(*flags):
        monkeypatch.setattr(sys, "argv", ["FN/ppo_agent.py", *flags])
        code = 0
        try:
            runpy.run_path(str(ROOT / "FN" / "ppo_agent.py"), run_name="__main__")
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return ppo


@pytest.fixture
def fail(ppo, monkeypatch, capsys):
    """(flags) -> the folder of a run of 600 steps that fails after its first checkpoint."""
    brief = ["--test", "--steps", "600", "--num-envs", "4", "--rollout-steps", "20", "--checkpoint-seconds", "0"]
    brief += ["--eval-every", "200", "--eval-episodes", "2", "--final-episodes", "2"]
    save = Trainer._save

    def save_and_fail(trainer):
        save(trainer)
        raise RuntimeError

    def fail(*flags):
        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "_save", save_and_fail)
            with pytest.raises(RuntimeError):
                ppo(*brief, *flags)
        capsys.readouterr()
        (config,) = Path().rglob("config.json")
        return config.parent

    return fail


def test_resume_takes_every_setting_from_the_run(ppo, fail):
    folder = fail("--seed", "5", "--learning-rate", "2e-3")
    code, printed, errors = ppo("--resume")
    assert code == 0, errors
    assert f"seed 5, {folder.as_posix()}\nresumed at step 80\n" in printed
    assert json.loads((folder / "result.json").read_text(encoding="utf-8"))["steps"] == 640  # 8 × 4 × 20
    assert not (folder / "checkpoints").exists()
    code, _, errors = ppo("--resume")  # it is finished
    assert (code, errors) == (2, "error: there is no run in runs/ppo_agent to go on with\n")


@pytest.mark.parametrize(
    ("flags", "names"), [("--seed 6", "seed"), ("--steps 900 --hidden 8", "steps, hidden"), ("--gamma 0.5", "gamma")]
)
def test_resume_with_other_settings_is_refused_and_names_them(ppo, fail, flags, names):
    folder = fail().as_posix()
    code, _, errors = ppo("--resume", *flags.split())
    assert code == 2
    assert errors == (
        f"error: {folder} holds a run with another configuration ({names}): leave that out to go on with it,"
        " or begin another run, without --resume or with another --run-folder\n"
    )


def test_another_scripts_run_is_not_gone_on_with(ppo, fail, monkeypatch, capsys):
    folder = fail("--run-folder", "mine")
    for script in ("a2c_agent", "dqn_agent"):
        for flags in (["--resume"], ["--test", "--steps", "100"]):
            monkeypatch.setattr(sys, "argv", [f"FN/{script}.py", *flags, "--run-folder", "mine"])
            with pytest.raises(SystemExit) as ended:
                runpy.run_path(str(ROOT / "FN" / f"{script}.py"), run_name="__main__")
            assert ended.value.code == 2
            said = f"error: mine holds a run of ppo_agent, and this is {script}; take another folder\n"
            assert capsys.readouterr().err == said
    assert (folder / "checkpoints").exists()


def test_resume_may_write_checkpoints_more_or_less_often(ppo, fail):
    folder = fail()
    code, _, errors = ppo("--resume", "--checkpoint-seconds", "99")
    assert (code, (folder / "result.json").exists()) == (0, True), errors


def test_a_newest_run_that_cannot_go_on_is_passed_over(ppo, fail):
    folder = fail()
    later = {name: folder.with_name(f"9999{name}-seed0") for name in ("1", "2", "3")}
    for home in later.values():
        home.mkdir()
    (later["1"] / "config.json").write_text('{"config": ', encoding="utf-8")
    (later["2"] / "config.json").write_text('{"script": "ppo_agent", "config": {"momentum": 1}}', encoding="utf-8")
    (later["3"] / "config.json").write_text('{"script": "ppo_agent", "config": {"seed": 1}}', encoding="utf-8")
    (later["3"] / "error.txt").write_text("stopped at step 8: loss is nan\n\nTraceback", encoding="utf-8")
    code, printed, errors = ppo("--resume")
    assert (code, "resumed at step 80" in printed) == (0, True), errors
    passed, unknown, damaged = errors.splitlines()[:3]
    where = later["3"].as_posix()
    assert passed == f"passed over {where}: stopped at step 8: loss is nan (--run-folder {where} tries it again)"
    assert "does not know: momentum" in unknown
    assert damaged == f"passed over {later['1'].as_posix()}: {later['1'].as_posix()}/config.json is damaged"
    code, _, errors = ppo("--resume", "--run-folder", later["1"].as_posix())
    assert (code, errors) == (2, f"error: {later['1'].as_posix()}/config.json is damaged\n")


def test_a_run_that_diverges_ends_in_a_sentence_with_exit_code_2(tmp_path, monkeypatch, capsys):
    from FN.dqn_agent import CARTPOLE, DeepQNetworkAgent, train

    monkeypatch.chdir(tmp_path)
    flags = ["--learning-rate", "1e30", "--learning-starts", "100", "--steps", "2000", "--eval-every", "100000"]
    flags += ["--eval-episodes", "1", "--final-episodes", "1"]
    monkeypatch.setattr(sys, "argv", ["dqn_agent.py", *flags])
    with pytest.raises(SystemExit) as ended:
        run_training(train, DeepQNetworkAgent, [CARTPOLE], "what it does")
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: stopped at step ")
    assert "learning diverged; a lower learning rate may help; " in errors
    assert not list(tmp_path.rglob("result.json"))


def test_resume_finds_a_run_in_a_folder_of_ones_own(ppo, fail):
    fail("--run-folder", "mine")
    code, printed, errors = ppo("--resume", "--run-folder", "mine")
    assert code == 0, errors
    assert "resumed at step 80" in printed
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("script", "flags", "said"),
    [
        ("ppo_agent", ["--batch-size", "300"], "batch_size must divide num_envs × rollout_steps = 2048; got 300"),
        ("value_function_agent", ["--batch-size", "100"], "batch_size must divide sample_size = 4096; got 100"),
    ],
)
def test_minibatches_that_do_not_divide_are_refused(tmp_path, monkeypatch, capsys, script, flags, said):
    module = importlib.import_module(f"FN.{script}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *flags])
    with pytest.raises(SystemExit) as ended:
        run_training(module.train, Player, [module.Config()], "what it does")
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


# A chapter without worlds


@dataclass(frozen=True)
class Dream(RunConfig):
    """Of what learns without a world."""

    steps: int = 400
    width: int = 3
    """Of the test."""
    task: str = "short"
    """Of the test."""


def test_a_chapter_without_worlds_is_trained_and_gone_on_with_and_has_no_flags_of_worlds(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        called = []
        monkeypatch.setattr(sys, "argv", ["script.py", *flags])
        run_training(called.append, None, [Dream(), Dream(task="long", steps=900)], "what it does")
        return called[0]

    assert call() == Dream()
    assert call("--task=long") == Dream(task="long", steps=900)  # a preset of its own
    assert call("--width", "5", "--quick") == Dream(
        width=5, quick=True, steps=10, eval_every=5, log_every=5, eval_episodes=5, final_episodes=10
    )
    for flag in ("--play", "--test", "--env"):
        with pytest.raises(SystemExit) as ended:
            call(flag)
        assert ended.value.code == 2
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call("--resume")
    assert "there is no run in" in capsys.readouterr().err


def test_a_finished_run_is_said_to_be_finished(tmp_path, call, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text('{"script": "test_training", "config": {}}', encoding="utf-8")
    (tmp_path / "mine" / "result.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit):
        call("--resume", "--run-folder", "mine")
    assert capsys.readouterr().err == "error: the run in mine is finished; --play shows its agent\n"


def test_a_quick_run_has_steps_to_learn_from():
    @dataclass(frozen=True)
    class Later(Config):
        learning_starts: int = 5_000

    assert shortened(Later(steps=200_000)).learning_starts == 2_500
    assert shortened(Later(steps=200_000, learning_starts=100)).learning_starts == 100
