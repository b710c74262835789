"""newton_csr and newton_dense: rows of a beta-divergence to the end: w >= 0, slope >= 0, and one is zero."""

import numpy as np
import pytest

FLOOR = 1e-10
BETAS = [1.0, 1.25, 1.5, 1.75, 2.0]


def slope(X, w, right, mass, l2, beta):
    """The gradient of each row's objective; for beta = 1 the column sums of right are part of mass."""
    p = np.maximum(w @ right.T, FLOOR)
    pull = (X * p ** (beta - 2)) @ right
    push = 0 if beta == 1 else p ** (beta - 1) @ right
    return push - pull + mass + l2 * w


@pytest.fixture
def problem(counts, rng, dtype):
    """A CSR matrix with no empty row but the first, a start and a right factor."""

    def make(k, beta, l1):
        left, right = (rng.random((23, k)) + 0.1).astype(dtype), (rng.random((19, k)) + 0.05).astype(dtype)
        mass = np.full(k, l1) + (right.sum(axis=0, dtype=np.float64) if beta == 1 else 0)
        return left, right, mass

    return make


def solve(loops, X, left, right, mass, l2, beta, *, dense, most=100, rows=(0, 23)):
    out = left.copy()
    if dense:
        loops.newton_dense(X.toarray(), out, right, mass, l2, FLOOR, beta, most)
    else:
        loops.newton_csr(X.indptr, X.indices, X.data, out, right, mass, l2, FLOOR, beta, most, *rows)
    return out


@pytest.mark.parametrize("dense", [False, True], ids=["csr", "dense"])
@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("k", [1, 2, 5, 11])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.3)])
def test_every_row_is_at_its_minimum(loops, counts, problem, dtype, dense, beta, k, l1, l2):
    left, right, mass = problem(k, beta, l1)
    out = solve(loops, counts, left, right, mass, l2, beta, dense=dense)
    assert (out >= 0).all()
    gradient = slope(
        counts.toarray().astype(np.float64), out.astype(np.float64), right.astype(np.float64), mass, l2, beta
    )
    # gradients are sums of some 20 terms of size about 1; a result rounded to float32 is off by that much
    limit = 2e-4 if dtype is np.float32 else 1e-6
    assert np.abs(np.minimum(out, gradient)).max() < limit
    assert out[[0, 7, 8, 22]].max() < limit, "an empty row's minimum is zero"


@pytest.mark.parametrize("beta", BETAS)
def test_the_start_does_not_change_the_answer(loops, counts, problem, dtype, beta):
    left, right, mass = problem(4, beta, 0.1)
    found = solve(loops, counts, left, right, mass, 0.0, beta, dense=False)
    for factor in (0.01, 100):
        other = solve(loops, counts, left * dtype(factor), right, mass, 0.0, beta, dense=False)
        np.testing.assert_allclose(other, found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("beta", BETAS)
def test_sparse_and_dense_rows_agree(loops, counts, problem, dtype, beta):
    left, right, mass = problem(4, beta, 0.0)
    sparse, dense = (solve(loops, counts, left, right, mass, 0.0, beta, dense=kind) for kind in (False, True))
    np.testing.assert_allclose(sparse, dense, rtol=1e-5 if dtype is np.float32 else 1e-8, atol=1e-7)


def test_a_range_of_rows_has_the_bits_of_the_whole_and_leaves_the_rest(loops, counts, problem):
    left, right, mass = problem(5, 1.0, 0.0)
    whole = solve(loops, counts, left, right, mass, 0.0, 1.0, dense=False)
    part = solve(loops, counts, left, right, mass, 0.0, 1.0, dense=False, rows=(4, 11))
    np.testing.assert_array_equal(part[4:11], whole[4:11])
    np.testing.assert_array_equal(np.delete(part, slice(4, 11), axis=0), np.delete(left, slice(4, 11), axis=0))


@pytest.mark.parametrize("beta", [-1.0, 0.0, 0.5, 3.0])
def test_where_the_problem_is_not_convex_the_objective_still_falls(loops, counts, problem, dtype, beta):
    counts.data[:] += 1
    full = counts.toarray() + dtype(0.5)
    left, right, mass = problem(4, beta, 0.0)
    out = left.copy()
    loops.newton_dense(full, out, right, mass, 0.0, FLOOR, beta, 100)

    def value(w):
        x, p = full.astype(np.float64), np.maximum(w.astype(np.float64) @ right.T.astype(np.float64), FLOOR)
        if beta == 0:
            return (x / p - np.log(x / p) - 1).sum(axis=1)
        return (x**beta + (beta - 1) * p**beta - beta * x * p ** (beta - 1)).sum(axis=1) / (beta * (beta - 1))

    assert np.isfinite(out).all()
    assert (out >= 0).all()
    assert (value(out) <= value(left) + 1e-6).all()
    assert value(out).sum() < 0.9 * value(left).sum()


def test_shapes_that_do_not_fit_are_refused(loops, counts, dtype):
    X = (counts.indptr, counts.indices, counts.data)
    left, right, mass = np.ones((23, 4), dtype), np.ones((19, 4), dtype), np.ones(4)
    for wrong in ((left[:22].copy(), right, mass), (left[:, :3].copy(), right, mass), (left, right, mass[:3])):
        with pytest.raises(ValueError, match=r"shape|length|rows"):
            loops.newton_csr(*X, *wrong, 0.0, FLOOR, 1.0, 5, 0, 23)
        with pytest.raises(ValueError, match=r"shape|length|rows"):
            loops.newton_dense(counts.toarray(), *wrong, 0.0, FLOOR, 1.0, 5)
    with pytest.raises(ValueError, match="rows"):
        loops.newton_csr(*X, left, right, mass, 0.0, FLOOR, 1.0, 5, 0, 24)
    with pytest.raises(ValueError, match="right"):
        loops.newton_dense(counts.toarray(), left, right[:18].copy(), mass, 0.0, FLOOR, 1.0, 5)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("share", [1e-2, 1e-4, 1e-8])
def test_a_row_far_darker_than_its_start_is_solved(loops, dtype, beta, share):
    """One part, one column: the answer is x / right. From far above, a full Newton step would go to zero, and stick."""
    X, out = np.full((1, 1), share, dtype), np.ones((1, 1), dtype)
    right = np.full((1, 1), 1.25, dtype)
    loops.newton_dense(X, out, right, np.full(1, 1.25 if beta == 1 else 0.0), 0.0, 1e-20, beta, 100)
    np.testing.assert_allclose(out, share / 1.25, rtol=1e-4)


@pytest.mark.parametrize("beta", BETAS)
def test_a_row_with_fewer_entries_than_parts_is_solved(loops, dtype, beta):
    """The Hessian is singular there: one entry, two parts of different cost."""
    X, right = np.array([[0, 0.5]], dtype), np.array([[0.24, 0.0], [0.13, 0.68]], dtype)
    mass = right.sum(axis=0, dtype=np.float64) if beta == 1 else np.zeros(2)
    out = np.full((1, 2), 0.16, dtype)
    loops.newton_dense(X, out, right, mass, 0.0, 1e-20, beta, 100)
    gradient = slope(X.astype(np.float64), out.astype(np.float64), right.astype(np.float64), mass, 0.0, beta)
    assert np.abs(np.minimum(out, gradient)).max() < (2e-4 if dtype is np.float32 else 1e-6)
