"""convert: write any matrix once in a form that can be read a block of rows at a time."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.blocks.arrays import ArrayRows, SparseRows
from partwise.blocks.encoded import Compressed, find, form_of, open_encoded
from partwise.blocks.hdf5 import opened_hdf5
from partwise.blocks.layout import ENDING, VALUES, is_layout
from partwise.blocks.making import Making, new_folder
from partwise.blocks.market import market_header, market_stream
from partwise.blocks.npy import Header, NpyRows, RawRows, check_matrix
from partwise.blocks.npz import npz_stream
from partwise.blocks.opening import HDF5, is_zarr, open_blocks
from partwise.blocks.parquet import triplets
from partwise.blocks.source import BlockSource, as_floats, block_dtype
from partwise.blocks.stream import Stream, Work, by_column
from partwise.blocks.zarr import opened_zarr
from partwise.exceptions import DataError, ParameterError
from partwise.indices import canonical, sound
from partwise.parameters import check_flag, check_memory
from partwise.tables import read_numbers
from partwise.tables.matrices import files_of_10x
from partwise.tables.source import ending, unpacked

NPY = ".npy"
OPENERS: dict[str, Callable[..., Any]] = {"": lambda file: file, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""What unpacks a file while it is read, by the last ending of its name."""


def convert(
    source: Any,
    target: str | os.PathLike[str],
    *,
    max_memory: int | str = "1GiB",
    layer: str | None = None,
    transpose: bool = False,
) -> BlockSource:
    """Write a matrix in a form that ``open_blocks`` can read a block of rows at a time.

    Only a part of the matrix is in memory at a time. Entries in another order are sorted in temporary files beside the
    target, which take 12 to 24 bytes an entry. A sparse matrix stays sparse.

    Parameters
    ----------
    source : path, array, sparse matrix, iterator or callable
        A file: ``.npz`` of SciPy or with one array, ``.mtx``, ``.npy``, also packed (``.gz``, ``.bz2``, ``.xz``,
        ``.zst``); ``.h5``, ``.h5ad``, ``.zarr`` with ``partwise[io]``; a folder of 10x, whose cells become rows; a
        ``.parquet`` with the columns row, column and value, counted from 0. Other files that the command line reads,
        such as ``.csv``, must fit into memory. Or anything that ``open_blocks`` takes.
    target : path
        A new folder whose name ends in ``.blocks``, or, for a dense matrix, a ``.npy`` file.
    max_memory : int or str, default='1GiB'
        Memory that the conversion can use, and later the source that is returned.
    layer : str or None, default=None
        Which matrix of an .h5, .h5ad or .zarr file to read. By default X, or the only one.
    transpose : bool, default=False
        Whether rows of the source are features and columns are samples (for ``.mtx`` and for folders of 10x, which are
        transposed by default).

    Returns
    -------
    BlockSource
        The matrix at its new place, opened.

    Raises
    ------
    DataError
        If the source is not a matrix of real numbers, or the target already exists.
    ParameterError
        If the target has another ending, or is ``.npy`` and the matrix is sparse.
    OSError
        If the target cannot be written, for example because the disk is full. Nothing is left behind then.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np, scipy.sparse as sp
    >>> import partwise as pw
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> sp.save_npz(folder / "x.npz", sp.random_array((900, 50), density=0.1, format="csc", rng=0))
    >>> X = pw.convert(folder / "x.npz", folder / "x.blocks")
    >>> X.shape, X.n_stored, sorted(path.name for path in (folder / "x.blocks").iterdir())
    ((900, 50), 4500, ['data.npy', 'format.json', 'indices.npy', 'indptr.npy'])
    """
    allowed, out = check_memory("max_memory", max_memory), Path(target)
    check_flag("transpose", transpose)
    if out.suffix.lower() not in (ENDING, NPY):
        raise ParameterError(f"target: {out} must be a folder that ends in {ENDING}, or a file that ends in {NPY}.")
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(2, "No such folder", str(out.absolute().parent))
    is_npy = out.suffix.lower() == NPY
    with ExitStack() as opened:
        folder, temporary = opened.enter_context(new_folder(out, VALUES if is_npy else ""))
        stream = _stream(source, layer, transpose, Work(temporary, allowed), opened)
        if is_npy and stream.is_sparse:
            raise ParameterError(
                f"target: {out} would hold every zero of a sparse matrix. Give a folder that ends in {ENDING}."
            )
        making = opened.enter_context(closing(Making(folder, stream.n_columns, stream.dtype, stream.is_sparse)))
        for rows in stream.blocks:
            making.add(rows)
        making.end(stream.column_names)
    return open_blocks(out, allowed)


def _stream(source: Any, layer: str | None, transpose: bool, work: Work, opened: ExitStack) -> Stream:
    """Return the rows of any source that can be converted."""
    if not isinstance(source, str | os.PathLike):
        if transpose or layer is not None:
            raise ParameterError("transpose and layer are for files. Leave them out.")
        return _of_object(source, work)
    path = Path(os.fsdecode(source))
    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    kind, packing = ending(path)
    if path.is_dir() and not is_layout(path) and not is_zarr(path):
        matrix, features, cells = files_of_10x(path)
        kind, packing = ending(matrix)
        return _of_10x(matrix, packing, features, cells, work)
    if transpose and kind != ".mtx":
        raise DataError(f"{path}: transpose=True has no meaning for {kind or 'a folder'}. Leave it out.")
    if kind == ".mtx":
        return _of_market(path, packing, work, transpose)
    if packing:
        path = Path(unpacked(path, str(work.folder))).rename(work.folder / f"unpacked{kind}")
    if kind == ".npz":
        stream, array = npz_stream(path, work, opened)
        return stream or _of_npy(array or path, str(source), work)
    if kind == ".npy":
        return _of_npy(path, str(source), work)
    if path.is_dir() or kind in HDF5:
        return _of_encoded(path, layer, work)
    if layer is not None:
        raise DataError(f"{path}: layer=... has no meaning for {kind or 'a file without ending'}. Leave it out.")
    return (triplets(path, work) if kind == ".parquet" else None) or _of_table(path, str(source))


def _of_object(source: Any, work: Work) -> Stream:
    if sp.issparse(source):
        X = canonical(sound(source))
        check_matrix("X", X.shape, X.dtype)
        return Stream.of(SparseRows(X, work.max_memory))
    if isinstance(source, np.memmap):  # one in Fortran order is read slowly, but only once
        check_matrix("X", source.shape, source.dtype)
        return Stream.of(ArrayRows(source, work.max_memory))
    return Stream.of(open_blocks(source, work.max_memory))


def _of_10x(matrix: Path, packing: str, features: list[str], cells: list[str], work: Work) -> Stream:
    """Return the rows of a folder of 10x: these are cells."""
    shape = market_header(matrix, OPENERS[packing]).shape
    if shape not in ((len(features), len(cells)), (len(cells), len(features))):
        raise DataError(
            f"{matrix} holds {shape[0]:,} x {shape[1]:,} numbers, but the files beside it name {len(features):,} "
            f"features and {len(cells):,} cells. Put the files of one matrix together."
        )
    stream = _of_market(matrix, packing, work, transpose=shape == (len(features), len(cells)))
    return replace(stream, column_names=features)


def _of_market(path: Path, packing: str, work: Work, transpose: bool) -> Stream:
    if packing not in OPENERS:
        path, packing = Path(unpacked(path, str(work.folder))), ""
    return market_stream(path, OPENERS[packing], work, transpose=transpose)


def _of_npy(path: Path, name: str, work: Work) -> Stream:
    """Return the rows of a .npy file in C or Fortran order."""
    header = Header(path)
    check_matrix(name, header.shape, header.dtype)
    n, m = header.shape
    if header.by_columns:
        return Stream.by_columns(header.file, header.offset, (n, m), header.dtype, name, work)
    return Stream.of(NpyRows(RawRows(header.file, header.offset, (n, m), header.dtype), work.max_memory, name))


def _of_encoded(path: Path, layer: str | None, work: Work) -> Stream:
    """Return the rows of a folder of blocks, or of HDF5 and Zarr in any form."""
    if is_layout(path):
        return Stream.of(open_blocks(path, work.max_memory))
    opened = opened_zarr(path) if path.is_dir() else opened_hdf5(path)
    key, names = find(opened, layer)
    if form_of(opened.at(key)) != "csc":
        return Stream.of(open_encoded(opened, work.max_memory, layer))
    matrix = Compressed.of(opened, key, "csc")
    pieces = by_column(matrix.indptr, matrix.entries)
    count = int(matrix.indptr[-1])
    return replace(Stream.gathered(pieces, matrix.shape, matrix.dtype, count, str(path), work), column_names=names)


def _of_table(path: Path, name: str) -> Stream:
    """Return the rows of a file that is read into memory as a table."""
    read = read_numbers(path)
    X = canonical(sound(read.X)) if sp.issparse(read.X) else read.X
    dtype = block_dtype(X.dtype)
    rows = sp.csr_array(X).astype(dtype) if sp.issparse(X) else as_floats(X)
    return Stream([rows], X.shape[1], dtype, sp.issparse(X), read.column_names)
