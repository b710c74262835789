"""remember: running sums over batches, whose ratio is H."""

import numpy as np
import pytest

RTOL = {np.float32: 1e-5, np.float64: 1e-12}


@pytest.fixture
def parts(rng, dtype):
    """Parts (9, 5), both sums, both parts of a gradient, all positive, and levels that nothing falls under."""
    left, negative, positive = (rng.random((9, 5)).astype(dtype) + dtype(0.1) for _ in range(3))
    up, down = rng.random((2, 9, 5)) + 0.1
    return left, up, down, negative, positive, np.full(5, 1e-6, dtype), np.full(5, 0.25, dtype)


@pytest.mark.parametrize("exponent", [1.0, 0.5, 2 / 3])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.4)])
@pytest.mark.parametrize("shared", [False, True])
def test_sums_and_parts_are_those_of_the_formula(loops, parts, dtype, exponent, l1, l2, shared):
    left, up, down, negative, positive, least, levels = parts
    left[:, 0] = 0
    negative[:4, 0] = 9  # these zeros should grow
    push = positive[:1] if shared else positive
    have = push.astype(np.float64) + l1 + l2 * left.astype(np.float64)
    from_ = np.where((left == 0) & (negative > have), levels, left).astype(np.float64)
    expected = 0.7 * up + negative * from_ ** (1 / exponent), 0.7 * down + have
    loops.remember(left, up, down, negative, push.copy(), least, levels, 0.7, l1, l2, exponent)
    np.testing.assert_allclose(up, expected[0], rtol=1e-12)
    np.testing.assert_allclose(down, np.broadcast_to(expected[1], down.shape), rtol=1e-12)
    np.testing.assert_allclose(left, (expected[0] / expected[1]) ** exponent, rtol=RTOL[dtype])


def test_an_entry_that_nothing_pushes_stays_and_one_under_the_least_is_zero(loops, parts):
    left, up, down, negative, positive, least, levels = parts
    down[:, 0], positive[:, 0] = 0, 0
    least[1:] = 100
    before = left.copy()
    loops.remember(left, up, down, negative, positive, least, levels, 0.7, 0.0, 0.0, 1.0)
    np.testing.assert_array_equal(left[:, 0], before[:, 0])
    assert not left[:, 1:].any()
