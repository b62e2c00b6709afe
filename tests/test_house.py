"""The house rules of the tree: imports run one way, importing does nothing, both languages are there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DAYS = ("DP", "EL", "FN", "IM", "EV", "AP")
LEVEL = {"environment": 0, "framework": 1, **dict.fromkeys(DAYS, 2)}
LEVEL |= dict.fromkeys(("lab", "exercises", "bench", "welcome"), 3) | {"tests": 4}
WITHOUT_TENSORFLOW = ("environment", "DP", "EL", "lab", "welcome")

FILES = [
    path
    for name in LEVEL
    for path in ([ROOT / f"{name}.py"] if (ROOT / f"{name}.py").exists() else sorted((ROOT / name).rglob("*.py")))
]
MODULES = [".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for p in FILES]
IMPORTABLE = [name for name in MODULES if not name.startswith("tests")]


def imported(path):
    """(line, module) of every import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module


def test_imports_run_one_way():
    wrong = []
    for path in FILES:
        here = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for line, module in imported(path):
            other = module.split(".")[0]
            if other not in LEVEL or other == here:
                continue
            door = path == ROOT / "DP" / "run_server.py" and other == "lab"
            another_day = here in DAYS and other in DAYS
            if not door and (LEVEL[other] > LEVEL[here] or another_day):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert wrong == []


def test_importing_any_file_prints_nothing_seeds_nothing_and_loads_nothing_heavy(tmp_path):
    """One process for all, in an empty folder, which stays empty."""
    program = f"""
import sys, importlib, numpy as np
state = np.random.get_state()[1].tolist()
for name in {[m for m in IMPORTABLE if m.split(".")[0] in WITHOUT_TENSORFLOW]}:
    importlib.import_module(name)
assert np.random.get_state()[1].tolist() == state, "seeded"
heavy = {{"tensorflow", "keras", "numba", "matplotlib.pyplot", "selenium"}} & set(sys.modules)
assert not heavy, heavy
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("*/README.md")), ROOT / "README.md"], ids=lambda p: p.parent.name)
def test_every_readme_stands_in_both_languages(path):
    assert path.with_name("README.ja.md").exists()


def test_every_file_is_utf_8_and_has_a_docstring():
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_bytes().decode("utf-8"))), path
