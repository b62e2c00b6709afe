"""Command lines: flags from a dataclass, and how a script ends on bad input, Ctrl-C and a mistake of its own."""

import io
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from framework.cli import CommonOptions, run


@dataclass(frozen=True)
class Options(CommonOptions):
    gamma: float = 0.9
    """The discount."""


def fail_with(error):
    def main(options):
        raise error

    return main


@pytest.fixture
def call(monkeypatch, capsys):
    """(main, flags, default) -> (exit code, printed, errors)."""

    def call(main, *flags, default=None):
        monkeypatch.setattr(sys, "argv", ["script.py", *flags])
        code = 0
        try:
            run(main, Options, "What the script does.\n\n    python script.py", default)
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return call


def test_flags_make_the_options_and_what_is_not_given_is_as_by_default(call):
    assert call(print, "--gamma", "0.5", "--quick") == (0, "Options(seed=0, quick=True, gamma=0.5)\n", "")
    _, printed, _ = call(print, "--seed=3", default=lambda: Options(gamma=0.1))
    assert printed == "Options(seed=3, quick=False, gamma=0.1)\n"


def test_help_shows_the_description_and_every_flag(call):
    code, printed, _ = call(print, "--help")
    assert code == 0
    for words in ("What the script does.", "python script.py", "--seed", "--quick", "--gamma", "The discount."):
        assert words in printed


@pytest.mark.parametrize("flags", [["--gama", "0.9"], ["--gamma", "much"], ["--gamma"], ["--no-quick"], ["maze"]])
def test_flags_that_do_not_exist_or_do_not_fit_end_with_2_before_anything_runs(call, flags):
    code, printed, errors = call(print, *flags)
    assert (code, printed) == (2, "")
    assert flags[0] in errors


@pytest.mark.parametrize("error", [ValueError("seed must be at least 0; got -1"), OSError("the disk is full")])
def test_bad_input_and_bad_files_are_one_sentence_and_exit_code_2(call, error):
    assert call(fail_with(error)) == (2, "", f"error: {error}\n")
    assert call(print, default=lambda: fail_with(error)(None)) == (2, "", f"error: {error}\n")


def test_ctrl_c_ends_with_130_and_without_a_traceback(call):
    assert call(fail_with(KeyboardInterrupt())) == (130, "", "stopped\n")


def test_a_mistake_in_the_program_keeps_its_traceback(call):
    with pytest.raises(ZeroDivisionError):
        call(fail_with(ZeroDivisionError()))


def test_output_is_utf_8_whatever_the_terminal_and_a_notebook_may_have_streams_of_its_own(monkeypatch, call):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    call(lambda options: print("V(s) → 七日 ±", "half \udce4 letter"))
    terminal.flush()
    assert terminal.buffer.getvalue().decode("utf-8").rstrip() == "V(s) → 七日 ± half ? letter"
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # cannot be reconfigured
    call(lambda options: print("七"))
    assert sys.stdout.getvalue() == "七\n"


TALKATIVE = """
from framework.cli import CommonOptions, run
def main(options):
    print("read me")
    for i in range(options.seed):
        print(i)
    if options.quick:
        raise ValueError("much too quick")
run(main, CommonOptions, "Talks.")
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such pipes")
@pytest.mark.parametrize("flags", [("--seed", "2"), ("--seed", "99999"), ("--help",)])
def test_a_reader_that_has_seen_enough_such_as_head_ends_it_quietly(flags):
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run([sys.executable, "-c", TALKATIVE, *flags], stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


def test_closed_streams_are_no_reason_to_fail():
    for streams, errors in ((["stdout"], "error: much too quick\n"), (["stdout", "stderr"], "")):
        closed = "import sys\n" + "".join(f"sys.{name} = None\n" for name in streams)
        for flag, code in (("--seed=3", 0), ("--quick", 2)):
            command = [sys.executable, "-c", closed + TALKATIVE, flag]
            done = subprocess.run(command, capture_output=True, encoding="utf-8")
            assert (done.returncode, done.stdout) == (code, "")
            assert done.stderr == (errors if code else "")


def test_output_that_cannot_be_written_is_a_sentence(monkeypatch, call):
    class Full(io.StringIO):
        def flush(self):
            raise OSError("the disk is full")

    monkeypatch.setattr(sys, "stdout", Full())
    assert call(print)[::2] == (2, "error: the disk is full\n")


def test_memory_that_tensorflow_lacks_is_one_sentence(call):
    """Its error is told by its name: TensorFlow is not loaded here."""
    error = type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor")
    code, _, errors = call(fail_with(error))
    assert (code, errors) == (2, "error: memory is too short for a network of this size, or a batch\n")
