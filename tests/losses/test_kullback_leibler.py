"""The divergence where the model has no mass."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import xlogy

from partwise.losses import KullbackLeibler
from partwise.matrix import as_matrix


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_count_that_the_model_leaves_no_mass_costs_as_much_as_the_floor(kind, dtype):
    """The logarithm of 0 would be minus infinity: no fit could leave such a point."""
    data = np.array([[3.0, 0.0], [0.0, 2.0]], dtype)
    X = as_matrix(kind(data))
    left, right = np.array([[1.0], [0.0]], dtype), np.array([[2.0], [1.0]], dtype)
    model = np.array([[2.0, 1.0], [0.0, 0.0]])
    expected = (xlogy(data, data) - data - xlogy(data, np.maximum(model, X.floor)) + model).sum()
    assert KullbackLeibler().value(X, left, right) == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(expected)
