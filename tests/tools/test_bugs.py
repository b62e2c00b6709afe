"""The bank of seeded bugs is in order, and the tool tells a bug that is noticed from one that survives."""

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tools import bugs
from tools.bugs import BROKEN, CAUGHT, SKIPPED, SURVIVED, Bug, Options, chosen, main, read_bugs, try_bug, with_bug

ROOT = Path(__file__).parents[2]
BANK = read_bugs()
FIRST = {bug.name.partition(":")[0]: bug for bug in reversed(BANK)}  # the first of each file of the bank
HARMLESS = Bug(
    name="framework: a harmless one",
    file="framework/schedules.py",
    right="Values that change",
    wrong="Values that move",
    test="tests/framework/test_sum_tree.py",
    seen="Nothing: that test does not look there.",
)


@cache
def names_of_tests(path):
    """The functions of a file of tests, and those of its classes as Class::function."""
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        inside, prefix = (node.body, f"{node.name}::") if isinstance(node, ast.ClassDef) else ([node], "")
        found |= {prefix + f.name for f in inside if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)}
    return found


@cache
def text_of(file):
    return (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("bug", BANK, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_and_the_test_that_it_names_exists(bug):
    right, wrong = text_of(bug.file), with_bug(bug, text_of(bug.file))  # its line stands there exactly once
    if bug.file.endswith(".py"):
        assert ast.dump(ast.parse(wrong)) != ast.dump(ast.parse(right))  # not only another spelling
    path, _, name = bug.test.partition("::")
    assert name.partition("[")[0] in names_of_tests(path)
    assert bug.right != bug.wrong
    assert bug.seen.endswith(".")


def test_the_bank_is_large_and_no_bug_is_there_twice():
    assert len(BANK) >= 80
    assert len({(bug.file, with_bug(bug, text_of(bug.file))) for bug in BANK}) == len(BANK)


def test_an_entry_that_lacks_a_key_and_a_line_that_stands_there_twice_get_one_sentence(tmp_path):
    (tmp_path / "DP.toml").write_text('[lost]\nfile = "DP/planner.py"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"DP.toml: lost must have the keys file, right, seen, test, wrong"):
        read_bugs(tmp_path)
    with pytest.raises(ValueError, match=r"its line stands 2 times in .*; it must stand there once"):
        with_bug(HARMLESS, 2 * HARMLESS.right)


def test_bugs_are_chosen_by_a_part_of_their_name_file_or_test_and_a_sample_is_spread_over_them():
    some = [replace(HARMLESS, name=f"DP: {i}", file=f"DP/{i % 2}.py") for i in range(10)]
    assert chosen(some, only="DP/1") == some[1::2]
    assert chosen(some, sample=5) == some[::2]
    assert chosen(some, sample=20) == some
    for nothing in ({"only": "EL"}, {"sample": 0}):
        with pytest.raises(ValueError, match="no bug is asked for"):
            chosen(some, **nothing)


@pytest.fixture
def clone():
    try:
        bugs.files_of_tree()
    except ValueError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("name", FIRST)
def test_the_first_bug_of_each_package_is_noticed_by_the_test_that_it_names(name):
    bug = FIRST[name]
    outcome, which = try_bug(bug, (bug.test,))
    if outcome == SKIPPED:
        pytest.skip("its test is skipped here")
    assert (outcome, which.partition("[")[0]) == (CAUGHT, bug.test.partition("[")[0])


@pytest.mark.usefixtures("clone")
def test_a_bug_that_nothing_notices_survives_and_one_that_keeps_the_tests_from_starting_is_broken():
    assert try_bug(HARMLESS, (HARMLESS.test,)) == (SURVIVED, "")
    fails_anyway = try_bug(HARMLESS, (HARMLESS.test,), failing={HARMLESS.test})
    assert fails_anyway == (BROKEN, "its test fails without the bug, too")
    broken = replace(HARMLESS, file="framework/sum_tree.py", right="import numpy as np\n", wrong="import numpy as\n")
    assert try_bug(broken, (broken.test,))[0] == BROKEN


def test_survivors_are_named_and_give_exit_code_1(monkeypatch, capsys):
    outcomes = {"a": (CAUGHT, "tests/x.py::test_y"), "b": (SURVIVED, ""), "c": (SKIPPED, "")}
    monkeypatch.setattr(bugs, "read_bugs", lambda: [replace(HARMLESS, name=name) for name in outcomes])
    monkeypatch.setattr(bugs, "fail_anyway", lambda tests: set())
    monkeypatch.setattr(bugs, "try_bug", lambda bug, tests, failing: outcomes[bug.name])
    with pytest.raises(SystemExit, match="1"):
        main(Options())
    said = capsys.readouterr().out
    assert "  caught  a (framework/schedules.py): tests/x.py::test_y" in said
    assert "1 of 3 caught\nsurvived: b. Nothing: that test does not look there." in said
    monkeypatch.setattr(bugs, "read_bugs", lambda: [replace(HARMLESS, name="a")])
    main(Options())
