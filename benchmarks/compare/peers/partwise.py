"""partwise: the engine, and its mini-batch estimator."""

from typing import Any

from benchmarks.compare.peers.base import Factors, Peer, Task

LOSSES = ("frobenius", "kullback-leibler", "itakura-saito")


class Engine(Peer):
    """What every estimator but the mini-batch one runs."""

    name = "partwise"
    package = "partwise"
    losses = LOSSES
    note = "An iteration has several sweeps over each factor, and a call ends with an exact solve for W."

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        import partwise

        found = partwise.factorize(
            X, task.n_components, loss=task.loss, W=task.W, H=task.H, tol=0, max_iter=iterations, n_jobs=task.threads
        )
        return found.W, found.H


class MiniBatch(Peer):
    """Batches of 1,024 rows, its default."""

    name = "partwise minibatch"
    package = "partwise"
    losses = LOSSES
    note = "An iteration is a pass over the rows in batches of 1,024."

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from partwise import MiniBatchNMF

        model = MiniBatchNMF(
            task.n_components, init="custom", beta_loss=task.loss, tol=0, max_no_improvement=None, max_iter=iterations,
            random_state=task.seed, n_jobs=task.threads,
        )  # fmt: skip
        return model.fit_transform(X, W=task.W, H=task.H), model.components_


PEERS = (Engine(), MiniBatch())
