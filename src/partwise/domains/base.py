"""What a domain is: where the rows of a factor may lie, and how least squares are solved there."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from partwise.matrix import Array, Block
from partwise.penalties import Penalty
from partwise.threads import Workers

MOST = 1000
"""Most steps on a row that is solved to the end, if there is no exact method."""
SHRINK = 1e-6
"""Steps on a row end when one is shorter than this share of the first step."""


class Squares(NamedTuple):
    """Least squares for some rows x of a factor: 0.5 <x gram, x> - <cross, x> and a penalty.

    Attributes
    ----------
    cross : ndarray of shape (n, k)
        X @ right.
    gram : ndarray of shape (k, k)
        right.T @ right.
    penalty : Penalty
        The penalty on x.
    blocks : sequence of (int, int)
        Blocks of rows that threads can take one by one.
    """

    cross: Array
    gram: Array
    penalty: Penalty
    blocks: Sequence[Block]


class Plan(NamedTuple):
    """Most steps on a row; they end when one is less than `shrink` times the first; and the momentum afterwards."""

    steps: int
    shrink: float
    momentum: float = 0.0


class Domain(ABC):
    """Where each row of a factor may lie: a convex set.

    A new domain defines ``project``; least squares are then solved by projected gradients.

    Examples
    --------
    >>> from partwise.domains import Squares
    >>> from partwise.extend import Domain
    >>> from partwise.threads import ALONE
    >>> class UpToOne(Domain):
    ...     what = "entries from 0 to 1"
    ...     def project(self, rows):
    ...         return np.clip(rows, 0, 1)
    >>> X, right, left = np.array([[3.0, 6.0], [0.5, 1.0]]), np.array([[1.0], [2.0]]), np.zeros((2, 1))
    >>> problem = Squares(X @ right, right.T @ right, Penalty(), [(0, 2)])
    >>> _ = UpToOne().solve(left, problem, sweeps=0, ridge=0.0, workers=ALONE)
    >>> left.round(3).tolist()  # without the domain, 3 and 0.5
    [[1.0], [0.5]]
    """

    what: ClassVar[str]
    """What a solver must support, in the words of error texts."""
    way_out: ClassVar[str] = ""
    """What the user can do if the solver cannot, in case another solver alone does not help."""
    by_entry: ClassVar[bool] = False
    """Whether steps on single entries, within ``bounds``, stay in it."""
    is_cone: ClassVar[bool] = False
    """Whether it contains, with x, all non-negative multiples of x: the scale between factors is then free."""
    exact: ClassVar[bool] = False
    """Whether ``solve`` reaches the minimum up to rounding."""

    @property
    def bounds(self) -> Sequence[Array]:
        """Lowest and highest value of each entry: two arrays of the factor's shape, or none: at least 0."""
        return ()

    def of(self, rows: slice) -> "Domain":
        """Return the domain of some of the rows."""
        return self

    @abstractmethod
    def project(self, rows: Array) -> Array:
        """Return the nearest points to rows (n, k)."""

    def within(self, start: Array) -> Array:
        """Return a non-negative start, moved into the domain."""
        return self.project(start)

    def extrapolate(self, iterate: Array, before: Array, out: Array, momentum: float, workers: Workers) -> Array:
        """Write to `out` the nearest point to iterate + momentum (iterate - before); return its Gram matrix."""
        out[...] = self.project(iterate + iterate.dtype.type(momentum) * (iterate - before))
        return out.T @ out

    def sweep(
        self, targets: tuple[Array, Array, Array], problem: Squares, plan: Plan, workers: Workers
    ) -> tuple[Array, float, float]:
        """Improve rows; `targets` are (iterate, start, point), each (n, k): iterate and point are written.

        With momentum, iterate first holds the previous iterate. Returns (point.T @ point, <cross, point>, squared
        length of the first step).

        References
        ----------
        A. Beck and M. Teboulle, "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging Sciences 2, 2009,
        doi:10.1137/080716542; with restarts where the step turns back: B. O'Donoghue and E. Candes, Foundations of
        Computational Mathematics 15, 2015, doi:10.1007/s10208-013-9150-3.
        """
        gram, penalty = problem.gram, problem.penalty

        def block(rows: Block) -> tuple[float, float]:
            part = slice(*rows)
            iterate, start, point, cross = (
                array[part].astype(gram.dtype, copy=False) for array in (*targets, problem.cross)
            )
            found = _gradients(self.of(part), (iterate, start, point), cross, gram, penalty, plan)
            targets[0][part], targets[2][part] = iterate, point
            return found

        inner, moved = zip(*workers.map(block, problem.blocks), strict=True)
        return targets[2].T @ targets[2], sum(inner), sum(moved)

    def solve(self, left: Array, problem: Squares, sweeps: int, ridge: float, workers: Workers) -> float:
        """Solve rows to the end, in place; return <cross, left>.

        `sweeps` and `ridge` are for exact methods: the most coordinate sweeps before the solve, and what is added to
        the diagonal of the Gram matrix.
        """
        return self.sweep((left, left, left), problem, Plan(MOST, SHRINK * SHRINK), workers)[1]


def _gradients(
    domain: Domain, targets: tuple[Array, Array, Array], cross: Array, gram: Array, penalty: Penalty, plan: Plan
) -> tuple[float, float]:
    """Take accelerated projected-gradient steps on rows; the gradient is x gram - cross, plus that of the penalty."""
    iterate, start, point = targets
    damped = gram + np.asarray(penalty.l2, gram.dtype) * np.eye(len(gram), dtype=gram.dtype)
    wanted = cross - cross.dtype.type(penalty.l1) if penalty.l1 else cross
    steepest = max(float(np.linalg.eigvalsh(damped)[-1]), float(np.finfo(gram.dtype).tiny))
    x = domain.project(start.copy())
    ahead, pace, first = x, 1.0, 0.0
    for step in range(plan.steps):
        found = domain.project(ahead - (ahead @ damped - wanted) / steepest)
        moved = float(np.square(found - x, dtype=np.float64).sum()) * steepest
        if step == 0:
            first = moved
        turned = float(np.vdot(ahead - found, found - x)) > 0
        faster = 1.0 if turned else 0.5 + np.sqrt(0.25 + pace * pace)
        ahead = found + found.dtype.type(0.0 if turned else (pace - 1) / faster) * (found - x)
        x, pace = found, faster
        if step > 0 and moved <= plan.shrink * plan.shrink * first:
            break
    before = iterate.copy()
    iterate[...] = x
    momentum = x.dtype.type(plan.momentum)
    point[...] = domain.project(x + momentum * (x - before)) if momentum > 0 else x
    return float(np.vdot(cross.astype(np.float64), point)), first
