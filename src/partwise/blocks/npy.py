"""NumPy's .npy files, and other files of rows one after another. They are read by file reads, not a memory map."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from partwise.blocks.files import PIECE, File
from partwise.blocks.plan import plan_dense
from partwise.blocks.source import BlockSource, block_dtype
from partwise.exceptions import DataError
from partwise.matrix import Array
from partwise.matrix.containers import FLOATS, NUMBERS

HEADER = 1 << 16
"""Enough bytes for any header."""


class Header:
    """The header of a .npy file.

    Parameters
    ----------
    path : str or Path
        The file.

    Attributes
    ----------
    shape : tuple of int
        Of the array.
    dtype : dtype
        Of its entries.
    by_columns : bool
        Whether it is in Fortran order.
    offset : int
        Bytes before the first entry.

    Raises
    ------
    DataError
        If it is not a .npy file, or is cut short.
    """

    def __init__(self, path: str | Path) -> None:
        self.file = File(path)
        start = np.empty(min(HEADER, self.file.size), np.uint8)
        self.file.read_into(start, 0)
        stream = io.BytesIO(start.tobytes())
        try:
            version = np.lib.format.read_magic(stream)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            self.shape, self.by_columns, self.dtype = read[version](stream)
        except (ValueError, KeyError) as error:
            raise DataError(f"{path} is not a .npy file: {error}. Save a plain array with numpy.save.") from error
        self.offset = stream.tell()
        wanted = self.offset + int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize
        if not self.dtype.hasobject and wanted > self.file.size:
            raise DataError(
                f"{path} is cut short: an array of shape {self.shape} and dtype {self.dtype} takes {wanted:,} bytes, "
                f"but the file has {self.file.size:,}. Copy it or write it again."
            )


class RawRows:
    """Rows of numbers in a file, one after another.

    Parameters
    ----------
    file : File
        The file.
    offset : int
        Bytes before the first row.
    shape : tuple of int
        Of the whole array, one- or two-dimensional.
    dtype : dtype
        In the file.
    """

    def __init__(self, file: File, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.file, self.offset, self.shape, self.dtype = file, offset, shape, dtype
        self.row_bytes = int(np.prod(shape[1:])) * dtype.itemsize

    def read(self, first: int, last: int) -> Array:
        """Return rows first..last in the dtype in which a fit works."""
        out = np.empty((last - first, *self.shape[1:]), block_dtype(self.dtype))
        if self.dtype in FLOATS and self.dtype.isnative:
            self.file.read_into(out, self.offset + first * self.row_bytes)
            return out
        step = max(PIECE // max(self.row_bytes, 1), 1)
        with np.errstate(over="ignore"):  # what float64 cannot hold becomes infinity, and is refused
            for start in range(first, last, step):
                stop = min(start + step, last)
                out[start - first : stop - first] = self.raw(start, stop)
        return out

    def raw(self, first: int, last: int) -> Array:
        """Return rows first..last in the dtype of the file."""
        out = np.empty((last - first, *self.shape[1:]), self.dtype)
        self.file.read_into(out, self.offset + first * self.row_bytes)
        return out


class NpyRows(BlockSource):
    """A matrix in a .npy file in C order.

    Parameters
    ----------
    rows : RawRows
        Its rows.
    max_memory : int
        Bytes allowed.
    name : str or None
        Its name in error texts; None: the name of the file.
    column_names : list of str or None
        Names of columns.
    """

    def __init__(
        self, rows: RawRows, max_memory: int, name: str | None = None, column_names: list[str] | None = None
    ) -> None:
        name = name or rows.file.name
        n, m = rows.shape
        plan = plan_dense((n, m), block_dtype(rows.dtype), max_memory, name=name)
        super().__init__(name, plan, column_names=column_names)
        self._rows = rows

    def read(self, first: int, last: int) -> Array:
        """See BlockSource."""
        return self._rows.read(first, last)


def open_npy(path: str | Path, max_memory: int) -> NpyRows:
    """Return the matrix of a .npy file.

    Raises
    ------
    DataError
        If it is not a .npy file, is cut short, holds no matrix of real numbers, or is in Fortran order.
    """
    header = Header(path)
    check_matrix(path, header.shape, header.dtype)
    if header.by_columns and 1 not in header.shape:
        raise by_columns(str(path), "Fortran order, one column after another")
    return NpyRows(RawRows(header.file, header.offset, header.shape, header.dtype), max_memory)


def check_matrix(path: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise DataError for an array that is not a matrix of real numbers."""
    if len(shape) != 2:
        raise DataError(f"{path} holds an array of shape {shape}. Save a matrix: rows are samples.")
    if 0 in shape:
        raise DataError(f"{path} holds a matrix of shape {shape}, without a single entry.")
    if dtype.kind not in NUMBERS:
        raise DataError(f"{path} holds entries of type {dtype}. Save real numbers.")


def by_columns(name: str, how: str, given: str | None = None) -> DataError:
    """Return the error for a matrix that cannot be read by rows; `given` is its name in code if it is not a file."""
    return DataError(
        f"{name} is stored in {how}, so reading a block of rows means reading all of it. {once(name, given)}"
    )


def once(name: str, given: str | None = None) -> str:
    """Return the sentence that says how to convert a matrix."""
    target = f"{Path(name).name.partition('.')[0] or 'x'}.blocks"
    return f'Convert it once, partwise.convert({given or json.dumps(name)}, "{target}"), and open "{target}".'
