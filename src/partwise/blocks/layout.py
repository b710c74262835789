"""partwise's own folders of blocks: plain .npy files in CSR form, or with dense rows, and a small description.

::

    x.blocks/
      format.json      {"format": "partwise blocks", "version": 1, "shape": [n, m], "dtype": "float32", "kind": "csr"}
      indptr.npy       int64 (n + 1,): where each row begins        } of a sparse matrix
      indices.npy      int32 or int64: column of each stored entry  }
      data.npy         float32 or float64: the stored entries       }
      values.npy       float32 or float64 (n, m)                      of a dense one
      columns.json                                                    names of columns, where the source had them

NumPy can read each file by itself.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from partwise.blocks.npy import Header, NpyRows, RawRows
from partwise.blocks.plan import plan_sparse
from partwise.blocks.source import BlockSource, block_dtype, csr
from partwise.exceptions import DataError
from partwise.matrix import Array

ENDING = ".blocks"
FORMAT, VERSION = "partwise blocks", 1
DESCRIPTION, INDPTR, INDICES, DATA, VALUES = "format.json", "indptr.npy", "indices.npy", "data.npy", "values.npy"
NAMES = "columns.json"
ANEW = "Make it again with partwise.convert."


class CsrFiles(BlockSource):
    """A sparse matrix in a folder of blocks.

    Parameters
    ----------
    name : str
        Its name in error texts.
    n_columns : int
        Columns.
    indptr : ndarray of shape (n + 1,)
        Where each row begins.
    indices, data : RawRows
        Columns and values of the entries.
    max_memory : int
        Bytes allowed.
    column_names : list of str or None
        Names of columns.
    """

    is_sparse = True

    def __init__(
        self,
        name: str,
        n_columns: int,
        indptr: Array,
        indices: RawRows,
        data: RawRows,
        max_memory: int,
        column_names: list[str] | None,
    ) -> None:
        shape = len(indptr) - 1, n_columns
        plan = plan_sparse(
            shape, block_dtype(data.dtype), indptr, max_memory, name=name, index_bytes=indices.dtype.itemsize
        )
        super().__init__(name, plan, column_names=column_names)
        self._indptr, self._indices, self._data = indptr, indices, data

    def read(self, first: int, last: int) -> Any:
        """See BlockSource."""
        indptr = self._indptr[first : last + 1]
        begin, end = int(indptr[0]), int(indptr[-1])
        return csr(self._data.read(begin, end), self._indices.raw(begin, end), indptr, self.shape[1])


def is_layout(path: Path) -> bool:
    """Return whether a path is a folder of blocks."""
    return (path / DESCRIPTION).is_file()


def open_layout(path: str | Path, max_memory: int) -> BlockSource:
    """Return the matrix in a folder of blocks.

    Raises
    ------
    DataError
        If it is not one, is damaged, or was made by a newer version of partwise.
    """
    folder = Path(path)
    shape, kind, names = _described(folder)
    if kind == "dense":
        values = _array(folder, VALUES, shape)
        return NpyRows(values, max_memory, str(path), names)
    indptr = np.load(folder / INDPTR, allow_pickle=False)
    if indptr.shape != (shape[0] + 1,) or indptr.dtype != np.int64 or indptr[0] != 0 or (np.diff(indptr) < 0).any():
        raise DataError(f"{path} is damaged: {INDPTR} does not say where its {shape[0]:,} rows begin. {ANEW}")
    count = int(indptr[-1])
    indices, data = (_array(folder, name, (count,)) for name in (INDICES, DATA))
    if indices.dtype not in (np.int32, np.int64):
        raise DataError(f"{path} is damaged: {INDICES} holds {indices.dtype}. {ANEW}")
    return CsrFiles(str(path), shape[1], indptr, indices, data, max_memory, names)


def _described(folder: Path) -> tuple[tuple[int, int], str, list[str] | None]:
    """Return shape, kind and names of columns from a folder's description."""
    try:
        told = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        name, version = told["format"], int(told["version"])
        if name == FORMAT and version > VERSION:
            raise DataError(
                f"{folder} was made by a newer version of partwise: its format has version {version}. Update partwise."
            )
        n, m = map(int, told["shape"])
        if name != FORMAT or told["kind"] not in ("csr", "dense") or min(n, m) < 1:
            raise ValueError("it describes another format")
        names = json.loads((folder / NAMES).read_text("utf-8")) if (folder / NAMES).exists() else None
        if names is not None and len(names) != m:
            raise ValueError(f"{NAMES} has {len(names)} names")
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{folder} is not a folder of blocks: it has no {DESCRIPTION}. {ANEW}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} is damaged: {DESCRIPTION} cannot be read ({error}). {ANEW}") from error
    return (n, m), told["kind"], names


def _array(folder: Path, name: str, shape: tuple[int, ...]) -> RawRows:
    """Return an array of a folder; it must have this shape."""
    try:
        header = Header(folder / name)
    except FileNotFoundError as error:
        raise DataError(f"{folder} is damaged: {name} is missing. {ANEW}") from error
    if header.shape != shape:
        raise DataError(f"{folder} is damaged: {name} has the shape {header.shape}, where {shape} is needed. {ANEW}")
    return RawRows(header.file, header.offset, header.shape, header.dtype)
