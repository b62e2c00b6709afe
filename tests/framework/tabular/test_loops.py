"""Loops made fast: the same numbers as the plain ones."""

import subprocess
import sys

import numpy as np
import pytest

from framework.tabular.loops import fast

SOURCE = """
def fill(values, factor):
    total = 0.0
    for i in range(1, len(values)):
        values[i] = factor * values[i - 1] + i
        total += values[i] / 3
    return total
"""


@pytest.mark.parametrize("has_file", [True, False], ids=["kept beside its file", "without a file"])
def test_a_fast_loop_gives_the_numbers_of_the_plain_one_to_the_last_bit(has_file, monkeypatch, tmp_path):
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    names, file = {"__name__": "loop"}, tmp_path / "loop.py"
    file.write_text(SOURCE, encoding="utf-8")
    exec(compile(SOURCE, file if has_file else "<string>", "exec"), names)
    plain = names["fill"]
    one, other = np.zeros(100), np.zeros(100)
    assert plain(one, 0.9) == fast(plain)(other, 0.9) > 0
    assert one.tolist() == other.tolist()  # both change arrays in place
    assert fast(plain) is fast(plain) is not plain  # compiled once
    assert bool(list(tmp_path.rglob("*.nbc"))) is has_file  # there the next process finds it


def test_only_worlds_that_are_large_wait_for_numba():
    program = """
import sys, numpy as np
from DP.planner import ValueIterationPlanner
from environment import GridWorld
from framework.tabular.loops import LARGE
for num_states in (LARGE - 1, LARGE):
    ValueIterationPlanner(GridWorld(np.zeros((1, num_states)))).plan()
    print(num_states, "numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert done.stdout == "999 False\n1000 True\n", done.stderr
