"""X as a sparse matrix whose absent entries are zeros, in CSR form; the transpose is a CSR copy, made once."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.matrix.base import Array, Block, Box, Entrywise, Matrix, PoissonSide, cut
from partwise.threads import Workers

WORK_A_BLOCK = 200_000
WORK_A_ROW = 16
"""What a row costs beyond its entries (its share of a sweep), in entries."""
CHUNK = 1 << 18
PANEL = 1 << 14
"""Columns of a panel: as many rows of a thin float32 matrix of 20 columns fill 1.3 MB."""
LARGE = 2_000_000
"""Entries under which panels bring nothing."""


class Panel(NamedTuple):
    """Some columns of a matrix in CSR form; `indices` count from the matrix's first column."""

    indptr: Array
    indices: Array
    data: Array


class Sparse(Matrix):
    """A canonical CSR matrix: sorted indices, no duplicates.

    The transpose costs a second copy of the entries, about 8 bytes each in float32, and the time of two products: it
    pays from the second iteration. A large one is kept in panels where only products are asked of it.

    Parameters
    ----------
    X : CSR matrix or None
        The entries; None for a transpose, whose CSR form is made when something needs it.
    panels : list of Panel
        X cut by columns, whose products add up to X's: a panel reaches for rows of the thin matrix that stay in cache.
        X itself is one panel where that brings nothing.
    transposed : Sparse or None
        The matrix whose transpose this is, and `panels` with it.
    """

    def __init__(self, X: Any, panels: list[Panel] | None = None, transposed: "Sparse | None" = None) -> None:
        self._transposed = transposed
        if transposed is None:
            self.X, self.shape = X, (X.shape[0], X.shape[1])
        else:
            self.shape = transposed.shape[1], transposed.shape[0]
        self.panels = panels or [Panel(X.indptr, X.indices, X.data)]
        self.dtype = self.panels[0].data.dtype
        entries = sum(panel.indptr[1:].astype(np.int64) for panel in self.panels)
        work = entries + WORK_A_ROW * np.arange(1, self.shape[0] + 1)
        self.blocks = cut(work, int(np.clip(work[-1] // WORK_A_BLOCK, 1, 16)))

    @cached_property
    def X(self) -> Any:
        """The entries in CSR form."""
        if len(self.panels) == 1:
            indptr, indices, data = self.panels[0]
            return sp.csr_array((data, indices, indptr), shape=self.shape)
        assert self._transposed is not None
        return self._transposed.X.T.tocsr()

    @property
    def T(self) -> "Sparse":
        self.prepare(Workers(1), whole=True)
        assert self._transposed is not None
        return self._transposed

    def prepare(self, workers: Workers, *, whole: bool, beside: Callable[[], None] | None = None) -> None:
        """See Matrix; `beside` is done meanwhile, whether there is something to build or not."""
        tasks: list[Callable[[], Any]] = [] if beside is None else [beside]
        others, n = len(tasks), self.shape[0]
        if self._transposed is None and n > PANEL and self.n_stored >= LARGE and not whole:
            pieces = [(first, min(first + PANEL, n)) for first in range(0, n, PANEL)]
            tasks += [partial(self._turn, [piece], Workers(1)) for piece in pieces]
        elif self._transposed is None:
            # in a piece for each thread, and no more than leave what is counted small beside the entries
            threads = Workers(1) if others else workers
            count = min(threads.n_jobs, max(1, self.n_stored // (4 * self.shape[1])))
            tasks.append(partial(self._turn, [*cut(self.panels[0].indptr[1:], count)], threads))
        panels = workers.map(_call, tasks)[others:]
        if panels:
            self._transposed = Sparse(None, panels, transposed=self)

    def _turn(self, pieces: list[Block], workers: Workers) -> Panel:
        """Return the transpose of adjoining pieces of rows; the same whatever the pieces."""
        indptr, indices, data = self.panels[0]
        counts = np.zeros((len(pieces), self.shape[1]), indptr.dtype)
        workers.map(lambda i: kernels.csr_count(indptr, indices, counts[i], *pieces[i]), range(len(pieces)))
        ends = np.cumsum(counts.T, dtype=indptr.dtype).reshape(counts.shape[::-1])
        starts = np.ascontiguousarray(ends.T) - counts
        entries, rows = _together((data.dtype, indices.dtype), int(ends[-1, -1]))
        workers.map(
            lambda i: kernels.csr_scatter(indptr, indices, data, starts[i], rows, entries, *pieces[i]),
            range(len(pieces)),
        )
        return Panel(np.concatenate(([0], ends[:, -1]), dtype=indptr.dtype), rows, entries)

    def slice(self, first: int, last: int) -> "Sparse":
        return Sparse(self.X[first:last])

    def take(self, rows: Array) -> tuple["Sparse", Array]:
        """Return a copy of these rows and of the columns with two entries there, and the numbers of these columns."""
        X = self.X[rows]
        columns = np.flatnonzero(np.bincount(X.indices, minlength=self.shape[1]) > 1)
        return Sparse(X[:, columns]), columns

    def divided(self, unit: float) -> "Sparse":
        X = self.X.copy()
        X.data = np.ldexp(X.data, -(int(np.frexp(unit)[1]) - 1))
        return Sparse(X)

    def wide(self) -> "Sparse":
        return Sparse(self.X.astype(np.float64))

    @property
    def n_stored(self) -> int:
        return int(self.values().size)

    def dot_block(self, first: int, last: int, right: Array) -> Array:
        out = np.empty((last - first, right.shape[1]), self.dtype)
        for number, panel in enumerate(self.panels):
            kernels.csr_dot(*panel, right, out, first, last, number > 0)
        return out

    def parts_block(
        self, loss: Entrywise, left: Array, right: Array, first: int, last: int, *, products: bool, value: bool
    ) -> tuple[Array | None, Array | None, float]:
        """See Matrix: the model is dense, a chunk of rows at a time; X itself stays sparse."""
        X, (_, m), k = self.X, self.shape, right.shape[1]
        step = max(1, CHUNK // m)
        negatives = np.zeros((last - first, k), self.dtype) if products else None
        positives = np.empty((last - first, k), self.dtype) if products else None
        total = 0.0
        for start in range(first, last, step):
            stop = min(start + step, last)
            entries = slice(int(X.indptr[start]), int(X.indptr[stop]))
            indptr = X.indptr[start : stop + 1] - X.indptr[start]
            rows = np.repeat(np.arange(stop - start), np.diff(indptr))
            columns = X.indices[entries]
            model = left[start:stop] @ right.T
            stored = np.ascontiguousarray(model[rows, columns])[None]
            _, background, part = loss.parts(np.zeros_like(model), model, self.floor, value)
            _, absent, counted = loss.parts(np.zeros_like(stored), stored.copy(), self.floor, value)
            absent = absent.copy()
            negative, positive, right_part = loss.parts(X.data[None, entries], stored, self.floor, value)
            # with no absent entry, that of zeros is nothing (and may not be defined)
            total += right_part + (part - counted if stored.size < model.size else 0.0)
            if negatives is None or positives is None:
                continue
            out = slice(start - first, stop - first)
            np.matmul(background, right, out=positives[out])
            surplus = np.ascontiguousarray((positive - absent)[0])
            if surplus.any():
                kernels.csr_dot(indptr, columns, surplus, right, positives[out], 0, stop - start, True)
            kernels.csr_dot(indptr, columns, np.ascontiguousarray(negative[0]), right, negatives[out], 0, stop - start)
        return negatives, positives, total

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
        X = self.X
        return kernels.poisson_csr(
            X.indptr, X.indices, X.data, left, right.right, right.mass, l2, right.floor, sweeps, shrink, first, last,
            *(box or ()),
        )  # fmt: skip

    def newton_block(
        self, left: Array, right: Array, first: int, last: int, *, mass: Array, l2: float, beta: float, most: int
    ) -> None:
        X = self.X
        kernels.newton_csr(X.indptr, X.indices, X.data, left, right, mass, l2, self.floor, beta, most, first, last)

    def predict_block(self, first: int, last: int, left: Array, right: Array) -> tuple[Array, Array]:
        """Return (x, p): the stored entries of rows first..last, and the model left @ right.T there in float64."""
        X = self.X
        entries = slice(int(X.indptr[first]), int(X.indptr[last]))
        model = np.empty(entries.stop - entries.start)
        kernels.csr_predict(X.indptr, X.indices, X.data, left, right, model, first, last)
        return X.data[entries], model

    def values(self) -> Array:
        if len(self.panels) == 1:
            return self.panels[0].data
        assert self._transposed is not None
        return self._transposed.values()

    def find(self, test: Any) -> tuple[int, int, float, int] | None:
        hits = np.flatnonzero(test(self.X.data))
        if hits.size == 0:
            return None
        row = int(np.searchsorted(self.X.indptr, hits[0], side="right")) - 1
        return row, int(self.X.indices[hits[0]]), float(self.X.data[hits[0]]), int(hits.size)

    def rows(self, indices: Array) -> Array:
        return np.asarray(sp.csr_array(self.X)[indices].todense())

    def row_squares(self) -> Array:
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self.X.indptr))
        return np.bincount(rows, weights=np.square(self.X.data, dtype=np.float64), minlength=self.shape[0])


def _call(task: Any) -> Any:
    return task()


def _together(dtypes: tuple[Any, ...], count: int) -> list[Array]:
    """Return an uninitialised array of each dtype in one allocation: a large one lies on large pages."""
    unit = max(dtypes, key=lambda dtype: dtype.itemsize)  # scipy copies what is less than half of its base
    ends = np.cumsum([0, *(count * dtype.itemsize for dtype in dtypes)])
    memory = np.empty(-(-ends[-1] // unit.itemsize), unit).view(np.uint8)
    return [memory[first:last].view(dtype) for first, last, dtype in zip(ends, ends[1:], dtypes, strict=False)]
