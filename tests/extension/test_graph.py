"""A graph-regularised fit: rows that a graph joins get like weights, on every storage, beside other terms."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from partwise import Penalty, factorize
from partwise.extend import ByBlocks
from partwise.terms import GraphSmoothness, Orthogonality

RNG = np.random.default_rng(0)
SIZES = (100, 10)
X = RNG.gamma(1.0, 1.0, (100, 3)) @ RNG.gamma(1.0, 1.0, (3, 10)) + 0.5 * RNG.random(SIZES)
CHAINS = [sp.diags_array([np.ones(size - 1)] * 2, offsets=[-1, 1]).tocsr() for size in SIZES]
OPTIONS = {"init": "random", "random_state": 0, "tol": 1e-9, "max_iter": 4000}


class Blocks(ByBlocks):
    """An array, 64 rows at a time."""

    def __init__(self, X):
        self.X, self.shape, self.dtype, self.blocks = X, X.shape, X.dtype, ((0, 64), (64, len(X)))

    def block(self, first, last):
        return self.X[first:last]


def smoothness(factor, graph):
    return 0.25 * sum(graph.tocoo().data * np.square(factor[graph.tocoo().row] - factor[graph.tocoo().col]).sum(axis=1))


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, Blocks])
@pytest.mark.parametrize("side", ["W", "H", "both"])
@pytest.mark.parametrize("overlap", [0.0, 0.3])
def test_a_fit_ends_where_a_direct_minimisation_cannot_improve_on_it(store, side, overlap):
    weights = [2.0 if side in (name, "both") else 0.0 for name in "WH"]
    terms = [[GraphSmoothness(graph, weight)] if weight else [] for graph, weight in zip(CHAINS, weights, strict=True)]
    terms[1] += [Orthogonality(overlap)] if overlap else []
    ridge = {"penalty_W": Penalty(l2=0.2), "penalty_H": Penalty(l2=0.2)}
    found = factorize(store(X), 3, terms_W=terms[0], terms_H=terms[1], **ridge, **OPTIONS)

    def objective(z):
        W, H = z[:300].reshape(100, 3), z[300:].reshape(10, 3)
        gram = H.T @ H
        value = 0.5 * np.square(X - W @ H.T).sum() + 0.1 * np.square(z).sum()
        value += 0.5 * overlap * (gram.sum() - np.trace(gram))
        return value + sum(w * smoothness(F, g) for F, g, w in zip((W, H), CHAINS, weights, strict=True))

    start = np.concatenate([found.W.ravel(), found.H.T.ravel()])
    assert objective(start) == pytest.approx(found.curve["loss"][-1], rel=1e-6)
    direct = minimize(objective, start, bounds=[(0, None)] * 330, method="L-BFGS-B", options={"maxiter": 40})
    assert direct.fun > objective(start) * (1 - 1e-3)


def test_neighbours_get_likelier_weights_the_more_it_counts():
    found = [factorize(X, 3, terms_W=[GraphSmoothness(CHAINS[0], w)], penalty_H=Penalty(l2=0.2), **OPTIONS).W
             for w in (0.01, 1.0, 100.0)]  # fmt: skip
    rough = [smoothness(W / np.linalg.norm(W), CHAINS[0]) for W in found]
    assert rough[0] > rough[1] > rough[2]
