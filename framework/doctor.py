"""The set-up of this computer, checked: what is there, what is missing, and how to mend it.

``python welcome.py --doctor`` prints it. Only the standard library is imported at the top, for this must run where
nothing is installed. What is found out is meant to be pasted into a public issue: no path, no name of a person or of
a computer ever gets into a `Check`.
"""

import codecs
import importlib
import io
import json
import locale
import operator
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

OK, NOTE, MISSING = "ok", "note", "missing"  # fine; works all the same, here is what to know; must be mended
PORT = 8888
MODULES = {"pygame-ce": "pygame", "pillow": "PIL"}  # where the module is not called as the package
COMPARE = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


def both(en, ja):
    """A text in the two languages; see `say`."""
    return {"en": en, "ja": ja}


def say(text, lang):
    """The text in one language. What is the same in all languages, such as a version, is a plain string."""
    return text if isinstance(text, str) else text[lang]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        key: its name for machines.
        title, found: what it is and what was found, texts for `say`.
        status: OK, NOTE or MISSING.
        mend: one sentence, a text for `say`; empty where there is nothing to do.
    """

    key: str
    title: str | dict
    status: str
    found: str | dict
    mend: str | dict = ""


def check_all(encoding, folder="runs"):
    """Every check, in the order in which to mend them.

    Args:
        encoding: what the terminal had at the start, ``sys.stdout.encoding``.
        folder: where scripts write, relative to the working folder.
    """
    python_range, requirements = what_nanoka_needs()
    return [
        check_python(python_range),
        check_computer(),
        check_virtual_environment(),
        check_nanoka(),
        *[check_package(requirement) for requirement in requirements],
        check_tensorflow(),
        check_gpu(),
        check_display(),
        check_writing(folder),
        check_encoding(encoding),
        check_port(PORT),
    ]


def what_nanoka_needs():
    """(range of Python versions, list of requirements): from pyproject.toml, their one home, which can be read
    before anything is installed, or from the installed package where there is no such file."""
    file = Path(__file__).parents[1] / "pyproject.toml"
    if file.exists():
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        return project["requires-python"], project["dependencies"]
    installed = metadata.metadata("nanoka")
    requirements = [r for r in installed.get_all("Requires-Dist", []) if "extra ==" not in r]
    return installed["Requires-Python"], requirements


def satisfies(version, ranges):
    """Whether a version such as "2.4.1" lies in ranges such as ">=2.0,<2.6". (Packaging may not be installed.)"""

    def numbers(text):
        found = [int(number) for number in re.match(r"[\d.]*", text)[0].split(".") if number]
        return found + [0] * (6 - len(found))

    return all(
        COMPARE[compare](numbers(version), numbers(bound))
        for compare, bound in re.findall(r"([<>=!]=?)\s*([\d.]+)", ranges)
    )


def check_python(python_range):
    bits = 64 if sys.maxsize > 2**32 else 32
    found = f"{platform.python_version()}, {platform.python_implementation()}, {bits} bit"
    fits = satisfies(platform.python_version(), python_range) and bits == 64
    mend = both(
        f"Install a 64-bit Python {python_range} from https://www.python.org; make the environment with it.",
        f"https://www.python.org から 64 ビット版の Python {python_range} を入れ、仮想環境を作り直してください。",
    )
    return Check("python", "Python", OK if fits else MISSING, found, "" if fits else mend)


def check_computer():
    version = platform.mac_ver()[0] or platform.win32_ver()[1]
    system = " ".join(part for part in (platform.system(), version, platform.machine()) if part)
    title = both("computer", "コンピューター")
    return Check(
        "computer", title, OK, both(f"{system}, {os.cpu_count()} CPUs", f"{system}、CPU {os.cpu_count()} 個")
    )


def check_virtual_environment():
    title = both("virtual environment", "仮想環境")
    if sys.prefix != sys.base_prefix or os.environ.get("CONDA_PREFIX"):
        return Check("virtual_environment", title, OK, both("yes", "使用中"))
    return Check(
        "virtual_environment",
        title,
        NOTE,
        both("no", "使っていません"),
        both(
            "Make one, so that Nanoka's packages don't disturb others: `python -m venv .venv`, as the README shows.",
            "他のパッケージと混ざらないよう、README のとおり `python -m venv .venv` で作ることをお勧めします。",
        ),
    )


def check_nanoka():
    title = both("Nanoka itself", "Nanoka 本体")
    try:
        return Check("nanoka", title, OK, metadata.version("nanoka"))
    except metadata.PackageNotFoundError:
        mend = both(
            "In the folder of welcome.py: `python -m pip install -e .`",
            "welcome.py のあるフォルダで `python -m pip install -e .` を実行してください。",
        )
        return Check("nanoka", title, MISSING, both("not installed", "未インストール"), mend)


def check_package(requirement):
    """Is it installed, in range, and can it be imported? Only an import tells whether a package is whole."""
    name, ranges = re.match(r"([\w.-]+)(?:\[[^\]]*\])?\s*([^;]*)", requirement).groups()
    install = f'`python -m pip install "{name}{ranges.strip()}"`'
    mend = both(f"Install it: {install}", f"{install} でインストールしてください。")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, name, MISSING, both("not installed", "未インストール"), mend)
    if not satisfies(version, ranges):
        found = both(f"{version}, but {ranges} is needed", f"{version}（必要なのは {ranges}）")
        return Check(name, name, MISSING, found, mend)
    module = MODULES.get(name, name)
    try:
        import_quietly(module)
    except Exception as error:  # a broken package can raise anything; its message may name folders, its type can't
        kind = type(error).__name__
        found = both(f"{version}, but importing it fails ({kind})", f"{version}（インポートできません: {kind}）")
        again = install.replace("install", "install --force-reinstall", 1)
        mend = both(
            f'Install it anew: {again}; `python -c "import {module}"` shows the error.',
            f'{again} で入れ直してください。`python -c "import {module}"` でエラーの内容が見られます。',
        )
        return Check(name, name, MISSING, found, mend)
    if name == "pygame-ce" and is_installed("pygame"):
        mend = both(
            "Both write the same files: `python -m pip uninstall -y pygame pygame-ce`, then " + install,
            "同じファイルを取り合います。`python -m pip uninstall -y pygame pygame-ce` の後、" + install,
        )
        return Check(
            name, name, NOTE, both(f"{version}, and pygame beside it", f"{version}（pygame も入っています）"), mend
        )
    return Check(name, name, OK, version)


def is_installed(name):
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def import_quietly(module):
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        importlib.import_module(module)


def check_tensorflow():
    for name in ("tensorflow", "tensorflow-cpu"):
        if is_installed(name):
            return Check("tensorflow", "TensorFlow", OK, f"{name} {metadata.version(name)}")
    return Check(
        "tensorflow",
        "TensorFlow",
        NOTE,
        both("not installed", "未インストール"),
        both(
            "Not needed until Day 4; Days 1 to 3 do without.",
            "4 日目まで不要です。1〜3 日目は TensorFlow なしで動きます。",
        ),
    )


def check_gpu():
    """NVIDIA's own tool tells, without TensorFlow."""
    tool, names = shutil.which("nvidia-smi"), ""
    if tool:
        names = output_of([tool, "--query-gpu=name", "--format=csv,noheader"])
    if names:
        return Check("gpu", "GPU", OK, ", ".join(names.splitlines()))
    return Check(
        "gpu",
        "GPU",
        NOTE,
        both("none that TensorFlow uses", "TensorFlow で使えるものはありません"),
        both(
            "Not needed until Day 4, and every day of the course also runs on a CPU.",
            "4 日目まで不要です。それ以降も、どの日も CPU だけで動きます。",
        ),
    )


def check_display():
    title = both("display", "ディスプレイ")
    driver = display_driver()
    if driver:
        found = both(f"a window can be opened ({driver})", f"ウィンドウを開けます（{driver}）")
        return Check("display", title, OK, found)
    return Check(
        "display",
        title,
        NOTE,
        both("no window can be opened", "ウィンドウを開けません"),
        both(
            "A GIF will be written instead; to see windows, run this on a computer with a screen, or use `ssh -X`.",
            "代わりに GIF を書き出します。ウィンドウで見るには、画面のある PC か `ssh -X` を使ってください。",
        ),
    )


def display_driver():
    """The name of what would show a window, or "". Asked in another process, for a broken display can hang."""
    if sys.platform.startswith("linux"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return ""  # SDL would take the console itself, or draw where nobody sees it
    elif os.environ.get("SSH_CONNECTION"):
        return ""  # the window would open on the other computer
    script = "import pygame; pygame.display.init(); print(pygame.display.get_driver())"
    driver = output_of([sys.executable, "-c", script]).rpartition("\n")[2]
    return driver if driver in ("x11", "wayland", "windows", "cocoa") else ""


def output_of(command):
    """What a command prints, or "" if it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def check_writing(folder):
    """Scripts write into ``runs`` of the working folder. The folder stays as it was found."""
    title, runs = both("write access", "書き込み"), Path(folder)
    try:
        is_new = not runs.exists()
        runs.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=runs) as file:
            file.write(b"7")
        if is_new:
            runs.rmdir()
    except OSError as error:
        found = both(f"no: {error.strerror} ({folder}/)", f"{folder}/ に書き込めません（{error.strerror}）")
        mend = both(
            f"Run this in a folder that you may write to and that holds no file called {folder}.",
            f"書き込みができ、{folder} という名前のファイルがないフォルダで実行してください。",
        )
        return Check("write_access", title, MISSING, found, mend)
    return Check("write_access", title, OK, both(f"{folder}/ can be written", f"{folder}/ に書き込めます"))


def check_encoding(encoding):
    title = both("terminal encoding", "端末の文字コード")
    encoding = encoding or "none"
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        name = encoding
    if name == "utf-8":
        return Check("encoding", title, OK, "UTF-8")
    mend = both(
        "Arrows and Japanese may look wrong; set the environment variable PYTHONUTF8=1 and use a UTF-8 terminal.",
        "矢印や日本語が化けることがあります。環境変数 PYTHONUTF8=1 を設定し、UTF-8 の端末を使ってください。",
    )
    return Check("encoding", title, NOTE, encoding, mend)


def check_port(port):
    """Day 2's simulator listens there; often a Jupyter notebook is quicker."""
    title = both(f"port {port}", f"ポート {port}")
    with socket.socket() as listener:
        if os.name == "posix":  # a port closed a moment ago counts as free, as it does for the simulator
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            mend = both(
                f"Start the simulator at another: `python DP/run_server.py --port {port + 1}`",
                f"シミュレーターは別のポートで起動してください: `python DP/run_server.py --port {port + 1}`",
            )
            return Check("port", title, NOTE, both("in use", "使用中"), mend)
    return Check("port", title, OK, both("free for the simulator", "シミュレーターに使えます"))


# ------------------------------------------------------------------------------------------
# The checks as text
# ------------------------------------------------------------------------------------------

MARKS = {OK: "✓", NOTE: "·", MISSING: "✗"}
STATUS = {OK: both("ok", "OK"), NOTE: both("note", "補足"), MISSING: both("MISSING", "要対応")}


def as_text(checks, lang):
    """For a terminal: a line a check, and below it how to mend it."""
    lines = []
    for check in checks:
        lines.append(f"  {MARKS[check.status]} {say(check.title, lang)}: {say(check.found, lang)}")
        if check.mend:
            lines.append(f"      {say(check.mend, lang)}")
    return "\n".join(lines)


def as_markdown(checks, lang):
    """For an issue: a table."""
    lines = [
        say(both("### Set-up", "### 環境"), lang),
        "",
        say(both("| | what | found | how to mend it |", "| | 項目 | 結果 | 対処 |"), lang),
        "|---|---|---|---|",
    ]
    for check in checks:
        cells = [say(text, lang) for text in (STATUS[check.status], check.title, check.found, check.mend)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def as_json(checks, lang):
    """For machines: {"ok": …, "checks": [{"key", "status", "title", "found", "mend"}, …]}."""
    rows = [
        {"key": check.key, "status": check.status}
        | {name: say(getattr(check, name), lang) for name in ("title", "found", "mend")}
        for check in checks
    ]
    ok = all(check.status != MISSING for check in checks)
    return json.dumps({"ok": ok, "checks": rows}, ensure_ascii=False, indent=2)


def default_language():
    """The language of the locale: "ja" where it is Japanese, else "en"."""
    set_by_hand = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    try:
        name = next(filter(None, set_by_hand), None) or locale.getlocale()[0]
    except ValueError:  # a locale that Python does not know
        name = None
    return "ja" if (name or "").lower().startswith("ja") else "en"
