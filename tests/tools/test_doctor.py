"""The doctor: each check, also of what no computer of ours has."""

import json
import os
import re
import socket
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tools import doctor

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAMES = [re.match(r"[\w.-]+", requirement)[0] for requirement in PROJECT["dependencies"]]


def test_a_version_out_of_range_is_missing(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "1.26.4")
    check = doctor.check_package("numpy>=2.0,<2.6")
    assert check.status == doctor.MISSING
    assert check.found["en"] == "1.26.4, but >=2.0,<2.6 is needed"


def test_a_python_out_of_range_is_missing(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.14.0")
    assert doctor.check_python(PROJECT["requires-python"]).status == doctor.MISSING


@pytest.mark.parametrize("version", ["1.9", "2.0", "2.0.0", "2.4.6", "2.5.9", "2.6", "2.6.0", "2.10.1", "3.0"])
@pytest.mark.parametrize("ranges", [">=2.0,<2.6", ">=2.5", "==2.4.6", "!=2.0,>1.9", "<=2.6", ""])
def test_ranges_mean_what_pip_takes_them_for(version, ranges):
    assert doctor.satisfies(version, ranges) == (version in SpecifierSet(ranges))


def test_every_range_of_pyproject_is_of_a_kind_that_the_doctor_reads():
    for requirement in PROJECT["dependencies"]:
        assert re.fullmatch(r"[\w.-]+((^|,)?(>=|<=|==|!=|<|>)[\d.]+)*", requirement), requirement
    python_range, requirements, deep = doctor.what_nanoka_needs()
    assert (python_range, requirements) == (PROJECT["requires-python"], PROJECT["dependencies"])
    assert dict(map(doctor.name_and_ranges, deep))["tensorflow-cpu"] == ">=2.18,<2.22"


def test_a_folder_that_cannot_be_written_is_missing(tmp_path):
    (tmp_path / "file").write_text("")
    check = doctor.check_writing(tmp_path / "file")
    assert check.status == doctor.MISSING
    (tmp_path / "locked").mkdir(mode=0o500)
    if not os.access(tmp_path / "locked", os.W_OK):  # root may write everywhere
        assert doctor.check_writing(tmp_path / "locked" / "runs").status == doctor.MISSING
    assert doctor.check_writing(tmp_path / "runs").status == doctor.OK
    assert not (tmp_path / "runs").exists()


def test_a_port_in_use_is_noted_with_another():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        check = doctor.check_port(port)
    assert check.status == doctor.NOTE
    assert f"--port {port + 1}" in check.mend["en"]


@pytest.mark.parametrize(
    ("encoding", "status"), [("utf-8", "ok"), ("UTF8", "ok"), ("cp932", "note"), ("x", "note"), (None, "note")]
)
def test_terminal_encoding(encoding, status):
    assert doctor.check_encoding(encoding).status == status


def test_nowhere_to_show_a_window(monkeypatch):
    monkeypatch.setattr(doctor, "display_driver", lambda: "")
    assert doctor.check_display().status == doctor.NOTE
    monkeypatch.setattr(doctor, "display_driver", lambda: "x11")
    assert doctor.check_display().status == doctor.OK


def test_an_sdl_that_draws_where_nobody_sees_it_is_no_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert doctor.display_driver() == ""


# TensorFlow and the GPU. What no computer of ours has, is made up: another TensorFlow, a GPU, a CPU without AVX.


@pytest.fixture
def pretend(monkeypatch):
    """Sets what is installed, what GPUs nvidia-smi names (None: there is no nvidia-smi), and the system."""

    def to_have(installed, gpus=None, system=("Linux", "x86_64")):
        def version(name):
            if name not in installed:
                raise doctor.metadata.PackageNotFoundError(name)
            return installed[name]

        monkeypatch.setattr(doctor.metadata, "version", version)
        monkeypatch.setattr(doctor.shutil, "which", lambda tool: None if gpus is None else tool)
        monkeypatch.setattr(doctor, "output_of", lambda command: gpus)
        monkeypatch.setattr(doctor.platform, "system", lambda: system[0])
        monkeypatch.setattr(doctor.platform, "machine", lambda: system[1])
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return to_have


CPU = {"tensorflow-cpu": "2.21.0", "keras": "3.15.1"}
CUDA = {"tensorflow": "2.21.0", "keras": "3.15.1"}
DEEP = PROJECT["optional-dependencies"]["cpu"]


@pytest.mark.parametrize(
    ("installed", "started", "status", "found", "mend"),
    [
        (CPU, None, "ok", "tensorflow-cpu 2.21.0, keras 3.15.1", ""),
        (CPU, doctor.Start(), "ok", "tensorflow-cpu 2.21.0, keras 3.15.1", ""),
        (
            {},
            None,
            "note",
            "not installed",
            'Days 1 to 3 do without; from Day 4 on: `python -m pip install -e ".[cpu]"',
        ),
        (CPU | CUDA, None, "note", "2.21.0, tensorflow-cpu", "pip uninstall -y tensorflow tensorflow-cpu"),
        (
            CPU | {"tensorflow-cpu": "2.22.0"},
            None,
            "note",
            "but >=2.18,<2.22 is needed",
            '"tensorflow-cpu>=2.18,<2.22" "keras>=3',
        ),
        (CUDA | {"tensorflow": "2.17.1"}, None, "note", "but >=2.18,<2.22 is needed", '"tensorflow>=2.18,<2.22"'),
        ({"tensorflow-cpu": "2.21.0"}, None, "note", "but no keras", '"keras>=3.12,<4"'),
        (CPU | {"keras": "3.3.0"}, None, "note", "keras 3.3.0, and >=3.12,<4 is needed", '"keras>=3.12,<4"'),
        (CPU, doctor.Start("AVX"), "note", "this CPU has no AVX", "another computer or Google Colab"),
        (CPU, doctor.Start("time"), "note", "did not start within 60 seconds", "try once more"),
        (CPU, doctor.Start("ImportError"), "missing", "does not start (ImportError)", "import keras, tensorflow"),
    ],
)
def test_tensorflow(installed, started, status, found, mend, pretend):
    pretend(installed)
    check = doctor.check_tensorflow(DEEP, started)
    assert check.status == status
    assert found in doctor.say(check.found, "en")
    assert mend in doctor.say(check.mend, "en")
    assert bool(mend) == bool(doctor.say(check.mend, "en")) == bool(doctor.say(check.mend, "ja"))


def test_an_intel_mac_is_told_that_there_is_no_tensorflow_for_it(pretend):
    pretend({}, system=("Darwin", "x86_64"))
    check = doctor.check_tensorflow(DEEP)
    assert "There is none for Intel Macs" in check.mend["en"]
    assert "Intel Mac 用の TensorFlow はない" in check.mend["ja"]


@pytest.mark.parametrize(
    ("installed", "gpus", "started", "status", "found", "mend"),
    [
        (CUDA, "Tesla T4", doctor.Start("", ("Tesla T4",), True), "ok", "TensorFlow uses Tesla T4", ""),
        (CPU, None, doctor.Start(), "note", "there is no NVIDIA driver", "every day of the course runs on a CPU"),
        (CPU, "", doctor.Start(), "note", "the NVIDIA driver finds no GPU", "`nvidia-smi` says more"),
        ({}, "Tesla T4", None, "note", "Tesla T4, not used: there is no TensorFlow", '".[gpu]"'),
        (
            CPU,
            "Tesla T4",
            doctor.Start(),
            "note",
            "tensorflow-cpu knows no GPU",
            "environment of its own: `python -m",
        ),
        (CUDA, "Tesla T4", None, "note", "perhaps used", "`python welcome.py --doctor`"),
        (CUDA, "Tesla T4", doctor.Start("ImportError"), "note", "TensorFlow does not start", "see above"),
        (CUDA, "Tesla T4", doctor.Start(), "note", "this TensorFlow knows no GPU", "There is no build with CUDA"),
        (CUDA, "Tesla T4", doctor.Start("", (), True), "note", "or don't fit the driver", "Update NVIDIA's driver"),
    ],
)
def test_whether_a_gpu_is_used_and_if_not_why(installed, gpus, started, status, found, mend, pretend):
    pretend(installed, gpus)
    check = doctor.check_gpu(started)
    assert check.status == status
    assert found in check.found["en"]
    assert mend in doctor.say(check.mend, "en")
    assert re.search("[ぁ-ん]", check.found["ja"] + doctor.say(check.mend, "ja"))


def test_a_gpu_on_windows_needs_wsl2(pretend):
    pretend(CPU, "RTX 4070", ("Windows", "AMD64"))
    assert "WSL2" in doctor.check_gpu().mend["en"]


def test_a_gpu_that_is_hidden_by_the_environment_is_said_so(pretend, monkeypatch):
    pretend(CUDA, "Tesla T4")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "hidden by CUDA_VISIBLE_DEVICES" in doctor.check_gpu(doctor.Start("", (), True)).found["en"]


@pytest.mark.parametrize(
    ("code", "stderr", "error"),
    [
        (-4, "", "AVX"),
        (0xC000001D, "", "AVX"),
        (-6, "F cpu_feature_guard.cc] compiled to use AVX instructions, but these aren't available on your", "AVX"),
        (1, 'Traceback:\n  File "/home/zaphod/x.py"\nImportError: /home/zaphod/lib.so: no', "ImportError"),
        (1, "Traceback:\ngoogle.protobuf.message.DecodeError: bad", "DecodeError"),
        (-11, "", "exit code -11"),
    ],
)
def test_why_tensorflow_did_not_start(code, stderr, error):
    assert doctor.read_start(code, "", stderr) == doctor.Start(error)


def test_a_start_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(doctor, "START", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "START_SECONDS", 0.5)
    doctor.start_of_tensorflow.cache_clear()
    assert doctor.start_of_tensorflow() == doctor.Start("time")
    doctor.start_of_tensorflow.cache_clear()


def test_tensorflow_is_started_once_and_only_for_the_doctor(monkeypatch):
    starts = []
    monkeypatch.setattr(doctor, "tensorflows", lambda: ["tensorflow-cpu"])
    monkeypatch.setattr(doctor, "check_tensorflow", lambda needs, started: started)
    monkeypatch.setattr(doctor, "start_of_tensorflow", lambda: starts.append(1) or doctor.Start("time"))
    assert None in doctor.check_all("utf-8")
    assert starts == []
    assert doctor.Start("time") in doctor.check_all("utf-8", start_tensorflow=True)
    assert starts == [1]


# What was set for other work


@pytest.fixture
def keras_json(monkeypatch, tmp_path):
    """Sets what stands in keras.json."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return lambda settings: (tmp_path / "keras.json").write_text(settings, encoding="utf-8")


def test_nothing_is_said_of_settings_where_they_are_as_nanoka_needs_them(keras_json, monkeypatch):
    monkeypatch.delenv("NANOKA_THREADS", raising=False)
    monkeypatch.setattr(doctor, "IGNORED_BACKEND", "")
    assert doctor.check_settings() == []  # no keras.json
    for settings in (
        "{}",
        '{"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow"}',
        "no JSON: Keras skips it",
    ):
        keras_json(settings)
        assert doctor.check_settings() == []


def test_a_backend_of_matplotlib_s_that_cannot_be_used_is_noted(monkeypatch):
    monkeypatch.setattr(doctor, "IGNORED_BACKEND", "module://zaphods_plots")
    (check,) = [check for check in doctor.check_settings() if check.key == "plots"]
    assert check.status == doctor.NOTE
    assert "unset this environment variable" in check.mend["en"]
    assert "zaphod" not in str(check)


@pytest.mark.parametrize(
    ("settings", "status", "found", "mend"),
    [
        (
            '{"floatx": "float16", "image_data_format": "channels_first"}',
            "note",
            "sets floatx, image_data",
            "Nothing to",
        ),
        ('{"backend": "jax", "epsilon": 0.1}', "note", "sets epsilon, backend for other work", "its own settings"),
        (
            '{"floatx": "float8", "epsilon": 1}',
            "missing",
            "floatx, epsilon: Keras does not start",
            "Delete keras.json",
        ),
        ("[]", "missing", "Keras does not start with this", "Delete keras.json"),
    ],
)
def test_settings_of_keras(settings, status, found, mend, keras_json):
    keras_json(settings)
    check = doctor.check_keras_json()
    assert check.status == status
    assert found in check.found["en"]
    assert mend in check.mend["en"]
    assert re.search("[ぁ-ん]", check.mend["ja"])


@pytest.mark.parametrize(("text", "status"), [("2", None), ("8", "note"), ("many", "missing")])
def test_the_number_of_threads(text, status, monkeypatch):
    monkeypatch.setenv("NANOKA_THREADS", text)
    check = doctor.check_threads()
    assert (check.status if check else None) == status
    assert check is None or "nset" in check.mend["en"]


def test_the_tensorflow_of_this_computer_starts(keras_json):
    pytest.importorskip("tensorflow")
    keras_json('{"floatx": "float8"}')  # has a check of its own
    assert doctor.start_of_tensorflow().error == ""


def test_of_a_package_that_fails_only_the_kind_of_error_is_told(monkeypatch):
    def fail(module):
        raise ImportError("no such file: /home/zaphod/scipy.so")

    monkeypatch.setattr(doctor, "import_quietly", fail)
    check = doctor.check_package("scipy>=1.11")
    assert check.status == doctor.MISSING
    for language in ("en", "ja"):
        said = doctor.say(check.found, language) + doctor.say(check.mend, language)
        assert "ImportError" in said
        assert "zaphod" not in said


def test_a_note_is_no_reason_to_say_that_something_is_missing():
    checks = [doctor.Check("a", "a", status, "found") for status in (doctor.OK, doctor.NOTE, doctor.MISSING)]
    assert json.loads(doctor.as_json(checks[:2], "en"))["ok"] is True
    assert json.loads(doctor.as_json(checks, "en"))["ok"] is False
