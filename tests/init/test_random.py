"""The random start: scikit-learn's numbers for scikit-learn's seed."""

import numpy as np
import pytest
from sklearn.decomposition._nmf import _initialize_nmf

from partwise.init import initialize
from partwise.matrix import as_matrix


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_numbers_are_those_of_scikit_learn_for_the_same_seed(dtype):
    X = np.random.default_rng(0).random((9, 7)).astype(dtype)
    W, Ht = initialize(as_matrix(X), 3, "random", np.random.RandomState(5))
    their_W, their_H = _initialize_nmf(X, 3, "random", random_state=5)
    rtol = 4 * np.finfo(dtype).eps  # X's mean is taken in float64 here, in X's type there
    np.testing.assert_allclose(W, their_W, rtol=rtol)
    np.testing.assert_allclose(Ht.T, their_H, rtol=rtol)


def test_starts_differ_from_one_to_the_next():
    rng, X = np.random.RandomState(0), as_matrix(np.ones((4, 3)))
    assert (initialize(X, 2, "random", rng)[0] != initialize(X, 2, "random", rng)[0]).all()


def test_more_components_than_rows_and_columns_are_possible():
    W, Ht = initialize(as_matrix(np.ones((4, 3))), 9, None, np.random.RandomState(0))
    assert (W.shape, Ht.shape) == ((4, 9), (3, 9))
