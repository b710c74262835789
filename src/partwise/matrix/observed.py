"""X of which some entries are known, each with a weight; the others are unknown, and count for nothing."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from partwise import kernels
from partwise.caching import cached_property
from partwise.matrix.base import Array, Block, Box, Entrywise, Matrix, PoissonSide
from partwise.matrix.sparse import Sparse
from partwise.threads import Workers


class Observed(Matrix):
    """A sparse matrix whose absent entries are unknown: a sum over entries is one over the stored entries.

    Memory and work are in proportion to the known entries: no Gram matrix of a row is kept.

    Parameters
    ----------
    known : Sparse
        The known entries.
    weights : Sparse or None
        What the loss of each is multiplied by, more than 0, stored at the same places; None: 1.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset()

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

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix; its rows are always asked for one by one."""
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

    def dot_block(self, first: int, last: int, right: Array) -> Array:
        """See Matrix: unknown entries are taken for zeros, which starts alone may do."""
        return self.known.dot_block(first, last, right)

    def parts_block(
        self, loss: Entrywise, left: Array, right: Array, first: int, last: int, *, products: bool, value: bool
    ) -> tuple[Array | None, Array | None, float]:
        """See Matrix."""
        X = self.known.X
        x, p = (
            entries.astype(self.dtype, copy=False) for entries in self.known.predict_block(first, last, left, right)
        )
        entries = slice(int(X.indptr[first]), int(X.indptr[last]))
        weights = None if self.weights is None else self.weights.X.data[entries]
        total = 0.0
        if value:
            total = self._value(loss, x, p.copy(), weights)
        if not products:
            return None, None, total
        indptr = X.indptr[first : last + 1] - X.indptr[first]
        out = []
        for part in loss.parts(x[None], p[None], self.floor, False)[:2]:
            weighted = part[0] if weights is None else part[0] * weights
            product = np.empty((last - first, right.shape[1]), self.dtype)
            kernels.csr_dot(indptr, X.indices[entries], np.ascontiguousarray(weighted), right, product, 0, last - first)
            out.append(product)
        return out[0], out[1], total

    def _value(self, loss: Any, x: Array, p: Array, weights: Array | None) -> float:
        """Return the weighted sum of d(x, p): d(c x, c p) = c ** degree d(x, p) lets a weight into the arguments."""
        if weights is None:
            return loss.parts(x[None], p[None], self.floor, True)[2]
        scale = weights ** (1 / loss.degree)
        return loss.parts((scale * x)[None], (scale * p)[None], self.floor * float(scale.min(initial=1.0)), True)[2]

    def by_zone(self, right: Array, of: Callable[[Array], Array], whole: Array) -> Sequence[tuple[Block, Array]]:
        """See Matrix: every row has a sum of its own, over its own entries; there is nothing that they share."""
        return [((0, self.shape[0]), np.zeros_like(whole))]

    def squares_block(
        self,
        targets: tuple[Array, Array, Array],
        right: Array,
        first: int,
        last: int,
        *,
        l1: float,
        l2: float,
        sweeps: int,
        shrink: float,
        momentum: float,
        box: Box | None = None,
    ) -> tuple[float, float]:
        """Run coordinate sweeps of least squares on rows first..last.

        `targets` are (iterate, start, point), each (n, k): both outer ones are written. Returns half the squared error
        at the new point, and the squared length of the first sweep.
        """
        X = self.known.X
        return kernels.hals_observed(
            X.indptr, X.indices, X.data, self.entry_weights, *targets, right, l1, l2, sweeps, shrink, momentum, first,
            last, *(box or ()),
        )  # fmt: skip

    def pivoting_block(
        self, left: Array, right: Array, first: int, last: int, *, l1: float, l2: float, ridge: float
    ) -> float:
        """Solve rows first..last of left (n, k) for least squares exactly, in place; return half the squared error."""
        X = self.known.X
        return kernels.pivoting_observed(
            X.indptr, X.indices, X.data, self.entry_weights, left, right, l1, l2, ridge, first, last
        )

    def curvatures_block(self, first: int, last: int, right: Array) -> Array:
        """Return the diagonals of the Gram matrices of rows first..last, weighted sums of right ** 2, (rows, k)."""
        return self._spread(
            self._ones if self.entry_weights is None else self.entry_weights, first, last, np.square(right)
        )

    def touched(self, right: Array) -> Array:
        """Return which parts of right (m, k) have anything in the known entries of each row, booleans (n, k)."""
        return self._spread(self._ones, 0, self.shape[0], (right > 0).astype(self.dtype)) > 0

    def _spread(self, entries: Array, first: int, last: int, right: Array) -> Array:
        """Return rows first..last of the product of right with a matrix of these entries in the known places."""
        X, out = self.known.X, np.empty((last - first, right.shape[1]), self.dtype)
        kernels.csr_dot(X.indptr, X.indices, entries, np.ascontiguousarray(right), out, first, last)
        return out

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
        """See Matrix: the masses of a row are those of its own entries, and what they add to the loss is taken off."""
        X = self.known.X
        return kernels.poisson_observed(
            X.indptr, X.indices, self._weighted, self.entry_weights, left, right.right, right.mass, l2, right.floor,
            sweeps, shrink, first, last, *(box or ()),
        )  # fmt: skip

    def newton_block(
        self, left: Array, right: Array, first: int, last: int, *, mass: Array, l2: float, beta: float, most: int
    ) -> None:
        X = self.known.X
        values = self._weighted if beta == 1 else X.data
        kernels.newton_observed(
            X.indptr, X.indices, values, self.entry_weights, left, right, mass, l2, self.floor, beta, most, first, last
        )

    @property
    def entry_weights(self) -> Array | None:
        return None if self.weights is None else self.weights.X.data

    @cached_property
    def _ones(self) -> Array:
        return np.ones(self.n_stored, self.dtype)

    @cached_property
    def _weighted(self) -> Array:
        """The entries multiplied by their weights."""
        return self.known.X.data if self.weights is None else self.known.X.data * self.weights.X.data

    def values(self) -> Array:
        return self.known.values()

    def arrays(self) -> list[Array]:
        return [*self.known.arrays(), *(self.weights.arrays() if self.weights is not None else [])]

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        return self.known.find(test)

    def rows(self, indices: Array) -> Array:
        return self.known.rows(indices)

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
        x, p = self.known.predict_block(first, last, left, right)
        return x - p

    def _row_sums(self, entries: Array) -> Array:
        """Return the weighted sum of each row's entries, (n,)."""
        rows, _ = self.places
        entries = entries if self.weights is None else entries * self.weights.X.data
        return np.bincount(rows, weights=entries, minlength=self.shape[0])

    def model_total(self, left: Array, right: Array) -> float:
        """Return the weighted sum of the model left @ right.T over the known entries."""
        return float(self._row_sums(self.known.predict_block(0, self.shape[0], left, right)[1]).sum())

    def blank_rows(self) -> Array:
        return np.diff(self.known.X.indptr) == 0

    @property
    def squared_norm(self) -> float:
        return self.known.squared_norm if self.weights is None else self.sum_of(np.square)

    @property
    def total(self) -> float:
        return self.known.total if self.weights is None else self.sum_of(lambda part: part)

    @property
    def mean(self) -> float:
        """Mean over the known entries, with their weights."""
        weight = self.n_stored if self.weights is None else self.weights.total
        return self.total / weight if weight else 0.0

    @property
    def has_zeros(self) -> bool:
        return self.n_stored > 0 and self.survey[0] == 0

    def sum_of(self, of: Any) -> float:
        """See Matrix; with the weights."""
        step, total = 1 << 16, 0.0
        # in the order of rows, whichever way each of the two is kept
        flat, weights = self.known.X.data, None if self.weights is None else self.weights.X.data
        for i in range(0, flat.size, step):
            terms = of(flat[i : i + step].astype(np.float64))
            total += float(np.sum(terms) if weights is None else np.vdot(terms, weights[i : i + step]))
        return total
