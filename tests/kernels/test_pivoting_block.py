"""pivoting_block: exact non-negative least squares, against scipy.optimize.nnls."""

import numpy as np
import pytest
from scipy.optimize import nnls


def solve(loops, cross, gram, dtype, *, l1=0.0, guess=None):
    left = np.ones(cross.shape, dtype) if guess is None else guess.astype(dtype)
    loops.pivoting_block(left, np.ascontiguousarray(cross, np.float64), np.ascontiguousarray(gram, np.float64), l1)
    return left


def violation(x, cross, gram):
    """How far each row is from optimal: x >= 0, gradient >= 0, and their product 0."""
    gradient = x @ gram - cross
    return np.abs(np.minimum(x, gradient)).max(initial=0.0)


@pytest.mark.parametrize("k", [1, 2, 3, 8, 16, 33])
def test_each_row_is_the_solution_of_scipy_nnls(loops, rng, dtype, k):
    A, B = rng.normal(size=(2 * k + 3, k)), rng.normal(size=(2 * k + 3, 25))
    found = solve(loops, B.T @ A, A.T @ A, dtype)
    expected = np.array([nnls(A, b)[0] for b in B.T])
    np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype is np.float32 else 1e-8, atol=1e-9)


@pytest.mark.parametrize("guess", ["zeros", "ones", "random"])
def test_the_guess_does_not_change_the_answer(loops, rng, dtype, guess):
    A, B = rng.normal(size=(30, 10)), rng.normal(size=(30, 40))
    start = {"zeros": np.zeros((40, 10)), "ones": np.ones((40, 10)), "random": rng.random((40, 10)) > 0.5}[guess]
    found = solve(loops, B.T @ A, A.T @ A, dtype, guess=start)
    np.testing.assert_allclose(found, solve(loops, B.T @ A, A.T @ A, dtype), rtol=1e-6, atol=1e-9)


def test_an_l1_penalty_is_taken_off_the_cross_products(loops, rng, dtype):
    A, B = rng.normal(size=(30, 6)), rng.normal(size=(30, 20))
    found = solve(loops, B.T @ A, A.T @ A, dtype, l1=0.8)
    np.testing.assert_array_equal(found, solve(loops, B.T @ A - 0.8, A.T @ A, dtype))
    assert not solve(loops, B.T @ A, A.T @ A, dtype, l1=1e6).any()


@pytest.mark.parametrize("kind", ["repeated", "zero", "low rank", "all zero"])
def test_a_singular_gram_still_gives_a_minimum(loops, rng, kind):
    """Minima are many, so the optimality conditions are checked, not the numbers."""
    A, B = rng.random((20, 8)), rng.random((20, 30))
    if kind == "repeated":
        A[:, 5] = A[:, 2]
    elif kind == "zero":
        A[:, 4] = 0
    elif kind == "low rank":
        A = A[:, :3] @ rng.random((3, 8))
    else:
        A[:] = 0
    gram, cross = A.T @ A, B.T @ A
    found = solve(loops, cross, gram, np.float64)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    # 1e-8 of cross: a dependent component is told by its pivot falling under 1e-13, and roots double the digits lost
    assert violation(found, cross, gram) <= 1e-8 * np.abs(cross).max(initial=1.0)


def test_zero_cross_products_give_zero(loops, rng, dtype):
    A = rng.random((9, 4))
    assert not solve(loops, np.zeros((5, 4)), A.T @ A, dtype).any()


@pytest.mark.parametrize("factor", [1e-100, 1e100])
def test_the_scale_of_the_problem_does_not_matter(loops, rng, factor):
    A, B = rng.normal(size=(20, 5)), rng.normal(size=(20, 10))
    found = solve(loops, factor * (B.T @ A), factor * (A.T @ A), np.float64)
    np.testing.assert_allclose(found, solve(loops, B.T @ A, A.T @ A, np.float64), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("shapes", [((5, 3), (5, 4), (4, 4)), ((5, 4), (4, 4), (4, 4)), ((5, 4), (5, 4), (4, 3))])
def test_shapes_that_do_not_fit_are_refused(loops, dtype, shapes):
    left, cross, gram = shapes
    with pytest.raises(ValueError, match="another shape"):
        loops.pivoting_block(np.ones(left, dtype), np.ones(cross), np.ones(gram), 0.0)
