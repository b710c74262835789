"""BlockSource: a matrix that stays where it is, in a file, and is read a block of rows at a time."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.blocks.plan import BlockPlan
from partwise.exceptions import DataError
from partwise.indices import canonical, is_canonical
from partwise.matrix import Array
from partwise.matrix.by_blocks import ByBlocks
from partwise.matrix.containers import FLOATS
from partwise.summary import Summary

TESTS: dict[str, Callable[[Array], Array]] = {
    "NaN": np.isnan,
    "infinite": np.isinf,
    "negative": lambda entries: entries < 0,
}
"""What no fit takes."""


def block_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype in which a fit works on data of a dtype: float32 and float64 stay, others become float64."""
    dtype = np.dtype(dtype)
    return np.dtype(np.float32 if dtype.kind == "f" and dtype.itemsize == 4 else np.float64)


class BlockSource(Summary, ByBlocks):
    """A matrix of which only a few row blocks are in memory at a time. ``open_blocks`` makes it.

    A fit takes it as X, and so does ``transform``. Entries are checked when they are first read: NaN, infinite and
    negative ones are refused with their place.

    Parameters
    ----------
    name : str
        What errors call it.
    plan : BlockPlan
        How it is cut.
    column_names : sequence of str or None
        Names of columns, where the file has them: a fit takes them as names of features.
    """

    def __init__(self, name: str, plan: BlockPlan, *, column_names: Sequence[str] | None = None) -> None:
        self.name, self.plan = name, plan
        self.shape, self.dtype, self.blocks = plan.shape, plan.dtype, plan.blocks
        self.column_names = column_names
        self._begins = [first for first, _ in self.blocks]
        self._checked: set[int] = set()

    is_sparse = False
    """Whether blocks are CSR arrays."""

    @property
    def n_stored(self) -> int:
        """See Matrix."""
        return self.plan.n_stored

    @abstractmethod
    def read(self, first: int, last: int) -> Any:
        """Return rows first..last as an array in C order, or as a CSR array, of X's dtype and in memory of its own."""

    def block(self, first: int, last: int) -> Any:
        """Return rows first..last, within one of `blocks`; several threads can ask at a time.

        Raises
        ------
        DataError
            If an entry is NaN, infinite or negative, or the file has changed since it was opened.
        """
        found = self.read(first, last)
        number = bisect_right(self._begins, first) - 1
        if number not in self._checked:
            found = self._sound(found, first)
            if (first, last) == self.blocks[number]:
                self._checked.add(number)
        elif self.is_sparse and not is_canonical(found):
            found = canonical(found)
        return found

    def _sound(self, rows: Any, first: int) -> Any:
        """Return rows that were read for the first time, or raise for what no fit takes."""
        if self.is_sparse:
            if rows.nnz and not 0 <= rows.indices.min() <= rows.indices.max() < self.shape[1]:
                at = int(np.flatnonzero((rows.indices < 0) | (rows.indices >= self.shape[1]))[0])
                row = first + int(np.searchsorted(rows.indptr, at, side="right")) - 1
                raise DataError(
                    f"{self.name} stores an entry at row {row}, column {rows.indices[at]}, outside its shape "
                    f"{self.shape}. Write the file anew."
                )
            rows = canonical(rows)
        entries = rows.data if self.is_sparse else rows.reshape(-1)
        if entries.size:
            low, high, total, _ = kernels.survey(entries)
            if not (low >= 0 and high < np.inf) or np.isnan(total):
                raise self._refusal(rows, first)
        return rows

    def _refusal(self, rows: Any, first: int) -> DataError:
        """Return the error that names the first entry that no fit takes."""
        entries = rows.data if self.is_sparse else rows.reshape(-1)
        kind, hits = next((kind, hits) for kind, test in TESTS.items() if (hits := np.flatnonzero(test(entries))).size)
        at = int(hits[0])
        if self.is_sparse:
            row, column = int(np.searchsorted(rows.indptr, at, side="right")) - 1, int(rows.indices[at])
        else:
            row, column = divmod(at, rows.shape[1])
        called = f" ({self.column_names[column]!r})" if self.column_names is not None else ""
        way = {
            "NaN": "A fit from blocks needs every entry: fill the gaps in the file, or leave out those rows.",
            "infinite": "Replace it with a finite number in the file, or leave out that row.",
            "negative": "A factorization needs entries >= 0: shift or clip them in the file, or leave out those rows.",
        }[kind]
        return DataError(
            f"{self.name}: row {first + row:,}, column {column:,}{called}, both counted from 0, is {entries[at]:.6g}: "
            f"{hits.size:,} of the entries in rows {first:,} to {first + rows.shape[0] - 1:,} "
            f"{'is' if hits.size == 1 else 'are'} {kind}. {way}"
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
    """Return entries in C order and in the dtype in which a fit works, in memory of their own."""
    dtype = block_dtype(entries.dtype)
    if entries.dtype in FLOATS and entries.dtype.isnative and entries.flags.c_contiguous and entries.base is None:
        return entries
    with np.errstate(over="ignore"):  # what float64 does not hold becomes infinity, and is refused
        return np.array(entries, dtype=dtype, order="C")
