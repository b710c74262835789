"""Times of a column, and those that numbers tell: seconds since 1970 and parts of them, and numbers of a calendar."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError, shown
from partwise.tables.format import plural

__all__ = ["AHEAD", "DAY", "MONTH", "UNITS", "YEAR", "Column", "Row", "Times", "checked", "filled", "from_numbers"]

Array = NDArray[Any]

UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
"""Units of a time that is a number, in a second."""
YEAR, MONTH, DAY = 4, 7, 10
"""How much of YYYY-MM-DD a date tells."""
FIRST, LAST = -62_135_596_800.0, 253_402_300_800.0
"""The years 1 and 10000, in seconds since 1970."""
PLAUSIBLE = (631_152_000.0, 4_102_444_800.0)
"""The years 1990 and 2100, in seconds since 1970: when most logs were written."""
YEARS = (1000, 2999)
"""The years of a calendar that a column of numbers may hold."""
EARLIEST = 1e8
"""March 1973, in seconds since 1970: a smaller number says nothing about a date."""
CALENDAR = ((4, "years", YEAR, "%Y"), (8, "dates", DAY, "%Y%m%d"), (14, "dates with times", DAY, "%Y%m%d%H%M%S"))
"""How many digits the numbers of a calendar have, what they are, how much of YYYY-MM-DD they tell, and their format."""
AHEAD = 366 * 86_400.0
"""Seconds from now: a time after them is likely a mistake, and a year of two digits one of the last century."""
Row = Callable[[int], str]
"""What an error calls the row of an index, such as "line 4"."""


class Times(NamedTuple):
    """Times of the rows of a column.

    Attributes
    ----------
    seconds : ndarray of float64, shape (n_rows,)
        Seconds since 1970 in UTC, NaN where the cell is empty. A time without a zone is taken as UTC.
    local : ndarray of float64, shape (n_rows,)
        The same without regard to the zone: what a clock and a calendar there showed.
    precision : ndarray of uint8, shape (n_rows,)
        How much of YYYY-MM-DD is known: 4, 7 or 10 characters.
    note : str or None
        What was assumed, where it was a guess.
    """

    seconds: Array
    local: Array
    precision: Array
    note: str | None = None


class Column(NamedTuple):
    """What an error says of a column: its name, that of a row, which cells are empty, the cell of a row, a way out."""

    what: str
    row: Row
    absent: Array
    at: Callable[[int], Any]
    way_out: str


def filled(column: Array, absent: float = np.nan) -> Array:
    """Return a column of DuckDB, where NULL is masked, as numbers."""
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), absent)


def from_numbers(numbers: Array, form: str | None, column: Column, relative: bool) -> Times:
    """Return the times that numbers tell; `form` and `relative` are those of `read_times`."""
    known = numbers[np.isfinite(numbers)]
    precision = np.full(len(numbers), DAY, dtype=np.uint8)
    whole = form is None and known.size > 0 and np.array_equal(known, np.floor(known))
    for digits, kind, length, written in CALENDAR if whole else ():
        size = 10.0 ** (digits - 4)
        if known.min() < YEARS[0] * size or known.max() >= (YEARS[1] + 1) * size:
            continue
        seconds = _calendar(numbers, written)
        if np.isfinite(seconds).sum() >= known.size / 2:
            precision[:] = length
            told = f"numbers of {digits} digits are {kind}, such as {known[0]:.0f}"
            return checked(Times(seconds, seconds, precision, told), column)
    unit = form or _unit(known)
    note = None if form or unit == "seconds" else f"times are {unit} since 1970"
    seconds = numbers / UNITS[unit]
    mixed = (seconds != 0) & (np.abs(seconds) < 1e8) & (numbers >= PLAUSIBLE[0]) & (numbers <= PLAUSIBLE[1])
    if form is None and mixed.any():
        i = int(mixed.argmax())
        raise DataError(
            f"{column.what}, {column.row(i)}: the time {_said(column.at(i))} is plausible as seconds since 1970, "
            f"others as {unit} ({int(mixed.sum()):,} rows are like it). Write all times in one unit."
        )
    if form is None and not relative:
        seconds = np.where(np.abs(seconds) < EARLIEST, np.inf, seconds)
    return checked(Times(seconds, seconds, precision, note), column)


def _calendar(numbers: Array, form: str) -> Array:
    """Return the seconds since 1970 of numbers such as 2021, 20210301 or 20210301123000; NaN for no date."""
    import duckdb

    with duckdb.connect() as database:
        database.register("partwise_numbers", {"n": numbers})
        sql = f"select epoch(try_strptime(try_cast(n as bigint)::varchar, '{form}')) as s from partwise_numbers"
        return filled(database.sql(sql).fetchnumpy()["s"])


def _unit(known: Array) -> str:
    """Return the first unit in which the largest time is before the year 2100."""
    largest = np.abs(known).max(initial=0.0)
    return next((unit for unit, size in UNITS.items() if largest / size < PLAUSIBLE[1]), "seconds")


def checked(times: Times, column: Column) -> Times:
    """Return the times if every cell that is not empty has one within the years 1 to 9999; note those to come."""
    with np.errstate(invalid="ignore"):
        bad = ~((times.local >= FIRST) & (times.local < LAST)) & ~column.absent
        ahead = times.local > time.time() + AHEAD
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{column.what}, {column.row(i)}: {_said(column.at(i))} is not a date or time ({int(bad.sum()):,} rows are "
            f"like it). Write dates as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, or {column.way_out}."
        )
    if not ahead.any():
        return times
    example = _said(column.at(int(ahead.argmax())))
    said = f"{plural(int(ahead.sum()), 'time')} more than a year ahead, such as {example}"
    return times._replace(note=f"{times.note}; {said}" if times.note else said)


def _said(cell: Any) -> str:
    return shown(cell.item() if isinstance(cell, np.generic) else cell)
