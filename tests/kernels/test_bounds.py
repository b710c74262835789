"""hals_block, poisson_csr and poisson_dense with bounds: the same steps, each coordinate clipped to its box."""

import numpy as np
import pytest

FLOOR = 1e-8
TOLERANCE = {np.float32: {"rtol": 5e-4, "atol": 5e-5}, np.float64: {"rtol": 1e-10, "atol": 1e-12}}


def box_for(rng, shape, dtype):
    """Bounds of which some fix an entry, some forbid it, some are an interval, and some leave it free."""
    kind = rng.integers(4, size=shape)
    kind[kind.min(axis=1) == kind.max(axis=1)] = 3  # no row is forbidden as a whole
    lower = np.choose(kind, [0.3, 0.0, 0.1, 0.0])
    upper = np.choose(kind, [0.3, 0.0, 0.5, np.inf])
    return lower.astype(dtype), upper.astype(dtype)


def hals_problem(rng, dtype, rows, k):
    right, start = rng.random((3 * k + 2, k)), rng.random((rows, k))
    X = rng.random((rows, len(right)))
    return tuple(np.ascontiguousarray(a, dtype) for a in (start, X @ right, right.T @ right))


def hals(loops, start, cross, gram, *box, sweeps=1, momentum=0.0, before=None):
    iterate, point = np.zeros_like(start) if before is None else before.copy(), np.empty_like(start)
    report = loops.hals_block(iterate, start, point, cross, gram, 0.1, 0.2, sweeps, 0.0, momentum, None, None, *box)
    return iterate, point, report


@pytest.mark.parametrize("rows", [1, 31, 64, 65, 150])
@pytest.mark.parametrize("k", [1, 3, 5, 16, 33])
def test_bounded_sweeps_are_clipped_coordinate_descent(loops, rng, dtype, rows, k):
    start, cross, gram = hals_problem(rng, dtype, rows, k)
    box = box_for(rng, start.shape, dtype)
    before = np.clip(rng.random(start.shape).astype(dtype), *box)
    iterate, point, (inner, residual) = hals(loops, start, cross, gram, *box, sweeps=3, momentum=0.6, before=before)
    x, damped, moved = start.astype(np.float64), gram.astype(np.float64) + 0.2 * np.eye(k), 0.0
    for sweep in range(3):
        for t in range(k):
            now = np.clip(x[:, t] + (cross[:, t] - 0.1 - x @ damped[:, t]) / damped[t, t], box[0][:, t], box[1][:, t])
            moved += damped[t, t] * ((now - x[:, t]) ** 2).sum() if sweep == 0 else 0.0
            x[:, t] = now
    np.testing.assert_allclose(iterate, x, **TOLERANCE[dtype])
    np.testing.assert_allclose(point, np.clip(x + 0.6 * (x - before), *box), **TOLERANCE[dtype])
    assert (iterate >= box[0]).all()
    assert (iterate <= box[1]).all()
    rtol = 1e-3 if dtype is np.float32 else 1e-10
    assert inner == pytest.approx(float(np.vdot(cross.astype(np.float64), point)), rel=rtol)
    assert residual == pytest.approx(moved, rel=rtol)


def test_bounds_that_bound_nothing_change_no_bit(loops, rng, dtype):
    start, cross, gram = hals_problem(rng, dtype, 70, 6)
    nothing = np.zeros_like(start), np.full_like(start, np.inf)
    for one, other in zip(
        hals(loops, start, cross, gram, sweeps=4, momentum=0.5),
        hals(loops, start, cross, gram, *nothing, sweeps=4, momentum=0.5),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_a_component_that_vanished_on_the_other_side_goes_to_its_lower_bound(loops, rng, dtype):
    start, cross, gram = hals_problem(rng, dtype, 20, 4)
    cross[:, 2], gram[2], gram[:, 2] = 0, 0, 0
    lower, upper = np.full_like(start, 0.125), np.full_like(start, 0.75)
    iterate, point, _ = hals(loops, start, cross, gram, lower, upper, sweeps=3)
    np.testing.assert_array_equal(iterate, point)
    assert (iterate >= lower).all()
    assert (iterate <= upper).all()


def poisson(loops, kernel, X, left, right, *box, l2=0.0, sweeps=1):
    out, mass, m = left.copy(), right.sum(axis=0).astype(left.dtype), right.shape[0]
    if kernel == "poisson_csr":
        report = loops.poisson_csr(
            X.indptr, X.indices, X.data, out, right, mass, l2, FLOOR, sweeps, 0.0, True, 0, X.shape[0], *box
        )
    else:
        transposed = np.zeros((right.shape[1], (m + 15) // 16 * 16), right.dtype)
        transposed[:, :m] = right.T
        report = loops.poisson_dense(X.toarray(), out, transposed, mass, l2, FLOOR, sweeps, 0.0, True, *box)
    return out, report


@pytest.fixture
def factors(rng, dtype):
    def make(k):
        return (rng.random((23, k)) + 0.1).astype(dtype), (rng.random((19, k)) + 0.1).astype(dtype)

    return make


@pytest.mark.parametrize("kernel", ["poisson_csr", "poisson_dense"])
@pytest.mark.parametrize("k", [1, 3, 5, 16, 33])
@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_a_bounded_poisson_sweep_is_that_over_entries_that_are_all_known(
    loops, counts, factors, rng, dtype, kernel, k, l2
):
    """poisson_observed, whose own test holds it to the formula, has bounds too."""
    left, right = factors(k)
    box = box_for(rng, left.shape, dtype)
    out, (_, residual) = poisson(loops, kernel, counts, left, right, *box, l2=l2, sweeps=2)
    expected, nothing = left.copy(), np.zeros(k, dtype)
    full = np.arange(0, 23 * 19 + 1, 19), np.tile(np.arange(19), 23), counts.toarray().ravel()
    report = loops.poisson_observed(*full, None, expected, right, nothing, l2, FLOOR, 2, 0.0, True, 0, 23, *box)
    np.testing.assert_allclose(out, expected, **TOLERANCE[dtype])
    assert residual == pytest.approx(report[1], rel=1e-3 if dtype is np.float32 else 1e-10)
    assert (out >= box[0]).all()
    assert (out <= box[1]).all()


@pytest.mark.parametrize("kernel", ["poisson_csr", "poisson_dense"])
def test_many_bounded_poisson_sweeps_reach_the_minimum_in_the_box(loops, counts, factors, rng, kernel):
    """There the slope points out of the box, or is zero."""
    counts.data = counts.data.astype(np.float64)
    left, right = (a.astype(np.float64) for a in factors(5))
    lower, upper = box_for(rng, left.shape, np.float64)
    out, _ = poisson(loops, kernel, counts, left, right, lower, upper, sweeps=4000)
    slope = right.sum(axis=0) - counts.toarray() / np.maximum(out @ right.T, FLOOR) @ right
    assert np.abs(np.clip(out - slope, lower, upper) - out).max() < 1e-6


@pytest.mark.parametrize("kernel", ["poisson_csr", "poisson_dense"])
def test_poisson_bounds_that_bound_nothing_change_no_bit(loops, counts, factors, kernel):
    left, right = factors(6)
    nothing = np.zeros_like(left), np.full_like(left, np.inf)
    one, other = (poisson(loops, kernel, counts, left, right, *box, sweeps=3) for box in ((), nothing))
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]


@pytest.mark.parametrize("kernel", ["hals_block", "poisson_csr", "poisson_dense"])
def test_bounds_of_another_shape_are_refused(loops, counts, factors, rng, dtype, kernel):
    left, right = factors(4)
    zeros = np.zeros_like(left)

    def run(*box):
        if kernel == "hals_block":
            hals(loops, left, left, right.T @ right, *box)
        else:
            poisson(loops, kernel, counts, left, right, *box)

    run(zeros, zeros)
    for box in ((zeros, zeros[:22].copy()), (zeros[:, :3].copy(), zeros), (zeros,)):
        with pytest.raises(ValueError, match=r"bounds have another shape|come together"):
            run(*box)
