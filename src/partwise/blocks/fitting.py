"""Whether a file fits into memory; if it does not, how it is read by blocks."""

import os
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from partwise.blocks.convert import OPENERS, convert
from partwise.blocks.encoded import find, form_of
from partwise.blocks.hdf5 import opened_hdf5
from partwise.blocks.layout import is_layout
from partwise.blocks.market import market_header
from partwise.blocks.npy import Header
from partwise.blocks.opening import HDF5, is_zarr, open_blocks
from partwise.blocks.plan import factor_bytes
from partwise.blocks.source import TURNED, BlockSource, block_dtype
from partwise.blocks.zarr import opened_zarr
from partwise.exceptions import DataError
from partwise.parameters import check_memory
from partwise.tables.source import ending
from partwise.threads import count_threads

ENTRY = 12
"""Bytes of a sparse entry in float64, with its column."""


def memory_of(path: str | os.PathLike[str], layer: str | None = None) -> int | None:
    """Return the bytes that a matrix takes in memory, found without reading all of its file; None if that fails.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    path = Path(path)
    kind, packing = ending(path)
    if kind == ".mtx" and packing in OPENERS:
        header = market_header(path, OPENERS[packing])
        dense = header.layout == "array"
        twice = 1 if header.symmetry == "general" else 2
        return header.count * twice * (8 if dense else TURNED * ENTRY)
    if packing:
        return None
    if kind == ".npz" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            return size * (TURNED if "format.npy" in archive.namelist() else 1)
    if kind == ".npy":
        header_of = Header(path)
        count = 1
        for length in header_of.shape:
            count *= length
        return count * block_dtype(header_of.dtype).itemsize if header_of.dtype.kind in "biuf" else None
    if is_layout(path):
        source = open_blocks(path, 1 << 62)
        return source.n_stored * (TURNED * ENTRY if source.is_sparse else source.dtype.itemsize)
    if is_zarr(path) or kind in HDF5:
        opened = opened_zarr(path) if path.is_dir() else opened_hdf5(path)
        place = opened.at(find(opened, layer)[0])
        if form_of(place):
            return int(place["data"].shape[0]) * TURNED * ENTRY
        return int(place.shape[0]) * int(place.shape[1]) * block_dtype(place.dtype).itemsize
    return None


def needs_blocks(path: str | os.PathLike[str]) -> bool:
    """Return whether only this package reads a path's format: a folder of blocks, or HDF5 other than .h5ad."""
    path = Path(path)
    return is_layout(path) or (ending(path)[0] in HDF5 and path.suffix.lower() != ".h5ad")


def opened_or_converted(
    path: str | os.PathLike[str],
    max_memory: int | str,
    held: ExitStack,
    *,
    layer: str | None = None,
    transpose: bool = False,
) -> tuple[BlockSource, bool]:
    """Return a file by blocks, and whether it was converted into a temporary folder, which `held` removes."""
    allowed = check_memory("max_memory", max_memory)
    if not transpose:
        try:
            return open_blocks(path, allowed, layer=layer), False
        except DataError:
            pass
    folder = held.enter_context(tempfile.TemporaryDirectory(prefix="partwise-"))
    return convert(path, Path(folder, "x.blocks"), max_memory=allowed, layer=layer, transpose=transpose), True


def within(X: Any, n_components: int, max_memory: int | str | None, n_jobs: int | None) -> tuple[Any, int | None]:
    """Return a CSR matrix for a fit that stays within some memory, and the number of threads for it.

    If a fit in memory would take more, the matrix is read by blocks, on as many threads as the memory allows.

    Parameters
    ----------
    X : csr array of shape (n, m)
        The matrix, in memory or in files.
    n_components : int
        Parts of the fit.
    max_memory : int, str or None
        Memory allowed; None: no limit.
    n_jobs : int or None
        Threads asked for.
    """
    if max_memory is None:
        return X, n_jobs
    allowed = check_memory("max_memory", max_memory)
    entries = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    if TURNED * entries + factor_bytes(X.shape, n_components, X.dtype) <= allowed:
        return X, n_jobs
    source = open_blocks(X, allowed)
    return source, source.plan.threads(n_components, count_threads(n_jobs))
