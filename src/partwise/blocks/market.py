"""Matrix Market files (.mtx). SciPy parses them piece by piece; only one piece is in memory."""

import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.io

from partwise.blocks.files import PIECE, File
from partwise.blocks.gathering import Entries
from partwise.blocks.stream import Stream, Work
from partwise.exceptions import DataError
from partwise.io.files import open_file

BANNER = re.compile(
    rb"%%MatrixMarket\s+matrix\s+(coordinate|array)\s+(real|double|integer|unsigned-integer|pattern)\s+"
    rb"(general|symmetric|skew-symmetric)\s*",
    re.IGNORECASE,
)
NO_ENTRY = re.compile(rb"(?m)^[ \t\r]*(%[^\n]*)?\n")
"""Empty lines, or comments."""
ANEW = "Write it in Matrix Market format, as scipy.io.mmwrite does."


@dataclass(frozen=True)
class MarketHeader:
    """The header of a file.

    Parameters
    ----------
    layout, field, symmetry : str
        Words of the first line.
    shape : (int, int)
        Of the matrix.
    count : int
        Entries in the file.
    lines : int
        Lines before the first entry.
    """

    layout: str
    field: str
    symmetry: str
    shape: tuple[int, int]
    count: int
    lines: int


def market_stream(
    path: Path, unpack: Callable[[IO[bytes]], IO[bytes]], work: Work, *, transpose: bool = False
) -> Stream:
    """Return the rows of a file, or of its transpose; `unpack` makes a text stream of the open file.

    Raises
    ------
    DataError
        If it is not such a file, is damaged, or holds complex numbers; the error names the line.
    """
    header = market_header(path, unpack)
    n, m = header.shape
    dtype = np.dtype(np.float64)
    if header.layout == "coordinate":
        twice = 1 if header.symmetry == "general" else 2
        pieces = _entries(path, header, unpack, transpose)
        shape = (m, n) if transpose else (n, m)
        return Stream.gathered(pieces, shape, dtype, header.count * twice, str(path), work)
    if header.symmetry != "general":
        raise DataError(f"{path} is a {header.symmetry} array. Write it as a general one, or in coordinates.")
    written = work.folder / "by-columns"
    with open(written, "wb") as out:
        for values in _pieces(path, header, unpack):
            out.write(np.ascontiguousarray(values, dtype).reshape(-1).view(np.uint8).data)
    if transpose:  # columns of the file are the rows
        rows = np.memmap(written, dtype, "r", shape=(m, n))
        step = max(PIECE // (n * dtype.itemsize), 1)
        return Stream((np.array(rows[i : i + step]) for i in range(0, m, step)), n, dtype, is_sparse=False)
    return Stream.by_columns(File(written), 0, (n, m), dtype, str(path), work)


def market_header(path: Path, unpack: Callable[[IO[bytes]], IO[bytes]]) -> MarketHeader:
    """Return the header of a file; `unpack` makes a text stream of the open file."""
    with open_file(path) as file:
        return _header(path, unpack(file))


def _header(path: Path, text: IO[bytes]) -> MarketHeader:
    first = text.readline(1 << 16)
    found = BANNER.fullmatch(first)
    if found is None:
        what = "complex numbers" if b"complex" in first.lower() else f"{first[:60]!r} in its first line"
        raise DataError(f"{path} holds {what}: it is not a Matrix Market file of real numbers. {ANEW}")
    layout, field, symmetry = (word.decode().lower() for word in found.groups())
    lines = 1
    while NO_ENTRY.fullmatch(line := text.readline(1 << 16)):
        lines += 1
    try:
        sizes = [int(word) for word in line.split()]
        n, m = sizes[:2]
        count = sizes[2] if layout == "coordinate" else n * m
    except (ValueError, IndexError) as error:
        raise DataError(f"{path}, line {lines + 1}: {line[:60]!r} is not the size of a matrix. {ANEW}") from error
    if min(n, m) < 1:
        raise DataError(f"{path} holds a matrix of shape {(n, m)}, without a single entry.")
    return MarketHeader(layout, "real" if field == "double" else field, symmetry, (n, m), count, lines + 1)


def _entries(
    path: Path, header: MarketHeader, unpack: Callable[[IO[bytes]], IO[bytes]], transpose: bool
) -> Iterator[Entries]:
    """Yield the entries, and those that the symmetry implies."""
    for found in _pieces(path, header, unpack):
        rows, columns = (found.col, found.row) if transpose else (found.row, found.col)
        yield Entries(rows, columns, found.data)
        if header.symmetry != "general":
            other = rows != columns
            sign = -1 if header.symmetry == "skew-symmetric" else 1
            yield Entries(columns[other], rows[other], sign * found.data[other])


def _pieces(path: Path, header: MarketHeader, unpack: Callable[[IO[bytes]], IO[bytes]]) -> Iterator[Any]:
    """Yield SciPy's result for some lines at a time: a COO array, or an array (count, 1)."""
    done, before = 0, header.lines
    n, m = header.shape
    with open_file(path) as file:
        text = unpack(file)
        for _ in range(header.lines):
            text.readline()
        for piece in _whole_lines(text, path):
            lines = piece.count(b"\n")
            kept = NO_ENTRY.sub(b"", piece)
            count = kept.count(b"\n")
            size = f"{n} {m} {count}" if header.layout == "coordinate" else f"{count} 1"
            start = f"%%MatrixMarket matrix {header.layout} {header.field} general\n{size}\n"
            try:
                if b"\0" in kept:
                    raise ValueError("it holds binary data")
                found = scipy.io.mmread(io.BytesIO(start.encode() + kept), spmatrix=False) if count else None
            except (ValueError, OverflowError) as error:
                raise _fault(path, error, before, kept == piece) from error
            if count:
                yield found
            done, before = done + count, before + lines
    if done != header.count:
        raise DataError(
            f"{path} has {done:,} entries, but {header.count:,} according to its line {header.lines}. Copy or "
            f"download it again."
        )


def _whole_lines(text: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield pieces of text that end at the end of a line."""
    while True:
        try:
            piece = text.read(PIECE)
            piece += b"" if piece.endswith(b"\n") else text.readline()
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise DataError(f"{path} cannot be unpacked: {error}. Copy or download it again.") from error
        if not piece:
            return
        yield piece if piece.endswith(b"\n") else piece + b"\n"  # the last line of a file can have no line end


def _fault(path: Path, error: Exception, before: int, plain: bool) -> DataError:
    """Return the error for lines that SciPy refuses. SciPy's line numbers include the two header lines of the piece."""
    said = re.match(r"Line (\d+): (.*)", str(error).strip(), re.DOTALL)
    if said and plain:
        return DataError(f"{path}, line {before + int(said[1]) - 2:,}: {said[2].rstrip('.')}. {ANEW}")
    return DataError(f"{path}, after line {before:,}: {str(error).rstrip('.')}. {ANEW}")
