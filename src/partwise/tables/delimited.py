"""Tables of lines: .csv, .tsv and .txt."""

import csv
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from partwise.exceptions import DataError
from partwise.tables.dialect import UNQUOTED, Record, find_dialect, records
from partwise.tables.format import Format
from partwise.tables.numerals import text_sql
from partwise.tables.source import Source
from partwise.tables.table import Table

__all__ = ["Delimited"]

LONGEST = 1 << 28
"""Bytes of the longest row that is read."""


class Delimited(Table):
    """A table of a delimited file.

    Parameters
    ----------
    source : Source
        The file.
    header : bool or None
        Whether the first row holds the names; None: find out.
    places : sequence of int, default=None
        Row of a workbook that each record comes from.

    Attributes
    ----------
    dialect : Dialect
        How it is cut.
    """

    def __init__(
        self,
        source: Source,
        format: Format,
        folder: str,
        header: bool | None = True,
        threads: int | None = None,
        places: Sequence[int] | None = None,
    ) -> None:
        super().__init__(source.name, source.path, format, folder, source.notes, threads)
        self.dialect = find_dialect(source, format, header)
        self.places = places
        self._names = self._named()
        self._body, self._skip = self._cut(folder)

    @property
    def names(self) -> list[str]:
        """Names of the columns; ``column 3`` where there is none, but for the first."""
        return self._names

    @property
    def scan(self) -> str:
        """SQL of the rows, with all cells as text, the columns called f0, f1, ..."""
        cut = self.dialect
        columns = ", ".join(f"'f{i}': 'VARCHAR'" for i in range(cut.width))
        quote = text_sql(cut.quote)
        longest = min(os.path.getsize(self._body) + 1, LONGEST)
        long = f", max_line_size={longest}, buffer_size={max(32 << 20, 2 * longest)}" if self._long else ""
        sql = (
            f"select * from read_csv({text_sql(self._body)}, auto_detect=false, header=false, skip={self._skip}, "
            f"delim={text_sql(cut.delimiter)}, quote={quote}, escape={quote}, columns={{{columns}}}{long})"
        )
        return f"{sql} where f0 is not null" if cut.width == 1 else sql

    _long = False

    def select(self, cells: Sequence[tuple[str, str]]) -> str:
        """Return SQL that selects columns of the file, each under another name."""
        wanted = ", ".join(f"f{self._names.index(column)} as {name}" for column, name in cells)
        return f"select {wanted} from ({self.scan})"

    def run(self, sql: str) -> Any:
        """Run SQL that reads the file, again with more space if a row is very long."""
        try:
            return super().run(sql)
        except _LongRow:
            shorter, self._long = self.scan, True
            return super().run(sql.replace(shorter, self.scan))

    def fault(self, error: Exception) -> DataError:
        """Return what is wrong: the first line that cannot be cut as the others are."""
        if "Maximum line size of" in str(error) and not self._long:
            return _LongRow(str(error))
        first, width = "the first line" if self.dialect.names is not None else "the first row", self.dialect.width
        line = self.dialect.skip
        try:
            for record in self._records():
                if len(record.cells) != width:
                    count = len(record.cells)
                    return DataError(
                        f"{self.name}, {self._place(record.line)}: {count:,} fields where {first} has {width:,}. "
                        "Put quotes around fields that hold the delimiter, or repair the line."
                    )
                line = record.last
        except csv.Error as wrong:
            return DataError(f"{self.name}, line {line + 1}: {wrong}. {UNQUOTED}")
        said = re.match(r"(.*)", str(error).strip())
        return DataError(f"{self.name} cannot be read: {said[1] if said else error}. {UNQUOTED}")

    def where(self, row: int) -> str:
        """Return the line of a row, counted from 0."""
        record = next(islice(self._records(), row, None), None)
        return f"row {row + 1}" if record is None else self._place(record.line)

    def _place(self, line: int) -> str:
        return f"line {line}" if self.places is None else f"row {self.places[line - 1]}"

    def _records(self) -> Iterator[Record]:
        with open(self.path, encoding="utf-8", newline="") as file:
            yield from records(file, self.dialect.delimiter, self.dialect.quote, self.dialect.skip)

    def _named(self) -> list[str]:
        cut = self.dialect
        if cut.names is None:
            return [f"column {i + 1}" for i in range(cut.width)]
        names = [name or (f"column {i + 1}" if i else "") for i, name in enumerate(cut.names)]
        seen: dict[str, int] = {}
        for i, name in enumerate(names):
            if name in seen:
                raise DataError(
                    f"{self.name} has two columns called {name!r}: columns {seen[name] + 1} and {i + 1}. Rename one."
                )
            seen[name] = i
        return names

    def _cut(self, folder: str) -> tuple[str, int]:
        """Return a file that begins at the first row or one line before, as DuckDB counts lines its own way."""
        with open(self.path, "rb") as file:
            lines = [file.readline() for _ in range(self.dialect.skip)]
            plain = not lines or (len(lines) == 1 and lines[0].count(b'"') % 2 == 0 and lines[0].strip())
            if plain:
                return self.path, len(lines)
            body = os.path.join(folder, "body")
            with open(body, "wb") as written:
                shutil.copyfileobj(file, written)
        return body, 0


class _LongRow(DataError):
    """A row is longer than DuckDB takes unasked."""
