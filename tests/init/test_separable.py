"""The separable start: pure rows are found, whatever the mixtures beside them."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import factorize
from partwise.init import initialize
from partwise.matrix import as_matrix


def separable_data(seed=0, k=4, n=60, m=20):
    """Return (X, places of pure rows, parts): rows are mixtures of k parts, of any brightness, and k of them pure."""
    rng = np.random.default_rng(seed)
    parts = rng.dirichlet(np.full(m, 0.3), size=k)
    weights = rng.dirichlet(np.ones(k), size=n)
    pure = rng.choice(n, k, replace=False)
    weights[pure] = np.eye(k)
    return (rng.gamma(2.0, 2.0, (n, 1)) * weights) @ parts, pure, parts


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_pure_rows_are_found(seed, store, dtype):
    X, pure, _ = separable_data(seed)
    X = X.astype(dtype)
    _, Ht = initialize(as_matrix(store(X)), 4, "separable", np.random.RandomState(0))
    found = {int(np.flatnonzero((part == X).all(axis=1))[0]) for part in Ht.T}
    assert found == set(pure.tolist())


@pytest.mark.parametrize("seed", range(3))
def test_a_fit_from_the_pure_rows_is_exact(seed):
    X, _, parts = separable_data(seed)
    found = factorize(X, 4, init="separable", solver="pivoting", tol=0, max_iter=3)  # whose half-steps are exact
    assert found.relative_error < 1e-6
    shapes = found.H / found.H.sum(axis=1, keepdims=True)
    nearest = [np.abs(shapes - part).max(axis=1).min() for part in parts]
    np.testing.assert_allclose(nearest, 0, atol=1e-6)


def test_data_with_fewer_independent_rows_than_components_starts_the_rest_at_random():
    X = np.outer(np.arange(1.0, 7), [1.0, 2, 3])
    _, Ht = initialize(as_matrix(X), 3, "separable", np.random.RandomState(0))
    assert np.isfinite(Ht).all()
    assert Ht.any(axis=0).all()
    assert np.linalg.matrix_rank(Ht) == 3


def test_empty_rows_are_never_taken():
    X = np.zeros((5, 4))
    X[1], X[3] = [1, 0, 0, 1], [0, 2, 1, 0]
    _, Ht = initialize(as_matrix(X), 2, "separable", np.random.RandomState(0))
    assert {tuple(part) for part in Ht.T} == {tuple(X[1]), tuple(X[3])}
