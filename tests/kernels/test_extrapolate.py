"""extrapolate: a step beyond the iterate, and not below zero."""

import numpy as np
import pytest


@pytest.mark.parametrize("momentum", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (13, 5), (64, 8), (0, 3)])
def test_the_point_lies_beyond_the_iterate_and_not_below_zero(loops, rng, dtype, shape, momentum):
    iterate, before = (rng.random(shape).astype(dtype) * (rng.random(shape) > 0.3) for _ in range(2))
    kept = iterate.copy(), before.copy()
    point, own = np.full(shape, np.nan, dtype), np.full((shape[1], shape[1]), np.nan, dtype)
    loops.extrapolate(iterate, before, point, momentum, own)
    expected = np.maximum(0, iterate + momentum * (iterate.astype(np.float64) - before))
    np.testing.assert_allclose(point, expected, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)
    assert (point >= 0).all()
    np.testing.assert_array_equal((iterate, before), kept)
    exact = point.astype(np.float64)
    np.testing.assert_allclose(own, exact.T @ exact, rtol=20 * np.finfo(dtype).eps)


def test_without_momentum_the_point_is_the_iterate(loops, rng, dtype):
    iterate, before = (rng.random((9, 4)).astype(dtype) for _ in range(2))
    loops.extrapolate(iterate, before, point := np.empty_like(iterate), 0.0, np.empty((4, 4), dtype))
    np.testing.assert_array_equal(point, iterate)


@pytest.mark.parametrize("wrong", range(3))
@pytest.mark.parametrize("shape", [(4, 3), (5, 4), (3, 5)])
def test_shapes_that_do_not_fit_are_refused(loops, dtype, wrong, shape):
    arrays = [np.ones((5, 3), dtype) for _ in range(3)]
    arrays[wrong] = np.ones(shape, dtype)
    with pytest.raises(ValueError, match="shapes differ"):
        loops.extrapolate(*arrays, 0.5, np.empty((3, 3), dtype))


@pytest.mark.parametrize("shape", [(3, 2), (4, 4), (2, 3)])
def test_a_gram_of_another_shape_is_refused(loops, dtype, shape):
    with pytest.raises(ValueError, match="own has another shape"):
        loops.extrapolate(*(np.ones((5, 3), dtype) for _ in range(3)), 0.5, np.empty(shape, dtype))


def test_the_point_keeps_to_its_bounds(loops, rng, dtype):
    iterate, before = (rng.random((150, 5)).astype(dtype) for _ in range(2))
    lower, upper = np.full_like(iterate, 0.2), rng.uniform(0.3, 0.6, iterate.shape).astype(dtype)
    free, held, own = np.empty_like(iterate), np.empty_like(iterate), np.empty((5, 5), dtype)
    loops.extrapolate(iterate, before, free, 0.7, own)
    loops.extrapolate(iterate, before, held, 0.7, own, None, lower, upper)
    np.testing.assert_array_equal(held, np.clip(free, lower, upper))
    np.testing.assert_allclose(own, held.T @ held, rtol=1e-5)
