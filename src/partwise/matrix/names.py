"""Names of columns: if two tables have names, their columns are matched by name, not by place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, DataTypeError
from partwise.matrix.base import Matrix
from partwise.matrix.containers import array_of, entries_of, is_anndata, is_table
from partwise.matrix.rows import Array

MOST_NAMES = 5
"""Most names that an error lists."""


def names_of(X: Any) -> list[Any] | None:
    """Return the names of the columns of a frame, table or AnnData object, or None if it has no names.

    A pandas Series with one value for each column has their names in its index.
    """
    if is_anndata(X):
        return [*X.var_names]
    if len(getattr(X, "shape", ())) == 1 and hasattr(getattr(X, "index", None), "dtype"):
        return [*X.index]
    names = getattr(X, "column_names", getattr(X, "columns", None)) if is_table(X) else None
    return None if names is None else [*names]


def feature_names(X: Any, name: str = "X") -> Array | None:
    """Return the names of X's columns, (m,) of str, or None if it has none.

    If all names have another type, such as the numbers that pandas gives, they count as places and not as names, as in
    scikit-learn.

    Parameters
    ----------
    X : any
        Data, in any container.
    name : str, default='X'
        What error texts call it.

    Raises
    ------
    DataError
        If two columns have one name.
    DataTypeError
        If some names are strings and others are not.
    """
    if type(X) is np.ndarray:
        return None
    names = names_of(X) or []
    if len({*names}) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise DataError(
            f"{name} has more than one column named {twice!r}. Make names differ (for an AnnData object "
            f"adata.var_names_make_unique() does), or pass the values alone."
        )
    strings = [isinstance(one, str) for one in names]
    if any(strings) and not all(strings):
        other = names[strings.index(False)]
        raise DataTypeError(
            f"{name} has columns with names that are strings, and one named {other!r}, a {type(other).__name__}. Make "
            f"all of them strings, in pandas by X.columns = X.columns.astype(str), or pass the values alone."
        )
    return np.array(names, dtype=object) if names and all(strings) else None


@dataclass(frozen=True)
class Difference:
    """How the names of a table's columns differ from those of the table that a model was fitted to.

    Parameters
    ----------
    missing, new : list of str
        Names that only the model has, and names that only the table has.
    count : int
        Number of columns that the model was fitted to.

    Examples
    --------
    >>> print(Difference.of(["a", "x", "c"], ["a", "b", "c"]).told("X", "the model"))
    X lacks 1 of the 3 columns that the model was fitted to ('b'), and has 1 that it was not fitted to ('x')
    >>> bool(Difference.of(["c", "b", "a"], ["a", "b", "c"]))
    False
    """

    missing: list[str]
    new: list[str]
    count: int

    @classmethod
    def of(cls, names: Sequence[str], known: Sequence[str]) -> "Difference":
        """Return the difference of a table's names from the known ones, in any order."""
        own, wanted = {*names}, {*known}
        return cls([one for one in known if one not in own], [one for one in names if one not in wanted], len(known))

    def __bool__(self) -> bool:
        return bool(self.missing or self.new)

    def told(self, table: str, model: str) -> str:
        """Return the difference as a text without a full stop."""
        said = []
        if self.missing:
            columns = f"{len(self.missing):,} of the {self.count:,} columns that {model} was fitted to"
            said.append(f"lacks {columns} ({_listed(self.missing)})")
        if self.new:
            columns = "that it was not fitted to" if said else f"more than {model} was fitted to"
            said.append(f"has {len(self.new):,} {columns} ({_listed(self.new)})")
        return f"{table} {', and '.join(said)}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(repr, names[:MOST_NAMES])) + more


def order_of(names: Array | None, known: Array | None, name: str = "X", source: str | None = None) -> Array | None:
    """Return the place of each known column in a table, (m,); None if all are in place or one side has no names.

    Parameters
    ----------
    names : ndarray of shape (m,) or None
        Names of the table's columns, in their order there.
    known : ndarray of shape (m,) or None
        Names in the order that is needed.
    name : str, default='X'
        What error texts call the table.
    source : str or None
        The owner of the known names; None: the data that a model was fitted to.

    Raises
    ------
    DataError
        If a name is missing or new.
    """
    if names is None or known is None or np.array_equal(names, known):
        return None
    different = Difference.of(names.tolist(), known.tolist())
    if different and source is None:
        if different.missing and len(different.missing) == len(different.new):
            mend = "Rename them to those of feature_names_in_, or pass the values alone, to match columns by place."
        elif different.missing:
            mend = "Add them, or fit a model without them."
        else:
            mend = f"Leave them out: {name}[model.feature_names_in_]."
        raise DataError(
            f"The feature names should match those that were passed during fit, in any order: "
            f"{different.told(name, 'the model')}. {mend}"
        )
    if different:
        raise DataError(
            f"The columns of {name} and {source} must have the same names, in any order: {name} lacks "
            f"{_listed(different.missing) or 'none'}, and has {_listed(different.new) or 'no others'}. Rename them, or "
            f"pass the values of {name} alone, to match columns by place."
        )
    where = {one: j for j, one in enumerate(names)}
    return np.array([where[one] for one in known])


def with_columns(matrix: Matrix, order: Array | None) -> Matrix:
    """Return a copy of a matrix with its columns in another order (a sparse one by rows); None: the matrix itself."""
    return matrix if order is None else matrix.take(columns=order)


def like_columns(table: Any, names: Array | None, name: str, *, sparse: bool = False) -> Any:
    """Return a table that describes columns of X, such as parts, with its columns in X's order.

    Parameters
    ----------
    table : array-like, frame, Series, or None
        One column, or value, for each column of X. A table without names is taken as it is, and so is None.
    names : ndarray of shape (m,) or None
        Names of X's columns.
    name : str
        What error texts call the table.
    sparse : bool, default=False
        Whether it can be sparse.

    Raises
    ------
    DataError
        If both have names and they are not the same.
    """
    if table is None or names is None:
        return table
    order = order_of(feature_names(table, name), names, name, "X")
    if order is None:
        return table
    found = entries_of(table, name) if sparse else array_of(table, name)
    return found.tocsr()[:, order] if sp.issparse(found) else found[..., order]
