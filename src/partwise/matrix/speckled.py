"""X without the cells that are held out to judge a model: a fit does not know them, and they cost nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from partwise.caching import cached_property
from partwise.matrix.base import Matrix
from partwise.matrix.cutting import Block
from partwise.matrix.rows import Array, SpeckledRows
from partwise.threads import ALONE, Workers


@dataclass(frozen=True, eq=False)
class Pattern:
    """Which cells count: all or none of those where a group of adjoining rows meets a group of adjoining columns.

    Parameters
    ----------
    rows, columns : ndarray of shape (groups + 1,)
        Where each group begins, and the end of the last.
    counts : ndarray of bool, of shape (row groups, column groups)
        Whether their cells count.
    """

    rows: Array
    columns: Array
    counts: Array

    @cached_property
    def T(self) -> "Pattern":
        """The pattern of the transpose."""
        return Pattern(self.columns, self.rows, np.ascontiguousarray(self.counts.T))

    @property
    def size(self) -> int:
        """How many cells count."""
        return int(np.diff(self.rows) @ self.counts @ np.diff(self.columns))

    def group(self, row: int) -> int:
        """Return the group of a row."""
        return int(np.searchsorted(self.rows, row, side="right")) - 1

    def columns_of(self, row: int) -> Array:
        """Return the columns that count in a row, in order."""
        return np.flatnonzero(np.repeat(self.counts[self.group(row)], np.diff(self.columns)))

    def mask(self, rows: Array, columns: Array) -> Array:
        """Return whether the cells (rows[i], columns[i]) count."""
        row_groups = np.searchsorted(self.rows, rows, side="right") - 1
        column_groups = np.searchsorted(self.columns, columns, side="right") - 1
        found: Array = self.counts[row_groups, column_groups]
        return found

    def take(self, rows: Array | None, columns: Array | None) -> "Pattern":
        """Return the pattern of these rows and columns in this order; None: all."""
        row_edges, row_groups = _taken(self.rows, rows)
        column_edges, column_groups = _taken(self.columns, columns)
        return Pattern(row_edges, column_edges, self.counts[np.ix_(row_groups, column_groups)])

    def left_out(self, left: Array, right: Array, of: Callable[[Array], Array]) -> float:
        """Return the sum of <of(rows of left), of(rows of right)> over the groups whose cells do not count."""
        rows, columns = _by_group(left, self.rows, of), _by_group(right, self.columns, of)
        return float(
            sum(np.vdot(own, columns[~counts].sum(axis=0)) for own, counts in zip(rows, self.counts, strict=True))
        )


def _by_group(factor: Array, edges: Array, of: Callable[[Array], Array]) -> Array:
    return np.array([of(factor[first:last]) for first, last in pairwise(edges)])


def _taken(edges: Array, which: Array | None) -> tuple[Array, Array]:
    """Return where groups begin among those rows, and the end of the last, and which groups of `edges` they are."""
    if which is None:
        return edges, np.arange(len(edges) - 1)
    groups = np.searchsorted(edges, which, side="right") - 1
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.append(begins, len(which)), groups[begins]


class Speckled(Matrix):
    """A dense or sparse matrix in which some cells count for nothing.

    Their entries are zeros of `base`. Zeros add nothing to a product. What they add to a Gram matrix or to column sums
    is the same for all rows of a group, so a block of rows uses the sums over the columns that count in its group. A
    half-step therefore costs as much as on a plain matrix.

    Parameters
    ----------
    base : Dense or Sparse
        The entries, with zeros in the cells that do not count.
    pattern : Pattern
        Which cells count.
    """

    capabilities: frozenset[str] = frozenset({"shared_gram", "columns"})

    def __init__(self, base: Matrix, pattern: Pattern, transposed: "Speckled | None" = None) -> None:
        self.base = base
        self.pattern = pattern
        self.shape, self.dtype = base.shape, base.dtype
        edges = sorted({*(first for first, _ in base.blocks), *(int(edge) for edge in pattern.rows)})
        self.blocks = tuple(pairwise(edges))
        self._transposed = transposed

    @property
    def T(self) -> "Speckled":
        if self._transposed is None:
            self._transposed = Speckled(self.base.T, self.pattern.T, transposed=self)
        return self._transposed

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        self.base.prepare(workers, whole=whole)

    def slice(self, first: int, last: int) -> "Speckled":
        pattern = self.pattern
        return Speckled(
            self.base.slice(first, last),
            Pattern(np.clip(pattern.rows, first, last) - first, pattern.columns, pattern.counts),
        )

    def mapped(self, function: Callable[[Array], Array]) -> "Speckled":
        return Speckled(self.base.mapped(function), self.pattern)

    def scaled(self, left: Array, right: Array) -> "Speckled":
        return Speckled(self.base.scaled(left, right), self.pattern)

    def take(self, rows: Array | None = None, columns: Array | None = None) -> "Speckled":
        return Speckled(self.base.take(rows, columns), self.pattern.take(rows, columns))

    def sample(self, rows: Array) -> tuple["Speckled", Array]:
        return self.take(rows), np.arange(self.shape[1])

    @property
    def places(self) -> tuple[Array, Array]:
        return self.base.places

    def where(self, which: Array) -> "Speckled":
        return Speckled(self.base.where(which), self.pattern)

    @property
    def n_stored(self) -> int:
        return self.base.n_stored

    @property
    def mean(self) -> float:
        """Mean size over the cells that count."""
        return self.total_size / max(self.pattern.size, 1)

    @property
    def has_zeros(self) -> bool:
        """Whether any cell that counts is zero."""
        return self.pattern.size > int(np.count_nonzero(self.base.values()))

    def by_zone(self, right: Array, of: Callable[[Array], Array], whole: Array) -> Sequence[tuple[Block, Array]]:
        pieces = _by_group(right, self.pattern.columns, of)
        zones = [(int(first), int(last)) for first, last in pairwise(self.pattern.rows)]
        return [(rows, pieces[counts].sum(axis=0)) for rows, counts in zip(zones, self.pattern.counts, strict=True)]

    def rows(self, first: int, last: int) -> SpeckledRows:
        shape = last - first, self.shape[1]
        return SpeckledRows(self.base.rows(first, last), shape, self.pattern.columns_of(first))

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        return self.base.product(right, workers)

    def values(self) -> Array:
        return self.base.values()

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        return self.base.find(test)

    def dense(self, indices: Array) -> Array:
        return self.base.dense(indices)

    def row_squares(self) -> Array:
        return self.base.row_squares()

    def row_error(self, row: int, left: Array, right: Array) -> Array:
        """See Matrix: zero in cells that do not count."""
        error, columns = np.zeros(self.shape[1], self.dtype), self.pattern.columns_of(row)
        error[columns] = self.dense(np.array([row]))[0][columns] - right[columns] @ left[row]
        return error


@dataclass(frozen=True, eq=False)
class Speckles:
    """Cells of X in a Latin square: rows and columns are dealt to groups at random, and diagonals are held out in turn.

    Rows and columns are ordered by group. Diagonal d of the square consists of the cells whose group numbers sum to d,
    modulo the number of groups. Every row and every column has the same share of it, up to one cell.

    Parameters
    ----------
    X : Dense or Sparse
        The data, with rows and columns in that order.
    rows, columns : ndarray of shape (n,), (m,)
        Where each row and column of X came from.
    row_edges, column_edges : ndarray of shape (groups + 1,)
        Where the groups begin.
    """

    X: Matrix
    rows: Array
    columns: Array
    row_edges: Array
    column_edges: Array

    @classmethod
    def of(cls, X: Matrix, groups: int, rng: np.random.RandomState) -> "Speckles":
        """Deal rows and columns of X to that many groups of nearly equal size."""
        rows, columns = rng.permutation(X.shape[0]), rng.permutation(X.shape[1])
        edges = [np.arange(groups + 1) * length // groups for length in X.shape]
        return cls(X.take(rows, columns), rows, columns, *edges)

    def split(self, diagonals: Sequence[int]) -> tuple[Speckled, Speckled]:
        """Return X without these diagonals, and only these diagonals."""
        groups = np.arange(len(self.row_edges) - 1)
        held = np.isin(np.add.outer(groups, groups) % len(groups), diagonals)
        kept, out = (Pattern(self.row_edges, self.column_edges, counts) for counts in (~held, held))
        whole, held_out = (Speckled(self.X.where(part.mask(*self.X.places)), part) for part in (kept, out))
        return whole, held_out
