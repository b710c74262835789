"""Multiplicative updates: for every loss, on every storage; zeros can leave."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.losses import Loss
from partwise.matrix import Array, Block, Matrix
from partwise.solvers.base import HalfStep, Solver, Step
from partwise.threads import Workers

RESTART = 1e-4
"""Where an entry of zero that should grow starts from, relative to its column's mean."""


@dataclass(frozen=True)
class Multiplicative(Solver):
    """Majorise-minimise with a separable majoriser: each entry is multiplied by a ratio of gradient parts.

    References
    ----------
    D. D. Lee and H. S. Seung, NIPS 2000; for any beta, with the exponent that makes it monotone: C. Fevotte and
    J. Idier, Neural Computation 23, 2011, doi:10.1162/NECO_a_00168.
    """

    name: ClassVar[str] = "mu"
    losses: ClassVar[tuple[type[Loss], ...]] = (Loss,)
    bounded: ClassVar[bool] = True

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Step:
        left, right, final = asked.left, asked.right, asked.final
        out = left.copy_of(left.point)
        restart = restart_levels(left.point, X.mean)

        def block(rows: Block) -> tuple[float, float]:
            first, last = rows
            negative, positive, value = loss.gradient_parts(X, out, right.point, first, last, value=not final)
            moved = kernels.multiply(
                out[first:last],
                negative,
                positive,
                restart,
                left.penalty.l1,
                left.penalty.l2,
                loss.damped_exponent if left.penalty.l2 > 0 else loss.exponent,
            )
            if left.box is not None:  # the majoriser is convex and separable: its minimum in the box is the nearest
                np.clip(out[first:last], *left.box_of(first, last), out=out[first:last])
                start = left.point[first:last]
                push = positive + left.penalty.l1 + left.penalty.l2 * start
                moved = float(np.sum(push * np.abs(out[first:last] - start), dtype=np.float64))
            return value, moved

        before, moved = 0.0, 0.0
        for part in workers.map(block, X.blocks):
            before, moved = before + part[0], moved + part[1]
        left.iterate = out
        left.move(out)
        return Step(moved, before=None if final else before)


def restart_levels(factor: Array, mean: float) -> Array:
    """Return where zeros of each column start from, (k,): relative to the column, or to the factor if that is empty."""
    columns = factor.mean(axis=0, dtype=np.float64)
    levels = np.where(columns > 0, columns, columns.mean() or np.sqrt(mean))
    return (RESTART * levels).astype(factor.dtype)
