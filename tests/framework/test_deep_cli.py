"""The command line of the deep chapters: defaults that fit the world, and one clear sentence for what is wrong."""

import sys
from dataclasses import dataclass

import pytest

from framework.deep_cli import run_training
from framework.trainer import TrainConfig


@dataclass(frozen=True)
class Config(TrainConfig):
    learning_rate: float = 0.1
    """Of the test."""


TEST = Config(env="CartPole-v1", learning_rate=0.2, target_return=475.0)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Flags -> the configuration that ``train`` is called with."""
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        called = []
        monkeypatch.setattr(sys, "argv", ["script.py", *flags])
        run_training(called.append, None, Config(), "what it does", test=TEST)
        return called[0]

    return call


def test_the_defaults_are_those_of_the_world(call):
    assert call() == Config()
    assert call("--test") == TEST
    assert call("--env", "Catcher-v0").learning_rate == 0.1  # it shows pictures
    assert call("--env=Acrobot-v1").learning_rate == 0.2  # it does not
    assert call("--env", "Acrobot-v1").target_return is None


def test_what_is_given_wins_over_every_default(call):
    config = call("--test", "--quick", "--learning-rate", "0.3", "--steps", "50", "--seed", "4")
    assert (config.learning_rate, config.steps, config.seed, config.quick) == (0.3, 50, 4, True)
    assert call("--quick").steps == Config().steps // 25


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--resume"], "no run in runs/test_deep_cli to go on with"),
        (["--play"], "no agent in runs/test_deep_cli yet"),
        (["--play", "--agent", "missing.npz"], "missing.npz"),
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
        (["--env", "Nope-v0"], "cannot be made"),
        (["--num-envs", "0"], "num_envs must be at least 1"),
        (["--test", "--seed", "-1"], "eed must be"),
    ],
)
def test_worlds_and_settings_that_do_not_fit_are_refused_in_a_sentence(tmp_path, monkeypatch, capsys, flags, said):
    from FN.dqn_agent import CARTPOLE, Config, DeepQNetworkAgent, train

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dqn_agent.py", *flags])
    with pytest.raises(SystemExit) as ended:
        run_training(train, DeepQNetworkAgent, Config(), "what it does", test=CARTPOLE)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
