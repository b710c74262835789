"""Check that indices of a sparse matrix are inside its shape: SciPy's constructors do not, but its code trusts them."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError

FORMATS = ("csr", "csc", "coo")
"""Formats that are not converted; the others become CSR."""
INDEX = (np.dtype(np.int32), np.dtype(np.int64))
"""Types of indices that kernels take."""


def sound(X: Any, name: str = "X") -> Any:
    """Return a sparse matrix (n, m) with valid indices: X itself, or one that shares its entries.

    Call this before anything else reads the entries: SciPy's conversions and our kernels read past the end of arrays if
    an index is too large. It costs less than one product with a vector.

    Parameters
    ----------
    X : sparse matrix or array
        Of any format.
    name : str
        What error texts call it.

    Returns
    -------
    sparse matrix or array
        In CSR, CSC or COO; indices of one type, int32 or int64, and no unused space after the last entry.

    Raises
    ------
    DataError
        If an index is outside X's shape, or X's arrays do not fit each other.
    """
    if X.ndim != 2:
        raise DataError(f"Expected 2D array, got a sparse {name} of shape {X.shape}: it needs rows and columns.")
    if X.format in ("csr", "csc"):
        _check_compressed(X, name, X.data, (1, 1))
        return _one_type(X)
    if X.format == "coo":
        _check_places(X, name, X.row, X.col)
        if {X.row.dtype, X.col.dtype} <= {*INDEX}:
            return X
        return sp.coo_array((X.data, (X.row.astype(np.int64), X.col.astype(np.int64))), shape=X.shape)
    if X.format == "bsr":
        if getattr(X.data, "ndim", 0) != 3 or 0 in X.data.shape[1:] or X.shape[0] % X.data.shape[1]:
            raise _unfit(X, name, f"blocks of shape {np.shape(X.data)[1:]} do not fill {X.shape[0]} rows")
        _check_compressed(X, name, X.data, X.data.shape[1:])
    elif X.format == "dia":
        if np.ndim(X.data) != 2 or np.shape(X.offsets) != np.shape(X.data)[:1] or not _whole(X.offsets):
            raise _unfit(X, name, f"{np.shape(X.offsets)} offsets go with diagonals of shape {np.shape(X.data)}")
    elif X.format in ("lil", "dok"):
        try:
            places = _by_row(X) if X.format == "lil" else np.array([*X.keys()], dtype=None if X.nnz else int)
            rows, columns = places.reshape(-1, 2).T
        except (TypeError, ValueError) as error:
            raise _unfit(X, name, f"what should be places are none ({error})") from None
        _check_places(X, name, rows, columns)
    return _one_type(X.tocsr())


def _by_row(X: Any) -> Any:
    """Return the row and the column of each entry of a LIL matrix, (nnz, 2)."""
    if [*map(len, X.rows)] != [*map(len, X.data)] or len(X.rows) != X.shape[0]:
        raise ValueError("rows and data are lists of different lengths")
    places = [(i, column) for i, row in enumerate(X.rows) for column in row]
    return np.array(places, dtype=None if places else int)


def _check_compressed(X: Any, name: str, data: Any, block: tuple[int, int]) -> None:
    """Refuse indices and indptr (of CSR, CSC or BSR with blocks of a shape) that are outside the matrix."""
    indices, indptr = X.indices, X.indptr
    by_column = X.format == "csc"
    count, across = X.shape[by_column] // block[0], -(-X.shape[not by_column] // block[1])
    if not (_whole(indices) and _whole(indptr)):
        raise _unfit(X, name, "indices and indptr must be arrays of whole numbers")
    if len(indptr) != count + 1:
        raise _unfit(X, name, f"indptr has {len(indptr):,} entries, and must have {count + 1:,}")
    room = min(len(indices), len(data))
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


def _check_places(X: Any, name: str, rows: Any, columns: Any) -> None:
    """Refuse rows and columns, one pair for each entry, that are outside the matrix."""
    if not (_whole(rows) and _whole(columns)) or not len(rows) == len(columns):
        raise _unfit(X, name, "it needs a row and a column, both whole numbers, for each entry")
    if X.format == "coo" and len(rows) != len(X.data):
        raise _unfit(X, name, f"{len(X.data):,} values go with {len(rows):,} rows and columns")
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
    """Return whether indices rise within each row (column of CSC); what X itself says of it may be out of date."""
    return _in_order(X, np.greater)


def canonical(X: Any) -> Any:
    """Return a sound sparse matrix as CSR with rising indices: itself where it is that, else a copy."""
    csr = X.tocsr()
    if is_canonical(csr):
        return csr
    if X.format != "coo" and (X.has_canonical_format or (X.has_sorted_indices and not _in_order(X, np.greater_equal))):
        raise DataError(
            "A sparse matrix says that its indices are in order (has_canonical_format or has_sorted_indices), and they "
            "are not: something has changed them since. SciPy gives wrong results with it too. Make it anew: "
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
        f"{name} is no sound {X.format.upper()} matrix of shape {X.shape}: {what}. Indices that begin at 1, as in R "
        f"and Matlab, are a usual reason. Make it anew, for example with "
        f"scipy.sparse.coo_array((values, (rows, columns)), shape={X.shape}), rows and columns counted from 0."
    )
