"""Command lines from dataclasses: ``--help``, unknown flags refused, one sentence and exit code 2 on bad input."""

import sys
from dataclasses import dataclass

import tyro


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
    for stream in (sys.stdout, sys.stderr):  # arrows and Japanese, also into a pipe on Windows
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        defaults = {"default": default()} if default else {}
        main(tyro.cli(options, description=description, config=(tyro.conf.FlagCreatePairsOff,), **defaults))
    except (ValueError, OSError) as error:  # bad input, or a file that cannot be written
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
