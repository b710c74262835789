"""X as a sparse matrix whose absent entries are zeros, in CSR form, and its transpose."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.caching import cached_property
from partwise.indices import canonical
from partwise.locks import Lock
from partwise.matrix.base import Matrix
from partwise.matrix.cutting import Block, cut, edges_of, scattered
from partwise.matrix.rows import Array, CsrRows
from partwise.threads import ALONE, Workers

WORK_A_BLOCK = 200_000
WORK_A_ROW = 16
"""The cost of a row besides its entries (its share of a sweep), in entries."""
PANEL = 1 << 14
"""Columns of a panel: as many rows of a thin float32 matrix of 20 columns fill 1.3 MB."""
LARGE = 2_000_000
"""Below this many entries, panels do not help."""
NARROW = 4
"""With at least this many columns of a product, both ways to it do the same sums."""
UNCOPIED = 6
"""Products with a transpose before its copy is made: up to then they lose less time than the copy costs."""
COUNTED, LEAST_ROWS = 1 << 14, 64
"""Entries, and rows, that are enough to decide how threads share the columns."""
TALL, FEW = 2, 4
"""A matrix with at least this many rows per column loses nothing without the copy, on at most this many threads: a
product with the copy reads rows of the taller factor. Each further thread would pass over all rows for less work."""


class Panel(NamedTuple):
    """Some columns of a matrix in CSR form; `indices` count from the matrix's first column."""

    indptr: Array
    indices: Array
    data: Array


class Sparse(Matrix):
    """A canonical CSR matrix: sorted indices, no duplicates.

    Parameters
    ----------
    X : CSR matrix
        The entries.
    """

    def __init__(self, X: Any) -> None:
        self.X, self.shape, self.dtype = X, (X.shape[0], X.shape[1]), X.dtype
        self.blocks = _blocks(X.indptr[1:])
        self._turned: Turned | None = None

    def __reduce__(self) -> Any:
        return Sparse, (self.X,)  # another process makes its own transpose

    @property
    def panels(self) -> list[Panel]:
        """X cut by columns, whose products add up to X's; X itself is one panel."""
        return [Panel(self.X.indptr, self.X.indices, self.X.data)]

    @property
    def T(self) -> "Sparse":
        if self._turned is None:
            self._turned = Turned(self)
        return self._turned

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        self.T.prepare(workers, whole=whole)

    def forget(self) -> None:
        self._turned = None

    def _counted(self, blocks: list[Block], workers: Workers) -> Array:
        """Return how many entries each column has in each block of rows, (blocks, m)."""
        counts = np.zeros((len(blocks), self.shape[1]), self.X.indptr.dtype)
        kernels.csr_count(self.X.indptr, self.X.indices, counts, edges_of(blocks), workers.team)
        return counts

    def shared_out(self, workers: Workers) -> list[Block]:
        """Cut the rows into a block for each thread, but keep the counts small beside the entries."""
        count = min(workers.n_jobs, max(1, self.n_stored // (4 * self.shape[1])))
        return list(cut(self.X.indptr[1:], count))

    def turned(self, blocks: list[Block], workers: Workers) -> Panel:
        """Return the transpose of adjoining blocks of rows; the same whatever the blocks."""
        indptr, indices, data = self.X.indptr, self.X.indices, self.X.data
        counts = self._counted(blocks, workers)
        ends = np.cumsum(counts.T, dtype=indptr.dtype).reshape(counts.shape[::-1])
        starts = np.ascontiguousarray(ends.T) - counts
        entries, rows = _together((data.dtype, indices.dtype), int(ends[-1, -1]))
        workers.map(
            lambda i: kernels.csr_scatter(indptr, indices, data, starts[i], rows, entries, *blocks[i]),
            range(len(blocks)),
        )
        return Panel(np.concatenate(([0], ends[:, -1]), dtype=indptr.dtype), rows, entries)

    def slice(self, first: int, last: int) -> "Sparse":
        return Sparse(self.X[first:last])

    def take(self, rows: Array | None = None, columns: Array | None = None) -> "Sparse":
        X = self.X if rows is None else sp.csr_array(self.X)[rows]
        return Sparse(X if columns is None else canonical(X[:, columns]))

    def where(self, which: Array) -> "Sparse":
        X = self.X
        indptr = np.concatenate(([0], np.cumsum(which)))[X.indptr].astype(X.indptr.dtype)
        return Sparse(sp.csr_array((X.data[which], X.indices[which], indptr), shape=self.shape))

    @property
    def places(self) -> tuple[Array, Array]:
        return np.repeat(np.arange(self.shape[0]), np.diff(self.X.indptr)), self.X.indices

    def sample(self, rows: Array) -> tuple["Sparse", Array]:
        X, (_, m) = self.X, self.shape
        counts = np.zeros(m, X.indices.dtype)
        kernels.csr_count_rows(X.indptr, X.indices, rows, counts)
        columns = np.flatnonzero(counts > 2)
        numbers, entries = np.full(m, -1, counts.dtype), int(counts[columns].sum())
        numbers[columns] = np.arange(len(columns))
        index: np.dtype[Any] = counts.dtype
        indptr, indices = (np.empty(size, index) for size in (len(rows) + 1, entries))
        data = np.empty(entries, self.dtype)
        kernels.csr_pick(X.indptr, X.indices, X.data, rows, numbers, indptr, indices, data)
        return Sparse(sp.csr_array((data, indices, indptr), shape=(len(rows), len(columns)))), columns

    def mapped(self, function: Callable[[Array], Array]) -> "Sparse":
        X = self.X
        return Sparse(sp.csr_array((function(X.data), X.indices, X.indptr), shape=self.shape))

    def scaled(self, left: Array, right: Array) -> "Sparse":
        X = self.X
        return self.mapped(lambda entries: entries * np.repeat(left, np.diff(X.indptr)) * right[X.indices])

    @property
    def n_stored(self) -> int:
        return int(self.values().size)

    def rows(self, first: int, last: int) -> CsrRows:
        X = self.X
        return CsrRows(X.indptr[first : last + 1], X.indices, X.data, self.shape[1])

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        out = np.empty((self.shape[0], right.shape[1]), self.dtype)
        for number, panel in enumerate(self.panels):
            kernels.csr_dot(*panel, right, out, 0, self.shape[0], number > 0, workers.team)
        return out

    def values(self) -> Array:
        values: Array = self.X.data
        return values

    def arrays(self) -> list[Array]:
        return [self.X.indptr, self.X.indices, self.X.data]

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        hits = np.flatnonzero(test(self.X.data))
        if hits.size == 0:
            return None
        row = int(np.searchsorted(self.X.indptr, hits[0], side="right")) - 1
        return row, int(self.X.indices[hits[0]]), float(self.X.data[hits[0]]), int(hits.size)

    def dense(self, indices: Array) -> Array:
        return np.asarray(sp.csr_array(self.X)[indices].todense())

    def row_squares(self) -> Array:
        rows, _ = self.places
        return np.bincount(rows, weights=np.square(self.X.data, dtype=np.float64), minlength=self.shape[0])


class Turned(Sparse):
    """The transpose of a sparse matrix: its first products (for a tall one, all) use the source's rows, not a copy.

    The copy holds all entries, about 8 bytes each in float32, and costs the time of several products. For a large
    matrix from which only products are needed, it is kept in panels: a product with a panel reads only rows of the thin
    matrix that stay in the cache.

    Parameters
    ----------
    source : Sparse
        The matrix whose transpose this is.
    """

    def __init__(self, source: Sparse) -> None:
        self.shape, self.dtype = source.shape[::-1], source.dtype
        self._source, self._asked, self._lock = source, 0, Lock()
        self._panels: list[Panel] | None = None

    def __reduce__(self) -> Any:
        return _transposed, (self._source,)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """See Matrix."""
        if self._panels is None:
            counts = self._source._counted([(0, self.shape[1])], ALONE)[0]
        else:
            counts = sum(np.diff(panel.indptr) for panel in self._panels)
        return _blocks(np.cumsum(counts, dtype=np.int64))

    @cached_property
    def _work(self) -> Array:
        """Cumulated entries of the columns of X in some of its rows: these decide how threads share the columns."""
        X, (m, n) = self._source.X, self.shape
        counts = np.zeros(m, X.indices.dtype)
        rows = scattered(n, max(LEAST_ROWS, n * COUNTED // max(self.n_stored, 1)))
        kernels.csr_count_rows(X.indptr, X.indices, rows, counts)
        return np.cumsum(counts if counts.any() else counts + 1, dtype=np.int64)

    @property
    def panels(self) -> list[Panel]:
        """The copy."""
        return self.copied(ALONE)

    def copied(self, workers: Workers, *, whole: bool = False) -> list[Panel]:
        """Return the copy, made on these threads if there is none yet: in panels if it is large and not `whole`."""
        with self._lock:
            source, n = self._source, self.shape[1]
            if self._panels is not None and not (whole and len(self._panels) > 1):
                return self._panels
            if whole or n <= PANEL or self.n_stored < LARGE:
                self._panels = [source.turned(source.shared_out(workers), workers)]
            else:
                blocks = [(first, min(first + PANEL, n)) for first in range(0, n, PANEL)]
                self._panels = workers.map(lambda rows: source.turned([rows], ALONE), blocks)
            return self._panels

    @cached_property
    def X(self) -> Any:
        """The entries in CSR form."""
        indptr, indices, data = self.copied(ALONE, whole=True)[0]
        return sp.csr_array((data, indices, indptr), shape=self.shape)

    @property
    def T(self) -> Sparse:
        return self._source

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix: the transpose of this one exists; only the copy can be needed."""
        if whole:
            self.copied(workers, whole=True)

    @property
    def survey(self) -> tuple[float, float, float, float]:
        return self._source.survey

    def sample(self, rows: Array) -> tuple[Sparse, Array]:
        return Sparse(self._source.X[:, rows].T.tocsr()).sample(np.arange(len(rows)))

    def values(self) -> Array:
        return self._source.values()

    def dense(self, indices: Array) -> Array:
        return np.ascontiguousarray(sp.csr_array(self._source.X)[:, indices].toarray().T)

    def row_squares(self) -> Array:
        squares = np.square(self.values(), dtype=np.float64)
        return np.bincount(self._source.X.indices, weights=squares, minlength=self.shape[0])

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        """See Matrix: the bits are the same with and without the copy."""
        m, n = self.shape
        spared = self._asked < UNCOPIED or (n >= TALL * m and workers.n_jobs <= FEW)
        if self._panels is None and (not spared or right.shape[1] < NARROW):
            self.copied(workers)
        if self._panels is not None:
            return super().product(right, workers)
        self._asked += 1
        source, out = self._source.X, np.empty((m, right.shape[1]), self.dtype)

        columns = edges_of(cut(self._work, workers.n_jobs))
        kernels.csr_spread(source.indptr, source.indices, source.data, right, out, columns, workers.team)
        return out


def _transposed(X: Sparse) -> Sparse:
    return X.T


def _blocks(ends: Array) -> tuple[Block, ...]:
    """Return blocks of rows of about the same work, for rows whose entries sum up to `ends`."""
    work = np.arange(WORK_A_ROW, WORK_A_ROW * (len(ends) + 1), WORK_A_ROW, dtype=np.int64) + ends
    return cut(work, min(max(int(work[-1]) // WORK_A_BLOCK, 1), 16))  # np.clip takes longer than a small product


def _together(dtypes: tuple[Any, ...], count: int) -> list[Array]:
    """Return an uninitialised array of each dtype in one allocation: a large one lies on large pages."""
    widest = max(dtypes, key=lambda dtype: dtype.itemsize)  # scipy copies what is less than half of its base
    memory = np.empty(-(-count * sum(dtype.itemsize for dtype in dtypes) // widest.itemsize), widest).view(np.uint8)
    arrays, first = {}, 0
    for dtype in sorted(dtypes, key=lambda dtype: -dtype.itemsize):  # each aligned for its own numbers
        arrays[dtype] = memory[first : first + count * dtype.itemsize].view(dtype)
        first += count * dtype.itemsize
    return [arrays[dtype] for dtype in dtypes]
