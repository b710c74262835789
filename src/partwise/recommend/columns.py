"""Columns of a table of any library as lists and arrays, with errors that say where a value is wrong."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError, shown
from partwise.topics.collection import is_missing, listed

__all__ = ["columns_of", "given_ids", "ids_of", "is_id", "numbers_of", "plain_id", "times_of"]

NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
DATE = re.compile(r"\d{8}")  # 20240517
MOST_NAMED = 20
"""Columns that an error names."""
LATEST = 1e20
"""Largest time in seconds: nanoseconds since 1970 are far less, and differences stay finite."""
Array = NDArray[Any]


def columns_of(table: Any, what: str, needed: Sequence[str]) -> list[str]:
    """Return the names of a table's columns, and see that those needed are among them."""
    if hasattr(table, "collect") and not isinstance(table, Mapping):
        raise DataError(
            f"{what} is a {type(table).__name__}, which has no values yet. Pass what its .collect() returns."
        )
    columns = table if isinstance(table, Mapping) else getattr(table, "column_names", getattr(table, "columns", ()))
    names = [str(name) for name in columns] if isinstance(columns, Iterable) else []
    missing = [name for name in needed if name not in names]
    if missing:
        there = (
            f"it has {', '.join(map(repr, names[:MOST_NAMED]))}" if names else f"it is {type(table).__name__}, no table"
        )
        raise DataError(
            f"{what} has no column {' and no column '.join(map(repr, missing))}; {there}. Pass a data frame, or a dict "
            f"of columns, with {', '.join(map(repr, needed))}: rename columns to these."
        )
    return names


def given_ids(values: Any, name: str) -> list[Any]:
    """Return ids that a user asks for as a list: of one id, or of several."""
    return ids_of([values] if is_id(values) else values, name)


def is_id(value: Any) -> bool:
    """Return whether a value is a single id, rather than several."""
    return isinstance(value, str | int | float | np.generic)


def plain_id(name: Any) -> Any:
    """Return an id as Python has it: NumPy's 3 and 'a' are the same readers as Python's."""
    return name.item() if isinstance(name, np.generic) else name


def ids_of(column: Any, what: str) -> list[Any]:
    values = listed(column, what)
    for i, value in enumerate(values):
        if isinstance(value, np.generic) and value.dtype.kind not in "mM":
            values[i] = value = value.item()
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value != value:  # NaN is not itself
            raise DataError(
                f"{what} of row {i} is {shown(value)}. An id has to be a string or a number; drop rows without one."
            )
    return values


def numbers_of(column: Any, what: str, name: str, ids: Sequence[Any]) -> Array:
    given = _plain(column)
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "fiub":
        values = given.astype(np.float64)
    else:
        cells = listed(given, f"column {name!r} of {what}")
        values = np.array([_number(value, f"{what}: {name} of row {i}") for i, value in enumerate(cells)])
    if len(values) != len(ids):
        raise DataError(f"{what} has {len(values):,} values of {name!r} for {len(ids):,} rows. Pass one for each.")
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{what}: {name} of row {i} ({shown(ids[i])}) is {values[i]} ({int(bad.sum()):,} rows are negative, "
            "infinite or missing). Drop those rows, or give each a number from 0 up."
        )
    return values


def _plain(column: Any) -> Any:
    """Return a column as NumPy has it; masked values become None."""
    if isinstance(column, np.ma.MaskedArray):
        return column.tolist()
    return column.to_numpy() if hasattr(column, "to_numpy") else column


def _number(value: Any, place: str) -> float:
    """Return a number as float64, NaN for a missing one; `place` is what an error calls it."""
    if is_missing(value):
        return math.nan
    if isinstance(value, str | Number | np.bool_):
        with suppress(TypeError, ValueError, OverflowError):
            return float(value)  # type: ignore[arg-type]
    raise DataError(f"{place} is {shown(value)}, which is no number. Pass numbers from 0 up.")


def times_of(column: Any, what: str, ids: Sequence[Any], *, gaps: bool = False) -> Array:
    """Return seconds since 1970; with `gaps` NaN where there is no value, else each row has to have one."""
    given = _plain(column)
    values = given if isinstance(given, np.ndarray) else _as_array(listed(given, f"column 'time' of {what}"))
    if values.ndim != 1:
        raise DataError(f"column 'time' of {what} has shape {values.shape}. Pass one time for each row.")
    if np.issubdtype(values.dtype, np.datetime64):
        absent = np.isnat(values)
        seconds = np.where(absent, np.nan, values.astype("datetime64[us]").astype(np.int64) / 1e6)
    elif values.dtype.kind in "fiu":
        seconds = values.astype(np.float64)
        absent = np.isnan(seconds)
    else:
        cells = values.tolist()
        absent = np.array([_absent(value) for value in cells], dtype=bool)
        numeric = _are_numbers([value for value in cells if not _absent(value)])
        seconds = np.array([float(value) if numeric and not _absent(value) else _seconds(value) for value in cells])
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(seconds) <= LATEST)
    if gaps:
        bad &= ~absent
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{what}: time of row {i} ({shown(ids[i])}) is {shown(values[i])}, no time ({int(bad.sum()):,} rows are "
            "like it). Write times as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, as datetimes, or as seconds; drop rows that "
            "have none."
        )
    if len(seconds) != len(ids):
        raise DataError(f"{what} has {len(seconds):,} times for {len(ids):,} rows. Pass one for each.")
    return seconds


def _as_array(values: list[Any]) -> Array:
    """Return a list as an array, of objects where NumPy would make strings of gaps or cut what is nested."""
    if all(
        isinstance(value, int | float | np.number | np.datetime64) and not isinstance(value, bool) for value in values
    ):
        with suppress(OverflowError, TypeError, ValueError):
            return np.asarray(values)
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _absent(value: Any) -> bool:
    return is_missing(value) or (isinstance(value, str) and not value.strip())


def _are_numbers(values: Sequence[Any]) -> bool:
    """Return whether a column of strings holds seconds; one of 8 digits throughout holds dates."""
    if not all(isinstance(value, str) and NUMBER.fullmatch(value.strip()) for value in values):
        return False
    return not all(DATE.fullmatch(value.strip()) for value in values)


def _seconds(value: Any) -> float:
    """Return seconds since 1970, a time without a zone taken as UTC; NaN if it is not a time."""
    if _absent(value):
        return math.nan
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return math.nan
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.nan
