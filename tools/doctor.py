"""The set-up of this computer, checked: what is there, what is missing, and how to mend it.

``python welcome.py --doctor`` prints it. Only the standard library is imported at the top, for this must run where
nothing is installed. What is found out is meant to be pasted into a public issue: no path, no name of a person or of
a computer ever gets into a `Check`.
"""

import codecs
import functools
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

from framework import IGNORED_BACKEND
from worlds.window import display_driver, output_of

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


def check_all(encoding, folder="runs", start_tensorflow=False):
    """Every check, in the order in which to mend them.

    Args:
        encoding: what the terminal had at the start, ``sys.stdout.encoding``.
        folder: where scripts write, relative to the working folder.
        start_tensorflow: also find out whether TensorFlow starts and what GPUs it sees, which takes seconds.
    """
    python_range, requirements, deep_requirements = what_nanoka_needs()
    started = start_of_tensorflow() if start_tensorflow and tensorflows() else None
    return [
        check_python(python_range),
        check_computer(),
        check_virtual_environment(),
        check_nanoka(),
        *[check_package(requirement) for requirement in requirements],
        check_tensorflow(deep_requirements, started),
        check_gpu(started),
        *check_settings(),
        check_display(),
        check_writing(folder),
        check_encoding(encoding),
        check_port(PORT),
    ]


def what_nanoka_needs():
    """(range of Python versions, list of requirements, list of those of the extra cpu): from pyproject.toml, their
    one home, which can be read before anything is installed, or from the installed package where there is no such
    file."""
    file = Path(__file__).parents[1] / "pyproject.toml"
    if file.exists():
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        return project["requires-python"], project["dependencies"], project["optional-dependencies"]["cpu"]
    installed = metadata.metadata("nanoka")
    requirements = installed.get_all("Requires-Dist", [])
    always = [requirement for requirement in requirements if "extra ==" not in requirement]
    deep = [requirement for requirement in requirements if re.search("extra == [\"']cpu[\"']", requirement)]
    return installed["Requires-Python"], always, deep


def name_and_ranges(requirement):
    """("tensorflow", ">=2.18,<2.22") of "tensorflow[and-cuda]>=2.18,<2.22; sys_platform == 'linux'"."""
    name, ranges = re.match(r"([\w.-]+)(?:\[[^\]]*\])?\s*([^;]*)", requirement).groups()
    return name, ranges.strip()


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
    """A note, for Nanoka runs without one, too."""
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
    """Is it installed? Only then do its scripts find each other."""
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
    name, ranges = name_and_ranges(requirement)
    install = f'`python -m pip install "{name}{ranges}"`'
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


# ------------------------------------------------------------------------------------------
# TensorFlow, which Days 1 to 3 do without: only what is installed and does not start is MISSING
# ------------------------------------------------------------------------------------------

CPU_EXTRA, GPU_EXTRA = '`python -m pip install -e ".[cpu]"`', '`python -m pip install -e ".[gpu]"`'
START_SECONDS = 60
START = """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow")
import json, keras, tensorflow as tf
details = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
names = [detail.get("device_name", "GPU") for detail in details]
print(json.dumps({"gpus": names, "has_cuda": tf.test.is_built_with_cuda()}))
"""
NO_SUCH_INSTRUCTION = (-4, 0xC000001D)  # how Unix and Windows report it


@dataclass(frozen=True)
class Start:
    """How TensorFlow started: ``error`` is "", "AVX", "time", or the name of what was raised."""

    error: str = ""
    gpus: tuple = ()
    has_cuda: bool = False


def tensorflows():
    """The packages that bring a TensorFlow, of those that are installed."""
    return [name for name in ("tensorflow", "tensorflow-cpu") if is_installed(name)]


@functools.cache
def start_of_tensorflow():
    """Start it in another process, which may be killed, or hang; without keras.json, which has a check of its own."""
    try:
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [sys.executable, "-c", START],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=START_SECONDS,
                env=os.environ | {"KERAS_HOME": home},
            )
    except subprocess.TimeoutExpired:
        return Start("time")
    except OSError as error:
        return Start(type(error).__name__)
    return read_start(done.returncode, done.stdout, done.stderr)


def read_start(code, stdout, stderr):
    """A `Start` from the exit code, an int, and the texts of the process that loaded TensorFlow."""
    if code == 0:
        seen = json.loads(stdout.strip().rpartition("\n")[2])
        return Start("", tuple(seen["gpus"]), seen["has_cuda"])
    if code in NO_SUCH_INSTRUCTION or "instructions, but these aren't available" in stderr:
        return Start("AVX")
    raised = re.findall(
        r"^(?:\w+\.)*(\w+(?:Error|Exception))\b", stderr, re.MULTILINE
    )  # its message may name folders
    return Start(raised[-1] if raised else f"exit code {code}")


def check_tensorflow(deep_requirements, started=None):
    """Args: deep_requirements: of the extra cpu. started: a `Start`, or None if it was not tried."""
    ranges = dict(name_and_ranges(requirement) for requirement in deep_requirements)
    names = tensorflows()
    if not names:
        return note_on_tensorflow(both("not installed", "未インストール"), how_to_get_tensorflow())
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    if len(names) > 1:
        mend = both(
            "Both write the same files: `python -m pip uninstall -y tensorflow tensorflow-cpu`, then "
            f"{CPU_EXTRA}; for a GPU {GPU_EXTRA} in an environment of its own.",
            "同じファイルを取り合います。`python -m pip uninstall -y tensorflow tensorflow-cpu` の後、"
            f"{CPU_EXTRA} を実行してください。GPU を使うなら、別の仮想環境で {GPU_EXTRA} を実行します。",
        )
        return note_on_tensorflow(versions, mend)
    wanted = ranges.get(names[0], "")
    install = (
        f'`python -m pip install "{names[0]}{wanted}" "keras{ranges["keras"]}"`'  # an extra may add the other one
    )
    again = both(f"Days 4 to 7 need it: {install}", f"4 日目から必要です。{install} でインストールしてください。")
    if not satisfies(metadata.version(names[0]), wanted):
        found = both(f"{versions}, but {wanted} is needed", f"{versions}（必要なのは {wanted}）")
        return note_on_tensorflow(found, again)
    if not is_installed("keras"):
        return note_on_tensorflow(both(f"{versions}, but no keras", f"{versions}（keras がありません）"), again)
    keras = metadata.version("keras")
    if not satisfies(keras, ranges["keras"]):
        found = both(
            f"{versions}, but keras {keras}, and {ranges['keras']} is needed",
            f"{versions}、keras {keras}（必要なのは {ranges['keras']}）",
        )
        return note_on_tensorflow(found, again)
    if started and started.error:
        return failed_start(versions, started.error)
    return Check("tensorflow", "TensorFlow", OK, f"{versions}, keras {keras}")


def note_on_tensorflow(found, mend):
    return Check("tensorflow", "TensorFlow", NOTE, found, mend)


def how_to_get_tensorflow():
    """What to do where it is not installed, {language: sentence}."""
    if (platform.system(), platform.machine()) == ("Darwin", "x86_64"):
        return both(
            "Days 1 to 3 do without. There is none for Intel Macs: use Linux, Windows or Google Colab from Day 4 on. "
            "(If this Mac has an Apple chip, use a Python for arm64.)",
            "1〜3 日目は不要です。Intel Mac 用の TensorFlow はないため、4 日目からは Linux、Windows、Google Colab の"
            "いずれかをお使いください（Apple シリコンの Mac なら、arm64 版の Python を使います）。",
        )
    return both(
        f"Days 1 to 3 do without; from Day 4 on: {CPU_EXTRA}",
        f"1〜3 日目は不要です。4 日目からは {CPU_EXTRA} でインストールしてください。",
    )


def failed_start(versions, error):
    """The check where TensorFlow is installed and does not start; ``error`` is that of `Start`."""
    if error == "AVX":  # nothing to mend: Days 1 to 3 are all that runs here
        found = both(f"{versions}, but this CPU has no AVX", f"{versions}（この CPU は AVX に対応していません）")
        mend = both(
            "TensorFlow's packages need a CPU with AVX: from Day 4 on, use another computer or Google Colab.",
            "TensorFlow の動作には AVX に対応した CPU が必要です。4 日目からは別の PC か Colab をお使いください。",
        )
        return note_on_tensorflow(found, mend)
    if error == "time":
        found = both(
            f"{versions}, but it did not start within {START_SECONDS} seconds",
            f"{versions}（{START_SECONDS} 秒以内に起動しませんでした）",
        )
        mend = both(
            "The first start can be slow: try once more.", "初回の起動は遅いことがあります。もう一度お試しください。"
        )
        return note_on_tensorflow(found, mend)
    found = both(f"{versions}, but it does not start ({error})", f"{versions}（起動しません: {error}）")
    mend = both(
        '`python -c "import keras, tensorflow"` shows why; a fresh environment often mends it.',
        '`python -c "import keras, tensorflow"` で原因がわかります。仮想環境を作り直すと直ることもあります。',
    )
    return Check("tensorflow", "TensorFlow", MISSING, found, mend)


def check_gpu(started=None):
    """Whether TensorFlow uses a GPU, and if not, why. NVIDIA's own tool tells what there is."""
    if started and started.gpus:
        names = ", ".join(started.gpus)
        return Check("gpu", "GPU", OK, both(f"TensorFlow uses {names}", f"TensorFlow が使用: {names}"))
    tool = shutil.which("nvidia-smi")
    names = ", ".join(output_of([tool, "--query-gpu=name", "--format=csv,noheader"]).splitlines()) if tool else ""
    if not names:
        return no_gpu(bool(tool))
    why, mend = why_unused(started)
    found = both(f"{names}, {why['en']}", f"{names}（{why['ja']}）")
    return Check("gpu", "GPU", NOTE, found, mend)


def no_gpu(has_driver):
    """The check where there is no GPU to use; ``has_driver``: whether there is one of NVIDIA's drivers."""
    if has_driver:
        found = both("none: the NVIDIA driver finds no GPU", "なし（NVIDIA のドライバーが GPU を認識していません）")
        hint = both("`nvidia-smi` says more.", "`nvidia-smi` で詳細がわかります。")
    else:
        found = both("none: there is no NVIDIA driver", "なし（NVIDIA のドライバーがありません）")
        hint = both(
            "Only NVIDIA's can be used, with their driver installed.",
            "使えるのは NVIDIA の GPU だけで、ドライバーが必要です。",
        )
    mend = both(
        f"None is needed, for every day of the course runs on a CPU. {hint['en']}",
        f"どの日も CPU だけで動くため、なくても構いません。{hint['ja']}",
    )
    return Check("gpu", "GPU", NOTE, found, mend)


def why_unused(started):
    """Why TensorFlow does not use the GPU that is there, and what to do."""
    own = both(
        f"In a new environment of its own: {GPU_EXTRA}", f"別に新しい仮想環境を作り、{GPU_EXTRA} を実行してください。"
    )
    names = tensorflows()
    if platform.system() == "Windows":
        return both("which TensorFlow does not use on Windows", "Windows 上の TensorFlow では使えません"), both(
            f"Install Nanoka inside WSL2, with {GPU_EXTRA}",
            f"WSL2 の中に Nanoka を入れ、{GPU_EXTRA} を実行してください。",
        )
    if not names:
        return both("not used: there is no TensorFlow", "TensorFlow がないため未使用"), own
    if "tensorflow-cpu" in names:
        return both("not used: tensorflow-cpu knows no GPU", "tensorflow-cpu は GPU に対応していないため未使用"), own
    if started is None:
        return both("perhaps used", "使用状況は未確認"), both(
            "`python welcome.py --doctor` finds out whether TensorFlow uses it.",
            "TensorFlow で使えるかどうかは `python welcome.py --doctor` でわかります。",
        )
    if started.error:
        return both("not used: TensorFlow does not start", "TensorFlow が起動しないため未使用"), both(
            "Mend TensorFlow first, see above.", "先に、上の TensorFlow の項目を直してください。"
        )
    if not started.has_cuda:
        return both(
            "not used: this TensorFlow knows no GPU", "この TensorFlow は GPU に対応していないため未使用"
        ), both(
            "There is no build with CUDA for this computer; the CPU is used.",
            "このコンピューター用の CUDA 対応版はありません。CPU で動かします。",
        )
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return both("hidden by CUDA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES で隠されています"), both(
            "Unset this environment variable.", "この環境変数の設定を解除してください。"
        )
    return both(
        "not used: CUDA's libraries are missing, or don't fit the driver",
        "CUDA のライブラリがないか、ドライバーと合わないため未使用",
    ), both(
        f"Update NVIDIA's driver, then in a new environment of its own: {GPU_EXTRA}",
        f"NVIDIA のドライバーを更新してから、別に新しい仮想環境を作り、{GPU_EXTRA} を実行してください。",
    )


# ------------------------------------------------------------------------------------------
# What was set for other work
# ------------------------------------------------------------------------------------------

KERAS_VALUES = {"floatx": ("float32", "float16", "float64"), "image_data_format": ("channels_last", "channels_first")}


def check_settings():
    """Checks of what is set on this computer and not as Nanoka needs it; mostly there is none."""
    return [check for check in (check_plots(IGNORED_BACKEND), check_keras_json(), check_threads()) if check]


def check_plots(ignored):
    """Args: ignored: the MPLBACKEND that `framework` found and could not use, or ""."""
    if not ignored:
        return None
    return Check(
        "plots",
        both("plots", "グラフ"),
        NOTE,
        both("MPLBACKEND is set to what cannot be used here", "MPLBACKEND の設定はここでは使えません"),
        both(
            "Nanoka goes on without it; unset this environment variable for other programs.",
            "Nanoka はこの設定を無視して動きます。他のプログラムのためには、この環境変数を解除してください。",
        ),
    )


def check_keras_json():
    """Keras reads it at its import, and dies of values that it does not know; `framework.tf` sets back the others."""
    folder = os.environ.get("KERAS_HOME") or Path("~", ".keras")
    try:
        known = json.loads(Path(folder, "keras.json").expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):  # none, or one that Keras does not read either
        return None
    if isinstance(known, dict):
        wrong = [name for name, allowed in KERAS_VALUES.items() if known.get(name, allowed[0]) not in allowed]
        wrong += [] if isinstance(known.get("epsilon", 1e-7), float) else ["epsilon"]
    else:
        wrong = ["{…}"]
    if wrong:
        names = ", ".join(wrong)
        found = both(f"{names}: Keras does not start with this", f"{names} の値のため Keras が起動しません")
        mend = both(
            "Delete keras.json, in the folder .keras of your home folder or in KERAS_HOME; Keras makes a new one.",
            "ホームフォルダの .keras（または KERAS_HOME）の keras.json を削除してください。自動で作り直されます。",
        )
        return Check("keras_json", "keras.json", MISSING, found, mend)
    ours = {name: allowed[0] for name, allowed in KERAS_VALUES.items()} | {"epsilon": 1e-7, "backend": "tensorflow"}
    names = ", ".join(name for name, value in ours.items() if known.get(name, value) != value)
    if not names:
        return None
    found = both(f"sets {names} for other work", f"他の用途のために {names} が設定されています")
    mend = both(
        "Nothing to mend: Nanoka computes with its own settings.",
        "そのままで構いません。Nanoka は独自の設定で計算します。",
    )
    return Check("keras_json", "keras.json", NOTE, found, mend)


def check_threads():
    """How many threads compute; another number than the usual one gives other numbers for the same seed."""
    if "NANOKA_THREADS" not in os.environ:
        return None
    title = both("threads", "スレッド")
    try:
        from framework.runs.parallel import THREADS, computing_threads

        threads = computing_threads()
    except ImportError:  # of tqdm, which has a check of its own
        return None
    except ValueError:
        found = both("NANOKA_THREADS is no whole number from 1 on", "NANOKA_THREADS が 1 以上の整数ではありません")
        mend = both("Unset this environment variable.", "この環境変数の設定を解除してください。")
        return Check("threads", title, MISSING, found, mend)
    mend = both(
        f"The same seed gives the numbers of the README with {THREADS} threads: unset NANOKA_THREADS to compare.",
        f"README と同じ数値になるのは {THREADS} スレッドのときです。比べるなら NANOKA_THREADS を解除してください。",
    )
    return None if threads == THREADS else Check("threads", title, NOTE, str(threads), mend)


# ------------------------------------------------------------------------------------------
# The rest of the computer
# ------------------------------------------------------------------------------------------


def check_display():
    """Can a window be opened? Without one, GIFs are written."""
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
    """Does the terminal take UTF-8? ``encoding`` is a name such as "cp932", or None."""
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
