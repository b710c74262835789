"""Matrices from entries in any order, even more than memory holds: they are sorted by rows in buckets on disk."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError
from partwise.matrix import Array, Block
from partwise.matrix.cutting import TILE

MOST_FILES = 64
"""Buckets that are filled at a time, each with its own file."""
COST = 6
"""Memory for sorting a bucket, as a multiple of the bytes of its stored entries."""


class Entries(NamedTuple):
    """Some entries of a matrix.

    Attributes
    ----------
    rows, columns : ndarray of int
        Their places, counted from 0.
    values : ndarray
        Their values; entries in the same place are added.
    """

    rows: Array
    columns: Array
    values: Array


def gathered(
    pieces: Iterable[Entries],
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    n_entries: int,
    folder: Path,
    max_memory: int,
    name: str,
) -> Iterator[Any]:
    """Yield a matrix in row blocks (CSR arrays of `dtype`) from its entries in any order.

    Each entry is written to the bucket of its rows. A bucket is divided again if it does not fit into memory because
    its rows have far more entries than others.

    Parameters
    ----------
    pieces : iterable of Entries
        All entries, some at a time.
    shape : (int, int)
        Of the matrix.
    dtype : dtype
        float32 or float64.
    n_entries : int
        About how many entries there are.
    folder : Path
        For the buckets: 12 to 24 bytes an entry.
    max_memory : int
        Bytes for sorting a bucket.
    name : str
        Name of the matrix in error texts.

    Raises
    ------
    DataError
        If an entry is outside the shape.
    """
    n, m = shape
    index = np.dtype(np.int32 if max(n, m) <= np.iinfo(np.int32).max else np.int64)
    kept = np.dtype([("row", index), ("column", index), ("value", dtype)])
    buckets = _Buckets(m, kept, max(max_memory // (COST * kept.itemsize), 1), folder)
    yield from buckets.divided(_records(pieces, shape, kept, name), (0, n), n_entries)


def _records(pieces: Iterable[Entries], shape: tuple[int, int], kept: np.dtype[Any], name: str) -> Iterator[Array]:
    """Yield entries as they are stored, after a check that they are inside the matrix."""
    n, m = shape
    for rows, columns, values in pieces:
        if not len(rows):
            continue
        if rows.min() < 0 or rows.max() >= n or columns.min() < 0 or columns.max() >= m:
            at = int(np.flatnonzero((rows < 0) | (rows >= n) | (columns < 0) | (columns >= m))[0])
            raise DataError(
                f"{name} stores an entry at row {rows[at]}, column {columns[at]}, outside its shape {shape}, counted "
                f"from 0. Write the file again."
            )
        made = np.empty(len(rows), kept)
        with np.errstate(over="ignore"):  # what the dtype cannot hold becomes infinity, which a fit refuses
            made["row"], made["column"], made["value"] = rows, columns, values
        yield made


@dataclass(frozen=True)
class _Buckets:
    """How entries are divided into buckets.

    Parameters
    ----------
    m : int
        Columns of the matrix.
    kept : dtype
        A record of row, column and value.
    most : int
        Records that are sorted at a time.
    folder : Path
        For the files.
    """

    m: int
    kept: np.dtype[Any]
    most: int
    folder: Path

    def divided(self, records: Iterable[Array], rows: Block, count: int) -> Iterator[Any]:
        """Yield CSR blocks of some rows, in order, from about `count` records of their entries."""
        first, last = rows
        tiles = -(-(last - first) // TILE)
        width = -(-tiles // max(min(-(-count // self.most), MOST_FILES), 1)) * TILE
        if width >= last - first:
            yield self.ordered([*records], rows)
            return
        bounds = [(start, min(start + width, last)) for start in range(first, last, width)]
        paths = [self.folder / f"rows-{start}-{stop}" for start, stop in bounds]
        self.distribute(records, first, width, paths)
        for path, block in zip(paths, bounds, strict=True):
            yield from self.divided(self.read(path), block, path.stat().st_size // self.kept.itemsize)
            path.unlink()

    def distribute(self, records: Iterable[Array], first: int, width: int, paths: list[Path]) -> None:
        """Write each record to the file of its rows."""
        with contextlib.ExitStack() as opened:
            files = [opened.enter_context(open(path, "wb")) for path in paths]
            for piece in records:
                numbers = (piece["row"] - first) // width
                order = np.argsort(numbers, kind="stable")
                edges = np.searchsorted(numbers[order], np.arange(len(files) + 1))
                piece = piece[order]
                for number in np.flatnonzero(np.diff(edges)):
                    files[number].write(piece[edges[number] : edges[number + 1]].view(np.uint8).data)

    def read(self, path: Path) -> Iterator[Array]:
        """Yield the records of a file, some at a time."""
        with open(path, "rb") as file:
            while len(piece := np.fromfile(file, self.kept, self.most)):
                yield piece

    def ordered(self, records: list[Array], rows: Block) -> Any:
        """Return the CSR array of some rows. Entries in the same place are added in the order of the records."""
        first, last = rows
        piece = np.concatenate([np.empty(0, self.kept), *records])
        places = np.ascontiguousarray(piece["row"] - first), np.ascontiguousarray(piece["column"])
        made = sp.coo_array((np.ascontiguousarray(piece["value"]), places), shape=(last - first, self.m)).tocsr()
        made.sum_duplicates()
        return made
