"""csr_count and csr_scatter: the transpose of rows of a CSR matrix, against scipy's."""

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


def count(loops, X, first, last):
    counts = np.zeros(X.shape[1], X.indices.dtype)
    loops.csr_count(X.indptr, X.indices, counts, first, last)
    return counts


def turn(loops, X, pieces):
    """Return the transpose of adjoining pieces of rows in CSR form, each piece scattered from where it is to begin."""
    counts = np.array([count(loops, X, *piece) for piece in pieces])
    indptr = np.concatenate(([0], np.cumsum(counts.sum(axis=0)))).astype(X.indptr.dtype)
    next_ = (indptr[:-1] + np.cumsum(counts, axis=0) - counts).astype(X.indptr.dtype)
    rows, entries = np.full(indptr[-1], -1, X.indices.dtype), np.full(indptr[-1], np.nan, X.data.dtype)
    for piece, places in zip(pieces, next_, strict=True):
        loops.csr_scatter(X.indptr, X.indices, X.data, places, rows, entries, *piece)
    np.testing.assert_array_equal(next_[-1], indptr[1:])  # each column has gone on to where the one after it begins
    return indptr, rows, entries


def expected(X, first, last):
    turned = X[first:last].T.tocsr()
    return turned.indptr, turned.indices + first, turned.data


@pytest.mark.parametrize("rows", RANGES)
def test_columns_are_counted(loops, X, rows):
    np.testing.assert_array_equal(count(loops, X, *rows), (X.toarray()[slice(*rows)] != 0).sum(axis=0))


def test_counts_are_added_to_what_is_there(loops, X):
    counts = np.full(19, 7, X.indices.dtype)
    loops.csr_count(X.indptr, X.indices, counts, 0, 23)
    np.testing.assert_array_equal(counts, 7 + count(loops, X, 0, 23))


@pytest.mark.parametrize("rows", RANGES)
def test_a_range_of_rows_is_transposed_with_its_numbers_in_the_matrix(loops, X, rows):
    for found, wanted in zip(turn(loops, X, [rows]), expected(X, *rows), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("edges", [(0, 11, 23), (0, 1, 2, 22, 23), (0, 7, 9, 23), (0, 0, 23), tuple(range(24))])
def test_pieces_of_rows_make_the_transpose_of_the_whole(loops, X, edges):
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
        loops.csr_count(X.indptr, X.indices, np.zeros(19, X.indices.dtype), *rows)
    with pytest.raises(ValueError, match="rows"):
        loops.csr_scatter(X.indptr, X.indices, X.data, whole[0][:-1].copy(), *whole[1:], *rows)


@pytest.mark.parametrize("short", ["values", "rows", "entries"])
def test_arrays_of_different_lengths_are_refused(loops, X, short):
    indptr, rows, entries = turn(loops, X, [(0, 23)])
    arrays = {"values": X.data, "rows": rows, "entries": entries}
    arrays[short] = arrays[short][:-1].copy()
    with pytest.raises(ValueError, match="length"):
        loops.csr_scatter(X.indptr, X.indices, **arrays, next=indptr[:-1].copy(), first=0, last=23)
