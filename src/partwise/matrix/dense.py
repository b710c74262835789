"""X as a dense array, in C or Fortran order; neither is copied."""

from collections.abc import Callable
from typing import Any

import numpy as np

from partwise.matrix.base import Matrix
from partwise.matrix.cutting import cut
from partwise.matrix.rows import OWN, Array, DenseRows
from partwise.threads import ALONE, Workers

ENTRIES_A_BLOCK = 400_000


class Dense(Matrix):
    """A dense array of shape (n, m) whose rows or columns are contiguous."""

    def __init__(self, X: Array, transposed: "Dense | None" = None) -> None:
        self.X = X
        self.shape = (X.shape[0], X.shape[1])
        self.dtype = X.dtype
        self.along_rows = X.flags.c_contiguous or not X.flags.f_contiguous
        n, m = self.shape
        self.blocks = cut(np.arange(1, n + 1), int(np.clip(n * m // ENTRIES_A_BLOCK, 1, 8)))
        self._transposed = transposed

    @property
    def T(self) -> "Dense":
        if self._transposed is None:
            self._transposed = Dense(self.X.T, transposed=self)
            if "survey" in self.__dict__:  # it is that of the same entries
                self._transposed.__dict__["survey"] = self.survey
        return self._transposed

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix: the transpose is a view."""

    def forget(self) -> None:
        self._transposed = None

    @property
    def cells(self) -> Array | None:
        return self.X

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

    def sketched(self, n_components: int, workers: Workers) -> "Dense | None":
        from partwise.matrix.sketched import sketched  # which builds on this class

        return sketched(self, n_components, workers)

    @property
    def n_stored(self) -> int:
        return self.shape[0] * self.shape[1]

    def rows(self, first: int, last: int) -> DenseRows:
        return DenseRows(self.X[first:last])

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        """See Matrix: one thread takes all rows at once, where no bit depends on how they are cut."""
        if workers.n_jobs == 1 and right.shape[1] <= OWN:
            return self.rows(0, self.shape[0]).product(right)
        return super().product(right, workers)

    def values(self) -> Array:
        return self.X

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        hits = test(self.X)
        count = int(np.count_nonzero(hits))
        if count == 0:
            return None
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(hits)), hits.shape))
        return row, column, float(self.X[row, column]), count

    def dense(self, indices: Array) -> Array:
        return np.ascontiguousarray(self.X[indices])

    def row_squares(self) -> Array:
        squares = [np.square(self.X[first:last], dtype=np.float64).sum(axis=1) for first, last in self.blocks]
        return np.concatenate(squares)
