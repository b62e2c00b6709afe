"""Documents cannot drift: commands in the READMEs run and print what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(p for p in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(p.relative_to(ROOT).parts))
SECONDS = re.compile(r"\d+\.\d+ s\b")


def blocks(path, language):
    """The texts of a document's fenced blocks in one language."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown_commands():
    """(command, what it prints) of every console block, once each although two languages show it."""
    shown = {}
    for path in DOCUMENTS:
        for block in blocks(path, "console"):
            command, _, printed = block.removeprefix("$ ").partition("\n")
            shown.setdefault((command, printed), path.relative_to(ROOT).as_posix())
    return [pytest.param(*key, id=f"{where}: {key[0]}") for key, where in shown.items()]


def scripts_named():
    """(script, flags) of every `python X.py …` in a document; but for the files that it shows itself."""
    named = set()
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for script, rest in re.findall(r"python ((?:\w+/)*\w+\.py)((?: [-\w./]+)*)", text):
            if f"<!-- file: {script} -->" not in text:
                named.add((script, tuple(re.findall(r"--[\w-]+", rest))))
    return sorted(named)


def run(arguments, folder):
    return subprocess.run(
        arguments,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=400,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONUTF8": "1"},
    )


@pytest.mark.parametrize(("command", "printed"), shown_commands())
def test_command_prints_what_the_readme_shows(command, printed, tmp_path):
    python, script, *rest = command.split()
    assert python == "python"
    result = run([sys.executable, ROOT / script, *rest], tmp_path)
    assert result.returncode == 0, result.stderr
    assert SECONDS.sub("… s", result.stdout) == SECONDS.sub("… s", printed)


@pytest.mark.parametrize(("script", "flags"), scripts_named(), ids=lambda value: str(value))
def test_named_script_and_its_flags_exist(script, flags, tmp_path):
    shown = run([sys.executable, ROOT / script, "--help"], tmp_path)
    assert shown.returncode == 0, shown.stderr
    for flag in flags:
        assert flag in shown.stdout


@pytest.mark.parametrize(
    "path", [p for p in DOCUMENTS if p.name.endswith(".md")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_links_and_pictures_of_a_document_exist(path):
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_tests_that_a_document_names_exist():
    there = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for path in DOCUMENTS:
        for name in re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8")):
            assert f"def {name}(" in there, (path, name)


def example_files():
    """(name of a file, its text, the commands below it), once each although two languages show it."""
    shown = {}
    pattern = r"<!-- file: (\S+) -->\n```python\n(.*?)```\n\n```sh\n(.*?)```"
    for path in DOCUMENTS:
        for name, text, commands in re.findall(pattern, path.read_text(encoding="utf-8"), re.DOTALL):
            shown.setdefault((name, text, commands), path.relative_to(ROOT).as_posix())
    return [pytest.param(*key, id=f"{where}: {key[0]}") for key, where in shown.items()]


@pytest.mark.parametrize(("name", "text", "commands"), example_files())
def test_a_file_that_a_document_shows_runs_with_the_commands_below_it(name, text, commands, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    for command in commands.splitlines():
        python, script, *rest = command.split()
        assert python == "python"
        shown = tmp_path / script
        result = run([sys.executable, shown if shown.is_file() else ROOT / script, *rest], tmp_path)
        assert (result.returncode, result.stderr) == (0, ""), command


@pytest.mark.parametrize("english", [p for p in DOCUMENTS if not p.name.endswith(".ja.md")], ids=lambda p: p.name)
def test_both_languages_show_the_same_blocks_tables_and_headings(english):
    japanese = english.with_name(english.name.replace(".md", ".ja.md"))
    for language in ("sh", "console", "powershell", "python"):
        code = [[re.sub(r"\s*#.*", "", line) for line in block.splitlines()] for block in blocks(english, language)]
        ja_code = [
            [re.sub(r"\s*#.*", "", line) for line in block.splitlines()] for block in blocks(japanese, language)
        ]
        assert SECONDS.sub("", str(code)) == SECONDS.sub("", str(ja_code))
    for mark in (r"^#+ ", r"^\|", r"^- ", r"^!\["):
        count = [len(re.findall(mark, p.read_text(encoding="utf-8"), re.MULTILINE)) for p in (english, japanese)]
        assert count[0] == count[1], mark


def tables(path):
    """Every table of a document as its rows, without what stands in code or is written as an equation."""
    text = re.sub(r"`[^`\n]*`|\$[^$\n]*\$|\\\|", "", path.read_text(encoding="utf-8"))
    return [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_table_has_rows_and_each_row_the_cells_of_its_heading(path):
    for heading, line, *rows in tables(path):
        assert rows, heading
        assert {row.count("|") for row in rows} == {heading.count("|")} == {line.count("|")}, heading


@pytest.mark.parametrize("english", [p for p in DOCUMENTS if not p.name.endswith(".ja.md")], ids=lambda p: p.name)
def test_both_languages_print_the_same_figures_in_their_tables(english):
    japanese = english.with_name(english.name.replace(".md", ".ja.md"))
    for ours, theirs in zip(tables(english), tables(japanese), strict=True):
        for row, translated in zip(ours, theirs, strict=True):
            figures = [set(re.findall(r"\d+\.\d+(?!\d|M| [mb]illion)", text)) for text in (row, translated)]
            assert figures[0] == figures[1], (row, translated)


def test_ci_runs_the_commands_that_the_readme_marks():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for mark in ("<!-- first command -->\n```sh\n", "<!-- test command -->\n```sh\n"):
        assert text.count(mark) == 1
