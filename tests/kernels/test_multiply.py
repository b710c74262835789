"""multiply: the multiplicative step from the two parts of a gradient."""

import numpy as np
import pytest

RTOL = {np.float32: 1e-5, np.float64: 1e-12}


@pytest.fixture
def parts(rng, dtype):
    """Left (9, 5), negative and positive parts, all positive, and levels that nothing falls under."""
    left, negative, positive = (rng.random((9, 5)).astype(dtype) + dtype(0.1) for _ in range(3))
    return left, negative, positive, np.full(5, 1e-3, dtype)


@pytest.mark.parametrize("exponent", [1.0, 0.5, 2 / 3])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.4), (0.3, 0.4)])
def test_each_entry_is_multiplied_by_a_power_of_the_ratio(loops, parts, dtype, exponent, l1, l2):
    left, negative, positive, least = parts
    push = positive + l1 + l2 * left
    expected = left * (negative.astype(np.float64) / push) ** exponent
    moved, _ = loops.multiply(out := left.copy(), negative, positive, least, l1, l2, exponent)
    np.testing.assert_allclose(out, expected, rtol=RTOL[dtype])
    assert moved == pytest.approx(float((push * np.abs(out.astype(np.float64) - left)).sum()), rel=RTOL[dtype])


def test_one_row_of_positive_parts_is_shared_by_all(loops, parts, dtype):
    left, negative, positive, least = parts
    shared, full = left.copy(), left.copy()
    assert loops.multiply(shared, negative, positive[:1].copy(), least, 0.1, 0.2, 1.0) == loops.multiply(
        full, negative, np.tile(positive[0], (9, 1)), least, 0.1, 0.2, 1.0
    )
    np.testing.assert_array_equal(shared, full)


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_zeros_stay_and_those_that_should_grow_are_counted(loops, parts, dtype, share):
    left, negative, positive, least = parts
    left[:, 1:] = 0
    positive *= dtype(share)
    before = left.copy()
    _, waiting = loops.multiply(left, negative, positive, least, 0.2, 0.3, 1.0)
    np.testing.assert_array_equal(left[:, 1:], before[:, 1:])
    assert waiting == (negative > positive + dtype(0.2))[:, 1:].sum()


def test_tiny_entries_are_multiplied_like_others(loops, parts, dtype):
    left, negative, positive, least = parts
    left *= dtype(1e-12)
    expected = left * negative / positive
    loops.multiply(left, negative, positive, np.zeros_like(least), 0.0, 0.0, 1.0)
    np.testing.assert_allclose(left, expected, rtol=RTOL[dtype])


def test_an_entry_under_the_least_of_its_column_becomes_zero(loops, parts, dtype):
    left, negative, positive, least = parts
    negative[:] = positive * dtype(1e-5)
    least[:3] = 0
    loops.multiply(left, negative, positive, least, 0.0, 0.0, 1.0)
    assert left[:, :3].all()
    assert not left[:, 3:].any()


def test_an_entry_without_positive_part_stays(loops, parts):
    left, negative, positive, least = parts
    before = left.copy()
    positive[:] = 0
    assert loops.multiply(left, negative, positive, least, 0.0, 0.0, 1.0) == (0, 0)
    np.testing.assert_array_equal(left, before)


def test_a_step_that_would_overflow_is_not_taken(loops, parts, dtype):
    left, negative, positive, least = parts
    before = left.copy()
    negative[:], positive[:] = np.finfo(dtype).max, np.finfo(dtype).tiny
    loops.multiply(left, negative, positive, least, 0.0, 0.0, 1.0)
    np.testing.assert_array_equal(left, before)


@pytest.mark.parametrize(
    ("negative", "positive", "least"),
    [((8, 5), (9, 5), 5), ((9, 4), (9, 5), 5), ((9, 5), (8, 5), 5), ((9, 5), (9, 4), 5), ((9, 5), (9, 5), 4)],
)
def test_shapes_that_do_not_fit_are_refused(loops, dtype, negative, positive, least):
    arrays = [np.ones(shape, dtype) for shape in ((9, 5), negative, positive, least)]
    with pytest.raises(ValueError, match=r"shape|length"):
        loops.multiply(*arrays, 0.0, 0.0, 1.0)
