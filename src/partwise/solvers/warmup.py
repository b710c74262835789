"""If a start knows less of X than its mean row, a sample of the rows improves its parts before X is read whole."""

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
LEAD = 2
"""Its first iterations use as many sweeps as later ones: they are cheap, so few sweeps would not save time."""


def warm_up(
    X: Matrix, loss: Loss, solver: Solver, starts: Sequence[tuple[Factor, Factor]], workers: Workers, began: float
) -> tuple[list[tuple[Factor, Factor]], list[int]]:
    """Return the starts, in which random ones have parts improved on a sample of the rows, and the iterations of each.

    For random parts, a pass over all rows helps little more than a pass over a few of them. Starts that know something
    are not changed.

    Parameters
    ----------
    starts : sequence of (Factor, Factor)
        W (n, k) and Ht (m, k), without penalties or bounds.
    """
    n, k = X.shape[0], starts[0][0].point.shape[1]
    if not X.can("complete") or not solver.warms_up or n // SHARE < FEWEST * k:
        return [*starts], [0] * len(starts)
    rows = scattered(n, min(n // SHARE, MOST * k))
    sample, columns = X.sample(rows)
    if columns.size == 0 or sample.squared_norm == 0:
        return [*starts], [0] * len(starts)
    low, high, *_ = sample.survey
    tops = [max(high, -low), *(float(factor.point.max()) for pair in starts for factor in pair)]
    if sample.dtype != np.float32 and all(1 / LARGE < top < LARGE for top in tops):
        sample = sample.astype(np.float32)
    flat, poor, leads = _error_of_mean(sample, workers), [], []
    for number, (w, h) in enumerate(starts):
        pair = _part(w, rows, sample), _part(h, columns, sample)
        update = solver.update(sample, loss, HalfStep.alone(*pair, final=True), workers)
        after, pair = update.step.after, (pair[0].at(update.point, update.gram), pair[1])
        knows_little = after is not None and after > flat
        leads.append(ITERATIONS if knows_little else 0)
        if knows_little:
            poor.append((number, pair))
    found = alternate(
        sample, loss, solver, [pair for _, pair in poor], stopping=Stopping(0.0, ITERATIONS, None), workers=workers,
        began=began, leads=[LEAD] * len(poor),
    )  # fmt: skip
    better = [*starts]
    for (number, _), outcome in zip(poor, found, strict=True):
        w, h = starts[number]
        Ht, start = outcome.Ht.astype(h.point.dtype, copy=False), np.zeros_like(h.point)
        start[columns] = Ht
        better[number] = w, h.at(start, own_gram(Ht))
    return better, leads


def _part(factor: Factor, rows: Array, sample: Matrix) -> Factor:
    """Return those rows of a factor, in the sample's type."""
    return Factor(factor.point[rows].astype(sample.dtype, copy=False), domain=factor.domain)


def _error_of_mean(X: Matrix, workers: Workers) -> float:
    """Return half the squared error of the best model in which each row is X's mean row at a level of its own."""
    n = X.shape[0]
    mean = X.T.product(np.full((n, 1), 1 / n, X.dtype), workers)
    level, squared = X.product(mean, workers).astype(np.float64), np.vdot(mean, mean).astype(np.float64)
    return 0.5 * (X.squared_norm - float(np.vdot(level, level)) / max(float(squared), TINY))
