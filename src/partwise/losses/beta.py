"""The beta-divergences: one family with Itakura-Saito (beta = 0), Kullback-Leibler (1) and Frobenius (2)."""

import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from partwise import kernels
from partwise.losses.base import Interval, Loss
from partwise.losses.fixed import Side, column_sums
from partwise.matrix import Array, Matrix
from partwise.matrix.rows import CsrRows, DenseRows, KnownRows, Rows, SpeckledRows
from partwise.parameters import check_number
from partwise.threads import ALONE, Workers


@dataclass(frozen=True)
class BetaDivergence(Loss):
    r"""Beta-divergence of any real beta.

    .. math:: d(x, p) = \frac{x^\beta + (\beta - 1) p^\beta - \beta x p^{\beta - 1}}{\beta (\beta - 1)}

    with its limits at 0 and 1. For beta <= 0 every entry of X must be positive.

    Parameters
    ----------
    beta : float
        Finite. Values in [1, 2] make each half-step convex.

    References
    ----------
    C. Fevotte and J. Idier, "Algorithms for nonnegative matrix factorization with the beta-divergence", Neural
    Computation 23, 2011, doi:10.1162/NECO_a_00168: d in eq. (5), the exponent of the step in section 4.

    Examples
    --------
    >>> BetaDivergence(0.5).exponent
    0.6666666666666666
    """

    beta: float
    name: ClassVar[str] = "beta-divergence"

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta", check_number("beta", self.beta, -sys.float_info.max))

    @property
    def domain(self) -> Interval:  # type: ignore[override]
        return Interval(0.0, closed=self.beta > 0)

    @property
    def degree(self) -> float:  # type: ignore[override]
        return self.beta

    @property
    def exponent(self) -> float:  # type: ignore[override]
        if self.beta < 1:
            return 1 / (2 - self.beta)
        return 1.0 if self.beta <= 2 else 1 / (self.beta - 1)

    @property
    def longest_exponent(self) -> float:
        # along an entry the majoriser is push (r + q r^(beta - 1) / (1 - beta)) at r times the entry, q = pull / push.
        # At r = q it is not above that at r = 1, as q^beta <= beta q + 1 - beta for these beta
        return 1.0 if 0 <= self.beta < 1 else self.exponent

    @property
    def damped_exponent(self) -> float:
        return 1 / (3 - self.beta) if self.beta < 2 else self.exponent

    @property
    def convex(self) -> bool:  # type: ignore[override]
        return 1 <= self.beta <= 2

    @property
    def gentler(self) -> tuple[Loss, ...]:
        return tuple(BetaDivergence(beta) for beta in (1.0, 0.5) if beta > self.beta) if self.beta < 1 else ()

    def gradient_split(self, x: Array, p: Array, floor: float, value: bool) -> tuple[Array, Array, float]:
        ratio = np.empty_like(p)
        loss = kernels.beta_parts(x, p, ratio, self.beta, floor, value)
        return ratio, p, loss

    def shared(self, right: Array, exact: bool) -> Any:
        return column_sums(right) if self.beta == 1 else None

    def solve(self, rows: Rows, left: Array, side: Side, *, l1: float, l2: float, most: int) -> None:
        """Solve rows of left (b, k) to the end by Newton's method, in place, for these rows of X."""
        mass = np.full(left.shape[1], l1)
        if self.beta == 1:
            mass += side.shared
        settings: Any = mass, l2, side.floor, self.beta, most
        plan: Any = left, side.right, *settings, 0, len(left)
        match rows.stored if self.beta == 1 else rows:
            case KnownRows() as known:
                csr = known.weighted_csr if self.beta == 1 else known.csr
                kernels.newton_observed(*csr, *plan)
            case CsrRows() as stored:
                kernels.newton_csr(*stored.csr, *plan)
            case DenseRows() as dense:
                kernels.newton_dense(np.ascontiguousarray(dense.X), left, side.right, *settings)
            case SpeckledRows() as speckled:
                part = np.ascontiguousarray(side.right[speckled.columns])
                for block, cells in speckled.blocks():
                    kernels.newton_dense(cells, left[block], part, *settings)

    def size(self, X: Matrix) -> float:
        if self.beta == 2:
            return X.squared_norm
        if self.beta == 1:
            return X.total
        with np.errstate(over="ignore"):
            return X.sum_of(lambda part: np.power(part, self.beta, out=np.zeros_like(part), where=part > 0))

    def value(self, X: Matrix, left: Array, right: Array, workers: Workers = ALONE) -> float:
        return max(super().value(X, left, right, workers), 0.0)  # rounding can make it negative for an exact model
