"""extrapolate: a step beyond the iterate, and not below zero."""

import numpy as np
import pytest


@pytest.mark.parametrize("momentum", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (13, 5), (64, 8), (0, 3)])
def test_the_point_lies_beyond_the_iterate_and_not_below_zero(loops, rng, dtype, shape, momentum):
    iterate, before = (rng.random(shape).astype(dtype) * (rng.random(shape) > 0.3) for _ in range(2))
    kept = iterate.copy(), before.copy()
    point = np.full(shape, np.nan, dtype)
    loops.extrapolate(iterate, before, point, momentum)
    expected = np.maximum(0, iterate + momentum * (iterate.astype(np.float64) - before))
    np.testing.assert_allclose(point, expected, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)
    assert (point >= 0).all()
    np.testing.assert_array_equal((iterate, before), kept)


def test_without_momentum_the_point_is_the_iterate(loops, rng, dtype):
    iterate, before = (rng.random((9, 4)).astype(dtype) for _ in range(2))
    loops.extrapolate(iterate, before, point := np.empty_like(iterate), 0.0)
    np.testing.assert_array_equal(point, iterate)


@pytest.mark.parametrize("wrong", range(3))
@pytest.mark.parametrize("shape", [(4, 3), (5, 4), (3, 5)])
def test_shapes_that_do_not_fit_are_refused(loops, dtype, wrong, shape):
    arrays = [np.ones((5, 3), dtype) for _ in range(3)]
    arrays[wrong] = np.ones(shape, dtype)
    with pytest.raises(ValueError, match="shapes differ"):
        loops.extrapolate(*arrays, 0.5)
