"""X with known entries, each with a weight; the other entries are unknown and count for nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from partwise.caching import cached_property
from partwise.matrix.base import Matrix
from partwise.matrix.cutting import Block
from partwise.matrix.filled import Filled, is_faster
from partwise.matrix.rows import Array, KnownRows
from partwise.matrix.sparse import Sparse
from partwise.threads import ALONE, Workers


class Observed(Matrix):
    """A sparse matrix whose absent entries are unknown: a sum over entries is a sum over the stored entries.

    Memory and work are proportional to the known entries: no Gram matrix of a row is kept. If most entries are known
    and there are many parts, least squares use a dense X instead, see ``Filled``.

    Parameters
    ----------
    known : Sparse
        The known entries.
    weights : Sparse or None
        What the loss of each entry is multiplied by, more than 0, stored at the same places; None: 1.
    """

    capabilities: frozenset[str] = frozenset({"columns"})

    def __init__(self, known: Sparse, weights: Sparse | None = None, transposed: "Observed | None" = None) -> None:
        self.known = known
        self.weights = weights
        self.shape, self.dtype, self.blocks = known.shape, known.dtype, known.blocks
        self._transposed = transposed

    @property
    def T(self) -> "Observed":
        if self._transposed is None:
            weights = self.weights.T if self.weights is not None else None
            self._transposed = Observed(self.known.T, weights, transposed=self)
        return self._transposed

    def forget(self) -> None:
        self._transposed = None
        self.__dict__.pop("filled", None)
        for part in (self.known, self.weights):
            if part is not None:
                part.forget()

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix; its single rows are always needed."""
        for part in (self.known, self.weights):
            if part is not None:
                part.prepare(workers, whole=True)

    def slice(self, first: int, last: int) -> "Observed":
        return self._of_both(lambda part: part.slice(first, last))

    def mapped(self, function: Callable[[Array], Array]) -> "Observed":
        return Observed(self.known.mapped(function), self.weights)

    def astype(self, dtype: Any) -> "Observed":
        return self._of_both(lambda part: part.astype(dtype))

    def scaled(self, left: Array, right: Array) -> "Observed":
        return Observed(self.known.scaled(left, right), self.weights)

    def take(self, rows: Array | None = None, columns: Array | None = None) -> "Observed":
        return self._of_both(lambda part: part.take(rows, columns))

    def where(self, which: Array) -> "Observed":
        return self._of_both(lambda part: part.where(which))

    @property
    def places(self) -> tuple[Array, Array]:
        return self.known.places

    def sample(self, rows: Array) -> tuple["Observed", Array]:
        return self.take(rows), np.arange(self.shape[1])

    def _of_both(self, function: Callable[[Any], Any]) -> "Observed":
        """Return what a function makes of the entries and of their weights."""
        return Observed(function(self.known), None if self.weights is None else function(self.weights))

    @property
    def n_stored(self) -> int:
        return self.known.n_stored

    def rows(self, first: int, last: int) -> KnownRows:
        X = self.known.X
        indptr = X.indptr[first : last + 1]
        return KnownRows(indptr, X.indices, X.data, self.shape[1], self.entry_weights, self._weighted)

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        """See Matrix: unknown entries count as zeros, which only starts can allow."""
        return self.known.product(right, workers)

    def by_zone(self, right: Array, of: Callable[[Array], Array], whole: Array) -> Sequence[tuple[Block, Array]]:
        """See Matrix: every row has its own sum over its own entries, so there is no shared sum."""
        return [((0, self.shape[0]), np.zeros_like(whole))]

    @property
    def entry_weights(self) -> Array | None:
        return None if self.weights is None else self.weights.X.data

    @cached_property
    def _weighted(self) -> Array:
        """The entries multiplied by their weights."""
        return self.known.X.data if self.weights is None else self.known.X.data * self.weights.X.data

    def fills(self, k: int) -> bool:
        return self.weights is None and not self._has_blanks and is_faster(self.shape, self.n_stored, k)

    @cached_property
    def _has_blanks(self) -> bool:
        return bool(self.blank_rows().any() or self.T.blank_rows().any())

    @cached_property
    def filled(self) -> Filled:
        return Filled(self.known.X)

    def values(self) -> Array:
        return self.known.values()

    def arrays(self) -> list[Array]:
        return [*self.known.arrays(), *(self.weights.arrays() if self.weights is not None else [])]

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        return self.known.find(test)

    def dense(self, indices: Array) -> Array:
        return self.known.dense(indices)

    def row_squares(self) -> Array:
        return self._row_sums(np.square(self.known.X.data, dtype=np.float64))

    def row_errors(self, left: Array, right: Array) -> Array:
        return self._row_sums(np.square(self._errors(0, self.shape[0], left, right)))

    def row_error(self, row: int, left: Array, right: Array) -> Array:
        """See Matrix: zero where X is not known."""
        out = np.zeros(self.shape[1], self.dtype)
        X = self.known.X
        out[X.indices[X.indptr[row] : X.indptr[row + 1]]] = self._errors(row, row + 1, left, right)
        return out

    def _errors(self, first: int, last: int, left: Array, right: Array) -> Array:
        x, p = self.rows(first, last).predict(left[first:last], right)
        return x - p

    def _row_sums(self, entries: Array) -> Array:
        """Return the weighted sum of each row's entries, (n,)."""
        rows, _ = self.places
        entries = entries if self.weights is None else entries * self.weights.X.data
        return np.bincount(rows, weights=entries, minlength=self.shape[0])

    def model_total(self, left: Array, right: Array) -> float:
        """Return the weighted sum of the model left @ right.T over the known entries."""
        return float(self._row_sums(self.rows(0, self.shape[0]).predict(left, right)[1]).sum())

    def blank_rows(self) -> Array:
        return np.diff(self.known.X.indptr) == 0

    @property
    def squared_norm(self) -> float:
        return self.known.squared_norm if self.weights is None else self.sum_of(np.square)

    @property
    def total(self) -> float:
        return self.known.total if self.weights is None else self.sum_of(lambda part: part)

    @cached_property
    def mean(self) -> float:
        """Mean size of the known entries, with their weights."""
        weight = self.n_stored if self.weights is None else self.weights.total
        return self.total_size / weight if weight else 0.0

    @property
    def has_zeros(self) -> bool:
        return self.n_stored > 0 and self.survey[0] == 0

    def sum_of(self, of: Any) -> float:
        """See Matrix; with the weights."""
        step, total = 1 << 16, 0.0
        # in the order of rows, for both layouts
        flat, weights = self.known.X.data, None if self.weights is None else self.weights.X.data
        for i in range(0, flat.size, step):
            terms = of(flat[i : i + step].astype(np.float64))
            total += float(np.sum(terms) if weights is None else np.vdot(terms, weights[i : i + step]))
        return total
