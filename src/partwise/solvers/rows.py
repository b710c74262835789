"""One half-step to the end: the exact W for a given H. A fit ends with it, and transform is nothing else."""

from functools import cached_property

import numpy as np

from partwise import kernels
from partwise.losses import BetaDivergence, Frobenius, Loss
from partwise.losses.frobenius import gram
from partwise.matrix import Array, Block, Matrix, PoissonSide
from partwise.penalties import Penalty
from partwise.solvers.base import Factor, HalfStep
from partwise.solvers.multiplicative import Multiplicative
from partwise.threads import Workers

RIDGE = 1e-12
"""What is added to the diagonal of the parts' gram, relative to its largest entry."""
SWEEPS = 6
"""Coordinate sweeps before the exact solve, at the most."""
SHRINK = 0.03
"""They end for a row when one moves it less than this share of the first."""
MOST_NEWTON = 100
"""Newton steps on a row, at the most; five to ten are usual where its problem is convex."""
MOST_STEPS = 1000
"""Multiplicative steps, at the most."""
STILL = 1e-6
"""Multiplicative steps end when one moves less than this share of X's size."""


class Parts:
    """The factor that is held fixed, right (m, k), with what is computed of it once for many solves."""

    def __init__(self, right: Array) -> None:
        self.right = right

    @cached_property
    def gram(self) -> Array:
        """right.T @ right in float64, (k, k)."""
        return gram(self.right)

    @cached_property
    def mass(self) -> Array:
        """Column sums of right in float64, (k,)."""
        return self.right.sum(axis=0, dtype=np.float64)


def solve_rows(
    X: Matrix,
    loss: Loss,
    start: Array | None,
    parts: Parts,
    penalty: Penalty,
    workers: Workers,
    *,
    most: int | None = None,
) -> Array:
    """Return the left factor (n, k) that minimises the loss for fixed parts, in X's dtype.

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
    n, k = X.shape[0], parts.right.shape[1]
    if isinstance(loss, Frobenius):
        return least_squares(X, start, parts, penalty, workers)[0]
    if start is None:
        model = float(parts.mass.sum())
        start = np.full((n, k), X.total / n / model if model > 0 else 0.0, X.dtype)
    if isinstance(loss, BetaDivergence):
        return _newton(X, loss.beta, start, parts, penalty, workers, most or MOST_NEWTON)
    w, h = Factor(np.array(start), penalty), Factor(parts.right, Penalty())
    solver, size = Multiplicative(), loss.size(X)
    for _ in range(most or MOST_STEPS):
        step = solver.update(X, loss, HalfStep(w, h, final=True), workers)
        if step.residual <= STILL * size:
            break
    return w.point.copy()  # not a part of all the factor's arrays


def least_squares(
    X: Matrix, start: Array | None, parts: Parts, penalty: Penalty, workers: Workers
) -> tuple[Array, float, Array]:
    """Return the exact left factor (n, k) for the quadratic loss; to read that off, <X right, left> and its gram."""
    n, k = X.shape[0], parts.right.shape[1]
    # the ridge changes no digit that counts, and picks one solution where parts depend on each other
    ridge = RIDGE * float(np.diagonal(parts.gram).max(initial=0.0))
    damped = parts.gram + (penalty.l2 + ridge) * np.eye(k)
    rough = parts.gram.astype(X.dtype)
    left = np.ones((n, k), X.dtype) if start is None else np.array(start)

    def block(rows: Block) -> tuple[float, Array]:
        first, last = rows
        cross = X.dot_block(first, last, parts.right)
        out = left[first:last]
        # a few sweeps, across rows, find nearly all zeros: pivoting then has one solve a row to do, not three
        kernels.hals_block(out, out, out, cross, rough, penalty.l1, penalty.l2, SWEEPS, 0.0, 0.0)
        inner = kernels.pivoting_block(out, cross, damped, penalty.l1)
        return inner, gram(out)

    inner, own = (sum(part) for part in zip(*workers.map(block, X.blocks), strict=True))
    return left, inner, own


def _newton(X: Matrix, beta: float, start: Array, parts: Parts, penalty: Penalty, workers: Workers, most: int) -> Array:
    left = np.array(start)
    mass = np.full(parts.right.shape[1], penalty.l1) + (parts.mass if beta == 1 else 0.0)

    side = PoissonSide(parts.right, mass.astype(X.dtype), X.floor)

    def block(rows: Block) -> None:
        if beta == 1:  # cheap steps lead close to the minimum
            X.poisson_block(left, side, *rows, l2=penalty.l2, sweeps=SWEEPS, shrink=SHRINK)
        X.newton_block(left, parts.right, *rows, mass=mass, l2=penalty.l2, beta=beta, most=most)

    workers.map(block, X.blocks)
    return left
