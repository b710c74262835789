"""poisson_pull, poisson_csr, poisson_dense: the Kullback-Leibler divergence, a row at a time."""

import numpy as np
import pytest
from scipy.special import xlogy

KS = [1, 2, 3, 4, 5, 8, 11, 17]
FLOOR = 1e-8


@pytest.fixture
def factors(rng, dtype):
    def make(k, zeros=0.0):
        left, right = rng.random((23, k)) + 0.1, rng.random((19, k)) + 0.1
        left[rng.random(left.shape) < zeros] = 0
        return left.astype(dtype), right.astype(dtype)

    return make


def wide(*arrays):
    return tuple(a.astype(np.float64) for a in arrays)


def divergence(X, left, right, mass, l2=0.0):
    """Return each row's objective: sum_t mass w + l2/2 w^2 - sum_j x log p."""
    p = np.maximum(left @ right.T, FLOOR)
    return left @ mass + 0.5 * l2 * (left**2).sum(axis=1) - xlogy(X, p).sum(axis=1)


def sparse_step(loops, X, left, right, *, l1=0.0, l2=0.0, sweeps=1, shrink=0.0, value=True, rows=None):
    out, mass = left.copy(), (right.sum(axis=0) + left.dtype.type(l1)).astype(left.dtype)
    rows = (0, X.shape[0]) if rows is None else rows
    plan = mass, l2, FLOOR, sweeps, shrink, value, *rows
    return out, loops.poisson_csr(X.indptr, X.indices, X.data, out, right, *plan)


def dense_step(loops, X, left, right, *, l1=0.0, l2=0.0, sweeps=1, shrink=0.0, value=True):
    out, mass = left.copy(), (right.sum(axis=0) + left.dtype.type(l1)).astype(left.dtype)
    m = right.shape[0]
    transposed = np.zeros((right.shape[1], (m + 15) // 16 * 16), right.dtype)
    transposed[:, :m] = right.T
    return out, loops.poisson_dense(X, out, transposed, mass, l2, FLOOR, sweeps, shrink, value)


def one_sweep(X, left, right, mass, l2):
    """One-variable steps: each goes where the Jensen bound s^2 / (s + c d) of the pull meets mass + l2 (w + d), but
    down to zero only where zero is the minimum, else by the multiplicative step.
    """
    w = left.copy()
    for t in range(w.shape[1]):
        u = right[:, t] / np.maximum(w @ right.T, FLOOR)
        s, c = (X * u).sum(axis=1), (X * u * u).sum(axis=1)
        a = mass[t] + l2 * w[:, t]
        with np.errstate(invalid="ignore", divide="ignore"):
            if l2 > 0:
                b = a * c + l2 * s
                step = 2 * s * (s - a) / (b + np.sqrt(b * b + 4 * l2 * c * s * (s - a)))
            else:
                step = s * (s - a) / (a * c)
        now = np.maximum(w[:, t] + np.where(c > 0, step, -w[:, t]), 0)
        rest = np.maximum(w @ right.T - w[:, t, None] * right[:, t], FLOOR)
        passes = (now == 0) & (w[:, t] > 0) & ((X * right[:, t] / rest).sum(axis=1) > mass[t])
        w[:, t] = np.where(passes, w[:, t] * s / a, now)
    return w


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize("rows", [(0, 23), (0, 0), (6, 10), (22, 23)])
def test_the_pull_is_the_ratio_times_right(loops, counts, factors, dtype, k, rows):
    left, right = factors(k)
    first, last = rows
    negative = np.full((last - first, k), np.nan, dtype)
    X, plan = (counts.indptr, counts.indices, counts.data), (FLOOR, True, first, last)
    total = loops.poisson_pull(*X, left, right, negative, *plan)
    X, W, R = wide(counts.toarray()[first:last], left[first:last], right)
    rtol = 1e-5 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(negative, X / (W @ R.T) @ R, rtol=rtol)
    # terms of both signs: held to the sum of their sizes
    size = np.abs(xlogy(X, W @ R.T)).sum()
    assert total == pytest.approx(xlogy(X, W @ R.T).sum(), abs=rtol * (size + 1))


def test_a_pull_without_value_has_the_same_bits_and_no_likelihood(loops, counts, factors, dtype):
    left, right = factors(5)
    pulls = np.full((2, 23, 5), np.nan, dtype)
    X = (counts.indptr, counts.indices, counts.data)
    totals = [
        loops.poisson_pull(*X, left, right, pull, FLOOR, value, 0, 23)
        for pull, value in zip(pulls, (True, False), strict=True)
    ]
    np.testing.assert_array_equal(*pulls)
    assert totals[0] != totals[1] == 0


def test_the_vector_logarithm_is_within_two_units_in_the_last_place(loops, dtype):
    """The likelihood of one entry x = 1 is log p: p in every octave, and near 1 and sqrt(1/2), where octaves meet."""
    limits, beside = np.finfo(dtype), np.linspace(-0.3, 0.3, 601)
    octaves = np.ldexp(np.linspace(1, 2, 17, endpoint=False), np.arange(limits.minexp, limits.maxexp)[:, None])
    p = np.concatenate([octaves.ravel(), 1 + beside, np.sqrt(0.5) * (1 + beside**5)]).astype(dtype)[:, None]
    X = np.arange(len(p) + 1), np.zeros(len(p), np.int64), np.ones(len(p), dtype)
    one, negative = np.ones((1, 1), dtype), np.empty((1, 1), dtype)
    found = np.array([loops.poisson_pull(*X, p, one, negative, limits.tiny, True, i, i + 1) for i in range(len(p))])
    expected = np.log(p[:, 0].astype(np.longdouble))
    assert np.isfinite(found).all()
    assert (np.abs(found - expected) <= 2 * np.spacing(np.abs(expected).astype(dtype))).all()


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize("l2", [0.0, 0.5])
@pytest.mark.parametrize("step", [sparse_step, dense_step])
def test_a_sweep_takes_the_one_variable_steps_of_its_formula(loops, counts, factors, dtype, k, l2, step):
    left, right = factors(k)
    X = counts if step is sparse_step else counts.toarray()
    out, _ = step(loops, X, left, right, l1=0.2, l2=l2)
    dense, W, R = wide(counts.toarray(), left, right)
    mass = R.sum(axis=0) + 0.2
    expected = one_sweep(dense, W, R, mass, l2)
    tolerance = 2e-5 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("k", [1, 5, 17])
@pytest.mark.parametrize("step", [sparse_step, dense_step])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5)])
def test_no_sweep_raises_the_divergence_of_any_row(loops, counts, factors, dtype, k, step, l1, l2):
    left, right = factors(k, zeros=0.3)
    X = counts if step is sparse_step else counts.toarray()
    dense, R = wide(counts.toarray(), right)
    before = None
    for _ in range(6):
        now = divergence(dense, left.astype(np.float64), R, R.sum(axis=0) + l1, l2)
        assert before is None or (now <= before + 64 * np.finfo(dtype).eps * (1 + np.abs(before))).all()
        before = now
        left, _ = step(loops, X, left, right, l1=l1, l2=l2)


@pytest.mark.parametrize("step", [sparse_step, dense_step])
def test_many_sweeps_reach_the_minimum(loops, counts, factors, step):
    """At the minimum of a convex problem: w >= 0, gradient >= 0, and one of the two zero."""
    counts.data = counts.data.astype(np.float64)
    left, right = (a.astype(np.float64) for a in factors(5))
    out, _ = step(loops, counts if step is sparse_step else counts.toarray(), left, right, sweeps=4000)
    X = counts.toarray()
    gradient = right.sum(axis=0) - X / np.maximum(out @ right.T, FLOOR) @ right
    assert np.abs(np.minimum(out, gradient)).max() < 1e-6
    assert not out[[0, 7, 8, 22]].any(), "an empty row's minimum is zero"


@pytest.mark.parametrize("step", [sparse_step, dense_step])
def test_the_report_holds_the_likelihood_after_and_the_first_move(loops, counts, factors, dtype, step):
    left, right = factors(4)
    X = counts if step is sparse_step else counts.toarray()
    out, (inner, residual) = step(loops, X, left, right, sweeps=3)
    first, _ = step(loops, X, left, right)
    dense, W, R = wide(counts.toarray(), out, right)
    rtol = 1e-4 if dtype is np.float32 else 1e-10
    assert inner == pytest.approx(xlogy(dense, np.maximum(W @ R.T, FLOOR)).sum(), rel=rtol)
    assert residual == pytest.approx(float((np.abs(first.astype(np.float64) - left) @ R.sum(axis=0)).sum()), rel=rtol)


@pytest.mark.parametrize("step", [sparse_step, dense_step])
def test_steps_without_value_have_the_same_bits_and_no_likelihood(loops, counts, factors, step):
    left, right = factors(4)
    X = counts if step is sparse_step else counts.toarray()
    out, (inner, residual) = step(loops, X, left, right, sweeps=3)
    other, (nothing, moved) = step(loops, X, left, right, sweeps=3, value=False)
    np.testing.assert_array_equal(other, out)
    assert inner != nothing == 0
    assert moved == residual


def test_sparse_and_dense_steps_agree(loops, counts, factors, dtype):
    left, right = factors(6)
    sparse, _ = sparse_step(loops, counts, left, right, sweeps=3)
    dense, _ = dense_step(loops, counts.toarray(), left, right, sweeps=3)
    np.testing.assert_allclose(sparse, dense, rtol=1e-4 if dtype is np.float32 else 1e-11, atol=1e-6)


def test_a_range_of_rows_has_the_bits_of_the_whole_and_leaves_the_rest(loops, counts, factors):
    left, right = factors(5)
    whole, _ = sparse_step(loops, counts, left, right, sweeps=2)
    part, _ = sparse_step(loops, counts, left, right, sweeps=2, rows=(4, 11))
    np.testing.assert_array_equal(part[4:11], whole[4:11])
    np.testing.assert_array_equal(np.delete(part, slice(4, 11), axis=0), np.delete(left, slice(4, 11), axis=0))


def test_a_row_stops_when_a_sweep_moves_less_than_its_share_of_the_first(loops, counts, factors):
    left, right = factors(5)
    once, _ = sparse_step(loops, counts, left, right, sweeps=1)
    stopped, _ = sparse_step(loops, counts, left, right, sweeps=100, shrink=1.0)
    np.testing.assert_array_equal(stopped, once)


def test_shapes_that_do_not_fit_are_refused(loops, counts, dtype):
    X = (counts.indptr, counts.indices, counts.data)
    left, right, mass = np.ones((23, 4), dtype), np.ones((19, 4), dtype), np.ones(4, dtype)
    plan = (0.0, FLOOR, 1, 0.0, True)
    for rows, text in (((0, 24), "rows"), ((-1, 3), "rows"), ((3, 2), "rows")):
        with pytest.raises(ValueError, match=text):
            loops.poisson_csr(*X, left, right, mass, *plan, *rows)
    for wrong in ((left[:22].copy(), right, mass), (left[:, :3].copy(), right, mass), (left, right, mass[:3])):
        with pytest.raises(ValueError, match=r"shape|length"):
            loops.poisson_csr(*X, *wrong, *plan, 0, 23)
    for negative in (np.ones((22, 4), dtype), np.ones((23, 3), dtype)):
        with pytest.raises(ValueError, match="negative"):
            loops.poisson_pull(*X, left, right, negative, FLOOR, True, 0, 23)
    dense, wide_right = counts.toarray(), np.ones((4, 32), dtype)
    for wrong in (
        (dense[:22], left, wide_right, mass),
        (dense, left, wide_right[:3], mass),
        (dense, left, wide_right[:, :16].copy(), mass),
        (dense, left, wide_right, mass[:3]),
    ):
        with pytest.raises(ValueError, match=r"rows|shape|length"):
            loops.poisson_dense(*wrong, *plan)
