"""Iterations of a small fit in one call are those of the loop, which a callback makes it take one by one."""

import numpy as np
import pytest

from partwise import factorize, kernels
from partwise.matrix import as_matrix
from partwise.penalties import Penalty
from partwise.solvers import HALS, Factor, Pivoting
from partwise.solvers.leap import SMALL, can_leap, leap

SHAPES = {"tiny": (6, 2, 2), "small": (30, 20, 4), "tall": (200, 12, 5), "wide": (12, 200, 5)}
KINDS = ("noisy", "exact", "with zeros", "more parts than rank")


def data(kind, shape, dtype):
    n, m, k = shape
    rng = np.random.default_rng(3)
    X = rng.gamma(0.3, 1.0, (n, k)) @ rng.gamma(0.3, 1.0, (k, m))
    if kind == "noisy":
        X *= rng.gamma(9.0, 1 / 9, X.shape)
    elif kind == "with zeros":
        X *= rng.random(X.shape) < 0.4
    elif kind == "more parts than rank":
        X = np.outer(X[:, 0], X[0])
    return X.astype(dtype)


def assert_same(one, other):
    np.testing.assert_array_equal(one.W, other.W)
    np.testing.assert_array_equal(one.H, other.H)
    assert (one.n_iter, one.reason, one.loss) == (other.n_iter, other.reason, other.loss)
    for column in ("iteration", "loss", "kkt"):
        np.testing.assert_array_equal(one.curve[column], other.curve[column])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_call_of_many_iterations_has_the_bits_of_the_loop(shape, kind, order):
    for dtype in (np.float64, np.float32):
        X = np.asarray(data(kind, SHAPES[shape], dtype), order=order)
        for more in ({}, {"tol": 0.0, "max_iter": 130}, {"tol": 1e-6, "max_iter": 77, "init": "random"}):
            settings = {"n_components": SHAPES[shape][2], "random_state": 0, **more}
            assert_same(factorize(X, **settings), factorize(X, callback=lambda at: None, **settings))


def test_starts_in_step_have_the_bits_of_starts_one_by_one():
    X = data("noisy", SHAPES["small"], np.float64)
    settings = {"n_components": 4, "init": "random", "n_init": 4, "random_state": 0, "max_iter": 60}
    assert_same(factorize(X, **settings), factorize(X, callback=lambda at: None, **settings))


def test_a_limit_on_time_ends_a_fit_within_a_call():
    X = data("noisy", (100, 60, 6), np.float64)
    found = factorize(X, 6, tol=0.0, max_iter=10**6, max_time=0.2, random_state=0)
    assert 0.2 <= found.curve["seconds"][-1] < 0.3
    assert (np.diff(found.curve["seconds"]) >= 0).all()


def test_only_plain_small_dense_fits_take_such_calls():
    hals, rng = HALS(), np.random.default_rng(0)
    X, w, h = as_matrix(rng.random((30, 20))), Factor(rng.random((30, 3))), Factor(rng.random((20, 3)))
    assert can_leap(X, hals, w, h)
    assert not can_leap(X, Pivoting(), w, h)
    assert not can_leap(X, hals, Factor(w.point, Penalty(l1=1.0)), h)
    assert not can_leap(as_matrix(np.ones((SMALL // 100 + 1, 100))), hals, w, h)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inner_is_the_sum_of_products(dtype):
    a, b = np.random.default_rng(0).random((2, 5, 5)).astype(dtype)
    assert kernels.inner(a, b) == pytest.approx(np.vdot(a.astype(float), b.astype(float)), rel=1e-14)


def test_a_fit_of_small_dense_data_takes_whole_iterations(monkeypatch):
    calls = []

    def spied(*args):
        calls.append(args)
        return leap(*args)

    monkeypatch.setattr("partwise.solvers.descent.leap", spied)
    X = np.random.default_rng(0).random((30, 20))
    factorize(X, 3)
    assert calls
    calls.clear()
    factorize(X, 3, callback=lambda at: False)
    assert not calls
