"""What people keep data in (frames, AnnData, masked arrays, lists) as an array of numbers or a sparse matrix."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Number, Real
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, DataTypeError, shown
from partwise.indices import FORMATS, canonical, is_canonical, sound

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
"""What kernels take."""
NUMBERS = "fiub"
"""Kinds of dtype that hold real numbers."""
WAYS = {
    "to_memory": "to_memory()",
    "compute": "compute(), or its blocks one by one to MiniBatchNMF.partial_fit",
    "collect": "collect()",
    "to_scipy_sparse": "to_scipy_sparse()",
    "detach": "detach().cpu().numpy()",
    "__cuda_array_interface__": "get()",
    "to_pandas": "to_pandas()",
    "to_numpy": "to_numpy()",
    "X": "X",
}
"""A method or attribute by which an object of another library is known, and what to pass instead."""
CODES = "Encode strings and categories as numbers, or leave them out; for texts there is partwise.TopicModel."


@dataclass(frozen=True)
class Named:
    """Data that have no names of columns themselves, such as an array or a sparse matrix, with such names.

    Parameters
    ----------
    X : array or sparse matrix of shape (n, m)
        The data.
    columns : sequence of str, of length m
        The names.
    """

    X: Any
    columns: Sequence[str]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data."""
        return tuple(self.X.shape)


def entries_of(X: Any, name: str = "X") -> Any:
    """Return data (n, m) as an array, or CSR, CSC or COO with sound indices, in float32 or float64; any values."""
    if type(X) is np.ndarray and is_ready(X):
        return X
    X = plain(X, name)
    if is_ready(X):
        return X
    from sklearn.utils import check_array  # takes a second to import, and arrays of floats need none of it

    try:
        with np.errstate(over="ignore"):  # what float64 does not hold becomes infinity
            return check_array(X, accept_sparse=FORMATS, dtype=FLOATS, ensure_all_finite=False)
    except ValueError as error:
        raise DataError(str(error)) from None


def is_ready(X: Any) -> bool:
    """Return whether X is what as_matrix makes of other data before it looks at indices and entries."""
    stored = X.format in FORMATS if sp.issparse(X) else type(X) is np.ndarray
    return stored and X.ndim == 2 and X.dtype in FLOATS and min(X.shape) > 0


def plain(X: Any, name: str = "X") -> Any:
    """Return data as an array of real numbers, or as a sparse matrix whose indices are sound.

    Parameters
    ----------
    X : array-like, sparse matrix, frame or AnnData
        Of any shape. Masked entries, None and the NA of frames become NaN.
    name : str
        What error texts call it.

    Returns
    -------
    ndarray, or sparse matrix in CSR, CSC or COO
        X itself if it already is one; of any real dtype.

    Raises
    ------
    DataTypeError
        If X holds something other than numbers, or is no array or table.
    DataError
        If X is a sparse matrix with an index outside its shape, or an AnnData object without a matrix in memory.
    """
    if sp.issparse(X):
        dtype = getattr(X, "dtype", None)  # None where the values are no array, which sound refuses
        return _summed(sound(X, name)) if dtype is None or dtype.kind in NUMBERS else _refuse_dtype(dtype, name)
    if type(X) is np.ndarray:
        return _numbers(X, name)
    if isinstance(X, Named):
        return plain(X.X, name)
    if is_anndata(X):
        return plain(_matrix_of(X, name), name)
    if _is(X, "pandas", "DataFrame"):
        return _of_frame(X, name)
    if _is(X, "polars", "DataFrame"):  # NumPy makes numbers of it even where it has dates
        for column, dtype in X.schema.items():
            if not (dtype.is_numeric() or str(dtype) in ("Boolean", "Null")):
                _refuse_dtype(dtype, f"Column {column!r} of {name}")
    return _numbers(_array_of(X, name), name)


def _summed(X: Any) -> Any:
    """Return a sound sparse matrix whose whole numbers or booleans are stored once each, added up as SciPy does.

    After a conversion to float their sum would be another: True + True is 2 there, and uint8 does not overflow.
    """
    if X.dtype.kind == "f" or (X.format != "coo" and is_canonical(X)):
        return X
    return canonical(X)


def array_of(X: Any, name: str) -> Any:
    """Return weights, a start or bounds as an array of real numbers; NaN where an entry is unknown."""
    array = plain(X, name)
    if sp.issparse(array):
        raise DataError(f"{name} is a sparse matrix, where an array is needed; give {name}.toarray().")
    with np.errstate(over="ignore"):
        return array.astype(np.float64) if array.dtype.itemsize > 8 else array


def is_table(X: Any) -> bool:
    """Return whether X has rows and columns, as a matrix or frame does; a list of texts does not."""
    return len(getattr(X, "shape", ())) == 2


def is_anndata(X: Any) -> bool:
    """Return whether X is an AnnData object."""
    return _is(X, "anndata", "AnnData")


def _is(X: Any, package: str, name: str) -> bool:
    """Return whether X is of a class of another package, which need not be installed."""
    return any(t.__name__ == name and t.__module__.partition(".")[0] == package for t in type(X).__mro__)


def _matrix_of(X: Any, name: str) -> Any:
    """Return the matrix of an AnnData object."""
    if X.isbacked or X.X is None:
        how = (
            "is backed by a file. Read it into memory: adata = adata.to_memory(), then NMF(...).fit(adata.X), or with a"
            if X.isbacked
            else "has no X. Pass a"
        )
        raise DataError(f"{name} is an AnnData object that {how} layer, NMF(...).fit(adata.layers['counts']).")
    return X.X


def _of_frame(X: Any, name: str) -> Any:
    """Return a pandas frame as an array, float32 if all columns are; as a sparse matrix if all keep zeros absent."""
    dtypes = {*X.dtypes}
    if not all(dtype.kind in NUMBERS for dtype in dtypes):
        return _by_column(X, name)
    if dtypes and all(type(dtype).__name__ == "SparseDtype" and dtype.fill_value == 0 for dtype in dtypes):
        return sound(X.sparse.to_coo(), name)
    known = [getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype)) for dtype in dtypes]
    target = np.float32 if known and np.result_type(*known) == np.float32 else np.float64
    gaps = {"na_value": np.nan} if any(not isinstance(dtype, np.dtype) for dtype in dtypes) else {}
    with np.errstate(over="ignore"):
        return X.to_numpy(dtype=target, **gaps)


def _by_column(X: Any, name: str) -> Any:
    """Return a frame with columns of objects as an array; an entry that is no number is named by row and column."""
    out = np.empty(X.shape)
    for j, (label, dtype) in enumerate(zip(X.columns, X.dtypes, strict=True)):
        column = X.iloc[:, j]
        if dtype.kind in NUMBERS:
            out[:, j] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        elif dtype.kind == "O" and type(dtype).__name__ != "CategoricalDtype":
            out[:, j] = _from_objects(column.to_numpy(dtype=object), name, label)
        else:
            _refuse_dtype(dtype, f"Column {label!r} of {name}")
    return out


def _array_of(X: Any, name: str) -> Any:
    """Return what NumPy makes of an object, if it is one that it makes an array of at once."""
    listed = isinstance(X, list | tuple)
    if _is(X, "dask", type(X).__name__) or not (
        isinstance(X, Sequence | Number) or hasattr(X, "__array__") or hasattr(X, "__array_interface__")
    ):
        raise DataTypeError(f"{name} is of type {_kind(X)}, which is no array in memory. {_way(X, name)}")
    try:
        with warnings.catch_warnings(), np.errstate(over="ignore"):
            warnings.simplefilter("ignore")  # a masked entry in a list becomes NaN, as it should
            if listed and any(isinstance(row, np.ma.MaskedArray) for row in X):
                return np.ma.array(X)
            return np.asanyarray(X)
    except Exception as error:  # whatever the other library raises
        lengths = [len(row) if isinstance(row, Sequence) else 1 for row in X] if listed else [0]
        uneven = next((i for i, length in enumerate(lengths) if length != lengths[0]), 0)
        why = f"row 0 has {lengths[0]} entries, row {uneven} has {lengths[uneven]}" if uneven else str(error)
        why = why.rstrip(".")
        raise DataTypeError(f"{name} is of type {_kind(X)} and makes no array: {why}. {_way(X, name)}") from error


def _numbers(array: Any, name: str) -> Any:
    """Return an array of real numbers without a mask."""
    kind = array.dtype.kind
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array) and kind in NUMBERS:
            dtype = np.float32 if array.dtype == np.float32 else np.float64
            with np.errstate(over="ignore"):
                return np.where(np.ma.getmaskarray(array), dtype(np.nan), np.asarray(array).astype(dtype, copy=False))
        array = np.where(np.ma.getmaskarray(array), np.array(None), array.data) if kind == "O" else np.asarray(array)
    if kind in NUMBERS:
        return np.asarray(array)
    return _from_objects(np.asarray(array), name) if kind == "O" else _refuse_dtype(array.dtype, name)


def _from_objects(array: Any, name: str, column: Any = None) -> Any:
    """Return an array of Python's numbers in float64, NaN for None and NA."""
    values = array.ravel().tolist()
    types = {*map(type, values)}
    gaps = {t for t in types if t.__name__ in ("NoneType", "NAType", "MaskedConstant")}
    numbers = {t for t in types if issubclass(t, Real | Decimal | np.bool_) and not issubclass(t, np.timedelta64)}
    if strange := types - gaps - numbers:
        at = next(i for i, value in enumerate(values) if type(value) in strange)
        index = [*map(str, np.unravel_index(at, array.shape))] + ([] if column is None else [repr(column)])
        place = f"{name}[{', '.join(index)}]" if index else name
        raise DataTypeError(
            f"{place} = {shown(values[at])} is of type {_kind(values[at])}. The argument must be free of strings, "
            f"dates and other objects, with a number, or None or NA for what is unknown, in each place. {CODES}"
        )
    try:
        with np.errstate(over="ignore"):
            known = [np.nan if type(value) in gaps else value for value in values]
            return np.array(known, dtype=np.float64).reshape(array.shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataTypeError(f"{name} holds a number that float64 does not: {error}.") from error


def _refuse_dtype(dtype: Any, name: str) -> Any:
    """Raise the error for data that are no real numbers."""
    kind = getattr(dtype, "kind", "O")
    if kind == "c":
        raise DataTypeError(
            f"Complex data not supported: {name} has dtype {dtype}. Give absolute values, or real parts."
        )
    way = {
        "M": "Give numbers, for example the seconds or days since the first date.",
        "m": "Divide by a unit, for example np.timedelta64(1, 's').",
        "V": "Give its fields as the columns of one array, for example by "
        "numpy.lib.recfunctions.structured_to_unstructured.",
    }.get(kind, f"Numbers kept as strings: .astype(float). {CODES}")
    raise DataTypeError(f"{name} has dtype {dtype}, and must hold numbers. {way}")


def _kind(X: Any) -> str:
    """Return the name of an object's type, with its package."""
    package = type(X).__module__.partition(".")[0]
    return type(X).__name__ if package == "builtins" else f"{package}.{type(X).__name__}"


def _way(X: Any, name: str) -> str:
    """Return a sentence that says what to pass instead."""
    found = next((way for has, way in WAYS.items() if hasattr(X, has)), None)
    return f"Give {name}.{found}." if found else "Give a NumPy array, a SciPy sparse matrix or a frame."
