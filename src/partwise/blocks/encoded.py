"""Matrices in HDF5 and Zarr: arrays, and CSR or CSC as AnnData encodes them. Both formats are used in the same way."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from partwise.blocks.files import Stamp
from partwise.blocks.npy import by_columns, check_matrix
from partwise.blocks.plan import plan_dense, plan_sparse
from partwise.blocks.source import BlockSource, as_floats, block_dtype, csr
from partwise.exceptions import DataError, likely
from partwise.locks import Lock
from partwise.matrix import Array
from partwise.tables.matrices import naming
from partwise.tables.table import quoted_names

ANEW = "Copy it or write it again."
PLAIN = "X"
"""The matrix that is read by default."""
SPARSE = {"csr_matrix": "csr", "csc_matrix": "csc", "csr": "csr", "csc": "csc"}
"""How attributes name the two forms, today and in files of AnnData before 0.7."""


class Opened:
    """A file or folder that is opened when it is first read. It can be pickled, and is opened again elsewhere.

    Parameters
    ----------
    name : str
        Its name in error texts.
    open_root : callable
        A function of a module; returns the root for the path.
    path : str
        Where it is.
    stamp : Stamp
        Tells whether the file has changed.
    chunks_at_once : int
        Number of chunks that the library unpacks at a time.
    """

    def __init__(
        self, name: str, open_root: Callable[[str], Any], path: str, stamp: Stamp, chunks_at_once: int = 1
    ) -> None:
        self.name, self.stamp, self.chunks_at_once = name, stamp, chunks_at_once
        self._open, self._path = open_root, path
        self._root: Any = None
        self._lock = Lock()

    @property
    def root(self) -> Any:
        """The group, or array, that holds everything."""
        with self._lock:
            if self._root is None:
                with naming(self._path, ANEW):
                    self._root = self._open(self._path)
            return self._root

    def read(self, key: str, first: int, last: int) -> Array:
        """Return a part of an array, after a check that the file has not changed."""
        self.stamp.check()
        with naming(self.name, ANEW):
            return np.asarray(self.at(key)[first:last])

    def at(self, key: str) -> Any:
        """Return the array or group of a key; '' is the root itself."""
        return self.root[key] if key else self.root

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"} | {"_root": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=Lock())


class ArrayIn(BlockSource):
    """A dense matrix in HDF5 or Zarr.

    Parameters
    ----------
    opened : Opened
        The file.
    key : str
        Where the array is.
    max_memory : int
        Bytes allowed.
    column_names : list of str or None
        Names of columns.
    """

    def __init__(self, opened: Opened, key: str, max_memory: int, column_names: list[str] | None) -> None:
        array = opened.at(key)
        check_matrix(opened.name, array.shape, array.dtype)
        held, chunk = 0, 1
        if array.chunks:
            chunk = int(array.chunks[0])
            count = math.prod(-(-length // part) for length, part in zip(array.shape, array.chunks, strict=True))
            held = min(opened.chunks_at_once, count) * math.prod(array.chunks) * array.dtype.itemsize
        shape = tuple(array.shape)
        plan = plan_dense(shape, block_dtype(array.dtype), max_memory, name=opened.name, chunk=chunk, held_bytes=held)
        super().__init__(opened.name, plan, column_names=column_names)
        self._opened, self._key = opened, key

    def read(self, first: int, last: int) -> Array:
        """See BlockSource."""
        return as_floats(self._opened.read(self._key, first, last))


@dataclass(frozen=True)
class Compressed:
    """A sparse matrix in AnnData's encoding.

    Parameters
    ----------
    opened : Opened
        The file.
    key : str
        Where its group is.
    form : {'csr', 'csc'}
        How it is stored.
    shape : (int, int)
        Of the matrix.
    dtype : dtype
        Of the entries in the file.
    indptr : ndarray of int64
        Where each row, or column, begins: all of it, read once.
    """

    opened: Opened
    key: str
    form: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    indptr: Array

    @classmethod
    def of(cls, opened: Opened, key: str, form: str) -> "Compressed":
        """Return the matrix in a group, checked."""
        with naming(opened.name, ANEW):
            group = opened.at(key)
            n, m = map(int, group.attrs.get("shape", group.attrs.get("h5sparse_shape")))
            indptr = np.asarray(group["indptr"][:]).astype(np.int64)
            indices, data = group["indices"], group["data"]
            check_matrix(opened.name, (n, m), data.dtype)
            lines = n if form == "csr" else m
            whole = len(indptr) == lines + 1 and indptr[0] == 0 and not (np.diff(indptr) < 0).any()
            if not whole or indices.dtype.kind not in "iu":
                raise DataError(f"{opened.name} is damaged: indptr does not describe {lines:,} rows. {ANEW}")
            if indptr[-1] > min(indices.shape[0], data.shape[0]):
                raise DataError(
                    f"{opened.name} is cut short: according to indptr it has {indptr[-1]:,} entries, but it has only "
                    f"{min(indices.shape[0], data.shape[0]):,}. {ANEW}"
                )
        return cls(opened, key, form, (n, m), data.dtype, indptr)

    def entries(self, begin: int, end: int) -> tuple[Array, Array]:
        """Return indices and values of entries begin..end."""
        at = f"{self.key}/" if self.key else ""
        return (
            np.array(self.opened.read(f"{at}indices", begin, end)),
            as_floats(self.opened.read(f"{at}data", begin, end)),
        )


class CompressedRows(BlockSource):
    """A CSR matrix in HDF5 or Zarr.

    Parameters
    ----------
    matrix : Compressed
        The matrix.
    max_memory : int
        Bytes allowed.
    column_names : list of str or None
        Names of columns.
    """

    is_sparse = True

    def __init__(self, matrix: Compressed, max_memory: int, column_names: list[str] | None) -> None:
        name = matrix.opened.name
        plan = plan_sparse(matrix.shape, block_dtype(matrix.dtype), matrix.indptr, max_memory, name=name, index_bytes=8)
        super().__init__(name, plan, column_names=column_names)
        self._matrix = matrix

    def read(self, first: int, last: int) -> Any:
        """See BlockSource."""
        indptr = self._matrix.indptr[first : last + 1]
        indices, data = self._matrix.entries(int(indptr[0]), int(indptr[-1]))
        return csr(data, indices, indptr, self.shape[1])


def open_encoded(opened: Opened, max_memory: int, layer: str | None) -> BlockSource:
    """Return the matrix of a layer in a file. None is X, or the only matrix.

    Raises
    ------
    DataError
        If there is no such matrix, or it is stored by columns.
    """
    key, names = find(opened, layer)
    form = form_of(opened.at(key))
    if form is None:
        return ArrayIn(opened, key, max_memory, names)
    if form == "csc":
        raise by_columns(opened.name, "CSC form")
    return CompressedRows(Compressed.of(opened, key, form), max_memory, names)


def form_of(place: Any) -> str | None:
    """Return 'csr' or 'csc' for a group in AnnData's encoding, None for an array."""
    if hasattr(place, "dtype"):
        return None
    return SPARSE.get(str(place.attrs.get("encoding-type", place.attrs.get("h5sparse_format"))))


def find(opened: Opened, layer: str | None) -> tuple[str, list[str] | None]:
    """Return the key of the matrix of a layer ('' for the root itself), and the names of its columns."""
    root = opened.root
    if hasattr(root, "dtype") or form_of(root):
        if layer is not None:
            raise DataError(f"{opened.name} holds one matrix. Leave layer out.")
        return "", None
    known = _matrices(root)
    wanted = layer or (PLAIN if PLAIN in known else next(iter(known)) if len(known) == 1 else None)
    if wanted is None:
        listed = f"{len(known)} matrices, {quoted_names(list(known))}" if known else "no matrix"
        raise DataError(f"{opened.name} holds {listed}. Name the one to read with layer=..., or save it alone.")
    if wanted not in known:
        raise DataError(
            f"{opened.name} has no layer {wanted!r}; it has {quoted_names(list(known))}.{likely(wanted, known)}"
        )
    key = known[wanted]
    of_columns = "raw/var" if key == "raw/X" else "var"
    return key, _names(root, of_columns) if key == PLAIN or key.startswith(("layers/", "raw/")) else None


def _matrices(root: Any) -> dict[str, str]:
    """Return the keys of all matrices by name: those at the top, AnnData's layers, and its raw data."""
    places = {name: name for name in root}
    if "layers" in root and not hasattr(root["layers"], "dtype"):
        places |= {name: f"layers/{name}" for name in root["layers"] if name not in places}
    if "raw" in root and "X" in root["raw"]:
        places["raw"] = "raw/X"
    found = {}
    for name, key in places.items():
        place = root[key]
        if form_of(place) or (hasattr(place, "dtype") and len(place.shape) == 2):
            found[name] = key
    return found


def _names(root: Any, key: str) -> list[str] | None:
    """Return the index of a frame of AnnData as text, or None if there is none."""
    if key not in root or hasattr(root[key], "dtype"):
        return None
    frame = root[key]
    index = frame.attrs.get("_index", "_index")
    if index not in frame or not hasattr(frame[index], "dtype"):
        return None
    column = frame[index]
    values = column.asstr()[:] if hasattr(column, "asstr") else column[:]
    return [str(value) for value in values]
