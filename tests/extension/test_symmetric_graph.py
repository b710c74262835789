"""A symmetric fit of a graph: its communities, A ~ W W', by two coupled factors."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from partwise import factorize
from partwise.terms import SymmetricCoupling

RNG = np.random.default_rng(0)
MEMBER = np.arange(30) % 3
TIES = np.triu(RNG.random((30, 30)) < np.where(MEMBER[:, None] == MEMBER, 0.8, 0.05), 1)
GRAPH = (TIES + TIES.T + np.eye(30)).astype(float)


@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_it_finds_the_communities_and_a_direct_minimisation_finds_no_better_ones(store):
    options = {"init": "random", "random_state": 0, "tol": 1e-9, "max_iter": 5000}
    found = factorize(store(GRAPH), 3, terms_W=[SymmetricCoupling(10.0)], **options)
    np.testing.assert_allclose(found.W, found.H.T, atol=1e-3)

    def error(w):
        W = w.reshape(30, 3)
        R = W @ W.T - GRAPH
        return 0.5 * np.square(R).sum(), 2 * (R @ W).ravel()

    starts = [RNG.random(90) for _ in range(10)]
    direct = min(minimize(error, w, jac=True, bounds=[(0, None)] * 90, method="L-BFGS-B").fun for w in starts)
    assert error(found.W.ravel())[0] < direct * (1 + 1e-3)
    groups = found.W.argmax(axis=1)
    assert len({(group, member) for group, member in zip(groups, MEMBER, strict=True)}) == 3
