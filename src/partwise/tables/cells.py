"""What a cell of a table is, and a column as a list."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from partwise.exceptions import DataError, shown

__all__ = ["is_missing", "is_scalar", "listed"]


def listed(values: Any, name: str) -> list[Any]:
    """Return the values of a sequence or column as a list; raise for a single value, a mapping, a set or a table.

    Examples
    --------
    >>> listed(np.array([3, 4]), "ids"), listed(range(2), "ids")
    ([3, 4], [0, 1])
    """
    column: Any = values
    shape = getattr(column, "shape", None)
    flat = not isinstance(shape, tuple) or len(shape) == 1
    if flat and isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping | Set | type):
        if hasattr(column, "to_pylist"):  # pyarrow's values are objects of its own
            return list(column.to_pylist())
        plain = (
            isinstance(column, np.ndarray) and column.dtype.kind not in "mM"
        )  # tolist of NumPy's times gives integers
        return list(column.tolist() if plain else column)
    raise DataError(f"{name} must be a list, or a column with one value for each row; got {shown(values)}.")


def is_missing(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, NaT or NA.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), np.datetime64("NaT"), "", 0)]
    [True, True, True, False, False]
    """
    if value is None or type(value).__name__ == "NAType":  # pandas.NA gives NA for every comparison
        return True
    return is_scalar(value) and bool(value != value)  # NaN and NaT are not equal to themselves


def is_scalar(value: Any) -> bool:
    """Return whether a value is a single one: a string, or nothing that can be iterated."""
    return isinstance(value, str) or not (isinstance(value, Iterable) or bool(getattr(value, "shape", None)))
