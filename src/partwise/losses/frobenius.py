"""Half the squared Frobenius norm: least squares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from partwise import kernels
from partwise.losses.beta import BetaDivergence
from partwise.losses.fixed import Fixed, Side, gram, own_gram
from partwise.matrix import Array, Matrix
from partwise.matrix.rows import CsrRows, DenseRows, KnownRows, Rows, SpeckledRows


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
    takes_signs: ClassVar[bool] = True

    def shared(self, right: Array, exact: bool) -> Array:
        return gram(right) if exact else own_gram(right)

    def constant(self, X: Matrix) -> float:
        """Return half the squared norm."""
        return 0.5 * X.squared_norm

    def sides(
        self, X: Matrix, fixed: Fixed, *, value: bool, exact: bool = False, constant: float | None = None
    ) -> list[Side]:
        """See Loss: exact values come from residuals and need no constant, which would cost a pass over X."""
        return super().sides(X, fixed, value=value, exact=exact, constant=0.0 if exact else constant)

    def gradient(self, rows: Rows, left: Array, side: Side, *, value: bool) -> tuple[Array, Array, float]:
        if isinstance(rows, KnownRows):
            return super().gradient(rows, left, side, value=value)
        cross, model = np.ascontiguousarray(rows.product(side.right)), left @ side.shared
        if not value:
            return cross, model, 0.0
        inner = (float(np.vdot(part, left).astype(np.float64)) for part in (cross, model))
        return cross, model, -next(inner) + 0.5 * next(inner) + side.constant

    def sweep(
        self, rows: Any, targets: tuple[Array, Array, Array], right: Array, *, l1: float, l2: float, sweeps: int,
        shrink: float, momentum: float, box: Sequence[Array],
    ) -> tuple[float, float]:  # fmt: skip
        """Run coordinate sweeps for rows that have their own Gram matrices.

        `targets` are (iterate, start, point), each (b, k): iterate and point are written. Returns half the squared
        error at the new point, and the squared length of the first sweep.
        """
        plan: Any = *targets, right, l1, l2, sweeps, shrink, momentum, 0, len(rows), *box
        return kernels.hals_observed(*rows.csr, *plan)

    def pivot(self, rows: Any, left: Array, right: Array, *, l1: float, l2: float, ridge: float) -> float:
        """Solve such rows of left (b, k) exactly, in place; return half the squared error."""
        plan: Any = left, right, l1, l2, ridge, 0, len(rows)
        return kernels.pivoting_observed(*rows.csr, *plan)

    def block_value(self, rows: Rows, left: Array, side: Side) -> float:
        """See Loss: from residuals in float64; for sparse rows those of stored entries, the rest by Gram matrices."""
        match rows.stored:
            case KnownRows():
                return super().block_value(rows, left, side)
            case CsrRows() as csr:
                x, p = csr.predict(left, side.right)
                stored = float(np.sum(x * (x - 2 * p), dtype=np.float64))
                return 0.5 * (float(np.vdot(gram(left), side.shared)) + stored)
            case dense:
                assert isinstance(dense, DenseRows)
                value = 0.5 * float(dense.errors(left, side.right).sum())
                if dense is not rows:  # cells that do not count are zeros of X, and the model there is left out
                    value -= 0.5 * float(np.vdot(gram(left), side.fixed.gram - side.shared))
                return value

    def row_values(self, rows: Rows, left: Array, side: Side) -> Array:
        match rows:
            case KnownRows() | SpeckledRows():
                return super().row_values(rows, left, side)
            case CsrRows():
                x, p = rows.predict(left, side.right)
                x, wide = x.astype(np.float64), left.astype(np.float64)
                model = 0.5 * np.einsum("it,it->i", wide @ side.shared, wide)
                return np.maximum(model + rows.sums(x * (0.5 * x - p)), 0.0)  # rounding can make it negative
            case _:
                assert isinstance(rows, DenseRows)
                return 0.5 * rows.errors(left, side.right)
