"""column_moments and scale_columns: sums over the columns of a factor, and their scale."""

import numpy as np
import pytest

SHAPES = [(0, 3), (1, 1), (63, 2), (65, 5), (70, 3), (67, 11), (130, 8), (9000, 20)]


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_columns_are_summed_in_float64(loops, rng, dtype, shape, size):
    factor, (sums, squares) = rng.random(shape).astype(dtype), np.full((2, shape[1]), np.nan)
    loops.column_moments(factor, sums, squares, loops.Team(size))
    exact = factor.astype(np.float64)
    np.testing.assert_allclose(sums, exact.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(squares, (exact**2).sum(axis=0), rtol=1e-13)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_columns_are_scaled(loops, rng, dtype, shape, size):
    factor, by = rng.random(shape).astype(dtype), rng.random(shape[1]).astype(dtype)
    expected = factor * by
    loops.scale_columns(factor, by, loops.Team(size))
    np.testing.assert_array_equal(factor, expected)


def test_other_lengths_are_refused(loops, dtype):
    factor = np.ones((4, 3), dtype)
    with pytest.raises(ValueError, match="another length"):
        loops.column_moments(factor, np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="another length"):
        loops.scale_columns(factor, np.ones(4, dtype))
