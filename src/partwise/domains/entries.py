"""Domains of single entries: at least 0, or within bounds of their own. Compiled kernels support both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise import kernels
from partwise.domains.base import MOST, SHRINK, Domain, Plan, Squares
from partwise.matrix import Array
from partwise.threads import Workers


class _Entries(Domain):
    """The common base of both."""

    by_entry: ClassVar[bool] = True

    def extrapolate(self, iterate: Array, before: Array, out: Array, momentum: float, workers: Workers) -> Array:
        own = np.empty_like(iterate, shape=(iterate.shape[1],) * 2)
        kernels.extrapolate(iterate, before, out, momentum, own, workers.team, *self.bounds)
        return own

    def sweep(
        self, targets: tuple[Array, Array, Array], problem: Squares, plan: Plan, workers: Workers
    ) -> tuple[Array, float, float]:
        own = np.empty_like(problem.gram)
        return own, *self._sweep(targets, problem, plan, own, workers)

    def _sweep(
        self, targets: tuple[Array, Array, Array], problem: Squares, plan: Plan, own: Array | None, workers: Workers
    ) -> tuple[float, float]:
        """Run coordinate sweeps, and write the Gram matrix of the point to `own`."""
        found: tuple[float, float] = kernels.hals_block(
            *targets, problem.cross, problem.gram, problem.penalty.l1, problem.penalty.l2, *plan, own, workers.team,
            *self.bounds,
        )  # fmt: skip
        return found


class NonNegative(_Entries):
    """Entries of at least 0."""

    what: ClassVar[str] = "entries from 0 up"
    is_cone: ClassVar[bool] = True
    exact: ClassVar[bool] = True

    def project(self, rows: Array) -> Array:
        return np.maximum(rows, 0)

    def within(self, start: Array) -> Array:
        return start

    def solve(self, left: Array, problem: Squares, sweeps: int, ridge: float, workers: Workers) -> float:
        """See Domain: a few sweeps over all rows find nearly all zeros; pivoting then needs about one solve a row."""
        gram, penalty = problem.gram, problem.penalty
        near = problem._replace(gram=gram.astype(left.dtype))
        self._sweep((left, left, left), near, Plan(sweeps, 0.0), None, workers)
        damped = gram + (penalty.l2 + ridge) * np.eye(len(gram))
        return kernels.pivoting_block(left, problem.cross, damped, penalty.l1, workers.team)


@dataclass(frozen=True, eq=False)
class Bounded(_Entries):
    """A box around each entry; equal bounds fix it.

    Parameters
    ----------
    lower, upper : ndarray of shape (rows, k)
        Lowest and highest value of each entry, at least 0.
    """

    lower: Array
    upper: Array
    what: ClassVar[str] = "fixed, forbidden or bounded entries"

    @property
    def bounds(self) -> Sequence[Array]:
        return self.lower, self.upper

    def of(self, rows: slice) -> "Bounded":
        return Bounded(self.lower[rows], self.upper[rows])

    def project(self, rows: Array) -> Array:
        return np.clip(rows, self.lower, self.upper)

    def solve(self, left: Array, problem: Squares, sweeps: int, ridge: float, workers: Workers) -> float:
        problem = problem._replace(gram=problem.gram.astype(left.dtype))
        return self._sweep((left, left, left), problem, Plan(MOST, SHRINK), None, workers)[0]
