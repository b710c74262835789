"""Exact non-negative least squares by block principal pivoting, for whole half-steps."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.losses import Frobenius, Loss
from partwise.matrix import Array, Block, Matrix
from partwise.solvers.base import HalfStep, Solver, Step
from partwise.solvers.hals import quadratic_loss
from partwise.threads import Workers


@dataclass(frozen=True)
class Pivoting(Solver):
    """Each half-step is solved to the end (ANLS). Slower than HALS in fits; the yardstick, and right for transforms.

    References
    ----------
    J. Kim and H. Park, SIAM J. Sci. Comput. 33, 2011, doi:10.1137/110821172.
    """

    name: ClassVar[str] = "pivoting"
    losses: ClassVar[tuple[type[Loss], ...]] = (Frobenius,)
    quadratic_residual: ClassVar[bool] = True

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Step:
        left, right, final = asked.left, asked.right, asked.final
        gram = right.gram.astype(np.float64)
        diagonal = np.diagonal(gram).copy()
        np.fill_diagonal(gram, diagonal + left.penalty.l2)
        start, out = left.point, left.room()

        def block(rows: Block) -> tuple[float, float, Array]:
            part = slice(*rows)
            cross = X.dot_block(*rows, right.point)
            np.copyto(out[part], start[part])
            inner = kernels.pivoting_block(out[part], cross, gram, left.penalty.l1)
            change = out[part].astype(np.float64) - start[part]
            moved = float(np.square(change).sum(axis=0) @ diagonal)
            return inner, moved, out[part].T @ out[part]

        inner, moved, own = (sum(part) for part in zip(*workers.map(block, X.blocks), strict=True))
        left.iterate = out
        left.move(out, own)
        return Step(moved, after=quadratic_loss(X, loss, left, right, inner) if final else None)
