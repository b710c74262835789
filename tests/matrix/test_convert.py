"""as_matrix: what is taken as it is, what is converted, and what is refused with where, what and the way out."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from partwise.exceptions import DataError, ParameterError
from partwise.matrix import as_matrix, rescaled
from partwise.matrix.dense import Dense
from partwise.matrix.sparse import Sparse


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_dense_arrays_are_not_copied(dtype, order):
    X = np.ones((4, 3), dtype, order=order)
    assert np.shares_memory(as_matrix(X).X, X)


@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix, sp.csc_array, sp.csc_matrix])
def test_csr_and_csc_lend_their_entries(make):
    X = make(np.eye(4, 3))
    matrix = as_matrix(X)
    assert np.shares_memory((matrix if X.format == "csr" else matrix.T).X.data, X.data)


def test_a_matrix_is_returned_as_it_is():
    matrix = as_matrix(np.ones((2, 2)))
    assert as_matrix(matrix) is matrix


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], np.int8),
        np.array([[1, 2], [3, 4]], np.float16),
        np.array([[1, 2], [3, 4]], ">f8"),
        np.array([[1, 2], [3, 4]], object),
        np.ma.masked_array([[1.0, 2], [3, 4]]),
        pd.DataFrame({"a": [1, 3], "b": [2, 4]}),
        sp.csr_array(np.array([[1, 2], [3, 4]])),
        sp.lil_array(np.array([[1.0, 2], [3, 4]])),
        sp.dok_array(np.array([[1.0, 2], [3, 4]])),
        sp.bsr_array(np.array([[1.0, 2], [3, 4]])),
    ],
    ids=lambda X: f"{type(X).__name__} {getattr(X, 'dtype', '')}".strip(),
)
def test_other_data_becomes_float64(X):
    matrix = as_matrix(X)
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix.dense(np.arange(2)), [[1, 2], [3, 4]])


def test_booleans_count_as_zero_and_one():
    assert as_matrix(np.array([[True, False]])).total == 1


def test_the_caller_s_sparse_matrix_stays_as_it_is():
    X = sp.csr_array((np.ones(4), np.array([1, 0, 1, 1]), np.array([0, 2, 4])), shape=(2, 2))
    assert as_matrix(X).n_stored == 3
    assert X.nnz == 4
    np.testing.assert_array_equal(X.indices, [1, 0, 1, 1])


def test_read_only_sparse_arrays_are_taken():
    X = sp.csr_array((np.ones(3), np.array([1, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    for array in (X.data, X.indices, X.indptr):
        array.flags.writeable = False
    np.testing.assert_array_equal(as_matrix(X).product(np.eye(2)), X.toarray())


@pytest.mark.parametrize("make", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array, sp.coo_matrix])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "NaN"),
        (np.inf, "infinity"),
        (-np.inf, "infinity"),
        (-0.25, "Negative values"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_bad_entry_is_refused_by_its_place_the_number_of_such_and_a_way_out(make, value, words, dtype):
    X = np.ones((40, 30), dtype)
    X[3, 17], X[20, 2] = value, value
    with pytest.raises(DataError, match=words) as error:
        as_matrix(make(X))
    text = str(error.value)
    # the first in reading order; a CSC matrix and an array in Fortran order too, whatever order they keep entries in
    assert "X[3, 17]" in text
    assert "2 of 1,200 entries are" in text
    assert any(way in text for way in ("SimpleImputer", "Replace it", "np.clip(X, 0, None)"))
    if np.isfinite(value):
        assert "= -0.25 is negative" in text


def test_one_bad_entry_is_counted_in_the_singular_and_named_as_the_caller_does():
    with pytest.raises(
        DataError, match=r"passed to MyModel \(input H\): H\[0, 1\] = -1 is negative \(1 of 2 entries is\)"
    ):
        as_matrix(np.array([[1.0, -1.0]]), name="H", model="MyModel")


@pytest.mark.parametrize("make", [np.array, np.asfortranarray, pd.DataFrame, sp.csr_array, sp.csc_array, sp.coo_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_negative_entries_can_be_clipped_in_a_copy(make, dtype):
    dense = np.array([[1, -2, 0], [0, 3, -1]], dtype)
    X = make(dense)
    matrix = as_matrix(X, negatives="clip")
    assert matrix.dtype == (np.float64 if dtype is np.int64 else dtype)
    for found, expected in ((matrix, np.maximum(dense, 0)), (matrix.T, np.maximum(dense, 0).T)):
        np.testing.assert_array_equal(found.dense(np.arange(found.shape[0])), expected)
    np.testing.assert_array_equal(X.toarray() if sp.issparse(X) else X, dense)
    if sp.issparse(X):
        assert X.nnz == 4
        assert matrix.n_stored == 2


def test_entries_stored_twice_are_summed_before_they_are_clipped():
    X = sp.coo_array((np.array([3.0, -1.0, 1.0, -2.0]), ([0, 0, 1, 1], [0, 0, 1, 1])), shape=(2, 2))
    np.testing.assert_array_equal(as_matrix(X, negatives="clip").dense(np.arange(2)), [[2, 0], [0, 0]])


@pytest.mark.parametrize("make", [np.array, sp.csr_array])
def test_nothing_is_copied_where_nothing_is_to_be_clipped(make):
    X = make(np.eye(3))
    values = X.data if sp.issparse(X) else X
    assert np.shares_memory(as_matrix(X, negatives="clip").values(), values)


@pytest.mark.parametrize("make", [np.array, sp.csr_array])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_clipping_hides_neither_nan_nor_infinity(make, value):
    with pytest.raises(DataError, match=r"X\[1, 0\]"):
        as_matrix(make(np.array([[1.0, -1.0], [value, 2.0]])), negatives="clip")


def test_what_may_happen_to_negative_entries_is_one_of_two_names():
    with pytest.raises(ParameterError, match=r"negatives='clp' is not known.*'clip', 'error'.*mean 'clip'"):
        as_matrix(np.eye(2), negatives="clp")
    with pytest.raises(DataError, match=r"np\.clip\(X, 0, None\), or with negatives='clip' in a fit\.$"):
        as_matrix(-np.eye(2))
    with pytest.raises(DataError, match=r"np\.clip\(H, 0, None\)\.$"):
        as_matrix(-np.eye(2), name="H")


@pytest.mark.parametrize("make", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [5, 60])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((-1, np.inf, np.nan), r"NaN: X\[0, 3\]"),
        ((np.nan, np.inf, -np.inf), r"NaN: X\[0, 1\]"),
        ((-1, np.nan, -1), r"NaN: X\[0, 2\]"),
        ((-1, 1, -np.inf), r"infinity or a value too large: X\[0, 3\] = -inf"),
        ((-1, np.inf, -2), r"infinity or a value too large: X\[0, 2\] = inf"),
        ((1, np.inf, -np.inf), r"infinity or a value too large: X\[0, 2\] = inf \(2 of"),
        ((-np.inf, np.inf, -1), r"infinity or a value too large: X\[0, 1\] = -inf \(2 of"),
        ((1, -1, -2), r"X\[0, 2\] = -1 is negative \(2 of"),
    ],
)
def test_nan_is_named_before_infinity_and_infinity_before_what_is_negative(make, dtype, size, wrong, words):
    """The sum of both infinities is NaN: it must not be taken for one in the data."""
    X = np.ones((2, size), dtype)
    X[0, 1:4] = wrong
    with pytest.raises(DataError, match=words):
        as_matrix(make(X))


def test_the_largest_numbers_are_taken_though_their_sum_overflows():
    X = np.full((40, 30), np.finfo(np.float64).max)
    for make in (np.array, np.asfortranarray, sp.csr_array, sp.csc_array):
        assert as_matrix(make(X)).total == np.inf


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.ones((0, 3)), "0 sample"),
        (np.ones((3, 0)), "0 feature"),
        (np.ones(3), "2D array"),
        (np.ones((2, 2, 2)), "dim 3"),
        (np.ones((2, 2)) * 1j, "Complex"),
        (sp.csr_array((3, 0)), "0 feature"),
        (sp.csc_array((0, 3)), "0 sample"),
    ],
)
def test_other_shapes_and_numbers_are_refused(X, words):
    with pytest.raises(ValueError, match=words):
        as_matrix(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_depend_on_the_data_alone_and_are_of_about_equal_work(dtype):
    rng = np.random.default_rng(0)
    dense = as_matrix(np.ones((1000, 2000), dtype))
    sparse = as_matrix(sp.random_array((4000, 500), density=0.2, rng=rng, dtype=dtype, format="csr"))
    for X in (dense, sparse, dense.T, sparse.T):
        assert len(X.blocks) > 1
        sizes = np.array([last - first for first, last in X.blocks])
        assert sizes.min() > 0
        assert sizes.max() <= sizes[:-1].min() + 64
    assert as_matrix(np.ones((1000, 2000), dtype)).blocks == dense.blocks


def test_data_of_ordinary_size_is_not_rescaled():
    for X in (np.full((2, 2), 1e5), np.full((2, 2), 1e-5), np.zeros((2, 2)), np.full((2, 2), 3, np.float32)):
        matrix = as_matrix(X)
        assert rescaled(matrix) == (matrix, 1.0)


def test_the_storages_are_dense_and_sparse():
    assert isinstance(as_matrix(np.ones((2, 2))), Dense)
    assert isinstance(as_matrix(sp.coo_array(np.ones((2, 2)))), Sparse)
