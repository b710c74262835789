"""Check that indices of a sparse matrix are inside its shape: SciPy relies on this, but does not check it."""

from collections.abc import Iterable
from itertools import chain
from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, PartwiseError, shown

FORMATS = ("csr", "csc", "coo")
"""Formats that are not converted; the others become CSR."""
INDEX = (np.dtype(np.int32), np.dtype(np.int64))
"""Types of indices that kernels take."""


def sound(X: Any, name: str = "X") -> Any:
    """Return a sparse matrix (n, m) with valid indices: X itself, or one that shares its entries.

    Call this before anything else reads the entries. If an index is too large, SciPy's conversions and our kernels read
    past the end of arrays. The check costs less than one product with a vector.

    Parameters
    ----------
    X : sparse matrix or array
        Of any format.
    name : str
        Name of X in error texts.

    Returns
    -------
    sparse matrix or array
        A CSR, CSC or COO matrix. Indices have one type, int32 or int64, and no unused space follows the last entry.

    Raises
    ------
    DataError
        If an index or diagonal is outside X's shape, X's arrays do not fit each other, or a value is not a number.
    """
    if X.ndim != 2:
        raise DataError(f"Expected 2D array, got a sparse {name} of shape {X.shape}: it needs rows and columns.")
    try:
        return _checked(X, name)
    except PartwiseError:
        raise
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise _unfit(X, name, f"its arrays, lists or keys cannot be read ({error})") from None


def _checked(X: Any, name: str) -> Any:
    """Return what `sound` does. An error of any other type means that an attribute is not what SciPy keeps there."""
    if X.format in ("lil", "dok"):
        rows, columns, values = _from_lists(X) if X.format == "lil" else _from_keys(X)
        _check_places(X, name, rows, columns, values)
        return _one_type(sp.coo_array((values, (rows, columns)), shape=X.shape).tocsr())
    axes = {"bsr": 3, "dia": 2}.get(X.format, 1)
    if not isinstance(X.data, np.ndarray) or X.data.ndim != axes:
        raise _unfit(X, name, f"data must be an array with {axes} axes")
    if X.format in ("csr", "csc"):
        _check_compressed(X, name, (1, 1))
        return _one_type(X)
    if X.format == "coo":
        _check_places(X, name, X.row, X.col, X.data)
        if {X.row.dtype, X.col.dtype} <= {*INDEX}:
            return X
        return sp.coo_array((X.data, (X.row.astype(np.int64), X.col.astype(np.int64))), shape=X.shape)
    if X.format == "bsr":
        if 0 in X.data.shape[1:] or X.shape[0] % X.data.shape[1]:
            raise _unfit(X, name, f"blocks of shape {X.data.shape[1:]} do not fill {X.shape[0]} rows")
        _check_compressed(X, name, X.data.shape[1:])
    elif X.format == "dia":
        _check_diagonals(X, name)
        X = sp.dia_array((X.data, X.offsets.astype(np.int64)), shape=X.shape)
    return _one_type(X.tocsr())


def _from_lists(X: Any) -> tuple[Any, Any, Any]:
    """Return the rows, columns and values of the entries of a LIL matrix."""
    lengths = [*map(len, X.rows)]
    if lengths != [*map(len, X.data)] or len(lengths) != X.shape[0]:
        raise ValueError("rows and data are lists of different lengths")
    rows = np.repeat(np.arange(len(lengths)), lengths)
    return rows, _as_array(chain.from_iterable(X.rows)), _values(chain.from_iterable(X.data), X.dtype)


def _from_keys(X: Any) -> tuple[Any, Any, Any]:
    """Return the rows, columns and values of the entries of a DOK matrix."""
    if not {*map(len, X.keys())} <= {2}:
        raise ValueError("a key is no row and column")
    rows, columns = _as_array(chain.from_iterable(X.keys())).reshape(-1, 2).T
    return rows, columns, _values(X.values(), X.dtype)


def _as_array(places: Iterable[Any]) -> Any:
    listed = [*places]
    return np.array(listed, dtype=None if listed else int)


def _values(entries: Iterable[Any], dtype: Any) -> Any:
    """Return values as an array. Refuse a value that is no number, although NumPy reads None and some strings."""
    listed = [*entries]
    if not all(issubclass(kind, Number | np.bool_) for kind in {*map(type, listed)}):
        strange = next(value for value in listed if not isinstance(value, Number | np.bool_))
        raise TypeError(f"the value {shown(strange)} is no number")
    return np.array(listed, dtype=dtype)


def _check_diagonals(X: Any, name: str) -> None:
    """Refuse diagonals of a DIA matrix that are outside its shape or occur twice."""
    offsets, (n, m) = X.offsets, X.shape
    if not _whole(offsets) or len(offsets) != len(X.data):
        raise _unfit(X, name, f"{np.shape(offsets)} offsets go with diagonals of shape {X.data.shape}")
    within = (offsets > -n) & (offsets < m)
    if not within.all():
        at = int(np.argmin(within))
        raise _unfit(
            X, name, f"offsets[{at}] = {offsets[at]} is no diagonal of it: they are numbered from {1 - n} to {m - 1}"
        )
    if len({*offsets.tolist()}) < len(offsets):
        values, counts = np.unique(offsets, return_counts=True)
        raise _unfit(X, name, f"offsets name the diagonal {values[np.argmax(counts)]} {counts.max()} times")


def _check_compressed(X: Any, name: str, block: tuple[int, int]) -> None:
    """Refuse indices and indptr (of CSR, CSC or BSR with blocks of a shape) that are outside the matrix's shape."""
    indices, indptr = X.indices, X.indptr
    by_column = X.format == "csc"
    count, across = X.shape[by_column] // block[0], -(-X.shape[not by_column] // block[1])
    if not (_whole(indices) and _whole(indptr)):
        raise _unfit(X, name, "indices and indptr must be arrays of whole numbers")
    if len(indptr) != count + 1:
        raise _unfit(X, name, f"indptr has {len(indptr):,} entries, and must have {count + 1:,}")
    room = min(len(indices), len(X.data))
    last = int(indptr[-1])
    line = "column" if by_column else "row"
    if indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():
        falls = np.flatnonzero(np.diff(indptr.astype(np.int64), prepend=0) < 0)
        at = 0 if indptr[0] != 0 else int(falls[0])
        raise _unfit(X, name, f"indptr[{at}] = {indptr[at]} ({line} {at}): it must begin at 0 and never fall")
    if last > room:
        at = int(np.flatnonzero(indptr > room)[0])
        raise _unfit(
            X,
            name,
            f"indptr[{at}] = {indptr[at]} ({line} {at - 1}): it leads past the {room:,} stored indices and values",
        )
    indices = indices[:last]
    if last and not (indices.min() >= 0 and indices.max() < across):
        at = int(np.flatnonzero((indices < 0) | (indices >= across))[0])
        line_at = int(np.searchsorted(indptr, at, side="right")) - 1
        places = line_at * block[0], int(indices[at]) * block[1]
        raise _outside(X, name, *(places[::-1] if by_column else places))


def _check_places(X: Any, name: str, rows: Any, columns: Any, values: Any) -> None:
    """Refuse rows and columns, one pair for each entry, that are outside the shape or do not fit the values."""
    if not (_whole(rows) and _whole(columns)) or not len(rows) == len(columns):
        raise _unfit(X, name, "it needs a row and a column, both whole numbers, for each entry")
    if len(rows) != len(values):
        raise _unfit(X, name, f"{len(values):,} values go with {len(rows):,} rows and columns")
    n, m = X.shape
    if len(rows) and not (rows.min() >= 0 and rows.max() < n and columns.min() >= 0 and columns.max() < m):
        at = int(np.flatnonzero((rows < 0) | (rows >= n) | (columns < 0) | (columns >= m))[0])
        raise _outside(X, name, int(rows[at]), int(columns[at]))


def _whole(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in "iu"


def _one_type(X: Any) -> Any:
    """Return CSR or CSC in arrays that kernels take: indices of one type, no gaps, no space after the last entry."""
    indices, indptr, last = X.indices, X.indptr, int(X.indptr[-1])
    fits = indices.dtype == indptr.dtype and indptr.dtype in INDEX and len(indices) == len(X.data) == last
    if fits and all(array.flags.c_contiguous and array.flags.aligned for array in (X.data, indices, indptr)):
        return X
    data, *places = (
        np.require(array, dtype, ["C", "ALIGNED"])
        for array, dtype in ((X.data[:last], X.data.dtype), (indices[:last], np.int64), (indptr, np.int64))
    )
    made = (sp.csr_array if X.format == "csr" else sp.csc_array)((data, *places), shape=X.shape)
    made.indices, made.indptr = places  # scipy would narrow them again, each for itself
    return made


def is_canonical(X: Any) -> bool:
    """Return whether indices rise within each row (column of CSC). X's own flags can be out of date."""
    return _in_order(X, np.greater)


def canonical(X: Any) -> Any:
    """Return a sound sparse matrix as CSR with rising indices: itself if it is already that, else a copy."""
    csr = X.tocsr()
    if is_canonical(csr):
        return csr
    if X.format != "coo" and (X.has_canonical_format or (X.has_sorted_indices and not _in_order(X, np.greater_equal))):
        raise DataError(
            "The flags of a sparse matrix (has_canonical_format or has_sorted_indices) say that its indices are in "
            "order, but they are not: something changed them. SciPy gives wrong results with it too. Make it again: "
            f"scipy.sparse.{X.format}_array((X.data, X.indices, X.indptr), shape=X.shape)."
        )
    csr = sp.csr_array((csr.data, csr.indices, csr.indptr), shape=csr.shape, copy=True)
    csr.sum_duplicates()
    return csr


def _in_order(X: Any, compare: Any) -> bool:
    rises = compare(X.indices[1:], X.indices[:-1])
    begins = X.indptr[1:-1]
    if begins.size:
        rises[begins[(begins > 0) & (begins < len(X.indices))] - 1] = True
    return bool(rises.all())


def _outside(X: Any, name: str, row: int, column: int) -> DataError:
    n, m = X.shape
    return DataError(
        f"{name} stores an entry at row {row}, column {column}, outside its shape {(n, m)}: rows are 0 to {n - 1}, "
        f"columns 0 to {m - 1}. The usual reason is indices that begin at 1, as in R and Matlab: subtract 1 from them "
        f"before you make the matrix."
    )


def _unfit(X: Any, name: str, what: str) -> DataError:
    return DataError(
        f"{name} is not a valid {X.format.upper()} matrix of shape {X.shape}: {what}. A usual reason is indices that "
        f"begin at 1, as in R and Matlab. Make the matrix again, for example with "
        f"scipy.sparse.coo_array((values, (rows, columns)), shape={X.shape}), rows and columns counted from 0."
    )


def with_short_indices(rows: Any) -> Any:
    """Return a CSR array that shares its entries and has indices of int32 if they fit: a pass reads a quarter less.

    Examples
    --------
    >>> rows = sp.csr_array((np.ones(1), (np.array([0]), np.array([2]))), shape=(1, 3))
    >>> rows.indices.dtype, with_short_indices(rows).indices.dtype
    (dtype('int64'), dtype('int32'))
    """
    if max(rows.nnz, *rows.shape) > np.iinfo(np.int32).max:
        return rows
    parts = rows.data, rows.indices.astype(np.int32, copy=False), rows.indptr.astype(np.int32, copy=False)
    return sp.csr_array(parts, shape=rows.shape)
