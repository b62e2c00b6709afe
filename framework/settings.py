"""Settings of a chapter as they are typed: lists and ranges, draws from them, and the flags that they become.

A setting is {name: value}, a value what one would type: {"learning_rate": "3e-4", "hidden": "64 64"}.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

FAR_APART = 10  # a range whose ends differ by more is drawn from in proportion
DIGITS = 4  # of a number drawn


class Range(NamedTuple):
    """LOW..HIGH, both ends included."""

    low: float
    high: float
    is_whole: bool
    """Both ends were whole numbers, and so is what is drawn."""

    @property
    def is_wide(self):
        """Whether to draw in proportion: as often from 1e-4 to 1e-3 as from 1e-3 to 1e-2."""
        return not self.is_whole and self.low > 0 and self.high / self.low > FAR_APART

    def draw(self, rng):
        """A value by chance, as it is typed."""
        if self.is_whole:
            return self.text(rng.integers(int(self.low), int(self.high) + 1))
        if self.is_wide:
            return self.text(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return self.text(rng.uniform(self.low, self.high))

    def text(self, value):
        """A number of the range as it is typed."""
        return str(value) if self.is_whole else f"{value:.{DIGITS}g}"


def space_of(typed):
    """{name: `Range` or [value]} of texts such as "learning_rate=1e-4..1e-2" and "hidden=32,64".

    Raises:
        ValueError: one that cannot be read.
    """
    space = {}
    for one in typed:
        name, equals, values = one.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name or not all(map(str.strip, values.split(","))) or name in space:
            raise ValueError(f"--set takes NAME=VALUE,VALUE or NAME=LOW..HIGH, each name once; got {one}")
        space[name] = _range(one, values) if ".." in values else [value.strip() for value in values.split(",")]
    return space


def _range(one, values):
    try:
        low, high = map(float, values.split(".."))
    except ValueError:
        raise ValueError(f"a range is LOW..HIGH, two numbers; got {one}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a range goes from a number to a higher one; got {one}")
    return Range(low, high, all(end.strip().lstrip("-").isdecimal() for end in values.split("..")))


def ranges_of(space):
    """The part of a space that is no list."""
    return {name: values for name, values in space.items() if isinstance(values, Range)}


def draws(space, count):
    """[setting]: every combination of the lists, with each of ``count`` draws from the ranges; always the same."""
    ranges, rng = ranges_of(space), np.random.default_rng(0)
    lists = {name: values for name, values in space.items() if name not in ranges}
    drawn = [{name: one.draw(rng) for name, one in ranges.items()} for _ in range(count)] if ranges else [{}]
    grid = [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
    return [{**listed, **of_ranges} for of_ranges in drawn for listed in grid]


def label_of(setting):
    """A setting in a few words, which name its folder, too."""
    return " ".join(f"{name}={value}" for name, value in setting.items()) or "as it is"


def arguments_of(setting):
    """A setting as flags."""
    flags = []
    for name, value in setting.items():
        if value != "off":
            flags += [f"--{name.replace('_', '-')}", *([] if value == "on" else value.split())]
    return flags
