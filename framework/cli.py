"""Command lines from dataclasses: ``--help``, unknown flags refused, one sentence and exit code 2 on bad input."""

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tyro

PLOTS = ("", ".png", ".pdf", ".svg", ".jpg", ".webp")  # what --plot may end in


@dataclass(frozen=True)
class CommonOptions:
    """The options that every script has."""

    seed: int = 0
    """Random seed; the same seed gives the same output."""
    quick: bool = False
    """A short run of the same code, at most 60 s on two cores."""


def run(main, options, description, default=None):
    """Read ``options`` (a dataclass) from the command line and call ``main`` with it; exit 2 on bad input.

    Args:
        main: function of one argument.
        options: the dataclass; its field docstrings are the help.
        description: shown by ``--help``, a paragraph and examples (a script passes its docstring).
        default: function that returns an ``options`` to take the defaults from.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, open to the end
        elif hasattr(stream, "reconfigure"):  # arrows and Japanese, also into a pipe on Windows
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        try:
            defaults = {"default": default()} if default else {}
            given = tyro.cli(options, description=description, config=(tyro.conf.FlagCreatePairsOff,), **defaults)
            _check_plot(getattr(given, "plot", None))
            if isinstance(given, CommonOptions) and not 0 <= given.seed < 2**32:
                raise ValueError(f"seed must be from 0 to {2**32 - 1}; got {given.seed}")
            main(given)
        finally:
            sys.stdout.flush()  # here, where a pipe that nobody reads any more can be told from bad input
    except BrokenPipeError:  # by head, for example, which has seen enough
        _write_no_more()
        sys.exit(141)
    except (ValueError, OSError, MemoryError) as error:  # bad input, a full disk, short memory
        if os.name == "nt" and isinstance(error, OSError) and error.errno == errno.EINVAL and not error.filename:
            _write_no_more()  # how Windows says that a pipe is broken
            sys.exit(141)
        print(f"error: {_sentence(error)}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if type(error).__name__ != "ResourceExhaustedError":  # TensorFlow's, which nobody here loads
            raise
        print("error: memory is too short for a network of this size, or a batch", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


def _sentence(error):
    """What an error says; of a file, without the number of the error."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    return str(error) or "memory is too short"


def _check_plot(path):
    """Before the work, not after it."""
    if path is not None and (not Path(path).name or Path(path).suffix.lower() not in PLOTS):
        raise ValueError(f"a plot is a file that ends in {', '.join(filter(None, PLOTS))}; got {path!r}")


def _write_no_more():
    """Else Python would complain once more when it ends and writes what is left."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # in a notebook it is no file
            os.dup2(nowhere, stream.fileno())
