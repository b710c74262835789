"""csr_dot: the product of a CSR matrix with a thin dense one."""

import numpy as np
import pytest

WIDTHS = [*range(1, 10), 12, 13, 15, 16, 17, 20, 21, 24, 25, 29, 31, 33, 50, 64, 65, 100, 130]
RTOL = {np.float32: 1e-6, np.float64: 1e-14}  # about ten roundings, for sums of at most 19 terms of one sign


def product(loops, X, right, first=0, last=None):
    last = X.shape[0] if last is None else last
    out = np.full((last - first, right.shape[1]), np.nan, X.dtype)
    loops.csr_dot(X.indptr, X.indices, X.data, right, out, first, last)
    return out


@pytest.mark.parametrize("k", WIDTHS)
def test_the_product_is_that_of_the_dense_arrays(loops, counts, rng, dtype, k):
    right = rng.random((19, k)).astype(dtype)
    np.testing.assert_allclose(product(loops, counts, right), counts.toarray() @ right, rtol=RTOL[dtype])


@pytest.mark.parametrize("k", WIDTHS)
def test_in_add_mode_the_product_is_added_to_what_is_there(loops, counts, rng, dtype, k):
    right, out = rng.random((19, k)).astype(dtype), rng.random((23, k)).astype(dtype)
    expected = out + counts.toarray() @ right
    loops.csr_dot(counts.indptr, counts.indices, counts.data, right, out, 0, 23, True)
    np.testing.assert_allclose(out, expected, rtol=RTOL[dtype])


@pytest.mark.parametrize("k", [1, 5, 17, 100])
@pytest.mark.parametrize("rows", [(0, 0), (0, 1), (5, 9), (7, 9), (22, 23), (3, 23)])
def test_a_range_of_rows_has_the_bits_of_the_whole_product(loops, counts, rng, dtype, k, rows):
    right = rng.random((19, k)).astype(dtype)
    np.testing.assert_array_equal(product(loops, counts, right, *rows), product(loops, counts, right)[slice(*rows)])


def test_rows_of_out_past_the_range_stay_as_they_are(loops, counts, rng, dtype):
    out = np.full((23, 9), 7, dtype)
    loops.csr_dot(counts.indptr, counts.indices, counts.data, rng.random((19, 9)).astype(dtype), out, 4, 10)
    assert (out[6:] == 7).all()


def test_a_matrix_without_entries_gives_zeros(loops, dtype, index):
    nothing = np.zeros(0, index), np.zeros(0, dtype)
    out = np.ones((3, 5), dtype)
    loops.csr_dot(np.zeros(4, index), *nothing, np.ones((2, 5), dtype), out, 0, 3)
    assert not out.any()


def test_read_only_arrays_are_read(loops, counts, rng, dtype):
    right = rng.random((19, 4)).astype(dtype)
    for array in (counts.indptr, counts.indices, counts.data, right):
        array.flags.writeable = False
    np.testing.assert_allclose(product(loops, counts, right), counts.toarray() @ right, rtol=RTOL[dtype])


@pytest.mark.parametrize(
    ("out", "rows", "text"),
    [
        ((22, 4), (0, 23), "out"),
        ((23, 3), (0, 23), "out"),
        ((23, 4), (0, 24), "rows"),
        ((23, 4), (-1, 5), "rows"),
        ((23, 4), (5, 4), "rows"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(loops, counts, dtype, out, rows, text):
    right = np.ones((19, 4), dtype)
    with pytest.raises(ValueError, match=text):
        loops.csr_dot(counts.indptr, counts.indices, counts.data, right, np.empty(out, dtype), *rows)


def test_values_and_indices_of_different_lengths_are_refused(loops, counts, dtype):
    with pytest.raises(ValueError, match="length"):
        loops.csr_dot(
            counts.indptr, counts.indices, counts.data[:-1], np.ones((19, 4), dtype), np.empty((23, 4), dtype), 0, 23
        )
