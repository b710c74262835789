"""The consensus matrix and its scores, worked out by hand."""

import numpy as np
import pytest

from partwise.selection.grouping import cophenetic, dispersion, main_parts, together

BY_HAND = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])
"""Of three rows: the middle one goes with the first in one run of two, with the last in the other."""


def test_the_consensus_matrix_counts_the_runs_in_which_rows_are_together():
    np.testing.assert_array_equal(together([np.array([0, 0, 1]), np.array([0, 1, 1])]), BY_HAND)


def test_what_parts_are_called_in_a_run_does_not_matter():
    runs = np.random.default_rng(0).integers(3, size=(5, 20))
    np.testing.assert_array_equal(together(runs), together((runs + np.arange(5)[:, None]) % 3))


def test_dispersion_is_the_mean_of_four_squares():
    assert dispersion(BY_HAND) == pytest.approx((3 * 1 + 4 * 0 + 2 * 1) / 9)
    assert dispersion(np.eye(4)) == 1


def test_the_cophenetic_correlation_is_that_of_average_linkage():
    """Distances are 1/2 (first, middle), 1 (first, last), 1/2 (middle, last).

    The first two rows are joined at 1/2, and the last with them at the mean of 1 and 1/2, 3/4. So the tree has the
    distances 1/2, 3/4, 3/4, whose correlation with 1/2, 1, 1/2 is 1/2.
    """
    assert cophenetic(BY_HAND) == pytest.approx(0.5)


def test_groups_that_are_the_same_in_each_run_have_a_cophenetic_correlation_of_one():
    part = np.array([0, 0, 1, 1, 2])
    assert cophenetic(together([part, (part + 1) % 3])) == pytest.approx(1)
    rng = np.random.default_rng(0)
    assert cophenetic(together([rng.integers(3, size=30) for _ in range(9)])) < 0.9


@pytest.mark.parametrize("C", [np.ones((4, 4)), np.eye(4), np.ones((1, 1))])
def test_rows_all_together_or_all_apart_have_a_correlation_of_one(C):
    assert cophenetic(C) == 1


def test_the_main_part_contributes_most_and_a_row_of_zeros_has_none():
    np.testing.assert_array_equal(main_parts(np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]])), [1, 0, -1])
