"""Huber: least squares within delta, bounded pull beyond; so gross errors leave the parts alone."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from registry import gradient

from partwise import factorize
from partwise.exceptions import ParameterError
from partwise.losses import Frobenius, Huber
from partwise.matrix import as_matrix

ROW = np.linspace(0.0, 8.0, 33).reshape(1, -1)


def planted(seed=0, *, gross=0.02, size=100.0):
    """Data of four parts with small errors everywhere and gross ones in a share of the entries, and the parts."""
    rng = np.random.default_rng(seed)
    parts = rng.gamma(0.5, 1.0, (4, 60))
    X = rng.gamma(0.5, 1.0, (200, 4)) @ parts + 0.05 * rng.random((200, 60))
    hit = rng.random(X.shape) < gross
    X[hit] += size * rng.random(hit.sum())
    return X, parts


def likeness(planted_parts, H):
    """Cosine of the planted part that is found least well with the part found that is most like it."""
    rows = [A / np.linalg.norm(A, axis=1, keepdims=True) for A in (planted_parts, H)]
    return (rows[0] @ rows[1].T).max(axis=1).min()


@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_gross_errors_leave_the_parts_nearly_alone_where_least_squares_follow_them(store):
    X, parts = planted()
    options = {"init": "random", "random_state": 0, "max_iter": 2000, "tol": 1e-5}
    robust = factorize(store(X), 4, loss=Huber(delta=0.2), **options)
    assert robust.converged
    assert likeness(parts, robust.H) > 0.99
    assert likeness(parts, factorize(store(X), 4, **options).H) < 0.6


def test_without_gross_errors_it_finds_what_least_squares_find():
    X, parts = planted(gross=0.0)
    found = factorize(X, 4, loss=Huber(delta=0.2), init="random", random_state=0, max_iter=2000)
    assert likeness(parts, found.H) > 0.999


def test_it_is_quadratic_within_delta_and_linear_beyond():
    loss = Huber(delta=2.0)

    def d(x, p):
        return loss.gradient_split(np.array([[x]]), np.array([[p]]), 1e-20, True)[2]

    assert d(5.0, 4.0) == d(4.0, 5.0) == 0.5
    assert d(5.0, 3.0) == 2.0
    assert d(9.0, 3.0) - d(8.0, 3.0) == d(0.0, 8.0) - d(0.0, 7.0) == 2.0


def test_no_entry_pulls_harder_than_delta():
    p = np.full_like(ROW, 3.0)
    negative, positive, _ = Huber(delta=0.5).gradient_split(ROW, p, 1e-20, False)
    np.testing.assert_allclose(positive - negative, np.clip(3.0 - ROW, -0.5, 0.5), atol=1e-15)


def test_with_a_delta_beyond_every_error_it_is_least_squares():
    rng = np.random.default_rng(1)
    X, left, right = as_matrix(rng.random((9, 6))), rng.random((9, 2)), rng.random((6, 2))
    wide, squares = Huber(delta=100.0), Frobenius()
    assert wide.value(X, left, right) == pytest.approx(squares.value(X, left, right), rel=1e-12)
    for mine, theirs in zip(
        gradient(wide, X, left, right, 0, 9, value=False),
        gradient(squares, X, left, right, 0, 9, value=False),
        strict=True,
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("present", [0.0, 2.9, 4.0, 7.5])
def test_the_weighted_squares_of_the_present_model_touch_it_and_lie_nowhere_under_it(present):
    loss, x = Huber(delta=1.0), 3.0

    def d(p):
        return loss.gradient_split(np.array([[x]]), np.array([[p]]), 1e-20, True)[2]

    weight = min(1.0, 1.0 / max(abs(x - present), 1.0))
    majoriser = 0.5 * weight * (x - ROW[0]) ** 2 + 0.5 * (1 / weight - 1)
    assert (majoriser >= [d(p) - 1e-12 for p in ROW[0]]).all()
    assert 0.5 * weight * (x - present) ** 2 + 0.5 * (1 / weight - 1) == pytest.approx(d(present), abs=1e-12)


def test_units_may_change_if_delta_changes_with_them():
    rng = np.random.default_rng(2)
    X, left, right = rng.gamma(1.0, 2.0, (9, 6)), rng.random((9, 2)), rng.random((6, 2))
    value = Huber(delta=0.3).value(as_matrix(X), left, right)
    assert Huber(delta=300.0).value(as_matrix(1000 * X), 1000 * left, right) == pytest.approx(1e6 * value, rel=1e-12)


def test_a_gross_error_hardly_changes_the_size_that_residuals_are_held_against():
    """With the sum of squares as its size, this fit would be taken for stationary after two iterations."""
    X, _ = planted(size=1000.0)
    matrix = as_matrix(X)
    assert Huber(delta=0.2).size(matrix) == pytest.approx(np.sum(X * np.minimum(X, 0.2)), rel=1e-12)
    assert Huber(delta=0.2).size(matrix) < 1e-3 * matrix.squared_norm
    assert factorize(X, 4, loss=Huber(delta=0.2), init="random", random_state=0).n_iter > 50


@pytest.mark.parametrize("delta", [1e-60, 1e-300, 1e300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_delta_that_the_data_s_type_cannot_hold_is_taken_as_near_as_it_can(delta, dtype):
    x, p = np.array([[0.0, 1.0, 2.0]], dtype), np.array([[0.0, 1.0, 5.0]], dtype)
    negative, positive, value = Huber(delta=delta).gradient_split(x, p, 1e-20, True)
    assert negative.dtype == positive.dtype == dtype
    assert np.isfinite(negative).all()
    assert np.isfinite(positive).all()
    assert np.isfinite(value)


@pytest.mark.parametrize("delta", [2, Fraction(1, 2), np.float32(0.5)])
def test_delta_may_be_any_number(delta):
    X = as_matrix(np.arange(6.0).reshape(3, 2))
    zeros = np.zeros((3, 1)), np.zeros((2, 1))
    assert Huber(delta).value(X, *zeros) == Huber(float(delta)).value(X, *zeros)
    assert Huber(delta).size(X) == Huber(float(delta)).size(X)


@pytest.mark.parametrize("delta", [0, -1.0, np.nan, np.inf, True, "1", None])
def test_a_delta_that_is_no_positive_number_is_refused(delta):
    with pytest.raises(ParameterError, match=r"delta must be a finite number above 0; got .* the units of X"):
        Huber(delta)
