"""The generalised Kullback-Leibler divergence: maximum likelihood for counts (Poisson)."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.special import xlogy

from partwise import kernels
from partwise.losses.beta import BetaDivergence
from partwise.matrix import Array, Matrix
from partwise.matrix.sparse import Sparse
from partwise.matrix.speckled import Speckled


@dataclass(frozen=True)
class KullbackLeibler(BetaDivergence):
    r"""Generalised Kullback-Leibler divergence, :math:`d(x, p) = x \log(x / p) - x + p`, in nats; 0 log 0 = 0.

    On sparse X only stored entries are touched: absent ones add :math:`\sum_{ij} p_{ij}`, the product of the factors'
    column sums.

    References
    ----------
    D. D. Lee and H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000, eq. (3).

    Examples
    --------
    >>> KullbackLeibler().exponent
    1.0
    """

    beta: float = field(default=1.0, init=False)
    name: ClassVar[str] = "kullback-leibler"

    def gradient_parts(
        self, X: Matrix, left: Array, right: Array, first: int, last: int, *, value: bool
    ) -> tuple[Array, Array, float]:
        if not isinstance(X, Sparse):
            return super().gradient_parts(X, left, right, first, last, value=value)
        negative = np.empty((last - first, right.shape[1]), X.dtype)
        sparse = X.X
        mass = right.sum(axis=0, dtype=np.float64)
        likelihood = kernels.poisson_pull(
            sparse.indptr, sparse.indices, sparse.data, left, right, negative, X.floor, first, last
        )
        loss = 0.0
        if value:
            share = (last - first) / X.shape[0]
            loss = share * self.constant(X) - likelihood + float(left[first:last].sum(axis=0, dtype=np.float64) @ mass)
        return negative, mass.astype(X.dtype)[None], loss

    def value(self, X: Matrix, left: Array, right: Array) -> float:
        if isinstance(X, Speckled):  # what the model has in cells that do not count, where its base has zeros
            return max(self.value(X.base, left, right) - X.pattern.left_out(left, right, _column_sums), 0.0)
        if not isinstance(X, Sparse):
            return super().value(X, left, right)
        total = float(left.sum(axis=0, dtype=np.float64) @ right.sum(axis=0, dtype=np.float64))
        for first, last in X.blocks:
            x, p = X.predict_block(first, last, left, right)
            total -= float(xlogy(x.astype(np.float64), np.maximum(p, X.floor)).sum())
        return max(total + self.constant(X), 0.0)

    @staticmethod
    def constant(X: Matrix) -> float:
        """Return the sum of x log x - x, the part of the divergence that no model changes."""
        return X.x_log_x - X.total


def _column_sums(factor: Array) -> Array:
    return factor.sum(axis=0, dtype=np.float64)
