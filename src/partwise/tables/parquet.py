"""Tables of Parquet files, whose columns have types."""

import json
from collections import Counter
from collections.abc import Sequence

from partwise.exceptions import DataError
from partwise.tables.format import Format
from partwise.tables.numerals import text_sql
from partwise.tables.table import NUMERIC, Table

__all__ = ["Parquet"]


class Parquet(Table):
    """A table of a Parquet file; `index` are the columns of pandas' index."""

    def __init__(self, name: str, path: str, format: Format, folder: str, threads: int | None = None) -> None:
        super().__init__(name, path, format, folder, [], threads)
        schema = self.run(f"select name, num_children from parquet_schema({text_sql(path)})").fetchall()
        self._names = _top(schema)
        twice = next((name for name, times in Counter(self._names).items() if times > 1), None)
        if twice is not None:
            raise DataError(f"{name} has two columns called {twice!r}. Rename one.")
        written = self.run(f"select value from parquet_kv_metadata({text_sql(path)}) where key = 'pandas'").fetchall()
        if written:
            self.index = [column for column in _index(bytes(written[0][0])) if column in self._names]

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return self._names

    def select(self, cells: Sequence[tuple[str, str]]) -> str:
        """Return SQL that selects columns of the file, each under another name."""
        under = ", ".join(f"f{i}" for i in range(len(self._names)))
        wanted = ", ".join(f"f{self.at[column]} as {name}" for column, name in cells)
        return f"select {wanted} from read_parquet({text_sql(self.path)}, hive_partitioning=false) as t({under})"

    def refuse_text(self, columns: Sequence[str]) -> None:
        """Refuse columns that do not hold numbers."""
        under = [(column, f"c{i}") for i, column in enumerate(columns)]
        found = self.run(f"{self.select(under)} limit 0").description
        for column, kind in zip(columns, (str(kind[1]) for kind in found), strict=True):
            if not NUMERIC.fullmatch(kind):
                raise DataError(
                    f"{self.name}: column {column!r} holds {kind}, no numbers. Drop or encode the column, or give the "
                    f"others with columns=..."
                )

    def where(self, row: int) -> str:
        """Return the number of a row, counted from 0."""
        return f"row {row + 1}"

    def fault(self, error: Exception) -> DataError:
        """Return what is wrong with a damaged file."""
        said = str(error).partition("\n")[0].replace(self.path, self.name).rstrip(".")
        return DataError(f"{self.name} cannot be read: {said}. Write it again, or export it as csv.")


def _top(schema: Sequence[tuple[str, int | None]]) -> list[str]:
    """Return the names of the columns, without the fields inside them and the root that holds all."""
    names, inside = [], 0
    for name, children in schema[1:]:
        if inside == 0:
            names.append(name)
        else:
            inside -= 1
        inside += children or 0
    return names


def _index(metadata: bytes) -> list[str]:
    """Return the columns that pandas wrote its index to; a range of numbers is in none."""
    try:
        found = json.loads(metadata)["index_columns"]
    except (ValueError, KeyError, TypeError):
        return []
    return [column for column in found if isinstance(column, str)]
