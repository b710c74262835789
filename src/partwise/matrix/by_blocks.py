"""A matrix that is read a block of rows at a time: in files, in a database, on another machine."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.caching import cached_property
from partwise.matrix.across import Across
from partwise.matrix.adding import Adding
from partwise.matrix.ahead import Ahead
from partwise.matrix.apart import Apart
from partwise.matrix.base import Matrix, PerBlock
from partwise.matrix.cutting import TILE, Block
from partwise.matrix.dense import Dense
from partwise.matrix.rows import Array
from partwise.matrix.sparse import Sparse
from partwise.threads import ALONE, Workers


class ByBlocks(Matrix):
    """A storage by blocks of rows. A subclass needs only ``shape``, ``dtype``, ``blocks`` and ``block``.

    A fit reads each block once an iteration. It holds two for each thread: one for its computation, and one that is
    read meanwhile. Its columns cannot be read, so a solver must work from sums over the rows (``Solver.by_sums``). A
    sparse one also defines ``n_stored``. Blocks that start at multiples of 64 rows are read as they are; the end of any
    other block is read together with the next block.

    Examples
    --------
    >>> from partwise import factorize
    >>> from partwise.extend import ByBlocks
    >>> class Table(ByBlocks):  # of products, computed when it is read
    ...     shape, dtype, blocks = (256, 10), np.dtype(float), ((0, 128), (128, 256))
    ...     def block(self, first, last):
    ...         return np.outer(np.arange(first, last), np.arange(10.0))
    >>> factorize(Table(), 1).relative_error < 1e-6
    True
    """

    capabilities: frozenset[str] = frozenset({"complete", "shared_gram"})
    name: str | None = None
    """Its name in error texts, such as that of its file."""
    is_checked: bool = False
    """Whether its entries have been checked."""

    @abstractmethod
    def block(self, first: int, last: int) -> Any:
        """Return rows first..last, within one block, as an array whose rows or columns are contiguous, or as CSR.

        Its dtype is that of X. Sparse rows have sorted indices without duplicates. Several threads can call it at once.
        """

    def each(self, function: PerBlock, shared: Any, *factors: Any, workers: Workers = ALONE) -> tuple[list[Any], Any]:
        """See Matrix: on threads, with the next blocks read ahead."""
        adding = Adding(len(self.tiled))
        with Ahead(self, max(1, workers.n_jobs)) as ahead:

            def block(number: int) -> Any:
                rows = slice(*self.tiled[number])
                part = ahead.take(number)
                own, sums = function(part, rows, shared, *self.parts(factors, rows))
                part.forget()
                adding.take(number, sums)
                return own

            return workers.map(block, range(len(self.tiled))), adding.total

    @property
    def runs_here(self) -> bool:
        """Whether ``each`` runs in this process; an override may send the function to other processes."""
        return type(self).each is ByBlocks.each

    def each_kept(
        self, function: PerBlock, shared: Any, into: Sequence[tuple[Array, bool]], *factors: Any,
        workers: Workers = ALONE,
    ) -> tuple[list[Any], Any]:  # fmt: skip
        """See Matrix: the rows of a block are written as soon as they are made, so none are held twice."""
        if not self.runs_here:
            return super().each_kept(function, shared, into, *factors, workers=workers)
        targets = [target for target, _ in into]

        def written(*of_block: Any) -> tuple[None, Any]:
            (rows, arrays), sums = function(*of_block)
            for target, array in zip(targets, arrays, strict=True):
                target[rows] = array
            return None, sums

        return targets, self.each(written, shared, *factors, workers=workers)[1]

    @cached_property
    def tiled(self) -> tuple[Block, ...]:
        """The blocks, moved to multiples of TILE rows, so that kernels do the same as on a matrix in memory."""
        edges = {first // TILE * TILE for first, _ in self.blocks} | {self.shape[0]}
        return tuple(pairwise(sorted(edges)))

    @staticmethod
    def parts(factors: Sequence[Any], rows: slice) -> list[Any]:
        """Return some rows of each factor: an array, an object with ``of``, or None."""
        return [None if f is None else f[rows] if isinstance(f, np.ndarray | Apart) else f.of(rows) for f in factors]

    @cached_property
    def T(self) -> Matrix:
        """See Matrix."""
        return Across(self)

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix: the transpose is no copy."""

    def forget(self) -> None:
        self.__dict__.pop("T", None)

    def rows(self, first: int, last: int) -> Any:
        part = self.slice(first, last)
        return part.rows(0, last - first)

    def slice(self, first: int, last: int) -> Matrix:
        """See Matrix: rows of several blocks are put together in memory."""
        parts = [
            self.block(max(first, start), min(last, stop))
            for start, stop in self.blocks
            if start < last and first < stop
        ]
        if len(parts) == 1:
            return held(parts[0])
        return held(sp.vstack(parts, format="csr") if sp.issparse(parts[0]) else np.concatenate(parts))

    def mapped(self, function: Callable[[Array], Array]) -> Matrix:
        return Changed(self, partial(_mapped, function=function))

    def astype(self, dtype: Any) -> Matrix:
        return Changed(self, partial(_as, dtype=dtype))

    def scaled(self, left: Array, right: Array) -> Matrix:
        return Changed(self, partial(_scaled, left=left, right=right))

    def loaded(self) -> Matrix:
        return self.slice(0, self.shape[0])

    def where(self, which: Array) -> Matrix:
        return self.loaded().where(which)

    def take(self, rows: Array | None = None, columns: Array | None = None) -> Matrix:
        """See Matrix: rows that are taken are held in memory."""
        if rows is None:
            return self if columns is None else Changed(self, partial(_taken, columns=columns), n_columns=len(columns))
        if not self.can("complete"):
            return self.slice(0, self.shape[0]).take(rows, columns)
        found, places = [], []
        for first, last in self.blocks:
            here = np.flatnonzero((rows >= first) & (rows < last))
            if here.size:
                part = self.slice(first, last).take(rows[here] - first, columns)
                found.append(array_of_rows(part))
                places.append(here)
        back = np.argsort(np.concatenate(places))
        return held(sp.vstack(found, format="csr") if sp.issparse(found[0]) else np.concatenate(found)).take(back)

    def sample(self, rows: Array) -> tuple[Matrix, Array]:
        return self.take(rows).sample(np.arange(len(rows)))

    @property
    def places(self) -> tuple[Array, Array]:
        return self.loaded().places

    @property
    def n_stored(self) -> int:
        return self.shape[0] * self.shape[1]

    def values(self) -> Array:
        return np.concatenate([self.slice(*rows).values() for rows in self.blocks])

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        return np.concatenate(self.each(_product, right, workers=workers)[0])

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        hits = [hit for hit in self.each(_find, test)[0] if hit]
        if not hits:
            return None
        row, column, value, _ = hits[0]
        return row, column, value, sum(hit[3] for hit in hits)

    def dense(self, indices: Array) -> Array:
        return self.take(indices).dense(np.arange(len(indices)))

    def row_squares(self) -> Array:
        return np.concatenate(self.each(_row_squares, None)[0])

    def row_errors(self, left: Array, right: Array) -> Array:
        return np.concatenate(self.each(_row_errors, right, left)[0])

    def blank_rows(self) -> Array:
        return np.concatenate(self.each(_blank_rows, None)[0])

    def model_total(self, left: Array, right: Array) -> float:
        total: float = self.each(_model_total, right, left)[1][0]
        return total

    @cached_property
    def survey(self) -> tuple[float, float, float, float]:
        """See Matrix."""
        lows, highs, totals, squares = zip(*self.each(_survey, None)[0], strict=True)
        return min(lows), max(highs), sum(totals), sum(squares)

    def sum_of(self, of: Any) -> float:
        return float(sum(self.each(_sum_of, of)[0]))


def held(rows: Any) -> Matrix:
    """Return rows in memory, an array or CSR, as a matrix."""
    return Sparse(rows) if sp.issparse(rows) else Dense(rows)


def array_of_rows(part: Any) -> Any:
    """Return the array, or the CSR matrix, of rows in memory."""
    return part.X


class Changed(ByBlocks):
    """A matrix whose blocks are those of another matrix, changed by a function of (some of its rows, which rows).

    `whole` says whether every entry is known; if not, its blocks are storages with unknown entries. `n_columns` is its
    number of columns, if it differs. `weight_range` is that of the weights which it gives to entries.
    """

    def __init__(
        self,
        source: ByBlocks,
        change: Callable[[Matrix, slice], Matrix],
        whole: bool = True,
        n_columns: int | None = None,
        weight_range: tuple[float, float] | None = None,
    ) -> None:
        self._source, self._change = source, change
        self.shape, self.blocks = (source.shape[0], n_columns or source.shape[1]), source.blocks
        self.dtype = self.slice(0, 1).dtype
        self.capabilities = source.capabilities if whole else frozenset()
        self.is_checked, self._weight_range = source.is_checked, weight_range or source.weight_range

    @property
    def weight_range(self) -> tuple[float, float] | None:
        return self._weight_range

    @cached_property
    def n_stored(self) -> int:
        """See Matrix."""
        if self.can("complete") and self.shape == self._source.shape:
            return self._source.n_stored
        return sum(self.each(n_stored_of, None)[0])

    @cached_property
    def mean(self) -> float:
        """See Matrix: of the known entries."""
        if self.can("complete"):
            return super().mean
        weight = self.n_stored if self.weight_range is None else sum(self.each(_weight_of, None)[0])
        return self.total_size / weight if weight else 0.0

    def check_room(self, n_components: int, n_jobs: int, **fit: Any) -> None:
        self._source.check_room(n_components, n_jobs, **fit)

    def check_whole(self, copies: int) -> None:
        self._source.check_whole(copies)

    def block(self, first: int, last: int) -> Any:
        return array_of_rows(self.slice(first, last))

    def slice(self, first: int, last: int) -> Matrix:
        return self._change(self._source.slice(first, last), slice(first, last))

    def forget(self) -> None:
        super().forget()
        self._source.forget()

    def each(self, function: PerBlock, shared: Any, *factors: Any, workers: Workers = ALONE) -> tuple[list[Any], Any]:
        """See Matrix: done by the other matrix."""
        return self._source.each(_after, (self._change, function, shared), *factors, workers=workers)

    @property
    def keeps_apart(self) -> bool:
        return self._source.keeps_apart

    def spread(self, array: Array) -> Any:
        return self._source.spread(array)

    def each_kept(
        self, function: PerBlock, shared: Any, into: Sequence[tuple[Array, bool]], *factors: Any,
        workers: Workers = ALONE,
    ) -> tuple[list[Any], Any]:  # fmt: skip
        """See Matrix: done by the other matrix."""
        return self._source.each_kept(_after, (self._change, function, shared), into, *factors, workers=workers)


def _mapped(part: Matrix, rows: slice, function: Callable[[Array], Array]) -> Matrix:
    return part.mapped(function)


def _as(part: Matrix, rows: slice, dtype: Any) -> Matrix:
    return part.astype(dtype)


def _scaled(part: Matrix, rows: slice, left: Array, right: Array) -> Matrix:
    return part.scaled(left[rows], right)


def _taken(part: Matrix, rows: slice, columns: Array) -> Matrix:
    return part.take(None, columns)


def _after(part: Matrix, rows: slice, shared: Any, *factors: Any) -> Any:
    change, function, own = shared
    changed = change(part, rows)
    found = function(changed, rows, own, *factors)
    changed.forget()
    return found


def _product(part: Matrix, rows: slice, right: Array) -> tuple[Array, None]:
    return part.product(right), None


def _row_errors(part: Matrix, rows: slice, right: Array, left: Array) -> tuple[Array, None]:
    return part.row_errors(left, right), None


def _blank_rows(part: Matrix, rows: slice, _: None) -> tuple[Array, None]:
    return part.blank_rows(), None


def _model_total(part: Matrix, rows: slice, right: Array, left: Array) -> tuple[None, Sequence[float]]:
    return None, (part.model_total(left, right),)


def n_stored_of(part: Matrix, rows: slice, _: None) -> tuple[int, None]:
    """Return how many entries some rows store, for ``each``."""
    return part.n_stored, None


def _weight_of(part: Matrix, rows: slice, _: None) -> tuple[float, None]:
    weights = part.entry_weights
    return float(part.n_stored if weights is None else weights.sum(dtype=np.float64)), None


def _find(part: Matrix, rows: slice, test: Any) -> tuple[Any, None]:
    hit = part.find(test)
    return (rows.start + hit[0], *hit[1:]) if hit else None, None


def _row_squares(part: Matrix, rows: slice, _: None) -> tuple[Array, None]:
    return part.row_squares(), None


def _survey(part: Matrix, rows: slice, _: None) -> tuple[tuple[float, float, float, float], None]:
    return (*part.survey[:2], part.total, part.squared_norm), None  # with the weights of entries


def _sum_of(part: Matrix, rows: slice, of: Any) -> tuple[float, None]:
    return part.sum_of(of), None
