"""The rows of an uploaded file, one by one: a row that cannot be read does not hide the others."""

import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from partwise.exceptions import DataError
from partwise.tables import Format, open_table
from partwise.tables.dialect import UNQUOTED, find_dialect, records
from partwise.tables.format import plural
from partwise.tables.source import Source, text_source
from partwise.tables.table import quoted_names

__all__ = ["KINDS", "MOST_CHARACTERS", "MOST_ROWS", "Row", "rows_of"]

KINDS = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
MOST_ROWS, MOST_CHARACTERS = 500_000, 200_000_000
"""What a file may hold; a Parquet file of some kB can unfold to any number of equal rows."""


class Row(NamedTuple):
    """A row: its place in the file, and its cells, or why it cannot be read."""

    where: str
    cells: dict[str, Any]
    fault: str = ""


def rows_of(path: Path, columns: tuple[str, ...], notes: list[str]) -> Iterator[Row]:
    """Yield the rows of a table in a file; what is guessed is added to the notes.

    Parameters
    ----------
    path : Path
        A file whose ending is one of `KINDS`.
    columns : tuple of str
        The columns that are of use.
    notes : list of str
        What was guessed, one line each.

    Raises
    ------
    DataError
        If the whole file cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(_rows(path, columns, notes, folder)):
            if number == MOST_ROWS:
                raise _too_large(f"more than {plural(MOST_ROWS, 'row')}")
            yield row


def _rows(path: Path, columns: tuple[str, ...], notes: list[str], folder: str) -> Iterator[Row]:
    if path.suffix == ".parquet":
        return _typed(path, columns)
    source = text_source(path, Format(), folder)
    notes += source.notes
    if path.suffix == ".json":
        return _listed(source)
    return _lines(source) if path.suffix == ".jsonl" else _delimited(source)


def _too_large(has: str) -> DataError:
    return DataError(
        f"the file has {has}. An upload may have {MOST_ROWS:,} rows and {MOST_CHARACTERS:,} characters: cut it into "
        "several files."
    )


def _delimited(source: Source) -> Iterator[Row]:
    cut = find_dialect(source, Format(), True)
    names = cut.names or ()
    twice = next((name for i, name in enumerate(names) if name and name in names[:i]), None)
    if twice is not None:
        raise DataError(f"two columns are called {twice!r}. Rename one.")
    with open(source.path, encoding="utf-8", newline="") as file:
        last = cut.skip
        try:
            for record in records(file, cut.delimiter, cut.quote, cut.skip):
                where, last = f"line {record.line:,}", record.last
                if len(record.cells) != cut.width:
                    fault = f"{plural(len(record.cells), 'field')} where the first line has {cut.width:,}"
                    yield Row(where, {}, f"{fault}. Put quotes around fields that hold the delimiter.")
                else:
                    yield Row(where, dict(zip(names, record.cells, strict=True)))
        except csv.Error as error:
            yield Row(f"line {last + 1:,}", {}, f"{error}: nothing after it can be read. {UNQUOTED}")


def _lines(source: Source) -> Iterator[Row]:
    with open(source.path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _object(line, f"line {number:,}")


def _listed(source: Source) -> Iterator[Row]:
    with open(source.path, encoding="utf-8") as file:
        try:
            found = json.load(file)
        except (ValueError, RecursionError) as error:
            place = f"line {error.lineno:,}" if isinstance(error, json.JSONDecodeError) else "the file"
            raise DataError(f"{place} is not JSON ({getattr(error, 'msg', error)}). Mend it.") from error
    if not isinstance(found, list):
        raise DataError("the file is JSON, but not a list of objects. Write a list, or one object on each line.")
    for number, one in enumerate(found, 1):
        yield _checked(one, f"record {number:,}")


def _object(line: str, where: str) -> Row:
    try:
        return _checked(json.loads(line), where)
    except (ValueError, RecursionError) as error:
        return Row(where, {}, f"not JSON ({getattr(error, 'msg', error)}). Write one JSON object on each line.")


def _checked(one: Any, where: str) -> Row:
    return Row(where, one) if isinstance(one, dict) else Row(where, {}, 'JSON, but not an object such as {"id": 1}.')


def _typed(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    with open_table(path) as table:
        there = [column for column in table.names if column.strip().lower() in columns]
        if not there:
            needed = ", ".join(map(repr, columns[:2]))
            raise DataError(f"the columns {needed} are needed; the file has {quoted_names(table.names)}.")
        under = [(column, f"c{i}") for i, column in enumerate(there)]
        long = " + ".join(f"coalesce(sum(strlen({cell}::varchar)), 0)" for _, cell in under)
        size = f"select count(*), {long} from ({table.select(under)})"
        (n_rows, n_characters), *_ = table.run(size).fetchall()
        if n_rows > MOST_ROWS or n_characters > MOST_CHARACTERS:
            raise _too_large(f"{plural(n_rows, 'row')} and {n_characters:,} characters")
        table.keep(there)
        cells = [table.texts(column) for column in there]
    for number, row in enumerate(zip(*cells, strict=True), 1):
        yield Row(f"row {number:,}", dict(zip(there, row, strict=True)))
