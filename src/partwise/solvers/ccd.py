"""Cyclic coordinate descent for losses that have steps of their own on single entries, such as Kullback-Leibler."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise.domains import Bounded, Domain, NonNegative
from partwise.losses import Loss
from partwise.losses.fixed import Fixed
from partwise.matrix import Array, Matrix
from partwise.solvers.base import HalfStep, Solver, Step, Update
from partwise.threads import Workers

SWEEPS = 2


@dataclass(frozen=True)
class CCD(Solver):
    """Cyclic coordinate descent: one entry after another, with the step of the loss, ``Loss.half_step``.

    References
    ----------
    C.-J. Hsieh and I. S. Dhillon, KDD 2011, doi:10.1145/2020408.2020577. For Kullback-Leibler, their parabola is
    replaced by a hyperbola of the form of the divergence's own terms (native/poisson.hpp).
    """

    name: ClassVar[str] = "ccd"
    losses: ClassVar[tuple[type[Loss], ...]] = (Loss,)
    needs: ClassVar[tuple[str, ...]] = ("has_half_step",)
    domains: ClassVar[tuple[type[Domain], ...]] = (NonNegative, Bounded)

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        left, right, final = asked.left, asked.right, asked.final
        _, out = asked.into
        np.copyto(out, left.point)
        if asked.iteration == 1 and not final and left.domain.is_cone:
            out *= sane_scale(X, left.point, right.point)
        sides = loss.sides(X, Fixed(right.point), value=final)

        def block(number: int) -> tuple[float, float]:
            rows = X.blocks[number]
            part = slice(*rows)
            return loss.half_step(
                X.rows(*rows), out[part], sides[number], l1=left.penalty.l1, l2=left.penalty.l2,
                box=left.domain.of(part).bounds, sweeps=SWEEPS, value=final,
            )  # fmt: skip

        after, moved = (sum(part) for part in zip(*workers.map(block, range(len(X.blocks))), strict=True))
        return Update(out, out, None, Step(moved, after=after if final else None))


def sane_scale(X: Matrix, left: Array, right: Array) -> float:
    """Return the factor that gives the model the total of X, which is the best scale; 1 if it is between 1/2 and 2.

    If the model is far too large, every first step would go to zero.
    """
    model = X.model_total(left, right)
    ratio = X.total / model if model > 0 else 1.0
    return 1.0 if 0.5 < ratio < 2 else ratio
