"""What code takes from scikit-learn's private names has a public one here, with the same numbers."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import _nmf as theirs

import partwise as pw
from partwise.exceptions import DataError, ParameterError

RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (40, 12))
W, H = RNG.gamma(1.0, 1.0, (40, 3)), RNG.gamma(1.0, 1.0, (3, 12))
SOME_ZERO = np.where(RNG.random(X.shape) < 0.6, 0.0, X)
BETAS = {"frobenius": 2, "kullback-leibler": 1, "itakura-saito": 0, 0.5: 0.5, 1.5: 1.5, 2.5: 2.5, 3: 3}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["random", "nndsvd", "nndsvda", "nndsvdar", None])
def test_a_start_is_that_of_scikit_learn(init, dtype):
    ours = pw.initialize(X.astype(dtype), 3, init, random_state=0)
    expected = theirs._initialize_nmf(X.astype(dtype), 3, init, random_state=0)
    for mine, other in zip(ours, expected, strict=True):
        assert mine.dtype == dtype
        # nndsvdar draws its small numbers after an SVD that draws others than theirs
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=0.05 * X.mean() if init == "nndsvdar" else 1e-5)


@pytest.mark.parametrize("store", [np.asarray, sp.csr_array, sp.csc_array])
def test_a_start_is_one_whatever_the_storage_and_the_threads(store):
    for init in ("random", "nndsvda", "separable"):
        plain = pw.initialize(SOME_ZERO, 3, init, random_state=0)
        for mine, other in zip(pw.initialize(store(SOME_ZERO), 3, init, random_state=0, n_jobs=2), plain, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)


def test_a_start_is_what_a_fit_begins_with():
    start = pw.initialize(X, 3, random_state=0)
    given = pw.factorize(X, 3, W=start[0], H=start[1], max_iter=5, tol=0)
    own = pw.factorize(X, 3, init="nndsvda", random_state=0, max_iter=5, tol=0)
    assert given.loss <= pw.divergence(X, *start)
    assert own.loss <= pw.divergence(X, *start)


def test_a_start_in_units_whose_squares_no_number_holds_is_that_of_the_data_in_others():
    plain = np.matmul(*pw.initialize(X, 3, "nndsvd", random_state=0))
    for unit in (1e-200, 1e200):
        left, right = pw.initialize(X * unit, 3, "nndsvd", random_state=0)
        np.testing.assert_allclose(left @ right, plain * unit, rtol=1e-6)


def test_starts_that_do_not_exist_are_refused():
    for bad in ({"init": "custom"}, {"init": "nndsvd", "n_components": 13}, {"n_components": 0}):
        with pytest.raises(ParameterError):
            pw.initialize(X, **{"n_components": 3, **bad})


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", BETAS)
def test_the_divergence_of_factors_is_that_of_scikit_learn(loss, dtype):
    expected = theirs._beta_divergence(X, W, H, BETAS[loss])
    assert pw.divergence(X.astype(dtype), W, H, loss) == pytest.approx(
        expected, rel=1e-5 if dtype == np.float32 else 1e-9
    )


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5, 3])
def test_zeros_that_a_sparse_x_does_not_store_count(loss):
    expected = theirs._beta_divergence(SOME_ZERO, W, H, BETAS[loss])
    for store in (np.asarray, sp.csr_array, sp.csc_array, sp.coo_array):
        assert pw.divergence(store(SOME_ZERO), W, H, loss) == pytest.approx(expected, rel=1e-9)


def test_the_divergence_is_the_loss_that_a_fit_reports():
    for loss in BETAS:
        found = pw.factorize(X, 3, loss=loss, random_state=0, max_iter=20)
        assert pw.divergence(X, found.W, found.H, loss) == pytest.approx(found.loss, rel=1e-9)


def test_a_divergence_has_the_unit_of_its_loss():
    for unit in (1e-120, 1e120):
        scaled = pw.divergence(X * unit, W, H * unit)
        assert scaled == pytest.approx(pw.divergence(X, W, H) * unit**2, rel=1e-9)


def test_factors_that_no_loss_is_defined_for_are_refused():
    with pytest.raises(DataError, match=r"H\[0, 0\] is negative"):
        pw.divergence(X, W, -H, "kullback-leibler")
    with pytest.raises(DataError, match="needs W of shape"):
        pw.divergence(X, W[:-1], H)
    with pytest.raises(DataError, match="beta_loss <= 0 and X contains"):
        pw.divergence(SOME_ZERO, W, H, "itakura-saito")
