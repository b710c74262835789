"""hals_block: coordinate descent on a block of rows, against the same sweeps in NumPy."""

import numpy as np
import pytest

ROWS = [1, 2, 3, 31, 33, 63, 64, 65, 129]
TOLERANCE = {np.float32: {"rtol": 2e-4, "atol": 2e-5}, np.float64: {"rtol": 1e-10, "atol": 1e-12}}
# sums of k terms of either sign, carried through up to five sweeps


def sweep(x, cross, gram, l1=0.0, l2=0.0):
    """x[:, t] = max(0, x[:, t] + (cross[:, t] - l1 - x @ gram[:, t]) / gram[t, t]), for each t in turn."""
    x, gram = x.copy(), gram + l2 * np.eye(len(gram))
    for t in range(x.shape[1]):
        x[:, t] = np.maximum(0, x[:, t] + (cross[:, t] - l1 - x @ gram[:, t]) / gram[t, t])
    return x


def problem(rng, dtype, rows, k, sparse=0.0):
    """A start, cross and gram of one size, the gram positive definite."""
    right = rng.random((3 * k + 2, k))
    X = rng.random((rows, len(right)))
    start = rng.random((rows, k)) * (rng.random((rows, k)) >= sparse)
    return tuple(np.ascontiguousarray(a, dtype) for a in (start, X @ right, right.T @ right))


def run(loops, start, cross, gram, *, l1=0.0, l2=0.0, sweeps=1, shrink=0.0, momentum=0.0, iterate=None):
    iterate = np.zeros_like(start) if iterate is None else iterate.copy()
    point = np.empty_like(start)
    report = loops.hals_block(iterate, start, point, cross, gram, l1, l2, sweeps, shrink, momentum)
    return iterate, point, report


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("k", [1, 2, 3, 5, 16, 17, 40])
def test_one_sweep_is_cyclic_coordinate_descent(loops, rng, dtype, rows, k):
    start, cross, gram = problem(rng, dtype, rows, k)
    iterate, point, _ = run(loops, start, cross, gram)
    expected = sweep(*(a.astype(np.float64) for a in (start, cross, gram)))
    np.testing.assert_allclose(iterate, expected, **TOLERANCE[dtype])
    np.testing.assert_array_equal(point, iterate)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.7, 0.0), (0.0, 0.7), (0.7, 0.7), (1e6, 0.0)])
def test_several_sweeps_with_penalties(loops, rng, dtype, l1, l2):
    start, cross, gram = problem(rng, dtype, 70, 7, sparse=0.4)
    iterate, _, _ = run(loops, start, cross, gram, l1=l1, l2=l2, sweeps=5)
    expected = start.astype(np.float64)
    for _ in range(5):
        expected = sweep(expected, cross.astype(np.float64), gram.astype(np.float64), l1, l2)
    np.testing.assert_allclose(iterate, expected, **TOLERANCE[dtype])


def test_a_sweep_is_exact_when_components_are_orthogonal(loops, rng, dtype):
    """A diagonal gram separates the coordinates, so one sweep solves each row."""
    gram = np.diag(rng.random(6) + 0.5).astype(dtype)
    cross = rng.normal(size=(50, 6)).astype(dtype)
    iterate, _, _ = run(loops, np.ones((50, 6), dtype), cross, gram)
    np.testing.assert_allclose(iterate, np.maximum(cross / np.diagonal(gram), 0), **TOLERANCE[dtype])


@pytest.mark.parametrize("momentum", [0.3, 1.0])
@pytest.mark.parametrize("rows", [1, 65])
def test_momentum_moves_the_point_beyond_the_iterate_and_not_below_zero(loops, rng, dtype, momentum, rows):
    start, cross, gram = problem(rng, dtype, rows, 9)
    before = rng.random(start.shape).astype(dtype)
    iterate, point, _ = run(loops, start, cross, gram, momentum=momentum, iterate=before)
    np.testing.assert_array_equal(iterate, run(loops, start, cross, gram)[0])
    expected = np.maximum(0, iterate + momentum * (iterate.astype(np.float64) - before))
    np.testing.assert_allclose(point, expected, **TOLERANCE[dtype])


def test_the_report_holds_the_inner_product_and_the_first_move(loops, rng, dtype):
    start, cross, gram = problem(rng, dtype, 67, 5)
    before = rng.random(start.shape).astype(dtype)
    _, point, (inner, residual) = run(loops, start, cross, gram, sweeps=4, momentum=0.5, iterate=before)
    first = sweep(*(a.astype(np.float64) for a in (start, cross, gram)))
    rtol = 1e-4 if dtype is np.float32 else 1e-11
    assert inner == pytest.approx(float(np.vdot(cross.astype(np.float64), point)), rel=rtol)
    assert residual == pytest.approx(float(((first - start) ** 2 @ np.diagonal(gram)).sum()), rel=rtol)


def test_a_tile_stops_early_when_a_sweep_moves_little(loops, rng, dtype):
    """With shrink=1 the second sweep is the last wherever it moves less than the first, which a fresh start ensures."""
    start, cross, gram = problem(rng, dtype, 64, 6)
    short, _, _ = run(loops, start, cross, gram, sweeps=50, shrink=1.0)
    np.testing.assert_array_equal(short, run(loops, start, cross, gram, sweeps=2)[0])
    assert np.abs(short - run(loops, start, cross, gram, sweeps=50)[0]).max() > 1e-4


def test_the_residual_is_zero_exactly_at_a_stationary_point(loops, rng, dtype):
    gram = np.diag([1.0, 2.0, 4.0]).astype(dtype)
    solution = np.array([[0.5, 0.0, 2.0]] * 5, dtype)
    cross = solution @ gram
    cross[:, 1] = -1
    _, point, (_, residual) = run(loops, solution, cross, gram)
    np.testing.assert_array_equal(point, solution)
    assert residual == 0


def test_rows_do_not_depend_on_those_beside_them(loops, rng, dtype):
    start, cross, gram = problem(rng, dtype, 64 + 13, 8)
    whole = run(loops, start, cross, gram)[0]
    np.testing.assert_array_equal(whole[64:], run(loops, start[64:].copy(), cross[64:].copy(), gram)[0])


def test_a_component_that_vanished_on_the_other_side_goes_to_zero(loops, rng, dtype):
    start, cross, gram = problem(rng, dtype, 20, 4)
    cross[:, 2], gram[2], gram[:, 2] = 0, 0, 0
    iterate, _, report = run(loops, start, cross, gram, sweeps=3)
    # x - floor x / floor may round to a last digit of x
    np.testing.assert_allclose(iterate[:, 2], 0, atol=np.finfo(dtype).eps * start.max())
    assert np.isfinite(iterate).all()
    assert np.isfinite(report).all()


def test_the_point_may_be_the_start(loops, rng, dtype):
    start, cross, gram = problem(rng, dtype, 40, 4)
    expected = run(loops, start, cross, gram, sweeps=2)[1]
    iterate = np.zeros_like(start)
    loops.hals_block(iterate, start, start, cross, gram, 0.0, 0.0, 2, 0.0, 0.0)
    np.testing.assert_array_equal(start, expected)


@pytest.mark.parametrize("rows", [1, 3, 64, 67, 150])
@pytest.mark.parametrize("k", [1, 4, 7])
def test_the_columns_of_cross_may_be_contiguous_instead_of_its_rows(loops, rng, dtype, rows, k):
    start, cross, gram = problem(rng, dtype, rows, k)
    expected = run(loops, start, cross, gram, sweeps=2, momentum=0.5)
    taller = np.asfortranarray(np.vstack([cross, np.full((5, k), np.nan, dtype)]))
    for other in (np.asfortranarray(cross), taller, taller[:rows]):
        found = run(loops, start, other, gram, sweeps=2, momentum=0.5)
        for wanted, got in zip(expected, found, strict=True):
            np.testing.assert_array_equal(got, wanted)
    with pytest.raises(ValueError, match="contiguous"):
        run(loops, start, np.ones((2 * rows + 2, 2 * k + 2), dtype)[::2, :-2:2], gram)


@pytest.mark.parametrize("wrong", range(5))
@pytest.mark.parametrize("axis", [0, 1])
def test_shapes_that_do_not_fit_are_refused(loops, dtype, wrong, axis):
    shapes = [[8, 3], [8, 3], [8, 3], [8, 3], [3, 3]]
    shapes[wrong][axis] -= 1
    arrays = [np.ones(shape, dtype) for shape in shapes]
    with pytest.raises(ValueError, match=r"rows|components"):
        loops.hals_block(*arrays, 0.0, 0.0, 1, 0.0, 0.0)
