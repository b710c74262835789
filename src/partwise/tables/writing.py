"""Tables of results as files, in the format that the ending of the name says."""

import itertools
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import numpy as np

from partwise.exceptions import DataError
from partwise.io.endings import check_ending
from partwise.io.escapes import csv_line, json_text
from partwise.io.writing import write_stream

__all__ = ["csv_pieces", "write_table"]

DIGITS = 6
"""Significant digits of a number in all formats but Parquet, whose numbers are not read by eye."""
EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CELL = 2**20, 2**14, 2**15 - 1
"""Rows and columns of a sheet, and characters in a cell: what Excel opens."""
PART = 1_000_000
"""Rows of a Parquet file that are in memory at a time."""
WIDEST = 60
"""Characters that a column of a sheet is made wide for at most."""

Columns = Mapping[str, Sequence[Any]]


def write_table(
    path: str | PathLike[str], columns: Columns | Iterable[Columns], *, digits: int | None = DIGITS
) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file, which ends in ``.csv``, ``.tsv``, ``.xlsx``, ``.parquet``, ``.jsonl`` (an object a row) or ``.json``
        (a list of them); anything else, such as ``/dev/stdout``, gets csv. An existing file is replaced.
    columns : mapping of str to sequence, or iterable of these
        Values of each column, all of one length: strings, whole numbers or numbers; None or NaN is a cell without
        a value. Or batches of rows, all with the columns of the first.
    digits : int, default=6
        Significant digits of numbers; None writes all. Parquet always keeps all of them.

    Raises
    ------
    DataError
        If a table is larger than Excel opens, and is to be ``.xlsx``.
    MissingExtraError
        If the format needs a package that is not installed.
    OSError
        If the file cannot be written; an existing one stays as it was.

    Notes
    -----
    A text that a spreadsheet would run as a formula has an apostrophe before it in ``.csv`` and ``.tsv``; ``.xlsx``
    marks it as text.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "topics.csv")
    >>> write_table(path, {"label": ["bank, rates", "=cup"], "share": [2 / 3, 1 / 3]})
    >>> print(path.read_text(), end="")
    label,share
    "bank, rates",0.666667
    '=cup,0.333333
    """
    check_ending(path)
    batches = iter([columns] if isinstance(columns, Mapping) else columns)
    write = FORMATS.get(Path(path).suffix.lower(), _csv)
    write_stream(path, lambda stream: write(stream, batches, digits))


def csv_pieces(batches: Iterable[Columns], *, digits: int | None = DIGITS, delimiter: str = ",") -> Iterator[bytes]:
    """Yield what `write_table` writes to a csv file of batches of rows.

    Examples
    --------
    >>> print(b"".join(csv_pieces([{"id": ["a"], "share": [2 / 3]}, {"id": ["b"], "share": [1.0]}])).decode(), end="")
    id,share
    a,0.666667
    b,1.0
    """
    for number, columns in enumerate(batches):
        rows = (["" if value is None else value for value in row] for row in _rows(columns, digits))
        lines = [csv_line(row, delimiter) for row in (rows if number else itertools.chain([columns], rows))]
        yield "".join(lines).encode("utf-8", "replace")


def _rows(columns: Columns, digits: int | None) -> Iterator[tuple[Any, ...]]:
    return zip(*(_plain(values, digits) for values in columns.values()), strict=True)


def _plain(values: Sequence[Any], digits: int | None) -> list[Any]:
    """Return values as strings, whole numbers, floats of some digits, and None."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return values.tolist()
    return [
        value if not isinstance(value, float) else None if math.isnan(value) else _rounded(value, digits)
        for value in np.asarray(values, dtype=object).tolist()
        for value in [value.item() if isinstance(value, np.generic) else value]
    ]


def _rounded(value: float, digits: int | None) -> float:
    return value if digits is None else float(f"{value:.{digits}g}")


def _delimited(delimiter: str) -> Callable[[IO[bytes], Iterator[Columns], int | None], None]:
    def write(stream: IO[bytes], batches: Iterator[Columns], digits: int | None) -> None:
        stream.writelines(csv_pieces(batches, digits=digits, delimiter=delimiter))

    return write


_csv = _delimited(",")


def _json_lines(stream: IO[bytes], batches: Iterator[Columns], digits: int | None) -> None:
    for columns in batches:
        rows = (dict(zip(columns, row, strict=True)) for row in _rows(columns, digits))
        stream.write("".join(f"{json_text(row, indent=None)}\n" for row in rows).encode())


def _json(stream: IO[bytes], batches: Iterator[Columns], digits: int | None) -> None:
    before = "[\n"
    for columns in batches:
        for row in _rows(columns, digits):
            stream.write(f"{before}{json_text(dict(zip(columns, row, strict=True)), indent=None)}".encode())
            before = ",\n"
    stream.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _excel(stream: IO[bytes], batches: Iterator[Columns], digits: int | None) -> None:
    import xlsxwriter

    first = next(batches, {})
    if len(first) > EXCEL_COLUMNS:
        raise DataError(f"a sheet of Excel has {EXCEL_COLUMNS:,} columns, and this table {len(first):,}. Write .csv.")
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    try:
        _fill(book, itertools.chain([first], batches), first, digits)
    finally:
        book.close()  # after an error too: it closes a temporary file


def _fill(book: Any, batches: Iterable[Columns], first: Columns, digits: int | None) -> None:
    """Write batches of rows to a sheet, in columns as wide as the first rows need."""
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for j, (name, values) in enumerate(first.items()):
        longest = max(len(str(value)) for value in [name, *_plain(values[:100], digits)])
        sheet.set_column(j, j, min(longest, WIDEST) + 2)
    for j, name in enumerate(first):
        sheet.write_string(0, j, name, bold)
    i = 0
    for columns in batches:
        names = list(columns)
        for row in _rows(columns, digits):
            i += 1
            if i == EXCEL_ROWS:
                raise DataError(
                    f"a sheet of Excel has {EXCEL_ROWS:,} rows, and this table more. Write .csv or .parquet."
                )
            for j, value in enumerate(row):
                if isinstance(value, str):
                    _check_cell(value, names[j], i)
                    sheet.write_string(i, j, value.encode("utf-8", "replace").decode())
                elif value is not None:
                    sheet.write_number(i, j, value)


def _check_cell(value: str, column: str, row: int) -> None:
    if len(value) > EXCEL_CELL:
        raise DataError(
            f"row {row} of column {column!r} has {len(value):,} characters, and a cell of Excel {EXCEL_CELL:,}. "
            "Write .csv or .parquet."
        )


def _parquet(stream: IO[bytes], batches: Iterator[Columns], digits: int | None) -> None:
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as database:
        parts: list[str] = []

        def end_part() -> None:
            parts.append(str(Path(folder, f"{len(parts)}.parquet")))
            database.execute("copy result to ? (format parquet, compression zstd)", [parts[-1]])
            database.execute("truncate result")

        first = next(batches, {})
        names = ", ".join(f"{_named(name)} {_type(values)}" for name, values in first.items())
        database.execute(f"create table result ({names})")
        held = 0
        for columns in itertools.chain([first], batches):
            database.register("batch", {name: _column(values) for name, values in columns.items()})
            database.execute("insert into result select * from batch")
            held += len(next(iter(columns.values()), ()))
            if held >= PART:
                end_part()
                held = 0
        if held or not parts:
            end_part()
        if len(parts) > 1:
            whole = str(Path(folder, "whole.parquet"))
            database.execute("copy (from read_parquet(?)) to ? (format parquet, compression zstd)", [parts, whole])
            parts = [whole]
        with open(parts[0], "rb") as written:
            copyfileobj(written, stream)


def _named(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _type(values: Sequence[Any]) -> str:
    """Return the type of a column in SQL, by its first value."""
    first = next((value for value in values if value is not None), "")
    if isinstance(first, int | np.integer):
        return "bigint"
    return "double" if isinstance(first, float | np.floating) else "varchar"


def _column(values: Sequence[Any]) -> Any:
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return values
    return np.array(
        [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values],
        dtype=object,
    )


FORMATS: dict[str, Callable[[IO[bytes], Iterator[Columns], int | None], None]] = {
    ".tsv": _delimited("\t"),
    ".xlsx": _excel,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".json": _json,
}
