"""Every start, on every storage: non-negative, finite, of X's type and scale, the same for the same seed."""

import numpy as np
import pytest
from registry import INIT_NAMES, PARTLY, STORAGES, data

from partwise import factorize
from partwise.init import initialize
from partwise.matrix import as_matrix

every_init = pytest.mark.parametrize("init", INIT_NAMES)
every_storage = pytest.mark.parametrize("storage", STORAGES)
both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def start(X, init, k=4, seed=0):
    return initialize(as_matrix(X), k, init, np.random.RandomState(seed))


@every_init
@every_storage
@both_types
def test_a_start_is_the_same_on_every_storage(init, storage, dtype):
    X = data().astype(dtype)
    W, Ht = start(STORAGES[storage](X), init)
    for factor, rows in ((W, 23), (Ht, 14)):
        assert factor.shape == (rows, 4)
        assert factor.dtype == dtype
        assert factor.flags.c_contiguous
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()
        assert factor.any(axis=0).all(), "a component that starts at zero is wasted"
    expected = start(X, init)[0] @ start(X, init)[1].T
    # the SVD of float32 data is good to half of the digits where singular values lie close
    atol = (1e-3 if dtype is np.float32 else 1e-9) * expected.max()
    np.testing.assert_allclose(W @ Ht.T, expected, rtol=0, atol=atol)


@every_init
@pytest.mark.parametrize("storage", PARTLY)
@both_types
def test_a_start_from_known_entries_alone_is_finite_and_leads_to_a_fit(init, storage, dtype):
    X = PARTLY[storage](data().astype(dtype))
    for factor in start(X, init):
        assert factor.dtype == dtype
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()
        assert factor.any(axis=0).all()
    assert factorize(X, 4, init=init, random_state=0, max_iter=50).relative_error < 0.6


@every_init
@both_types
def test_the_seed_fixes_the_start(init, dtype):
    X = data().astype(dtype)
    for factor, again in zip(start(X, init), start(X, init), strict=True):
        np.testing.assert_array_equal(factor, again)


@every_init
def test_the_start_has_the_scale_of_the_data(init):
    """nndsvda and nndsvdar fill zeros with the mean of X, as scikit-learn does, which suits data of size 1 alone."""
    X = data() / data().mean()
    for unit in (1.0,) if init in ("nndsvda", "nndsvdar") else (1e-6, 1.0, 1e6):
        W, Ht = start(X * unit, init)
        assert 0.05 < (W @ Ht.T).mean() / (X * unit).mean() < 20


@every_init
@pytest.mark.parametrize("k", [1, 14])
def test_one_component_and_as_many_as_columns_are_possible(init, k):
    W, Ht = start(data(), init, k)
    assert (W.shape, Ht.shape) == ((23, k), (14, k))
    assert np.isfinite(W).all()
    assert np.isfinite(Ht).all()


@every_init
def test_all_zero_data_starts_at_zero(init):
    W, Ht = start(np.zeros((6, 5)), init, 2)
    assert not W.any()
    assert not Ht.any()


@every_init
def test_a_fit_from_it_improves_on_it_and_keeps_the_best_of_several(init):
    X = data()
    one = factorize(X, 4, init=init, random_state=0, max_iter=50)
    assert one.relative_error < 0.7
    assert factorize(X, 4, init=init, random_state=0, n_init=3, max_iter=50).loss <= one.loss * (1 + 1e-9)
