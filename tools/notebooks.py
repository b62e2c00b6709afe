"""Notebooks of a day, generated from its scripts: nobody edits them, so they cannot drift apart.

A notebook is its script cut into cells: the docstring as text, a cell that installs, the code word for word, a cell
for each definition, and a short run with what it prints and its plot. The Japanese one differs in the text only,
which stands in ``DAY/notebooks/ja.toml``. The way is script → jupytext's percent format → notebook → executed.

    python -m tools.notebooks EL

writes NAME.ipynb and NAME.ja.ipynb of each script in ``EL/notebooks/``: about a minute, and needs the dev extra.
"""

import ast
import base64
import hashlib
import io
import os
import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import tyro

from framework.cli import run
from framework.runs.files import written_whole

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "ja")
COLOURS = 128  # of a plot in a notebook: nobody sees the difference, and the file is a third

TEXT = {
    "en": {
        "about": "[日本語]({name}.ja.ipynb) · generated from [{day}/{name}.py](../{name}.py): edit that, not this.",
        "install": "## Install\n\nThis does nothing where Nanoka is installed.",
        "colab": 'in Colab, write the address of the git repository here: REPOSITORY = "https://…"',
        "missing": "Nanoka is not here: set REPOSITORY, or open this notebook inside a clone of the repository.",
        "code": "## Code",
        "run": "## Run\n\nA short run, some seconds. `Options()` without `quick` is the whole one, and every option "
        "of the command line is an argument of `Options`.",
        "alone": "what stands in a notebook cannot be sent to other processes",
        "train": "## Run\n\nA short run. `train(Config())` is the whole one, and every option of the command line is "
        "an argument of `Config`. The pictures are those that the run leaves in its folder.",
        "colab_gpu": "Colab has a TensorFlow of its own, for its GPUs",
    },
    "ja": {
        "about": "[English]({name}.ipynb) ・ [{day}/{name}.py](../{name}.py) から自動生成しています。編集するときは、"
        "このノートブックではなくスクリプトを直してください。",
        "install": "## インストール\n\nNanoka がインストール済みなら何もしません。",
        "colab": 'Colab では、ここに git リポジトリのアドレスを書きます: REPOSITORY = "https://…"',
        "missing": "Nanoka が見つかりません。REPOSITORY を設定するか、clone したリポジトリの中でこのノートブックを"
        "開いてください。",
        "code": "## コード\n\nスクリプトのコードをそのまま載せています（コード中の説明は英語です）。",
        "run": "## 実行\n\n数秒で終わる短い実行です。`quick` を外して `Options()` とすると、最後まで実行します。"
        "コマンドラインのオプションは、どれも `Options` の引数として指定できます。",
        "alone": "ノートブックの中で定義したものは、ほかのプロセスに渡せません",
        "train": "## 実行\n\n短い実行です。`train(Config())` とすると、最後まで実行します。コマンドラインの"
        "オプションは、どれも `Config` の引数として指定できます。図は、実行のフォルダに保存されたものです。",
        "colab_gpu": "Colab には、GPU に対応した TensorFlow が最初から入っています",
    },
}

INSTALL = """\
REPOSITORY = ""  # {colab}

import os
from importlib.util import find_spec
from pathlib import Path

if Path("../../pyproject.toml").is_file():
    os.chdir("../..")  # the clone's top folder: plots go to its runs/, as the scripts' do
if not (find_spec("{day}") and find_spec("tyro")):
    if not REPOSITORY and not Path("pyproject.toml").is_file():
        raise FileNotFoundError("{missing}")
    source = "git+" + REPOSITORY if REPOSITORY else "--editable ."
    %pip install --quiet {{source}}"""

WITH_TENSORFLOW = (  # what is different in INSTALL where a notebook needs it
    ('find_spec("tyro")', 'find_spec("tyro") and find_spec("tensorflow")'),
    (
        'source = "git+" + REPOSITORY if REPOSITORY else "--editable ."',
        'extra = "" if find_spec("tensorflow") else "[cpu]"  # {colab_gpu}\n'
        """    source = f'"nanoka{{extra}} @ git+{{REPOSITORY}}"' if REPOSITORY else f'--editable ".{{extra}}"\'""",
    ),
)

TRAIN = """\
from IPython.display import Image, display

from framework.runs.folder import runs_of
from framework.training import shortened

agent = train(shortened(Config()))
for picture in sorted(max(runs_of("notebook").iterdir()).glob("*.png")):
    display(Image(picture))"""

ALONE = """\
from framework.runs import parallel

parallel.WORTH_PROCESSES = float("inf")  # {alone}
"""


def markdown(docstring):
    """A docstring of this project as markdown: its first line the title, indented lines as they are."""
    title, _, body = docstring.partition("\n")
    parts = [f"# {title.rstrip('.。')}"]
    for block in body.strip("\n").split("\n\n"):
        if block.startswith("    "):
            lines = [line.removeprefix("    ") for line in block.splitlines()]
            commands = lines[0].startswith("python ")
            if commands:  # what stands aside of a command is a comment
                lines = [re.sub(r"(?<=\S)( {2,})(?=\S)", r"\1# ", line) for line in lines]
            block = "\n".join([f"```{'sh' if commands else 'text'}", *lines, "```"])
        parts.append(block)
    return "\n\n".join(parts)


def code_cells(source):
    """The code of a script, word for word, as a list of cells: imports and constants together, each definition alone.

    The docstring and the ``if __name__ == "__main__"`` at the end are left out.
    """
    lines, body = source.splitlines(), ast.parse(source).body
    cells, together, start = [], False, body[0].end_lineno
    for node in body[1:]:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            break
        alone = isinstance(node, ast.ClassDef | ast.FunctionDef)
        text = "\n".join(lines[start : node.end_lineno])  # with the comments above it and the one behind it
        if together and not alone:
            cells[-1] += "\n" + text
        else:
            cells.append(text)
        together, start = not alone, node.end_lineno
    return [cell.strip("\n") for cell in cells]


def fingerprint(docstring):
    """What ``ja.toml`` keeps of the English that was translated, so that a change of it does not go unnoticed."""
    return hashlib.sha256(docstring.encode()).hexdigest()[:12]


def translations(day):
    """{script: {"of": fingerprint of its English docstring, "text": the Japanese}} of ``DAY/notebooks/ja.toml``.

    Raises:
        ValueError: the day has no such file.
    """
    path = ROOT / day / "notebooks" / "ja.toml"
    if not path.is_file():
        raise ValueError(f"{day} has no notebooks: there is no {day}/notebooks/ja.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def percent_text(day, name, language):
    """The notebook of a script in jupytext's percent format.

    Raises:
        ValueError: the Japanese is of another English text.
    """
    source = (ROOT / day / f"{name}.py").read_text(encoding="utf-8")
    docstring, texts = ast.get_docstring(ast.parse(source)), TEXT[language]
    if language == "ja":
        japanese = translations(day)[name]
        if japanese["of"] != fingerprint(docstring):
            raise ValueError(
                f"the docstring of {day}/{name}.py has changed: translate it in {day}/notebooks/ja.toml, "
                f'and write of = "{fingerprint(docstring)}" there'
            )
        docstring = japanese["text"].strip("\n")
    title, _, text = markdown(docstring).partition("\n\n")
    about = texts["about"].format(day=day, name=name)
    install, run_text, short = INSTALL, texts["run"], "main(Options(quick=True))"
    if "framework.tf" in source:
        for plain, with_tensorflow in WITH_TENSORFLOW:
            install = install.replace(plain, with_tensorflow)
    if "run_training(" in source:
        run_text, short = texts["train"], TRAIN
    elif re.search(r"from framework\.(tabular\.study|runs\.parallel) import", source):
        short = ALONE.format(**texts) + short
    cells = [
        ("markdown", f"{title}\n\n{about}\n\n{text}"),
        ("markdown", texts["install"]),
        ("code", install.format(day=day, **texts)),
        ("markdown", texts["code"]),
        *(("code", cell) for cell in code_cells(source)),
        ("markdown", run_text),
        ("code", short),
    ]
    return "\n".join(_percent_cell(kind, text) for kind, text in cells)


def _percent_cell(kind, text):
    if kind == "markdown":
        return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in text.splitlines()) + "\n"
    return "# %%\n" + re.sub(r"^( *)(%\w)", r"\1# \2", text, flags=re.MULTILINE) + "\n"  # jupytext uncomments magics


def notebook(day, name, language):
    """The notebook, not executed: the same bytes every time."""
    import jupytext  # here, since only the dev extra has it

    made = jupytext.reads(percent_text(day, name, language), fmt="py:percent")
    made.nbformat, made.nbformat_minor = 4, 5
    made.metadata = _metadata()
    for number, cell in enumerate(made.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
    return made


def _metadata():
    """Nothing of the machine; not even the version of its Python."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"kernelspec": kernel, "language_info": {"file_extension": ".py", "name": "python"}}


def execute(made):
    """Run a notebook in an empty folder, in place, and return it.

    Raises:
        ValueError: a cell failed.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # A reader's settings shall not show in it, and plots shall show in the page whatever the terminal does.
        settings = {
            "IPYTHONDIR": folder,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYTHONUTF8": "1",
        }
        client = NotebookClient(
            made,
            timeout=240,
            resources={"metadata": {"path": folder}},
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute(env=os.environ | settings)
        except CellExecutionError as error:
            raise ValueError(f"a cell failed with {error.ename}: {error.evalue}") from error
    made.metadata = _metadata()
    for cell in made.cells:
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = _smaller(output.data["image/png"])
    return made


def _smaller(png):
    """A PNG, in base64, with a palette instead of 16 million colours."""
    from PIL import Image

    image, file = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"), io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def notebook_path(day, name, language):
    return ROOT / day / "notebooks" / (f"{name}.ipynb" if language == "en" else f"{name}.{language}.ipynb")


def write(made, path):
    """Write a notebook whole, or not at all."""
    import nbformat

    nbformat.validate(made)
    with written_whole(path) as part:
        part.write_text(nbformat.writes(made) + "\n", encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Options:
    day: tyro.conf.Positional[str]
    """The day's folder: EL."""


def main(options):
    names = translations(options.day)
    try:
        import jupytext  # noqa: F401
        import nbclient  # noqa: F401
    except ModuleNotFoundError as error:
        raise ValueError(f'{error.name} is missing: python -m pip install -e ".[dev]"') from error
    for name in names:
        for language in LANGUAGES:
            path = notebook_path(options.day, name, language)
            write(execute(notebook(options.day, name, language)), path)
            print(f"{path.relative_to(ROOT).as_posix()}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    run(main, Options, __doc__)
