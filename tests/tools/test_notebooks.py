"""The notebooks of a day are its scripts: generated, executed, in both languages, and clean of this machine."""

import ast
import json
import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.notebooks import (
    LANGUAGES,
    code_cells,
    execute,
    fingerprint,
    markdown,
    notebook,
    notebook_path,
    percent_text,
    translations,
)

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    "EV": ("landscape",),
    "EL": ("actor_critic", "compare_q_s", "epsilon_greedy", "monte_carlo", "q_learning", "sarsa", "td_lambda"),
    "IM": ("bayesian", "compare_dyna", "dagger", "dyna", "maxent", "prioritized_sweeping", "recovery_chain"),
}
TRAINED = {"AP": ("alphadev", "rlhf", "rvs")}  # by networks: another processor rounds otherwise
NAMES = [(day, name) for days in (SCRIPTS, TRAINED) for day, names in days.items() for name in names]
NOTEBOOKS = [(*script, language) for script in NAMES for language in LANGUAGES]
MACHINE = re.compile(r"/home/|/root/|/Users/|/tmp/|/var/|/work/|site-packages|[A-Z]:\\")

pytest.importorskip("jupytext", reason='notebooks need the dev extra: pip install -e ".[dev]"')


def committed(day, name, language):
    return json.loads(notebook_path(day, name, language).read_text(encoding="utf-8"))


def sources(made):
    return [(cell["id"], cell["cell_type"], "".join(cell["source"])) for cell in made["cells"]]


def outputs(made):
    return [output for cell in made["cells"] for output in cell.get("outputs", ())]


def printed(made):
    text = "".join("".join(output["text"]) for output in outputs(made) if output["output_type"] == "stream")
    text = re.sub(r"runs/notebook/[-\d]+-seed", "runs/notebook/TIME-seed", text)
    return re.sub(r"\d\.\de[-+]\d\d", "(rounding)", text)  # such differ between processors


@pytest.mark.parametrize("day", SCRIPTS)
def test_every_tabular_script_of_a_day_has_a_notebook(day):
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / day).glob("*.py")}
    assert {name for name, text in texts.items() if "def main(" in text and "framework.tf" not in text} == set(
        SCRIPTS[day]
    )


@pytest.mark.parametrize("day", [*SCRIPTS, *TRAINED])
def test_there_are_no_notebooks_but_these(day):
    names = {name for one, name in NAMES if one == day}
    assert set(translations(day)) == names
    expected = {notebook_path(day, name, language) for name in names for language in LANGUAGES}
    assert set((ROOT / day / "notebooks").glob("*.ipynb")) == expected


@pytest.mark.parametrize(("day", "name", "language"), NOTEBOOKS)
def test_a_committed_notebook_is_what_its_script_generates(day, name, language):
    made, found = notebook(day, name, language), committed(day, name, language)
    assert sources(found) == sources(made), f"run: python -m tools.notebooks {day}"
    assert found["metadata"] == made["metadata"]
    assert all(cell["metadata"] == {} for cell in found["cells"])


@pytest.mark.parametrize(("day", "name", "language"), NOTEBOOKS)
def test_a_committed_notebook_was_executed_is_small_and_shows_nothing_of_a_machine(day, name, language):
    found = committed(day, name, language)
    counts = [cell["execution_count"] for cell in found["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert {output["output_type"] for output in outputs(found)} == {"stream", "display_data"}
    assert all(output.get("name") != "stderr" for output in outputs(found))
    assert any("image/png" in output.get("data", {}) for output in outputs(found))
    texts = [
        text for output in outputs(found) for text in (output.get("text"), output.get("data", {}).get("text/plain"))
    ]
    assert not MACHINE.search(json.dumps(texts))
    assert re.search(rf"^plot saved to runs/({name}|notebook)/", printed(found), re.MULTILINE)
    assert notebook_path(day, name, language).stat().st_size < 200_000


@pytest.mark.parametrize(("day", "name"), NAMES)
def test_both_languages_differ_in_words_only(day, name):
    english, japanese = committed(day, name, "en"), committed(day, name, "ja")
    assert [kind for _, kind, _ in sources(english)] == [kind for _, kind, _ in sources(japanese)]
    assert printed(english) == printed(japanese)
    texts = [text for _, kind, text in sources(japanese) if kind == "markdown"]
    assert all(re.search(r"[ぁ-ん]", text) for text in texts)
    if day in TRAINED:
        assert "tensorflow" in sources(english)[2][2]  # of the cell that installs
    commands = [re.findall(r"^python [^#\n]*", sources(made)[0][2], re.MULTILINE) for made in (english, japanese)]
    assert [c.strip() for c in commands[0]] == [c.strip() for c in commands[1]] != []


@pytest.mark.parametrize(("day", "name"), NAMES)
def test_the_code_cells_hold_every_line_of_the_script_but_its_docstring_and_its_last_block(day, name):
    source = (ROOT / day / f"{name}.py").read_text(encoding="utf-8")
    docstring, cells = ast.get_docstring(ast.parse(source), clean=False), code_cells(source)
    body = source.replace(f'"""{docstring}"""', "").split('if __name__ == "__main__"')[0]
    kept = [line for cell in cells for line in cell.splitlines() if line]
    assert kept == [line for line in body.splitlines() if line]


def test_comments_go_with_the_definition_below_them():
    source = '"""D."""\n\nimport a\nB = 1  # why\n\n\n# of f\n@a.c\ndef f():\n    pass\n\n\nC = 2\n'
    source += 'if __name__ == "__main__":\n    f()\n'
    assert code_cells(source) == ["import a\nB = 1  # why", "# of f\n@a.c\ndef f():\n    pass", "C = 2"]


def test_a_docstring_becomes_markdown():
    text = "Title.\n\nWords\nand words.\n\n    V ← 1\n\n    python x.py      plain\n    python x.py --y 1"
    assert markdown(text) == (
        "# Title\n\nWords\nand words.\n\n```text\nV ← 1\n```\n\n"
        "```sh\npython x.py      # plain\npython x.py --y 1\n```"
    )


def test_an_old_translation_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.notebooks.ROOT", tmp_path)
    (tmp_path / "EL" / "notebooks").mkdir(parents=True)
    (tmp_path / "EL" / "x.py").write_text('"""New."""\n', encoding="utf-8")
    table = '[x]\nof = "{}"\ntext = "新しい"\n'
    ja = tmp_path / "EL" / "notebooks" / "ja.toml"
    ja.write_text(table.format(fingerprint("Old.")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"the docstring of EL/x\.py has changed"):
        percent_text("EL", "x", "ja")
    ja.write_text(table.format(fingerprint("New.")), encoding="utf-8")
    assert "# # 新しい" in percent_text("EL", "x", "ja")


@pytest.mark.parametrize(
    ("repository", "in_clone", "expected"),
    [
        ("", True, ["install --quiet --editable ."]),
        ("https://example.org/n.git", False, ["install --quiet git+https://example.org/n.git"]),
        ("", False, []),
    ],
    ids=["clone", "colab", "neither"],
)
def test_the_install_cell_installs_the_clone_or_the_repository_or_says_what_is_missing(
    repository, in_clone, expected, tmp_path, monkeypatch
):
    from IPython.core.inputtransformer2 import TransformerManager

    folder = tmp_path / "EL" / "notebooks"
    folder.mkdir(parents=True)
    if in_clone:
        (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(folder)
    cell = next(cell.source for cell in notebook("EL", "sarsa", "en").cells if cell.cell_type == "code")
    cell = cell.replace('find_spec("EL")', "None").replace('REPOSITORY = ""', f'REPOSITORY = "{repository}"')
    installed, names = [], {}
    magics = SimpleNamespace(run_line_magic=lambda _, line: installed.append(line.format_map(names)))
    names["get_ipython"] = lambda: magics
    with nullcontext() if expected else pytest.raises(FileNotFoundError, match="set REPOSITORY"):
        exec(TransformerManager().transform_cell(cell), names)
    assert installed == expected
    assert Path.cwd() == (tmp_path if in_clone else folder)


def test_a_day_without_notebooks_is_refused():
    with pytest.raises(ValueError, match="DP has no notebooks"):
        translations("DP")


@pytest.mark.slow
@pytest.mark.parametrize(("day", "name"), NAMES)
def test_a_notebook_runs_from_top_to_bottom_and_prints_what_is_committed(day, name):
    """The English one; the Japanese one has the same code and shows the same, see above."""
    now, then = printed(execute(notebook(day, name, "en"))), printed(committed(day, name, "en"))
    if day in TRAINED:
        now, then = (re.findall(r"^plot saved to .*", text, re.MULTILINE) for text in (now, then))
    assert now == then != []


@pytest.mark.slow
def test_a_failing_cell_is_reported_in_one_sentence():
    made = notebook("EL", "sarsa", "en")
    made.cells = [cell for cell in made.cells if cell.cell_type == "code"][:1]
    made.cells[0].source = "1 / 0"
    with pytest.raises(ValueError, match="a cell failed with ZeroDivisionError"):
        execute(made)
