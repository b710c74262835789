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
