"""What counts as unknown: None, NaN, zeros and what a sparse X does not store, with weights and without."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from partwise import NMF, factorize
from partwise.exceptions import DataError, ParameterError
from partwise.matrix import as_matrix, unknown
from partwise.matrix.dense import Dense
from partwise.matrix.observed import Observed
from partwise.matrix.sparse import Sparse

NAN = np.nan
X = np.array([[1.0, 2, 0, 4], [5, 0, 7, 8], [9, 10, 11, 0]])
WEIGHT = np.array([[1.0, 2, 0, 1], [0, 1, 1, 1], [3, 0, 0, 0.5]])


def stored_zero(X):
    """CSR with the zero at [1, 1] stored, the others absent."""
    i, j = np.nonzero((X != 0) | (np.arange(X.size).reshape(X.shape) == 5))
    return sp.csr_array((X[i, j], (i, j)), shape=X.shape)


def duplicates(X):
    """COO with each entry stored as two halves."""
    i, j = np.nonzero(X)
    return sp.coo_array((np.tile(X[i, j] / 2, 2), (np.tile(i, 2), np.tile(j, 2))), shape=X.shape)


def duplicated_rows(X):
    """CSR that stores each entry as two halves: no canonical format."""
    coo = duplicates(X)
    order = np.argsort(coo.row, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(coo.row, minlength=X.shape[0]))])
    return sp.csr_array((coo.data[order], coo.col[order], ends), shape=X.shape)


STORES = [np.array, sp.csr_array, sp.csr_matrix, sp.csc_array, sp.coo_matrix, stored_zero, duplicates, duplicated_rows]
every_store = pytest.mark.parametrize("store", STORES, ids=lambda store: store.__name__)
SPARSE_STORES = [store for store in STORES if store not in (np.array, stored_zero)]


def known_zero(store):
    """Where a store keeps a zero of X as known."""
    where = np.zeros(X.shape, bool)
    where[1, 1] = store is stored_zero
    return where


def taken(matrix):
    """Return (values, weights) of an Observed as whole arrays; a weight of zero is an unknown entry."""
    assert type(matrix) is Observed
    known = matrix.known.X
    ones = sp.csr_array((np.ones(known.nnz), known.indices, known.indptr), shape=known.shape)
    weights = ones if matrix.weights is None else matrix.weights.X
    np.testing.assert_array_equal(weights.indptr, known.indptr)
    np.testing.assert_array_equal(weights.indices, known.indices)
    assert matrix.weights is None or weights.dtype == matrix.dtype
    return known.toarray(), weights.toarray()


@pytest.mark.parametrize("missing", [NAN, np.float32(NAN), float("nan")])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_is_unknown_and_zeros_are_known(missing, order, dtype):
    gaps = np.array(X, dtype, order=order)
    gaps[0, 1] = gaps[2, 3] = NAN
    matrix = as_matrix(gaps, missing_values=missing)
    values, weights = taken(matrix)
    assert (matrix.dtype, matrix.weights) == (dtype, None)
    np.testing.assert_array_equal(values, np.nan_to_num(gaps))
    np.testing.assert_array_equal(weights, ~np.isnan(gaps))


@pytest.mark.parametrize(
    "gaps",
    [[[1, None], [3, 4]], np.array([[1, None], [3, 4]], object), pd.DataFrame({"a": [1, 3], "b": [NAN, 4]})],
    ids=["lists", "objects", "frame"],
)
def test_none_in_lists_and_gaps_of_a_frame_are_nan(gaps):
    _, weights = taken(as_matrix(gaps, missing_values=NAN))
    np.testing.assert_array_equal(weights, [[1, 0], [1, 1]])


def test_zeros_of_a_dense_array_are_unknown_where_zero_says_so():
    for missing in (0, 0.0, np.int8(0), -0.0):
        values, weights = taken(as_matrix(X, missing_values=missing))
        np.testing.assert_array_equal(values, X)
        np.testing.assert_array_equal(weights, X != 0)


@every_store
def test_of_a_sparse_matrix_what_is_not_stored_is_unknown_where_zero_says_so(store):
    values, weights = taken(as_matrix(store(X), missing_values=0))
    np.testing.assert_array_equal(values, X)
    np.testing.assert_array_equal(weights, (X != 0) | known_zero(store))


@every_store
def test_of_a_sparse_matrix_with_nan_absent_entries_are_known_zeros(store):
    gaps = X.copy()
    gaps[2, 1] = NAN
    values, weights = taken(as_matrix(store(gaps), missing_values=NAN))
    np.testing.assert_array_equal(values, np.nan_to_num(gaps))
    np.testing.assert_array_equal(weights, ~np.isnan(gaps))


@pytest.mark.parametrize("missing", [None, NAN, 0])
def test_data_without_gaps_stays_what_it_was(missing):
    whole = X + 1
    matrix = as_matrix(whole, missing_values=missing)
    assert type(matrix) is Dense
    assert np.shares_memory(matrix.values(), whole)
    sparse = as_matrix(sp.csr_array(whole), missing_values=missing)
    assert type(sparse) is (Observed if missing == 0 else Sparse)  # it is known by what it stores, which here is all
    assert sparse.n_stored == X.size


@pytest.mark.parametrize("ones", [1, np.ones(X.shape), np.ones(X.shape, np.int8), np.ones(X.shape, bool)])
def test_weights_of_one_everywhere_are_no_weights(ones):
    assert type(as_matrix(X, entry_weight=np.broadcast_to(ones, X.shape))) is Dense
    assert type(as_matrix(sp.csr_array(X), entry_weight=np.broadcast_to(ones, X.shape))) is Sparse


@every_store
@pytest.mark.parametrize("keep", [np.array, *SPARSE_STORES], ids=lambda keep: keep.__name__)
@pytest.mark.parametrize("missing", [None, NAN, 0])
def test_weights_hold_however_they_and_x_are_stored(store, keep, missing):
    values, weights = taken(as_matrix(store(X), entry_weight=keep(WEIGHT), missing_values=missing))
    known = (X != 0) | known_zero(store) if missing == 0 else np.ones(X.shape, bool)
    np.testing.assert_array_equal(weights, np.where(known, WEIGHT, 0))
    np.testing.assert_array_equal(values, np.where(weights > 0, X, 0))


@every_store
@pytest.mark.parametrize("keep", [np.array, sp.csr_array])
def test_nan_and_infinity_under_a_weight_of_zero_do_not_matter(store, keep):
    odd = X.copy()
    odd[2, 1], odd[2, 2] = NAN, np.inf
    _, weights = taken(as_matrix(store(odd), entry_weight=keep(WEIGHT)))
    np.testing.assert_array_equal(weights, WEIGHT)


def test_a_weight_of_zero_is_unknown_and_weights_of_zero_and_one_need_no_array():
    matrix = as_matrix(X, entry_weight=X > 0)
    np.testing.assert_array_equal(taken(matrix)[1], X > 0)
    assert matrix.weights is None


def test_clipped_entries_are_known_zeros():
    for missing, gap in ((NAN, NAN), (0, 0)):
        negative = np.array([[1.0, -2], [gap, 4]])
        for store in (np.array, sp.csr_array):
            values, weights = taken(as_matrix(store(negative), missing_values=missing, negatives="clip"))
            np.testing.assert_array_equal(values, [[1, 0], [0, 4]])
            np.testing.assert_array_equal(weights, [[1, 1], [0, 1]])
        with pytest.raises(DataError, match=r"X\[0, 1\] = -2 is negative"):
            as_matrix(negative, missing_values=missing)


def test_the_caller_s_arrays_stay_as_they_are():
    gaps, weight, coo = X.copy(), duplicated_rows(WEIGHT), duplicates(X)
    gaps[0, 0] = NAN
    copies = gaps.copy(), weight.copy(), coo.copy()
    as_matrix(gaps, missing_values=NAN, entry_weight=weight)
    as_matrix(coo, missing_values=0, entry_weight=weight)
    np.testing.assert_array_equal(gaps, copies[0])
    np.testing.assert_array_equal(weight.data, copies[1].data)
    np.testing.assert_array_equal(coo.data, copies[2].data)


@pytest.mark.parametrize("missing", ["nan", -1, True, False, np.inf, [], 1j, np.nan + 1j])
def test_another_mark_is_refused_with_the_way_out(missing):
    with pytest.raises(ParameterError, match=r"missing_values=.* must be None.*np\.nan, or 0.*to np\.nan"):
        as_matrix(X, missing_values=missing)


def test_nan_that_is_not_said_to_be_unknown_is_refused_with_the_way_out():
    gaps = X.copy()
    gaps[1, 2] = NAN
    for refused in (
        lambda: as_matrix(gaps),
        lambda: as_matrix(gaps, missing_values=0),
        lambda: as_matrix(gaps, entry_weight=X + 1),
        lambda: NMF(2).fit(gaps),
        lambda: NMF(2, missing_values=NAN, random_state=0).fit(gaps).set_params(missing_values=None).transform(gaps),
        lambda: factorize(gaps, 2, missing_values=NAN, random_state=0).transform(gaps),
    ):
        with pytest.raises(
            DataError, match=r"NaN: X\[1, 2\] is unknown \(1 of 12 entries is\).*missing_values=np\.nan"
        ):
            refused()


@pytest.mark.parametrize("bad", [NAN, np.inf, -1.0])
@pytest.mark.parametrize("keep", [np.array, sp.csr_array])
def test_weights_that_are_no_weights_are_refused(bad, keep):
    weight = WEIGHT.copy()
    weight[0, 0] = bad
    with pytest.raises(ParameterError, match="entry_weight must be finite, at least 0, and not zero everywhere"):
        as_matrix(X, entry_weight=keep(weight))


def test_weights_of_zero_alone_or_of_another_shape_are_refused():
    with pytest.raises(ParameterError, match="not zero everywhere"):
        as_matrix(X, entry_weight=np.zeros(X.shape))
    with pytest.raises(ParameterError, match="not zero everywhere"):
        as_matrix(X, entry_weight=sp.csr_array(X.shape))
    with pytest.raises(ParameterError, match=r"shape \(3, 3\), X has shape \(3, 4\)"):
        as_matrix(X, entry_weight=np.ones((3, 3)))
    with pytest.raises(ParameterError, match="entry_weight cannot go with a Matrix"):
        as_matrix(as_matrix(X), entry_weight=np.ones(X.shape))


@pytest.mark.parametrize("keep", [np.array, sp.csr_array])
def test_weights_that_would_drown_the_data_are_refused(keep):
    for weight in (WEIGHT * 1e60, WEIGHT * 1e-60):
        with pytest.raises(ParameterError, match=r"entry_weight has .* as its largest.*divide them by their mean"):
            as_matrix(X, entry_weight=keep(weight))


def test_a_huge_sparse_x_is_refused_rather_than_stored_cell_by_cell(monkeypatch):
    huge = sp.csr_array((np.array([1.0, NAN]), ([0, 1], [2, 3])), shape=(100_000, 100_000))
    with pytest.raises(DataError, match=r"10,000,000,000 cells.*missing_values=0.*sparse entry_weight"):
        as_matrix(huge, missing_values=NAN)
    assert as_matrix(huge[:1], missing_values=0).n_stored == 1
    weight = sp.csr_array((np.ones(2), ([0, 5], [2, 7])), shape=huge.shape)
    matrix = as_matrix(huge, missing_values=NAN, entry_weight=weight)
    assert matrix.n_stored == 2
    assert matrix.total == 1
    monkeypatch.setattr(unknown, "MOST_CELLS", 11)
    with pytest.raises(DataError, match="12 cells"):
        as_matrix(sp.csr_array(X), entry_weight=WEIGHT)


@pytest.mark.parametrize("missing", [None, NAN, 0])
@pytest.mark.parametrize("keep", [np.array, sp.csr_array])
def test_a_sparse_matrix_without_entries_takes_weights_as_any_does(keep, missing):
    empty = sp.csr_array(X.shape)
    found = as_matrix(empty, entry_weight=keep(WEIGHT), missing_values=missing)
    assert found.n_stored == (0 if missing == 0 else np.count_nonzero(WEIGHT))
