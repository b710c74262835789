"""Exact non-negative least squares by block principal pivoting, for whole half-steps."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.losses import Frobenius, Loss
from partwise.losses.fixed import own_gram
from partwise.matrix import Block, Matrix
from partwise.matrix.adding import Sums
from partwise.solvers.base import Factor, HalfStep, Solver, Step, Update
from partwise.solvers.hals import least_squares_sums, products, quadratic_loss, squares
from partwise.solvers.rows import EXACT, RIDGE
from partwise.threads import Workers


@dataclass(frozen=True)
class Pivoting(Solver):
    """Each half-step is solved exactly (ANLS). Slower than HALS in fits, but a reference, and right for transforms.

    References
    ----------
    J. Kim and H. Park, SIAM J. Sci. Comput. 33, 2011, doi:10.1137/110821172.
    """

    name: ClassVar[str] = "pivoting"
    losses: ClassVar[tuple[type[Loss], ...]] = (Frobenius,)
    quadratic_residual: ClassVar[bool] = True
    by_sums: ClassVar[bool] = True
    sums_need: ClassVar[tuple[str, ...]] = ("shared_gram",)

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        if not X.can("shared_gram"):
            return self._each_row(X, loss, asked, workers)
        left, right = asked.left, asked.right
        zones = X.by_zone(right.point, own_gram, right.gram)
        start, (_, out) = left.point, asked.into
        np.copyto(out, start)
        (cross,), inner, moved, owns = products(X, [asked], workers), 0.0, 0.0, []
        for rows, own in zones:
            part, gram = slice(*rows), own.astype(np.float64)
            diagonal = np.diagonal(gram).copy()
            np.fill_diagonal(gram, diagonal + left.penalty.l2)
            inner += kernels.pivoting_block(out[part], cross[part], gram, left.penalty.l1, workers.team)
            for block in X.blocks_of(rows):
                change = out[slice(*block)].astype(np.float64) - start[slice(*block)]
                moved += float(np.square(change).sum(axis=0) @ diagonal)
            owns.append(own_gram(out[part]))
        after = None
        if asked.final:
            after = quadratic_loss(X, loss, asked, out, inner, squares(owns, [own for _, own in zones]), workers)
        return Update(out, out, sum(owns[1:], owns[0]), Step(moved, after=after))

    def sums(self, X: Matrix, loss: Loss, left: Factor, right: Factor) -> Sums:
        return least_squares_sums(X, left)

    @staticmethod
    def _each_row(X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        """Each row has its own Gram matrix, which the kernel makes and solves."""
        left, right = asked.left, asked.right.point
        start, (_, out) = left.point, asked.into
        assert isinstance(loss, Frobenius)

        def block(rows: Block) -> tuple[float, float]:
            part, view = slice(*rows), X.rows(*rows)
            np.copyto(out[part], start[part])
            after = loss.pivot(view, out[part], right, l1=left.penalty.l1, l2=left.penalty.l2, ridge=RIDGE)
            change = out[part].astype(np.float64) - start[part]
            return after, float(np.vdot(np.square(change), view.curvatures(right)))

        after, moved = (sum(part) for part in zip(*workers.map(block, X.blocks), strict=True))
        if asked.final and after <= EXACT * X.squared_norm:
            after = loss.value(X, out, right, workers)
        return Update(out, out, None, Step(moved, after=after if asked.final else None))
