"""A semi-NMF: data and parts of any sign, weights from 0 up, on every storage."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from partwise import NMF, Penalty, factorize
from partwise.extend import ByBlocks

RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (90, 3)) @ RNG.standard_normal((3, 8)) + 0.05 * RNG.standard_normal((90, 8))


class Blocks(ByBlocks):
    """An array, 64 rows at a time."""

    def __init__(self, X):
        self.X, self.shape, self.dtype, self.blocks = X, X.shape, X.dtype, ((0, 64), (64, len(X)))

    def block(self, first, last):
        return self.X[first:last]


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, Blocks])
@pytest.mark.parametrize("more", [{}, {"penalty_W": Penalty(l1=0.5), "penalty_H": Penalty(l2=0.5)}])
@pytest.mark.parametrize("unit", [1.0, 2.0**400])
def test_a_fit_ends_where_a_direct_minimisation_cannot_improve_on_it(store, more, unit):
    if more and unit != 1:
        pytest.skip("penalties have the units of the loss")
    options = {"negatives": "keep", "init": "random", "random_state": 0, "tol": 1e-9, "max_iter": 3000}
    found = factorize(store(X * unit), 3, **options, **more)
    root = np.sqrt(unit)

    def objective(z):
        W, H = z[:270].reshape(90, 3), z[270:].reshape(3, 8)
        R = W @ H - X
        l1, l2 = (0.5, 0.5) if more else (0.0, 0.0)
        value = 0.5 * np.square(R).sum() + l1 * W.sum() + 0.5 * l2 * np.square(H).sum()
        return value, np.concatenate([(R @ H.T + l1).ravel(), (W.T @ R + l2 * H).ravel()])

    start = np.concatenate([found.W.ravel(), found.H.ravel()]) / root
    bounds = [(0, None)] * 270 + [(None, None)] * 24
    direct = minimize(objective, start, jac=True, bounds=bounds, method="L-BFGS-B")
    assert direct.fun > objective(start)[0] * (1 - 1e-3)
    assert found.W.min() >= 0 > found.H.min()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_estimator_gives_new_rows_their_best_weights(dtype):
    model = NMF(3, negatives="keep", init="random", random_state=0, max_iter=500).fit(X.astype(dtype))
    W = model.transform(X[:9].astype(dtype))
    gradient = (W @ model.components_ - X[:9]) @ model.components_.T
    assert np.abs(np.minimum(W, gradient)).max() < 1e-4 * np.abs(gradient).max() + 1e-4
