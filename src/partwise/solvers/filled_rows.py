"""The exact W for many parts where most entries are known: each row alone, on the few parts that it has."""

import numpy as np

from partwise import kernels
from partwise.domains import NonNegative, Plan, Squares
from partwise.losses.fixed import own_gram
from partwise.matrix import Array, Block, Matrix
from partwise.penalties import Penalty
from partwise.threads import Workers

FEWEST = 160
"""Parts from which on this is faster than a Gram matrix of all parts in each row."""
STEPS, SWEEPS, MOMENTUM = 8, 3, 0.6
"""What the first guess of each row's parts takes."""
ROUNDS = 3
"""Solves of a row that are usual."""
WRONG = 1e-10
"""A part is on the wrong side where it has no weight and its gradient exceeds this share of the row's largest product
with a part."""


def is_faster(X: Matrix, k: int, penalty: Penalty) -> bool:
    """Return whether `solve_filled` can find the rows of k parts, and in less time."""
    return k >= FEWEST and penalty.l2 > 0 and X.fills(k)


def solve_filled(X: Matrix, left: Array, right: Array, penalty: Penalty, workers: Workers) -> None:
    """Write to left (n, k) the minimum over rows from 0 up, for an L2 penalty: it makes the minimum unique.

    Sweeps over X filled in find nearly all zeros. Then each row is solved on the parts that it
    has left, in float64.
    """
    _guess(X, left, right, penalty, workers)
    wide = right.astype(np.float64, copy=False)
    total = wide.T @ wide

    def block(rows: Block) -> None:
        known = X.rows(*rows)
        for i in range(rows[1] - rows[0]):
            own = slice(*known.indptr[i : i + 2])
            gap = np.ones(len(wide), bool)
            gap[known.indices[own]] = False
            values, parts = known.data[own].astype(np.float64), wide[known.indices[own]]
            row = left[rows[0] + i]
            _solve_row(row, values, parts, _whole_gram(row > 0, parts, total, wide, gap), penalty)

    workers.map(block, X.blocks)


def _guess(X: Matrix, left: Array, right: Array, penalty: Penalty, workers: Workers) -> None:
    gram, total = own_gram(right), float(right.sum(axis=0).sum())
    point = np.full_like(left, X.mean * X.shape[1] / total if total > 0 else 0.0)
    left[...] = point
    for step in range(STEPS):
        problem = Squares(X.filled.product(point, right, workers), gram, penalty, X.blocks)
        start, point = point, np.empty_like(point)
        plan = Plan(SWEEPS, 0.0, MOMENTUM if 0 < step < STEPS - 1 else 0.0)
        NonNegative().sweep((left, start, point), problem, plan, workers)


def _whole_gram(active: Array, parts: Array, total: Array, right: Array, gap: Array) -> Array | None:
    """Return the Gram matrix of all parts in a row, (k, k), where it costs less than some rounds with active ones.

    It is that of all columns (`total`) less that of the row's unknown ones, where these are fewer.
    """
    few = min(len(parts), int(np.count_nonzero(gap)))
    if few * len(active) ** 2 > ROUNDS * len(parts) * np.count_nonzero(active) ** 2:
        return None
    if few == len(parts):
        return np.asarray(parts.T @ parts)
    rest = right[gap]
    return np.asarray(total - rest.T @ rest)


def _solve_row(row: Array, values: Array, parts: Array, whole: Array | None, penalty: Penalty) -> None:
    """Solve a row (k,) in place, given its known entries and the parts there (entries, k).

    All parts on the wrong side change it, as in block pivoting, while they get fewer; else the kernel, which cannot
    cycle, solves the row on its parts, and these only grow.
    """
    from scipy.linalg.lapack import dposv as posv  # takes as long to import as all of partwise, and few fits come here

    active, wanted = row > 0, values @ parts - penalty.l1
    slack = WRONG * float(np.abs(wanted).max(initial=0.0))
    fewest, safe = len(row) + 1, False
    while True:
        own = np.ascontiguousarray(parts[:, active])
        gram = own.T @ own if whole is None else whole[np.ix_(active, active)]
        gram[np.diag_indices(len(gram))] += penalty.l2
        if safe:
            found = row[active][None].astype(np.float64)
            kernels.pivoting_block(found, np.ascontiguousarray(wanted[active][None]), gram, 0.0, None)
            x = found[0]
        else:
            x = posv(gram, wanted[active])[1] if len(gram) else np.zeros(0)
        wrong = ~active & (wanted - (own @ x) @ parts > slack)
        wrong[active] = x < 0
        row[...] = 0
        row[active] = np.maximum(x, 0)
        count = int(np.count_nonzero(wrong))
        if count == 0:
            return
        safe = safe or count >= fewest
        fewest = count
        active = active | wrong if safe else active ^ wrong
