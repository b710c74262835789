"""One half-step to the end: the exact W for a given H. A fit ends with it, and transform is nothing else."""

import numpy as np

from partwise import kernels
from partwise.losses import Frobenius, KullbackLeibler, Loss
from partwise.losses.frobenius import gram
from partwise.matrix import Array, Block, Matrix, PoissonSide
from partwise.penalties import Penalty
from partwise.solvers.base import Factor
from partwise.solvers.multiplicative import Multiplicative
from partwise.threads import Workers

MOST = 2000
"""Sweeps over a row, or steps of all rows, at the most."""


def solve_rows(
    X: Matrix,
    loss: Loss,
    start: Array | None,
    right: Array,
    penalty: Penalty,
    tol: float,
    workers: Workers,
    *,
    most: int = MOST,
) -> Array:
    """Return the left factor (n, k) that minimises the loss for the fixed `right` (m, k), entries of X's dtype.

    Least squares are solved exactly by pivoting; Kullback-Leibler rows by coordinate steps until one moves a row less
    than `tol` of its first; other losses by multiplicative steps until one moves less than `tol` of X's size (for losses
    that are not convex this is a local minimum, which depends on `start`).

    Parameters
    ----------
    start : ndarray of shape (n, k) or None
        Where to begin; None: the same level everywhere. It does not matter for convex losses, but for time.
    """
    n, k = X.shape[0], right.shape[1]
    if isinstance(loss, Frobenius):
        return _least_squares(X, start, right, penalty, workers)
    if start is None:
        model = float(right.sum(dtype=np.float64)) / k
        start = np.full((n, k), X.total / n / k / model if model > 0 else 0.0, X.dtype)
    if isinstance(loss, KullbackLeibler):
        left = np.array(start)
        mass = (right.sum(axis=0, dtype=np.float64) + penalty.l1).astype(X.dtype)
        side = PoissonSide(right, mass, X.floor)

        def block(rows: Block) -> None:
            X.poisson_block(left, side, *rows, l2=penalty.l2, sweeps=most, shrink=tol)

        workers.map(block, X.blocks)
        return left
    w, h = Factor(np.array(start), penalty), Factor(right, Penalty())
    solver, size = Multiplicative(), loss.size(X)
    for _ in range(most):
        step = solver.update(X, loss, w, h, workers, 0.0, final=True)
        if step.residual <= tol * size:
            break
    return w.point


def _least_squares(X: Matrix, start: Array | None, right: Array, penalty: Penalty, workers: Workers) -> Array:
    n, k = X.shape[0], right.shape[1]
    square = gram(right)
    np.fill_diagonal(square, np.diagonal(square) + penalty.l2)
    left = np.ones((n, k), X.dtype) if start is None else np.array(start)

    def block(rows: Block) -> None:
        first, last = rows
        cross = np.empty((last - first, k), X.dtype)
        X.dot_block(first, last, right, cross)
        kernels.pivoting_block(left[first:last], cross.astype(np.float64), square, penalty.l1)

    workers.map(block, X.blocks)
    return left
