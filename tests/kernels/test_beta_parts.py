"""beta_parts: gradient parts and sum of a beta-divergence, entry by entry."""

import numpy as np
import pytest
from scipy.special import rel_entr, xlogy

BETAS = [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 2.7, 3.0]
SHAPES = [(1, 1), (1, 2), (1, 3), (3, 5), (1, 15), (1, 16), (1, 17), (7, 33), (3, 1025), (1, 0)]
FLOOR = 1e-6


def divergence(x, p, beta):
    if beta == 1:
        return (rel_entr(x, p) - x + p).sum()
    if beta == 0:
        return (x / p - np.log(x / p) - 1).sum()
    return ((x**beta + (beta - 1) * p**beta - beta * x * p ** (beta - 1)) / (beta * (beta - 1))).sum()


def parts(loops, x, p, beta, *, value=True, floor=FLOOR):
    ratio, power = np.full_like(x, np.nan), p.copy()
    return ratio, power, loops.beta_parts(x, power, ratio, beta, floor, value)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("shape", SHAPES)
def test_parts_and_sum_are_those_of_the_formula(loops, rng, dtype, beta, shape):
    x, p = (rng.gamma(2.0, 1.0, shape).astype(dtype) + dtype(0.01) for _ in range(2))
    ratio, power, value = parts(loops, x, p, beta)
    wide, model = x.astype(np.float64), p.astype(np.float64)
    rtol = 5e-6 if dtype is np.float32 else 1e-12  # p is raised to beta - 2: a few roundings
    np.testing.assert_allclose(ratio, wide * model ** (beta - 2), rtol=rtol)
    np.testing.assert_allclose(power, model ** (beta - 1), rtol=rtol)
    # the terms of the sum cancel where x is near p, so it is held to the size of a term
    assert value == pytest.approx(divergence(wide, model, beta), rel=2e-5 if dtype is np.float32 else 1e-11, abs=1e-7)


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0, 3.0])
def test_zeros_of_the_data_pull_nothing_and_count_their_model(loops, dtype, beta):
    x, p = np.zeros((3, 11), dtype), np.full((3, 11), 0.5, dtype)
    ratio, _, value = parts(loops, x, p, beta)
    assert not ratio.any()
    assert value == pytest.approx(33 * 0.5**beta / beta, rel=1e-5)


@pytest.mark.parametrize("beta", BETAS)
def test_the_model_is_raised_to_the_floor(loops, rng, dtype, beta):
    x = rng.random((2, 19)).astype(dtype) + dtype(0.5)
    low = np.zeros_like(x)
    low[:, ::2] = 1e-30
    expected = parts(loops, x, np.full_like(x, 0.25), beta, floor=0.25)
    for found, wanted in zip(parts(loops, x, low, beta, floor=0.25), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("beta", BETAS)
def test_without_value_the_parts_are_the_same_and_the_sum_is_zero(loops, rng, dtype, beta):
    x, p = (rng.random((4, 21)).astype(dtype) + dtype(0.1) for _ in range(2))
    with_value, without = parts(loops, x, p, beta), parts(loops, x, p, beta, value=False)
    np.testing.assert_array_equal(with_value[0], without[0])
    np.testing.assert_array_equal(with_value[1], without[1])
    assert without[2] == 0


@pytest.mark.parametrize("beta", BETAS)
def test_the_sum_is_zero_where_the_model_is_the_data(loops, rng, dtype, beta):
    x = rng.random((5, 37)).astype(dtype) + dtype(0.5)
    # a rounding of each of 185 terms of size 1
    assert abs(parts(loops, x, x, beta)[2]) < 185 * 4 * np.finfo(dtype).eps


def test_the_vector_logarithm_is_within_a_few_roundings_over_the_whole_range(loops, dtype):
    """The Kullback-Leibler sum of x = 1 is -log p - 1 + p; p in every octave, and near 1 where log p is small."""
    limits, eps = np.finfo(dtype), float(np.finfo(dtype).eps)
    octaves = np.ldexp(np.linspace(1, 2, 7, endpoint=False), np.arange(limits.minexp + 1, 60)[:, None]).ravel()
    for p in (octaves.astype(dtype), (1 + np.linspace(-0.3, 0.4, 160)).astype(dtype)):
        wide = p.astype(np.float64)
        for e in range(0, p.size - 16, 16):
            block, ones = p[None, e : e + 16], np.ones((1, 16), dtype)
            expected = float((wide[e : e + 16] - 1 - np.log(wide[e : e + 16])).sum())
            size = float((wide[e : e + 16] + 1 + np.abs(np.log(wide[e : e + 16]))).sum())
            assert parts(loops, ones, block, 1.0, floor=0.0)[2] == pytest.approx(expected, abs=8 * eps * size)


@pytest.mark.parametrize("other", [(4, 5), (5, 4), (1, 25)])
def test_shapes_that_do_not_fit_are_refused(loops, dtype, other):
    right, wrong = np.ones((5, 5), dtype), np.ones(other, dtype)
    for arrays in ((right, wrong, right), (right, right, wrong)):
        with pytest.raises(ValueError, match="shapes"):
            loops.beta_parts(*arrays, 1.0, FLOOR, True)


def test_zero_log_zero_is_zero(loops, dtype):
    x = np.zeros((1, 40), dtype)
    assert parts(loops, x, np.full_like(x, 2), 1.0)[2] == pytest.approx(80 - xlogy(0, 2))
