"""A matrix on its way to another format: its rows in order, a block at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partwise.blocks.files import PIECE, File
from partwise.blocks.gathering import Entries, gathered
from partwise.blocks.plan import plan_dense
from partwise.blocks.source import BlockSource, as_floats, block_dtype
from partwise.matrix import Array


@dataclass(frozen=True)
class Work:
    """What a conversion can use.

    Parameters
    ----------
    folder : Path
        For temporary files.
    max_memory : int
        Bytes.
    """

    folder: Path
    max_memory: int


@dataclass(frozen=True)
class Stream:
    """The rows of a matrix, once.

    Parameters
    ----------
    blocks : iterable
        Adjoining rows, arrays (b, m) or CSR arrays (b, m), in `dtype`.
    n_columns : int
        Columns m.
    dtype : dtype
        float32 or float64.
    is_sparse : bool
        Whether blocks are CSR arrays.
    column_names : sequence of str or None
        Names of columns, where the source has them.
    """

    blocks: Iterable[Any]
    n_columns: int
    dtype: np.dtype[Any]
    is_sparse: bool
    column_names: Sequence[str] | None = None

    @classmethod
    def of(cls, source: BlockSource) -> "Stream":
        """Return the rows of a source that can be read by rows."""
        blocks = (source.read(*rows) for rows in source.blocks)
        return cls(blocks, source.shape[1], source.dtype, source.is_sparse, source.column_names)

    @classmethod
    def gathered(
        cls, pieces: Iterable[Entries], shape: tuple[int, int], dtype: Any, count: int, name: str, work: Work
    ) -> "Stream":
        """Return the rows of a sparse matrix from about `count` entries in any order."""
        kept = block_dtype(dtype)
        blocks = gathered(pieces, shape, kept, count, work.folder, work.max_memory, name)
        return cls(blocks, shape[1], kept, is_sparse=True)

    @classmethod
    def by_columns(
        cls, file: File, offset: int, shape: tuple[int, int], dtype: np.dtype[Any], name: str, work: Work
    ) -> "Stream":
        """Return the rows of a dense matrix that a file stores column by column, from `offset` on."""
        n, m = shape
        kept = block_dtype(dtype)

        def block(first: int, last: int) -> Array:
            columns = np.empty((m, last - first), dtype)
            for j in range(m):
                file.read_into(columns[j], offset + (j * n + first) * dtype.itemsize)
            return as_floats(columns.T)

        plan = plan_dense(shape, kept, work.max_memory, name=name)
        return cls((block(*rows) for rows in plan.blocks), m, kept, is_sparse=False)


def by_column(
    indptr: Array, read: Callable[[int, int], tuple[Array, Array]], *, swap: bool = False
) -> Iterator[Entries]:
    """Yield the entries of a CSC matrix, or of a CSR one to be transposed, in their order.

    Parameters
    ----------
    indptr : ndarray of shape (m + 1,)
        Where each column begins.
    read : callable
        Returns rows and values of entries begin..end; called for one piece after another.
    swap : bool
        Whether `indptr` describes rows, and `read` returns columns.
    """
    step = PIECE // 16
    for begin in range(0, int(indptr[-1]), step):
        end = min(begin + step, int(indptr[-1]))
        first, last = np.searchsorted(indptr, [begin, end - 1], side="right") - 1
        counts = np.diff(np.clip(indptr[first : last + 2], begin, end))
        outer = np.repeat(np.arange(first, last + 1), counts)
        inner, values = read(begin, end)
        yield Entries(outer, inner, values) if swap else Entries(inner, outer, values)
