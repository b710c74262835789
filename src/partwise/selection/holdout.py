"""Errors on cells that a fit has not seen: which cells are held out, and how they judge numbers of parts."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError
from partwise.factorization import Factorization, factorize
from partwise.losses import BetaDivergence, Loss
from partwise.matrix import Array, Matrix
from partwise.matrix.speckled import Speckles
from partwise.penalties import Penalty
from partwise.projection import Projection
from partwise.solvers import Solver
from partwise.units import scaled

METHODS = ("speckled", "bicross")
GROUPS = 10
"""Groups of rows and columns. A fold holds out one group of columns in each group of rows: a tenth of the cells."""
RIDGE = 1e-3
"""L2 penalty of both factors, relative to X's norm. Without it, a row whose kept cells hardly touch a part could
predict any value for its held-out cells. It lowers each singular value by as much, which is far less than noise
adds."""
BACKGROUND = 0.01
"""If a loss is infinite for a model of zero, this share of the model of one part is mixed in. Otherwise a cell that no
part reaches would outweigh all others."""
COARSER = 10
"""How much larger tol is for a fold than for a fit: the errors on held-out cells scatter far more than the rest of a
fit gains. With tol itself, the same numbers of parts were chosen on planted data, counts and noise, at twice the
cost."""
STARTS = 3
"""Random starts if there is no smaller model to grow from."""
LIGHT = 0.1
"""A row is not looked for below this share of the loss: only one that makes half of all folds' errors is named."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Cells to learn from and cells to judge by.

    Parameters
    ----------
    kept, out : Matrix
        What is fitted, and what is predicted.
    sides : (Matrix, Matrix) or None
        If `kept` is a block of other rows and columns than `out`: the cells that determine the weights of out's rows,
        and, transposed, the cells that determine the parts' entries in its columns.
    columns : (ndarray, ndarray) or None
        Where the columns of `kept` and of `out` are in X, if these are not all columns of X.
    rows : ndarray or None
        Where the rows of `out` are in X, if their order is not that of X.
    """

    kept: Matrix
    out: Matrix
    sides: tuple[Matrix, Matrix] | None = None
    columns: tuple[Array, Array] | None = None
    rows: Array | None = None

    def penalty(self, loss: Loss) -> Penalty:
        """Return the small L2 penalty of both factors; none if the loss has no degree that gives it units."""
        if loss.degree is None or not self.kept.mean > 0:
            return Penalty()
        return Penalty(l2=scaled(RIDGE * np.sqrt(self.kept.squared_norm), (loss.degree - 2) * np.log2(self.kept.mean)))

    def predict(self, W: Array, H: Array, loss: Loss) -> tuple[Array, Array]:
        """Return the factors (n, k) and (m, k) of the model of `out`."""
        if self.sides is None:
            return W, np.ascontiguousarray(H.T)
        penalty = self.penalty(loss)
        return Projection(H, loss, penalty)(self.sides[0]), Projection(W.T, loss, penalty)(self.sides[1])

    def error(self, found: Factorization, alone: Factorization, loss: Loss) -> tuple[float, int, float]:
        """Return the error on the held-out cells, relative to them; `alone` is the model of one part.

        Also return the row of X with the largest loss, and its share of the loss; 0 and 0.0 if no row has a tenth.
        """
        left, right = self.predict(found.W, found.H, loss)
        if isinstance(loss, BetaDivergence) and loss.beta <= 1:
            others = self.predict(alone.W, alone.H, loss)
            left = np.hstack([(1 - BACKGROUND) * left, BACKGROUND * others[0]])
            right = np.hstack([right, others[1]])
        value, size = loss.value(self.out, left, right), loss.size(self.out)
        relative = value / size if size > 0 else 0.0
        row, share = heaviest_row(self.out, loss, left, right, value)
        row = row if self.rows is None or not share else int(self.rows[row])
        return float(np.sqrt(2 * relative)) if loss.degree == 2 else float(relative), row, share

    def parts(self, found: Factorization, loss: Loss) -> Array:
        """Return the parts in all columns of X, (k, m)."""
        if self.columns is None:
            return found.H
        kept, out = self.columns
        parts = np.empty((len(found.H), len(kept) + len(out)), found.H.dtype)
        parts[:, kept], parts[:, out] = found.H, self.predict(found.W, found.H, loss)[1].T
        return parts


def heaviest_row(X: Matrix, loss: Loss, left: Array, right: Array, total: float) -> tuple[int, float]:
    """Return the row with the largest loss, and its share of `total`; 0 and 0.0 if that is no more than `LIGHT`.

    No row has a larger loss than a block that holds it. So the heaviest block is halved until it is a single row. This
    needs the losses of few blocks, not of all rows one by one.
    """
    heap = [(-total, 0, X.shape[0])]
    while -heap[0][0] > LIGHT * total:
        value, first, last = heappop(heap)
        if last - first == 1:
            return first, float(-value / total)
        middle = (first + last) // 2
        for rows in ((first, middle), (middle, last)):
            heappush(heap, (-loss.value(X.slice(*rows), left[slice(*rows)], right), *rows))
    return 0, 0.0


def deal(X: Matrix, folds: int, method: str, rng: np.random.RandomState) -> Callable[[int], Fold]:
    """Return a function that makes fold number 0, 1, ..; no two folds hold out the same cell.

    Parameters
    ----------
    X : Matrix
        The data. If entries are unknown, known ones are held out.
    folds : int
        Number of folds, at least 2.
    method : {'speckled', 'bicross'}
        'speckled' holds out cells all over X and fits X without them. 'bicross' holds out the block where some rows
        meet some columns, and predicts it from a fit without these rows and columns.
    """
    if not X.can("complete"):
        if method == "bicross":
            raise ParameterError("method='bicross' needs every entry of X; use 'speckled' if some are unknown.")
        return _known_entries(X, folds, rng)
    if min(X.shape) < max(folds, 2):
        raise DataError(
            f"{folds} folds need at least {max(folds, 2)} rows and columns, X has shape {X.shape}. Take fewer folds, "
            f"or give the number of parts."
        )
    if method == "bicross":
        return _blocks(X, folds, rng)
    speckles = Speckles.of(X, max(folds, min(GROUPS, *X.shape)), rng)
    return lambda number: Fold(*speckles.split([number]), rows=speckles.rows)


def _known_entries(X: Matrix, folds: int, rng: np.random.RandomState) -> Callable[[int], Fold]:
    count = X.n_stored
    if count < folds:
        raise DataError(f"X has {count} known entries, too few for {folds} folds.")
    group = rng.permutation(count) * max(GROUPS, folds) // count if count >= GROUPS else rng.permutation(count)

    def fold(number: int) -> Fold:
        held = group == number
        kept = X.where(~held)
        # a row or column without another known entry has nothing to learn from
        rows, columns = X.places
        held &= ~kept.blank_rows()[rows] & ~kept.T.blank_rows()[columns]
        return Fold(kept, X.where(held))

    return fold


def _blocks(X: Matrix, folds: int, rng: np.random.RandomState) -> Callable[[int], Fold]:
    """A. B. Owen and P. O. Perry, Annals of Applied Statistics 3, 2009, doi:10.1214/08-AOAS227."""
    groups = [np.array_split(rng.permutation(length), folds) for length in X.shape]

    def fold(number: int) -> Fold:
        (rows, columns), (own_rows, own_columns) = (
            [np.sort(np.concatenate([*group[:number], *group[number + 1 :]])) for group in groups],
            [np.sort(group[number]) for group in groups],
        )
        return Fold(
            X.take(rows, columns),
            X.take(own_rows, own_columns),
            sides=(X.take(own_rows, columns), X.take(rows, own_columns).T),
            columns=(columns, own_columns),
            rows=own_rows,
        )

    return fold


@dataclass(frozen=True)
class Fitting:
    """How a fold is fitted with a given number of parts.

    Parameters
    ----------
    loss, solver, tol, max_iter
        See ``factorize``.
    """

    loss: Loss
    solver: Solver | str
    tol: float
    max_iter: int

    def __call__(
        self, fold: Fold, k: int, smaller: tuple[Array, Array] | None, seed: list[int], max_time: float | None
    ) -> Factorization:
        """Return a fitted model of k parts, which grows from `smaller` (W, H): new parts begin where that fits worst.

        If `smaller` is None or has less than half as many parts, the best of a few random starts is better.
        """
        rng, penalty = np.random.RandomState(seed), fold.penalty(self.loss)
        start: dict[str, Any] = {"init": "random", "n_init": STARTS if k > 1 else 1, "random_state": rng}
        if smaller is not None and k <= 2 * len(smaller[1]):
            start = dict(zip("WH", grown(fold.kept, *smaller, k, rng), strict=True))
        return factorize(
            fold.kept, k, loss=self.loss, solver=self.solver, tol=COARSER * self.tol, max_iter=self.max_iter,
            max_time=max_time, n_jobs=1, penalty_W=penalty, penalty_H=penalty, **start,
        )  # fmt: skip


def grown(X: Matrix, W: Array, H: Array, k: int, rng: np.random.RandomState) -> tuple[Array, Array]:
    """Return factors of k parts: the given ones, and for each new part the residual of the row with the worst fit."""
    for _ in range(k - len(H)):
        right = np.ascontiguousarray(H.T)
        worst = int(np.argmax(X.row_errors(W, right)))
        part = np.maximum(X.row_error(worst, W, right), 0)
        if not part.any():
            part = rng.random_sample(len(part)).astype(H.dtype)
        lengths = np.linalg.norm(H, axis=1)
        part *= (lengths.mean() or 1.0) / np.linalg.norm(part)
        weights = np.maximum(X.product(np.ascontiguousarray(part[:, None], X.dtype))[:, 0] - W @ (H @ part), 0) / (
            part @ part
        )
        W, H = np.column_stack([W, weights]), np.vstack([H, part])
    return W, H
