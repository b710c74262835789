"""HALS: cyclic coordinate descent on least squares, several sweeps a half-step, extrapolated."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.losses import Frobenius, Loss
from partwise.matrix import Array, Block, Matrix
from partwise.solvers.base import Factor, Solver, Step
from partwise.threads import Workers

DENSE_RATIO = 4.0
"""Products that cost more than this many entries a row and component make further sweeps cheap beside them."""


@dataclass(frozen=True)
class HALS(Solver):
    """Hierarchical alternating least squares.

    References
    ----------
    A. Cichocki and A.-H. Phan, IEICE Trans. E92-A, 2009, doi:10.1587/transfun.E92.A.708. Several sweeps a half-step:
    N. Gillis and F. Glineur, Neural Computation 24, 2012, doi:10.1162/NECO_a_00256. Extrapolation: A. M. S. Ang and
    N. Gillis, Neural Computation 31, 2019, doi:10.1162/neco_a_01157.
    """

    name: ClassVar[str] = "hals"
    losses: ClassVar[tuple[type[Loss], ...]] = (Frobenius,)
    quadratic_residual: ClassVar[bool] = True
    accelerates: ClassVar[bool] = True

    def update(
        self, X: Matrix, loss: Loss, left: Factor, right: Factor, workers: Workers, momentum: float, final: bool
    ) -> Step:
        sweeps, shrink = self.plan(X, right.point.shape[1])
        gram, l1, l2 = right.gram, left.penalty.l1, left.penalty.l2
        cross, start, out = left.cross, left.point, left.room()
        if momentum == 0:
            left.iterate = out  # iterate and point are the same numbers: the kernel writes them once
        elif left.iterate is left.point or left.iterate is left.best:
            left.iterate = left.copy_of(left.iterate)
            out = left.room()
        iterate = left.iterate

        def block(rows: Block) -> tuple[float, float, Array]:
            part = slice(*rows)
            X.dot_block(*rows, right.point, cross[part])
            inner, moved, _ = kernels.hals_block(
                iterate[part], start[part], out[part], cross[part], gram, l1, l2, sweeps, shrink, momentum
            )
            return inner, moved, out[part].T @ out[part]

        inner, moved, own = (sum(part) for part in zip(*workers.map(block, X.blocks), strict=True))
        left.move(out, own)
        return Step(moved, after=quadratic_loss(X, loss, left, right, inner) if final else None)

    @staticmethod
    def plan(X: Matrix, k: int) -> tuple[int, float]:
        """Return (most sweeps, shrink): nearly exact half-steps where a sweep is cheap beside the product."""
        ratio = X.n_stored / (sum(X.shape) * k)
        return (20, 0.03) if ratio > DENSE_RATIO else (8, 0.1)


def quadratic_loss(X: Matrix, loss: Loss, left: Factor, right: Factor, inner: float) -> float:
    """Return half the squared error of the pair, from <X right, left> = `inner` where that is accurate enough."""
    value = by_gram(X, inner, np.asarray(left.gram, np.float64), np.asarray(right.gram, np.float64))
    return loss.value(X, left.point, right.point) if value is None else value


def by_gram(X: Matrix, inner: float, left: Array, right: Array) -> float | None:
    """Return half the squared error from <X right, left> = `inner` and the factors' grams (k, k), at no pass over X.

    The three terms cancel where the error is small, and nothing is returned: under a relative error of 0.02 in float32,
    of 1e-6 in float64.
    """
    squared = X.squared_norm
    error = squared - 2 * inner + float(np.vdot(left, right))
    limit = 0.02 if X.dtype == np.float32 else 1e-6
    return 0.5 * error if error > limit * limit * squared else None
