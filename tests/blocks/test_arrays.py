"""Arrays, memory maps and CSR matrices that are already there."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import open_blocks
from partwise.blocks.npy import NpyRows
from partwise.exceptions import DataError, DataTypeError

SMALL = "512KiB"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_an_array_gives_its_rows(dense, gives, dtype):
    data = dense.astype(dtype)
    wanted = data.astype(np.float64) if dtype is np.int16 else data
    for X in (data, np.asfortranarray(data), np.repeat(data, 2, axis=1)[:, ::2]):
        gives(open_blocks(X, SMALL), wanted, fits=X is data)


def test_a_memory_map_is_read_as_its_file_and_a_part_of_it_as_an_array(tmp_path, dense, gives):
    np.save(tmp_path / "x.npy", dense)
    X = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert isinstance(open_blocks(X, SMALL), NpyRows)
    gives(open_blocks(X, SMALL), dense)
    gives(open_blocks(X[100:], SMALL), dense[100:], fits=False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, bool])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_a_csr_matrix_gives_its_rows(sparse, gives, dtype, index):
    data = sp.csr_array((sparse.data.astype(dtype), sparse.indices.astype(index), sparse.indptr.astype(index)))
    wanted = sparse.astype(dtype).astype(np.float32 if dtype is np.float32 else np.float64)
    gives(open_blocks(sp.csr_array(data, shape=sparse.shape), "256KiB"), wanted)


def test_rows_out_of_order_are_put_in_order(sparse):
    X = sparse.copy()
    for i in range(0, 1000, 3):
        row = slice(X.indptr[i], X.indptr[i + 1])
        X.indices[row], X.data[row] = X.indices[row][::-1].copy(), X.data[row][::-1].copy()
    source = open_blocks(sp.csr_array((X.data, X.indices, X.indptr), shape=X.shape), "256KiB")
    for _ in range(2):  # the second time it is known to be sound
        found = source.block(*source.blocks[1])
        np.testing.assert_array_equal(found.indices, sparse[slice(*source.blocks[1])].indices)


def test_what_is_kept_by_columns_is_refused_with_the_way_out(tmp_path, dense, sparse):
    np.save(tmp_path / "x.npy", np.asfortranarray(dense))
    for X in (sparse.tocsc(), sparse.tocoo(), np.load(tmp_path / "x.npy", mmap_mode="r")):
        with pytest.raises(DataError, match=r'reading a block of rows.* partwise\.convert\(X, "X\.blocks"\)'):
            open_blocks(X)


def test_indices_outside_a_matrix_and_bad_entries_are_named(sparse, fitted):
    X = sparse.copy()
    X.data[X.indptr[900]] = -1
    with pytest.raises(DataError, match=r"X\[900, \d+\] = -1 is negative"):
        fitted(open_blocks(X, "192KiB"))
    X.indices[0] = 40
    with pytest.raises(DataError, match="outside its shape"):
        open_blocks(X)


def test_other_objects_are_refused():
    with pytest.raises(DataTypeError, match="got list"):
        open_blocks([np.ones((2, 2))])
    with pytest.raises(DataError, match="Save real numbers"):
        open_blocks(np.array([["a"]]))
