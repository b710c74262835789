"""A stranger's term: parts are drawn to spectra that are known about."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from partwise import factorize
from partwise.extend import Term


@dataclass(frozen=True, eq=False)
class PullTo(Term):
    """Half of weight times the squared distance of the factor from a target (rows, k)."""

    target: Any
    weight: float

    def linear(self, point, other):
        return (self.weight * self.target).astype(point.dtype)

    def quadratic(self, gram):
        return self.weight * np.eye(len(gram))

    def value(self, point, gram, other):
        return 0.5 * self.weight * float(np.square(point - self.target, dtype=np.float64).sum())

    def in_units(self, unit, log_loss):
        return PullTo(self.target / unit, self.weight * unit**2 / 2.0**log_loss)


RNG = np.random.default_rng(0)
TRUE_W, TRUE_H = RNG.gamma(1.0, 1.0, (20, 3)), RNG.gamma(1.0, 1.0, (3, 12))
X = TRUE_W @ TRUE_H


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("unit", [1.0, 2.0**400])
def test_a_fit_ends_where_a_direct_minimisation_cannot_improve_on_it(store, unit):
    root = np.sqrt(unit)
    asked = PullTo(0.9 * TRUE_H.T * root, 2.0 * unit)
    found = factorize(store(X * unit), 3, init="random", random_state=0, tol=1e-9, max_iter=3000, terms_H=[asked])

    def objective(z):
        W, H = z[:60].reshape(20, 3), z[60:].reshape(3, 12)
        return 0.5 * np.square(X - W @ H).sum() + PullTo(0.9 * TRUE_H.T, 2.0).value(H.T, H @ H.T, W)

    start = np.concatenate([found.W.ravel(), found.H.ravel()]) / root
    direct = minimize(objective, start, bounds=[(0, None)] * len(start), method="L-BFGS-B")
    assert direct.fun > objective(start) - 1e-5 * np.square(X).sum()
    assert (np.diff(found.curve["loss"]) <= 0).all()
    np.testing.assert_allclose(found.H / root, 0.9 * TRUE_H, atol=0.2)
