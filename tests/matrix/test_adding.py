"""Sums over blocks: one tree, in whatever runs of neighbours the blocks are added up first."""

from itertools import pairwise

import numpy as np
import pytest

from partwise.matrix.adding import Adding


def added(sums, edges):
    """Return the total of sums that are added up in runs first, as workers of a cluster do."""
    whole = Adding(len(sums))
    for first, last in pairwise(edges):
        run = Adding(len(sums))
        for number in range(first, last):
            run.take(number, (sums[number],))
        for (level, number), part in run.nodes.items():
            whole.take(number, part, level)
    return whole.total[0]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13])
def test_the_total_has_the_same_bits_for_any_runs_of_blocks(count):
    rng = np.random.default_rng(0)
    sums = rng.normal(size=count) * 10.0 ** rng.integers(-8, 8, count)
    totals = {added(sums, [0, first, last, count]) for first in range(count + 1) for last in range(first, count + 1)}
    assert len(totals) == 1


def test_a_run_of_blocks_hands_on_few_nodes():
    run = Adding(64)
    for number in range(13, 51):
        run.take(number, (1.0,))
    assert len(run.nodes) == 6
    assert sum(part for (part,) in run.nodes.values()) == 38
