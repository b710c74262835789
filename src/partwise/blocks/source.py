"""BlockSource: a matrix that stays in its file, and is read a block of rows at a time."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.blocks.plan import BlockPlan
from partwise.exceptions import DataError
from partwise.indices import canonical, is_canonical
from partwise.matrix import Array
from partwise.matrix.by_blocks import ByBlocks
from partwise.matrix.containers import FLOATS
from partwise.summary import Summary

INDEX = 4
"""Bytes of the column of a sparse entry."""
TURNED = 2
"""In memory, a fit holds a sparse matrix and its transpose."""


def block_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype in which a fit works on data: float32 and float64 stay, any other becomes float64."""
    dtype = np.dtype(dtype)
    return np.dtype(np.float32 if dtype.kind == "f" and dtype.itemsize == 4 else np.float64)


class BlockSource(Summary, ByBlocks):
    """A matrix with only a few row blocks in memory at a time. ``open_blocks`` makes it.

    A fit and ``transform`` take it as X.

    Parameters
    ----------
    name : str
        Its name in error texts.
    plan : BlockPlan
        How it is cut into blocks.
    column_names : sequence of str or None
        Names of columns, if the file has them; a fit takes them as names of features.
    """

    def __init__(self, name: str, plan: BlockPlan, *, column_names: Sequence[str] | None = None) -> None:
        self.name, self.plan = name, plan
        self.shape, self.dtype, self.blocks = plan.shape, plan.dtype, plan.blocks
        self.column_names = column_names
        self._begins = [first for first, _ in self.blocks]
        self._sound: set[int] = set()  # numbers of the sparse blocks that were checked

    is_sparse = False
    """Whether blocks are CSR arrays."""

    @property
    def n_stored(self) -> int:
        """See Matrix."""
        return self.plan.n_stored

    def check_room(self, n_components: int, n_jobs: int, **fit: Any) -> None:
        """See Matrix."""
        self.plan.check(n_components, n_jobs, **fit)

    def check_whole(self, copies: int) -> None:
        """See Matrix."""
        entry = self.dtype.itemsize
        self.plan.check_whole(copies * (TURNED * (entry + INDEX) if self.is_sparse else entry))

    @abstractmethod
    def read(self, first: int, last: int) -> Any:
        """Return rows first..last as a C-ordered array or a CSR array, of X's dtype and in memory of its own."""

    def block(self, first: int, last: int) -> Any:
        """Return rows first..last of one of `blocks`; several threads can call it at the same time.

        Raises
        ------
        DataError
            If the file has changed since it was opened, or stores an entry outside the matrix.
        """
        rows = self.read(first, last)
        if not self.is_sparse:
            return rows
        number = bisect_right(self._begins, first) - 1
        if number in self._sound:
            return rows
        self._check_columns(rows, first)
        if not is_canonical(rows):
            return canonical(rows)
        if (first, last) == self.blocks[number]:
            self._sound.add(number)
        return rows

    def _check_columns(self, rows: Any, first: int) -> None:
        """Raise for the first entry with a column outside the matrix: kernels would read past the end of an array."""
        outside = (rows.indices < 0) | (rows.indices >= self.shape[1])
        if outside.any():
            at = int(np.argmax(outside))
            row = first + int(np.searchsorted(rows.indptr, at, side="right")) - 1
            raise DataError(
                f"{self.name} stores an entry at row {row}, column {rows.indices[at]}, outside its shape {self.shape}, "
                f"counted from 0. Write the file again."
            )

    def _facts(self) -> dict[str, Any]:
        return {"name": self.name, **self.plan._facts()}


def csr(data: Array, indices: Array, indptr: Array, n_columns: int) -> Any:
    """Return rows of a sparse file as a CSR array.

    Parameters
    ----------
    data, indices : ndarray
        Entries, and their columns.
    indptr : ndarray of shape (b + 1,)
        Where each row begins in the whole file.
    n_columns : int
        Columns of the matrix.
    """
    narrow = max(n_columns, len(data)) <= np.iinfo(np.int32).max
    index: Any = np.int32 if narrow else np.int64
    begins = (indptr - indptr[0]).astype(index)
    made = sp.csr_array((len(indptr) - 1, n_columns), dtype=data.dtype)
    made.data, made.indices, made.indptr = data, indices.astype(index, copy=False), begins
    return made


def as_floats(entries: Array) -> Array:
    """Return entries in C order, in the dtype in which a fit works, in memory of their own."""
    dtype = block_dtype(entries.dtype)
    if entries.dtype in FLOATS and entries.dtype.isnative and entries.flags.c_contiguous and entries.base is None:
        return entries
    with np.errstate(over="ignore"):  # what float64 does not hold becomes infinity, and is refused
        return np.array(entries, dtype=dtype, order="C")
