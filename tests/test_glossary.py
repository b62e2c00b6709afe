"""One word, one thing: the glossary has the words of the code, and a second spelling fails."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "GLOSSARY.md"
PACKAGES = ("DP", "EL", "FN", "IM", "EV", "AP", "framework", "worlds", "lab", "tools", "bench", "exercises")
FILES = [ROOT / "environment.py", ROOT / "welcome.py", *(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))]


def tables(path):
    """Every table of a document: a list of rows, each a list of cells, without the heading."""
    found = re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [[re.split(r"\s*\|\s*", row)[1:-1] for row in table.splitlines()[2:]] for table in found]


def code(cell):
    """What stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def places():
    """{name: [(file, line)]} of every identifier; a field is there as ``name:`` too, a function as ``def name``."""
    found = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [getattr(node, kind, None) for kind in ("id", "attr", "arg", "name", "asname")]
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.append(f"{node.target.id}:")
            if isinstance(node, ast.FunctionDef):
                names.append(f"def {node.name}")
            for name in filter(None, names):
                found[name].append((path.relative_to(ROOT).as_posix(), node.lineno))
    return found


AXES, *TERMS, SPELLINGS = tables(GLOSSARY)


def test_every_name_of_the_glossary_stands_in_the_file_where_it_is_met_first():
    wrong = []
    for _, names, *_, first in (row for table in TERMS for row in table):
        for name in re.findall(r"\w+", " ".join(code(names))):
            if code(first)[0] not in {file for file, _ in places()[name]}:
                wrong.append(f"{name} is not in {first}")
    assert wrong == []


def test_both_languages_have_the_same_symbols_names_and_spellings_in_the_same_order():
    axes, *terms, spellings = tables(GLOSSARY.with_suffix(".ja.md"))
    assert [[letter, english, japanese] for letter, japanese, english in axes] == AXES
    for ours, theirs in zip(TERMS, terms, strict=True):  # the Japanese term comes first there
        assert [(*row[:5], row[6]) for row in ours] == [(*row[:3], row[4], row[3], row[6]) for row in theirs]
    for ours, theirs in zip(SPELLINGS, spellings, strict=True):
        assert [code(cell) for cell in ours[:3]] == [code(cell) for cell in theirs[:3]]


def test_nothing_has_a_second_spelling():
    wrong = []
    for write, words, exceptions, _ in SPELLINGS:
        for word in code(words):
            strange = [place for place in places()[word] if not place[0].startswith(tuple(code(exceptions)))]
            wrong += [f"{file}:{line}: {word}; write {write}" for file, line in strange]
    assert not wrong, "\n".join(["docs/GLOSSARY.md has one word for one thing", *wrong])


def test_what_the_glossary_says_to_write_is_in_the_code_and_every_exception_is_needed():
    for write, words, exceptions, _ in SPELLINGS:
        assert [word for word in code(write) if not places()[word]] == []
        files = {file for word in code(words) for file, _ in places()[word]}
        assert [place for place in code(exceptions) if not any(file.startswith(place) for file in files)] == []


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("compiled", ["FN/nn_tutorial/train_loop.py", "framework/graph.py"]),  # the tutorial shows what is inside
        ("fast", ["framework/tabular/loops.py"]),  # numba's word
        ("make_world", ["framework/tabular/world.py", "worlds/making.py"]),
        ("make_worlds", ["framework/vector.py"]),
    ],
)
def test_only_one_function_has_the_name(name, files):
    assert sorted(file for file, _ in places()[f"def {name}"]) == files
