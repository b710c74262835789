"""Data whose number of parts is known."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def planted():
    """Return a function that makes data (n, m) of k parts, with noise of that share of its spread."""

    def make(n, m, k, seed=0, noise=0.1):
        rng = np.random.default_rng(seed)
        X = rng.gamma(0.3, 1.0, (n, k)) @ rng.gamma(0.3, 1.0, (k, m))
        return np.maximum(X + noise * X.std() * rng.standard_normal(X.shape), 0.0)

    return make
