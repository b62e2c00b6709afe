"""The map of the methods says what the classes say, and no method is missing."""

import ast
import importlib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from framework.method import Method
from tools.methods import COLUMNS, LANGUAGES, MARKS, METHODS, ROWS, methods, picture, place, table, with_table

ROOT = Path(__file__).parents[2]
NO_METHODS = {  # and what they are
    "Planner", "ELAgent", "Actor",  # what methods share
    "CompareAgent", "TriedPairsOnly",  # a method of the map once more, within an experiment
    "A2C", "PPO", "DQN", "DataParallelAgent",  # methods of the map behind other actors, or on several devices
    "VAE", "MDNRNN",  # parts of World Models
    "LanguageModel", "RewardModel",  # what RLHF starts from
    "TextWorldModel",  # what RAP plans in
    "TwoTowers",  # a reward, as VLM-RM has it
    "OfflineQLearning",  # a method of the map, from recorded steps
    "PriorAgent",  # GLAM behind a language model that does not learn
    "PI", "Linear",  # controllers that SAC is compared with
}  # fmt: skip


def subclasses(cls):
    return {cls, *(below for child in cls.__subclasses__() for below in subclasses(child))}


def test_every_class_that_learns_or_plans_is_on_the_map():
    days = ("DP", "EL", "FN", "IM", "EV", "AP")
    for path in (path for day in days for path in (ROOT / day).rglob("*.py") if path.stem != "__init__"):
        importlib.import_module(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."))
    on_the_map = {method for method, *_ in methods()}
    ours = {cls for cls in subclasses(Method) if cls.__module__.split(".")[0] in days}
    assert {cls.__name__ for cls in ours - on_the_map} == NO_METHODS


def test_every_method_has_a_place_on_the_map():
    for method, *_ in methods():
        row, column = place(method)
        assert row in ROWS
        assert column in COLUMNS
        assert (method.kept_in, method.backup) in MARKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_documents_are_what_the_tool_makes_of_the_classes(language):
    suffix = LANGUAGES[language]
    assert (ROOT / "docs" / f"methods{suffix}.svg").read_text("utf-8") == picture(language)
    assert table(language) in (ROOT / "docs" / f"METHODS{suffix}.md").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_name_in_the_picture_is_a_link_to_its_file(language):
    svg = ET.fromstring(picture(language))
    links = svg.findall(".//{http://www.w3.org/2000/svg}a")
    assert len(links) == len(METHODS)
    assert all((ROOT / "docs" / link.get("href")).is_file() for link in links)


def test_what_the_book_lists_elsewhere_stands_where_it_belongs():
    at = {name: place(method) for method, name, *_ in methods()}
    assert at["Monte Carlo"] == ("value", "on-policy")
    assert at["importance sampling"] == ("value", "off-policy")
    assert at["SARSA"] == ("value", "on-policy")
    assert at["policy iteration"] == ("both", "known")
    assert at["actor-critic"] == ("both", "on-policy")


def test_off_policy_chapters_are_those_that_replay():
    for method, _, _, path in methods():
        if path.startswith("FN/"):
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            replays = any(getattr(node, "module", None) == "framework.replay" for node in ast.walk(tree))
            assert replays == (method.policy_learnt == "off-policy"), path


def test_a_document_without_the_table_is_refused():
    with pytest.raises(ValueError, match="one table of methods; this has 0"):
        with_table("# The map\n", "en")
