"""Matrices from files, checked before they are factorized."""

from typing import Any

import numpy as np
import scipy.sparse

from partwise.exceptions import DataError
from partwise.io import Numbers, read_numbers

__all__ = ["read_non_negative"]


def read_non_negative(path: str) -> Numbers:
    """Read a matrix; an entry that is negative, infinite or missing is named by file, row and column."""
    numbers = read_numbers(path)
    sparse = scipy.sparse.issparse(numbers.X)
    X = numbers.X.tocoo() if sparse else numbers.X
    entries = X.data if sparse else X
    bad = ~((entries >= 0) & (entries < np.inf))
    if bad.any():
        first = np.unravel_index(int(bad.argmax()), bad.shape)
        i, j = (X.row[first], X.col[first]) if sparse else first
        raise DataError(
            f"{path}: {_place('row', numbers.row_names, i)}, {_place('column', numbers.column_names, j)} "
            f"is {entries[first]} ({int(bad.sum()):,} entries are negative, infinite or missing). "
            "A factorization needs entries >= 0: mend the file, or drop those rows or columns."
        )
    return numbers


def _place(what: str, names: list[str] | None, index: Any) -> str:
    return f"{what} {int(index) + 1}" if names is None else f"{what} {names[int(index)]!r}"
