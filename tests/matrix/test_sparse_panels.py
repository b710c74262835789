"""Panels change the way of a large transposed product, not a bit of its result."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.matrix import as_matrix, sparse


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_by_panels_has_the_bits_of_the_whole_one(dtype, monkeypatch):
    X = sp.random_array((500, 80), density=0.1, format="csr", dtype=dtype, rng=np.random.default_rng(0))
    W = np.random.default_rng(1).random((500, 20)).astype(dtype)
    whole = as_matrix(X).T.dot(W)
    monkeypatch.setattr(sparse, "PANEL", 64)
    monkeypatch.setattr(sparse, "LARGE", 1)
    matrix = as_matrix(X)
    np.testing.assert_array_equal(matrix.T.dot(W), whole)
    assert len(matrix.T._panels) == 8
    assert "X" not in vars(matrix.T)  # the transpose exists in panels alone: X is copied once
