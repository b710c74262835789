"""The generalised Kullback-Leibler divergence: maximum likelihood for counts (Poisson)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from partwise import kernels
from partwise.losses.beta import BetaDivergence
from partwise.losses.fixed import Side, column_sums
from partwise.matrix import Array, Matrix
from partwise.matrix.rows import CsrRows, DenseRows, KnownRows, Rows


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
    has_half_step: ClassVar[bool] = True

    def gradient(self, rows: Rows, left: Array, side: Side, *, value: bool) -> tuple[Array, Array, float]:
        if isinstance(rows, DenseRows):  # the positive part of the gradient is the same in all rows
            negative, loss = rows.pull(self, left, side.right, side.floor, value=value)
            return negative, side.shared.astype(left.dtype)[None], loss
        csr = rows.stored
        if not isinstance(csr, CsrRows) or isinstance(csr, KnownRows):
            return super().gradient(rows, left, side, value=value)
        negative, mass = np.empty((len(left), len(side.shared)), left.dtype), side.shared
        plan: Any = left, side.right, negative, side.floor, value, 0, len(left)
        likelihood = kernels.poisson_pull(*csr.csr, *plan)
        loss = side.constant - likelihood + float(column_sums(left) @ mass) if value else 0.0
        return negative, mass.astype(left.dtype)[None], loss

    def half_step(
        self, rows: Rows, left: Array, side: Side, *, l1: float, l2: float, box: Sequence[Array], sweeps: int,
        shrink: float = 0.0, value: bool = True,
    ) -> tuple[float, float]:  # fmt: skip
        """See Loss: a step goes to the lowest point of a hyperbola that touches the divergence along one variable."""
        mass = (side.shared + l1).astype(left.dtype)
        settings: Any = mass, l2, side.floor, sweeps, shrink, value
        plan: Any = left, side.right, *settings, 0, len(left), *box
        match rows.stored:
            case KnownRows() as known:  # of a row the masses are those of its own entries
                likelihood, moved = kernels.poisson_observed(*known.weighted_csr, *plan)
            case CsrRows() as csr:
                likelihood, moved = kernels.poisson_csr(*csr.csr, *plan)
            case DenseRows() as dense:
                X = np.ascontiguousarray(dense.X)
                likelihood, moved = kernels.poisson_dense(X, left, side.fixed.transposed, *settings, *box)
        return side.constant - likelihood + float(column_sums(left) @ side.shared) if value else 0.0, moved

    def block_value(self, rows: Rows, left: Array, side: Side) -> float:
        match rows.stored:
            case KnownRows():
                return super().block_value(rows, left, side)
            case CsrRows() as csr:
                x, p = csr.predict(left, side.right)
                model = float(column_sums(left) @ side.shared)
                likelihood = x * np.log(np.maximum(p, side.floor, dtype=np.float64))
                return model - float(likelihood.sum()) + side.constant
            case dense:
                value = super().block_value(dense, left, side)
                if dense is not rows:  # the model in cells that do not count, where X has zeros, counts for nothing
                    value -= float(column_sums(left) @ (side.fixed.mass - side.shared))
                return value

    def row_values(self, rows: Rows, left: Array, side: Side) -> Array:
        if not isinstance(rows, CsrRows) or isinstance(rows, KnownRows):
            return super().row_values(rows, left, side)
        x, p = rows.predict(left, side.right)
        x = x.astype(np.float64)
        # the smallest normal number stands for log 0
        change = x * np.log(np.maximum(x, np.finfo(x.dtype).tiny) / np.maximum(p, side.floor)) - x
        found = left.astype(np.float64) @ side.shared + rows.sums(change)
        return np.maximum(found, 0.0)  # rounding can go just under 0

    def constant(self, X: Matrix) -> float:
        """Return the sum of x log x - x."""
        return X.x_log_x - X.total
