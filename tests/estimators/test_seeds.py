"""What a fit makes of the parts that it begins with."""

import numpy as np
import pytest

from partwise import factorize


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_fit_begins_with_the_best_weights_of_its_seeds(loss):
    """From other weights its first half-step on H would lead away from them."""
    parts = np.random.default_rng(0).gamma(0.5, 1.0, (4, 20))
    weights = np.random.default_rng(1).gamma(0.5, 1.0, (60, 4))
    scales = [[100.0], [1e-3], [1.0], [7.0]]
    found = factorize(weights @ parts, 4, loss=loss, init="random", seed_components=parts * scales, max_iter=1)
    assert found.relative_error < 1e-6
