"""nmf-torch: hierarchical alternating least squares on PyTorch; raced only where PyTorch is there already."""

from typing import Any

from benchmarks.compare.peers.base import Factors, Peer, Task


class Hals(Peer):
    """`nmf.run_nmf` with its default algorithm."""

    name = "nmf-torch"
    package = "nmf-torch"
    sparse = False
    same_start = False
    needs = "torch"
    note = "It starts by itself."

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from nmf import run_nmf

        precision = "float" if X.dtype == "float32" else "double"
        W, H, _ = run_nmf(
            X, task.n_components, init="random", tol=0, n_jobs=task.threads, random_state=task.seed,
            fp_precision=precision, batch_max_iter=iterations,
        )  # fmt: skip
        return W, H


PEERS = (Hals(),)
