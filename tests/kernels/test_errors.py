"""row_errors: the squared error of each row of a dense matrix, in float64."""

import numpy as np
import pytest

SHAPES = [(1, 1), (1, 200), (200, 1), (4, 12), (5, 13), (32, 192), (33, 193), (70, 400), (3, 0)]


def errors(loops, X, left, right):
    out = np.full(len(X), np.nan)
    loops.row_errors(X, left, right, out)
    return out


@pytest.fixture(params=["C", "F"])
def order(request):
    return request.param


@pytest.mark.parametrize("k", [1, 2, 5, 20, 33])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_errors_are_those_of_numpy_in_float64(loops, rng, dtype, order, shape, k):
    X = np.asarray(rng.normal(size=shape), dtype, order=order)
    left, right = rng.normal(size=(shape[0], k)).astype(dtype), rng.normal(size=(shape[1], k)).astype(dtype)
    expected = np.square(X - left.astype(np.float64) @ right.astype(np.float64).T).sum(axis=1)
    # where the model happens to meet an entry, the difference has the rounding of numbers around one
    np.testing.assert_allclose(errors(loops, X, left, right), expected, rtol=1e-12, atol=1e-13)


def test_a_close_model_has_errors_that_float32_could_not_tell(loops, rng, order):
    left, right = rng.integers(1, 9, (50, 4)).astype(np.float32), rng.integers(1, 9, (70, 4)).astype(np.float32)
    X = np.asarray(left @ right.T, order=order)
    X[3, 5] = np.nextafter(X[3, 5], np.float32(np.inf))
    expected = np.zeros(50)
    expected[3] = float(X[3, 5] - (left @ right.T)[3, 5]) ** 2
    np.testing.assert_array_equal(errors(loops, X, left, right), expected)


@pytest.mark.parametrize("rows", [(0, 1), (1, 6), (32, 70), (69, 70)])
def test_a_row_has_the_same_bits_whatever_rows_and_layout_are_beside_it(loops, rng, dtype, order, rows):
    X, left, right = (rng.random(shape).astype(dtype) for shape in ((70, 300), (70, 7), (300, 7)))
    part = slice(*rows)
    own = errors(loops, np.asarray(X, order=order)[part], left[part], right)
    np.testing.assert_array_equal(own, errors(loops, X, left, right)[part])


def test_nan_and_infinity_reach_their_own_row_alone(loops, dtype, order):
    X, left, right = np.ones((9, 14), dtype, order=order), np.ones((9, 1), dtype), np.ones((14, 1), dtype)
    X[2, 13], X[5, 0] = np.nan, np.inf
    expected = np.zeros(9)
    expected[2], expected[5] = np.nan, np.inf
    np.testing.assert_array_equal(errors(loops, X, left, right), expected)


def test_shapes_that_do_not_fit_are_refused(loops, dtype):
    X, left, right, out = np.ones((4, 3), dtype), np.ones((4, 2), dtype), np.ones((3, 2), dtype), np.ones(4)
    with pytest.raises(ValueError, match="rows differ"):
        loops.row_errors(X, left[:3], right, out)
    with pytest.raises(ValueError, match="rows differ"):
        loops.row_errors(X, left, right, out[:3])
    with pytest.raises(ValueError, match="another shape"):
        loops.row_errors(X, left, right[:2], out)
