"""A Dask array as a matrix that is read by blocks: on threads, or on the workers of a cluster."""

import sys
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.caching import cached_property
from partwise.exceptions import DataError, DataTypeError
from partwise.indices import canonical
from partwise.matrix.apart import Apart
from partwise.matrix.base import Matrix, PerBlock
from partwise.matrix.by_blocks import ByBlocks, array_of_rows, held, n_stored_of
from partwise.matrix.cluster import Cluster, client_of_cluster
from partwise.matrix.containers import NUMBERS, Named, is_anndata, plain
from partwise.matrix.cutting import Block
from partwise.matrix.rows import Array
from partwise.threads import ALONE, Workers


def is_dask(X: Any) -> bool:
    """Return whether ``dask_array`` finds a Dask array in X; it computes nothing."""
    if type(X) is np.ndarray or "dask" not in sys.modules:
        return False
    if isinstance(X, Named):
        return is_dask(X.X)
    if is_anndata(X):
        return not X.isbacked and is_dask(X.X)
    return type(X).__module__.startswith("dask") and (hasattr(X, "to_dask_array") or hasattr(X, "chunks"))


def dask_array(X: Any) -> Any:
    """Return the Dask array in X (itself, a Dask frame, or that of an AnnData object), or None if there is none."""
    if not is_dask(X):
        return None
    if isinstance(X, Named) or is_anndata(X):
        return dask_array(X.X)
    if not hasattr(X, "to_dask_array"):
        return X
    if hasattr(X, "columns") and any(
        hasattr(dtype, "numpy_dtype") for dtype in X.dtypes
    ):  # Dask makes objects of these
        X = X.map_partitions(_floats, meta=_floats(X._meta))
    return X.to_dask_array(lengths=True)


def _floats(frame: Any) -> Any:
    """Return a pandas frame with its entries as NumPy's floats, NaN where they are NA."""
    return type(frame)(plain(frame), frame.index, frame.columns)


class Lazy(ByBlocks):
    """A Dask array (n, m), dense or of sparse chunks. Each chunk of rows is a block.

    Without a cluster, the fit's own threads compute the chunks. With a cluster (``distributed.Client``), its workers
    hold the chunks, do the work on them, and add large sums among themselves. All that a task needs is its argument, so
    if a worker dies, only its tasks are done again. None of Dask's own operators touches a sparse chunk.

    Parameters
    ----------
    array : dask.array.Array
        The data.
    name : str
        What error texts call it.

    Raises
    ------
    DataError
        If the sizes of chunks are not known, or the array does not have two axes.
    DataTypeError
        If it holds something other than numbers.
    """

    def __init__(self, array: Any, name: str = "X") -> None:
        if array.ndim != 2 or 0 in array.shape:
            raise DataError(f"{name} is a Dask array of shape {array.shape}; it needs rows and columns.")
        if np.isnan(array.shape).any():
            raise DataError(
                f"{name} is a Dask array whose chunks have unknown sizes. Call {name}.compute_chunk_sizes() first."
            )
        if array.dtype.kind not in NUMBERS:
            raise DataTypeError(f"{name} has dtype {array.dtype}, and must hold numbers.")
        if len(array.chunks[1]) > 1:
            size = array.shape[0] * array.shape[1] * array.dtype.itemsize
            warnings.warn(
                f"{name} is cut by columns too: its chunks are put together to whole rows, which moves up to "
                f"{size / 2**20:,.0f} MiB. Make it with chunks=(rows, -1), or write it so, to avoid this.",
                stacklevel=2,
            )
            array = array.rechunk({1: -1})
        self.array = array
        self.shape = tuple(int(size) for size in array.shape)  # type: ignore[assignment]
        self.dtype = array.dtype if array.dtype == np.float32 else np.dtype(np.float64)
        self.blocks = tuple(pairwise(accumulate((int(size) for size in array.chunks[0] if size), initial=0)))
        chunks = array.to_delayed().ravel()
        self._chunks = [chunk for chunk, size in zip(chunks, array.chunks[0], strict=True) if size]
        self._starts = [first for first, _ in self.blocks]
        self._recent: dict[int, Any] = {}
        self._kept: Cluster | None = None  # whose workers hold the blocks

    @cached_property
    def n_stored(self) -> int:
        """See Matrix; counting the entries of sparse chunks takes a pass over them."""
        if isinstance(self.array._meta, np.ndarray):
            return self.shape[0] * self.shape[1]
        return sum(self.each(n_stored_of, None)[0])

    def block(self, first: int, last: int) -> Any:
        return array_of_rows(self.slice(first, last))

    def slice(self, first: int, last: int) -> Matrix:
        """See Matrix: done in this process, wherever the other rows are."""
        numbers, cuts = self._cuts((first, last))
        return held(_tile(self.dtype, self.shape[1], cuts, *map(self._chunk, numbers)))

    def _chunk(self, number: int) -> Any:
        """Return a chunk, computed unless it is one of the last two."""
        recent = self._recent
        if number not in recent:
            dask: Any = import_module("dask")
            (chunk,) = dask.compute(
                self._chunks[number], **({} if client_of_cluster() else {"scheduler": "synchronous"})
            )
            recent = {**dict([*recent.items()][-1:]), number: chunk}
            self._recent = recent
        return recent[number]

    def forget(self) -> None:
        super().forget()
        self._kept, self._recent = None, {}

    def each(self, function: PerBlock, shared: Any, *factors: Any, workers: Workers = ALONE) -> tuple[list[Any], Any]:
        """See Matrix: on a cluster, if there is one."""
        cluster = self._cluster()
        if cluster is None:
            return super().each(function, shared, *factors, workers=workers)
        _, own, sums = cluster.run(function, shared, factors)
        return own, sums

    @property
    def runs_here(self) -> bool:
        return self._cluster() is None

    @property
    def keeps_apart(self) -> bool:
        return client_of_cluster() is not None

    def spread(self, array: Array) -> Any:
        cluster = self._cluster()
        return array if cluster is None else cluster.spread(array)

    def each_kept(
        self,
        function: PerBlock,
        shared: Any,
        into: Sequence[tuple[Array, bool]],
        *factors: Any,
        workers: Workers = ALONE,
    ) -> tuple[list[Any], Any]:
        """See Matrix: results for rows stay on the workers, if the factors are there."""
        cluster = self._cluster()
        if cluster is None or not isinstance(into[0][0], Apart):
            return super().each_kept(function, shared, into, *factors, workers=workers)
        arrays, _, sums = cluster.run(function, shared, factors, keep=[measured for _, measured in into])
        return arrays, sums

    def _cluster(self) -> Cluster | None:
        """Return the cluster that works on the blocks, if there is one; lost blocks are made again from the array."""
        client = client_of_cluster()
        if client is None:
            return None
        if self._kept is None or self._kept.client is not client:
            chunks = client.compute(self._chunks)

            def tile(number: int) -> Sequence[Any]:
                numbers, cuts = self._cuts(self.tiled[number])
                return _tile, self.dtype, self.shape[1], cuts, *(chunks[i] for i in numbers)

            self._kept = Cluster(client, self.tiled, self.shape[1], tile)
        return self._kept

    def _cuts(self, rows: Block) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Return the chunks that contain some rows, and (first, last, number of rows) in each chunk."""
        numbers = [*range(bisect_right(self._starts, rows[0]) - 1, bisect_left(self._starts, rows[1]))]
        cuts = [
            (max(rows[0], first) - first, min(rows[1], last) - first, last - first)
            for first, last in (self.blocks[number] for number in numbers)
        ]
        return numbers, cuts


def _tile(dtype: Any, width: int, cuts: Sequence[tuple[int, int, int]], *chunks: Any) -> Any:
    """Return rows of chunks, one below the other, as an array or as CSR."""
    for chunk, (*_, height) in zip(chunks, cuts, strict=True):
        if chunk.shape != (height, width):
            raise DataError(
                f"A chunk of the Dask array has shape {chunk.shape}, where the array says {(height, width)}: give "
                f"map_blocks, from_delayed or from_map the chunks that the function returns."
            )
    parts = [_rows_of(chunk)[first:last] for chunk, (first, last, _) in zip(chunks, cuts, strict=True)]
    if sp.issparse(parts[0]):
        # a csr_matrix: of a csr_array Dask would not know the size, and take it for cheap to move
        return sp.csr_matrix(canonical(sp.vstack(parts, format="csr").astype(dtype, copy=False)))
    return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts), dtype)


def _rows_of(chunk: Any) -> Any:
    """Return a chunk as an array or a CSR matrix."""
    if sp.issparse(chunk):
        return sp.csr_array(chunk)
    if hasattr(chunk, "to_scipy_sparse"):  # of pydata's sparse
        return sp.csr_array(chunk.to_scipy_sparse())
    if isinstance(chunk, np.ma.MaskedArray):
        return np.ma.filled(chunk.astype(np.float32 if chunk.dtype == np.float32 else np.float64), np.nan)
    return np.asarray(chunk)
