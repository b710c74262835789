"""Columns of numbers as one array."""

from collections.abc import Sequence

import numpy as np

from partwise.tables.numerals import TWOFOLD, number_sql, text_sql, twofold
from partwise.tables.parquet import Parquet
from partwise.tables.table import Table

__all__ = ["matrix_of"]


def matrix_of(table: Table, columns: Sequence[str]) -> np.ndarray:
    """Return columns of a table as float64 of shape (n_rows, n_columns), NaN where a cell is unknown.

    Raises
    ------
    DataError
        If a cell is neither a number nor a word for unknown, or can be read as two numbers.
    """
    if isinstance(table, Parquet):
        table.refuse_text(columns)
        return _numbers(table, f"select x v from ({table.cells(columns, 'double')})").reshape(-1, len(columns))
    cells, usual = table.cells(columns), "," if table.format.decimal == "," else "."
    if table.format.decimal is None and table.delimiter == ";":
        _refuse_twofold(table, cells, columns)
    found = _numbers(table, f"select {number_sql('x', usual)} v from ({cells})")
    mark = table.mark(cells, columns, table.name) if np.isnan(found).any() else usual
    if mark != usual:
        found = _numbers(table, f"select {number_sql('x', mark)} v from ({cells})")
    return found.reshape(-1, len(columns))


def _numbers(table: Table, sql: str) -> np.ndarray:
    """Return the column v of a query, NaN where it is NULL, without a copy."""
    found = table.run(sql).fetchnumpy()["v"]
    numbers = np.ma.getdata(found)
    if np.ma.is_masked(found):
        numbers[found.mask] = np.nan
    return numbers


def _refuse_twofold(table: Table, cells: str, columns: Sequence[str]) -> None:
    """Refuse numbers such as 1.234 between semicolons, if nothing tells thousands from decimals."""
    pointed = [cell.strip() for row in table.sample(columns) for cell in row if "." in cell]
    if not pointed or not all(map(TWOFOLD.fullmatch, pointed)):
        return
    others = (
        rf"contains(x, ',') or regexp_matches(x, '\d\d\d\d') or (contains(x, '.') and not {_matches(TWOFOLD.pattern)})"
    )
    if not len(table.run(f"select x from ({cells}) where {others} limit 1").fetchnumpy()["x"]):
        raise twofold(pointed[0], table.name)


def _matches(pattern: str) -> str:
    return f"regexp_full_match(trim(x), {text_sql(pattern)})"
