"""HALS: cyclic coordinate descent on least squares, with several sweeps in a half-step, extrapolated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.domains import Domain, Plan, Squares
from partwise.losses import Frobenius, Loss
from partwise.losses.fixed import gram as gram_of
from partwise.losses.fixed import own_gram
from partwise.matrix import Array, Block, Matrix
from partwise.matrix.adding import Sums
from partwise.solvers.base import Factor, HalfStep, Solver, Step, Update
from partwise.solvers.digits import accurate
from partwise.threads import Workers

DENSE_RATIO = 4.0
"""If a product costs more than this many entries per row and component, further sweeps are cheap beside it."""

OBSERVED_SWEEPS = 3
"""Most sweeps of a half-step if entries are unknown."""


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
    warms_up: ClassVar[bool] = True
    domains: ClassVar[tuple[type[Domain], ...]] = (Domain,)
    shares_products: ClassVar[bool] = True
    takes_terms: ClassVar[bool] = True
    by_sums: ClassVar[bool] = True
    sums_need: ClassVar[tuple[str, ...]] = ("shared_gram",)

    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        return self.update_all(X, loss, [asked], workers)[0]

    def update_all(self, X: Matrix, loss: Loss, asked: Sequence[HalfStep], workers: Workers) -> list[Update]:
        """See Solver: one product is enough for all."""
        k = asked[0].right.point.shape[1]
        if not X.can("shared_gram"):
            half_step = self._filled if X.fills(k) and asked[0].left.domain.by_entry else self._each_row
            return [half_step(X, loss, step, workers) for step in asked]
        crosses = products(X, asked, workers)
        return [
            _sweep(X, loss, step, cross, self.plan(X, k, step), workers)
            for step, cross in zip(asked, crosses, strict=True)
        ]

    def sums(self, X: Matrix, loss: Loss, left: Factor, right: Factor) -> Sums:
        return least_squares_sums(X, left)

    @staticmethod
    def _each_row(X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        """Each row has its own Gram matrix: sweeps read the entries instead, and keep the residuals up to date."""
        left, (iterate, out) = asked.left, asked.into
        assert isinstance(loss, Frobenius)

        def block(rows: Block) -> tuple[float, float]:
            part = slice(*rows)
            return loss.sweep(
                X.rows(*rows), (iterate[part], left.point[part], out[part]), asked.right.point, l1=left.penalty.l1,
                l2=left.penalty.l2, sweeps=OBSERVED_SWEEPS, shrink=0.1, momentum=asked.momentum,
                box=left.domain.of(part).bounds,
            )  # fmt: skip

        after, moved = (sum(part) for part in zip(*workers.map(block, X.blocks), strict=True))
        if asked.final and 2 * after <= accurate(X) * X.squared_norm:
            after = loss.value(X, out, asked.right.point, workers)
        return Update(iterate, out, None, Step(moved, after=after if asked.final else None))

    @staticmethod
    def _filled(X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        """Sweep over X, with the model's own entries where X is unknown: this lowers the error of the known entries."""
        left, right, (iterate, out) = asked.left, asked.right, asked.into
        cross = X.filled.product(left.point, right.point, workers)
        problem = Squares(cross, right.gram, left.penalty, X.blocks)
        plan = Plan(OBSERVED_SWEEPS, 0.1, asked.momentum)
        own, _, moved = left.domain.sweep((iterate, left.point, out), problem, plan, workers)
        after = X.filled.error(out, right.point, workers) if asked.final else None
        # a step on all cells is shorter than one on the known cells, whose curvature is less
        return Update(iterate, out, own, Step(moved * X.shape[0] * X.shape[1] / X.n_stored, after=after))

    @staticmethod
    def plan(X: Matrix, k: int, asked: HalfStep) -> Plan:
        """Return how many sweeps to make: nearly exact half-steps if a sweep is cheap beside the product.

        If it is not, the first two iterations make fewer sweeps: they are still far from the final parts.
        """
        ratio = X.work / k
        sweeps, shrink = (20, 0.03) if ratio > DENSE_RATIO else (min(8, 3 * asked.iteration - 1), 0.1)
        return Plan(sweeps, shrink, asked.momentum)


def least_squares_sums(X: Matrix, left: Factor) -> Sums:
    """Return X' W (m, k) and W' W (k, k) of some rows, in float64, because the loss is a difference of their sums."""
    return X.T.product(left.point).astype(np.float64, copy=False), gram_of(left.point)


def products(X: Matrix, asked: Sequence[HalfStep], workers: Workers) -> list[Array]:
    """Return X @ right for each half-step, (n, k). X is read once for all, or not at all if the sums are known."""
    if asked[0].sums is not None:
        return [step.sums[0].astype(X.dtype, copy=False) for step in asked if step.sums is not None]
    if len(asked) == 1:
        return [X.product(asked[0].right.point, workers)]
    k = asked[0].right.point.shape[1]
    cross = X.product(np.concatenate([step.right.point for step in asked], axis=1), workers)
    return [cross[:, i * k : (i + 1) * k] for i in range(len(asked))]


def _sweep(X: Matrix, loss: Loss, asked: HalfStep, cross: Array, plan: Plan, workers: Workers) -> Update:
    """Do a half-step, given X @ right."""
    left, (iterate, out) = asked.left, asked.into
    zones = X.by_zone(asked.right.point, own_gram, asked.right.gram)
    linear, pull = added(left, asked.right.point)
    owns, inner, moved = [], 0.0, 0.0
    for rows, gram in zones:
        part, seen = slice(*rows), gram if pull is None else (gram + pull).astype(gram.dtype)
        wanted = cross[part] if linear is None else cross[part] + linear[part]
        problem = Squares(wanted, seen, left.penalty, X.blocks_of(rows))
        targets = iterate[part], left.point[part], out[part]
        own, *found = left.domain.of(part).sweep(targets, problem, plan, workers)
        inner, moved = inner + found[0], moved + found[1]
        owns.append(own)
    if linear is not None:  # the loss does not contain it
        inner -= float(np.vdot(linear.astype(np.float64), out))
    after = None
    if asked.final:
        after = quadratic_loss(X, loss, asked, out, inner, squares(owns, [gram for _, gram in zones]), workers)
    return Update(iterate, out, sum(owns[1:], owns[0]), Step(moved, after=after))


def added(left: Factor, other: Array) -> tuple[Array | None, Array | None]:
    """Return what the terms of a factor add to the cross product (rows, k) and to the Gram matrix (k, k)."""
    if not left.terms:
        return None, None
    linear = [part for term in left.terms if (part := term.linear(left.point, other)) is not None]
    quadratic = [part for term in left.terms if (part := term.quadratic(left.gram)) is not None]
    return sum(linear[1:], linear[0]) if linear else None, sum(quadratic[1:], quadratic[0]) if quadratic else None


def quadratic_loss(
    X: Matrix, loss: Loss, asked: HalfStep, point: Array, inner: float, model: float, workers: Workers
) -> float:
    """Return half the squared error of the pair after a half-step, from its products if these are accurate enough."""
    if asked.sums is not None:  # sums over blocks of rows, in float64
        cross, gram = asked.sums
        inner, model = float(np.vdot(cross, point.astype(np.float64))), squares([gram_of(point)], [gram])
    rough = asked.left.by_residuals or (asked.sums is None and not X.can("columns"))
    value = None if rough else by_gram(X, inner, model)
    return loss.value(X, point, asked.right.point, workers) if value is None else value


def squares(left: Sequence[Array], right: Sequence[Array]) -> float:
    """Return the sum of squared model entries in float64, from both factors' Gram matrices (k, k) in each block."""
    return sum(kernels.inner(own, other) for own, other in zip(left, right, strict=True))


def by_gram(X: Matrix, inner: float, model: float) -> float | None:
    """Return half the squared error from <X right, left> = `inner` and the squared norm of the model.

    This takes no pass over X. The three terms cancel if the error is small; if too few digits would be left, it returns
    None.
    """
    squared = X.squared_norm
    error = squared - 2 * inner + model
    return 0.5 * error if error > accurate(X) * squared else None
