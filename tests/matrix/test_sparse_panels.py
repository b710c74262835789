"""Panels change the way of a large transposed product, not a bit of its result."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.matrix import as_matrix, sparse
from partwise.threads import Workers


@pytest.fixture
def small_panels(monkeypatch):
    """Panels of 64 columns for any matrix of more."""
    monkeypatch.setattr(sparse, "PANEL", 64)
    monkeypatch.setattr(sparse, "LARGE", 1)


def in_panels(X):
    """X as a matrix whose transpose is cut, by two threads."""
    matrix = as_matrix(X)
    with Workers(2) as workers:
        matrix.T.copied(workers)
    return matrix


def random_matrix(dtype):
    return sp.random_array((500, 80), density=0.1, format="csr", dtype=dtype, rng=np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_by_panels_has_the_bits_of_the_whole_one(dtype, request):
    X = random_matrix(dtype)
    W = np.random.default_rng(1).random((500, 20)).astype(dtype)
    whole = as_matrix(X).T.product(W)
    request.getfixturevalue("small_panels")
    matrix = in_panels(X)
    np.testing.assert_array_equal(matrix.T.product(W), whole)
    assert len(matrix.T.panels) == 8
    assert "X" not in vars(matrix.T)  # the transpose exists in panels alone: X is copied once


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_panels_are_the_transposes_of_rows_in_turn(dtype, small_panels):
    X = random_matrix(dtype)
    panels = in_panels(X).T.panels
    for number, (indptr, indices, data) in enumerate(panels):
        first = 64 * number
        expected = X[first : first + 64].T.tocsr()
        np.testing.assert_array_equal(indptr, expected.indptr)
        np.testing.assert_array_equal(indices, expected.indices + first)
        np.testing.assert_array_equal(data, expected.data)


def test_what_is_asked_of_entries_in_panels_is_asked_of_the_matrix_they_come_from(small_panels):
    X = random_matrix(np.float64)
    matrix = in_panels(X)
    turned = matrix.T
    assert turned.values() is matrix.values()
    assert turned.n_stored == X.nnz
    assert turned.survey == matrix.survey
    assert turned.find(lambda values: values > 0.9999) == as_matrix(X.T.tocsr()).find(lambda values: values > 0.9999)
    np.testing.assert_array_equal(turned.dense(np.array([3, 79])), X.toarray().T[[3, 79]])
    np.testing.assert_allclose(turned.row_squares(), np.square(X.toarray()).sum(axis=0), rtol=1e-12)


def test_a_matrix_of_no_more_rows_than_a_panel_is_not_cut(small_panels):
    assert len(in_panels(random_matrix(np.float64)[:64]).T.panels) == 1


def test_of_a_csc_matrix_its_own_rows_are_cut(small_panels):
    X = random_matrix(np.float64)
    matrix = as_matrix(sp.csc_array(X.T))  # its transpose is the one that lends the entries
    assert (len(matrix.panels), len(matrix.T.panels)) == (8, 1)
    W = np.random.default_rng(1).random((500, 3))
    np.testing.assert_allclose(matrix.product(W), X.T @ W, rtol=1e-12)
    sample, columns = matrix.sample(np.array([2, 40]))
    assert len(matrix.panels) == 8  # what a sample needs is read from the columns
    np.testing.assert_array_equal(sample.X.toarray(), X.toarray().T[np.ix_([2, 40], columns)])
