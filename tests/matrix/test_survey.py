"""survey: bounds and sums of the stored entries, the same for a matrix, its transpose and however it is stored."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.matrix import as_matrix

STORES = [np.array, np.asfortranarray, sp.csr_array, sp.csc_array]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", STORES)
def test_a_survey_is_that_of_the_entries_in_float64(store, dtype):
    X = np.random.default_rng(0).gamma(1.0, 1.0, (70, 31)).astype(dtype)
    whole = as_matrix(store(X))
    parts = [
        (whole, X),
        (whole.T, X),
        (whole.slice(20, 45), X[20:45]),
        (whole.T.slice(5, 20), X[:, 5:20]),
        (whole.slice(20, 45).T, X[20:45]),
        (whole.divided(4.0), X / 4),
    ]
    for matrix, entries in parts:
        wide = entries.astype(np.float64)
        assert matrix.survey[:2] == (wide.min(), wide.max())
        assert matrix.total == matrix.survey[2] == pytest.approx(wide.sum(), rel=1e-13)
        assert matrix.squared_norm == matrix.survey[3] == pytest.approx((wide**2).sum(), rel=1e-13)


@pytest.mark.parametrize("store", [sp.csr_array, sp.csc_array])
def test_absent_entries_are_no_bounds(store):
    assert as_matrix(store(np.array([[0.0, 3.0], [2.0, 0.0]]))).survey == (2, 3, 5, 13)


@pytest.mark.parametrize("store", [sp.csr_array, sp.csc_array])
def test_a_matrix_without_entries_sums_to_zero(store):
    for matrix in (as_matrix(store((4, 3))), as_matrix(store((4, 3))).T):
        assert (matrix.total, matrix.squared_norm, matrix.mean) == (0, 0, 0)
