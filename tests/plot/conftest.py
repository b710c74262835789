"""Models that are drawn."""

import numpy as np
import pytest

import partwise as pw


@pytest.fixture(scope="session")
def X():
    """Data of 3 parts, (40, 12); a feature is an entry of a 3 x 4 image, or of a 2 x 2 one in colour."""
    rng = np.random.default_rng(0)
    return rng.gamma(0.4, 1.0, (40, 3)) @ rng.gamma(0.4, 1.0, (3, 12)) + 0.05 * rng.random((40, 12))


@pytest.fixture(scope="session")
def model(X):
    return pw.NMF(3, random_state=0).fit(X)


@pytest.fixture(scope="session")
def topics():
    passages = pw.datasets.load_state_of_the_union()
    return pw.TopicModel(4, random_state=0).fit(passages.texts[::30])


@pytest.fixture(scope="session")
def choice(X):
    return pw.choose_rank(X, ranks=(1, 2, 3, 4), folds=3, random_state=0)


@pytest.fixture(scope="session")
def agreed(X):
    return pw.consensus(X, 3, n_runs=4, random_state=0)
