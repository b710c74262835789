"""Tables of JSON: one object per line, or a list of objects."""

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from partwise.exceptions import DataError
from partwise.tables.format import Format
from partwise.tables.numerals import text_sql
from partwise.tables.source import Source
from partwise.tables.table import Table

__all__ = ["JsonTable"]

LIMIT = " /* largest record */"
"""Where the size of the largest record is put."""
USUAL, LARGEST = 16 << 20, 1 << 30
"""Largest record, in bytes: in nearly all files, and the most that is read."""
FIRST = 1000
"""How many records are examined for names before all of them."""


class JsonTable(Table):
    """A table of JSON lines, or of a list of objects in a ``.json`` file."""

    def __init__(self, source: Source, format: Format, folder: str, threads: int | None = None) -> None:
        super().__init__(source.name, source.path, format, folder, source.notes, threads)
        self._folder = folder
        self._list = source.kind == ".json" and _begins_with(source.path, b"[")
        self._first = dict.fromkeys(name for _, row in islice(self._rows_of(), FIRST) for name in row)
        self._mended = self._stretched = False
        self._names: list[str] | None = None
        if not self._first and not self.names:
            raise DataError(f"{self.name} is empty. Give a file with at least one row of data.")

    @property
    def names(self) -> list[str]:
        """Names of all fields, in order of appearance."""
        if self._names is None:
            keys = f"select json_keys(json) k, row_number() over () i from {self._objects}"
            found = self.run(
                "select n from (select unnest(k) n, generate_subscripts(k, 1) j, i from "
                f"(select k, min(i) i from ({keys}) group by k)) group by n order by min((i, j))"
            )
            self._names = [name for (name,) in found.fetchall()]
        return self._names

    @property
    def _objects(self) -> str:
        kind = "array" if self._list else "newline_delimited"
        return f"read_json_objects({text_sql(self.path)}, format='{kind}'{LIMIT})"

    def has(self, column: str) -> bool:
        """Tell whether any record has a field of a name."""
        return column in self._first or column in self.names

    def select(self, cells: Sequence[tuple[str, str]]) -> str:
        """Return SQL that selects fields of the records, each under another name."""
        wanted = ", ".join(
            f"json_extract_string(json, {text_sql(_pointer(column))}) as {name}" for column, name in cells
        )
        return f"select {wanted} from {self._objects}"

    def where(self, row: int) -> str:
        """Return the line of a record, counted from 0; of a list, its number."""
        return f"line {next(islice(self._rows_of(), row, None))[0]}" if not self._list else f"record {row + 1}"

    def keep(self, columns: Sequence[str]) -> None:
        """Read fields in one pass over the file; one that holds a list or an object is refused."""
        new = [column for column in columns if column not in self._kept]
        super().keep(columns)
        for column in new:
            source, cell = self.column(column)
            if len(self.query(f"select rowid from {source} where {cell}[1] in ('[', '{{') limit 1")["rowid"]):
                self._refuse_nested(column)

    def run(self, sql: str) -> Any:
        """Run SQL that reads the file; with more space for a large record, or on a mended copy.

        A copy is mended if Python understands what DuckDB does not.
        """
        try:
            return super().run(self._limited(sql))
        except _LargeRecord:
            self._stretched = True
            return self.run(sql)
        except _Mendable:
            before = text_sql(self.path)
            self._mend()
            return super().run(self._limited(sql).replace(before, text_sql(self.path)))

    def _limited(self, sql: str) -> str:
        """Return SQL with the size of the largest record; DuckDB takes several times as much space for each thread."""
        size = max(USUAL, min(os.path.getsize(self.path) + 1, LARGEST)) if self._stretched else USUAL
        return sql.replace(LIMIT, f", maximum_object_size={size}")

    def fault(self, error: Exception) -> DataError:
        """Return what is wrong: the first line that is not a JSON object."""
        if "maximum_object_size" in str(error) and not self._stretched:
            return _LargeRecord(str(error))
        try:
            for _ in self._rows_of():
                pass
        except DataError as wrong:
            return wrong
        if not self._mended:
            return _Mendable(str(error))
        return DataError(f"{self.name} cannot be read: {str(error).partition(chr(10))[0]} Write one object per line.")

    def _refuse_nested(self, column: str) -> None:
        for i, (_, row) in enumerate(self._rows_of()):
            if isinstance(row.get(column), list | dict):
                kind = "list" if isinstance(row[column], list) else "nested object"
                raise DataError(
                    f"{self.name}, {self.where(i)}: field {column!r} holds a {kind}. Give a field of plain text."
                )

    def _mend(self) -> None:
        """Write the records again: half a surrogate pair becomes the replacement character, and NaN becomes null."""
        path = os.path.join(self._folder, "mended")
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for _, row in self._rows_of():
                file.write(json.dumps(_paired(row), ensure_ascii=False) + "\n")
        self.path, self._list, self._mended = path, False, True

    def _rows_of(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the line and the fields of each record; lines end at line feeds alone."""
        with open(self.path, encoding="utf-8", newline="\n") as file:
            if self._list:
                rows = self._parsed(file.read(), 1)
                yield from ((i + 1, self._object(row, i + 1)) for i, row in enumerate(rows))
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, self._object(self._parsed(line, number), number)

    def _parsed(self, text: str, line: int) -> Any:
        try:
            return json.loads(text, object_pairs_hook=self._unique)
        except DataError as error:
            raise DataError(f"{self.name}, line {line}: {error}") from None
        except (ValueError, RecursionError) as error:
            way_out = "Mend the list." if self._list else "Write one JSON object on each line."
            raise DataError(
                f"{self.name}, line {line} is not JSON ({getattr(error, 'msg', error)}). {way_out}"
            ) from error

    def _object(self, row: Any, line: int) -> dict[str, Any]:
        if not isinstance(row, dict):
            place = f"record {line}" if self._list else f"line {line}"
            raise DataError(
                f"{self.name}, {place} is JSON, but not an object. "
                'Write one object on each line, such as {"id": "a1", "text": "..."}.'
            )
        return row

    @staticmethod
    def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"there are two fields called {twice!r}. Rename one.")
        return found


class _LargeRecord(DataError):
    """A record is larger than DuckDB reads by default."""


class _Mendable(DataError):
    """DuckDB refuses a file that Python can read."""


def _pointer(name: str) -> str:
    """Return the JSON pointer of a field."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _begins_with(path: str, character: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(1 << 16).lstrip().startswith(character)


def _paired(value: Any) -> Any:
    """Return a value with pairs of half characters as whole ones, and with None for NaN."""
    if isinstance(value, dict):
        return {_paired(name): _paired(held) for name, held in value.items()}
    if isinstance(value, list):
        return [*map(_paired, value)]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return None if value != value else value
