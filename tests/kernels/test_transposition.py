"""csr_count and csr_scatter: the transpose of rows of a CSR matrix, against scipy's; turn: that of a dense array."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

RANGES = [(0, 23), (0, 0), (0, 1), (5, 9), (7, 9), (22, 23), (3, 23), (23, 23)]


@pytest.fixture
def X(counts, dtype, index):
    """A CSR matrix (23, 19) with empty rows and columns, first and last ones too; no two entries are the same."""
    dense = counts.toarray()
    dense[:, [0, 9, 10, 18]] = 0
    X = sp.csr_array(dense)
    X.indptr, X.indices = X.indptr.astype(index), X.indices.astype(index)
    X.data = np.arange(1, X.nnz + 1).astype(dtype)
    return X


def count(loops, X, *edges):
    """Return the counts of each block, (blocks, m)."""
    counts = np.zeros((len(edges) - 1, X.shape[1]), X.indices.dtype)
    loops.csr_count(X.indptr, X.indices, counts, np.array(edges))
    return counts


def turn(loops, X, blocks):
    """Return the transpose of adjoining blocks of rows in CSR form, each block scattered from where it is to begin."""
    counts = count(loops, X, blocks[0][0], *(last for _, last in blocks))
    indptr = np.concatenate(([0], np.cumsum(counts.sum(axis=0)))).astype(X.indptr.dtype)
    next_ = (indptr[:-1] + np.cumsum(counts, axis=0) - counts).astype(X.indptr.dtype)
    rows, entries = np.full(indptr[-1], -1, X.indices.dtype), np.full(indptr[-1], np.nan, X.data.dtype)
    for block, places in zip(blocks, next_, strict=True):
        loops.csr_scatter(X.indptr, X.indices, X.data, places, rows, entries, *block)
    np.testing.assert_array_equal(next_[-1], indptr[1:])  # each column has gone on to where the one after it begins
    return indptr, rows, entries


def expected(X, first, last):
    turned = X[first:last].T.tocsr()
    return turned.indptr, turned.indices + first, turned.data


@pytest.mark.parametrize("rows", RANGES)
def test_columns_are_counted(loops, X, rows):
    np.testing.assert_array_equal(count(loops, X, *rows)[0], (X.toarray()[slice(*rows)] != 0).sum(axis=0))


def test_counts_are_added_to_what_is_there(loops, X):
    counts = np.full((1, 19), 7, X.indices.dtype)
    loops.csr_count(X.indptr, X.indices, counts, np.array([0, 23]))
    np.testing.assert_array_equal(counts, 7 + count(loops, X, 0, 23))


@pytest.mark.parametrize("rows", RANGES)
def test_a_range_of_rows_is_transposed_with_its_numbers_in_the_matrix(loops, X, rows):
    for found, wanted in zip(turn(loops, X, [rows]), expected(X, *rows), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("edges", [(0, 11, 23), (0, 1, 2, 22, 23), (0, 7, 9, 23), (0, 0, 23), tuple(range(24))])
def test_blocks_of_rows_make_the_transpose_of_the_whole(loops, X, edges):
    for found, wanted in zip(turn(loops, X, list(pairwise(edges))), expected(X, 0, 23), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_matrix_without_entries_has_an_empty_transpose(loops, dtype, index):
    X = sp.csr_array((3, 5), dtype=dtype)
    X.indptr, X.indices = X.indptr.astype(index), X.indices.astype(index)
    indptr, rows, entries = turn(loops, X, [(0, 2), (2, 3)])
    assert not indptr.any()
    assert rows.size == entries.size == 0


def test_read_only_arrays_are_read(loops, X):
    for array in (X.indptr, X.indices, X.data):
        array.flags.writeable = False
    for found, wanted in zip(turn(loops, X, [(0, 23)]), expected(X, 0, 23), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("rows", [(0, 24), (-1, 5), (5, 4)])
def test_rows_outside_the_matrix_are_refused(loops, X, rows):
    whole = turn(loops, X, [(0, 23)])
    with pytest.raises(ValueError, match="rows"):
        count(loops, X, *rows)
    with pytest.raises(ValueError, match="rows"):
        loops.csr_scatter(X.indptr, X.indices, X.data, whole[0][:-1].copy(), *whole[1:], *rows)


@pytest.mark.parametrize("short", ["values", "rows", "entries"])
def test_arrays_of_different_lengths_are_refused(loops, X, short):
    indptr, rows, entries = turn(loops, X, [(0, 23)])
    arrays = {"values": X.data, "rows": rows, "entries": entries}
    arrays[short] = arrays[short][:-1].copy()
    with pytest.raises(ValueError, match="length"):
        loops.csr_scatter(X.indptr, X.indices, **arrays, next=indptr[:-1].copy(), first=0, last=23)


@pytest.mark.parametrize("edges", [(0, 23), (0, 5, 5, 23), (0, 4, 24)])
def test_counts_of_another_number_of_blocks_are_refused(loops, X, edges):
    counts = np.zeros((4, 19), X.indices.dtype)
    with pytest.raises(ValueError, match=r"blocks|rows"):
        loops.csr_count(X.indptr, X.indices, counts, np.array(edges))


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 5), (64, 64), (65, 20), (7, 300), (200, 131)])
def test_a_dense_array_is_turned(loops, rng, dtype, shape):
    source = rng.random(shape).astype(dtype)
    out = np.full(shape[::-1], np.nan, dtype)
    loops.turn(source, out)
    np.testing.assert_array_equal(out, source.T)


@pytest.mark.parametrize("shape", [(3, 5), (5, 4), (4, 3)])
def test_an_array_is_turned_into_one_of_its_shape_alone(loops, dtype, shape):
    with pytest.raises(ValueError, match="another shape"):
        loops.turn(np.ones((3, 5), dtype), np.ones(shape, dtype))
