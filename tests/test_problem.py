"""A problem is X in units of its own, and knows the way back."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import Bounds, Penalty
from partwise.exceptions import DataError, DomainError, ParameterError
from partwise.losses import get_loss
from partwise.problem import Problem

X = np.random.default_rng(0).gamma(1.0, 1.0, (9, 6))
SQUARES = get_loss("frobenius")
stores = pytest.mark.parametrize("store", [np.array, sp.csr_array])


@stores
@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_factors_of_the_problem_are_factors_of_x_in_its_own_units(store, size):
    problem = Problem.of(store(X * size), SQUARES, 3, feature_weight=np.arange(1.0, 7.0))
    left, right = np.random.default_rng(1).random((2, 9, 3))
    back = problem.W(left) @ problem.H(right[:6])
    own = left @ right[:6].T / np.sqrt(np.arange(1.0, 7.0))
    np.testing.assert_allclose(back, problem.unit * own)
    assert problem.relative(0.5 * problem.size) == pytest.approx(1.0)
    assert 1e-99 < problem.X.total < 1e99


def test_penalties_and_bounds_are_in_the_units_of_the_problem():
    """A factor and its penalty are counted in the same unit, so that the penalty is the same share of the loss."""
    problem = Problem.of(X * 1e200, SQUARES, 2, penalty_W=Penalty(l1=1.0), bounds_H=Bounds(0.0, 1e100))
    W = np.ones((9, 2))
    assert np.log2(problem.penalties[0].of(W)) == pytest.approx(
        np.log2(Penalty(l1=1.0).of(problem.W(W))) - problem.log_unit
    )
    np.testing.assert_allclose(problem.H(problem.boxes[1][1]), 1e100)


def test_a_problem_with_even_rows_has_all_but_their_weights():
    problem = Problem.of(X, SQUARES, 2, sample_weight=np.arange(9.0), feature_weight=np.arange(1.0, 7.0))
    even = problem.even_rows
    np.testing.assert_allclose(even.X.values(), X * np.sqrt(np.arange(1.0, 7.0)))
    np.testing.assert_allclose(problem.X.values(), even.X.values() * np.sqrt(np.arange(9.0))[:, None])
    assert even.even_rows is even


def test_what_a_problem_cannot_be_made_of_is_refused():
    with pytest.raises(ParameterError, match="penalty_W must be a Penalty or None; got 3"):
        Problem.of(X, SQUARES, penalty_W=3)
    with pytest.raises(DomainError, match="contains zeros"):
        Problem.of(X * 0, get_loss("itakura-saito"))
    with pytest.raises(DataError, match="No entry of X is known"):
        Problem.of(X * 0, SQUARES, missing_values=0).check_data()
    with pytest.raises(DataError, match="W has entries that float32 cannot hold"):
        Problem.of(X.astype(np.float32), SQUARES).W(np.full((9, 1), 1e300))
