"""Half the squared Frobenius norm: least squares."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.losses.beta import BetaDivergence
from partwise.matrix import Array, Matrix
from partwise.matrix.observed import Observed
from partwise.matrix.sparse import Sparse
from partwise.matrix.speckled import Speckled
from partwise.threads import Workers


@dataclass(frozen=True)
class Frobenius(BetaDivergence):
    r"""Half the squared Frobenius norm, :math:`d(x, p) = \tfrac12 (x - p)^2`.

    Its gradient needs only :math:`X R` and :math:`R^T R`, so zeros of a sparse X cost nothing.

    References
    ----------
    P. Paatero and U. Tapper, "Positive matrix factorization", Environmetrics 5, 1994, doi:10.1002/env.3170050203.

    Examples
    --------
    >>> Frobenius().degree
    2.0
    """

    beta: float = field(default=2.0, init=False)
    name: ClassVar[str] = "frobenius"
    needs_products_alone: ClassVar[bool] = True

    def gradient_parts(
        self, X: Matrix, left: Array, right: Array, first: int, last: int, *, value: bool
    ) -> tuple[Array, Array, float]:
        if isinstance(X, Observed | Speckled):
            return super().gradient_parts(X, left, right, first, last, value=value)
        cross = np.ascontiguousarray(X.dot_block(first, last, right))
        model = left[first:last] @ (right.T @ right)
        if not value:
            return cross, model, 0.0
        inner = np.vdot(cross, left[first:last]).astype(np.float64), np.vdot(model, left[first:last]).astype(np.float64)
        return cross, model, float(0.5 * inner[1] - inner[0]) + 0.5 * X.squared_norm * (last - first) / X.shape[0]

    def value(self, X: Matrix, left: Array, right: Array) -> float:
        """Return the loss from residuals in float64; on sparse X those of stored entries, and the rest by Gram."""
        if isinstance(X, Observed):
            return super().value(X, left, right)
        if isinstance(X, Speckled):  # what the model has in cells that do not count, where its base has zeros
            return max(self.value(X.base, left, right) - 0.5 * X.pattern.left_out(left, right, gram), 0.0)
        wide = right.astype(np.float64)
        total = 0.0
        if isinstance(X, Sparse):
            total = float(np.vdot(gram(left), gram(right)))
            for first, last in X.blocks:
                x, p = X.predict_block(first, last, left, right)
                total += float(np.sum(x * (x - 2 * p), dtype=np.float64))
            return max(0.5 * total, 0.0)
        step = max(1, (1 << 18) // X.shape[1])
        for start in range(0, X.shape[0], step):
            rows = slice(start, start + step)
            difference = left[rows].astype(np.float64) @ wide.T
            np.subtract(X.values()[rows], difference, out=difference)
            total += float(np.vdot(difference, difference))
        return 0.5 * total


def gram(factor: Array, workers: Workers | None = None) -> Array:
    """Return factor.T @ factor in float64, without a float64 copy of the factor."""
    factor, out = np.ascontiguousarray(factor), np.empty((factor.shape[1], factor.shape[1]))
    kernels.gram(factor, out, workers.team if workers else None)
    return out
