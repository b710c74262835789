"""SPAMS: online dictionary learning, both factors held non-negative, as its own `spams.nmf` sets it up."""

from typing import Any

import numpy as np

from benchmarks.compare.peers.base import Factors, Peer, Task


class Online(Peer):
    """`spams.trainDL` with the arguments of `spams.nmf`, which takes no start, then its lasso without penalty."""

    name = "spams"
    package = "spams-bin"
    sparse = False  # its lasso, which gives W, refuses sparse X
    note = "An iteration is one batch of columns, of its default size; only H starts the same, W is solved for."

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        import spams

        columns = np.asfortranarray(X.T)
        parts = spams.trainDL(
            columns, K=task.n_components, D=np.array(task.H.T, order="F"), iter=iterations, lambda1=0, mode=PENALTY,
            posAlpha=True, posD=True, verbose=False, numThreads=task.threads,
        )  # fmt: skip
        weights = spams.lasso(columns, D=parts, lambda1=0, mode=PENALTY, pos=True, numThreads=task.threads)
        return weights.T.toarray(), parts.T


PENALTY = 2  # spams' number for a penalised, rather than constrained, least squares

PEERS = (Online(),)
