"""tensorly: non-negative CP decomposition, which is non-negative matrix factorization on a tensor of order two."""

from typing import Any

import numpy as np

from benchmarks.compare.peers.base import Factors, Peer, Task


class Hals(Peer):
    """Hierarchical alternating least squares, five sweeps a factor."""

    name = "tensorly hals"
    package = "tensorly"
    sparse = False
    function = "non_negative_parafac_hals"

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from tensorly import decomposition
        from tensorly.cp_tensor import CPTensor

        start = CPTensor((np.ones(task.n_components, X.dtype), [task.W.copy(), task.H.T.copy()]))
        solve = getattr(decomposition, self.function)
        weights, (left, right) = solve(X, task.n_components, n_iter_max=iterations, init=start, tol=0)
        return left * weights, right.T


class Multiplicative(Hals):
    """Multiplicative updates."""

    name = "tensorly mu"
    function = "non_negative_parafac"


PEERS = (Hals(), Multiplicative())
