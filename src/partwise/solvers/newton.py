"""Second-order coordinate steps on the Kullback-Leibler divergence, a row at a time."""

from dataclasses import dataclass
from typing import ClassVar

from partwise.losses import KullbackLeibler, Loss
from partwise.matrix import Matrix, PoissonSide
from partwise.matrix.observed import Observed
from partwise.solvers.base import Factor, HalfStep, Solver, Step, column_sums
from partwise.threads import Workers

SWEEPS = 2


@dataclass(frozen=True)
class Newton(Solver):
    """Cyclic one-variable steps, curvature and all, on each row's convex problem; only stored entries are touched.

    References
    ----------
    C.-J. Hsieh and I. S. Dhillon, KDD 2011, doi:10.1145/2020408.2020577. Our step replaces their parabola by the
    hyperbola that the divergence's own terms are made of (native/poisson.hpp).
    """

    name: ClassVar[str] = "newton"
    losses: ClassVar[tuple[type[Loss], ...]] = (KullbackLeibler,)
    bounded: ClassVar[bool] = True

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Step:
        left, right, final = asked.left, asked.right, asked.final
        out = left.copy_of(left.point)
        if asked.iteration == 1 and not final and left.box is None:
            out *= sane_scale(X, left, right)
        masses = X.by_block(right.point, column_sums, right.mass)

        def block(number: int) -> tuple[float, float, float]:
            rows, mass = X.blocks[number], masses[number]
            side = PoissonSide(right.point, (mass + left.penalty.l1).astype(X.dtype), X.floor)
            likelihood, moved = X.poisson_block(
                out, side, *rows, l2=left.penalty.l2, sweeps=SWEEPS, shrink=0.0, box=left.box
            )
            return likelihood, moved, float(column_sums(out[slice(*rows)]) @ mass) if final else 0.0

        likelihood, moved, model = (sum(part) for part in zip(*workers.map(block, range(len(X.blocks))), strict=True))
        left.iterate = out
        left.move(out)
        return Step(moved, after=KullbackLeibler.constant(X) - likelihood + model if final else None)


def sane_scale(X: Matrix, left: Factor, right: Factor) -> float:
    """Return the factor that gives the model X's total, the best scale of all, or 1 where it is within twice of it.

    From a model far too large every first step would go to zero.
    """
    if isinstance(X, Observed):  # what the model has where X is unknown says nothing
        total, model = X.total, X.model_total(left.point, right.point)
    else:
        total, model = X.mean * X.shape[0] * X.shape[1], float(left.mass @ right.mass)
    ratio = total / model if model > 0 else 1.0
    return 1.0 if 0.5 < ratio < 2 else ratio
