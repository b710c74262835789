"""Bounds: where entries of a factor may lie, in the shape and the units that solvers see."""

import numpy as np
import pytest

from partwise.exceptions import ParameterError
from partwise.matrix import as_matrix
from partwise.penalties import Bounds, Penalty
from partwise.solvers import share_out

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize("name", ["W", "H"])
def test_a_number_an_array_and_one_for_the_first_parts_become_the_factor_s_shape(name):
    given = np.arange(6.0).reshape(3, 2)  # rows of the factor, parts
    turned = given if name == "W" else given.T
    for upper, expected in ((2.0, np.full((3, 2), 2.0)), (turned, given)):
        low, high = Bounds(0.0, upper).box((3, 2), name, np.float64)
        np.testing.assert_array_equal(high, expected)
        assert not low.any()
        assert high.flags.c_contiguous
    low, high = Bounds(turned, turned).box((3, 4), name, np.float32)
    np.testing.assert_array_equal(high, np.hstack([given, np.full((3, 2), INF)]))
    np.testing.assert_array_equal(low, np.hstack([given, np.zeros((3, 2))]))
    assert high.dtype == low.dtype == np.float32


def test_one_bound_a_feature_holds_for_all_parts():
    _, high = Bounds(0.0, [1.0, 2.0, 3.0]).box((3, 2), "H", np.float64)
    np.testing.assert_array_equal(high, [[1, 1], [2, 2], [3, 3]])


def test_units_divide_bounds_and_leave_what_is_free_free():
    low, high = Bounds(np.array([[4.0, 0.0]]), np.array([[8.0, INF]])).box((1, 2), "W", np.float64, 4.0)
    np.testing.assert_array_equal(low, [[1, 0]])
    np.testing.assert_array_equal(high, [[2, INF]])


def test_fixed_entries_have_equal_bounds_and_nan_leaves_them_free():
    low, high = Bounds.fixed([[0.0, NAN, 2.0]]).box((3, 1), "H", np.float64)
    np.testing.assert_array_equal(low[:, 0], [0, 0, 2])
    np.testing.assert_array_equal(high[:, 0], [0, INF, 2])


def test_of_several_bounds_the_last_wins_where_they_differ_and_all_hold_elsewhere():
    upper, forbidden = Bounds(0.0, 1.0), Bounds.zero_where([[True, False, False, False]])
    fixed = Bounds.fixed([[3.0, 0.5, NAN, NAN]])
    low, high = Bounds.together([upper, forbidden, fixed], (4, 2), "H").box((4, 2), "H", np.float64)
    np.testing.assert_array_equal(high, [[3, 1], [0.5, 1], [1, 1], [1, 1]])
    np.testing.assert_array_equal(low, [[3, 0], [0.5, 0], [0, 0], [0, 0]])
    _, high = Bounds.together([Bounds(0.0, 2.0), Bounds(0.0, 5.0)], (1, 1), "W").box((1, 1), "W", np.float64)
    assert high == 2, "of two upper bounds the lower holds"


@pytest.mark.parametrize(
    "bounds",
    [Bounds(-1.0, 1.0), Bounds(2.0, 1.0), Bounds(INF, INF), Bounds(NAN, 1.0), Bounds(0.0, NAN), Bounds(0.0, -1.0)],
)
def test_bounds_that_nothing_lies_between_are_refused(bounds):
    with pytest.raises(ParameterError, match=r"bounds of W: need 0 <= lower <= upper, and a finite lower; NaN is no"):
        bounds.box((2, 2), "W", np.float64)


@pytest.mark.parametrize("shape", [(4, 2), (3,), (2, 3), (3, 3, 2)])
def test_another_shape_is_refused_with_the_right_one(shape):
    with pytest.raises(ParameterError, match=r"bounds of W have shape .*; W has shape \(3, 2\)"):
        Bounds(0.0, np.ones(shape)).box((3, 2), "W", np.float64)


def test_fixed_values_of_one_dimension_are_refused_with_the_way_out():
    with pytest.raises(ParameterError, match=r"two dimensions.*values\[None\]"):
        Bounds.fixed([1.0, 2.0])


@pytest.mark.parametrize("scale", [1e-100, 1e-3, 1.0, 1e100])
def test_a_unit_is_shared_out_so_that_bounds_have_the_size_of_a_start(scale):
    X = as_matrix(np.full((3, 2), 0.25))
    for unit in (1.0, 4.0**-300, 4.0**300):
        for bounds in (Bounds.fixed([[scale, NAN]]), Bounds(scale, INF)):
            for pair in ((bounds, None), (None, bounds)):
                own, other = share_out(unit, X, pair)[:: 1 if pair[0] else -1]
                assert own * other == unit
                assert np.frexp(own)[0] == 0.5
                assert 0.25 <= scale / own <= 1
        assert share_out(unit, X, (None, None)) == (unit**0.5,) * 2
        assert share_out(unit, X, (bounds, bounds)) == (unit**0.5,) * 2


def test_an_upper_bound_counts_where_it_is_under_the_size_of_a_start_alone():
    X = as_matrix(np.full((3, 2), 1.0))
    assert share_out(1.0, X, (None, Bounds(0.0, 1e9))) == (1.0, 1.0)
    W, H = share_out(1.0, X, (None, Bounds(0.0, 1e-9)))
    assert W * H == 1
    assert 0.5 <= 1e-9 / H <= 2


def test_a_penalty_in_other_units_is_the_same_penalty():
    penalty, factor = Penalty(l1=0.5, l2=0.25), np.array([2.0, 6.0])
    other = penalty.in_units(2.0, 4.0, np.float64)
    value = penalty.value(factor.sum(), factor @ factor)
    assert 16 * other.value((factor / 2).sum(), (factor / 2) @ (factor / 2)) == pytest.approx(value)
