"""A matrix that is read a block of rows at a time: in files, in a database, on another machine."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from partwise import kernels
from partwise.caching import cached_property
from partwise.matrix.base import Matrix, cut
from partwise.matrix.dense import ENTRIES_A_BLOCK, Dense
from partwise.matrix.rows import Array, DenseRows
from partwise.threads import ALONE, Workers


class ByBlocks(Matrix):
    """A storage of which ``shape``, ``dtype``, ``blocks`` and ``block`` are all that a subclass gives.

    Nothing holds more than one block at a time but products with the transpose's rows, which only entry-wise losses and
    coordinate steps ask for: least squares by 'hals' read each block twice an iteration.
    """

    @abstractmethod
    def block(self, first: int, last: int) -> Array:
        """Return rows first..last, within one block, as an array of X's dtype whose rows or columns are contiguous."""

    @cached_property
    def T(self) -> Matrix:
        """See Matrix."""
        return _Across(self)

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix: the transpose is no copy."""

    def rows(self, first: int, last: int) -> DenseRows:
        return DenseRows(self.block(first, last))

    def slice(self, first: int, last: int) -> Matrix:
        return Dense(self.dense(np.arange(first, last)))

    def mapped(self, function: Callable[[Array], Array]) -> Matrix:
        return _Changed(self, lambda rows, entries: function(entries))

    def scaled(self, left: Array, right: Array) -> Matrix:
        return _Changed(self, lambda rows, entries: left[rows, None] * entries * right)

    def take(self, rows: Array | None = None, columns: Array | None = None) -> Matrix:
        return Dense(self.dense(np.arange(self.shape[0]) if rows is None else rows)).take(None, columns)

    @property
    def places(self) -> tuple[Array, Array]:
        return np.arange(self.shape[0])[:, None], np.arange(self.shape[1])[None]

    def where(self, which: Array) -> Matrix:
        return _Changed(self, lambda rows, entries: np.where(which[rows], entries, self.dtype.type(0)))

    def sample(self, rows: Array) -> tuple[Matrix, Array]:
        return Dense(self.dense(rows)).sample(np.arange(len(rows)))

    @property
    def n_stored(self) -> int:
        return self.shape[0] * self.shape[1]

    def values(self) -> Array:
        return np.concatenate([self.block(*rows) for rows in self.blocks])

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        found = [(first, hit) for first, last in self.blocks if (hit := Dense(self.block(first, last)).find(test))]
        if not found:
            return None
        first, (row, column, value, _) = found[0]
        return first + row, column, value, sum(hit[3] for _, hit in found)

    def dense(self, indices: Array) -> Array:
        out = np.empty((len(indices), self.shape[1]), self.dtype)
        for first, last in self.blocks:
            here = (indices >= first) & (indices < last)
            if here.any():
                out[here] = self.block(first, last)[indices[here] - first]
        return out

    def row_squares(self) -> Array:
        return np.concatenate([np.square(self.block(*rows), dtype=np.float64).sum(axis=1) for rows in self.blocks])

    @cached_property
    def survey(self) -> tuple[float, float, float, float]:
        lows, highs, totals, squares = zip(
            *(kernels.survey(self.block(*rows).reshape(-1, order="A")) for rows in self.blocks), strict=True
        )
        return min(lows), max(highs), sum(totals), sum(squares)

    def sum_of(self, of: Any) -> float:
        return float(sum(Dense(self.block(*rows)).sum_of(of) for rows in self.blocks))


class _Changed(ByBlocks):
    """A matrix whose blocks are those of another one, changed by a function of (slice of rows, entries)."""

    def __init__(self, source: Matrix, function: Callable[[slice, Array], Array]) -> None:
        self._source, self._function = source, function
        self.shape, self.blocks = source.shape, source.blocks
        self.dtype = self.block(0, 1).dtype

    def block(self, first: int, last: int) -> Array:
        return self._function(slice(first, last), self._source.rows(first, last).cells(slice(0, last - first)))


class _Across(ByBlocks):
    """The transpose of a matrix that gives rows alone: products with it are sums over the blocks of that."""

    def __init__(self, source: ByBlocks) -> None:
        self._source = source
        self.shape, self.dtype = source.shape[::-1], source.dtype
        self.blocks = cut(np.arange(1, self.shape[0] + 1), int(np.clip(self.n_stored // ENTRIES_A_BLOCK, 1, 8)))

    @property
    def T(self) -> Matrix:
        return self._source

    @property
    def survey(self) -> tuple[float, float, float, float]:
        return self._source.survey

    def block(self, first: int, last: int) -> Array:
        source = self._source
        return np.concatenate([source.block(*rows)[:, first:last] for rows in source.blocks]).T

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        source = self._source
        found = workers.map(lambda rows: source.block(*rows).T @ right[slice(*rows)], source.blocks)
        total: Array = sum(found[1:], found[0])
        return np.ascontiguousarray(total)
