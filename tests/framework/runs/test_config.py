"""Settings that every run has, and what their files say."""

import importlib
import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import pytest

from framework.runs.config import RANGES, RunConfig, WorldConfig, as_json, check, config_from, read_config

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Config(WorldConfig):
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    batch_size: int = 64
    hidden: tuple[int, ...] = (8,)
    learning_rate: float = 1e-3
    gamma: float = 0.98
    clip: float = 0.2
    max_grad_norm: float = 0.5


def test_a_configuration_comes_back_from_json_as_it_was():
    config = Config(seed=3, filters=((1, 2, 3),), run_folder="somewhere")
    known = as_json(config)
    assert known["run_folder"] == ""
    assert config_from(Config, known) == Config(seed=3, filters=((1, 2, 3),))
    assert config_from(Config, {}) == Config()  # what an older version did not have yet is as by default


def test_settings_of_older_versions_have_their_new_names():
    assert config_from(Config, {"minibatch": 7}).batch_size == 7
    with pytest.raises(ValueError, match="does not know: momentum"):
        config_from(Config, {"momentum": 0.9})


def test_what_runs_without_worlds_has_no_settings_of_worlds():
    names = {field.name for field in fields(RunConfig)}
    assert not names & {"env", "num_envs", "frame_stack", "frame_size", "workers"}
    assert (RunConfig(seed=2).title, WorldConfig(seed=2).title) == ("seed 2", "Catcher-v0, seed 2")
    check(RunConfig())
    with pytest.raises(ValueError, match="num_envs must be at least 1; got 0"):
        check(WorldConfig(num_envs=0))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("steps", 0, "at least 1; got 0"),
        ("seed", -5000, "from 0 to 4294967295; got -5000"),
        ("seed", 2**32, "from 0 to 4294967295"),
        ("workers", -1, "from 0 to 256"),
        ("checkpoint_seconds", -0.5, "at least 0"),
        ("checkpoint_seconds", math.inf, "a finite number; got inf"),
        ("target_return", math.nan, "a finite number; got nan"),
        ("filters", ((16, 8, 0),), r"at least 1; got \(\(16, 8, 0\),\)"),
        ("hidden", (64, -1), "at least 1"),
        ("learning_rate", -1e-3, "at least 0"),
        ("learning_rate", math.nan, "a finite number"),
        ("gamma", 1.01, "from 0 to 1; got 1.01"),
        ("clip", 0.0, "above 0"),
        ("max_grad_norm", 0.0, "above 0"),
        ("run_folder", __file__, "a folder; .* is none"),
    ],
)
def test_numbers_out_of_range_are_refused_in_a_sentence(name, value, said):
    check(Config())
    with pytest.raises(ValueError, match=f"{name} must be {said}"):
        check(replace(Config(), **{name: value}))


def test_what_is_odd_but_possible_is_let_through():
    odd = {"learning_rate": 0.0, "gamma": 1.0, "clip": 1e6, "hidden": (), "target_return": -100.0, "workers": 0}
    check(Config(**odd, seed=2**32 - 1, checkpoint_seconds=0.0))


@pytest.mark.parametrize("script", sorted(Path(ROOT, "FN").glob("*_agent.py")), ids=lambda path: path.stem)
def test_every_number_that_a_chapter_has_is_in_the_table(script):
    pytest.importorskip("tensorflow")
    config = importlib.import_module(f"FN.{script.stem}").Config()
    numbers = {name for name, value in asdict(config).items() if type(value) in (int, float)}
    known = {name for _, _, names in RANGES.values() for name in names.split()} | {"target_return"}
    assert numbers <= known


@pytest.mark.parametrize(
    "known",
    [{"env": None}, {"hidden": 3}, {"hidden": [1, "2"]}, {"filters": [[1]]}, {"steps": 2.5}, {"precision": "half"}],
)
def test_settings_that_somebody_damaged_by_hand_are_refused_in_a_sentence(known):
    with pytest.raises(ValueError, match=f"damaged: {next(iter(known))} cannot be"):
        config_from(Config, known)
    assert config_from(Config, {"learning_rate": 1, "target_return": None}).learning_rate == 1


def test_a_damaged_file_is_said_to_be_one(tmp_path):
    assert read_config(tmp_path) is None
    for text in ("{", "[1]", '{"config": 3}'):
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="is damaged"):
            read_config(tmp_path)
