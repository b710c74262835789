"""Second-order coordinate steps on the Kullback-Leibler divergence, a row at a time."""

from dataclasses import dataclass
from typing import ClassVar

from partwise.losses import KullbackLeibler, Loss
from partwise.matrix import Block, Matrix, PoissonSide
from partwise.solvers.base import Factor, HalfStep, Solver, Step
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

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Step:
        left, right, final = asked.left, asked.right, asked.final
        out = left.copy_of(left.point)
        if not final:
            out *= sane_scale(X, left, right)
        side = PoissonSide(right.point, (right.mass + left.penalty.l1).astype(X.dtype), X.floor)

        def block(rows: Block) -> tuple[float, float]:
            return X.poisson_block(out, side, *rows, l2=left.penalty.l2, sweeps=SWEEPS, shrink=0.0)

        likelihood, moved = 0.0, 0.0
        for part in workers.map(block, X.blocks):
            likelihood, moved = likelihood + part[0], moved + part[1]
        left.iterate = out
        left.move(out)
        if not final:
            return Step(moved)
        return Step(moved, after=KullbackLeibler.constant(X) - likelihood + float(left.mass @ right.mass))


def sane_scale(X: Matrix, left: Factor, right: Factor) -> float:
    """Return the factor that gives the model X's total, the best scale of all, or 1 where it is within twice of it.

    From a model far too large every first step would go to zero.
    """
    model = float(left.mass @ right.mass)
    ratio = X.total / model if model > 0 else 1.0
    return 1.0 if 0.5 < ratio < 2 else ratio
