"""Views of rows: products of a block, whose rows or columns are contiguous as kernels and BLAS like it best."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.matrix import as_matrix
from partwise.matrix import rows as views
from partwise.threads import Workers

RTOL = {np.float32: 1e-5, np.float64: 1e-13}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("rows", [(0, 70), (0, 1), (64, 70), (7, 7)])
@pytest.mark.parametrize("k", [1, 5, views.OWN, views.OWN + 1])
@pytest.mark.parametrize("turn", [0, views.TURN])
def test_the_rows_or_the_columns_of_the_product_are_contiguous(store, dtype, rows, k, turn, monkeypatch):
    monkeypatch.setattr(views, "TURN", turn)
    X = np.random.default_rng(0).random((70, 31)).astype(dtype)
    right = np.random.default_rng(1).random((31, k)).astype(dtype)
    for matrix in (as_matrix(store(X)), as_matrix(store(X.T)).T):
        found = matrix.rows(*rows).product(right)
        assert found.flags.forc
        np.testing.assert_allclose(found, X[slice(*rows)] @ right, rtol=RTOL[dtype])
        np.testing.assert_allclose(matrix.product(right), X @ right, rtol=RTOL[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 20, views.OWN])
def test_a_thin_dense_product_has_the_same_bits_in_either_layout_and_at_any_number_of_threads(dtype, k):
    rng = np.random.default_rng(0)
    X, right = rng.random((3000, 500)).astype(dtype), rng.random((500, k)).astype(dtype)
    expected = as_matrix(X).product(right)
    for store in (np.array, np.asfortranarray):
        for n_jobs in (1, 2, 3):
            with Workers(n_jobs) as workers:
                np.testing.assert_array_equal(as_matrix(store(X)).product(right, workers), expected)
                np.testing.assert_array_equal(as_matrix(store(X.T)).T.product(right, workers), expected)


@pytest.mark.parametrize("k", [1, 20, views.OWN])
@pytest.mark.parametrize("store", [np.array, np.asfortranarray])
def test_rows_of_a_dense_matrix_have_the_bits_of_the_whole_product(store, k):
    rng = np.random.default_rng(0)
    X, right = as_matrix(store(rng.random((500, 300)))), rng.random((300, k))
    whole = X.product(right)
    for first, last in [(0, 64), (64, 448), (448, 500), (128, 129)]:
        np.testing.assert_array_equal(X.rows(first, last).product(right), whole[first:last])
        np.testing.assert_array_equal(X.slice(first, last).product(right), whole[first:last])
