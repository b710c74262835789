"""How a matrix is cut into row blocks that fit into the memory allowed, and how much memory a fit of it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import lcm
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.matrix import Array, Block
from partwise.matrix.cutting import TILE
from partwise.summary import Summary
from partwise.units import in_bytes

SHARE = 16
"""A block takes at most this share of max_memory: two blocks for each of four threads take half of it."""
MOST_SHARE = 4
"""The smallest block, TILE rows, takes at most this share: two blocks for one thread take half of it."""
LARGEST = 64 << 20
"""A block larger than this many bytes is read no faster."""
ENTRIES, FEWEST = 400_000, 8
"""This many entries are enough work for a block of its own, up to this many blocks."""
IN_FLIGHT = 2
"""Blocks for each thread: it works on one, and one is read ahead."""
COPIES = 5
"""Most arrays of a factor's shape that the loop holds for one start, see ``Solver.copies``."""
WRITTEN = 8
"""Most such arrays while a checkpoint is written: four of them, twice."""
WORKING = 3
"""So many more such arrays a thread has of the rows of its block: parts of a gradient, before they are put together."""
WIDER = 10
"""Columns that a start from singular vectors needs in addition to the number of parts."""


@dataclass(frozen=True, repr=False)
class BlockPlan(Summary):
    """How a matrix is read: its row blocks, and their memory.

    Parameters
    ----------
    shape : (int, int)
        Of the matrix.
    dtype : dtype
        Of the blocks.
    n_stored : int
        Stored entries.
    blocks : tuple of (int, int)
        First row of each block, and the row after its last.
    block_bytes : int
        Bytes of the largest block.
    held_bytes : int
        Bytes that stay in memory: the beginnings of rows in a sparse file, and what its reader unpacks at a time.
    max_memory : int
        Bytes allowed.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    n_stored: int
    blocks: tuple[Block, ...]
    block_bytes: int
    held_bytes: int
    max_memory: int

    @property
    def rows_a_block(self) -> int:
        """Rows of the largest block."""
        return max(last - first for first, last in self.blocks)

    def flight_bytes(self, n_jobs: int = 1) -> int:
        """Return the bytes of the blocks that are in memory at the same time, for this many threads."""
        return min(IN_FLIGHT * n_jobs, len(self.blocks)) * self.block_bytes

    def peak(
        self,
        n_components: int,
        n_jobs: int = 1,
        *,
        init: str | None = None,
        checkpoints: bool = False,
        copies: int = COPIES,
    ) -> int:
        """Return the most bytes that a fit takes: blocks in flight, what is held, and the factors.

        Parameters
        ----------
        n_components : int
            Number of parts.
        n_jobs : int
            Threads.
        init : str or None
            The start of the fit, as in ``NMF``.
        checkpoints : bool
            Whether the fit writes checkpoints.
        copies : int
            Arrays of each factor's shape that the loop holds; the default is enough for one start with any solver.
        """
        at_work = min(n_jobs, len(self.blocks)) * self.rows_a_block
        factors = factor_bytes(
            self.shape, n_components, self.dtype, copies, init, checkpoints=checkpoints, at_work=at_work
        )
        return self.flight_bytes(n_jobs) + self.held_bytes + factors

    def threads(self, n_components: int, most: int, **fit: Any) -> int:
        """Return the number of threads on which a fit stays within max_memory, at least 1 and at most `most`.

        `fit` holds the named parameters of ``peak``.
        """
        for n_jobs in range(most, 1, -1):
            if self.peak(n_components, n_jobs, **fit) <= self.max_memory:
                return n_jobs
        return 1

    def check(self, n_components: int, n_jobs: int = 1, **fit: Any) -> None:
        """Raise ParameterError, with figures, if a fit takes more than max_memory; `fit` is as in ``threads``."""
        peak = self.peak(n_components, n_jobs, **fit)
        if peak > self.max_memory:
            (n, m), flight = self.shape, self.flight_bytes(n_jobs)
            held = f", {in_bytes(self.held_bytes)} for what its reader holds" if self.held_bytes else ""
            makes = "makes and writes" if fit.get("checkpoints") else "makes"
            raise ParameterError(
                f"max_memory={_asked(self.max_memory)!r} does not hold a fit of {n_components} parts of "
                f"{n:,} x {m:,} entries, which needs {in_bytes(peak)}: {in_bytes(peak - flight - self.held_bytes)} for "
                f"W, H and the copies of them that a fit {makes}, "
                f"{in_bytes(flight)} for blocks in flight on {n_jobs} thread{'s' if n_jobs > 1 else ''}{held}. Give at "
                f"least max_memory={_asked(peak)!r}, fewer parts, or fewer threads."
            )

    def check_whole(self, entry_bytes: int) -> None:
        """Raise ParameterError, with figures, if all entries, of so many bytes each, take more than max_memory."""
        needed = self.n_stored * entry_bytes
        if needed > self.max_memory:
            raise ParameterError(
                f"max_memory={_asked(self.max_memory)!r} does not hold all of X, which this needs in memory, with "
                f"copies: {self.n_stored:,} entries take {in_bytes(needed)}. Give at least "
                f"max_memory={_asked(needed)!r}, or a sample of its rows."
            )

    def _facts(self) -> dict[str, Any]:
        (n, m), whole = self.shape, self.n_stored == self.shape[0] * self.shape[1]
        kept = "" if whole else f", {self.n_stored:,} stored entries"
        facts = {
            "X": f"{n:,} x {m:,}{kept}, {self.dtype}",
            "blocks": f"{len(self.blocks):,} of up to {self.rows_a_block:,} rows",
            "a block": in_bytes(self.block_bytes),
            "in flight": f"{in_bytes(self.flight_bytes())} a thread: one block is worked on, one is read ahead",
        }
        held = {"held": in_bytes(self.held_bytes)} if self.held_bytes else {}
        return facts | held | {"max_memory": in_bytes(self.max_memory)}


def factor_bytes(
    shape: tuple[int, int],
    n_components: int,
    dtype: np.dtype[Any],
    copies: int = COPIES,
    init: str | None = None,
    *,
    checkpoints: bool = False,
    at_work: int = 0,
) -> int:
    """Return the bytes of W, H and their copies in a fit, or of its start if that takes more.

    Threads hold further ones of the rows of W that they are at work on, `at_work` in all. For singular vectors,
    NumPy's QR holds two arrays in X's dtype and four in float64, two of them in LAPACK.
    """
    by_vectors = n_components <= min(shape) and (init is None or init.startswith("nndsvd"))
    width = min(n_components + WIDER, min(shape)) if by_vectors else 0
    start = sum(shape) * width * (2 * dtype.itemsize + 32)
    arrays = sum(shape) * (copies + WRITTEN if checkpoints else copies) + at_work * (copies + WORKING)
    return max(arrays * n_components * dtype.itemsize, start)


def plan_dense(
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    max_memory: int,
    *,
    name: str = "X",
    chunk: int = 1,
    held_bytes: int = 0,
) -> BlockPlan:
    """Return the plan for a dense matrix.

    Parameters
    ----------
    shape, dtype
        Of the matrix, as blocks have it.
    max_memory : int
        Bytes allowed.
    name : str
        What errors call it.
    chunk : int
        Rows that the file stores together. Blocks are whole chunks if these are small enough.
    held_bytes : int
        Bytes that reading takes in addition to the blocks.

    Raises
    ------
    ParameterError
        If max_memory does not hold the smallest block.
    """
    n, m = shape
    row = m * dtype.itemsize
    _check_tile(min(TILE, n) * row, max_memory, name, m)
    budget, whole_chunk = min(max_memory // SHARE, LARGEST), -(-chunk // TILE) * TILE * row
    if budget < whole_chunk <= max_memory // MOST_SHARE:
        budget = whole_chunk
    step = lcm(TILE, chunk) if lcm(TILE, chunk) * row <= budget else TILE
    count = max(-(-n * row // budget), min(max(n * m // ENTRIES, 1), FEWEST))
    rows = -(-n // count)
    up, down = -(-rows // step) * step, max(rows // step, 1) * step
    whole = up if up * row <= budget else down
    blocks = tuple(pairwise([*range(0, n, whole), n]))
    return BlockPlan(shape, dtype, n * m, blocks, min(whole, n) * row, held_bytes, max_memory)


def plan_sparse(
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    indptr: Array,
    max_memory: int,
    *,
    name: str = "X",
    index_bytes: int = 4,
) -> BlockPlan:
    """Return the plan for a sparse matrix, whose blocks take about the same bytes each.

    Parameters
    ----------
    shape, dtype
        Of the matrix, as blocks have it.
    indptr : ndarray of shape (n + 1,)
        Where the entries of each row begin.
    max_memory : int
        Bytes allowed.
    name : str
        What errors call it.
    index_bytes : int
        Bytes of an index of a block.

    Raises
    ------
    ParameterError
        If max_memory does not hold the smallest block, or `indptr`.
    """
    n, m = shape
    n_stored = int(indptr[-1])
    if indptr.nbytes > max_memory // 2:
        raise ParameterError(
            f"max_memory={_asked(max_memory)!r} does not hold where the {n:,} rows of {name} begin, which takes "
            f"{in_bytes(indptr.nbytes)}: give at least max_memory={_asked(2 * indptr.nbytes)!r}."
        )
    ends = indptr.astype(np.int64) * (dtype.itemsize + index_bytes) + np.arange(n + 1) * index_bytes
    budget = min(max_memory // SHARE, LARGEST, max(int(ends[-1]) // min(max(n_stored // ENTRIES, 1), FEWEST) + 1, TILE))
    blocks = tuple(_of_weight(ends, budget))
    largest = max(int(ends[last] - ends[first]) for first, last in blocks)
    _check_tile(largest, max_memory, name, m) if largest > budget else None
    return BlockPlan(shape, dtype, n_stored, blocks, largest, indptr.nbytes, max_memory)


def _of_weight(ends: Array, budget: int) -> Iterator[Block]:
    """Yield blocks of whole tiles, each of at most `budget` in weight if that is possible."""
    first, n = 0, len(ends) - 1
    while first < n:
        last = int(np.searchsorted(ends, ends[first] + budget, side="right")) - 1
        last = n if last >= n else max(last // TILE * TILE, first + TILE)
        yield first, min(last, n)
        first = last


def _check_tile(tile: int, max_memory: int, name: str, m: int) -> None:
    """Refuse a limit that is too small for a few blocks of TILE rows."""
    if tile > max_memory // MOST_SHARE:
        raise ParameterError(
            f"max_memory={_asked(max_memory)!r} is too little for {name}: {TILE} of its rows, {m:,} columns wide, take "
            f"{in_bytes(tile)}, which is the smallest block, and a fit needs {MOST_SHARE} times that. Give at least "
            f"max_memory={_asked(MOST_SHARE * tile)!r}."
        )


def _asked(count: int) -> str:
    """Return bytes as a user gives them, rounded up to a whole number of units."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= 4 * size or count == size:
            return f"{-(-count // size)}{unit}"
    return str(count)
