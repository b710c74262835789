"""Least squares with rows that sum to one: accelerated projected gradient on the simplex."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.matrix import Array, Block
from partwise.threads import Workers


def simplex_rows(
    blocks: Sequence[Block],
    workers: Workers,
    targets: tuple[Array, Array, Array],
    cross: Array,
    gram: Array,
    l2: float,
    plan: tuple[int, float],
    momentum: float = 0.0,
) -> tuple[float, float]:
    """Solve those blocks of rows, in gram's dtype; `targets` are (iterate, start, point), the rest as below."""

    def block(rows: Block) -> tuple[float, float]:
        part = slice(*rows)
        iterate, start, point = (array[part].astype(gram.dtype, copy=False) for array in targets)
        wanted = cross[part].astype(gram.dtype, copy=False)
        found = simplex_block(iterate, start, point, wanted, gram, l2, *plan, momentum)
        targets[0][part], targets[2][part] = iterate, point
        return found

    inner, moved = zip(*workers.map(block, blocks), strict=True)
    return sum(inner), sum(moved)


def simplex_block(
    iterate: Array,
    start: Array,
    point: Array,
    cross: Array,
    gram: Array,
    l2: float,
    steps: int,
    shrink: float,
    momentum: float,
) -> tuple[float, float]:
    r"""Do what ``kernels.hals_block`` does for rows on the simplex :math:`x \\ge 0, \\sum_t x_t = 1`.

    The gradient of a row is ``x gram - cross``, its Lipschitz constant the largest eigenvalue of gram. There is no l1:
    it is the same for every point of the simplex. Overwrites iterate and point, all arrays (rows, k) but gram (k, k);
    returns (<cross, point>, squared length of the first step).

    References
    ----------
    A. Beck and M. Teboulle, "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging Sciences 2, 2009,
    doi:10.1137/080716542; with restarts where the step turns back: B. O'Donoghue and E. Candes, Foundations of
    Computational Mathematics 15, 2015, doi:10.1007/s10208-013-9150-3.
    """
    damped = gram + np.asarray(l2, gram.dtype) * np.eye(len(gram), dtype=gram.dtype)
    steepest = max(float(np.linalg.eigvalsh(damped)[-1]), float(np.finfo(gram.dtype).tiny))
    x = project(start.copy())
    ahead, pace, first = x, 1.0, 0.0
    for step in range(steps):
        found = project(ahead - (ahead @ damped - cross) / steepest)
        moved = float(np.square(found - x, dtype=np.float64).sum()) * steepest
        if step == 0:
            first = moved
        turned = float(np.vdot(ahead - found, found - x)) > 0
        faster = 1.0 if turned else 0.5 + np.sqrt(0.25 + pace * pace)
        ahead = found + found.dtype.type(0.0 if turned else (pace - 1) / faster) * (found - x)
        x, pace = found, faster
        if step > 0 and moved <= shrink * shrink * first:
            break
    before = iterate.copy()
    iterate[...] = x
    point[...] = project(x + x.dtype.type(momentum) * (x - before)) if momentum > 0 else x
    return float(np.vdot(cross.astype(np.float64), point)), first


def project(rows: Any) -> Array:
    """Return the nearest points of the simplex to each of the rows (n, k).

    References
    ----------
    J. Duchi, S. Shalev-Shwartz, Y. Singer and T. Chandra, ICML 2008, doi:10.1145/1390156.1390191, figure 1.

    Examples
    --------
    >>> project(np.array([[2.0, 0.0], [0.5, 0.7]])).round(2)
    array([[1. , 0. ],
           [0.4, 0.6]])
    """
    # a shift of all entries does not move the projection, and what is more than 1 under the largest falls to 0
    rows = np.maximum(rows - rows.max(axis=1, keepdims=True), -1)
    ordered = -np.sort(-rows, axis=1)
    sums = np.cumsum(ordered, axis=1) - 1
    counts = np.arange(1, rows.shape[1] + 1, dtype=rows.dtype)
    kept = np.maximum((ordered * counts > sums).sum(axis=1), 1)
    level = sums[np.arange(len(rows)), kept - 1] / kept.astype(rows.dtype)
    out = np.maximum(rows - level[:, None], 0)
    return out / out.sum(axis=1, keepdims=True)  # rounding
