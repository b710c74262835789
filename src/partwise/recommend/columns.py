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

__all__ = [
    "Coded",
    "coded_ids",
    "columns_of",
    "given_ids",
    "ids_of",
    "is_id",
    "numbers_as_times",
    "numbers_of",
    "plain_id",
    "times_of",
]

MOST_NAMED = 20
"""How many columns an error names."""


class Coded(Sequence[Any]):
    """A column as its different values, and for each row the place of its value among them.

    Parameters
    ----------
    names : list
        The values, in order of appearance.
    codes : ndarray of int64, shape (n_rows,)
        The places.

    Examples
    --------
    >>> column = Coded(["a", "b"], np.array([0, 1, 0]))
    >>> column[2], len(column)
    ('a', 3)
    """

    def __init__(self, names: list[Any], codes: Array) -> None:
        self.names, self.codes = names, codes

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: Any) -> Any:
        return self.names[self.codes[row]]


def columns_of(table: Any, what: str, needed: Sequence[str]) -> list[str]:
    """Return the names of a table's columns; raise if a needed one is missing."""
    if hasattr(table, "collect") and not isinstance(table, Mapping):
        raise DataError(
            f"{what} is a {type(table).__name__}, which has no values yet. Pass what its .collect() returns."
        )
    columns = table if isinstance(table, Mapping) else getattr(table, "column_names", getattr(table, "columns", ()))
    names = [str(name) for name in columns] if isinstance(columns, Iterable) else []
    missing = [name for name in needed if name not in names]
    if missing:
        there = (
            f"it has {', '.join(map(repr, names[:MOST_NAMED]))}"
            if names
            else f"it is {type(table).__name__}, not a table"
        )
        raise DataError(
            f"{what} has no column {' and no column '.join(map(repr, missing))}; {there}. Pass a data frame, or a dict "
            f"of columns, with {', '.join(map(repr, needed))}: rename columns to these."
        )
    return names


def given_ids(values: Any, name: str) -> list[Any]:
    """Return the ids that a user asks for as a list; a single id becomes a list of one."""
    return ids_of([values] if is_id(values) else values, name)


def is_id(value: Any) -> bool:
    """Return whether a value is a single id, rather than several."""
    return isinstance(value, str | int | float | np.generic)


def plain_id(name: Any) -> Any:
    """Return an id as a Python object: NumPy's 3 and 'a' are the same readers as Python's."""
    return name.item() if isinstance(name, np.generic) else name


def ids_of(column: Any, what: str) -> list[Any]:
    values = listed(column, what)
    for i, value in enumerate(values):
        if isinstance(value, np.generic) and value.dtype.kind not in "mM":
            values[i] = value = value.item()
        if not _can_be_id(value):
            raise _no_id(value, i, what)
    return values


def coded_ids(column: Any, what: str) -> Coded:
    """Return ids as `ids_of` does, without a Python object for each row if the column's type allows it.

    Examples
    --------
    >>> coded_ids(np.array([7, 9, 7]), "articles").codes.tolist()
    [0, 1, 0]
    """
    found = _codes_of(column)
    if found is None:
        values = ids_of(column, what)
        places: dict[Any, int] = {}
        codes = np.array([places.setdefault(value, len(places)) for value in values], np.int64)
        return Coded([*places], codes)
    names, codes = found
    if (codes < 0).any():
        raise _no_id(None, int((codes < 0).argmax()), what)
    bad = [i for i, name in enumerate(names) if not _can_be_id(name)]
    if bad:
        row = int(np.isin(codes, bad).argmax())
        raise _no_id(names[codes[row]], row, what)
    return Coded(names, codes)


def _can_be_id(value: Any) -> bool:
    """Return whether a value is a string or a number, and not NaN (which is not equal to itself)."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value == value


def _no_id(value: Any, row: int, what: str) -> DataError:
    return DataError(
        f"{what} of row {row} is {shown(value)}. An id must be a string or a number; drop rows without one."
    )


def _codes_of(column: Any) -> tuple[list[Any], Array] | None:
    """Return different values, and the place of each row's, -1 for none; None for columns of Python's objects."""
    kind = str(getattr(column, "dtype", ""))
    if hasattr(column, "factorize") and kind in ("str", "string", "category"):  # pandas
        codes, values = column.factorize()
        return values.tolist(), np.asarray(codes, dtype=np.int64)
    if hasattr(column, "replace_strict") and kind == "String" and len(column):  # polars
        values = column.drop_nulls().unique(maintain_order=True)
        codes = column.replace_strict(values, range(len(values)), default=-1)
        return values.to_list(), codes.to_numpy().astype(np.int64)
    if hasattr(column, "dictionary_encode"):  # pyarrow
        whole = column.combine_chunks() if hasattr(column, "chunks") else column
        coded = whole if hasattr(whole, "dictionary") else whole.dictionary_encode()
        return coded.dictionary.to_pylist(), coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    given = _plain(column)
    if not (isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "iuf"):
        return None
    values, first, codes = np.unique(given, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return values[order].tolist(), rank[codes]


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
            "infinite or missing). Drop those rows, or give each a number >= 0."
        )
    return values


def _plain(column: Any) -> Any:
    """Return a column as a NumPy array; masked values become None."""
    if isinstance(column, np.ma.MaskedArray):
        return column.tolist()
    return column.to_numpy() if hasattr(column, "to_numpy") else column


def _number(value: Any, place: str) -> float:
    """Return a number as float64, NaN for a missing one; `place` is its name in errors."""
    if is_missing(value):
        return math.nan
    if isinstance(value, str | Number | np.bool_):
        with suppress(TypeError, ValueError, OverflowError):
            return float(value)  # type: ignore[arg-type]
    raise DataError(f"{place} is {shown(value)}, which is not a number. Pass numbers >= 0.")


def times_of(column: Any, what: str, ids: Sequence[Any], *, gaps: bool = False, whole: bool = True) -> Array:
    """Return seconds since 1970. With `gaps`, a missing value is NaN; otherwise each row must have a value.

    If a column is not `whole`, dates are refused if only other rows could tell day and month apart.
    """
    given = _plain(column)
    values = given if isinstance(given, np.ndarray) else listed(given, f"column 'time' of {what}")
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise DataError(f"column 'time' of {what} has shape {values.shape}. Pass one time for each row.")
    if len(values) != len(ids):
        raise DataError(f"{what} has {len(values):,} times for {len(ids):,} rows. Pass one for each.")

    def row(i: int) -> str:
        return f"time of row {i} ({shown(ids[i])})"

    found = read_times(values, what, row, relative=True)
    if not whole and found.note is not None and "comes first" in found.note:
        raise DataError(
            f"{what}: {found.note}, which other pieces may contradict. Write times as YYYY-MM-DD, or pass datetimes."
        )
    absent = np.isnan(found.seconds)
    if absent.any() and not gaps:
        raise DataError(
            f"{what}, {row(int(absent.argmax()))} is missing ({int(absent.sum()):,} rows have none). Drop rows "
            "without a time, or the whole column."
        )
    return found.seconds


def numbers_as_times(column: Any) -> Array | None:
    """Return a column of numbers as float64, None for any other column. Only all numbers together show the unit."""
    given = _plain(column)
    if isinstance(given, np.ndarray) and given.dtype.kind != "O":
        return given.astype(np.float64) if given.dtype.kind in "fiu" and given.ndim == 1 else None
    cells = listed(given, "column 'time'")
    numbers = all(isinstance(cell, int | float | np.number) and not isinstance(cell, bool) for cell in cells)
    return np.array(cells, dtype=np.float64) if numbers else None
