"""A table: columns by name, over DuckDB, in the order of the file."""

import re
import shutil
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from partwise.caching import cached_property
from partwise.exceptions import DataError, likely
from partwise.tables.dates import parse_times
from partwise.tables.format import Format
from partwise.tables.numerals import decimal_mark, is_number, number_sql, text_sql
from partwise.tables.times import Times

__all__ = ["Table", "quoted_names"]

SHOWN = 12
"""Names of columns that an error lists."""
STRANGE = 10_000
"""How many cells that are not plain numbers are examined."""
READERS = 4
"""Threads that read a file within some memory."""
PIECE = 20_000
"""Rows that are read at a time."""
SAMPLE = 200
"""Rows that a guess rests on."""
SETTINGS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|BOOLEAN|DECIMAL.*")
"""DuckDB's types of numbers."""


def quoted_names(names: Sequence[str]) -> str:
    """Return names for an error.

    Examples
    --------
    >>> quoted_names(["a", "b"]), quoted_names("abcdefghijklmnop")[-14:]
    ("'a', 'b'", "'l' and 4 more")
    """
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more


class Table(ABC):
    """A table of a file; a column is read when it is asked for. Use it in a ``with``: it keeps temporary files.

    Parameters
    ----------
    name : str
        The file, as errors name it.
    path : str
        Where DuckDB finds it.
    format : Format
        What the user says of it.
    folder : str
        For temporary files; it is removed at the end.
    notes : list of str
        What was guessed so far.
    threads : int, default=None
        How many threads read. By default one for each core.

    Attributes
    ----------
    names : list of str
        Names of the columns, all different; only that of the first can be empty.
    index : list of str
        Columns that the file itself marks as names of rows.
    notes : list of str
        What was guessed, one line each.
    delimiter : str
        Between the cells of a delimited file; empty in other formats.
    """

    def __init__(
        self, name: str, path: str, format: Format, folder: str, notes: list[str], threads: int | None = None
    ) -> None:
        import duckdb

        self.name, self.path, self.format, self.notes = name, path, format, notes
        self.index: list[str] = []
        self.delimiter = ""
        self._database = duckdb.connect(config={**SETTINGS, "temp_directory": folder})
        if threads is not None:
            self._database.execute(f"set threads = {int(threads)}")
        self._end = weakref.finalize(self, _remove, self._database, folder)
        self._kept: dict[str, tuple[str, str, str]] = {}  # DuckDB's table, column and type of each column read
        self._rows: int | None = None
        self._held = False

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Names of the columns."""

    @abstractmethod
    def select(self, cells: Sequence[tuple[str, str]]) -> str:
        """Return SQL that selects columns of the file, each under another name."""

    @abstractmethod
    def where(self, row: int) -> str:
        """Return the place of a row, counted from 0, as errors name it."""

    @abstractmethod
    def fault(self, error: Exception) -> DataError:
        """Return what is wrong with a file that DuckDB refuses."""

    def __enter__(self) -> "Table":
        """Return the table."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the table and remove its temporary files."""
        self._end()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        if self._rows is None:
            if not self._kept:
                self.keep(self.names[:1])
            source = next(iter(self._kept.values()))[0]
            self._rows = int(self._database.execute(f"select count(*) from {source}").fetchall()[0][0])
        return self._rows

    @cached_property
    def at(self) -> dict[str, int]:
        """Where each column stands in the file, counted from 0."""
        return {name: i for i, name in enumerate(self.names)}

    def has(self, column: str) -> bool:
        """Tell whether there is a column of a name."""
        return column in self.at

    def require(self, column: str) -> None:
        """Refuse a name that no column has."""
        if not self.has(column):
            by_lower = {name.lower(): name for name in self.names}
            hint = likely(column.lower(), by_lower)
            hint = re.sub(r"'(.*)'", lambda found: repr(by_lower.get(found[1], found[1])), hint)
            raise DataError(f"{self.name} has no column {column!r}; it has {quoted_names(self.names)}.{hint}")

    def keep(self, columns: Sequence[str]) -> None:
        """Read columns in one pass over the file."""
        wanted = [column for column in dict.fromkeys(columns) if column not in self._kept]
        if not wanted:
            return
        for column in wanted:
            self.require(column)
        kept = f"kept{len(self._kept)}"
        under = [(column, f"c{len(self._kept) + i}") for i, column in enumerate(wanted)]
        self.run(f"create temp table {kept} as {self.select(under)}")
        types = [str(found[1]) for found in self._database.execute(f"select * from {kept} limit 0").description or ()]
        self._kept |= {column: (kept, cell, kind) for (column, cell), kind in zip(under, types, strict=True)}

    def column(self, name: str) -> tuple[str, str]:
        """Return a DuckDB table that holds a column, in the order of the file by ``rowid``, and the column in it."""
        self.keep([name])
        return self._kept[name][:2]

    def query(self, sql: str) -> dict[str, Any]:
        """Return the columns of a query over tables that `column` names, as arrays; masked where NULL."""
        return self._database.execute(sql).fetchnumpy()

    def run(self, sql: str) -> Any:
        """Run SQL that reads the file; what DuckDB refuses is told as an error of the file."""
        import duckdb

        try:
            return self._database.execute(sql)
        except duckdb.OutOfMemoryException as error:
            if self._held:
                self._held = False
                self._database.execute("reset memory_limit")
                return Table.run(self, sql)
            raise DataError(f"{self.name} does not fit into memory: {error}. Give a smaller file.") from error
        except duckdb.Error as error:
            raise self.fault(error) from error

    def texts(self, column: str) -> list[str | None]:
        """Return the cells of a column as text, None where they are empty."""
        source, _ = self.column(column)
        found = self.query(f"select {self._text(column)} c from {source}")["c"]
        empty = np.ma.getmaskarray(found)
        return [None if none else text for text, none in zip(np.ma.getdata(found), empty, strict=True)]

    def piecewise(self, column: str) -> Iterator[str | None]:
        """Yield the cells of a column as `texts` returns them; one piece at a time is in memory."""
        source, _ = self.column(column)
        for first in range(0, self.n_rows, PIECE):
            rows = f"rowid between {first} and {first + PIECE - 1} order by rowid"
            found = self.query(f"select {self._text(column)} c from {source} where {rows}")["c"]
            empty = np.ma.getmaskarray(found)
            yield from (None if none else text for text, none in zip(np.ma.getdata(found), empty, strict=True))

    def hold(self, memory: str) -> None:
        """Keep columns on disk beyond so much memory, such as ``1GiB``, as far as the file can be read within it."""
        threads = self._database.execute("select current_setting('threads')").fetchall()[0][0]
        self._database.execute(f"set threads = {min(int(threads), READERS)}")  # each has space of its own
        self._database.execute(f"set memory_limit = {text_sql(memory)}")
        self._held = True

    def numbers(self, column: str) -> np.ndarray:
        """Return the cells of a column as float64 of shape (n_rows,), NaN where they are unknown."""
        source, cell = self.column(column)
        number = f"{cell}::double" if self.is_numeric(column) else self._number(column, source, cell)
        found = self.query(f"select {number} x from {source}")["x"]
        return np.ma.filled(found.astype(np.float64), np.nan)

    def times(self, column: str, *, relative: bool = False) -> Times:
        """Return the dates and times of a column; with `relative` numbers may count seconds from any moment."""
        source, cell = self.column(column)
        plain = known = f"{cell}::varchar"
        if self._kept[column][2] == "VARCHAR":
            # Few cells have space around them, and DuckDB looks for it as long as it reads a number.
            bare = f"case when starts_with({cell}, ' ') or ends_with({cell}, ' ') then trim({cell}) else {cell} end"
            known = f"case when lower({bare}) not in ({self._words()}) then {bare} end"
            if any(re.search(r"\d", word) for word in self.format.missing):  # a date may be a word for none
                plain = known
        what = f"{self.name}, column {column!r}"
        form = self.format.date_format
        found = parse_times(self._database, source, plain, known, what, self.where, form, relative=relative)
        if found.note is not None:
            self.notes.append(f"{what}: {found.note}")
        return found

    def codes(self, column: str) -> tuple[list[str], np.ndarray]:
        """Return the different texts of a column in order of appearance, and for each row the index of its own.

        Space around a text does not count; the index of an empty cell is -1.
        """
        source, _ = self.column(column)
        text = self._text(column)
        self._database.execute(f"""
create or replace temp table ids as
with cells as (select {text} as cell, min(rowid) as i from {source} group by cell),
bare as (select *, nullif(trim(cell), '') as id from cells),
ids as (select id, row_number() over (order by min(i)) - 1 as code from bare where id is not null group by id)
select cell, id, code from bare join ids using (id)""")
        names = self.query("select any_value(id) as id from ids group by code order by code")["id"]
        found = self.query(f"select t.rowid as i, code from {source} t left join ids on {text} = ids.cell")
        codes = np.empty(len(found["i"]), dtype=np.int64)  # a join keeps no order
        codes[np.ma.getdata(found["i"])] = np.ma.filled(found["code"], -1)
        return list(names), codes

    def is_numeric(self, column: str) -> bool:
        """Tell whether the file says that a column holds numbers; text formats do not say."""
        self.keep([column])
        return NUMERIC.fullmatch(self._kept[column][2]) is not None

    def cells(self, columns: Sequence[str], kind: str = "varchar") -> str:
        """Return SQL of all cells of some columns, row by row, as one column called x."""
        under = [(column, f"c{i}") for i, column in enumerate(columns)]
        listed = ", ".join(f"{cell}::{kind}" for _, cell in under)
        return f"select unnest([{listed}]) x from ({self.select(under)})"

    def sample(self, columns: Sequence[str]) -> list[list[str]]:
        """Return the first rows of some columns, as text."""
        under = [(column, f"c{i}") for i, column in enumerate(columns)]
        listed = ", ".join(f"coalesce({cell}::varchar, '')" for _, cell in under)
        found = self.run(f"select [{listed}] from ({self.select(under)}) limit {SAMPLE}")
        return [row for (row,) in found.fetchall()]

    def wrong(self, cells: str, number: str, limit: int) -> dict[str, Any]:
        """Return the first cells `x` that are neither numbers nor words for unknown, and their places `i` from 0."""
        return self.run(
            f"select x, i - 1 i from (select x, row_number() over () i from ({cells})) "
            f"where x is not null and ({number}) is null and lower(trim(x)) not in ({self._words()}) limit {limit}"
        ).fetchnumpy()

    def label(self, column: str) -> str:
        """Return how errors name a column."""
        return f"column {column!r}"

    def no_number(self, row: int, column: str, cell: str, mark: str) -> DataError:
        """Return the error for a cell that is not a number."""
        cells = [other for (other,) in self.sample([column]) if other]
        place = f"{self.name}, {self.where(row)}, {self.label(column)}"
        if 2 * sum(not is_number(other) for other in cells) > len(cells) > 1:
            return DataError(
                f"{place}: {cell!r} is not a number, nor are most cells of the column. Give index_column={column!r} if "
                "it holds row names (several columns: separated by commas), or the columns of numbers as columns=..."
            )
        others = {",": " (the others have a decimal comma)", ".": ""}.get(mark, " (the others have a decimal point)")
        return DataError(f"{place}: {cell!r} is not a number{others}. Mend the cell, or leave it empty if unknown.")

    def _words(self) -> str:
        """Return SQL for the words for unknown, in lower case."""
        return ", ".join(text_sql(word.lower()) for word in ("", *self.format.missing))

    def _text(self, column: str) -> str:
        """Return SQL for the cells of a column as text: 7.0 of a column of numbers is 7, as in other files."""
        cell, kind = self._kept[column][1:]
        if kind not in ("DOUBLE", "FLOAT"):
            return f"{cell}::varchar"
        whole = f"{cell} = trunc({cell}) and abs({cell}) < 1e15"
        return f"case when isnan({cell}) then null when {whole} then {cell}::bigint::varchar else {cell}::varchar end"

    def _number(self, column: str, source: str, cell: str) -> str:
        """Return SQL for the numbers in a column of text, if all other cells are words for unknown."""
        if self._kept[column][2] != "VARCHAR":
            raise DataError(f"{self.name}: {self.label(column)} holds {self._kept[column][2]}, not numbers.")
        cells = f"select {cell} x from {source} order by rowid"
        return number_sql(cell, self.mark(cells, [column], f"{self.name}, {self.label(column)}"))

    def mark(self, cells: str, columns: Sequence[str], place: str) -> str:
        """Return how the numbers in some cells are written, as `decimal_mark` tells it; refuse a cell that is none.

        `cells` is SQL of the cells of `columns`, row by row, as one column called x.
        """
        mark, tried = "," if self.format.decimal == "," else ".", {"."}
        while True:
            tried.add(mark)
            found = self.wrong(cells, number_sql("x", mark), STRANGE)
            if not len(found["x"]):
                return mark
            better = decimal_mark(list(found["x"]), self.format.decimal, place)
            if better in tried:
                row, column = divmod(int(found["i"][0]), len(columns))
                raise self.no_number(row, columns[column], found["x"][0], mark)
            mark = better


def _remove(database: Any, folder: str) -> None:
    database.close()
    shutil.rmtree(folder, ignore_errors=True)
