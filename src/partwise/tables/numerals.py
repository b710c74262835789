"""Cells of text: numbers, with a decimal point or comma, and words for unknown."""

import re
from collections.abc import Iterable, Sequence

from partwise.exceptions import DataError

__all__ = ["TWOFOLD", "decimal_mark", "is_number", "is_unknown", "number_sql", "text_sql", "twofold"]

SPACES = " '\u00a0\u2009\u2019\u202f"
"""Marks between thousands, other than points and commas: spaces of several widths, and apostrophes."""
COMMA = re.compile(rf"[+-]?(\d+|\d{{1,3}}([.{SPACES}]\d{{3}})+)?(,\d*)?([eE][+-]?\d+)?")
"""A number with a decimal comma, perhaps with marks between thousands."""
POINT = re.compile(rf"[+-]?(\d+|\d{{1,3}}([,{SPACES}]\d{{3}})+)?(\.\d*)?([eE][+-]?\d+)?")
"""A number with a decimal point, perhaps with marks between thousands."""
MARKS = rf",|\..*\.|[{SPACES}]"
"""Characters of a number that is not written plainly."""
TWOFOLD = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""A cell that is a number in both ways, with different values."""


def is_number(cell: str) -> bool:
    """Return whether a cell is a number. One with `_`, which Python reads and people do not write, is not.

    Examples
    --------
    >>> [cell for cell in (" 3.5", "1e5", "10_1", "1,5", "s1", "") if is_number(cell)]
    [' 3.5', '1e5', '1,5']
    """
    if "_" in cell:
        return False
    try:
        float(cell)
    except ValueError:
        return bool(re.search(r"\d", cell)) and bool(COMMA.fullmatch(cell.strip()) or POINT.fullmatch(cell.strip()))
    return cell.isascii()


def is_unknown(cell: str | None, missing: Iterable[str]) -> bool:
    """Tell whether a cell is one of the words for unknown, in any case."""
    return cell is None or cell.strip().lower() in {word.lower() for word in missing}


def text_sql(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def number_sql(cell: str, decimal: str) -> str:
    """Return SQL for the number in a cell of text, NULL if there is none.

    DuckDB reads ``1_000`` as 1000; a cell that holds ``_`` is a name here.
    """
    if decimal != ".":
        pattern, between, mark = (COMMA, ".", ",") if decimal == "," else (POINT, ",", ".")
        marked = text_sql(f"[{between}{SPACES}]")
        bare = f"regexp_replace(trim({cell}), {marked}, '', 'g')"
        cell = (
            f"case when not regexp_matches(trim({cell}), {marked}) then replace({cell}, '{mark}', '.') "
            f"when regexp_full_match(trim({cell}), {text_sql(pattern.pattern)}) then replace({bare}, '{mark}', '.') end"
        )
    return f"case when contains({cell}, '_') then null else try_cast({cell} as double) end"


def decimal_mark(cells: Sequence[str], asked: str | None, place: str) -> str:
    """Return how numbers are written: '.', ',' or '1,000.5', which is a point with commas between thousands.

    Parameters
    ----------
    cells : sequence of str
        Cells that are not plain numbers.
    asked : {'.', ','} or None
        The decimal mark that the user gives.
    place : str
        File, and column if there is one, for errors.

    Raises
    ------
    DataError
        If cells such as 1,234 can be read in two ways.

    Examples
    --------
    >>> decimal_mark(["1,5", "NA"], None, "a.csv"), decimal_mark(["1,234.5"], None, "a.csv")
    (',', '1,000.5')
    """
    marked = [cell.strip() for cell in cells if re.search(r"\d", cell) and re.search(MARKS, cell.strip())]
    by_comma = [cell for cell in marked if COMMA.fullmatch(cell)]
    by_point = [cell for cell in marked if POINT.fullmatch(cell)]
    if asked == ",":
        return ","
    if asked == ".":
        return "1,000.5" if by_point else "."
    if not by_comma and not by_point:
        return "."
    if by_comma == by_point and all(map(TWOFOLD.fullmatch, by_comma)):
        raise twofold(by_comma[0], place)
    return "," if len(by_comma) > len(by_point) else "1,000.5"


def twofold(cell: str, place: str) -> DataError:
    """Return the error for a cell that can be read as two numbers."""
    small, large = re.sub("[.,]", ".", cell), re.sub("[.,]", "", cell)
    decimal, other = (",", ".") if "," in cell else (".", ",")
    return DataError(
        f"{place}: {cell!r} is {small} or {large}. Give decimal={decimal!r} if it is {small}, "
        f"decimal={other!r} if it is {large}."
    )
