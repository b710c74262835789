"""Entries of any sign: for parts of data that have negative entries."""

from typing import ClassVar

import numpy as np

from partwise.domains.base import Domain, Plan, Squares
from partwise.matrix import Array
from partwise.threads import Workers


class Free(Domain):
    """No limits: least squares are solved exactly, by the pseudo-inverse of the Gram matrix.

    With W >= 0 and a free H, a factorization is a semi-NMF of an X of any sign.

    References
    ----------
    C. Ding, T. Li and M. I. Jordan, "Convex and semi-nonnegative matrix factorizations", IEEE TPAMI 32, 2010,
    doi:10.1109/TPAMI.2008.277.

    Examples
    --------
    >>> Free().project(np.array([[-1.0, 2.0]]))
    array([[-1.,  2.]])
    """

    what: ClassVar[str] = "entries of any sign"
    is_cone: ClassVar[bool] = True
    exact: ClassVar[bool] = True

    def project(self, rows: Array) -> Array:
        return rows

    def sweep(
        self, targets: tuple[Array, Array, Array], problem: Squares, plan: Plan, workers: Workers
    ) -> tuple[Array, float, float]:
        iterate, start, point = targets
        gram = problem.gram.astype(np.float64)
        gram += problem.penalty.l2 * np.eye(len(gram))
        found = (problem.cross @ np.linalg.pinv(gram, hermitian=True)).astype(point.dtype)
        change = found.astype(np.float64) - start
        before = iterate.copy()
        iterate[...] = found
        point[...] = found + found.dtype.type(plan.momentum) * (found - before) if plan.momentum > 0 else found
        inner, moved = np.vdot(problem.cross.astype(np.float64), point), np.vdot(change @ gram, change)
        return point.T @ point, float(inner), float(moved)
