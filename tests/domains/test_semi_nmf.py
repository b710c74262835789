"""X of any sign: weights from 0 up, parts of any sign."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize, nnls

from partwise import NMF, Bounds, MiniBatchNMF, Penalty, factorize
from partwise.exceptions import DomainError, IncompatibleSolverError, ParameterError

RNG = np.random.default_rng(0)
W, H = RNG.gamma(1.0, 1.0, (30, 3)), RNG.standard_normal((3, 14))
X = W @ H + 0.1 * RNG.standard_normal((30, 14))
OPTIONS = {"init": "random", "random_state": 0, "negatives": "keep"}
stores = pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])


@stores
@pytest.mark.parametrize("penalty", [0.0, 0.4])
@pytest.mark.parametrize("unit", [1.0, 2.0**400])
def test_a_fit_ends_where_a_direct_minimisation_cannot_improve_on_it(store, penalty, unit):
    weight = Penalty(l2=penalty * unit)
    options = OPTIONS | {"tol": 1e-9, "max_iter": 3000, "penalty_W": weight, "penalty_H": weight}
    found = factorize(store(X * unit), 3, **options)
    assert (found.W >= 0).all()
    assert (found.H < 0).any()
    assert (np.diff(found.curve["loss"]) <= 0).all()

    def objective(z):
        left, right = z[:90].reshape(30, 3), z[90:].reshape(3, 14)
        return 0.5 * np.square(X - left @ right).sum() + 0.5 * penalty * (z @ z)

    start = np.concatenate([found.W.ravel(), found.H.ravel()]) / np.sqrt(unit)
    bounds = [(0, None)] * 90 + [(None, None)] * 42
    assert minimize(objective, start, bounds=bounds, method="L-BFGS-B").fun > objective(start) * (1 - 1e-4)


@stores
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform_is_non_negative_least_squares_onto_parts_of_any_sign(store, dtype):
    data = X.astype(dtype)
    model = NMF(3, max_iter=2000, tol=1e-7, init="random", random_state=0, negatives="keep")
    left = model.fit_transform(store(data))
    assert model.components_.min() < 0
    expected = [nnls(model.components_.T.astype(float), row)[0] for row in data.astype(float)]
    np.testing.assert_allclose(model.transform(store(data)), expected, atol=1e-3 if dtype is np.float32 else 1e-8)
    np.testing.assert_allclose(left, expected, atol=1e-3 if dtype is np.float32 else 1e-8)


@pytest.mark.parametrize("options", [{"init": "nndsvda"}, {"n_init": 3}, {"sum_to_one": True}, {"n_jobs": 2}])
def test_other_settings_go_with_it(options):
    found = factorize(X, 3, **OPTIONS | options)
    assert (np.diff(found.curve["loss"]) <= 0).all()
    assert found.relative_error < (0.8 if "sum_to_one" in options else 0.2)


def test_many_rows_are_warmed_up_and_give_the_same_bits_on_threads():
    tall = np.random.default_rng(1).gamma(1.0, 1.0, (3000, 3)) @ H
    one, two = (factorize(tall, 3, n_jobs=jobs, **OPTIONS) for jobs in (1, 2))
    assert one.relative_error < 1e-2
    np.testing.assert_array_equal(one.H, two.H)


def test_data_without_negative_entries_is_fitted_as_before():
    kept, plain = (factorize(np.abs(X), 3, **OPTIONS | {"negatives": way}) for way in ("keep", "error"))
    np.testing.assert_array_equal(kept.H, plain.H)


def test_what_cannot_be_kept_is_said():
    with pytest.raises(DomainError, match="takes no negative entries"):
        factorize(X, 3, loss="kullback-leibler", **OPTIONS)
    for solver in ("mu", "pivoting"):
        with pytest.raises(IncompatibleSolverError, match="'hals'"):
            factorize(X, 3, solver=solver, **OPTIONS)
    with pytest.raises(IncompatibleSolverError, match="cannot go with unknown entries"):
        factorize(np.where(X > 2, np.nan, X), 3, missing_values=np.nan, **OPTIONS)
    with pytest.raises(ParameterError, match="L1 penalty on H"):
        factorize(X, 3, penalty_H=Penalty(l1=0.1), **OPTIONS)
    with pytest.raises(ParameterError, match="negatives"):
        MiniBatchNMF(3, negatives="keep").fit(X)
    assert (factorize(X, 3, bounds_H=Bounds(0, 5.0), **OPTIONS).H >= 0).all()
