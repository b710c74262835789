"""The transpose of a matrix that is read a block of rows at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.matrix.base import Matrix
from partwise.matrix.cutting import Block, cut
from partwise.matrix.dense import ENTRIES_A_BLOCK
from partwise.matrix.rows import Array
from partwise.threads import ALONE, Workers


class Across(Matrix):
    """The transpose of a matrix that is read by rows only: products with it are sums over the blocks of that matrix."""

    along_rows = False

    def __init__(self, source: Matrix) -> None:
        self._source, self.capabilities = source, source.capabilities
        self.shape, self.dtype = source.shape[::-1], source.dtype
        self.blocks: tuple[Block, ...] = cut(
            np.arange(1, self.shape[0] + 1), int(np.clip(self.n_stored // ENTRIES_A_BLOCK, 1, 8))
        )

    @property
    def T(self) -> Matrix:
        return self._source

    def prepare(self, workers: Workers, *, whole: bool) -> None:
        """See Matrix."""

    @property
    def survey(self) -> tuple[float, float, float, float]:
        return self._source.survey

    @property
    def n_stored(self) -> int:
        return self._source.n_stored

    def sum_of(self, of: Any) -> float:
        return self._source.sum_of(of)

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        total: Array = self._source.each(_across, None, right, workers=workers)[1][0]
        return np.ascontiguousarray(total)

    def row_squares(self) -> Array:
        squares: Array = self._source.each(_column_squares, None)[1][0]
        return squares

    def row_errors(self, left: Array, right: Array) -> Array:
        errors: Array = self._source.each(_column_errors, left, right)[1][0]
        return errors

    def blank_rows(self) -> Array:
        known: Array = self._source.each(_known_columns, None)[1][0]
        return known == 0

    def dense(self, indices: Array) -> Array:
        return np.ascontiguousarray(np.concatenate(self._source.each(_columns, indices)[0]).T)

    def _unreadable(self, *_: Any, **__: Any) -> Any:
        self.require("columns", "this")

    rows = slice = mapped = scaled = take = where = sample = values = find = _unreadable

    @property
    def places(self) -> tuple[Array, Array]:
        rows, columns = self._source.places
        return columns, rows


def _across(part: Matrix, rows: slice, _: None, right: Array) -> tuple[None, Sequence[Array]]:
    return None, (part.T.product(np.ascontiguousarray(right)),)


def _column_squares(part: Matrix, rows: slice, _: None) -> tuple[None, Sequence[Array]]:
    return None, (part.T.row_squares(),)


def _column_errors(part: Matrix, rows: slice, left: Array, right: Array) -> tuple[None, Sequence[Array]]:
    return None, (part.T.row_errors(left, np.ascontiguousarray(right)),)


def _known_columns(part: Matrix, rows: slice, _: None) -> tuple[None, Sequence[Array]]:
    return None, (1 - part.T.blank_rows().astype(np.int64),)


def _columns(part: Matrix, rows: slice, which: Array) -> tuple[Array, None]:
    return part.take(None, which).dense(np.arange(part.shape[0])), None
