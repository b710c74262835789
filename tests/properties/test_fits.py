"""Properties of fits on data that hypothesis makes up: small, and with every kind of trouble in it."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from partwise import factorize
from partwise.losses import get_loss
from partwise.matrix import as_matrix

settings.register_profile("partwise", derandomize=True, deadline=None, max_examples=40, database=None)
few = settings(
    settings.get_profile("partwise"), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
PAIRS = [("hals", 2.0), ("pivoting", 2.0), ("mu", 2.0), ("mu", 1.0), ("ccd", 1.0), ("mu", 1.5), ("mu", 3.0)]
every_pair = pytest.mark.parametrize(("solver", "beta"), PAIRS)
shapes = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7)
ordinary = st.sampled_from([0.0, 0.5, 1.0, 2.0]) | st.floats(0.01, 100.0)
nasty = st.sampled_from([0.0, 1e-300, 1e-160, 1.0, 1e160, 1e300, 5e-324]) | st.floats(0, 1e305)


@st.composite
def problems(draw, entries=ordinary):
    """Data, a start (W, H), all of one shape; the start is positive and of the data's scale."""
    X = draw(arrays(np.float64, shapes, elements=entries))
    k = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    level = np.sqrt(max(X.mean(), 1e-3) / k)
    return X, level * (0.1 + rng.random((X.shape[0], k))), level * (0.1 + rng.random((k, X.shape[1])))


def fit(X, W, H, solver, beta, **options):
    return factorize(X, W.shape[1], loss=beta, solver=solver, W=W, H=H, **{"tol": 0, "max_iter": 6, **options})


def error(X, found, beta):
    return get_loss(beta).value(as_matrix(X), found.W, np.ascontiguousarray(found.H.T))


@every_pair
@given(problem=problems())
@few
def test_factors_are_non_negative_and_the_curve_never_rises(solver, beta, problem):
    X, W, H = problem
    found = fit(X, W, H, solver, beta)
    for factor in (found.W, found.H):
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()
    assert (np.diff(found.curve["loss"]) <= 0).all()
    start = get_loss(beta).value(as_matrix(X), W, np.ascontiguousarray(H.T))
    assert found.loss <= start * (1 + 1e-9) + 1e-12
    assert found.loss == pytest.approx(error(X, found, beta), rel=1e-9, abs=1e-12 * X.max() ** beta)


@every_pair
@given(X=arrays(np.float64, shapes, elements=nasty), k=st.integers(1, 4))
@few
def test_results_are_finite_whatever_the_size_of_entries(solver, beta, X, k):
    for data in (X, sp.csr_array(X)):
        found = factorize(data, k, loss=beta, solver=solver, init="random", random_state=0, max_iter=6)
        for factor in (found.W, found.H, found.transform(data)):
            assert np.isfinite(factor).all()
            assert (factor >= 0).all()
        assert np.isfinite(found.loss)
        assert 0 <= found.relative_error < np.inf


@every_pair
@given(problem=problems(), seed=st.integers(0, 100))
@few
def test_permuting_rows_columns_and_parts_permutes_the_model(solver, beta, problem, seed):
    X, W, H = problem
    # with more parts than rows or columns the last half-step is flat, and where Newton's method ends on it hangs on the
    # last digit of the sums; so do coordinate steps that start from a model of nearly nothing, hence data above zero
    if solver == "ccd":
        assume(len(H) <= min(X.shape))
        X = X + 0.1
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(X.shape[0]), rng.permutation(X.shape[1])
    plain = fit(X, W, H, solver, beta, max_iter=2)
    moved = fit(X[rows][:, columns], W[rows], H[:, columns], solver, beta, max_iter=2)
    # sums in another order, and where parts are nearly alike that turns the model a little along a flat direction
    size = max(get_loss(beta).size(as_matrix(X)), 1e-3)
    assert moved.loss == pytest.approx(plain.loss, rel=1e-5, abs=1e-7 * size)
    model = (plain.W @ plain.H)[rows][:, columns]
    np.testing.assert_allclose(moved.W @ moved.H, model, rtol=1e-3, atol=1e-4 * max(X.max(), 1e-3))


@every_pair
@given(problem=problems(), exponent=st.sampled_from([-200, -40, -3, 2, 60, 250]))
@few
def test_the_units_of_the_data_do_not_matter(solver, beta, problem, exponent):
    X, W, H = problem
    unit, root = 4.0**exponent, 2.0**exponent
    plain, scaled = fit(X, W, H, solver, beta), fit(X * unit, W * root, H * root, solver, beta)
    assert scaled.relative_error == pytest.approx(plain.relative_error, rel=1e-6, abs=1e-7)  # a root of rounding
    np.testing.assert_allclose(
        (scaled.W / root) @ (scaled.H / root), plain.W @ plain.H, rtol=1e-6, atol=1e-9 * max(X.max(), 1e-3)
    )


@every_pair
@given(problem=problems())
@few
def test_the_transpose_has_an_equally_good_model(solver, beta, problem):
    """The half-steps come in the other order, so the ends agree, not the way; data of rank 1 or less has one end."""
    X, W, H = problem
    X = np.outer(X.mean(axis=1), X.mean(axis=0))
    plain = fit(X, W, H, solver, beta, max_iter=200)
    other = fit(np.ascontiguousarray(X.T), H.T, W.T, solver, beta, max_iter=200)
    size = max(get_loss(beta).size(as_matrix(X)), 1e-12)
    assert plain.loss <= 1e-4 * size
    assert other.loss <= 1e-4 * size


@every_pair
@given(problem=problems())
@few
def test_transform_of_the_data_is_as_good_as_w(solver, beta, problem):
    X, W, H = problem
    found = fit(X, W, H, solver, beta)
    again = found.transform(X)
    value = get_loss(beta).value(as_matrix(X), again, np.ascontiguousarray(found.H.T))
    slack = 1e-7 if found.loss_function.convex else 0.05  # several minima: another start may find another one
    assert value <= found.loss * (1 + slack) + 1e-9 * max(X.max(), 1e-3) ** beta
    if np.linalg.matrix_rank(found.H) == found.H.shape[0] and found.loss_function.convex:
        conditioning = np.linalg.cond(found.H)
        if conditioning < 100:
            np.testing.assert_allclose(again, found.W, rtol=1e-3, atol=1e-4 * max(found.W.max(), 1e-3))


@every_pair
@given(problem=problems(), copies=st.integers(2, 3))
@few
def test_duplicated_rows_get_the_same_weights(solver, beta, problem, copies):
    X, W, H = problem
    found = fit(np.repeat(X, copies, axis=0), np.repeat(W, copies, axis=0), H, solver, beta)
    firsts = np.repeat(found.W[::copies], copies, axis=0)
    np.testing.assert_allclose(found.W, firsts, rtol=1e-6, atol=1e-9 * max(found.W.max(), 1e-3))


@every_pair
@given(problem=problems())
@few
def test_zeros_stored_or_absent_make_no_difference(solver, beta, problem):
    X, W, H = problem
    stored = sp.csr_array(np.ones_like(X))
    stored.data[:] = X.ravel()
    absent = sp.csr_array(X)
    one, other = (fit(data, W, H, solver, beta) for data in (stored, absent))
    np.testing.assert_allclose(one.W @ one.H, other.W @ other.H, rtol=1e-5, atol=1e-7 * max(X.max(), 1e-3))
