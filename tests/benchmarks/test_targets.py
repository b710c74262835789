"""Times to a target lie on the curve."""

import pytest

from benchmarks.compare.targets import is_flat, lowest, seconds_per_iteration, seconds_to

CURVE = [(1, 0.2, 10.0), (2, 0.4, 6.0), (4, 0.8, 5.0)]


@pytest.mark.parametrize(
    ("target", "seconds"), [(12.0, 0.2), (10.0, 0.2), (8.0, 0.3), (6.0, 0.4), (5.5, 0.6), (5.0, 0.8)]
)
def test_a_target_is_met_on_the_line_between_two_calls(target, seconds):
    assert seconds_to(CURVE, target) == pytest.approx(seconds)


def test_a_target_below_the_curve_is_never_met():
    assert seconds_to(CURVE, 4.9) is None
    assert seconds_to([], 4.9) is None


def test_a_curve_that_rises_again_meets_a_target_when_it_first_does():
    assert seconds_to([(1, 1.0, 4.0), (2, 2.0, 2.0), (3, 3.0, 5.0), (4, 4.0, 1.0)], 2.0) == 2.0


def test_what_a_call_costs_once_is_no_part_of_an_iteration():
    assert seconds_per_iteration([(1, 7.2, 9.0), (5, 8.0, 8.0)]) == pytest.approx(0.2)
    assert seconds_per_iteration(CURVE[:1]) is None


def test_a_curve_is_flat_when_two_calls_gain_nothing():
    assert lowest(CURVE) == 5.0
    assert not is_flat(CURVE)
    assert is_flat([*CURVE, (6, 1.2, 5.0), (9, 1.8, 5.0)])
    assert not is_flat([*CURVE, (6, 1.2, 5.0), (9, 1.8, 4.0)])
