"""Which column of a table names its rows."""

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
"""Rows from which on numbers that rise count as a sign; fewer rise by chance."""
NAMELESS = re.compile(r"|unnamed: ?0(\.\d+)*|level_0|index|ids?|keys?|names?|rows?|samples?", re.IGNORECASE)
"""What a first column is called that surely names the rows."""
PANDAS_INDEX = re.compile(r"Unnamed: ?0(\.\d+)*")
"""What an index of pandas is called that was written to csv without a name and read again, perhaps many times."""
LIKE_NUMBERS = re.compile(r"[$\u20ac\u00a3<>~]\s*[\d.,\s]+|[\d.,\s]+[%$\u20ac\u00a3]|true|false|yes|no", re.IGNORECASE)
"""Cells that are no numbers, but may be meant for some."""
LEADING_ZERO = re.compile(r"0\d+")
DAY = re.compile(r"(1[89]|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


def index_of(table: Table, columns: Sequence[str]) -> list[str]:
    """Return the columns that name the rows, mostly one or none; a guess is added to the notes of the table.

    Parameters
    ----------
    table : Table
        The table.
    columns : sequence of str
        Columns that the user asked to read as data by their full names.
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
    """Tell whether a column has neither name nor content, as to the left of a table in a sheet."""
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
        return _told(table, first, "are no plain numbers")
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
    """Judge different whole numbers under a name that says nothing, by the columns beside it."""
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
            f"{table.name}: {table.label(first)} holds different whole numbers, and was taken for data; "
            f"give index_column={first!r} if they name the rows"
        )
    return False


def _told(table: Table, first: str, why: str) -> bool:
    table.notes.append(
        f"{table.name}: {table.label(first)} was taken for names of rows, not for data: its cells {why}; "
        f"give index_column={NO_COLUMN!r} if they are data"
    )
    return True


def _rises(cells: Sequence[str]) -> bool:
    numbers = [_number(cell) for cell in cells]
    return all(a < b for a, b in pairwise(numbers))


def _number(cell: str) -> float:
    """Return a number to compare with others, whatever its marks are."""
    digits = re.sub(r"[^\d.,eE+-]", "", cell).replace(",", ".")
    return float(digits) if digits.count(".") < 2 else float(digits.replace(".", ""))
