"""The column of a table that holds row names."""

import re
from collections.abc import Sequence
from itertools import pairwise

from partwise.tables.delimited import Delimited
from partwise.tables.dialect import ID_NAME
from partwise.tables.format import NO_COLUMN
from partwise.tables.numerals import is_number, is_unknown
from partwise.tables.table import Table

__all__ = ["PANDAS_INDEX", "index_of"]

FEW = 5
"""Fewest rows at which rising numbers count as a sign of row names; fewer can rise by chance."""
NAMELESS = re.compile(r"|unnamed: ?0(\.\d+)*|level_0|index|ids?|keys?|names?|rows?|samples?", re.IGNORECASE)
"""Names of a first column that surely holds row names."""
PANDAS_INDEX = re.compile(r"Unnamed: ?0(\.\d+)*")
"""Names of an index of pandas that was written to csv without a name and read again, perhaps many times."""
LIKE_NUMBERS = re.compile(r"[$\u20ac\u00a3<>~]\s*[\d.,\s]+|[\d.,\s]+[%$\u20ac\u00a3]|true|false|yes|no", re.IGNORECASE)
"""Cells that are not numbers, but may be meant as numbers."""
LEADING_ZERO = re.compile(r"0\d+")
DAY = re.compile(r"(1[89]|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


def index_of(table: Table, columns: Sequence[str]) -> list[str]:
    """Return the columns that hold row names, mostly one or none; a guess is added to the notes of the table.

    Parameters
    ----------
    table : Table
        The table.
    columns : sequence of str
        Columns that the user asked for as data, by their full names.
    """
    asked = table.format.index_column
    if asked is not None:
        if asked == NO_COLUMN:
            return []
        levels = [asked] if table.has(asked) else [name.strip() for name in asked.split(",")]
        for name in levels:
            table.require(name)
        return levels
    if table.index:
        return table.index
    first = next((name for i, name in enumerate(table.names[:-1]) if not _blank(table, i)), table.names[0])
    if len(table.names) < 2 or first in columns:
        return []
    if isinstance(table, Delimited) and table.dialect.short:
        return [first]
    return [first] if _names_rows(table, first) else []


def _blank(table: Table, place: int) -> bool:
    """Return whether a column has neither name nor content, as one to the left of a table in a sheet."""
    if not isinstance(table, Delimited) or (table.dialect.names and table.dialect.names[place]):
        return False
    name = table.names[place]
    filled = any(cell.strip() for (cell,) in table.sample([name]))
    return not filled and not any(cell and cell.strip() for cell in table.texts(name))


def _names_rows(table: Table, first: str) -> bool:
    cells = [cell.strip() for cell in table.texts(first) if not is_unknown(cell, table.format.missing) and cell]
    if not cells:
        return first == ""
    words = sum(not is_number(cell) for cell in cells)
    if words and table.is_numeric(first):  # true and false of Parquet
        return False
    headed = not isinstance(table, Delimited) or table.dialect.names is not None
    distinct = len({*cells}) == len(cells)
    if words == len(cells) and distinct and all(map(LIKE_NUMBERS.fullmatch, cells)):
        return _told(table, first, "are not plain numbers")
    if words == len(cells):
        return _told(table, first, "are not all different") if not distinct else True
    if words * 2 > len(cells):
        return _told(table, first, f"are mostly words ({words:,} of {len(cells):,})")
    if words:
        return False
    if headed and NAMELESS.fullmatch(first):
        return True if distinct else _told(table, first, "are not all different")
    others = [name for name in table.names if name != first]
    if any(map(LEADING_ZERO.fullmatch, cells)) and not any(
        LEADING_ZERO.fullmatch(cell.strip()) for row in table.sample(others) for cell in row
    ):
        return _told(table, first, "begin with zeros")
    whole = all(re.fullmatch(r"[+-]?\d+(\.0*)?", cell) for cell in cells)
    if headed and ID_NAME.fullmatch(first) and (whole or _rises(cells)):
        return _told(table, first, "and name look like ids or dates")
    if not (whole and distinct and len(cells) >= FEW):
        return False
    return _by_numbers(table, first, others, cells)


def _by_numbers(table: Table, first: str, others: Sequence[str], cells: list[str]) -> bool:
    """Decide by the other columns whether different whole numbers, under a name that does not help, are row names."""
    beside = [column for column in zip(*table.sample(others), strict=True) if all(is_number(cell) for cell in column)]
    if all(map(DAY.fullmatch, cells)):
        return _told(table, first, "look like dates")
    if _rises(cells) and 2 * sum(map(_rises, beside)) < len(beside):
        return _told(table, first, "rise from row to row, unlike the other columns")
    largest = max((abs(_number(cell)) for column in beside for cell in column), default=0.0)
    if largest and min(abs(_number(cell)) for cell in cells) > 100 * largest:
        return _told(table, first, "are different whole numbers, far larger than all others")
    alike = sum(len({*column}) == len(column) and all(map(str.isdecimal, column)) for column in beside)
    if 2 * alike < len(beside):
        table.notes.append(
            f"{table.name}: {table.label(first)} holds different whole numbers, and was read as data; "
            f"give index_column={first!r} if they are row names"
        )
    return False


def _told(table: Table, first: str, why: str) -> bool:
    table.notes.append(
        f"{table.name}: {table.label(first)} was read as names of rows, not as data: its cells {why}; "
        f"give index_column={NO_COLUMN!r} if they are data"
    )
    return True


def _rises(cells: Sequence[str]) -> bool:
    numbers = [_number(cell) for cell in cells]
    return all(a < b for a, b in pairwise(numbers))


def _number(cell: str) -> float:
    """Return the number in a cell to compare it with others, with any marks."""
    digits = re.sub(r"[^\d.,eE+-]", "", cell).replace(",", ".")
    return float(digits) if digits.count(".") < 2 else float(digits.replace(".", ""))
