"""open_blocks: the only way to matrices that are read a block of rows at a time."""

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from partwise.blocks.layout import is_layout, open_layout
from partwise.blocks.npy import once
from partwise.blocks.source import BlockSource
from partwise.exceptions import DataError, DataTypeError
from partwise.parameters import check_memory
from partwise.tables.source import ending

HDF5 = (".h5", ".h5ad", ".hdf5", ".he5")
FILES = {".npy": ("npy", "open_npy")} | dict.fromkeys(HDF5, ("hdf5", "open_hdf5")) | {".zarr": ("zarr", "open_zarr")}
"""The module and the function that open a file, by its ending."""
LAYERED = (*HDF5, ".zarr")
"""Endings of files that can hold several matrices."""
ZARR = ("zarr.json", ".zgroup", ".zarray")
"""A folder of Zarr has one of these files."""


def open_blocks(source: Any, max_memory: int | str = "1GiB", *, layer: str | None = None) -> BlockSource:
    """Return a matrix that stays in its file, and is read a block of rows at a time.

    ``NMF.fit``, ``factorize`` and ``transform`` take it as X. Blocks are as large as `max_memory` allows. One block
    takes at most a sixteenth of it: each of several threads works on a block while the next one is read. ``plan`` shows
    the blocks, and ``plan.peak(n_components, n_jobs)`` is the memory that a fit needs.

    Parameters
    ----------
    source : path, array, sparse matrix, iterator or callable
        A file: ``.npy``; a folder that ``convert`` made; ``.h5``, ``.h5ad`` and ``.zarr`` (dense, or CSR as AnnData
        writes it) with ``partwise[io]``. Or an array, a memory map or a CSR matrix. Or row blocks of one width, as
        arrays or sparse matrices: a callable that returns a new iterator of them for each pass, or an iterator, which
        is written once to a temporary folder.
    max_memory : int or str, default='1GiB'
        Memory that blocks and a fit can use: bytes, or a number with a unit.
    layer : str or None, default=None
        Which matrix of an .h5, .h5ad or .zarr file to read. By default X, or the only one.

    Returns
    -------
    BlockSource
        The matrix, with ``shape``, ``dtype``, ``plan`` and, if the file has them, ``column_names``.

    Raises
    ------
    DataError
        If it is not a matrix of real numbers, is damaged, or cannot be read by rows (the text then names ``convert``).
    ParameterError
        If `max_memory` is not valid, or is too small for a block.
    MissingExtraError
        If the format needs a package that is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import partwise as pw
    >>> path = pathlib.Path(tempfile.mkdtemp(), "x.npy")
    >>> np.save(path, np.random.default_rng(0).random((5000, 30)))
    >>> X = pw.open_blocks(path, max_memory="4MiB")
    >>> X.shape, X.plan.rows_a_block, len(X.blocks)
    ((5000, 30), 1024, 5)
    >>> pw.NMF(4, random_state=0).fit(X).components_.shape
    (4, 30)
    """
    allowed = check_memory("max_memory", max_memory)
    if isinstance(source, str | os.PathLike):
        return _open_file(Path(os.fsdecode(source)), allowed, layer)
    if isinstance(source, BlockSource):
        return source
    if hasattr(source, "shape") and hasattr(source, "dtype"):
        return _opener("arrays", "open_array")(source, allowed)
    if callable(source) or isinstance(source, Iterator):
        return _opener("iterables", "open_rows")(source, allowed)
    raise DataTypeError(
        f"open_blocks takes a path, an array, a CSR matrix, an iterator of row blocks, or a callable that returns one; "
        f"got {type(source).__name__}. For a list of row blocks, give iter(...)."
    )


def _open_file(path: Path, max_memory: int, layer: str | None) -> BlockSource:
    kind, packed = ending(path)
    if path.is_dir() and is_layout(path):
        return open_layout(path, max_memory)
    if is_zarr(path):
        kind = ".zarr"
    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    if packed or kind not in FILES:
        what = f"{kind}{packed}" or ("a folder without format.json" if path.is_dir() else "a file without ending")
        raise DataError(f"{path}: {what} cannot be read a block of rows at a time. {once(str(path))}")
    if layer is not None and kind not in LAYERED:
        raise DataError(f"{path}: layer=... has no meaning for {kind}. Leave it out.")
    return _opener(*FILES[kind])(path, max_memory, **({"layer": layer} if kind in LAYERED else {}))


def is_zarr(path: Path) -> bool:
    """Return whether a path is a folder of Zarr, with any name."""
    return path.is_dir() and any((path / name).exists() for name in ZARR)


def _opener(module: str, function: str) -> Callable[..., BlockSource]:
    """Return the function that opens a format; its module is imported when it is called."""
    found: Callable[..., BlockSource] = getattr(import_module(f"partwise.blocks.{module}"), function)
    return found
