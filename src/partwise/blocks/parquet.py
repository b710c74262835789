"""Parquet files of triplets: row, column and value of each entry, both counted from 0."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from partwise.blocks.gathering import Entries
from partwise.blocks.stream import Stream, Work
from partwise.exceptions import DataError
from partwise.io.files import open_file
from partwise.matrix import Array
from partwise.tables.matrices import naming
from partwise.tables.numerals import text_sql
from partwise.tables.table import SETTINGS

COLUMNS = ("row", "column", "value")
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
STEP = 1 << 20
"""Triplets that are read at a time."""
ANEW = "Write it again."


def triplets(path: Path, work: Work) -> Stream | None:
    """Return the rows of a sparse matrix from its triplets in any order, or None if the file has other columns.

    Raises
    ------
    DataError
        If rows or columns are not integers of at least 0, or a value is missing.
    """
    open_file(path).close()
    link = work.folder / "triplets.parquet"
    link.symlink_to(path.absolute())  # a name without characters that DuckDB takes for a pattern
    read = f"read_parquet({text_sql(str(link))}, file_row_number=true)"
    with naming(path, ANEW):
        database = _database(work)
        types = {
            name.lower(): (f'"{name}"', kind)
            for name, kind in database.execute(
                f"select column_name, column_type from (describe from {read})"
            ).fetchall()
        }
        types.pop("file_row_number", None)
        if {*types} != {*COLUMNS}:
            return None
        row, column, value = (types[name][0] for name in COLUMNS)
        for name in COLUMNS[:2]:
            if types[name][1] not in INTEGERS:
                raise DataError(
                    f"{path}: {name} holds {types[name][1]}, but must hold integers: the number of the {name}, counted "
                    f"from 0. Number the {name}s first."
                )
        counted = f"count(*), count({row}), count({column}), count({value}), min({row}), min({column})"
        found = database.execute(f"select {counted}, max({row}), max({column}) from {read}").fetchall()[0]
    total, *filled, low_row, low_column, n, m = found
    if not total:
        raise DataError(f"{path} has no row. Give a file with at least one entry.")
    if min(filled) < total:
        name, count = next((name, count) for name, count in zip(COLUMNS, filled, strict=True) if count < total)
        raise DataError(f"{path}: {name} is missing in {total - count:,} of {total:,} rows. Leave these rows out.")
    if min(low_row, low_column) < 0:
        raise DataError(f"{path} has a row or column below 0. Count both from 0.")
    dtype = np.dtype(np.float32 if types["value"][1] == "FLOAT" else np.float64)

    def pieces() -> Iterator[Entries]:
        for begin in range(0, total, STEP):
            part = f"from {read} where file_row_number >= {begin} and file_row_number < {begin + STEP}"
            with naming(path, ANEW):
                got = database.execute(f"select {row} r, {column} c, {value} v {part}").fetchnumpy()
            yield Entries(*(_plain(got[name]) for name in "rcv"))

    return Stream.gathered(pieces(), (n + 1, m + 1), dtype, total, str(path), work)


def _database(work: Work) -> Any:
    import duckdb

    limits = {"memory_limit": f"{max(work.max_memory >> 20, 64)}MiB", "temp_directory": str(work.folder)}
    return duckdb.connect(config={**SETTINGS, **limits})


def _plain(column: Any) -> Array:
    """Return a column without its mask; no value is missing."""
    return np.ma.getdata(column)
