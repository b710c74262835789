"""Measures of error and of sparseness, against their formulas."""

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import DataError

RNG = np.random.default_rng(0)
X, W, H = RNG.random((9, 6)) * (RNG.random((9, 6)) > 0.4), RNG.random((9, 3)), RNG.random((3, 6))


def narrow_sparse(X):
    return sp.csr_array(X.astype(np.float32))


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_matrix, np.float32, narrow_sparse])
def test_the_relative_error_is_that_of_the_formula_on_any_storage(store):
    expected = np.linalg.norm(X - W @ H) / np.linalg.norm(X)
    assert pw.relative_error(store(X), W, H) == pytest.approx(expected, rel=1e-6)


def test_the_explained_fraction_is_one_minus_the_squared_error():
    assert pw.explained_fraction(X, W, H) == pytest.approx(1 - pw.relative_error(X, W, H) ** 2)
    assert pw.explained_fraction(W @ H, W, H) == pytest.approx(1)
    assert pw.explained_fraction(X, np.zeros_like(W), H) == 0


def test_the_error_of_a_fit_is_the_one_that_it_reports():
    for data in (X, sp.csr_array(X)):
        found = pw.factorize(data, 2, random_state=0)
        assert pw.relative_error(data, found.W, found.H) == pytest.approx(found.relative_error, rel=1e-9)


def test_an_exact_model_of_zeros_has_no_error():
    zeros = np.zeros((2, 3))
    assert pw.relative_error(zeros, np.zeros((2, 1)), np.zeros((1, 3))) == 0
    assert pw.relative_error(zeros, np.ones((2, 1)), np.ones((1, 3))) == np.inf


def test_a_small_error_keeps_its_digits():
    """The difference is taken entry by entry, so a relative error of 1e-9 is not lost in the squares of X."""
    model = W @ H
    assert pw.relative_error(model * (1 + 1e-9), W, H) == pytest.approx(1e-9, rel=1e-4)


@pytest.mark.parametrize(
    ("shapes", "got"),
    [(((8, 3), (3, 6)), r"\(8, 3\)"), (((9, 3), (2, 6)), r"\(2, 6\)"), (((9, 3), (3, 5)), r"\(3, 5\)")],
)
def test_factors_that_do_not_fit_are_refused_with_the_shapes_wanted_and_given(shapes, got):
    with pytest.raises(DataError, match=rf"\(9, k\) and H of shape \(k, 6\), got.*{got}"):
        pw.relative_error(X, *(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize(("row", "expected"), [([0, 0, 5, 0], 1), ([1, 1, 1, 1], 0), ([1, 1, 0, 0], 2 - np.sqrt(2))])
def test_sparseness_is_hoyer_s(row, expected):
    for factor in (1.0, -3.0, 1e-200, 1e200):
        assert pw.sparseness(factor * np.array(row, float)) == pytest.approx(expected)


def test_sparseness_is_averaged_over_rows_that_are_not_zero():
    assert pw.sparseness([[0, 1, 0], [0, 0, 0], [1, 1, 1]]) == pytest.approx(0.5)
    assert pw.sparseness(np.zeros((2, 3))) == 0
    assert pw.sparseness([[3.0], [2.0]]) == 0


@pytest.mark.parametrize("far", [1e-160, 1e-200, 1e-300])
def test_errors_of_data_far_under_their_model_are_those_of_the_model(far):
    assert pw.divergence((X + 1) * far, np.ones((9, 2)), np.ones((2, 6))) == pytest.approx(9 * 6 * 2)
    assert pw.divergence((X + 1) * far, np.ones((9, 2)), np.ones((2, 6)), 3) == pytest.approx(9 * 6 * 8 / 3)
    expected = 2 * np.sqrt(9 * 6) / np.linalg.norm(X + 1) / far
    relative = pw.relative_error((X + 1) * far, np.ones((9, 2)), np.ones((2, 6)))
    assert relative == pytest.approx(expected if np.isfinite(expected) else np.finfo(float).max)
    told = pw.diagnose((X + 1) * far, (np.ones((9, 2)), np.ones((2, 6))))
    assert told.relative_error == pytest.approx(relative)
    assert np.isfinite(told.row_relative_error).all()
    assert np.isfinite(told.column_relative_error).all()


@pytest.mark.parametrize("beta", [-30, -3, -0.5, 0, 0.5, 1, 2, 3, 30, "huber"])
@pytest.mark.parametrize("data", [1e-300, 1e-160, 1.0, 1e160, 1e300])
@pytest.mark.parametrize("size", [1e-155, 1e-80, 1e80, 1e155])
def test_a_divergence_is_a_number_wherever_data_and_model_lie(beta, data, size):
    found = pw.divergence((X + 0.1) * data, (W + 0.1) * size, H * size, beta)
    assert 0 <= found <= np.finfo(float).max


def test_a_divergence_that_a_far_model_hardly_enters_is_that_of_the_data():
    data, big = X + 0.1, np.full((9, 2), 1e155)
    assert pw.divergence(data, big, big[:6].T, -0.5) == pytest.approx((data**-0.5).sum() / 0.75)
    assert pw.divergence(data, big, big[:6].T, 0.5) == pytest.approx(9 * 6 * 2 * np.sqrt(2) * 1e155)
    assert pw.divergence(data * 1e-300, big, big[:6].T, 0.5) == pytest.approx(9 * 6 * 2 * np.sqrt(2) * 1e155)


@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_how_a_model_is_shared_between_its_factors_does_not_change_the_error(store):
    assert pw.divergence(store(X), W * 1e300, H * 1e-300) == pytest.approx(pw.divergence(store(X), W, H))
