"""csr_count_rows and csr_pick: some rows and columns of a CSR matrix, against scipy."""

import numpy as np
import pytest

ROWS = [[], [0], [22, 3, 3, 0], list(range(23)), [7, 8]]


@pytest.mark.parametrize("rows", ROWS)
def test_columns_of_the_rows_listed_are_counted(loops, counts, rows):
    found = np.full(19, 2, counts.indices.dtype)
    loops.csr_count_rows(counts.indptr, counts.indices, np.array(rows, np.int64), found)
    np.testing.assert_array_equal(found, 2 + (counts.toarray()[rows] != 0).sum(axis=0))


@pytest.mark.parametrize("columns", [[], [0, 5, 18], list(range(19))])
@pytest.mark.parametrize("rows", ROWS)
def test_rows_and_columns_are_picked(loops, counts, rows, columns):
    expected = counts[rows][:, columns]
    numbers = np.full(19, -1, counts.indices.dtype)
    numbers[columns] = np.arange(len(columns))
    indptr, indices = (np.full(size, -1, counts.indices.dtype) for size in (len(rows) + 1, expected.nnz))
    values = np.full(expected.nnz, np.nan, counts.dtype)
    given = counts.indptr, counts.indices, counts.data, np.array(rows, np.int64), numbers
    loops.csr_pick(*given, indptr, indices, values)
    np.testing.assert_array_equal(indptr, expected.indptr)
    np.testing.assert_array_equal(indices, expected.indices)
    np.testing.assert_array_equal(values, expected.data)
    longer = (np.zeros(expected.nnz + 1, array.dtype) for array in (indices, values))
    with pytest.raises(ValueError, match="another length"):
        loops.csr_pick(*given, indptr, *longer)


@pytest.mark.parametrize("row", [-1, 23])
def test_rows_outside_the_matrix_are_refused(loops, counts, row):
    with pytest.raises(ValueError, match="rows lie outside X"):
        loops.csr_count_rows(counts.indptr, counts.indices, np.array([0, row]), np.zeros(19, counts.indices.dtype))
    with pytest.raises(ValueError, match="rows lie outside X"):
        loops.csr_pick(
            counts.indptr, counts.indices, counts.data, np.array([row]), np.full(19, -1, counts.indices.dtype),
            np.zeros(2, counts.indices.dtype), counts.indices[:0].copy(), counts.data[:0].copy(),
        )  # fmt: skip
