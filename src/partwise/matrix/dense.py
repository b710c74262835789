"""X as a dense array, in C or Fortran order; neither is copied."""

from collections.abc import Callable
from typing import Any

import numpy as np

from partwise import kernels
from partwise.matrix.base import Array, Box, Entrywise, Matrix, PoissonSide, cut
from partwise.threads import Workers

ENTRIES_A_BLOCK = 400_000
TURN = 1 << 16
"""Entries from which on BLAS is faster, up to 1.6 times, if a product with columns of X is asked for transposed."""
CHUNK = 1 << 18
"""Entries of the model that an entry-wise loss holds at a time: it stays in the second-level cache."""


class Dense(Matrix):
    """A dense array of shape (n, m) whose rows or columns are contiguous."""

    def __init__(self, X: Array, transposed: "Dense | None" = None) -> None:
        self.X = X
        self.shape = (X.shape[0], X.shape[1])
        self.dtype = X.dtype
        n, m = self.shape
        self.blocks = cut(np.arange(1, n + 1), int(np.clip(n * m // ENTRIES_A_BLOCK, 1, 8)))
        self._transposed = transposed

    @property
    def T(self) -> "Dense":
        if self._transposed is None:
            self._transposed = Dense(self.X.T, transposed=self)
        return self._transposed

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix: the transpose is a view."""

    def slice(self, first: int, last: int) -> "Dense":
        rows = self.X[first:last]
        return Dense(rows if rows.flags.c_contiguous or rows.flags.f_contiguous else np.ascontiguousarray(rows))

    def mapped(self, function: Callable[[Array], Array]) -> "Dense":
        return Dense(function(self.X))

    def scaled(self, left: Array, right: Array) -> "Dense":
        return Dense(left[:, None] * self.X * right)

    def take(self, rows: Array | None = None, columns: Array | None = None) -> "Dense":
        X = self.X if rows is None else np.ascontiguousarray(self.X[rows])
        if columns is not None:
            X = np.take(X, columns, axis=1) if X.flags.c_contiguous else X.T[columns].T
        return Dense(X)

    @property
    def places(self) -> tuple[Array, Array]:
        return np.arange(self.shape[0])[:, None], np.arange(self.shape[1])[None]

    def where(self, which: Array) -> "Dense":
        return Dense(np.where(which, self.X, self.dtype.type(0)))

    def sample(self, rows: Array) -> tuple["Dense", Array]:
        X = self.X[rows]
        columns = np.flatnonzero(np.count_nonzero(X, axis=0) > 2)
        return Dense(np.ascontiguousarray(X[:, columns])), columns

    @property
    def n_stored(self) -> int:
        return self.shape[0] * self.shape[1]

    def dot_block(self, first: int, last: int, right: Array) -> Array:
        X = self.X[first:last]
        return X @ right if X.flags.c_contiguous or X.size < TURN else (right.T @ X.T).T

    def parts_block(
        self, loss: Entrywise, left: Array, right: Array, first: int, last: int, *, products: bool, value: bool
    ) -> tuple[Array | None, Array | None, float]:
        step = max(1, CHUNK // self.shape[1])
        negatives, positives, total = [], [], 0.0
        for start in range(first, last, step):
            rows = slice(start, min(start + step, last))
            x = self.X[rows]
            if x.flags.f_contiguous and not x.flags.c_contiguous:  # work along its columns rather than copy it
                negative, positive, part = loss.parts(x.T, right @ left[rows].T, self.floor, value)
                negative, positive = negative.T, positive.T
            else:
                negative, positive, part = loss.parts(np.ascontiguousarray(x), left[rows] @ right.T, self.floor, value)
            total += part
            if products:
                negatives.append(negative @ right)
                positives.append(positive @ right)
        if not products:
            return None, None, total
        if len(negatives) == 1:
            return negatives[0], positives[0], total
        return np.concatenate(negatives), np.concatenate(positives), total

    def poisson_block(
        self,
        left: Array,
        right: PoissonSide,
        first: int,
        last: int,
        *,
        l2: float,
        sweeps: int,
        shrink: float,
        box: Box | None = None,
    ) -> tuple[float, float]:
        X, own = np.ascontiguousarray(self.X[first:last]), left[first:last]
        bounds = [bound[first:last] for bound in box or ()]
        return kernels.poisson_dense(X, own, right.transposed, right.mass, l2, right.floor, sweeps, shrink, *bounds)

    def newton_block(
        self, left: Array, right: Array, first: int, last: int, *, mass: Array, l2: float, beta: float, most: int
    ) -> None:
        X = np.ascontiguousarray(self.X[first:last])
        kernels.newton_dense(X, left[first:last], right, mass, l2, self.floor, beta, most)

    def values(self) -> Array:
        return self.X

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        hits = test(self.X)
        count = int(np.count_nonzero(hits))
        if count == 0:
            return None
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(hits)), hits.shape))
        return row, column, float(self.X[row, column]), count

    def rows(self, indices: Array) -> Array:
        return np.ascontiguousarray(self.X[indices])

    def row_squares(self) -> Array:
        squares = [np.square(self.X[first:last], dtype=np.float64).sum(axis=1) for first, last in self.blocks]
        return np.concatenate(squares)
