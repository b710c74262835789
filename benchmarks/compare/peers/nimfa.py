"""nimfa: the standard method, multiplicative updates."""

from typing import Any

import scipy.sparse as sp

from benchmarks.compare.peers.base import Factors, Peer, Task


class Standard(Peer):
    """`nimfa.Nmf`."""

    name = "nimfa"
    package = "nimfa"
    losses = ("frobenius", "kullback-leibler")

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        import nimfa

        W, H = (sp.csr_matrix(factor) if sp.issparse(X) else factor.copy() for factor in (task.W, task.H))
        update, measure = ("euclidean", "fro") if task.loss == "frobenius" else ("divergence", "div")
        model = nimfa.Nmf(
            X, rank=task.n_components, seed=None, W=W, H=H, max_iter=iterations, update=update,
            objective=measure,
        )  # fmt: skip
        fitted = model()
        W, H = fitted.basis(), fitted.coef()
        return (W.toarray(), H.toarray()) if sp.issparse(W) else (W.A, H.A)


PEERS = (Standard(),)
