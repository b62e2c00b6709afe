"""Files that are written whole, refused when damaged, and never unpickled."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from framework.runs.files import clear_parts, load_arrays, save_arrays, written_whole

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


def test_pictures_are_compressed_and_noise_is_not(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, 500_000, np.uint8)
    pictures = np.zeros((100, 84, 84, 2), np.uint8)
    pictures[:, 40:44, ::7] = np.arange(100, dtype=np.uint8)[:, None, None, None]
    save_arrays(tmp_path / "file.npz", {"noise": noise, "pictures": pictures, "few": np.zeros(10)})
    loaded = load_arrays(tmp_path / "file.npz")
    np.testing.assert_array_equal(loaded["noise"], noise)
    np.testing.assert_array_equal(loaded["pictures"], pictures)
    with zipfile.ZipFile(tmp_path / "file.npz") as members:
        sizes = {info.filename: info.compress_size for info in members.infolist()}
    assert sizes["pictures.npy"] < pictures.nbytes / 20
    assert sizes["noise.npy"] == noise.nbytes + 128  # NumPy's header
    with np.load(tmp_path / "file.npz") as members:  # any reader of .npz can read it
        assert members["pictures"].shape == pictures.shape


def test_files_of_older_versions_can_be_read(tmp_path):
    values = np.frombuffer(b'{"part": {"one": 1}}', np.uint8)
    np.savez(tmp_path / "old.npz", **{"part/array": np.arange(3), "values.json": values})
    loaded = load_arrays(tmp_path / "old.npz")
    assert (loaded["part"]["one"], loaded["part"]["array"].tolist()) == (1, [0, 1, 2])


@pytest.mark.parametrize("error", [MemoryError(), OSError(5, "Input/output error")])
def test_short_memory_and_a_disk_that_fails_are_not_taken_for_damage(error, tmp_path, monkeypatch):
    save_arrays(tmp_path / "file.npz", {"array": np.arange(3)})

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(np.lib.format, "read_array", fail)
    with pytest.raises(OSError, match=r"memory is too short|Input/output"):
        load_arrays(tmp_path / "file.npz")
    (tmp_path / "file.npz").write_bytes((tmp_path / "file.npz").read_bytes()[:-40])
    with pytest.raises(ValueError, match="damaged"):
        load_arrays(tmp_path / "file.npz")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are for POSIX")
def test_links_are_followed_and_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "there.txt")
    for _ in range(2):
        with written_whole(tmp_path / "link") as part:
            part.write_text("text", encoding="utf-8")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there.txt").read_text(encoding="utf-8") == "text"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with written_whole(tmp_path / "pipe") as part:
        part.write_text("text", encoding="utf-8")
    assert os.read(reader, 10) == b"text"
    os.close(reader)


def test_halves_that_killed_processes_left_are_cleared_away_and_nothing_else(tmp_path):
    (tmp_path / "inside").mkdir()
    for name in (".a.npz.1.part", "inside/.b.npz.2.part", "c.part", ".foreign.part", ".lock"):
        (tmp_path / name).touch()
    clear_parts(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {
        "inside",
        ".b.npz.2.part",
        "c.part",
        ".foreign.part",
        ".lock",
    }


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

    monkeypatch.setattr(os, "fsync", full)
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
