"""Matrices from files, checked before they are factorized."""

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from partwise.cli.command import note
from partwise.cli.formats import say
from partwise.cli.progress import reading
from partwise.exceptions import DataError

if TYPE_CHECKING:
    from partwise.tables import Format, Numbers

__all__ = [
    "MISSING",
    "check_counts",
    "check_entries",
    "column_name",
    "count_unknown",
    "for_model",
    "missing_word",
    "named",
    "read_non_negative",
    "tell_blank",
]

MISSING = {"none": None, "nan": math.nan, "zero": 0}
"""The values of an estimator's parameter for the words of --missing."""
LEFT_OUT = "Give --missing nan if such cells are unknown, or drop those rows or columns."


def missing_word(missing_values: Any) -> str:
    """Return the word of --missing for the parameter of an estimator."""
    return "none" if missing_values is None else "zero" if missing_values == 0 else "nan"


def read_non_negative(path: str, format: "Format", missing: str = "none", way_out: str = LEFT_OUT) -> "Numbers":
    """Read a matrix; an error names the file, row and column of an entry that is negative, infinite or missing.

    With `missing` 'nan' entries can be missing. Otherwise the error ends with `way_out`, which says what to do.
    """
    from partwise.tables import read_numbers
    from partwise.tables.table import quoted_names

    if path == "-" and sys.stdin is not None and sys.stdin.isatty():
        note("reading a table from the keyboard; Ctrl-D ends it")
    with reading(path):
        numbers = read_numbers(path, format=format)
    say(numbers.notes)
    mend = "A factorization needs entries >= 0: mend the file, or drop those rows or columns."
    if numbers.layers:
        mend += f" Other layers of the file: {quoted_names(list(numbers.layers))}; give one with --layer."
    check_entries(numbers, path, mend, way_out, unknown=missing == "nan")
    return numbers


def named(numbers: "Numbers", path: str) -> Any:
    """Return a matrix with the names of its columns, if the file has them: a model keeps them."""
    from partwise.matrix import Named

    names = numbers.column_names
    if names is None:
        return numbers.X
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path} has more than one column named {twice!r}. Rename or drop all but one.")
    return Named(numbers.X, names)


def for_model(numbers: "Numbers", model: Any, path: str, source: str) -> Any:
    """Return a matrix with the columns that a `model` was fitted to, found by name.

    `path` and `source` are the files of the two. If one of them has no names, columns are taken in order.
    """
    from partwise.matrix import Named
    from partwise.matrix.names import Difference

    known = getattr(model, "feature_names_in_", None)
    if known is not None and numbers.column_names is not None:
        different = Difference.of(numbers.column_names, list(known))
        if different:
            mend = "Mend the names of columns" if different.missing else "Drop the columns that are too many"
            raise DataError(f"{different.told(path, source)}. {mend}: the order does not matter.")
        return named(numbers, path)
    columns, expected = numbers.X.shape[1], model.n_features_in_
    if columns != expected:
        raise DataError(f"{path} has {columns:,} columns, but {source} was fitted to {expected:,}.")
    if known is None:
        return numbers.X
    note(f"{path} does not name its columns: they are taken in the order of {source}")
    return Named(numbers.X, known.tolist())


def check_entries(numbers: "Numbers", path: str, mend: str, way_out: str, *, unknown: bool = False) -> None:
    """Raise for the first entry that is negative, infinite or, unless some are `unknown`, missing."""
    import numpy as np

    found = _first(numbers, path, lambda x: ~((x >= 0) & (x < np.inf)) & ~(np.isnan(x) & unknown))
    if found is not None:
        where, entry, count = found
        kinds = "negative or infinite" if unknown else "negative, infinite or missing"
        raise DataError(f"{where} ({count:,} entries are {kinds}). {way_out if np.isnan(entry) else mend}")


def check_counts(numbers: "Numbers", path: str) -> None:
    """Raise for the first entry that is not a count."""
    found = _first(numbers, path, lambda x: x % 1 > 0)
    if found is not None:
        where, _, count = found
        raise DataError(
            f"{where}, which is not a count ({count:,} entries are not). --resample poisson draws counts: give counts, "
            "or --resample bootstrap."
        )


def _first(numbers: "Numbers", path: str, test: Callable[[Any], Any]) -> tuple[str, float, int] | None:
    """Return the first entry that a test finds, in words and as a value, and how many entries it finds."""
    import numpy as np
    import scipy.sparse

    sparse = scipy.sparse.issparse(numbers.X)
    X = numbers.X.tocoo() if sparse else numbers.X
    entries = X.data if sparse else X
    found = test(entries)
    if not found.any():
        return None
    first = np.unravel_index(int(found.argmax()), found.shape)
    i, j = (X.row[first], X.col[first]) if sparse else first
    place = f"{_place('row', numbers.row_names, i)}, {_place('column', numbers.column_names, j)}"
    return f"{path}: {place} is {entries[first]}", float(entries[first]), int(found.sum())


def count_unknown(X: Any, missing: str, path: str) -> int:
    """Return how many entries of X are unknown; note rows without a known entry, and refuse a file without any."""
    import numpy as np
    import scipy.sparse

    if missing == "none":
        return 0
    sparse = scipy.sparse.issparse(X)
    if missing == "zero":
        known = np.diff(X.indptr) if sparse else np.count_nonzero(X, axis=1)
    else:
        gaps = scipy.sparse.csr_array((np.isnan(X.data), X.indices, X.indptr), shape=X.shape) if sparse else np.isnan(X)
        known = X.shape[1] - gaps.sum(axis=1)
    tell_blank(known == 0, path)
    return int(X.shape[0] * X.shape[1] - known.sum())


def tell_blank(blank: Any, path: str) -> None:
    """Note how many rows are without a known entry; refuse a file without any.

    `blank` (n,) says of each row whether it has no known entry.
    """
    if blank.all():
        raise DataError(f"{path}: every entry is unknown. Give a file with some known entries.")
    if count := int(blank.sum()):
        note(f"rows without a known entry: {count:,} of {len(blank):,}")


def column_name(numbers: "Numbers", index: int) -> str:
    """Return the name of a column, or its number in the file, counted from 1."""
    return f"column {index + 1}" if numbers.column_names is None else numbers.column_names[index]


def _place(what: str, names: list[str] | None, index: Any) -> str:
    return f"{what} {int(index) + 1}" if names is None else f"{what} {names[int(index)]!r}"
