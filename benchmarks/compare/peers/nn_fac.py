"""nn-fac: accelerated hierarchical alternating least squares."""

from typing import Any

from benchmarks.compare.peers.base import Factors, Peer, Task


class Hals(Peer):
    """`nn_fac.nmf.nmf` with its default update."""

    name = "nn-fac"
    package = "nn-fac"
    sparse = False

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from nn_fac.nmf import nmf

        start = {"U_0": task.W.copy(), "V_0": task.H.copy()}
        return nmf(X, task.n_components, init="custom", **start, n_iter_max=iterations, tol=0)


PEERS = (Hals(),)
