"""One half-step to the end: the exact W for a given H. A fit ends with it, and transform is nothing else."""

import numpy as np

from partwise import kernels
from partwise.losses import BetaDivergence, Frobenius, Loss
from partwise.losses.frobenius import gram
from partwise.matrix import Array, Block, Matrix
from partwise.penalties import Penalty
from partwise.solvers.base import Factor
from partwise.solvers.hals import by_gram
from partwise.solvers.multiplicative import Multiplicative
from partwise.threads import Workers

MOST_NEWTON = 100
"""Newton steps on a row, at the most; five to ten are usual."""
MOST_STEPS = 1000
"""Multiplicative steps, at the most."""
STILL = 1e-6
"""Multiplicative steps end when one moves less than this share of X's size."""


def solve_rows(
    X: Matrix,
    loss: Loss,
    start: Array | None,
    right: Array,
    penalty: Penalty,
    workers: Workers,
    *,
    most: int | None = None,
) -> tuple[Array, float | None]:
    """Return the left factor (n, k) that minimises the loss for the fixed `right` (m, k), and the loss there if known.

    Least squares are solved exactly by pivoting, the other beta-divergences by Newton's method to rounding: to the
    minimum for 1 <= beta <= 2, where each row's problem is convex, else to a local one, which may depend on `start`.
    Other losses take multiplicative steps until one moves little.

    Parameters
    ----------
    start : ndarray of shape (n, k) or None
        Where to begin; None: the same level everywhere. For convex losses it matters for time alone.
    most : int or None
        Limit on the steps of an iterative solve.
    """
    n, k = X.shape[0], right.shape[1]
    if isinstance(loss, Frobenius):
        return _least_squares(X, start, right, penalty, workers)
    if start is None:
        model = float(right.sum(dtype=np.float64))
        start = np.full((n, k), X.total / n / model if model > 0 else 0.0, X.dtype)
    if isinstance(loss, BetaDivergence):
        return _newton(X, loss.beta, start, right, penalty, workers, most or MOST_NEWTON), None
    w, h = Factor(np.array(start), penalty), Factor(right, Penalty())
    solver, size = Multiplicative(), loss.size(X)
    for _ in range(most or MOST_STEPS):
        step = solver.update(X, loss, w, h, workers, 0.0, final=True)
        if step.residual <= STILL * size:
            break
    return w.point, None


def _least_squares(
    X: Matrix, start: Array | None, right: Array, penalty: Penalty, workers: Workers
) -> tuple[Array, float | None]:
    n, k = X.shape[0], right.shape[1]
    square = gram(right)
    damped = square + penalty.l2 * np.eye(k)
    left = np.ones((n, k), X.dtype) if start is None else np.array(start)

    def block(rows: Block) -> float:
        first, last = rows
        cross = np.empty((last - first, k), X.dtype)
        X.dot_block(first, last, right, cross)
        cross = cross.astype(np.float64, copy=False)
        kernels.pivoting_block(left[first:last], cross, damped, penalty.l1)
        return float(np.vdot(cross, left[first:last].astype(np.float64, copy=False)))

    inner = sum(workers.map(block, X.blocks))
    return left, by_gram(X, inner, gram(left), square)


def _newton(
    X: Matrix, beta: float, start: Array, right: Array, penalty: Penalty, workers: Workers, most: int
) -> Array:
    left = np.array(start)
    mass = np.full(right.shape[1], penalty.l1)
    if beta == 1:
        mass += right.sum(axis=0, dtype=np.float64)

    def block(rows: Block) -> None:
        X.newton_block(left, right, *rows, mass=mass, l2=penalty.l2, beta=beta, most=most)

    workers.map(block, X.blocks)
    return left
