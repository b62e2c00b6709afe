"""The house rules of the tree: imports run one way, importing does nothing, both languages are there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = (  # imports go from a line to the lines above it; a day may use what an earlier day taught
    ("worlds",),
    ("environment",),
    ("framework",),
    ("DP",),
    ("EL",),
    ("FN",),
    ("IM", "EV"),
    ("AP",),
    ("lab", "exercises", "bench", "tools", "welcome"),
    ("tests",),
)
WITH_TENSORFLOW = ("tf", "graph", "networks", "distributions", "optimizers", "device")  # nothing else loads it
FRAMEWORK = (  # the same inside the toolbox; modules of one line may use each other
    ("method", "cli", "schedules", "returns", "scores", "sum_tree", "cma_es", "settings", "runs"),
    ("plots", "media"),
    ("vector", "rollout", "replay"),
    ("tabular",),
    WITH_TENSORFLOW[:-1],
    ("agent", "evaluate"),
    WITH_TENSORFLOW[-1:],
    ("trainer", "play"),
    ("results", "progress", "tune"),
    ("training", "experiment", "compare"),
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
FRAMEWORK_LEVEL = {name: level for level, names in enumerate(FRAMEWORK) for name in names}
SIBLINGS = ("IM", "EV")  # days of one line: not even these use each other
WITHOUT_TENSORFLOW = ("worlds", "environment", "DP", "EL", "IM", "EV", "lab", "tools", "welcome")
# Files, and a folder, of a day whose other pages do without.
DEEP_CHAPTERS = ("IM.adversarial", "IM.deep_dagger", "IM.deep_maxent", "IM.world_models")

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
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} imports by dots, which no scan here reads"
            named = node.module == "framework"  # `from framework import trainer` names a module of it
            yield from (
                (node.lineno, f"{node.module}.{alias.name}" if named else node.module) for alias in node.names
            )


def test_imports_run_one_way():
    wrong = []
    for path in FILES:
        here = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for line, module in imported(path):
            other = module.split(".")[0]
            if other not in LEVEL or other == here:
                continue
            door = path == ROOT / "DP" / "run_server.py" and other == "lab"
            sibling = here in SIBLINGS and other in SIBLINGS
            if not door and (LEVEL[other] > LEVEL[here] or sibling):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert wrong == []


def test_imports_inside_the_toolbox_run_one_way_too():
    """And between its blocks: what TensorFlow is for knows nothing of worlds and experience, nor they of it."""
    wrong = []
    for path in sorted((ROOT / "framework").rglob("*.py")):
        here = path.relative_to(ROOT / "framework").with_suffix("").parts[0]
        if here == "__init__":
            continue
        for line, module in imported(path):
            package, _, name = module.partition(".")
            if package in ("tensorflow", "keras"):
                bad = here not in WITH_TENSORFLOW
            elif package == "framework":
                other = name.split(".")[0]
                bad = FRAMEWORK_LEVEL[other] > FRAMEWORK_LEVEL[here]
                bad |= here in FRAMEWORK[4] and other in (*FRAMEWORK[2], *FRAMEWORK[3])
            else:
                continue
            if bad:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert wrong == []


def test_tests_stand_at_the_path_of_what_they_test():
    """tests/framework/runs/test_files.py is of framework/runs/files.py. A day's tests may be of all its files."""
    strange = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        folder = path.relative_to(ROOT / "tests").parent
        name = path.stem.removeprefix("test_")
        about_a_package = folder.parts[:1] not in (("framework",), ("worlds",), ("tools",))
        if not about_a_package and not (ROOT / folder / f"{name}.py").exists():
            strange.append(path.relative_to(ROOT).as_posix())
    assert strange == []


def test_every_module_of_the_toolbox_the_worlds_and_the_tools_has_tests():
    for package in ("framework", "worlds", "tools"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tests = ROOT / "tests" / path.relative_to(ROOT).with_name(f"test_{path.name}")
            assert path.name == "__init__.py" or tests.exists(), f"{path.relative_to(ROOT)} has no tests"


def test_git_ignores_no_source():
    """`runs/` stands for what a reader's runs leave, and framework/runs/ is none of that."""
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "*.py", "*.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    if done.returncode:
        pytest.skip("not in a clone")
    ours = [name for name in done.stdout.split() if name.split("/")[0] in (*LEVEL, "docs")]
    assert ours == []


def needs_no_tensorflow(module):
    package, _, rest = module.partition(".")
    if package != "framework":
        deep = any(f"{module}.".startswith(f"{chapter}.") for chapter in DEEP_CHAPTERS)
        return package in WITHOUT_TENSORFLOW and not deep
    return rest.split(".")[0] not in WITH_TENSORFLOW


def test_importing_any_file_prints_nothing_seeds_nothing_and_loads_nothing_heavy(tmp_path):
    """One process for all, in an empty folder, which stays empty."""
    program = f"""
import sys, importlib, numpy as np
state = np.random.get_state()[1].tolist()
for name in {[name for name in IMPORTABLE if needs_no_tensorflow(name)]}:
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
