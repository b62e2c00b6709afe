"""Files that are written whole, refused when damaged, and never unpickled."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from framework.runs.files import load_arrays, save_arrays, written_whole

VALUES = {
    "part": {"array": np.arange(6).reshape(2, 3), "deep": {"flag": True, "none": None}, "empty": {}},
    "list": [1, 2.5, "七"],
    "large": 2**120,
}


def test_what_is_saved_is_loaded(tmp_path):
    save_arrays(tmp_path / "new" / "file.npz", VALUES)
    loaded = load_arrays(tmp_path / "new" / "file.npz")
    np.testing.assert_array_equal(loaded["part"].pop("array"), VALUES["part"]["array"])
    assert loaded == VALUES | {"part": {"deep": {"flag": True, "none": None}, "empty": {}}}


def test_a_torn_or_altered_file_is_refused(tmp_path):
    path = tmp_path / "file.npz"
    save_arrays(path, {"array": np.arange(1000.0)})
    whole = path.read_bytes()
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 1
    for damaged in (b"", whole[:10], whole[: len(whole) // 2], whole[:-1], bytes(altered), b"text", pickle.dumps({})):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged or not a file of Nanoka's"):
            load_arrays(path)


def test_whatever_byte_is_altered_the_file_is_refused_or_says_the_same(tmp_path):
    path = tmp_path / "file.npz"
    save_arrays(path, {"part": {"array": np.arange(3)}, "list": [1, 2.5]})
    whole = path.read_bytes()
    refused = 0
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            loaded = load_arrays(path)
        except ValueError:
            refused += 1
        else:  # a date, say
            assert (loaded["part"]["array"].tolist(), loaded["list"]) == ([0, 1, 2], [1, 2.5])
    assert refused > len(whole) / 2


def test_a_file_of_someone_else_is_refused(tmp_path):
    np.savez(tmp_path / "arrays.npz", weights=np.ones(3))
    np.savez(tmp_path / "list.npz", **{"values.json": np.frombuffer(b"[1]", np.uint8)})
    np.save(tmp_path / "one.npy", np.ones(3))
    for name in ("arrays.npz", "list.npz", "one.npy"):
        with pytest.raises(ValueError, match="damaged or not a file of Nanoka's"):
            load_arrays(tmp_path / name)


def test_what_only_a_pickle_could_hold_is_not_written(tmp_path):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        save_arrays(tmp_path / "file.npz", {"array": np.array([{}, None], dtype=object)})
    assert list(tmp_path.iterdir()) == []


class Trap:
    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    np.save(buffer, np.array([Trap()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile("trap.npz", "w") as file:
        file.writestr("array.npy", buffer.getvalue())
    with pytest.raises(ValueError, match="damaged"):
        load_arrays("trap.npz")
    assert not (tmp_path / "sprung").exists()


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file.npz"
    save_arrays(path, {"number": 1})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        save_arrays(path, {"number": 2})
    assert load_arrays(path) == {"number": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["file.npz"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    def interrupted():
        with written_whole(path) as part:
            part.write_text("half of")
            raise KeyboardInterrupt

    path = tmp_path / "film.gif"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
