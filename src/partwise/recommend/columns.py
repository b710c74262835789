"""Columns of a table of any library as lists and arrays, with errors that say where a value is wrong."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Number
from typing import Any

import numpy as np

from partwise.exceptions import DataError, shown
from partwise.matrix import Array
from partwise.tables.cells import is_missing, listed
from partwise.tables.dates import read_times

__all__ = ["columns_of", "given_ids", "ids_of", "is_id", "numbers_of", "plain_id", "times_of"]

MOST_NAMED = 20
"""Columns that an error names."""


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
    values = given if isinstance(given, np.ndarray) else listed(given, f"column 'time' of {what}")
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise DataError(f"column 'time' of {what} has shape {values.shape}. Pass one time for each row.")
    if len(values) != len(ids):
        raise DataError(f"{what} has {len(values):,} times for {len(ids):,} rows. Pass one for each.")

    def row(i: int) -> str:
        return f"time of row {i} ({shown(ids[i])})"

    seconds = read_times(values, what, row, relative=True).seconds
    absent = np.isnan(seconds)
    if absent.any() and not gaps:
        raise DataError(
            f"{what}, {row(int(absent.argmax()))} is missing ({int(absent.sum()):,} rows are like it). Drop rows "
            "without a time, or the whole column."
        )
    return seconds
