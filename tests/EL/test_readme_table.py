"""The table of methods in the day's README says what the classes themselves say."""

import importlib
import re
from pathlib import Path

import pytest

from EL.el_agent import ELAgent

FOLDER = Path(__file__).parents[2] / "EL"
MODULES = ("monte_carlo", "sarsa", "q_learning", "td_lambda", "actor_critic")
CLASSES = {
    name: value
    for module in MODULES
    for name, value in vars(importlib.import_module(f"EL.{module}")).items()
    if isinstance(value, type) and issubclass(value, ELAgent) and name not in ("ELAgent", "Actor")
}


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_table_of_methods_is_what_the_classes_say(readme):
    text = (FOLDER / readme).read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    said = {name: tuple(re.sub("（.*?）", "", cell).strip() for cell in cells) for name, *cells in rows}
    assert said == {name: (c.prediction_target, c.based_on, c.policy_learnt) for name, c in CLASSES.items()}
