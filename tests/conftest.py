"""No test needs a display."""

import os

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


class TestFile(pytest.Module):
    """A file of tests is skipped where TensorFlow is missing: `framework.tf` exits there, which would end pytest."""

    __test__ = False

    def collect(self):
        try:
            return super().collect()
        except SystemExit:
            pytest.skip('needs TensorFlow: python -m pip install -e ".[cpu]"')


def pytest_pycollect_makemodule(module_path, parent):
    return TestFile.from_parent(parent, path=module_path)
