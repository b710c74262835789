"""If a start knows less of X than its mean row, a sketch of X or a sample of its rows improves its parts first."""

from collections.abc import Sequence

import numpy as np

from partwise.losses import Loss
from partwise.losses.fixed import own_gram
from partwise.matrix import Array, Matrix, scattered
from partwise.solvers.alternate import alternate
from partwise.solvers.base import Factor, HalfStep, Solver
from partwise.stopping import Stopping
from partwise.threads import Workers

SHARE = 16
"""The sample has at most one of so many rows."""
FEWEST, MOST = 20, 48
"""Rows of the sample for each part. From fewer, the parts would learn what is in these rows alone; more do not help."""
LARGE = 2.0**30
"""float32 is enough for a start if all entries are below this, and the largest of them is above its inverse."""
TINY = float(np.finfo(np.float64).tiny)
ITERATIONS = 6
"""On text, two of them save one iteration on all rows, and six save three; more would fit the sample only."""
SKETCH_TOL, MOST_ON_SKETCH = 1e-3, 100
"""When iterations on a sketch end. They cost a fifth of those on X or less, and lower the loss on X nearly as much."""
ALL = slice(None)
LEAD = 2
"""Its first iterations use as many sweeps as later ones: they are cheap, so few sweeps would not save time."""


def warm_up(
    X: Matrix, loss: Loss, solver: Solver, starts: Sequence[tuple[Factor, Factor]], workers: Workers, began: float,
    max_seconds: float | None = None,
) -> tuple[list[tuple[Factor, Factor]], list[int]]:  # fmt: skip
    """Return the starts, random ones improved on a sketch of X or a sample of its rows, and the iterations of each.

    An iteration on a sketch costs a fraction of one on X and helps nearly as much. For random parts, a pass over all
    rows helps little more than a pass over a few of them. Starts that know something are not changed.

    Parameters
    ----------
    starts : sequence of (Factor, Factor)
        W (n, k) and Ht (m, k), without penalties or bounds.
    max_seconds : float or None
        When to stop, in seconds since the fit began.
    """
    better, leads = [*starts], [0] * len(starts)
    view = _view(X, starts[0][0].point.shape[1], workers) if solver.warms_up and X.can("complete") else None
    if view is None:
        return better, leads
    few, rows, columns, tol, most = view
    low, high, *_ = few.survey
    tops = [max(high, -low), *(float(factor.point.max()) for pair in starts for factor in pair)]
    if rows is not ALL and few.dtype != np.float32 and all(1 / LARGE < top < LARGE for top in tops):
        few = few.astype(np.float32)
    flat, poor = _error_of_mean(few, workers), []
    for number, (w, h) in enumerate(starts):
        pair = _part(w, rows, few), _part(h, columns, few)
        update = solver.update(few, loss, HalfStep.alone(*pair, final=True), workers)
        after = update.step.after
        if after is not None and after > flat:
            poor.append((number, (pair[0].at(update.point, update.gram), pair[1])))
    found = alternate(
        few, loss, solver, [pair for _, pair in poor], stopping=Stopping(tol, most, max_seconds), workers=workers,
        began=began, leads=[LEAD] * len(poor),
    )  # fmt: skip
    for (number, _), outcome in zip(poor, found, strict=True):
        w, h = starts[number]
        Ht, start = outcome.Ht.astype(h.point.dtype, copy=False), np.zeros_like(h.point)
        start[columns] = Ht
        better[number] = w.at(outcome.W) if rows is ALL else w, h.at(start, own_gram(Ht))
        leads[number] = outcome.n_iter
    return better, leads


def _view(X: Matrix, k: int, workers: Workers) -> tuple[Matrix, slice | Array, slice | Array, float, int] | None:
    """Return what stands for X, its rows and columns, and tol and max_iter of iterations on it; None for nothing."""
    n, sketch = X.shape[0], X.sketched(k, workers)
    if sketch is not None:
        return sketch, ALL, ALL, SKETCH_TOL, MOST_ON_SKETCH
    if n // SHARE < FEWEST * k:
        return None
    rows = scattered(n, min(n // SHARE, MOST * k))
    sample, columns = X.sample(rows)
    if columns.size == 0 or sample.squared_norm == 0:
        return None
    return sample, rows, columns, 0.0, ITERATIONS


def _part(factor: Factor, rows: slice | Array, sample: Matrix) -> Factor:
    """Return those rows of a factor, in the sample's type."""
    return Factor(factor.point[rows].astype(sample.dtype, copy=False), domain=factor.domain)


def _error_of_mean(X: Matrix, workers: Workers) -> float:
    """Return half the squared error of the best model in which each row is X's mean row at a level of its own."""
    n = X.shape[0]
    mean = X.T.product(np.full((n, 1), 1 / n, X.dtype), workers)
    level, squared = X.product(mean, workers).astype(np.float64), np.vdot(mean, mean).astype(np.float64)
    return 0.5 * (X.squared_norm - float(np.vdot(level, level)) / max(float(squared), TINY))
