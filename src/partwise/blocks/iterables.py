"""Row blocks that a program makes: a callable makes them for each pass, an iterator is written to disk once."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.blocks.layout import open_layout
from partwise.blocks.making import Making
from partwise.blocks.npy import check_matrix
from partwise.blocks.plan import plan_dense, plan_sparse
from partwise.blocks.source import BlockSource, as_floats, block_dtype, csr
from partwise.exceptions import DataError, DataTypeError
from partwise.indices import canonical, sound
from partwise.locks import Lock
from partwise.matrix.containers import plain


def open_rows(source: Any, max_memory: int) -> BlockSource:
    """Return the matrix of adjoining row blocks; see ``open_blocks``.

    Raises
    ------
    DataError
        If there is no block, or blocks differ in width or dtype.
    """
    if callable(source):
        return Repeated(source, max_memory)
    folder = tempfile.mkdtemp(prefix="partwise-")
    try:
        return Written(source, max_memory, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def checked(blocks: Iterable[Any], like: Any = None) -> Iterator[Any]:
    """Yield row blocks as arrays or CSR arrays of one width and dtype; `like` is an earlier block."""
    row = 0
    for number, block in enumerate(blocks):
        name = f"block {number} of the iterator (rows from {row:,} on)"
        if not (sp.issparse(block) or isinstance(block, np.ndarray) or hasattr(block, "__array__")):
            raise DataTypeError(f"{name} is of type {type(block).__name__}. Give arrays or sparse matrices (rows, m).")
        block = sound(block, name) if sp.issparse(block) else plain(block, name)
        if sp.issparse(block):
            block = canonical(block)
            block = sp.csr_array((as_floats(block.data), block.indices, block.indptr), shape=block.shape)
        if len(block.shape) != 2 or block.shape[1] == 0:
            raise DataError(f"{name} has the shape {block.shape}. Give blocks (rows, m).")
        if block.shape[0] == 0:
            continue
        check_matrix(name, block.shape, block.dtype)
        if not sp.issparse(block):
            block = as_floats(block)
        like = block if like is None else like
        for what, own, first in (
            ("columns", block.shape[1], like.shape[1]),
            ("dtype", block.dtype, like.dtype),
            ("form", _form(block), _form(like)),
        ):
            if own != first:
                raise DataError(
                    f"{name} has another {what} than the blocks before it: {own}, not {first}. All blocks must be "
                    f"alike."
                )
        row += block.shape[0]
        yield block


def _form(block: Any) -> str:
    return "a sparse matrix" if sp.issparse(block) else "an array"


class Written(BlockSource):
    """An iterator's rows, in a temporary folder of blocks that is removed with this object.

    Parameters
    ----------
    rows : iterator
        Row blocks.
    max_memory : int
        Bytes allowed.
    folder : str
        An empty folder.
    """

    def __init__(self, rows: Iterator[Any], max_memory: int, folder: str) -> None:
        self._end = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        blocks = checked(rows)
        first = next(blocks, None)
        if first is None:
            raise DataError("The iterator gave no rows. Give at least one block; an iterator that was used is empty.")
        with closing(Making(Path(folder), first.shape[1], first.dtype, sp.issparse(first))) as making:
            making.add(first)
            for block in blocks:
                making.add(block)
            making.end()
        self._kept = open_layout(folder, max_memory)
        self.is_sparse = self._kept.is_sparse
        super().__init__("the iterator", self._kept.plan)

    def read(self, first: int, last: int) -> Any:
        """See BlockSource."""
        return self._kept.read(first, last)

    def __reduce__(self) -> Any:
        raise TypeError(
            "Row blocks of an iterator are in a temporary folder of this process; convert them to a folder."
        )


class Repeated(BlockSource):
    """The rows of a callable, which returns a new iterator of the same row blocks whenever it is called.

    It is called once to learn the shape, and once for each pass. Blocks are requested nearly in order. Blocks that
    other threads will request later are kept until then.

    Parameters
    ----------
    rows : callable
        Returns an iterable of row blocks.
    max_memory : int
        Bytes allowed.
    """

    def __init__(self, rows: Callable[[], Iterable[Any]], max_memory: int) -> None:
        counts, first, n = [np.zeros(1, np.int64)], None, 0
        for block in checked(rows()):
            first, n = block if first is None else first, n + block.shape[0]
            if sp.issparse(block):
                counts.append(np.diff(block.indptr))
        if first is None:
            raise DataError("The callable gave no rows. Give at least one block.")
        self.is_sparse = sp.issparse(first)
        shape, dtype = (n, first.shape[1]), block_dtype(first.dtype)
        indptr = np.cumsum(np.concatenate(counts)) if self.is_sparse else None
        plan = plan_dense(shape, dtype, max_memory) if indptr is None else plan_sparse(shape, dtype, indptr, max_memory)
        super().__init__("the callable", plan)
        self._rows, self._like, self._lock = rows, first[:1], Lock()
        self._passing: Iterator[Any] | None = None
        self._next = 0
        self._ahead: dict[int, Any] = {}  # blocks that came before the requested one, by number
        self._last: tuple[int, Any] | None = None  # another part of it can be requested

    def read(self, first: int, last: int) -> Any:
        """See BlockSource."""
        number = next(i for i, block in enumerate(self.blocks) if block[0] <= first and last <= block[1])
        start = self.blocks[number][0]
        with self._lock:
            rows = self._numbered(number)
        part = rows[first - start : last - start]
        return csr(part.data, part.indices, part.indptr, self.shape[1]) if self.is_sparse else part.copy()

    def _numbered(self, number: int) -> Any:
        if self._last is not None and self._last[0] == number:
            return self._last[1]
        if number in self._ahead:
            self._last = number, self._ahead.pop(number)
            return self._last[1]
        if self._passing is None or number < self._next:
            self._passing, self._next = self._regrouped(), 0
            self._ahead.clear()
        while True:
            at, rows = self._next, next(self._passing)
            self._next += 1
            if at == number:
                self._last = number, rows
                return rows
            if number - at < AHEAD:
                self._ahead[at] = rows

    def _regrouped(self) -> Iterator[Any]:
        """Yield the planned blocks from blocks of any length."""
        held: list[Any] = []
        count, given = 0, 0
        source = checked(self._rows(), self._like)
        for first, last in self.blocks:
            while count < last - first:
                block = next(source, None)
                if block is None:
                    raise DataError(
                        f"The callable ended after {given:,} rows, but gave {self.shape[0]:,} the first time. It must "
                        f"make a new iterator of the same rows at each call."
                    )
                held.append(block)
                count, given = count + block.shape[0], given + block.shape[0]
            whole = held[0] if len(held) == 1 else _stacked(held)
            held, count = [whole[last - first :]], count - (last - first)
            if last == self.shape[0] and (count or next(source, None) is not None):
                raise DataError(
                    f"The callable gave more than the {self.shape[0]:,} rows of the first time. It must make a new "
                    f"iterator of the same rows at each call."
                )
            yield whole[: last - first]

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name != "_lock"}
        return kept | {"_passing": None, "_next": 0, "_ahead": {}, "_last": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=Lock())


AHEAD = 32
"""Most blocks that are kept for other threads."""


def _stacked(blocks: list[Any]) -> Any:
    return sp.vstack(blocks, format="csr") if sp.issparse(blocks[0]) else np.concatenate(blocks)
