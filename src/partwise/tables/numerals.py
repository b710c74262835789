"""What a cell of text says: a number, with a point or a comma, or that it is unknown."""

import re
from collections.abc import Iterable, Sequence

from partwise.exceptions import DataError

__all__ = ["decimal_mark", "is_missing", "is_number", "number_sql", "text_sql"]

COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?(,\d*)?([eE][+-]?\d+)?")
"""A number with a decimal comma, perhaps with points between thousands."""
POINT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?([eE][+-]?\d+)?")
"""A number with a decimal point, perhaps with commas between thousands."""
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""What is a number by both, and not the same one."""


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number: not one with `_`, which Python reads and people do not write.

    Examples
    --------
    >>> [cell for cell in (" 3.5", "1e5", "10_1", "1,5", "s1", "") if is_number(cell)]
    [' 3.5', '1e5', '1,5']
    """
    if "_" in cell or not cell.isascii():
        return False
    try:
        float(cell)
    except ValueError:
        return bool(cell.strip()) and any(map(str.isdigit, cell)) and bool(COMMA.fullmatch(cell.strip()))
    return True


def is_missing(cell: str | None, missing: Iterable[str]) -> bool:
    """Tell whether a cell is one of the words for unknown, in any case."""
    return cell is None or cell.strip().lower() in {word.lower() for word in missing}


def text_sql(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def number_sql(cell: str, decimal: str) -> str:
    """Return SQL for the number in a cell of text, NULL if there is none.

    DuckDB reads ``1_000`` as 1000; a cell that holds ``_`` is a name here.
    """
    if decimal == ",":
        cell = (
            f"case when contains({cell}, '.') and not regexp_full_match(trim({cell}), {text_sql(COMMA.pattern)}) "
            f"then null else replace(replace({cell}, '.', ''), ',', '.') end"
        )
    elif decimal == "1,000.5":
        cell = (
            f"case when contains({cell}, ',') and not regexp_full_match(trim({cell}), {text_sql(POINT.pattern)}) "
            f"then null else replace({cell}, ',', '') end"
        )
    return f"case when contains({cell}, '_') then null else try_cast({cell} as double) end"


def decimal_mark(cells: Sequence[str], asked: str | None, place: str) -> str:
    """Return how numbers are written, by cells that hold a comma: '.', ',' or '1,000.5' (commas between thousands).

    Parameters
    ----------
    cells : sequence of str
        Different cells that are no plain numbers.
    asked : {'.', ','} or None
        What the user says.
    place : str
        File, and column if there is one, as errors name it.

    Raises
    ------
    DataError
        If cells such as 1,234 can be read in two ways.

    Examples
    --------
    >>> decimal_mark(["1,5", "NA"], None, "a.csv"), decimal_mark(["1,234.5"], None, "a.csv")
    (',', '1,000.5')
    """
    commas = [cell.strip() for cell in cells if "," in cell and any(map(str.isdigit, cell))]
    by_comma = [cell for cell in commas if COMMA.fullmatch(cell)]
    by_point = [cell for cell in commas if POINT.fullmatch(cell)]
    if asked == ",":
        return ","
    if asked == ".":
        return "1,000.5" if by_point else "."
    if not by_comma and not by_point:
        return "."
    if len(by_comma) == len(by_point) == len(commas) and all(map(EITHER.fullmatch, commas)):
        raise DataError(
            f"{place}: {commas[0]!r} is {commas[0].replace(',', '.')} with a decimal comma, and "
            f"{commas[0].replace(',', '')} with commas between thousands. Say which, with decimal=',' or decimal='.'."
        )
    return "," if len(by_comma) >= len(by_point) else "1,000.5"
