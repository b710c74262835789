"""Problems whose answer is known, and agreement between solvers on those whose answer is not."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment, nnls

from partwise import factorize
from partwise.losses import get_loss
from partwise.matrix import as_matrix


def shapes(factor):
    return factor / np.linalg.norm(factor, axis=1, keepdims=True)


def distance(found, parts):
    """Largest difference between the parts found and those of the answer, each of length 1, in the best order."""
    gaps = np.abs(shapes(found)[:, None] - shapes(parts)[None]).max(axis=2)
    return gaps[linear_sum_assignment(gaps)].max()


def swimmer():
    """The 256 stick figures of Donoho and Stodden (2003): a torso and four limbs, each in one of four positions.

    D. Donoho and V. Stodden, "When does non-negative matrix factorization give a correct decomposition into parts?",
    NIPS 2003. Their separable factorial family has one factorization but for order and scale. The torso, which is in
    every figure, is left out: it alone is not identified. Return (figures (256, 16), limb positions (16, 16)).
    """
    positions = np.eye(16)
    picks = np.array(np.meshgrid(*[range(4)] * 4)).reshape(4, -1).T
    figures = sum(positions[4 * limb + picks[:, limb]] for limb in range(4))
    # each limb position is five pixels long, as in the paper
    return np.repeat(figures, 5, axis=1), np.repeat(positions, 5, axis=1)


def blocks(k=4):
    """A block-diagonal matrix with blocks of rank 1: unique, because each part has rows and columns of its own."""
    rng = np.random.default_rng(0)
    W, H = (np.kron(np.eye(k), np.ones((rows, 1))) * (rng.random((rows * k, 1)) + 0.5) for rows in (6, 5))
    return W @ H.T, W, H.T


def anchored(m=12, k=3, seed=0):
    """Each part has a row of X that is it alone, and a column that it alone has: X holds a k x k identity.

    The identity has one non-negative factorization but for order and scale, so X has one: D. Donoho and V. Stodden,
    NIPS 2003; H. Laurberg et al., "Theorems on positive data: on the uniqueness of NMF", 2008, doi:10.1155/2008/764206.
    Return (X, H).
    """
    rng = np.random.default_rng(seed)
    W = np.vstack([np.eye(k), rng.dirichlet(np.ones(k), 30)])
    H = np.hstack([np.eye(k), rng.random((k, m))])
    return W @ H, H


@pytest.mark.parametrize(("solver", "loss"), [("hals", 2), ("pivoting", 2), ("mu", 2), ("ccd", 1), ("mu", 1)])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_a_block_diagonal_matrix_falls_into_its_blocks(solver, loss, store):
    X, _, H = blocks()
    found = factorize(store(X), 4, loss=loss, solver=solver, init="nndsvd", tol=1e-8, max_iter=3000)
    assert found.relative_error < 1e-4
    assert distance(found.H, H) < 1e-3


@pytest.mark.parametrize("solver", ["hals", "pivoting"])
def test_the_swimmer_s_limbs_are_found(solver):
    """Up to a share of the other limbs: without a torso each limb is identified by the figures that lack it."""
    X, limbs = swimmer()
    best = factorize(X, 16, solver=solver, init="random", n_init=10, random_state=0, tol=1e-7, max_iter=2000)
    assert best.relative_error < 1e-3
    assert distance(best.H, limbs) < 0.05


@pytest.mark.parametrize("solver", ["hals", "pivoting"])
@pytest.mark.parametrize("seed", range(3))
def test_a_problem_with_anchors_has_one_answer(solver, seed):
    X, H = anchored(seed=seed)
    found = factorize(X, 3, solver=solver, init="nndsvda", tol=1e-10, max_iter=5000)
    assert found.relative_error < 1e-4
    assert distance(found.H, H) < 1e-3


def test_rank_one_is_the_leading_singular_pair():
    X = np.random.default_rng(0).gamma(1.0, 1.0, (20, 13))
    u, s, vt = np.linalg.svd(X)
    for solver in ("hals", "pivoting", "mu"):
        found = factorize(X, 1, solver=solver, tol=1e-9, max_iter=2000)
        np.testing.assert_allclose(found.W @ found.H, s[0] * np.outer(u[:, 0], vt[0]), rtol=1e-4)


def test_rank_one_kullback_leibler_is_the_product_of_the_margins():
    X = np.random.default_rng(0).poisson(3.0, (20, 13)).astype(float)
    expected = np.outer(X.sum(axis=1), X.sum(axis=0)) / X.sum()
    for solver in ("ccd", "mu"):
        for data in (X, sp.csr_array(X)):
            found = factorize(data, 1, loss="kullback-leibler", solver=solver, tol=1e-9, max_iter=2000)
            np.testing.assert_allclose(found.W @ found.H, expected, rtol=1e-6)


def test_a_kullback_leibler_optimum_keeps_the_margins():
    """At a stationary point the model has X's row and column sums: E. Gaussier and C. Goutte, SIGIR 2005."""
    X = np.random.default_rng(0).poisson(2.0, (30, 15)).astype(float)
    found = factorize(X, 4, loss="kullback-leibler", tol=1e-9, max_iter=5000, random_state=0)
    model = found.W @ found.H
    np.testing.assert_allclose(model.sum(axis=1), X.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(model.sum(axis=0), X.sum(axis=0), rtol=1e-4)


def noisy(seed=0):
    rng = np.random.default_rng(seed)
    return rng.poisson(4 * rng.gamma(0.5, 1.0, (40, 3)) @ rng.gamma(0.5, 1.0, (3, 25)) + 0.05).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_solvers_of_least_squares_reach_the_same_optimum(seed):
    X = noisy(seed)
    losses = [
        factorize(X, 3, solver=solver, init="nndsvda", tol=1e-9, max_iter=20000).loss
        for solver in ("hals", "pivoting", "mu")
    ]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_newton_and_multiplicative_steps_reach_the_same_divergence(seed, store):
    """From a start in the basin of one minimum: from afar the two may end in different ones."""
    X = store(noisy(seed))
    near = factorize(X, 3, loss=1, init="nndsvda", tol=0, max_iter=30)
    losses = [
        factorize(X, 3, loss=1, solver=solver, W=near.W + 1e-3, H=near.H + 1e-3, tol=1e-8, max_iter=20000).loss
        for solver in ("ccd", "mu")
    ]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)


@pytest.mark.parametrize("solver", ["hals", "pivoting", "mu"])
def test_the_end_of_a_fit_is_a_stationary_point(solver):
    """W >= 0, gradient >= 0 and their product 0 on both sides, relative to the size of the gradient's parts."""
    X = noisy()
    found = factorize(X, 3, solver=solver, init="nndsvda", tol=1e-9, max_iter=20000)
    for data, left, right in ((X, found.W, found.H.T), (X.T, found.H.T, found.W)):
        negative, positive = data @ right, left @ (right.T @ right)
        assert (positive - negative >= -1e-4 * negative.max()).all()
        assert np.abs(left * (positive - negative)).max() < 1e-4 * (left * negative).max()


def test_the_weights_of_least_squares_are_those_of_scipy_nnls():
    X = noisy()
    found = factorize(X, 3, random_state=0)
    expected = np.array([nnls(found.H.T, row)[0] for row in X])
    np.testing.assert_allclose(found.W, expected, rtol=1e-7, atol=1e-9)


def test_a_better_fit_needs_no_fewer_parts():
    X = noisy()
    for loss in ("frobenius", "kullback-leibler"):
        losses = [factorize(X, k, loss=loss, random_state=0, tol=1e-6, max_iter=2000).loss for k in (1, 2, 3, 5, 8)]
        assert (np.diff(losses) < 0).all()


def test_as_many_parts_as_columns_reproduce_the_data():
    X = noisy()[:, :6]
    found = factorize(X, 6, init="random", random_state=0, tol=1e-7, max_iter=20000)
    assert found.relative_error < 1e-2
    identity = factorize(X, 6, W=X + 1e-12, H=np.eye(6) + 1e-12, max_iter=50)
    assert identity.relative_error < 1e-6


def test_a_half_step_of_pivoting_is_no_worse_than_one_of_hals():
    X = noisy()
    rng = np.random.default_rng(1)
    start = {"W": rng.random((40, 3)), "H": rng.random((3, 25))}
    value = [factorize(X, 3, solver=solver, **start, max_iter=1, tol=0).loss for solver in ("pivoting", "hals")]
    assert value[0] <= value[1] * 1.05
    matrix = as_matrix(X)
    assert value[0] < get_loss(2).value(matrix, start["W"], np.ascontiguousarray(start["H"].T))


@pytest.mark.parametrize("seed", range(3))
def test_where_rounding_hides_the_loss_it_does_not_choose_the_pair(seed):
    """Losses agree to 1e-15 where factors still differ by its root: dense and sparse X would end at two pairs."""
    dense = np.random.default_rng(seed).gamma(1.0, 1.0, (12, 8))
    dense[:, ::2] = 0
    options = {"init": "random", "random_state": seed, "tol": 0, "max_iter": 300}
    one, other = (factorize(stored, 3, **options) for stored in (dense, sp.csr_array(dense)))
    np.testing.assert_allclose(one.W, other.W, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(one.H, other.H, rtol=1e-9, atol=1e-11)
