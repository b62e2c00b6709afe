"""A bank of seeded bugs, and whether the tests notice them: each is planted in a copy of the tree, one at a time.

The bank is data, a file for each package in ``tests/bugs/``. A bug has a file, the line as it is and as it would be
wrong, the test that notices, and what a reader would see. The way of measuring tests is mutation testing (DeMillo et
al. 1978), with bugs that people really make instead of random ones.

    python -m tools.bugs                       every bug and the test that its entry names: some minutes
    python -m tools.bugs --only DP             those with DP in their name, their file or their test
    python -m tools.bugs --sample 10           ten, spread over the bank
    python -m tools.bugs --only DP --whole     every fast test, until one notices: finds the test to name

prints a line for each, and has the exit code 1 if one survives.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from framework.cli import run

ROOT = Path(__file__).parents[1]
BANK = ROOT / "tests" / "bugs"
SECONDS = 300  # that one test may take: some bugs make it go on for ever
FAST_TESTS = ("tests", "-m", "not slow", "--ignore=tests/tools/test_bugs.py")
NO_SUCH_TEST, NOTHING_LEFT = 4, 5  # pytest's exit codes: a test is not found, or every one was deselected
CAUGHT, SURVIVED, SKIPPED, BROKEN = "caught", "SURVIVED", "skipped", "BROKEN"


@dataclass(frozen=True)
class Bug:
    """One entry of the bank.

    Attributes:
        name: the package and the entry's name: "DP: no tolerance".
        file: the file it stands in, from the root of the tree.
        right, wrong: the text as it is, which stands there exactly once, and what takes its place.
        test: the pytest node id of the test that notices.
        seen: one sentence, what a reader would see.
    """

    name: str
    file: str
    right: str
    wrong: str
    test: str
    seen: str


def read_bugs(bank=BANK):
    """The bank as a list of `Bug`.

    Raises:
        ValueError: a file of the bank is not TOML, or an entry lacks a key or has one too many.
    """
    bugs, keys = [], {field.name for field in fields(Bug)} - {"name"}
    for path in sorted(bank.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if set(entry) != keys:
                raise ValueError(f"{path.name}: {name} must have the keys {', '.join(sorted(keys))}")
            bugs.append(Bug(f"{path.stem}: {name}", **entry))
    return bugs


def with_bug(bug, text):
    """The text of the bug's file with the bug in it.

    Raises:
        ValueError: the line as it is does not stand there exactly once.
    """
    count = text.count(bug.right)
    if count != 1:
        raise ValueError(f"{bug.name}: its line stands {count} times in {bug.file}; it must stand there once")
    return text.replace(bug.right, bug.wrong)


def files_of_tree():
    """The files of the tree, new ones too, without what git ignores.

    Raises:
        ValueError: this is no clone, or git is missing.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        raise ValueError(
            "the seeded bugs are planted in a copy of a git clone; this is none, or git is missing"
        ) from None
    return [name for name in names if (ROOT / name).is_file()]


@contextmanager
def copy_of_tree(bug=None):
    """``with copy_of_tree(bug) as folder:`` a copy to run tests in, for a while; with the bug, if there is one."""
    with tempfile.TemporaryDirectory(prefix="bugs-", ignore_cleanup_errors=True) as parent:
        folder = Path(parent, "tree")
        for name in files_of_tree():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
        if bug:
            text = (folder / bug.file).read_text(encoding="utf-8")
            (folder / bug.file).write_text(with_bug(bug, text), encoding="utf-8", newline="\n")
        yield folder


def run_tests(folder, *arguments):
    """Run pytest in a copy of the tree; returns (exit code, node ids of what failed, what it printed)."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", f"--timeout={SECONDS}"]
    command += [f"--basetemp={folder.parent / 'tmp'}", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", errors="replace")
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return done.returncode, failed, done.stdout + done.stderr


def fail_anyway(tests):
    """Which tests fail without any bug, a set of node ids: nothing can be learnt from those.

    Raises:
        ValueError: a test does not exist.
    """
    with copy_of_tree() as folder:
        code, failed, said = run_tests(folder, *tests)
    if code not in (0, 1):
        raise ValueError(f"the tests do not run, without any bug in the tree:\n{said[-2000:]}")
    return set(failed)


def try_bug(bug, tests, failing=frozenset()):
    """Plant a bug and run tests until one fails, except those known as ``failing``.

    Returns:
        (outcome, which): CAUGHT and the test that noticed; SURVIVED; SKIPPED where no test could be run; or BROKEN
        and why, where nothing is learnt: the test fails without the bug, too, or the bug keeps it from starting.
    """
    with copy_of_tree(bug) as folder:
        code, failed, said = run_tests(folder, "-x", *tests, *(f"--deselect={test}" for test in failing))
    if code == 0:
        return (SURVIVED if re.search(r"\d+ passed", said) else SKIPPED), ""
    if _is_skipped(code, said):
        return SKIPPED, ""
    if code == NOTHING_LEFT:
        return BROKEN, "its test fails without the bug, too"
    return (CAUGHT, failed[0]) if code == 1 and failed else (BROKEN, said[-1000:])


def _is_skipped(code, said):
    """Whether the whole file of a test was skipped, as where TensorFlow is missing: then no test of it is found."""
    return code in (NO_SUCH_TEST, NOTHING_LEFT) and re.search(r"\d+ skipped", said) and "found no collectors" in said


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the bugs with this text in their name, their file or their test."""
    sample: int | None = None
    """Only so many, spread over the bank."""
    jobs: int = 2
    """How many copies are tested at the same time."""
    whole: bool = False
    """Run every fast test, not only the one that is named: says which notices first."""


def chosen(bugs, only="", sample=None):
    """The bugs that the command line asks for.

    Raises:
        ValueError: it asks for none.
    """
    bugs = [bug for bug in bugs if any(only in text for text in (bug.name, bug.file, bug.test))]
    if sample is not None and sample < len(bugs):
        bugs = [bugs[i * len(bugs) // sample] for i in range(sample)]
    if not bugs:
        raise ValueError(
            "no bug is asked for; --only takes a part of a name, a file or a test, --sample a number from 1"
        )
    return bugs


def main(options):
    if options.jobs < 1:
        raise ValueError(f"jobs must be at least 1; got {options.jobs}")
    bugs = chosen(read_bugs(), options.only, options.sample)
    tests = {bug: FAST_TESTS if options.whole else (bug.test,) for bug in bugs}
    failing = fail_anyway(FAST_TESTS if options.whole else sorted({bug.test for bug in bugs}))
    outcomes = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for bug, (outcome, which) in zip(
            bugs, pool.map(lambda bug: try_bug(bug, tests[bug], failing), bugs), strict=True
        ):
            outcomes.append(outcome)
            print(f"{outcome:>8}  {bug.name} ({bug.file}){f': {which}' if which else ''}", flush=True)
    print(f"\n{outcomes.count(CAUGHT)} of {len(bugs)} caught")
    for bug, outcome in zip(bugs, outcomes, strict=True):
        if outcome == SURVIVED:
            print(f"survived: {bug.name}. {bug.seen}")
    if {SURVIVED, BROKEN} & set(outcomes):
        sys.exit(1)


if __name__ == "__main__":
    run(main, Options, __doc__)
