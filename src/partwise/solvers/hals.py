"""HALS: cyclic coordinate descent on least squares, several sweeps a half-step, extrapolated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.losses import Frobenius, Loss
from partwise.matrix import Array, Block, Matrix
from partwise.solvers.base import Factor, HalfStep, Solver, Step
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
    shares_products: ClassVar[bool] = True

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Step:
        return self.update_all(X, loss, [asked], workers)[0]

    def update_all(self, X: Matrix, loss: Loss, asked: Sequence[HalfStep], workers: Workers) -> list[Step]:
        """See Solver: one product serves all."""
        k, points = asked[0].right.point.shape[1], [step.right.point for step in asked]
        thin = points[0] if len(points) == 1 else np.concatenate(points, axis=1)
        sweeps, shrink = self.plan(X, k, asked[0].iteration)
        targets = [_targets(step.left, step.momentum) for step in asked]

        def block(rows: Block) -> list[tuple[float, float, Array]]:
            part, reports = slice(*rows), []
            cross = X.dot_block(*rows, thin)
            for i, (step, (iterate, out)) in enumerate(zip(asked, targets, strict=True)):
                left, own = step.left, cross[:, i * k : (i + 1) * k]
                inner, moved = kernels.hals_block(
                    iterate[part], left.point[part], out[part], own, step.right.gram, left.penalty.l1, left.penalty.l2,
                    sweeps, shrink, step.momentum,
                )  # fmt: skip
                reports.append((inner, moved, out[part].T @ out[part]))
            return reports

        blocks = workers.map(block, X.blocks)
        steps = []
        for step, (iterate, out), reports in zip(asked, targets, zip(*blocks, strict=True), strict=True):
            inner, moved, gram = (sum(part) for part in zip(*reports, strict=True))
            step.left.iterate = iterate
            step.left.move(out, gram)
            after = quadratic_loss(X, loss, step.left, step.right, inner) if step.final else None
            steps.append(Step(moved, after=after))
        return steps

    @staticmethod
    def plan(X: Matrix, k: int, iteration: int) -> tuple[int, float]:
        """Return (most sweeps, shrink): nearly exact half-steps where a sweep is cheap beside the product.

        Where it is not, the first two iterations get fewer: what they fit is still far from any part.
        """
        ratio = X.n_stored / (sum(X.shape) * k)
        return (20, 0.03) if ratio > DENSE_RATIO else (min(8, 3 * iteration - 1), 0.1)


def _targets(left: Factor, momentum: float) -> tuple[Array, Array]:
    """Return where a half-step writes the iterate and the point."""
    if momentum == 0:  # the same numbers: the kernel writes them once
        out = left.room()
        return out, out
    if left.iterate is left.point or left.iterate is left.best:
        left.iterate = left.copy_of(left.iterate)
    return left.iterate, left.room()


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
