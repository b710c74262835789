"""Damaged files, devices and pipes: an error that names the file, whatever the library that reads it makes of it."""

import gzip
import io
import os
import random

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp

from partwise.exceptions import DataError
from partwise.tables import read_numbers, read_reads, read_texts

X = np.random.default_rng(0).random((9, 7))
S = sp.random_array((9, 7), density=0.4, rng=0, format="csr")


def in_memory(write, *arguments):
    content = io.BytesIO()
    write(content, *arguments)
    return content.getvalue()


def parquet():
    return pd.DataFrame(X, columns=list("abcdefg")).to_parquet()


FORMATS = {
    "dense.npy": lambda: in_memory(np.save, X),
    "dense.npz": lambda: in_memory(np.savez_compressed, X),
    "csr.npz": lambda: in_memory(sp.save_npz, S),
    "csc.npz": lambda: in_memory(sp.save_npz, S.tocsc()),
    "coo.npz": lambda: in_memory(sp.save_npz, S.tocoo()),
    "sparse.mtx": lambda: in_memory(scipy.io.mmwrite, S),
    "sparse.mtx.gz": lambda: gzip.compress(in_memory(scipy.io.mmwrite, S), mtime=0),
    "table.csv.gz": lambda: gzip.compress(in_memory(np.savetxt, X), mtime=0),
    "table.parquet": parquet,
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.filterwarnings("ignore")  # of the libraries, about what they read
def test_a_damaged_file_is_read_as_a_sound_matrix_or_refused_by_its_name(tmp_path, name):
    whole, chance, path, refused = FORMATS[name](), random.Random(0), tmp_path / name, 0
    for trial in range(60):
        damaged = bytearray(whole)
        place = chance.randrange(len(damaged))
        if trial % 3 == 0:
            del damaged[place:]
        elif trial % 3 == 1:
            damaged[place] ^= 1 << chance.randrange(8)
        else:
            damaged[place : place + 64] = bytes(len(damaged[place : place + 64]))
        path.write_bytes(damaged)
        try:
            found = read_numbers(path).X
        except DataError as error:
            assert name in str(error)  # noqa: PT017  most trials end here, but not all
            refused += 1
            continue
        if sp.issparse(found):
            found.check_format(full_check=True)
    assert refused >= 15


@pytest.mark.parametrize("format_", ["csr", "csc", "coo"])
@pytest.mark.parametrize("wrong", [-1, 7, 10**6])
def test_sparse_indices_that_lead_out_of_the_matrix_are_refused(tmp_path, format_, wrong):
    part = {"csr": "indices", "csc": "indices", "coo": "col"}[format_]
    with np.load(io.BytesIO(in_memory(sp.save_npz, S.asformat(format_)))) as held:
        arrays = dict(held)
    arrays[part][2] = wrong + (2 if format_ == "csc" and wrong == 7 else 0)
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=r"a\.npz"):
        read_numbers(tmp_path / "a.npz")


@pytest.mark.filterwarnings("ignore")
def test_an_h5ad_file_with_a_wrong_index_or_a_torn_end_is_refused(tmp_path):
    anndata, h5py = pytest.importorskip("anndata"), pytest.importorskip("h5py")
    path = tmp_path / "a.h5ad"
    anndata.AnnData(X=sp.csr_matrix(S)).write_h5ad(path)
    whole = path.read_bytes()
    with h5py.File(path, "r+") as file:
        file["X/indices"][3] = 10**6
    with pytest.raises(DataError, match=r"a\.h5ad"):
        read_numbers(path)
    for length in (0, 100, len(whole) // 2, len(whole) - 8):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"a\.h5ad"):
            read_numbers(path)


def test_pickled_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    trap = np.array([[Trap()]], dtype=object)
    np.save(tmp_path / "a.npy", trap, allow_pickle=True)
    np.savez(tmp_path / "a.npz", X=trap, allow_pickle=True)
    np.savez(tmp_path / "b.npz", data=trap, indices=[0], indptr=[0, 1], shape=[1, 1], format=b"csr", _is_array=True)
    for name in ("a.npy", "a.npz", "b.npz"):
        with pytest.raises(DataError, match=name):
            read_numbers(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("ending", [".npy", ".npz", ".mtx", ".csv", ".csv.gz", ".parquet", ".h5ad"])
def test_devices_and_pipes_are_refused_instead_of_waited_for(tmp_path, ending):
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"zero{ending}").symlink_to("/dev/zero")
    for name in (f"pipe{ending}", f"zero{ending}"):
        with pytest.raises(DataError, match="is a device or a pipe"):
            read_numbers(tmp_path / name)


@pytest.mark.parametrize("reader", [read_texts, lambda path: read_reads(path, {"reader": "r"})])
@pytest.mark.parametrize("content", ["[" * 100_000, '{"r": ' + "9" * 5000 + "}", "{", "[1]", "3"])
def test_lines_of_json_that_are_no_objects_are_named(tmp_path, reader, content):
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=r"a\.jsonl, line 1"):
        reader(path)
