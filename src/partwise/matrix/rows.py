"""Views of some rows of X for kernels: storages make them, and losses have kernels for each kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from partwise import kernels

Array = NDArray[Any]
Split = tuple[Array | None, Array | None, float]

OWN = 48
"""Up to this many columns of a thin factor, our own product is as fast as BLAS, or up to twice as fast."""
TURN = 1 << 16
"""From this many entries on, BLAS is up to 1.6 times as fast if a product with columns of X is written transposed."""
IN_CACHE = 1 << 16
"""Entries of the model that an entry-wise loss holds at a time. They stay in the second-level cache, and the system
does not take back arrays this small, which would cost more than the sums."""
FEW, WIDE = 8, 1 << 18
"""A block has at least so many rows as long as it has no more than WIDE entries: each block takes time of its own."""


class Entrywise(Protocol):
    """A loss, as rows see it: numbers for entries x of the data and p of the model, arrays of one shape."""

    @property
    def degree(self) -> float | None:
        """d(c x, c p) = c ** degree * d(x, p)."""

    def gradient_split(self, x: Array, p: Array, floor: float, value: bool) -> tuple[Array, Array, float]:
        """Return the negative and positive part of d'(p), and the sum of d(x, p) if `value`; it can overwrite p."""


class Rows(ABC):
    """Some rows of X, b of them.

    Examples
    --------
    >>> from partwise.extend import as_matrix
    >>> X = as_matrix(sp.csr_array([[0.0, 2.0], [3.0, 0.0]]))
    >>> rows = X.rows(0, 2)
    >>> type(rows).__name__, rows.cells(slice(1, 2)).tolist(), rows.product(np.ones((2, 1))).tolist()
    ('CsrRows', [[3.0, 0.0]], [[2.0], [3.0]])
    """

    @property
    def stored(self) -> "Rows":
        """The same rows, with zeros in cells that do not count."""
        return self

    @abstractmethod
    def part(self, rows: slice) -> "Rows":
        """Return some of the rows."""

    def touched(self, right: Array) -> Array | bool:
        """Return whether the known entries of each row depend on each column of right (m, k), (b, k); True: all do."""
        return True

    @abstractmethod
    def cells(self, rows: slice) -> Array:
        """Return some of the rows as an array, zeros where nothing is stored."""

    @abstractmethod
    def product(self, right: Array) -> Array:
        """Return X @ right (b, k) for these rows; its rows or its columns are contiguous."""

    @abstractmethod
    def split(self, loss: Entrywise, left: Array, right: Array, floor: float, *, products: bool, value: bool) -> Split:
        """Return (negative @ right, positive @ right, sum of d) for the model left (b, k) @ right.T.

        The arrays are (b, k), or None unless `products`; the sum is 0 unless `value`. Absent entries count as zeros.
        """


def blocks_in_cache(count: int, columns: int) -> Iterator[slice]:
    """Cut so many rows into blocks whose model fits the cache."""
    step = max(1, IN_CACHE // columns, min(FEW, WIDE // columns))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


@dataclass(frozen=True, eq=False)
class DenseRows(Rows):
    """Rows whose cells all count.

    Parameters
    ----------
    X : ndarray of shape (b, m)
        The rows, in C or Fortran order.

    Examples
    --------
    >>> from partwise.extend import DenseRows
    >>> rows = DenseRows(np.array([[1.0, 2.0], [3.0, 6.0]]))
    >>> rows.errors(left=np.array([[1.0], [2.0]]), right=np.array([[1.0], [2.0]])).tolist()
    [0.0, 5.0]
    """

    X: Array

    def part(self, rows: slice) -> "DenseRows":
        return DenseRows(self.X[rows])

    def cells(self, rows: slice) -> Array:
        return self.X[rows]

    def product(self, right: Array) -> Array:
        X = self.X
        if right.shape[1] <= OWN:
            out = np.empty((len(X), right.shape[1]), X.dtype)
            kernels.dense_dot(X, np.ascontiguousarray(right), out)
            return out
        return X @ right if X.flags.c_contiguous or X.size < TURN else (right.T @ X.T).T

    def errors(self, left: Array, right: Array) -> Array:
        """Return the squared error of each row for the model left (b, k) @ right.T, in float64, (b,)."""
        out = np.empty(len(self.X))
        kernels.row_errors(self.X, np.ascontiguousarray(left), np.ascontiguousarray(right), out)
        return out

    def split(self, loss: Entrywise, left: Array, right: Array, floor: float, *, products: bool, value: bool) -> Split:
        splits = (
            _dense_split(loss, self.X[rows], left[rows], right, floor, products=products, value=value)
            for rows in blocks_in_cache(*self.X.shape)
        )
        return together(list(splits))

    def pull(self, loss: Entrywise, left: Array, right: Array, floor: float, *, value: bool) -> tuple[Array, float]:
        """Return (negative @ right, sum of d), as `split` does: for a loss whose `positive` needs no product."""
        pulls, total = [], 0.0
        for rows in blocks_in_cache(*self.X.shape):
            negative, _, part = _cells_split(loss, self.X[rows], left[rows], right, floor, value=value)
            pulls.append(negative @ right)
            total += part
        return np.concatenate(pulls), total


def _dense_split(
    loss: Entrywise, x: Array, left: Array, right: Array, floor: float, *, products: bool, value: bool
) -> Split:
    negative, positive, total = _cells_split(loss, x, left, right, floor, value=value)
    return (negative @ right, positive @ right, total) if products else (None, None, total)


def _cells_split(
    loss: Entrywise, x: Array, left: Array, right: Array, floor: float, *, value: bool
) -> tuple[Array, Array, float]:
    """Return ``gradient_split`` of the cells x (b, m) for the model left (b, k) @ right.T."""
    if x.strides[0] < x.strides[1]:  # work along its columns: a copy in the other order takes several times as long
        negative, positive, total = loss.gradient_split(np.ascontiguousarray(x.T), right @ left.T, floor, value)
        return negative.T, positive.T, total
    return loss.gradient_split(np.ascontiguousarray(x), left @ right.T, floor, value)


def together(splits: list[Split]) -> Split:
    """Return the split of adjoining rows, one after another."""
    if len(splits) == 1:
        return splits[0]
    negatives, positives, totals = zip(*splits, strict=True)
    if negatives[0] is None:
        return None, None, sum(totals)
    return np.concatenate(negatives), np.concatenate(positives), sum(totals)


@dataclass(frozen=True, eq=False)
class CsrRows(Rows):
    """Rows of a CSR matrix, whose absent entries are zeros.

    Parameters
    ----------
    indptr : ndarray of shape (b + 1,)
        Where each row begins in `indices` and `data`, and the end of the last.
    indices, data : ndarray
        Of the whole matrix.
    n_columns : int
        How many columns X has.

    Examples
    --------
    >>> from partwise.extend import CsrRows
    >>> X = sp.csr_array([[0.0, 2.0], [3.0, 0.0], [0.0, 4.0]])
    >>> rows = CsrRows(X.indptr[1:], X.indices, X.data, X.shape[1])  # all but the first
    >>> x, p = rows.predict(left=np.array([[1.0], [2.0]]), right=np.array([[1.0], [2.0]]))
    >>> x.tolist(), p.tolist()  # where entries are stored
    ([3.0, 4.0], [1.0, 4.0])
    """

    indptr: Array
    indices: Array
    data: Array
    n_columns: int

    def cells(self, rows: slice) -> Array:
        part = self.part(rows)
        entries, shape = part.entries, (len(part), self.n_columns)
        return sp.csr_array((self.data[entries], self.indices[entries], part.indptr - entries.start), shape).toarray()

    def part(self, rows: slice) -> Self:
        return replace(self, indptr=self.indptr[rows.start : rows.stop + 1])

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def entries(self) -> slice:
        """The range of these rows' entries."""
        return slice(int(self.indptr[0]), int(self.indptr[-1]))

    @property
    def csr(self) -> Any:
        """The arrays for kernels."""
        return self.indptr, self.indices, self.data

    def product(self, right: Array) -> Array:
        return self._times(self.data, right)

    def _times(self, entries: Array, right: Array) -> Array:
        """Return the product of right with a matrix of these entries, one for each of `data`, in their places."""
        out = np.empty((len(self), right.shape[1]), right.dtype)
        kernels.csr_dot(self.indptr, self.indices, entries, np.ascontiguousarray(right), out, 0, len(self))
        return out

    def sums(self, entries: Array) -> Array:
        """Return the sum of each row over numbers for its stored entries, (b,)."""
        rows = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        return np.bincount(rows, weights=entries, minlength=len(self))

    def predict(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Return (x, p): the stored entries, and the model left @ right.T there in float64."""
        x = self.data[self.entries]
        model = np.empty(x.size)
        kernels.csr_predict(self.indptr, self.indices, self.data, left, right, model, 0, len(self))
        return x, model

    def split(self, loss: Entrywise, left: Array, right: Array, floor: float, *, products: bool, value: bool) -> Split:
        """See Rows: the model is dense, a block of rows at a time; X itself stays sparse."""
        size = len(self), right.shape[1]
        negatives = np.zeros(size, right.dtype) if products else None
        positives = np.empty(size, right.dtype) if products else None
        total = 0.0
        for out in blocks_in_cache(len(self), self.n_columns):
            part = self.part(out)
            entries, indptr = part.entries, part.indptr - part.indptr[0]
            places, columns = np.repeat(np.arange(len(part)), np.diff(indptr)), self.indices[part.entries]
            model = left[out] @ right.T
            stored = np.ascontiguousarray(model[places, columns])[None]
            _, background, sum_of = loss.gradient_split(np.zeros_like(model), model, floor, value)
            _, absent, counted = loss.gradient_split(np.zeros_like(stored), stored.copy(), floor, value)
            absent = absent.copy()
            negative, positive, right_sum = loss.gradient_split(self.data[None, entries], stored, floor, value)
            # without absent entries, the part of zeros is nothing, and can be undefined
            total += right_sum + (sum_of - counted if stored.size < model.size else 0.0)
            if negatives is None or positives is None:
                continue
            np.matmul(background, right, out=positives[out])
            dot = partial(kernels.csr_dot, indptr, columns)
            surplus = np.ascontiguousarray((positive - absent)[0])
            if surplus.any():
                dot(surplus, right, positives[out], 0, len(part), True)
            dot(np.ascontiguousarray(negative[0]), right, negatives[out], 0, len(part))
        return negatives, positives, total


@dataclass(frozen=True, eq=False)
class KnownRows(CsrRows):
    """Rows of a CSR matrix, whose absent entries are unknown.

    Parameters
    ----------
    indptr, indices, data, n_columns : ndarray, ndarray, ndarray and int
        See `CsrRows`.
    weights : ndarray or None
        What the loss of each entry is multiplied by, one for each of `data`; None: 1.
    weighted : ndarray
        The entries times their weights.

    Examples
    --------
    >>> from partwise.extend import as_matrix
    >>> X = as_matrix([[1.0, np.nan], [3.0, 4.0]], missing_values=np.nan)
    >>> rows, ones = X.rows(0, 2), np.ones((2, 1))
    >>> type(rows).__name__, rows.predict(ones, ones)[0].tolist(), rows.weights
    ('KnownRows', [1.0, 3.0, 4.0], None)
    >>> rows.curvatures(ones).tolist()  # each row has its own Gram matrix: over the entries that it knows
    [[1.0], [2.0]]
    """

    weights: Array | None
    weighted: Array

    @property
    def csr(self) -> Any:
        """The arrays for kernels."""
        return self.indptr, self.indices, self.data, self.weights

    @property
    def weighted_csr(self) -> Any:
        """The same for a loss that needs the entries times their weights."""
        return self.indptr, self.indices, self.weighted, self.weights

    def curvatures(self, right: Array) -> Array:
        """Return the diagonal of the Gram matrix of each row, a weighted sum of right ** 2, (b, k)."""
        return self._times(np.ones_like(self.data) if self.weights is None else self.weights, np.square(right))

    def touched(self, right: Array) -> Array:
        return self._times(np.ones_like(self.data), (right > 0).astype(right.dtype)) > 0

    def split(self, loss: Entrywise, left: Array, right: Array, floor: float, *, products: bool, value: bool) -> Split:
        x, p = (entries.astype(right.dtype, copy=False) for entries in self.predict(left, right))
        weights, total = None if self.weights is None else self.weights[self.entries], 0.0
        if value:
            total = _weighted_sum(loss, x, p.copy(), weights, floor)
        if not products:
            return None, None, total
        own = CsrRows(self.indptr - self.indptr[0], self.indices[self.entries], x, self.n_columns)
        negative, positive, _ = loss.gradient_split(x[None], p[None], floor, False)
        pull, push = (
            own._times(np.ascontiguousarray(part[0] if weights is None else part[0] * weights), right)
            for part in (negative, positive)
        )
        return pull, push, total


def _weighted_sum(loss: Entrywise, x: Array, p: Array, weights: Array | None, floor: float) -> float:
    """Return the weighted sum of d(x, p). As d(c x, c p) = c ** degree d(x, p), a weight can scale x and p."""
    if weights is None:
        return loss.gradient_split(x[None], p[None], floor, True)[2]
    assert loss.degree
    scale = weights ** (1 / loss.degree)
    return loss.gradient_split((scale * x)[None], (scale * p)[None], floor * float(scale.min(initial=1.0)), True)[2]


@dataclass(frozen=True, eq=False)
class SpeckledRows(Rows):
    """Rows in which only some columns count, the same in all rows.

    Parameters
    ----------
    base : Rows
        The rows, with zeros in the other columns.
    shape : (int, int)
        Of the rows.
    columns : ndarray
        The columns that count.
    """

    base: Rows
    shape: tuple[int, int]
    columns: Array

    @property
    def stored(self) -> Rows:
        return self.base

    def part(self, rows: slice) -> "SpeckledRows":
        return SpeckledRows(self.base.part(rows), (rows.stop - rows.start, self.shape[1]), self.columns)

    def cells(self, rows: slice) -> Array:
        return self.base.cells(rows)

    def product(self, right: Array) -> Array:
        return self.base.product(right)

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Yield some of the rows at a time, and their cells that count as an array."""
        for rows in blocks_in_cache(*self.shape):
            yield rows, np.ascontiguousarray(self.cells(rows)[:, self.columns])

    def split(self, loss: Entrywise, left: Array, right: Array, floor: float, *, products: bool, value: bool) -> Split:
        part = np.ascontiguousarray(right[self.columns])
        return together(
            [
                _dense_split(loss, x, left[rows], part, floor, products=products, value=value)
                for rows, x in self.blocks()
            ]
        )
