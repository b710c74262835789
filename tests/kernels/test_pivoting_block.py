"""pivoting_block: exact non-negative least squares, against scipy.optimize.nnls and problems of known solution."""

import numpy as np
import pytest
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

POSITIVES = [0, 1, 4, 5, 8, 9, 12, 13]  # on both sides of each size up to which there is a loop of its own


def block(loops, cross, gram, dtype, *, l1=0.0, guess=None):
    """Return (solution, <cross, solution> as the kernel says)."""
    left = np.ones(cross.shape, dtype) if guess is None else guess.astype(dtype)
    inner = loops.pivoting_block(left, np.ascontiguousarray(cross, dtype), np.ascontiguousarray(gram, np.float64), l1)
    return left, inner


def solve(loops, cross, gram, dtype, **options):
    return block(loops, cross, gram, dtype, **options)[0]


def rounded(array, dtype):
    """What the kernel reads of an array: its numbers in that type, here as float64."""
    return array.astype(dtype).astype(np.float64)


def by_scipy(cross, gram):
    """argmin over x >= 0 of 1/2 x' gram x - cross' x = 1/2 |L' x - inv(L) cross|^2 + constant, for gram = L L'."""
    L = np.linalg.cholesky(gram)
    return np.array([nnls(L.T, row)[0] for row in solve_triangular(L, cross.T, lower=True).T])


def known(rng, k):
    """Return (solutions, cross, gram): three rows for each number of positive entries.

    A row of cross is x gram - slack, where slack is zero where x is positive and positive elsewhere: the optimality
    conditions of x, and of no other, because the gram is definite.
    """
    A = rng.random((3 * k + 5, k))
    gram = A.T @ A + 0.1 * k * np.eye(k)
    sizes = np.repeat([size for size in {*POSITIVES, k} if size <= k], 3)
    ranks = np.argsort(rng.random((len(sizes), k)), axis=1)
    passive = ranks < sizes[:, None]
    x = np.where(passive, rng.random(passive.shape) + 0.5, 0.0)
    return x, x @ gram - np.where(passive, 0.0, rng.random(passive.shape) + 0.5), gram


def violation(x, cross, gram):
    """How far each row is from optimal: x >= 0, gradient >= 0, and their product 0."""
    gradient = x @ gram - cross
    return np.abs(np.minimum(x, gradient)).max(initial=0.0)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 8, 9, 12, 13, 16, 33])
def test_each_row_is_the_solution_of_scipy_nnls(loops, rng, dtype, k):
    A, B = rng.normal(size=(2 * k + 3, k)), rng.normal(size=(2 * k + 3, 25))
    cross, gram = rounded(B.T @ A, dtype), A.T @ A
    found = solve(loops, cross, gram, dtype)
    np.testing.assert_allclose(found, by_scipy(cross, gram), rtol=1e-6 if dtype is np.float32 else 1e-8, atol=1e-9)


@pytest.mark.parametrize("guess", ["solution", "zeros", "ones", "other side"])
@pytest.mark.parametrize("k", range(1, 41))
def test_solutions_with_any_number_of_positive_entries_are_found(loops, rng, dtype, k, guess):
    x, cross, gram = known(rng, k)
    cross = rounded(cross, dtype)
    start = {"solution": x, "zeros": np.zeros_like(x), "ones": np.ones_like(x), "other side": x == 0}[guess]
    found = solve(loops, cross, gram, dtype, guess=start)
    np.testing.assert_array_equal(found > 0, x > 0)
    expected = np.zeros_like(x)
    for row, wanted, passive in zip(expected, cross, x > 0, strict=True):
        row[passive] = np.linalg.solve(gram[np.ix_(passive, passive)], wanted[passive])
    np.testing.assert_allclose(found, expected, rtol=2e-7 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("l1", [0.0, 0.3])
@pytest.mark.parametrize("k", [1, 6, 11, 25])
def test_the_inner_product_of_cross_and_solution_is_returned(loops, rng, dtype, k, l1):
    _, cross, gram = known(rng, k)
    found, inner = block(loops, cross, gram, dtype, l1=l1)
    assert inner == pytest.approx(float(np.vdot(rounded(cross, dtype), found.astype(np.float64))), rel=1e-13)


@pytest.mark.parametrize("k", [1, 4, 5, 8, 9, 12, 13, 40])
def test_a_dead_component_gets_zero_and_leaves_the_others_as_they_are(loops, rng, dtype, k):
    _, cross, gram = known(rng, k)
    expected, rtol = solve(loops, cross, gram, dtype), 1e-6 if dtype is np.float32 else 1e-12
    for t in {0, k // 2, k}:
        wider = np.insert(np.insert(gram, t, 0.0, axis=0), t, 0.0, axis=1)
        for pull in (0.0, 1.0, -1.0):
            found = solve(loops, np.insert(cross, t, pull, axis=1), wider, dtype)
            assert not found[:, t].any()
            np.testing.assert_allclose(np.delete(found, t, axis=1), expected, rtol=rtol)


def test_rows_do_not_depend_on_those_before_them(loops, rng, dtype):
    _, cross, gram = known(rng, 14)
    whole = solve(loops, cross, gram, dtype)
    for i in range(len(cross)):
        np.testing.assert_array_equal(solve(loops, cross[i : i + 1], gram, dtype), whole[i : i + 1])


@pytest.mark.parametrize("rows", [1, 3, 24])
@pytest.mark.parametrize("k", [1, 7])
def test_the_columns_of_cross_may_be_contiguous_instead_of_its_rows(loops, rng, dtype, rows, k):
    A = rng.normal(size=(20, k))
    cross, gram = rng.normal(size=(rows, k)).astype(dtype), A.T @ A
    expected, wanted = block(loops, cross, gram, dtype)
    taller = np.asfortranarray(np.vstack([cross, np.full((5, k), np.nan, dtype)]))
    for other in (np.asfortranarray(cross), taller, taller[:rows]):
        left = np.ones_like(cross)
        assert loops.pivoting_block(left, other, gram, 0.0) == wanted
        np.testing.assert_array_equal(left, expected)
    with pytest.raises(ValueError, match="contiguous"):
        loops.pivoting_block(left, np.ones((2 * rows + 2, 2 * k + 2), dtype)[::2, :-2:2], gram, 0.0)


@pytest.mark.parametrize("guess", ["zeros", "ones", "random"])
def test_the_guess_does_not_change_the_answer(loops, rng, dtype, guess):
    A, B = rng.normal(size=(30, 10)), rng.normal(size=(30, 40))
    start = {"zeros": np.zeros((40, 10)), "ones": np.ones((40, 10)), "random": rng.random((40, 10)) > 0.5}[guess]
    found = solve(loops, B.T @ A, A.T @ A, dtype, guess=start)
    np.testing.assert_allclose(found, solve(loops, B.T @ A, A.T @ A, dtype), rtol=1e-6, atol=1e-9)


def test_an_l1_penalty_is_taken_off_the_cross_products(loops, rng, dtype):
    A, B = rng.normal(size=(30, 6)), rng.normal(size=(30, 20))
    found = solve(loops, B.T @ A, A.T @ A, dtype, l1=0.8)
    expected = solve(loops, rounded(B.T @ A, dtype) - 0.8, A.T @ A, np.float64)
    np.testing.assert_array_equal(found, expected.astype(dtype))
    assert not solve(loops, B.T @ A, A.T @ A, dtype, l1=1e6).any()


@pytest.mark.parametrize("kind", ["repeated", "zero", "low rank", "all zero"])
@pytest.mark.parametrize("k", [3, 8, 12, 20])
def test_a_singular_gram_still_gives_a_minimum(loops, rng, kind, k):
    """Minima are many, so the optimality conditions are checked, not the numbers."""
    A, B = rng.random((3 * k, k)), rng.random((3 * k, 30))
    if kind == "repeated":
        A[:, -1] = A[:, 1]
    elif kind == "zero":
        A[:, k // 2] = 0
    elif kind == "low rank":
        A = A[:, : k // 3 + 1] @ rng.random((k // 3 + 1, k))
    else:
        A[:] = 0
    gram, cross = A.T @ A, B.T @ A
    found = solve(loops, cross, gram, np.float64)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    # 1e-8 of cross: a dependent component is told by its pivot falling under 1e-14, and roots double the digits lost
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
        loops.pivoting_block(np.ones(left, dtype), np.ones(cross, dtype), np.ones(gram), 0.0)


def test_cross_has_the_number_type_of_left_and_gram_is_float64(loops, dtype):
    other = np.float64 if dtype is np.float32 else np.float32
    left = np.ones((5, 4), dtype)
    for cross, gram in ((np.ones((5, 4), other), np.eye(4)), (left.copy(), np.eye(4, dtype=np.float32))):
        with pytest.raises(TypeError, match="incompatible"):
            loops.pivoting_block(left, cross, gram, 0.0)


def test_a_component_too_small_to_be_inverted_is_dead(loops, dtype):
    found = solve(loops, np.array([[1.0, 1e-310]]), np.diag([1.0, 1e-310]), dtype)
    np.testing.assert_array_equal(found, [[1.0, 0.0]])
