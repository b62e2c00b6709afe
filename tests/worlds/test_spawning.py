"""What processes that are started afresh see of the script that runs here, and how errors come back from them."""

import pickle
import sys
from types import ModuleType

import pytest

from worlds.spawning import main_file, main_is_guarded, sendable_error, without_main


@pytest.fixture
def main(monkeypatch, tmp_path):
    """(source, name of the file or None) -> the module __main__ is made of it."""

    def main(source="", file="script.py"):
        module = ModuleType("__main__")
        if file is not None:
            (tmp_path / "script.py").write_text(source, encoding="utf-8")
            module.__file__ = file if file.startswith("<") else str(tmp_path / file)
        monkeypatch.setitem(sys.modules, "__main__", module)

    return main


@pytest.mark.parametrize(
    ("source", "is_guarded"),
    [
        ('work()\nif __name__ == "__main__":\n    main()\n', True),
        ("if '__main__' == __name__: main()\n", True),
        ("main()\n", False),
        ('print(__name__)\ndef f():\n    if __name__ == "__main__":\n        main()\n', False),
    ],
)
def test_a_script_may_be_imported_where_its_work_stands_under_the_guard(source, is_guarded, main):
    main(source)
    assert main_file().name == "script.py"
    assert main_is_guarded() == is_guarded


@pytest.mark.parametrize("file", [None, "<stdin>", "deleted.py"])
def test_what_was_typed_or_is_gone_cannot_be_imported(file, main):
    main('if __name__ == "__main__":\n    main()\n', file)
    assert (main_file() is None) == (file != "deleted.py")
    assert not main_is_guarded()


def test_the_script_is_hidden_for_a_moment_and_comes_back_after_an_error_too():
    script = sys.modules["__main__"]

    def fail():
        with without_main():
            assert not hasattr(sys.modules["__main__"], "__file__")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sys.modules["__main__"] is script


def test_an_error_that_would_not_survive_the_way_comes_back_as_its_words():
    class Local(Exception):
        pass

    error = ValueError("small", 7)
    assert sendable_error(error) is error
    words = sendable_error(Local("no such maze"))
    assert (type(words), str(words)) == (RuntimeError, "Local: no such maze")
    pickle.dumps(words)
