"""Settings that every run has, and what their files say."""

from dataclasses import dataclass, fields

import pytest

from framework.runs.config import RunConfig, WorldConfig, as_json, check, config_from, read_config


@dataclass(frozen=True)
class Config(WorldConfig):
    filters: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 4, 2))
    batch_size: int = 64


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


def test_a_damaged_file_is_said_to_be_one(tmp_path):
    assert read_config(tmp_path) is None
    for text in ("{", "[1]", '{"config": 3}'):
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="is damaged"):
            read_config(tmp_path)
