"""Tables of lines: .csv, .tsv and .txt."""

import csv
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from partwise import caching
from partwise.exceptions import DataError
from partwise.tables.dialect import UNQUOTED, Record, find_dialect, records
from partwise.tables.format import Format
from partwise.tables.numerals import is_number, text_sql
from partwise.tables.source import BLOCK, Source
from partwise.tables.table import Table

__all__ = ["Delimited"]

WIDE = 64
"""Fewest columns at which lines are cut by `string_split`, if possible."""
LIMIT = " /* longest row */"
"""Where the length of the longest row is put."""
RAGGED = "another number of cells"
LONGEST = 1 << 28
"""Longest row that is read, in bytes."""


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
        self.delimiter = self.dialect.delimiter
        self._stretched = False
        self.places = places
        self._names = self._named()
        self._body, self._skip = self._cut(folder)

    @property
    def names(self) -> list[str]:
        """Names of the columns; ``column 3`` where there is none, but for the first."""
        return self._names

    def keep(self, columns: Sequence[str]) -> None:
        """Read columns in one pass over the file; at the first time, look for rows that an open quote swallowed."""
        first = not self._kept
        super().keep(columns)
        if (
            first
            and self._kept
            and self.dialect.quote
            and self.dialect.width > 1
            and not self._in_lines
            and self._has_breaks()
        ):
            self._refuse_swallowed()

    def _has_breaks(self) -> bool:
        """Tell whether there are more lines than rows, as where cells hold line breaks."""
        with open(self._body, "rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
        return lines > self.n_rows + self._skip

    def _refuse_swallowed(self) -> None:
        """Refuse a cell of several lines if each line is a row: its quote was left open, and another closed it.

        If no column of numbers shows that these lines are rows, it adds a note instead.
        """
        cut, mark = self.dialect, text_sql(self.dialect.delimiter)
        cells = ", ".join(f"coalesce(f{i}, '')" for i in range(cut.width))
        rows = f"select row_number() over () - 1 i, string_split(concat_ws({mark}, {cells}), chr(10)) x"
        found = self.run(
            f"select i, x from ({rows} from ({self._columns()})) where len(x) > 1 and "
            f"len(list_filter(x, lambda line: len(string_split(line, {mark})) = {cut.width})) = len(x) limit 100"
        ).fetchall()
        for i, lines in found:
            columns = zip(*(line.split(cut.delimiter) for line in lines), strict=True)
            place = (
                f"{self.name}, {self.where(i)}: a quoted cell holds {len(lines):,} lines, each with {cut.width:,} cells"
            )
            if any(all(map(is_number, column)) for column in columns):
                raise DataError(f"{place}: rows, it seems. {UNQUOTED}")
        if found:
            self.notes.append(f"{place}; if these are rows, close the quote in the first")

    def select(self, cells: Sequence[tuple[str, str]]) -> str:
        """Return SQL that selects columns of the file, each under another name."""
        where = [(self.at[column], name) for column, name in cells]
        if self._in_lines:
            wanted = ", ".join(f"nullif(trim(f[{i + 1}], '{self._quoted}'), '') as {name}" for i, name in where)
            return f"select {wanted} from ({self._lines()})"
        wanted = ", ".join(f"f{i} as {name}" for i, name in where)
        return f"select {wanted} from ({self._columns()})"

    def cells(self, columns: Sequence[str], kind: str = "varchar") -> str:
        """Return SQL of all cells of some columns, row by row, as one column called x."""
        where = [self.at[column] + 1 for column in columns]
        if not self._in_lines:
            return super().cells(columns, kind)
        together = where == [*range(where[0], where[-1] + 1)]
        cut = f"f[{where[0]}:{where[-1]}]" if together else f"list_select(f, {where})"
        bare = "trim(y, '\"')" if self._quoted else "y"
        return f"select {bare} x from (select unnest({cut}) y from ({self._lines()}))"

    def sample(self, columns: Sequence[str]) -> list[list[str]]:
        """Return the first rows of some columns, as text."""
        where = [self.at[column] for column in columns]
        rows = [row for row in self.dialect.sample if len(row) == self.dialect.width]
        return [[row[i] for i in where] for row in rows]

    def _columns(self) -> str:
        """Return SQL of the rows, whose columns are called f0, f1, ..."""
        cut = self.dialect
        columns = ", ".join(f"'f{i}': 'VARCHAR'" for i in range(cut.width))
        sql = f"select * from {self._scan(cut.delimiter, cut.quote, columns)}"
        return f"{sql} where f0 is not null" if cut.width == 1 else sql

    def _lines(self) -> str:
        """Return SQL of the rows, each as a list f of cells: for hundreds of columns that is far quicker."""
        cut = self.dialect
        scan = self._scan("\x01", "", "'line': 'VARCHAR'")
        split = f"select string_split(line, {text_sql(cut.delimiter)}) f from {scan} where line is not null"
        return f"select case when len(f) = {cut.width} then f else error('{RAGGED}') end f from ({split})"

    @caching.cached_property
    def _in_lines(self) -> bool:
        """Tell whether there are many columns, and no quoted cell that holds a delimiter, a quote or a line's end."""
        cut = self.dialect
        if cut.width <= WIDE or not self._quoted:
            return cut.width > WIDE
        cell = re.escape(cut.delimiter) + f'"[^"{re.escape(cut.delimiter)}]*"'
        left = f"regexp_replace({text_sql(cut.delimiter)} || line, {text_sql(cell)}, '', 'g')"
        return not self._any_line(f"contains(line, '\"') and contains({left}, '\"')")

    @caching.cached_property
    def _quoted(self) -> str:
        """The quote around some cells of a table with many columns; empty if there is none."""
        quote = self.dialect.quote
        return quote if quote and self._any_line(f"contains(line, {text_sql(quote)})") else ""

    def _any_line(self, test: str) -> bool:
        scan = self._scan("\x01", "", "'line': 'VARCHAR'")
        return bool(self.run(f"select line from {scan} where {test} limit 1").fetchall())

    def _scan(self, delimiter: str, quote: str, columns: str) -> str:
        marks = f"delim={text_sql(delimiter)}, quote={text_sql(quote)}, escape={text_sql(quote)}"
        return (
            f"read_csv({text_sql(self._body)}, auto_detect=false, header=false, skip={self._skip}, {marks}, "
            f"columns={{{columns}}}{LIMIT})"
        )

    def run(self, sql: str) -> Any:
        """Run SQL that reads the file, again with more space if a row is very long."""
        longest = min(os.path.getsize(self._body) + 1, LONGEST)
        limit = f", max_line_size={longest}, buffer_size={max(32 << 20, 2 * longest)}"
        if not self._stretched:
            try:
                return super().run(sql.replace(LIMIT, ""))
            except _LongRow:
                self._stretched = True
        return super().run(sql.replace(LIMIT, limit))

    def fault(self, error: Exception) -> DataError:
        """Return what is wrong: the first line that cannot be cut as the others are."""
        if "Maximum line size of" in str(error) and not self._stretched:
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

    def label(self, column: str) -> str:
        """Return how errors name a column: by its number if it has no name."""
        i = self.at[column]
        return f"column {column!r}" if self.dialect.names is not None and self.dialect.names[i] else f"column {i + 1}"

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
    """A row is longer than DuckDB reads by default."""
