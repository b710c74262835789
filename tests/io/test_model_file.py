"""Model files: read to the bit as written; a damaged file is refused, and a failed write leaves the old file."""

import errno
import json
import os
import pickle
import stat

import numpy as np
import pytest
import safetensors.numpy
import scipy.sparse as sp

from partwise.exceptions import ModelFileError
from partwise.io import model_file

ARRAYS = {
    "plain": np.random.default_rng(0).normal(size=(5, 3)),
    "fortran": np.asfortranarray(np.random.default_rng(1).normal(size=(4, 2)).astype(np.float32)),
    "counts": np.arange(4, dtype=np.int64),
    "empty": np.zeros((0, 3)),
    "words": ["", "naïve", "北京", "a\udcffb"],
    "nothing": [],
    "sparse": sp.random_array((6, 7), density=0.3, format="csr", rng=0),
}
HEADER = {"name": "naïve", "values": [1, 0.1, None, True], "nested": {"tol": 1e-4}}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.model"
    model_file.write(path, "example", HEADER, ARRAYS)
    return path


def test_what_is_written_is_read_to_the_bit_and_in_the_same_order_in_memory(path):
    kind, header, arrays = model_file.read(path)
    assert (kind, header, arrays.keys()) == ("example", HEADER, ARRAYS.keys())
    for name in ("plain", "fortran", "counts", "empty"):
        assert arrays[name].dtype == ARRAYS[name].dtype
        assert arrays[name].tobytes() == ARRAYS[name].tobytes()
        assert arrays[name].shape == ARRAYS[name].shape
    assert arrays["fortran"].flags.f_contiguous
    assert arrays["words"] == ARRAYS["words"]
    assert arrays["nothing"] == []
    np.testing.assert_array_equal(arrays["sparse"].toarray(), ARRAYS["sparse"].toarray())


def test_the_file_is_safetensors_that_other_tools_read(path):
    np.testing.assert_array_equal(safetensors.numpy.load_file(path)["plain"], ARRAYS["plain"])


def test_every_truncation_is_refused(path):
    whole = path.read_bytes()
    for length in [*range(0, len(whole) - 1, 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=r"a\.model"):
            model_file.read(path)


def test_every_flipped_bit_is_refused(path):
    whole = path.read_bytes()
    for place in range(0, len(whole), 13):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match=r"a\.model"):
            model_file.read(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"text,of\na,table\n", pickle.dumps({"a": 1}), np.random.default_rng(0).bytes(1000), b"PK\x03\x04" * 50],
    ids=["empty", "table", "pickle", "noise", "zip"],
)
def test_a_foreign_file_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not a partwise model"):
        model_file.read(path)


def test_safetensors_of_another_program_is_told_from_a_model(path):
    safetensors.numpy.save_file({"weight": np.ones(3)}, path, {"format": "pt"})
    with pytest.raises(ModelFileError, match="a safetensors file, but not a partwise model"):
        model_file.read(path)


def test_a_file_of_a_newer_format_asks_for_an_upgrade(path):
    content = {"format_version": model_file.FORMAT_VERSION + 1, "partwise": "9.0"}
    safetensors.numpy.save_file({}, path, {"partwise-model": json.dumps(content), "crc32": "0"})
    with pytest.raises(ModelFileError, match=r"written by partwise 9\.0.*Upgrade"):
        model_file.read(path)


@pytest.mark.parametrize("text", ["no json", "[]", "{}", '{"format_version": "x"}'])
def test_a_header_that_makes_no_sense_is_refused(path, text):
    safetensors.numpy.save_file({}, path, {"partwise-model": text, "crc32": "0"})
    with pytest.raises(ModelFileError, match="damaged"):
        model_file.read(path)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch, step):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = path.read_bytes()
    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        model_file.write(path, "example", {}, {})
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == ["a.model"]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model_file.write(path, "example", {}, {})
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == ["a.model"]


def test_a_file_is_written_through_a_link_and_with_the_usual_permissions(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    model_file.write(tmp_path / "link", "example", {}, {})
    assert (tmp_path / "link").is_symlink()
    usual = tmp_path / "usual"
    usual.touch()
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_missing_file_and_a_folder_raise_what_python_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        model_file.read(tmp_path / "absent")
    with pytest.raises(IsADirectoryError):
        model_file.read(tmp_path)


def test_half_characters_are_kept_in_the_header_too(path):
    header = {"labels": {"0": "\ud800 naïve"}, "ids": ["a\udcff", "\\ud800"]}
    model_file.write(path, "example", header, {"ids": ["\ud800", "\ud83d\ude00"]})
    assert model_file.read(path) == ("example", header, {"ids": ["\ud800", "\ud83d\ude00"]})


def parts_of(path):
    """Return a file's content without its checksum, and its tensors."""
    with safetensors.safe_open(path, framework="numpy") as file:
        return file.metadata()["partwise-model"].rpartition(model_file.SEAL)[0], safetensors.numpy.load_file(path)


def sealed(path, text, tensors):
    """Write a file with the checksum that its content asks for."""
    text += f'{model_file.SEAL}"{model_file._checksum(text, tensors)}"}}'
    safetensors.numpy.save_file(tensors, path, {"partwise-model": text})


@pytest.mark.parametrize(
    ("part", "values", "error"),
    [
        ("sparse.indices", [9_999_999], "indices"),
        ("sparse.indptr", [0, 5, 1], "indptr|index pointer|indices"),
        ("words.ends", [-1, 5, 2, 1], "strings words"),
    ],
    ids=["column past the end", "rows that overlap", "strings that overlap"],
)
def test_arrays_that_do_not_fit_each_other_are_refused(path, part, values, error):
    text, tensors = parts_of(path)
    tensors[part][: len(values)] = values
    sealed(path, text, tensors)
    with pytest.raises(ModelFileError, match=f"damaged partwise model .*({error})"):
        model_file.read(path)


@pytest.mark.parametrize("change", [{"dtype": "I64"}, {"shape": [3, 5]}, {"shape": [15]}])
def test_a_changed_type_or_shape_is_damage_even_if_every_number_is_as_it_was(path, change):
    whole = path.read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8:end])
    header["plain"].update(change)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + whole[end:])
    with pytest.raises(ModelFileError, match="checksum"):
        model_file.read(path)


def test_the_same_content_gives_the_same_bytes(path):
    before = path.read_bytes()
    for _ in range(10):
        model_file.write(path, "example", HEADER, ARRAYS)
        assert path.read_bytes() == before


def test_format_1_is_read_and_its_damage_is_seen(path):
    text, tensors = parts_of(path)
    text = text.replace('"format_version": 2', '"format_version": 1') + "}"
    crc32 = model_file._checksum(text, tensors, shapes=False)
    safetensors.numpy.save_file(tensors, path, {"partwise-model": text, "crc32": crc32})
    kind, header, arrays = model_file.read(path)
    assert (kind, header) == ("example", HEADER)
    assert arrays["plain"].tobytes() == ARRAYS["plain"].tobytes()
    tensors["plain"][0, 0] += 1
    safetensors.numpy.save_file(tensors, path, {"partwise-model": text, "crc32": crc32})
    with pytest.raises(ModelFileError, match="checksum"):
        model_file.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"format_version": ' + "9" * 5000 + "}",
        *(f'{{"format_version": {value}}}' for value in ("NaN", "true", "1.5", "0", "-1", "null", "Infinity", "[]")),
        '{"format_version": 2, "kind": {}, "header": [], "arrays": 3}',
    ],
    ids=["deep", "huge number", "nan", "true", "fraction", "zero", "negative", "null", "infinite", "list", "types"],
)
@pytest.mark.parametrize("seal", [True, False])
def test_a_bomb_in_the_metadata_is_refused(path, text, seal):
    if seal:
        sealed(path, text[:-1], {})
    else:
        safetensors.numpy.save_file({}, path, {"partwise-model": text, "crc32": "0"})
    with pytest.raises(ModelFileError, match=r"a\.model is a damaged partwise model"):
        model_file.read(path)


@pytest.mark.parametrize(
    "content",
    [
        (2**63).to_bytes(8, "little") + b"{}",
        (90 << 20).to_bytes(8, "little") + b"{}",
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
        (66).to_bytes(8, "little") + b'{"a":{"dtype":"F64","shape":[1099511627776,1099511627776],"data_o":',
    ],
    ids=["length of the header", "header past the end", "deep header", "huge shape"],
)
def test_a_bomb_in_the_container_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not a partwise model"):
        model_file.read(path)


def test_a_device_and_a_pipe_are_no_models(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", "/dev/null", tmp_path / "pipe"):
        with pytest.raises(ModelFileError, match="a device or a pipe"):
            model_file.read(path)
