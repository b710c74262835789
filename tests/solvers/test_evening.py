"""The scale between W and H: equal mean weights, the same product, at any size a float can hold."""

import numpy as np
import pytest

from partwise.solvers.evening import even_out
from partwise.threads import Workers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 1e20, 1e-20])
def test_parts_get_the_same_mean_weight_and_the_product_stays(size, dtype):
    rng = np.random.default_rng(0)
    W, Ht = (rng.random((30, 3)) * [1, 5, 0.1] * size).astype(dtype), (rng.random((20, 3)) / size).astype(dtype)
    product, before = W.astype(float) @ Ht.T, Ht.copy()
    with Workers(1) as workers:
        scale = even_out(W, Ht, workers)
    np.testing.assert_allclose(W.mean(axis=0), W.mean(), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(W), np.linalg.norm(Ht), rtol=1e-5)
    np.testing.assert_allclose(W.astype(float) @ Ht.T, product, rtol=1e-5)
    np.testing.assert_array_equal(Ht, before * scale)
