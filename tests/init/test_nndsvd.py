"""NNDSVD: scikit-learn's start, and its guarantees."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition._nmf import _initialize_nmf

from partwise.exceptions import ParameterError
from partwise.init import INITS, initialize
from partwise.init.nndsvd import truncated_svd
from partwise.matrix import as_matrix
from partwise.matrix.dense import Dense
from partwise.matrix.sparse import Sparse, Turned
from partwise.threads import ALONE, Workers


@pytest.fixture
def X():
    """Eight well separated singular values, so that any exact method finds the same vectors."""
    rng = np.random.default_rng(0)
    return rng.random((40, 8)) @ np.diag(2.0 ** -np.arange(8)) @ rng.random((8, 25))


@pytest.mark.parametrize("init", ["nndsvd", "nndsvda"])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_the_start_is_that_of_scikit_learn(X, init, store):
    W, Ht = initialize(as_matrix(store(X)), 5, init, np.random.RandomState(0))
    their_W, their_H = _initialize_nmf(X, 5, init, random_state=0)
    # theirs is a randomised SVD with fewer power steps: good to about 1e-6 of the largest
    np.testing.assert_allclose(W, their_W, atol=1e-5 * their_W.max())
    np.testing.assert_allclose(Ht.T, their_H, atol=1e-5 * their_H.max())


def test_nndsvdar_fills_zeros_with_small_random_numbers(X):
    plain, _ = initialize(as_matrix(X), 5, "nndsvd", np.random.RandomState(0))
    filled, _ = initialize(as_matrix(X), 5, "nndsvdar", np.random.RandomState(0))
    empty = plain == 0
    assert empty.any()
    np.testing.assert_array_equal(filled[~empty], plain[~empty])
    assert (filled[empty] > 0).all()
    assert filled[empty].max() < 0.1 * X.mean()


@pytest.mark.parametrize("rank", [1, 4, 8])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_the_truncated_svd_is_that_of_lapack(X, rank, store):
    U, s, V = truncated_svd(as_matrix(store(X)), rank, np.random.RandomState(0))
    u, exact, vt = np.linalg.svd(X, full_matrices=False)
    np.testing.assert_allclose(s, exact[:rank], rtol=1e-10)
    np.testing.assert_allclose((U * s) @ V.T, (u[:, :rank] * exact[:rank]) @ vt[:rank], atol=1e-9 * exact[0])
    np.testing.assert_allclose(U.T @ U, np.eye(rank), atol=1e-12)


def test_scaling_the_data_scales_the_start(X):
    W, Ht = initialize(as_matrix(X), 5, "nndsvd", np.random.RandomState(0))
    large_W, large_Ht = initialize(as_matrix(X * 2.0**40), 5, "nndsvd", np.random.RandomState(0))
    np.testing.assert_allclose(large_W, W * 2.0**20, rtol=1e-6)
    np.testing.assert_allclose(large_Ht, Ht * 2.0**20, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["nndsvda", "nndsvdar", "separable", "random"])
@pytest.mark.parametrize("store", [np.array, sp.csr_array, sp.csc_array])
def test_a_start_has_the_same_bits_at_any_number_of_threads_and_its_products_run_on_them(
    init, store, dtype, monkeypatch
):
    rng = np.random.default_rng(0)
    data = store((rng.gamma(1, 1, (2400, 400)) * (rng.random((2400, 400)) < 0.6)).astype(dtype))
    assert len(as_matrix(data).blocks) > 1
    asked = []
    for kind in (Dense, Sparse, Turned):
        product = kind.product
        monkeypatch.setattr(
            kind,
            "product",
            lambda X, right, workers=ALONE, product=product: asked.append(workers) or product(X, right, workers),
        )
    found = {}
    for jobs in (1, 2, 3):
        with Workers(jobs) as workers:
            asked.clear()
            found[jobs] = initialize(as_matrix(data), 5, init, np.random.RandomState(0), workers)
            assert {*asked} == ({workers} if init != "random" else set())
    for jobs in (2, 3):
        for one, other in zip(found[1], found[jobs], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("init", ["nndsvd", "nndsvda", "nndsvdar"])
def test_more_components_than_singular_vectors_are_refused_with_a_way_out(X, init):
    with pytest.raises(ParameterError, match=r"can only be used when n_components <= min.*init='random'"):
        initialize(as_matrix(X), 26, init, np.random.RandomState(0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
@pytest.mark.parametrize("init", INITS)
def test_a_start_on_the_largest_and_the_smallest_numbers_is_that_of_ordinary_ones_scaled(X, init, store, dtype):
    limits = np.finfo(dtype)
    X = X.astype(dtype) / dtype(X.max())
    ordinary = initialize(as_matrix(store(X)), 4, init, np.random.RandomState(0))
    for power in (limits.maxexp - limits.maxexp % 2 - 2, limits.minexp + 16 - limits.minexp % 2):
        found = initialize(as_matrix(store(np.ldexp(X, power))), 4, init, np.random.RandomState(0))
        for factor, other in zip(found, ordinary, strict=True):
            assert factor.dtype == other.dtype == dtype
            if init != "separable":  # which takes H from X, and the scale of W by itself
                np.testing.assert_allclose(np.ldexp(factor, -power // 2), other, rtol=1e-3, atol=1e-5)
        W, Ht = (np.ldexp(factor.astype(float), -power // 2) for factor in found)
        expected = ordinary[0].astype(float) @ ordinary[1].T.astype(float)
        np.testing.assert_allclose(W @ Ht.T, expected, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_singular_values_of_the_largest_numbers_are_found(X, dtype):
    X = (X / X.max()).astype(dtype)
    largest = np.ldexp(X, np.finfo(dtype).maxexp - 5)
    _, expected, _ = truncated_svd(as_matrix(X), 3, np.random.RandomState(0))
    _, s, _ = truncated_svd(as_matrix(largest), 3, np.random.RandomState(0))
    np.testing.assert_allclose(np.ldexp(s.astype(float), 5 - np.finfo(dtype).maxexp), expected, rtol=1e-4)
