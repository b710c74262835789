"""Views of rows: products of a block, whose rows or columns are contiguous as BLAS likes it best."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.matrix import as_matrix
from partwise.matrix import rows as views

RTOL = {np.float32: 1e-5, np.float64: 1e-13}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("rows", [(0, 70), (0, 1), (64, 70), (7, 7)])
@pytest.mark.parametrize("k", [1, 5])
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
