"""survey: smallest and largest value, sum and sum of squares in float64, against NumPy and exact sums."""

import math

import numpy as np
import pytest


def exactly(values):
    wide = values.astype(np.float64)
    return wide.min(), wide.max(), math.fsum(wide), math.fsum(wide * wide)


@pytest.mark.parametrize("count", range(1, 101))
def test_a_survey_is_that_of_numpy(loops, rng, dtype, count):
    values = rng.normal(size=count).astype(dtype)
    low, high, total, squares = loops.survey(values)
    expected = exactly(values)
    assert (low, high) == expected[:2]
    # a hundred additions of either sign, each off by at most a rounding of what the sizes add up to
    assert total == pytest.approx(expected[2], abs=100 * np.finfo(np.float64).eps * np.abs(values).sum())
    assert squares == pytest.approx(expected[3], rel=1e-14)


def test_no_values_have_no_bounds_and_sums_of_zero(loops, dtype):
    assert loops.survey(np.zeros(0, dtype)) == (np.inf, -np.inf, 0, 0)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 32, 33, 53])
def test_every_place_is_looked_at(loops, dtype, count):
    for place in range(count):
        values = np.full(count, 2, dtype)
        values[place] = -3
        assert loops.survey(values) == (-3, 2 if count > 1 else -3, 2 * count - 5, 4 * count + 5)
        assert loops.survey(-values) == (-2 if count > 1 else 3, 3, 5 - 2 * count, 4 * count + 5)
        values[place] = np.nan
        low, high, total, _ = loops.survey(values)
        assert math.isnan(total)
        assert not math.isnan(low)
        assert not math.isnan(high)


@pytest.mark.parametrize("count", [5, 40])
def test_infinities_are_bounds_and_their_sum_is_nan_where_both_are_there(loops, dtype, count):
    values = np.ones(count, dtype)
    values[3] = np.inf
    assert loops.survey(values) == (1, np.inf, np.inf, np.inf)
    assert loops.survey(-values) == (-np.inf, -1, -np.inf, np.inf)
    values[1] = -np.inf
    low, high, total, squares = loops.survey(values)
    assert (low, high, squares) == (-np.inf, np.inf, np.inf)
    assert math.isnan(total)


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("end", ["smallest_subnormal", "max"])
def test_the_ends_of_float32_are_summed_and_squared_as_they_are(loops, count, end):
    value = getattr(np.finfo(np.float32), end)
    values = np.full(count, value)
    wide = float(value)
    assert loops.survey(values) == (wide, wide, pytest.approx(count * wide), pytest.approx(count * wide * wide))


@pytest.mark.parametrize("count", [3, 40])
def test_the_ends_of_float64_are_bounds_though_their_sums_overflow_or_vanish(loops, count):
    tiny, huge = 5e-324, np.finfo(np.float64).max
    assert loops.survey(np.full(count, tiny)) == (tiny, tiny, count * tiny, 0)
    assert loops.survey(np.full(count, huge)) == (huge, huge, np.inf, np.inf)
    assert loops.survey(np.full(count, -huge)) == (-huge, -huge, -np.inf, np.inf)


def test_many_float32_values_are_summed_in_float64(loops):
    values = np.full(1_000_003, 0.1, np.float32)
    wide = float(values[0])
    _, _, total, squares = loops.survey(values)
    assert total == pytest.approx(len(values) * wide, rel=1e-11)
    assert squares == pytest.approx(len(values) * wide * wide, rel=1e-11)


def test_read_only_values_are_read_and_strided_ones_refused(loops, dtype):
    values = np.arange(40).astype(dtype)
    values.flags.writeable = False
    assert loops.survey(values) == exactly(values)
    with pytest.raises(TypeError, match="incompatible"):
        loops.survey(values[::2])


def test_long_sums_keep_their_digits(loops):
    _, _, total, squares = loops.survey(np.full(3_000_000, 0.1))
    # equal values round the same way at every addition, which is the worst case; the loss is read off sums to 1e-12
    assert total == pytest.approx(300_000, rel=1e-13)
    assert squares == pytest.approx(30_000, rel=1e-13)
