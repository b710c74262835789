"""Arrays, memory maps and sparse matrices in memory, as blocks."""

import mmap
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.blocks.files import File
from partwise.blocks.npy import NpyRows, RawRows, by_columns, check_matrix
from partwise.blocks.plan import plan_dense, plan_sparse
from partwise.blocks.source import BlockSource, as_floats, block_dtype, csr
from partwise.indices import sound
from partwise.matrix import Array


class ArrayRows(BlockSource):
    """An array in memory, or one that is read when it is sliced: a memory map, a data set of h5py.

    Parameters
    ----------
    X : array of shape (n, m)
        The array.
    max_memory : int
        Bytes allowed.
    """

    def __init__(self, X: Any, max_memory: int) -> None:
        super().__init__("X", plan_dense((X.shape[0], X.shape[1]), block_dtype(X.dtype), max_memory))
        self._X = X

    def read(self, first: int, last: int) -> Array:
        """See BlockSource."""
        return as_floats(np.asarray(self._X[first:last]))


class SparseRows(BlockSource):
    """A CSR matrix in memory.

    Parameters
    ----------
    X : CSR matrix of shape (n, m)
        The matrix.
    max_memory : int
        Bytes allowed.
    """

    is_sparse = True

    def __init__(self, X: Any, max_memory: int) -> None:
        super().__init__("X", plan_sparse(X.shape, block_dtype(X.dtype), X.indptr, max_memory))
        self._X = X

    def read(self, first: int, last: int) -> Any:
        """See BlockSource."""
        X = self._X
        entries = slice(int(X.indptr[first]), int(X.indptr[last]))
        return csr(as_floats(X.data[entries]), X.indices[entries].copy(), X.indptr[first : last + 1], self.shape[1])


def open_array(X: Any, max_memory: int) -> BlockSource:
    """Return blocks of an array, a memory map or a sparse matrix.

    Raises
    ------
    DataError
        If it is not a matrix of real numbers, or its order does not allow reading by rows.
    """
    if sp.issparse(X):
        X = sound(X)
        if X.format != "csr":
            raise by_columns("X", f"{X.format.upper()} form", "X")
        check_matrix("X", X.shape, X.dtype)
        return SparseRows(X, max_memory)
    check_matrix("X", X.shape, X.dtype)
    if isinstance(X, np.ndarray) and X.flags.f_contiguous and not X.flags.c_contiguous and isinstance(X, np.memmap):
        raise by_columns("X", "Fortran order, one column after another", "X")
    if _is_whole_map(X):
        rows = RawRows(File(X.filename), X.offset, X.shape, X.dtype)
        return NpyRows(rows, max_memory)
    return ArrayRows(X, max_memory)


def _is_whole_map(X: Any) -> bool:
    """Return whether an array is a memory map whose file holds everything that was written to the array."""
    whole = isinstance(X, np.memmap) and isinstance(X.base, mmap.mmap) and X.filename is not None
    return whole and X.flags.c_contiguous and X.mode != "c"
