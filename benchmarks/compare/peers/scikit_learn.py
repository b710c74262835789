"""scikit-learn: coordinate descent, multiplicative updates, mini-batches."""

from typing import Any

from benchmarks.compare.peers.base import Factors, Peer, Task

LOSSES = ("frobenius", "kullback-leibler", "itakura-saito")


class CoordinateDescent(Peer):
    """Its default solver."""

    name = "scikit-learn cd"
    package = "scikit-learn"
    solver = "cd"

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from sklearn.decomposition import NMF

        model = NMF(
            task.n_components, init="custom", solver=self.solver, beta_loss=task.loss, tol=0, max_iter=iterations,
            random_state=task.seed,
        )  # fmt: skip
        return model.fit_transform(X, W=task.W.copy(), H=task.H.copy()), model.components_


class Multiplicative(CoordinateDescent):
    """Its solver for divergences other than Frobenius."""

    name = "scikit-learn mu"
    losses = LOSSES
    solver = "mu"


class MiniBatch(Peer):
    """Batches of 1,024 rows, its default."""

    name = "scikit-learn minibatch"
    package = "scikit-learn"
    losses = LOSSES
    note = "An iteration is a pass over the rows in batches of 1,024."

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from sklearn.decomposition import MiniBatchNMF

        model = MiniBatchNMF(
            task.n_components, init="custom", beta_loss=task.loss, tol=0, max_no_improvement=None, max_iter=iterations,
            random_state=task.seed,
        )  # fmt: skip
        return model.fit_transform(X, W=task.W.copy(), H=task.H.copy()), model.components_


PEERS = (CoordinateDescent(), Multiplicative(), MiniBatch())
