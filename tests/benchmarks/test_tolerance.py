"""The figures that the default tolerance is judged by."""

import numpy as np
import pytest

from benchmarks.tolerance import purity, stability


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_runs_with_the_same_components_in_any_order_and_scale_are_wholly_stable(rng):
    H = rng.random((4, 30))
    runs = [rng.uniform(0.1, 10, (4, 1)) * H[rng.permutation(4)] for _ in range(5)]
    assert stability(runs, 4) == pytest.approx(1, abs=1e-6)


def test_runs_that_differ_are_less_stable(rng):
    H = rng.random((4, 30))
    near = [H + 0.01 * rng.random(H.shape) for _ in range(5)]
    far = [rng.random(H.shape) for _ in range(5)]
    assert 1 > stability(near, 4) > stability(far, 4)


def test_purity_counts_rows_with_the_commonest_label_of_their_component():
    W = np.array([[1, 0], [1, 0], [1, 0], [0, 1]])
    assert purity(np.array(["a", "a", "b", "b"]), W, np.eye(2)) == 0.75
